package httpapi

import (
	"encoding/json"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/reference"
	"github.com/tokenry/tokenry/internal/strict"
)

// The paths that clients of OAuth are told.
const (
	pathIntrospect        = "/oauth2/introspect"
	pathRevoke            = "/oauth2/revoke"
	pathDevice            = "/oauth2/device_authorization"
	pathToken             = "/oauth2/token"
	pathAuthorization     = "/.well-known/oauth-authorization-server"
	pathProtectedResource = "/.well-known/oauth-protected-resource"
	pathOpenID            = "/.well-known/openid-configuration"
)

// oauthRoutes are the calls that programs written for any OAuth server know.
func oauthRoutes() []Route {
	introspect := oauthRoute(pathIntrospect, needs("tokens:verify", "instance:verify").
		Noting("tokens:verify is told about tokens of the caller's own workspace; instance:verify about those of all."),
		"Ask whether a token is active, as RFC 7662 says", typed[api.IntrospectRequest, api.Introspection]((*call).introspect)).
		saying("The caller sends its own token as Authorization: Bearer, as HTTP Basic (client id: the token's id or locator, client secret: " +
			"the token), or as client_id and client_secret in the form. Every check of a verification is made, of the scopes that scope names " +
			"with blanks between too, and the token's rate limit is charged. Of a token that is not active for this caller nothing else is said. A token at its rate limit is not " +
			"called inactive: the caller is answered 429 with Retry-After.")
	introspect.Timeout, introspect.Frequent = 0, true
	revoke := oauthRoute(pathRevoke, public(), "End a token, as RFC 7009 says",
		endpoint{in: reflect.TypeFor[api.RevokeRequest](), changes: true, run: (*call).revokePresented}).
		saying("Whoever has the token needs nothing else. A caller that says who it is, by one of the ways of introspection, has to have " +
			"the right to revoke it. 200 also for what is no token, for one that has ended and for another workspace's: nothing is changed then. " +
			"A secret that a rotation has retired ends nothing, unless the policy says revoke_on_reuse.")
	begin := oauthRoute(pathDevice, public(), "Begin the sign-in of a program, as RFC 8628 says",
		typed[api.DeviceAuthorizationRequest, api.DeviceAuthorization]((*call).beginDevice)).
		saying("The person opens verification_uri where they are signed in, types user_code and approves. The codes hold for ten minutes. " +
			"scope is refused: the token may do what its person may, and is never more than was asked for.")
	grant := oauthRoute(pathToken, public(), "Get a token: for an ID token, or for a sign-in that was approved",
		typed[api.TokenRequest, api.GrantedToken]((*call).grant)).
		saying("An ID token of a CI job or a cluster is exchanged (RFC 8693: grant_type urn:ietf:params:oauth:grant-type:token-exchange with subject_token), or " +
			"says who a service account is (RFC 7523: grant_type client_credentials with client_assertion), for an ephemeral token of the service account that " +
			"client_id names, like deploy@acme.service, if one of its rules of trust takes it. Each is exchanged once; under the same Idempotency-Key again, as long as " +
			"the secret was not used. A program that signs in asks with grant_type urn:ietf:params:oauth:grant-type:device_code (RFC 8628): the answer is a personal token " +
			"of whoever approved, this once. Until then the error is authorization_pending, or slow_down for a poll that comes too soon; access_denied and expired_token are the end.").
		keyed()
	server := route("GET", pathAuthorization, public(), "Where and how to ask about tokens, as RFC 8414 says",
		published(func(c *call) api.AuthorizationServer { return c.s.oauth.server }))
	resource := route("GET", pathProtectedResource, public(), "Which tokens this API takes, as RFC 9728 says",
		published(func(c *call) api.ProtectedResource { return c.s.oauth.resource }))
	server.insertable, resource.insertable = true, true
	openID := route("GET", pathOpenID, public(), "The same as RFC 8414 says, for software that looks only here",
		published(func(c *call) api.AuthorizationServer { return c.s.oauth.server })).
		saying("Tokenry is no OpenID provider: there is no sign-in and no ID token here. Where the base address has a path, this is found behind it.")
	return group("OAuth", introspect, revoke, begin, grant, server, resource, openID)
}

// oauthRoute is a route that takes a form and looks at its credentials itself.
func oauthRoute(path string, access reference.Access, summary string, e endpoint) Route {
	rt := route("POST", path, access, summary, e)
	rt.MaxBody, rt.OAuth, rt.ownCredentials = smallBody, true, true
	return rt
}

// published answers what was made at the start.
func published[Out any](f func(*call) Out) endpoint {
	return endpoint{out: reflect.TypeFor[Out](), run: func(c *call) (answer, error) {
		return answer{body: f(c), lasting: true}, nil
	}}
}

// isForm refuses any other content type, and any encoding on top.
func isForm(h http.Header) error {
	if lines := h["Content-Type"]; len(lines) == 1 && len(h["Content-Encoding"]) == 0 {
		media, params, err := mime.ParseMediaType(lines[0])
		charset, has := params["charset"]
		if err == nil && media == door.Form && (!has || strings.EqualFold(charset, "utf-8")) {
			return nil
		}
	}
	return api.Errorf(api.CodeUnsupportedMediaType, "send Content-Type: %s, and no Content-Encoding", door.Form)
}

// form are the parameters of a request's body, each at most once.
type form []param

// text is a parameter's value. One without a value was left out (RFC 6749,
// section 3.1).
func (f form) text(name string) string {
	for _, p := range f {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

// empty says whether a parameter is there without a value.
func (f form) empty(name string) bool {
	return slices.ContainsFunc(f, func(p param) bool { return p.name == name && strings.TrimSpace(p.value) == "" })
}

// readForm reads the body of an OAuth call. What is not known in it is ignored,
// as RFC 6749 asks; what is there twice is refused.
func (c *call) readForm() (form, error) {
	if err := c.checkParams(); err != nil {
		return nil, err
	}
	if err := c.readBody(); err != nil {
		return nil, err
	}
	var f form
	for pair := range strings.SplitSeq(c.body.String(), "&") {
		if pair == "" {
			continue
		}
		name, value, ok := unescapePair(pair)
		if !ok || len(f) == maxParams || !utf8.ValidString(name+value) {
			return nil, api.Errorf(api.CodeInvalidRequest, "the form is not well-formed, or too long")
		}
		if slices.ContainsFunc(f, func(p param) bool { return p.name == name }) {
			return nil, api.Errorf(api.CodeInvalidRequest, "%s: give it once", saidName(name))
		}
		if strings.EqualFold(name, "access_token") {
			return nil, badCredentials("the caller's token is never accepted in a form: send it as Authorization: Bearer")
		}
		f = append(f, param{name, value})
	}
	return f, nil
}

// saidName is a parameter's name where it may be repeated.
func saidName(name string) string {
	if strict.Sayable(name) {
		return name
	}
	return "a parameter"
}

// subject is the token that an OAuth call is about.
func (f form) subject() (string, error) {
	if t := f.text("token"); t != "" {
		return t, nil
	}
	return "", api.Errorf(api.CodeInvalidRequest, "token: is required")
}

// oauth says whether an error is answered as RFC 6749 says, also where a path of
// OAuth was asked in a way that no route takes.
func (c *call) oauth() bool {
	if c.route != nil {
		return c.route.OAuth
	}
	return strings.HasPrefix(c.r.URL.Path, "/oauth2/")
}

// oauthError is problem for the OAuth calls.
func (c *call) oauthError(p api.Problem, e *api.Error) {
	h := c.w.Header()
	switch {
	case p.Status == http.StatusUnauthorized && c.clientBy != clientBearer:
		h["Www-Authenticate"] = []string{`Basic realm="` + realm + `"`}
	case p.Status == http.StatusUnsupportedMediaType:
		h["Accept-Post"] = []string{door.Form}
	}
	if e.Code == api.CodeMissingToken {
		h["Www-Authenticate"] = append(h["Www-Authenticate"], c.challenge(e, p.Status))
	}
	b, err := json.Marshal(api.OAuthError{
		Error: c.oauthWord(e.Code, p.Status), Description: asciiText(e.Message), URI: p.Type, Code: p.Code, RequestID: p.RequestID,
	})
	if err != nil { // cannot be: strings always marshal
		b = []byte(`{}`)
	}
	c.send(p.Status, door.JSON, b, false)
}

// oauthWord is the error's word in the RFCs: 6749 (5.2), 6750 (3.1), and for the
// server's own troubles those of 6749 (4.1.2.1). A code of RFC 8628 (3.5) is its own word.
func (c *call) oauthWord(code api.Code, status int) string {
	if slices.Contains([]api.Code{
		api.CodeAuthorizationPending, api.CodeSlowDown, api.CodeAccessDenied, api.CodeExpiredToken, api.CodeInvalidClient, api.CodeUnsupportedGrantType, api.CodeInvalidScope, api.CodeInvalidTarget,
	}, code) {
		return string(code)
	}
	if c.clientBy == clientAssertion && (code == api.CodeIDTokenRefused || code == api.CodeIDTokenUsed) {
		return string(api.CodeInvalidClient) // RFC 7521, section 4.2.1
	}
	switch status {
	case http.StatusUnauthorized:
		if c.clientBy == clientBearer {
			return "invalid_token"
		}
		return "invalid_client"
	case http.StatusForbidden:
		return "insufficient_scope"
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return "temporarily_unavailable"
	}
	if status >= http.StatusInternalServerError {
		return "server_error"
	}
	return "invalid_request"
}

// asciiText keeps of a text what RFC 6749 and 6750 allow in a description.
func asciiText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, s)
}

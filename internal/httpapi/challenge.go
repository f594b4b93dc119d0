package httpapi

import (
	"net/http"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/verify"
)

const realm = "tokenry"

// challenge is the WWW-Authenticate field of RFC 6750 for an error, or nothing.
// Without credentials it names no error. Where the token opens this API, and not
// the one behind a proxy, it says where to read about that (RFC 9728).
func (c *call) challenge(e *api.Error, status int) string {
	const bearer = `Bearer realm="` + realm + `"`
	about := c.s.oauth.challenge
	if c.route != nil && c.route.proxied {
		about = ""
	}
	switch {
	case e.Code == api.CodeMissingToken:
		return bearer + about
	case status == http.StatusUnauthorized:
		return bearer + `, error="invalid_token"` + parameter("error_description", e.Message) + about
	case e.Code == api.CodeInsufficientScope, e.Code == api.CodeResourceDenied, e.Code == api.CodeIPDenied:
		return bearer + `, error="insufficient_scope"` + parameter("scope", strings.Join(e.Missing, " ")) +
			parameter("error_description", e.Code.Info().Title)
	case e.Field == fieldAuthorization:
		return bearer + `, error="invalid_request"` + parameter("error_description", e.Message)
	}
	return ""
}

// fieldAuthorization is the field of errors about the header of that name.
const fieldAuthorization = "authorization"

// parameter is one auth-param, or nothing for an empty value. RFC 6750 allows
// neither quotes nor backslashes nor anything beyond ASCII in it.
func parameter(name, value string) string {
	if value = asciiText(value); value == "" {
		return ""
	}
	return `, ` + name + `="` + value + `"`
}

// notAccepted is the one text for whoever presents what is no secret of ours.
const notAccepted = "the token is not accepted"

// refused is a decision against a token as the error that its presenter is
// told. The reason is for holders of a secret that matched, with whom they may
// ask; all others get one text.
func refused(d *verify.Decision, scopes []string) *api.Error {
	if !d.Matched {
		return api.Errorf(api.CodeInvalidToken, "%s", notAccepted)
	}
	e := api.Errorf(d.Code, "%s", why(d))
	if d.Code == api.CodeInsufficientScope {
		e.Missing = d.Missing(scopes)
	}
	e.RetryAfter = d.Rate.RetryAfter
	return e
}

// why tells the holder of a token why it is refused.
func why(d *verify.Decision) string {
	text := d.Code.Info().Title
	if d.Workspace == nil || d.Workspace.Policy.SupportContact == nil {
		return text
	}
	s := d.Workspace.Policy.SupportContact
	var ways []string
	for _, way := range []string{s.Email, s.Phone, s.URL} {
		if way != "" {
			ways = append(ways, way)
		}
	}
	if len(ways) == 0 {
		return text
	}
	return text + "; contact " + strings.Join(ways, ", ")
}

package httpapi_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

const (
	introspect     = "/oauth2/introspect"
	revocation     = "/oauth2/revoke"
	basicChallenge = `Basic realm="tokenry"`
)

// both are the two calls that take a form.
func both() []string { return []string{introspect, revocation} }

// form encodes pairs of name and value.
func form(pairs ...string) string {
	var parts []string
	for i := 0; i < len(pairs); i += 2 {
		parts = append(parts, url.QueryEscape(pairs[i])+"="+url.QueryEscape(pairs[i+1]))
	}
	return strings.Join(parts, "&")
}

// basicAuth is HTTP Basic as RFC 6749, section 2.3.1, encodes it.
func basicAuth(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

// oauth wants an error of OAuth, and returns it.
func (r *reply) oauth(word string) api.OAuthError {
	r.w.Helper()
	var e api.OAuthError
	if got := r.Header.Get("Content-Type"); got != "application/json" {
		r.w.Fatalf("%s: content type %q\n%s", r.Request.URL.Path, got, r.body)
	}
	r.into(&e)
	if e.Error != word || e.RequestID == "" || e.RequestID != r.Header.Get("Tokenry-Request-Id") || e.URI == "" || e.Description == "" ||
		r.Header.Get("Cache-Control") != "no-store" {
		r.w.Errorf("%s %s: %s %s\n%s, want %s", r.Request.Method, r.Request.URL.Path, r.Status, r.body, headerDump(r.Header), word)
	}
	if strings.ContainsFunc(e.Description, func(c rune) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' }) {
		r.w.Errorf("error_description %q", e.Description)
	}
	return e
}

// logged wants the reason of an answer in the log, under the request's id.
func (r *reply) logged(code api.Code) {
	r.w.Helper()
	id := r.Header.Get("Tokenry-Request-Id")
	for line := range strings.Lines(r.w.log.String()) {
		if id != "" && strings.Contains(line, "request_id="+id) && strings.Contains(line, "code="+string(code)) && strings.Contains(line, "why=") {
			return
		}
	}
	r.w.Errorf("%s %s: the log does not say %s under %q", r.Request.Method, r.Request.URL.Path, code, id)
}

// RFC 7662, section 2.1, and RFC 7009, section 2.1: a POST with a form. The
// variant with GET (JSONP) is not offered.
func TestOAuthTakesFormsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range both() {
		for _, method := range []string{"GET", "PUT", "DELETE", "PATCH", "OPTIONS"} {
			r := w.as(w.root, method, path, nil).is(405)
			if r.oauth("invalid_request"); r.Header.Get("Allow") != "POST" {
				t.Errorf("%s %s: Allow %q", method, path, r.Header.Get("Allow"))
			}
			r.logged(api.CodeMethodNotAllowed)
		}
		w.as(w.root, "GET", path+"?callback=x", nil).is(405)
		for _, media := range []string{"application/json", "text/plain", "multipart/form-data; boundary=x", "", "application/x-www-form-urlencoded; charset=utf-16"} {
			r := w.as(w.root, "POST", path, `{"token":"x"}`, "Content-Type", media).is(415)
			if r.oauth("invalid_request"); r.Header.Get("Accept-Post") != "application/x-www-form-urlencoded" {
				t.Errorf("Accept-Post %q", r.Header.Get("Accept-Post"))
			}
			r.logged(api.CodeUnsupportedMediaType)
		}
		w.as(w.root, "POST", path, "token=x", "Content-Encoding", "gzip").is(415)
		w.as(w.root, "POST", path, "token=x", "Content-Type", "application/x-www-form-urlencoded; charset=UTF-8").is(200)
	}
}

// RFC 6749, section 3.2: no parameter twice, one without a value was left out,
// what is not known is ignored.
func TestOAuthParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range both() {
		for _, body := range []string{"", "token=", "token", "token[]=" + w.root, "Token=" + w.root, "tokens=x", "token_type_hint=access_token"} {
			w.as(w.root, "POST", path, body).titled(body).is(400).oauth("invalid_request")
		}
		for _, body := range []string{"token=x&token=x", "token=x&token=", "token=x&a=1&a=2", "token=x&token_type_hint=a&token_type_hint=b",
			"token=%zz", "token=x;y", "token=%ff", "=x", "token=x&" + strings.Repeat("b&", 2)} {
			r := w.as(w.root, "POST", path, body).titled(body).is(400)
			r.oauth("invalid_request")
			r.logged(api.CodeInvalidRequest)
		}
		for _, body := range []string{"token=x&token_type_hint=refresh_token", "token=x&token_type_hint=nonsense", "token=x&audience=y", "&token=x&&"} {
			w.as(w.root, "POST", path, body).titled(body).is(200)
		}
		w.as(w.root, "POST", path, "token="+strings.Repeat("x", 70_000)).is(413).oauth("invalid_request")
	}
}

// RFC 6750, section 2: neither in the address nor in the form.
func TestOAuthTakesNoCallerFromAnAddressOrAForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("acme", object{"label": "x"})
	for _, path := range both() {
		for _, query := range []string{"?access_token=" + w.root, "?token=" + i.Secret, "?client_secret=" + w.root, "?x=1", "?deny=403&token=x"} {
			r := w.as(w.root, "POST", path+query, "token=x").titled(query).is(400)
			r.oauth("invalid_request")
		}
		r := w.send("POST", path, form("token", i.Secret, "access_token", w.root)).is(400)
		r.oauth("invalid_request")
		r.logged(api.CodeInvalidRequest)
	}
	if w.verify(w.root, api.VerifyRequest{Token: i.Secret}).Code != api.CodeOK {
		t.Error("a refused call ended the token")
	}
	if strings.Contains(w.log.String(), w.root) || strings.Contains(w.log.String(), i.Secret) {
		t.Error("the log has a token")
	}
}

// RFC 6749, section 2.3: bearer, client_secret_basic with encoded parts, and
// client_secret_post, each named by locator or id.
func TestOAuthCallersSayWhoTheyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("acme", object{"label": "api", "scopes": []string{"tokens:verify"}})
	for _, id := range []string{i.Token.ID, i.Token.Locator} {
		for _, credentials := range []string{
			basicAuth(id, i.Secret), strings.Replace(basicAuth(id, i.Secret), "Basic", "bAsIc", 1),
			"Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+i.Secret)), // as many clients send it
			"Basic " + base64.StdEncoding.EncodeToString([]byte("100%@example.com_"+i.Token.Locator+":"+i.Secret)),
		} {
			w.send("POST", introspect, "token=x", "Authorization", credentials).is(200)
		}
		w.send("POST", introspect, form("token", "x", "client_id", id, "client_secret", i.Secret)).is(200)
		w.send("POST", introspect, form("token", "x", "client_id", id), "Authorization", basicAuth(i.Token.Locator, i.Secret)).is(200)
	}
	w.as(i.Secret, "POST", introspect, "token=x").is(200)
}

// RFC 6749, section 5.2: 401 invalid_client, with a challenge of the scheme that
// the caller used; RFC 7662, section 2.3, for a bearer.
func TestOAuthRefusesABadCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("acme", object{"label": "api", "scopes": []string{"tokens:verify"}})
	other := w.issue("acme", object{"label": "other"})
	wrong := remint(i.Token.Locator, other.Secret)
	gone := w.issue("acme", object{"label": "gone", "scopes": []string{"tokens:verify"}})
	w.as(w.root, "POST", ws+"/tokens/"+gone.Token.ID+"/revoke", nil).is(200)
	for name, credentials := range map[string]string{
		"a wrong secret": basicAuth(i.Token.ID, wrong), "another's id": basicAuth(other.Token.ID, i.Secret), "no id": basicAuth("", i.Secret),
		"no secret": basicAuth(i.Token.ID, ""), "no base64": "Basic ???", "no colon": "Basic eHg=", "nothing": "Basic",
		"a bad escape": "Basic " + base64.StdEncoding.EncodeToString([]byte("%zz:"+i.Secret)), "a revoked token": basicAuth(gone.Token.ID, gone.Secret),
	} {
		for _, path := range both() {
			r := w.send("POST", path, "token=x", "Authorization", credentials).titled(name).is(401)
			e := r.oauth("invalid_client")
			if got := r.Header["Www-Authenticate"]; len(got) != 1 || got[0] != basicChallenge {
				t.Errorf("%s: WWW-Authenticate %q", name, got)
			}
			r.logged(e.Code)
			if name != "a revoked token" && e.Description != "the token is not accepted" {
				t.Errorf("%s: %q", name, e.Description)
			}
		}
	}
	w.send("POST", introspect, form("token", "x", "client_id", i.Token.ID, "client_secret", wrong)).is(401).oauth("invalid_client")
	w.send("POST", introspect, form("token", "x", "client_id", i.Token.ID)).is(401).oauth("invalid_client")
	r := w.send("POST", introspect, "token=x").is(401)
	r.oauth("invalid_client")
	want := []string{basicChallenge, bareChallenge + `, resource_metadata="` + baseURL + `/.well-known/oauth-protected-resource"`}
	if got := r.Header["Www-Authenticate"]; !slices.Equal(got, want) {
		t.Errorf("without credentials: WWW-Authenticate %q", got)
	}
	r.logged(api.CodeMissingToken)
	for _, tok := range []string{"nonsense", wrong} {
		r := w.as(tok, "POST", introspect, "token=x").is(401)
		r.oauth("invalid_token")
		r.challenges(invalidChallenge)
	}
	w.send("POST", revocation, "token=x", "Authorization", "Digest x").is(401)
}

// RFC 6750, section 2, and RFC 6749, section 2.3: one way to say who one is.
func TestOAuthRefusesTwoCallersAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("acme", object{"label": "api", "scopes": []string{"tokens:verify"}})
	for _, path := range both() {
		for _, r := range []*reply{
			w.as(i.Secret, "POST", path, "token=x", "Authorization", "Bearer "+i.Secret),
			w.as(i.Secret, "POST", path, "token=x", "Authorization", basicAuth(i.Token.ID, i.Secret)),
			w.as(i.Secret, "POST", path, form("token", "x", "client_id", i.Token.ID, "client_secret", i.Secret)),
			w.send("POST", path, form("token", "x", "client_id", i.Token.ID, "client_secret", i.Secret), "Authorization", basicAuth(i.Token.ID, i.Secret)),
			w.send("POST", path, form("token", "x", "client_id", "hcJWYoJFnirk"), "Authorization", basicAuth(i.Token.ID, i.Secret)),
		} {
			r.is(400).oauth("invalid_request")
			r.logged(api.CodeInvalidRequest)
		}
	}
}

// RFC 6750, section 3.1: a caller that may not ask is told the scope.
func TestOAuthTellsTheScopeThatACallerLacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("acme", object{"label": "x", "scopes": []string{"tokens:read"}})
	for _, r := range []*reply{
		w.as(i.Secret, "POST", introspect, "token=x"),
		w.send("POST", introspect, "token=x", "Authorization", basicAuth(i.Token.ID, i.Secret)),
	} {
		r.is(http.StatusForbidden).oauth("insufficient_scope")
		r.challenges(`Bearer realm="tokenry", error="insufficient_scope", scope="tokens:verify", error_description="Missing scope"`)
		r.logged(api.CodeInsufficientScope)
	}
}

// An answer that could not be proved fresh is none: 503, and when to come back.
func TestOAuthAnswersNothingWithoutItsDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	caller := w.verifier()
	known, unknown := w.issue("acme", object{"label": "a"}).Secret, w.issue("acme", object{"label": "b"}).Secret
	w.as(caller, "POST", introspect, form("token", known)).is(200)
	w.must(w.db.(interface{ Close() error }).Close())
	for path, tok := range map[string]string{introspect: unknown, revocation: known} {
		r := w.as(caller, "POST", path, form("token", tok)).is(503)
		r.oauth("temporarily_unavailable")
		if r.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", path)
		}
	}
	r := w.send("POST", revocation, form("token", known)).is(503)
	r.oauth("temporarily_unavailable")
}

package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/httpapi"
	"github.com/tokenry/tokenry/internal/reference"
)

// RFC 6750, case by case. All of them hold for the API, for forward-auth and
// for ext-authz.

const (
	bareChallenge    = `Bearer realm="tokenry"`
	invalidChallenge = `Bearer realm="tokenry", error="invalid_token", error_description="the token is not accepted"`
)

// doors are those that take a bearer token.
func doors() []string {
	return []string{"/v1/whoami", "/v1/forward-auth?workspace=acme", "/v1/ext-authz/everyone/x?y=z"}
}

func (r *reply) challenges(want string) {
	r.w.Helper()
	proxied := strings.HasPrefix(r.Request.URL.Path, "/v1/forward-auth") || strings.HasPrefix(r.Request.URL.Path, "/v1/ext-authz")
	if r.StatusCode == http.StatusUnauthorized && !proxied {
		want += `, resource_metadata="` + baseURL + `/.well-known/oauth-protected-resource"`
	}
	if got := r.Header["Www-Authenticate"]; len(got) != 1 || got[0] != want {
		r.w.Errorf("%s %s: WWW-Authenticate %q, want %q", r.Request.Method, r.Request.URL, got, want)
	}
}

func TestNoCredentialsNameNoError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, door := range doors() {
		for _, headers := range [][]string{nil, {"Authorization", "Bearer"}, {"Authorization", "Basic dXNlcjpwYXNz"},
			{"Authorization", w.root}, {"Cookie", "session=" + w.root}, {"X-Api-Key", w.root}, {"Proxy-Authorization", "Bearer " + w.root}} {
			r := w.send("GET", door, "", headers...).is(401)
			r.challenges(bareChallenge)
			r.problem(api.CodeMissingToken)
			w.checkCommon(r)
		}
	}
}

func TestTheSchemeHasNoCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, door := range doors() {
		for _, scheme := range []string{"Bearer", "bearer", "BEARER", "bEaReR"} {
			w.send("GET", door, "", "Authorization", scheme+" "+w.root).is(200)
		}
	}
}

func TestWhoPresentsNoSecretOfOursGetsOneText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("acme", object{"label": "x"})
	other := w.issue("acme", object{"label": "y"})
	var first string
	for _, tok := range []string{
		"x", canary, w.root[:len(w.root)-1], w.root + "0", strings.ToUpper(w.root), swapCase(w.root),
		"tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7", "acmew_AAAAAAAAAAAA000000000000000000000000000000004GS7nf",
		remint(i.Token.Locator, other.Secret),
	} {
		for _, door := range doors() {
			r := w.as(tok, "GET", door, nil).is(401)
			r.challenges(invalidChallenge)
			p := r.problem(api.CodeInvalidToken)
			if text := p.Detail + p.Title; first == "" {
				first = text
			} else if text != first {
				t.Errorf("%q is told %q, the first %q", tok, text, first)
			}
		}
	}
}

// swapCase changes the case of one letter of the secret.
func swapCase(tok string) string {
	for i := len(tok) - 7; i > 0; i-- {
		if c := tok[i]; 'a' <= c && c <= 'z' {
			return tok[:i] + string(c-32) + tok[i+1:]
		}
	}
	return tok
}

// remint is a string of right form with one token's locator and another's secret.
func remint(locator, secret string) string {
	body := secret[:5] + locator + secret[17:len(secret)-6]
	return body + checksum(body)
}

func TestWhoHoldsTheSecretIsToldWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.play([]step{{"PATCH", ws + "/policy", object{"support_contact": object{"email": "help@acme.test", "phone": `+1 "2"`, "url": "https://acme.test/ä"}}, 200, nil}})
	tokens := ws + "/tokens/"
	for _, c := range []struct {
		name string
		code api.Code
		stop func(i api.Issued)
	}{
		{"revoked", api.CodeRevoked, func(i api.Issued) { w.as(w.root, "POST", tokens+i.Token.ID+"/revoke", nil).is(200) }},
		{"disabled", api.CodeDisabled, func(i api.Issued) { w.as(w.root, "POST", tokens+i.Token.ID+"/disable", nil).is(200) }},
		{"rotated", api.CodeRetired, func(i api.Issued) {
			w.as(w.root, "POST", tokens+i.Token.ID+"/rotate", object{"overlap": "0"}).is(200)
		}},
		{"expired", api.CodeExpired, func(api.Issued) { w.clock.Pass(2 * time.Hour) }},
	} {
		i := w.issue("acme", object{"label": c.name, "expires_in": "1h"})
		c.stop(i)
		for _, door := range doors() {
			r := w.as(i.Secret, "GET", door, nil).is(401)
			p := r.problem(c.code)
			if want := c.code.Info().Title + `; contact help@acme.test, +1 "2", https://acme.test/ä`; p.Detail != want {
				t.Errorf("%s: detail %q, want %q", c.name, p.Detail, want)
			}
			r.challenges(bareChallenge + `, error="invalid_token", error_description="` + c.code.Info().Title + `; contact help@acme.test, +1 2, https://acme.test/"`)
		}
	}
}

func TestAMissingScopeIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tok := w.account("reader", "tokens:read")
	r := w.as(tok, "GET", ws+"/members", nil).is(403)
	if p := r.problem(api.CodeInsufficientScope); len(p.Missing) != 1 || p.Missing[0] != "members:read" {
		t.Errorf("missing %v", p.Missing)
	}
	r.challenges(`Bearer realm="tokenry", error="insufficient_scope", scope="members:read", error_description="Missing scope"`)
	r = w.as(tok, "GET", "/v1/forward-auth?workspace=acme&scope=a:b&scope=tokens:read&scope=c:d", nil).is(403)
	r.challenges(`Bearer realm="tokenry", error="insufficient_scope", scope="a:b c:d", error_description="Missing scope"`)
}

func TestSeveralCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, door := range doors() {
		for _, headers := range [][]string{
			{"Authorization", "Bearer " + w.root, "Authorization", "Bearer " + w.root},
			{"Authorization", "Basic dXNlcjpwYXNz", "Authorization", "Bearer " + w.root},
			{"Authorization", "Bearer " + w.root + ", Bearer " + w.root},
			{"Authorization", "Bearer " + w.root + " " + w.root},
		} {
			r := w.send("GET", door, "", headers...).is(400)
			r.field(api.CodeInvalidRequest, "authorization")
			if got := r.Header.Get("Www-Authenticate"); !strings.Contains(got, `error="invalid_request"`) {
				t.Errorf("WWW-Authenticate %q", got)
			}
		}
	}
}

func TestATokenInAnAddressIsNeverAcceptedNorLogged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, target := range []string{
		"/v1/whoami?access_token=" + w.root, "/v1/whoami?token=" + w.root, "/v1/whoami?ACCESS_TOKEN=x", "/v1/whoami?api_key=x",
		"/v1/whoami?colour=" + w.root, "/v1/whoami?" + w.root, "/v1/whoami?q=a%20" + w.root + "%20b",
		ws + "/audit?token=" + w.root, "/v1/forward-auth?workspace=acme&access_token=" + w.root, "/healthz?token=" + w.root,
		"/errors/expired?token=x",
	} {
		for _, headers := range [][]string{nil, {"Authorization", "Bearer " + w.root}} {
			r := w.send("GET", target, "", headers...).is(400)
			r.field(api.CodeInvalidRequest, "authorization")
			if got := r.Header.Get("Www-Authenticate"); !strings.HasPrefix(got, bareChallenge+`, error="invalid_request"`) {
				t.Errorf("%s: WWW-Authenticate %q", strings.ReplaceAll(target, w.root, "TOKEN"), got)
			}
		}
	}
	w.as(w.root, "GET", ws+"/audit?token=hcJWYoJFnirk", nil).is(200)
	w.as(w.root, "GET", ws+"/tokens/"+w.root, nil).is(404)
	w.send("GET", "/"+w.root, "").is(404)
	if strings.Contains(w.log.String(), w.root) {
		t.Error("the log has the token")
	}
}

func TestATokenIsNotTakenFromABody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send("POST", "/v1/verify", `{"token":"`+w.root+`"}`).is(401).challenges(bareChallenge)
	w.send("POST", ws+"/tokens", "access_token="+w.root, "Content-Type", "application/x-www-form-urlencoded").is(401)
}

func TestAnAddressThatIsNotAllowedIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("acme", object{"label": "x", "allowed_ips": []string{"203.0.113.0/24"}})
	for _, door := range doors() {
		w.as(i.Secret, "GET", door, nil, "X-Forwarded-For", "203.0.113.9").is(403).problem(api.CodeIPDenied)
	}
	trusting := newWorld(t, behind("127.0.0.0/8"))
	i = trusting.issue("acme", object{"label": "x", "allowed_ips": []string{"203.0.113.0/24", "2001:db8::/32"}})
	for _, c := range []struct {
		forwarded string
		want      int
	}{
		{"203.0.113.9", 200}, {"198.51.100.1, 203.0.113.9", 200}, {"203.0.113.9, 198.51.100.1", 403},
		{"198.51.100.1, 203.0.113.9, 127.0.0.9", 200}, {"203.0.113.9, 127.0.0.9, 127.0.0.8", 200},
		{"::ffff:203.0.113.9", 200}, {"[2001:db8::1]:443", 200}, {"203.0.113.9:8080", 200}, {"2001:db8::1%eth0", 200},
		{"203.0.113.9, unknown", 403}, {"", 403}, {"203.0.113.9,", 403}, {"203.0.113.9.", 403},
	} {
		if got := trusting.as(i.Secret, "GET", "/v1/whoami", nil, "X-Forwarded-For", c.forwarded).StatusCode; got != c.want {
			t.Errorf("X-Forwarded-For %q: %d, want %d", c.forwarded, got, c.want)
		}
	}
}

// The matrix: a token without rights is refused by every route that needs one,
// and no route that is not public answers without a token.
func TestEveryRouteAsksForWhatItSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.issue("acme", object{"label": "other"})
	powerless := w.account("powerless", "product:read")
	for _, rt := range httpapi.Routes() {
		method := rt.Method
		if method == "" {
			method = "GET"
		}
		path := strings.NewReplacer("{ws}", "acme", "{member}", "ada@example.com", "{id}", "ada@example.com", "{name}", "CI Token", "{code}", "ok", "{ruleset}", "everyone", "{path...}", "x", "{scopes}", "tickets:read", "{resource}", "payments").Replace(rt.Path)
		if strings.Contains(rt.Path, "/tokens/{id}") {
			path = strings.Replace(path, "ada@example.com", w.root[5:17], 1)
		}
		path = strings.ReplaceAll(path, " ", "%20")
		body := ""
		if rt.Request != nil {
			body = bodyOf(rt)
		}
		if rt.OAuth {
			body = "token=x"
		}
		if rt.Path == "/v1/workspaces/{ws}/tokens" && method == "POST" {
			body = `{"kind":"workspace","label":"x"}` // of a personal one the owner is looked for first
		}
		if rt.Path == "/oauth2/device_authorization" || rt.Path == "/oauth2/token" { // they ask for a client_id, see TestDevice…
			continue
		}
		if got := w.send(method, path, body).StatusCode; (rt.Access.Kind == reference.Public) != (got/100 == 2) || got/100 != 2 && got != 401 {
			t.Errorf("%s without a token: %d", rt.Pattern(), got)
		}
		got := w.as(powerless, method, path, body)
		if rt.Access.Kind < reference.Scope || strings.HasSuffix(rt.Path, "/bulk") { // of many, each is judged by itself
			continue
		}
		if rt.OAuth { // which answers in words of its own
			if e := got.is(403).oauth("insufficient_scope"); !strings.Contains(got.Header.Get("Www-Authenticate"), `scope="tokens:verify"`) {
				t.Errorf("%s without the scope: %+v, WWW-Authenticate %q", rt.Pattern(), e, got.Header.Get("Www-Authenticate"))
			}
			continue
		}
		if got.StatusCode != http.StatusForbidden {
			t.Errorf("%s without the scope: %d %s", rt.Pattern(), got.StatusCode, got.body)
		}
		if p := got.problem(api.CodeInsufficientScope); len(p.Missing) == 0 || !strings.Contains(got.Header.Get("Www-Authenticate"), `error="insufficient_scope", scope="`) {
			t.Errorf("%s without the scope: missing %v, WWW-Authenticate %q", rt.Pattern(), p.Missing, got.Header.Get("Www-Authenticate"))
		}
	}
}

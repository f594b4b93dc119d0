package httpapi_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/httpapi"
)

const (
	device      = "/oauth2/device_authorization"
	grantPath   = "/oauth2/token"
	deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"
)

// machines are programs whose device code says how their sign-in stands.
type machines struct{}

func (machines) DeviceStart(_ context.Context, in api.DeviceAuthorizationRequest, _ door.Client) (api.DeviceAuthorization, error) {
	if in.Scope == "none" {
		return api.DeviceAuthorization{}, api.Errorf(api.CodeInvalidScope, "%s", in.Scope)
	}
	if in.Scope != "" && (in.Scope != "tickets:read tickets:write" || in.ExpiresIn.Std() != 8*time.Hour || in.Workspace != "acme") {
		return api.DeviceAuthorization{}, api.Errorf(api.CodeInternal, "%+v", in)
	}
	return api.DeviceAuthorization{DeviceCode: "pending", UserCode: "BCDF-GHJK", VerificationURI: baseURL + "/device", ExpiresIn: 600, Interval: 3}, nil
}

func (machines) DevicePoll(_ context.Context, code string, from door.Client) (api.GrantedToken, error) {
	switch {
	case !from.Addr.IsValid():
		return api.GrantedToken{}, api.Errorf(api.CodeInternal, "nobody knows where it comes from")
	case code == "approved":
		return api.GrantedToken{AccessToken: "tkyu_x", TokenType: "Bearer", Workspace: "acme", Locator: "AAAAAAAAAAAA"}, nil
	case code == "busy":
		return api.GrantedToken{}, api.Errorf(api.CodeUnavailable, "try again")
	}
	for _, i := range api.Codes() {
		if string(i.Code) == code {
			return api.GrantedToken{}, api.Errorf(i.Code, "%s", i.Title)
		}
	}
	return api.GrantedToken{}, api.Errorf(api.CodeExpiredToken, "no such code")
}

// polls asks with a device code.
func (w *world) polls(code string, headers ...string) *reply {
	w.Helper()
	return w.send("POST", grantPath, form("client_id", "tokenry-cli", "grant_type", deviceGrant, "device_code", code), headers...)
}

// RFC 8628, sections 3.2 and 3.5; RFC 6749, section 5.1: no-store.
func TestAProgramSignsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var d api.DeviceAuthorization
	r := w.send("POST", device, form("client_id", "tokenry-cli", "device_name", "laptop")).is(200)
	r.into(&d)
	if strings.Contains(string(r.body), "verification_uri_complete") { // RFC 8628, section 5.4
		t.Errorf("%s", r.body)
	}
	if d.UserCode == "" || d.Interval == 0 || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s %v", r.body, r.Header)
	}
	var tok api.GrantedToken
	r = w.polls("approved").is(200)
	r.into(&tok)
	if tok.AccessToken == "" || tok.TokenType != "Bearer" || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s %v", r.body, r.Header)
	}
	for _, word := range []string{"authorization_pending", "slow_down", "access_denied", "expired_token"} {
		w.polls(word).is(400).oauth(word)
	}
	w.polls("nonsense").is(400).oauth("expired_token")
	w.polls("busy").is(503).oauth("temporarily_unavailable")
	w.polls("rate_limited").is(429).oauth("temporarily_unavailable")
	if strings.Contains(w.log.String(), tok.AccessToken) {
		t.Error("the token stands in the log")
	}
}

// What is not the protocol is refused before anybody is asked.
func TestAProgramThatAsksWrongly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	whole := form("client_id", "tokenry-cli", "grant_type", deviceGrant, "device_code", "approved")
	for body, word := range map[string]string{
		"": "invalid_request",
		form("client_id", "other", "grant_type", deviceGrant):                            "invalid_client",
		form("grant_type", deviceGrant):                                                  "invalid_client",
		form("client_id", "tokenry-cli"):                                                 "invalid_request",
		whole + "&device_code=approved":                                                  "invalid_request",
		whole + "&grant_type=" + deviceGrant:                                             "invalid_request",
		whole + "&x=1&x=2":                                                               "invalid_request",
		whole + "&x=%zz":                                                                 "invalid_request",
		whole + "&x=%ff":                                                                 "invalid_request",
		form("client_id", "tokenry-cli", "grant_type", "password"):                       "unsupported_grant_type",
		form("client_id", "tokenry-cli", "grant_type", deviceGrant):                      "invalid_request",
		form("client_id", "tokenry-cli", "grant_type", deviceGrant, "device_code", ""):   "invalid_request",
		form("client_id", "tokenry-cli", "device_code", "approved", "grant_type", "a b"): "unsupported_grant_type",
	} {
		status := 400
		if word == "invalid_client" {
			status = 401
		}
		w.send("POST", grantPath, body).titled(body).is(status).oauth(word)
	}
	w.send("POST", device, form("client_id", "tokenry-cli", "client_id", "tokenry-cli")).is(400).oauth("invalid_request")
	w.send("POST", device, form("client_id", "tokenry-cli", "scope", "none")).is(400).oauth("invalid_scope")
	w.send("POST", device, form("client_id", "tokenry-cli", "expires_in", "soon")).is(400).oauth("invalid_request")
	w.send("POST", device, form("client_id", "tokenry-cli", "scope", "tickets:read tickets:write", "expires_in", "8h", "workspace", "acme")).is(200)
	w.send("POST", device, form("client_id", "tokenry-cli", "scope", "")).is(200)
	for _, path := range []string{device, grantPath} {
		w.send("GET", path, "").is(405).oauth("invalid_request")
		w.send("POST", path+"?client_id=tokenry-cli", whole).is(400).oauth("invalid_request")
		w.send("POST", path, whole, "Content-Type", "application/json").is(415).oauth("invalid_request")
		w.send("POST", path, whole, "Origin", "https://evil.example").is(400).oauth("invalid_request")
		w.send("POST", path, whole, "Sec-Fetch-Site", "same-site").is(400).oauth("invalid_request")
		w.send("POST", path, whole+"&x="+strings.Repeat("x", 70<<10)).is(413).oauth("invalid_request")
	}
}

// Where nobody signs in, the calls do not exist and are not published.
func TestAServerWithoutPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) { o.Devices = nil })
	w.polls("approved").is(404)
	w.send("POST", device, form("client_id", "tokenry-cli")).is(404)
	r := w.send("GET", "/.well-known/oauth-authorization-server", "").is(200)
	if strings.Contains(string(r.body), "device") || !strings.Contains(string(r.body), `"token_endpoint"`) {
		t.Errorf("%s", r.body)
	}
}

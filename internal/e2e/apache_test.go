package e2e_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestBehindApache runs docs/proxies/apache.conf as it stands: what speaks OAuth
// asks by introspection.
func TestBehindApache(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	s := &stage{T: t, root: bootstrap(t, data).Secret, api: newUpstream(t)}
	s.office = serve(t, data)
	asker := create(t, s.root, map[string]any{"scopes": []string{"tokens:verify"}})
	s.reader = create(t, s.root, map[string]any{"scopes": []string{"tickets:read"}})
	writer := create(t, s.root, map[string]any{"scopes": []string{"tickets:read", "tickets:write"}}).Secret
	near := create(t, s.root, map[string]any{"scopes": []string{"x-tickets:read", "tickets:reads"}}).Secret
	unseen := create(t, s.root, map[string]any{"scopes": []string{"tickets:read"}}).Secret
	proxy{"apache", "apache2", func(configs, scratch string) []string {
		return []string{"-DFOREGROUND", "-d", scratch, "-f", filepath.Join(configs, "apache.conf")}
	}}.start(t, "TOKENRY_CLIENT_ID="+asker.Token.ID, "TOKENRY_TOKEN="+asker.Secret)

	s.challenged(s.refused(http.StatusUnauthorized, "GET", "/tickets/1", ""), "")
	s.challenged(s.refused(http.StatusUnauthorized, "GET", "/tickets/1", s.reader.Secret[:len(s.reader.Secret)-1]), `error="invalid_token"`)
	s.refused(http.StatusUnauthorized, "GET", "/tickets/1?access_token="+s.reader.Secret, "")
	for _, method := range []string{"POST", "DELETE", "OPTIONS", "PROPFIND"} {
		s.refused(http.StatusUnauthorized, method, "/tickets/1", s.reader.Secret, "X-Http-Method-Override", "GET",
			"OAUTH2_CLAIM_scope", "tickets:write", "OAUTH2-CLAIM-scope", "tickets:write")
	}
	s.refused(http.StatusUnauthorized, "GET", "/tickets/1", near)
	s.passes("GET", "/tickets/1", writer)
	s.passes("POST", "/tickets/1", writer)
	forged := []string{"Connection", "close, Tokenry-Principal"}
	for _, name := range append(identity(), others()...) {
		forged = append(forged, name, "forged")
		for _, other := range mistaken(name) {
			forged = append(forged, other, "forged")
		}
	}
	v := s.passes("GET", "/tickets/1?page=2", s.reader.Secret, forged...)
	for name := range v.Header {
		if strings.HasPrefix(strings.ToLower(name), "tokenry") && name != "Tokenry-Principal" {
			t.Errorf("the API saw %s: %q", name, v.Header[name])
		}
	}
	if got := v.Header["Tokenry-Principal"]; len(got) != 1 || got[0] != "ada@example.com" || v.Header["Tokenry_principal"] != nil || v.Header["Authorization"] != nil {
		t.Errorf("the API saw %v", v.Header)
	}
	if v.Target != "/tickets/1?page=2" {
		t.Errorf("the API saw %s", v.Target)
	}
	// At its limit a good token is answered 429 to Apache, which tells its client 401,
	// keeps nothing, and asks again.
	slow := create(t, s.root, map[string]any{"scopes": []string{"tickets:read"}, "rate_limit": map[string]any{"requests": 1, "window": "1h"}})
	office := "http://127.0.0.1:8080/v1/"
	call(t, "POST", office+"verify", s.root, map[string]any{"token": slow.Secret})
	s.refused(http.StatusUnauthorized, "GET", "/tickets/1", slow.Secret)
	call(t, "PATCH", office+"workspaces/acme/tokens/"+slow.Token.ID, s.root, map[string]any{"rate_limit": nil})
	s.passes("GET", "/tickets/1", slow.Secret)
	revoke(t, s.root, s.reader)
	s.ends("/tickets/1", s.reader.Secret)
	s.office.ended(t, syscall.SIGKILL)
	s.refused(http.StatusUnauthorized, "GET", "/tickets/1", unseen)
}

// ends waits until a token that passed is refused: an answer is kept for a second.
func (s *stage) ends(target, token string) {
	s.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); ; {
		if res, _ := call(s.T, "GET", proxied+target, token, nil); res.StatusCode == http.StatusUnauthorized {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			s.Fatal("a revoked token goes on passing")
		}
	}
}

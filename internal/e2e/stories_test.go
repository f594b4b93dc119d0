package e2e_test

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// story is what must be so behind every proxy.
type story struct {
	name string
	play func(*stage)
}

func stories() []story {
	return []story{
		{"no token: 401 with a challenge", withoutToken},
		{"a good token: the API sees who it is, and not the token", goodToken},
		{"what the client sends as Tokenry's does not pass", forgedIdentity},
		{"a header named as one of the connection is there all the same", namedInConnection},
		{"reading does not write: 403", readingIsNotWriting},
		{"what the client's query asks for counts for nothing", clientsQuery},
		{"nor does what it forwards", forgedForwarding},
		{"the address is the client's, for allow-lists", allowLists},
		{"over the limit: 429 with Retry-After", overTheLimit},
		{"two credentials are none", twoCredentials},
		{"no path leads round it", oddPaths},
		{"bodies arrive", bodies},
		{"after a revocation the very next request is refused", revocation},
		{"without Tokenry nothing passes", failsClosed}, // the last: it ends the server
	}
}

// identity are the headers that tell the API who asks.
func identity() []string {
	return []string{"Tokenry-Token-Id", "Tokenry-Principal", "Tokenry-Principal-Type", "Tokenry-External-Id",
		"Tokenry-Workspace", "Tokenry-Scopes", "Tokenry-Expires-At"}
}

// others are the headers of Tokenry's that are no identity, and reach no API.
func others() []string {
	return []string{"Tokenry-Status", "Tokenry-Act-As", "Tokenry-Revision", "Tokenry-Request-Id", "Tokenry-Scopes-Truncated"}
}

// mistaken are the names that a framework which knows headers as HTTP_TOKENRY_ACT_AS may take
// for this one.
func mistaken(name string) []string {
	names := []string{""}
	for i, word := range strings.Split(name, "-") {
		var longer []string
		for _, before := range names {
			for _, between := range []string{"-", "_", "."} {
				longer = append(longer, before+between[:min(i, 1)]+word)
			}
		}
		names = slices.Compact(longer)
	}
	return slices.DeleteFunc(names, func(other string) bool { return other == name })
}

func withoutToken(s *stage) {
	for _, method := range []string{"GET", "POST", "OPTIONS", "PROPFIND"} {
		res := s.refused(http.StatusUnauthorized, method, "/tickets/1", "")
		s.challenged(res, `realm="tokenry"`)
		if strings.Contains(res.Header.Get("WWW-Authenticate"), "error=") {
			s.Errorf("a challenge without credentials names an error: %s", res.Header.Get("WWW-Authenticate"))
		}
	}
	s.refused(http.StatusUnauthorized, "HEAD", "/tickets/1", "")
	res := s.refused(http.StatusUnauthorized, "GET", "/tickets/1", s.reader.Secret[:len(s.reader.Secret)-1])
	s.challenged(res, `error="invalid_token"`)
	s.refused(http.StatusUnauthorized, "GET", "/tickets/1?access_token="+s.reader.Secret, "")
	s.refused(http.StatusUnauthorized, "GET", "/tickets/1", "", "Cookie", "token="+s.reader.Secret, "Proxy-Authorization", "Bearer "+s.reader.Secret)
}

func goodToken(s *stage) {
	v := s.passes("GET", "/tickets/1?page=2", s.reader.Secret, "Accept-Language", "sv")
	want := map[string]string{
		"Tokenry-Token-Id": s.reader.Token.ID, "Tokenry-Principal": "ada@example.com", "Tokenry-Principal-Type": "user",
		"Tokenry-External-Id": "", "Tokenry-Workspace": "acme", "Tokenry-Scopes": "tickets:read",
		"Tokenry-Expires-At": s.reader.Token.ExpiresAt.Format("2006-01-02T15:04:05Z"), "Authorization": "", "Accept-Language": "sv",
	}
	for name, value := range want {
		if got := v.Header.Get(name); got != value || len(v.Header[name]) > 1 {
			s.Errorf("%s: the API saw %q, want %q", name, v.Header[name], value)
		}
	}
	if v.Target != "/tickets/1?page=2" || v.Method != http.MethodGet {
		s.Errorf("the API saw %s %s", v.Method, v.Target)
	}
}

// A header that is empty in Tokenry's answer must be neither the client's nor
// whatever a proxy writes for one that is missing.
func forgedIdentity(s *stage) {
	var forged []string
	for _, name := range append(identity(), others()...) {
		forged = append(forged, name, "forged", strings.ToLower(name), "forged")
		for _, other := range mistaken(name) {
			forged = append(forged, other, "forged")
		}
	}
	v := s.passes("GET", "/tickets/1", s.reader.Secret, forged...)
	for name, values := range v.Header {
		if !strings.HasPrefix(strings.ToLower(name), "tokenry") {
			continue
		}
		if text := strings.Join(values, ", "); len(values) != 1 || strings.Contains(text, "forged") || strings.ContainsAny(text, "{}$") {
			s.Errorf("the API saw %s: %q", name, values)
		}
		if !slices.Contains(identity(), name) {
			s.Errorf("the API saw the header %s: %q", name, values)
		}
	}
	s.refused(http.StatusUnauthorized, "GET", "/tickets/1", "", forged...)
}

// What Connection names is removed between two hops. A client that names what
// Tokenry says would otherwise choose what the API is not told.
func namedInConnection(s *stage) {
	for _, connection := range []string{"Tokenry-Principal, Tokenry-Workspace", "tokenry-principal,tokenry-workspace", "close, TOKENRY-PRINCIPAL, tokenry-workspace"} {
		v := s.passes("GET", "/tickets/1", s.reader.Secret, "Connection", connection)
		if got := v.Header.Get("Tokenry-Principal") + " " + v.Header.Get("Tokenry-Workspace"); got != "ada@example.com acme" {
			s.Errorf("Connection: %s: the API is told %q", connection, got)
		}
	}
}

func readingIsNotWriting(s *stage) {
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		s.challenged(s.refused(http.StatusForbidden, method, "/tickets/1", s.reader.Secret), `insufficient_scope`)
	}
	s.passes("POST", "/tickets/1", s.root)
	s.passes("HEADLESS", "/tickets/1", s.root)
	s.refused(http.StatusForbidden, "HEADLESS", "/tickets/1", s.reader.Secret)
}

func clientsQuery(s *stage) {
	foreign := s.globex()
	for _, q := range []string{"?scope=tickets:read&workspace=*", "?workspace=*", "?workspace=globex&scope=", "?deny=403", "?%3fworkspace=*", "?a=1#&workspace=*"} {
		s.refused(http.StatusForbidden, "POST", "/tickets/1"+q, s.reader.Secret)
		s.refused(http.StatusUnauthorized, "GET", "/tickets/1"+q, foreign)
		s.passes("GET", "/tickets/1"+q, s.reader.Secret)
	}
}

// globex makes another workspace and answers a token of it that may do everything there.
func (s *stage) globex() string {
	s.Helper()
	if res, out := call(s.T, "POST", server+"/v1/workspaces", s.root, map[string]any{"slug": "globex"}); res.StatusCode != http.StatusCreated {
		s.Fatalf("%s: %s", res.Status, out)
	}
	return createIn(s.T, "globex", s.root, map[string]any{"kind": "workspace", "scopes": []string{"*"}}).Secret
}

func forgedForwarding(s *stage) {
	s.refused(http.StatusForbidden, "POST", "/tickets/1", s.reader.Secret,
		"X-Forwarded-Method", "GET", "X-Forwarded-Uri", "/?scope=tickets:read&workspace=*", "X-Original-Url", "/", "X-Original-Method", "GET",
		"X-Http-Method-Override", "GET", "Forwarded", "for=127.0.0.1")
}

func allowLists(s *stage) {
	local := create(s.T, s.root, map[string]any{"scopes": []string{"tickets:read"}, "allowed_ips": []string{"127.0.0.0/8"}})
	away := create(s.T, s.root, map[string]any{"scopes": []string{"tickets:read"}, "allowed_ips": []string{"192.0.2.0/24"}})
	s.passes("GET", "/tickets/1", local.Secret)
	s.passes("GET", "/tickets/1", local.Secret, "X-Forwarded-For", "192.0.2.7")
	for _, forged := range []string{"192.0.2.7", "192.0.2.7, 127.0.0.1", "127.0.0.1, 192.0.2.7", "192.0.2.7,"} {
		s.refused(http.StatusForbidden, "GET", "/tickets/1", away.Secret, "X-Forwarded-For", forged, "X-Real-Ip", "192.0.2.7")
	}
	s.refused(http.StatusForbidden, "GET", "/tickets/1", away.Secret, "X-Forwarded-For", "192.0.2.7", "X-Forwarded-For", "192.0.2.8")
}

func overTheLimit(s *stage) {
	slow := create(s.T, s.root, map[string]any{"scopes": []string{"tickets:read"},
		"rate_limit": map[string]any{"requests": 1, "window": "1h"}})
	s.passes("GET", "/tickets/1", slow.Secret)
	for range 2 {
		res := s.refused(http.StatusTooManyRequests, "GET", "/tickets/1", slow.Secret)
		if got := res.Header.Values("Retry-After"); len(got) != 1 || got[0] == "" || got[0] == "0" {
			s.Errorf("Retry-After %q", got)
		}
	}
}

func twoCredentials(s *stage) {
	before := s.api.requests.Load()
	res, _ := call(s.T, "GET", proxied+"/tickets/1", s.reader.Secret, nil, "Authorization", "Bearer "+s.root)
	if res.StatusCode < 400 || res.StatusCode >= 500 || s.api.requests.Load() != before {
		s.Errorf("%s", res.Status)
	}
}

// A proxy may refuse an odd path itself. What it passes on, it asked about.
func oddPaths(s *stage) {
	for _, path := range []string{
		"//tickets/1", "/./tickets/1", "/x/../tickets/1", "/tickets%2f1", "/%2e%2e/tickets/1", "/tickets/1%00", "/tickets/1;x=y", `/tickets\1`,
		"/v1/forward-auth", "/_tokenry", "/_tokenry/", "//_tokenry", "/%5ftokenry", "/@tokenry_denied", "http://127.0.0.1:9000/tickets/1", "*",
	} {
		before := s.api.requests.Load()
		for _, credentials := range []string{"GET", "POST", "POST Authorization: Bearer " + s.reader.Secret} {
			method, header, _ := strings.Cut(credentials, " ")
			status := raw(s.T, method+" "+path+" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"+header+"\r\n\r\n")
			if !strings.HasPrefix(status, "HTTP/1.1 4") && !strings.HasPrefix(status, "HTTP/1.1 3") || s.api.requests.Load() != before {
				s.Errorf("%s %s: %q, the API saw %d requests", method, path, status, s.api.requests.Load()-before)
			}
		}
	}
}

// raw sends a request as it is written and answers the first line of the response.
func raw(t *testing.T, request string) string {
	t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:8000")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 256)
	n, _ := c.Read(b)
	line, _, _ := strings.Cut(string(b[:n]), "\r\n")
	return line
}

func bodies(s *stage) {
	body := strings.Repeat("x", 200_000)
	res, out := call(s.T, "POST", proxied+"/tickets", s.root, body)
	if res.StatusCode != http.StatusOK || !strings.Contains(string(out), `"Body":200002`) { // as JSON, with its quotes
		s.Errorf("%s: %.300s", res.Status, out)
	}
}

func revocation(s *stage) {
	for range 50 {
		i := create(s.T, s.root, map[string]any{"scopes": []string{"tickets:read"}})
		s.passes("GET", "/tickets/1", i.Secret)
		revoke(s.T, s.root, i)
		s.refused(http.StatusUnauthorized, "GET", "/tickets/1", i.Secret)
	}
}

func revoke(t *testing.T, root string, i api.Issued) {
	t.Helper()
	res, out := call(t, "POST", server+"/v1/workspaces/acme/tokens/"+i.Token.Locator+"/revoke", root, map[string]any{"reason": "leaked"})
	if res.StatusCode != http.StatusOK || res.Header.Get("Tokenry-Revision") == "" {
		t.Fatalf("revoke: %s: %s", res.Status, out)
	}
}

// failsClosed makes Tokenry hang, and then ends it.
func failsClosed(s *stage) {
	s.office.freeze(s.T)
	s.unanswered()
	s.office.ended(s.T, syscall.SIGKILL)
	s.unanswered()
}

func (s *stage) unanswered() {
	s.Helper()
	before := s.api.requests.Load()
	res, out := call(s.T, "GET", proxied+"/tickets/1", s.root, nil)
	if res.StatusCode < 502 || res.StatusCode > 504 || s.api.requests.Load() != before {
		s.Errorf("%s: %s", res.Status, out)
	}
}

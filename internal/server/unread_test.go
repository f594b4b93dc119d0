package server_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/server"
)

// journal is a log that is written and read at the same time.
type journal struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// What net/http refuses before the door is asked is a problem too, and the log
// says why.
func TestWhatCannotBeReadIsAProblem(t *testing.T) {
	t.Parallel()
	var log journal
	s := startWith(t, settings(t, "--data", t.TempDir(), "--hot-listen", "127.0.0.1:0"), server.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	type request struct {
		name, request string
		status        int
		code          api.Code
	}
	whatCannotBeRead := []request{
		{"a header of 1 MB", "GET /v1/whoami HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + strings.Repeat("a", 1<<20) + "\r\n\r\n", 431, api.CodeHeadersTooLarge},
		{"10,000 headers", "GET /v1/whoami HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("A: b\r\n", 10_000) + "\r\n", 431, api.CodeHeadersTooLarge},
		{"no host", "GET /v1/whoami HTTP/1.1\r\n\r\n", 400, api.CodeInvalidRequest},
		{"no HTTP", "hello\r\n\r\n", 400, api.CodeInvalidRequest},
		{"two lengths", "POST /v1/verify HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, api.CodeInvalidRequest},
		{"two encodings", "POST /v1/verify HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501, api.CodeInvalidRequest},
		{"a blank before the colon", "POST /v1/verify HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, api.CodeInvalidRequest},
		{"a first line that is folded", "GET /v1/whoami HTTP/1.1\r\n Host: h\r\n\r\n", 400, api.CodeInvalidRequest},
		{"an encoding that is none", "POST /v1/verify HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501, api.CodeInvalidRequest},
	}
	for i, c := range slices.Concat(whatCannotBeRead, whatCannotBeRead) {
		conn := raw(t, s)
		if i >= len(whatCannotBeRead) { // the hot listener answers the same
			c.name += ", hot"
			conn = rawAt(t, "tcp", s.HotAddr())
		}
		go func() { _, _ = io.WriteString(conn, c.request) }() // cut off on the way
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var p api.Problem
		if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || resp.Body.Close() != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if resp.StatusCode != c.status || p.Status != c.status || p.Code != c.code || p.RequestID == "" || p.RequestID != resp.Header.Get("Tokenry-Request-Id") ||
			resp.Header.Get("Content-Type") != "application/problem+json" || !resp.Close {
			t.Errorf("%s: %s %v %+v", c.name, resp.Status, resp.Header, p)
		}
		if !strings.Contains(log.String(), "request_id="+p.RequestID+" status="+resp.Status[:3]+" code="+string(c.code)+" why=") {
			t.Errorf("%s: the log says %s", c.name, &log)
		}
	}
}

// A request is not smuggled behind one that two servers read differently: what
// follows a body in chunks, with a length beside them or with a folded name of
// the encoding, is never answered.
func TestNothingIsReadBehindABodyInChunks(t *testing.T) {
	t.Parallel()
	s := start(t, settings(t, "--data", t.TempDir(), "--hot-listen", "127.0.0.1:0"))
	chunked := []string{
		"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 60\r\n",
		"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n", "Transfer-Encoding: chunked\r\n",
	}
	for i, heads := range slices.Concat(chunked, chunked) {
		conn := raw(t, s)
		if i >= len(chunked) {
			conn = rawAt(t, "tcp", s.HotAddr())
		}
		_, err := io.WriteString(conn, "POST /v1/verify HTTP/1.1\r\nHost: h\r\n"+heads+"\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
		if err != nil {
			t.Fatal(err)
		}
		answers, err := io.ReadAll(conn)
		if n := len(regexp.MustCompile(`HTTP/1\.1 \d`).FindAll(answers, -1)); err != nil || n != 1 || !strings.Contains(string(answers), "\r\nConnection: close\r\n") {
			t.Errorf("%q: %d answers, %v: %s", heads, n, err, answers)
		}
	}
}

// Explain knows the requests that were decided for others, by the id in their
// answers.
func TestExplainKnowsWhatOtherDoorsDecided(t *testing.T) {
	t.Parallel()
	s := start(t, settings(t, "--data", t.TempDir()))
	c, root := own(t, s)
	made, err := c.CreateToken(t.Context(), "", api.CreateToken{Kind: "workspace", TokenFields: api.TokenFields{Label: api.Some("x"),
		Rights: api.Rights{Scopes: api.Some([]string{"tickets:read"}), Resources: api.Some([]string{"payments"})}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []struct{ route, method, path, caller, body string }{
		{"introspect", "POST", "/oauth2/introspect", root, url.Values{"token": {made.Secret}}.Encode()},
		{"forward-auth", "GET", "/v1/forward-auth?workspace=acme&scope=tickets:read", made.Secret, ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), d.method, s.BaseURL()+d.path, strings.NewReader(d.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+d.caller)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close() // its headers are enough
		v, err := c.Explain(t.Context(), "", api.ExplainRequest{RequestID: resp.Header.Get("Tokenry-Request-Id")})
		if err != nil || v.Decision == nil || v.Decision.Route != d.route || v.Decision.Code != api.CodeResourceDenied || v.Code != api.CodeResourceDenied {
			t.Errorf("%s: %v, explained %+v", d.route, err, v)
		}
	}
}

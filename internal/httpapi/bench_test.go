package httpapi_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/httpapi"
)

// sink is a writer that costs next to nothing.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }

// body is a request's body that can be read again.
type body struct{ strings.Reader }

func (*body) Close() error { return nil }

func quiet(o *httpapi.Options) { o.Logger = slog.New(slog.DiscardHandler) }

// serve asks the door without a network, which is what it adds to one.
func serve(b *testing.B, w *world, r *http.Request, content string) {
	b.Helper()
	out := &sink{header: http.Header{}}
	in := &body{}
	r.Body, r.ContentLength = io.ReadCloser(in), int64(len(content))
	b.ReportAllocs()
	for b.Loop() {
		in.Reset(content)
		clear(out.header)
		w.door.ServeHTTP(out, r)
	}
	if out.status != http.StatusOK {
		b.Fatalf("status %d", out.status)
	}
}

func BenchmarkVerify(b *testing.B) {
	w := newWorld(b, quiet)
	tok := w.account("ci", "tickets:read")
	r := httptest.NewRequest(http.MethodPost, "/v1/verify", nil)
	r.Header.Set("Authorization", "Bearer "+w.root)
	r.Header.Set("Content-Type", "application/json")
	serve(b, w, r, `{"token":"`+tok+`","scopes":["tickets:read"],"resource":"payments","client":{"ip":"203.0.113.9","method":"GET","path":"/v1/tickets"}}`)
}

func BenchmarkForwardAuth(b *testing.B) {
	w := newWorld(b, quiet)
	tok := w.account("ci", "tickets:read")
	r := httptest.NewRequest(http.MethodGet, "/v1/forward-auth?workspace=acme&scope=tickets:read", nil)
	r.Header.Set("Authorization", "Bearer "+tok)
	serve(b, w, r, "")
}

func BenchmarkForwardAuthBehindAProxy(b *testing.B) {
	w := newWorld(b, quiet, func(o *httpapi.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
	tok := w.account("ci", "tickets:read")
	r := httptest.NewRequest(http.MethodGet, "/v1/forward-auth?scope=tickets:read", nil)
	r.Header.Set("Authorization", "Bearer "+tok)
	r.Header.Set("X-Forwarded-For", "203.0.113.9, 192.0.2.7")
	serve(b, w, r, "")
}

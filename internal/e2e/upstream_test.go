package e2e_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// upstream is the API behind a proxy: it answers what it was sent, and counts.
type upstream struct{ requests atomic.Int64 }

// seen is what the API was sent.
type seen struct {
	Method, Target string
	Header         http.Header
	Body           int
}

func newUpstream(t *testing.T) *upstream {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:9000")
	if err != nil {
		t.Fatal(err)
	}
	u := &upstream{}
	s := &http.Server{Handler: u, ReadHeaderTimeout: time.Second}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return u
}

// ServeHTTP is the echo.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.requests.Add(1)
	body, _ := io.Copy(io.Discard, r.Body)
	_ = json.NewEncoder(w).Encode(seen{r.Method, r.RequestURI, r.Header, int(body)})
}

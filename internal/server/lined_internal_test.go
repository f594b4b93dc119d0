package server

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/door"
)

// TestLinesStandInTheirAnswerAlone: an answer has the lines that its handler gave it, once,
// beside its header; one of another door has none of a request before, also where that was
// cut before anything was written.
func TestLinesStandInTheirAnswerAlone(t *testing.T) {
	t.Parallel()
	long := make([]byte, 100_000)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Map", r.URL.Path)
		if l, ok := w.(door.Lined); ok && r.URL.RawQuery != "none" {
			*l.Lines() = door.AppendField(*l.Lines(), "X-Line", "of\r\n"+r.URL.Path)
		}
		switch r.URL.RawQuery {
		case "inform":
			w.WriteHeader(http.StatusEarlyHints)
		case "long":
			_, _ = w.Write(long)
		case "flush":
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = io.WriteString(w, r.URL.RawQuery)
	})
	bound := newConnections(bounds{total: 10}, nil)
	s := httptest.NewUnstartedServer(lining(h))
	s.Config.ConnContext, s.Listener = bound.context, bounded{s.Listener, bound}
	s.Start()
	t.Cleanup(s.Close)
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1, DialContext: (&net.Dialer{}).DialContext}}
	t.Cleanup(client.CloseIdleConnections)
	for _, path := range []string{"/v1/verify?a", "/other?b", "/v1/forward-auth?long", "/v1/verify?none", "/v1/verify?inform", "/v1/verify?flush", "/other?c"} {
		resp, err := client.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		if err != nil || resp.Body.Close() != nil {
			t.Error(err)
		}
		var want []string
		if isHot(resp.Request.URL.Path) && resp.Request.URL.RawQuery != "none" {
			want = []string{"of  " + resp.Request.URL.Path}
		}
		if diff := cmp.Diff(want, resp.Header["X-Line"]); diff != "" || len(resp.Header["X-Map"]) != 1 || n < 1 {
			t.Errorf("%s: %d bytes, %v\n%s", path, n, resp.Header, diff)
		}
	}
}

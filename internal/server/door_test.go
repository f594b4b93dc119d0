package server_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/httpapi"
)

// TestEveryCallReachesTheAPI asks for each path of the route table: what the
// server takes for a page would be answered by the console, as not found.
func TestEveryCallReachesTheAPI(t *testing.T) {
	t.Parallel()
	s := start(t, settings(t, "--data", t.TempDir()))
	wildcard := regexp.MustCompile(`\{[^}]*\}`)
	for _, rt := range httpapi.Routes() {
		method := rt.Method
		if method == "" {
			method = http.MethodGet
		}
		path := wildcard.ReplaceAllString(rt.Path, "x")
		req, err := http.NewRequestWithContext(t.Context(), method, s.BaseURL()+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if !strings.HasPrefix(resp.Header.Get(door.HeaderRequestID), door.API) {
			t.Errorf("%s %s was answered with status %d, and not by the API", method, path, resp.StatusCode)
		}
	}
}

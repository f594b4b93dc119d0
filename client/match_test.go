package client_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
)

// TestAChangeThatNamesARevisionIsSentOnce: a second try would be refused because of
// the first one's own change.
func TestAChangeThatNamesARevisionIsSentOnce(t *testing.T) {
	t.Parallel()
	var matches []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		matches = append(matches, r.Header.Get("If-Match"))
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, "tkys_000000000000zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz1Lidvn")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.PutRole(t.Context(), "acme", "Helper", api.PutRole{}, client.IfMatch(42))
	if !errors.Is(err, api.CodeUnavailable) || len(matches) != 1 || matches[0] != `"42"` {
		t.Errorf("sent with %q: %v", matches, err)
	}
}

package client_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
)

// TestAResourceCalledAnyAsksNothing: a name that a request chose never turns into
// the word that accepts every restricted token.
func TestAResourceCalledAnyAsksNothing(t *testing.T) {
	t.Parallel()
	asked := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in api.VerifyRequest
		_ = json.NewDecoder(r.Body).Decode(&in)
		asked = in.Resource
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"allowed":false,"code":"resource_denied"}`))
	}))
	t.Cleanup(server.Close)
	const tok = "tkys_000000000000zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz1Lidvn"
	c, err := client.New(server.URL, tok)
	if err != nil {
		t.Fatal(err)
	}
	for want, need := range map[string]client.Need{"any": client.AnyResource(), "*any": client.Resource("any"), "payments": client.Resource("payments")} {
		if _, err := c.Verify(t.Context(), tok, client.Scope("tickets:read"), need); err != nil || asked != want {
			t.Errorf("asked about %q (%v), want %q", asked, err, want)
		}
	}
}

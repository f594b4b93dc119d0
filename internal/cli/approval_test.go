package cli_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// TestAnApprovalIsOfTheTokenAsItWasRead: the attack was an edit between the look and the yes.
func TestAnApprovalIsOfTheTokenAsItWasRead(t *testing.T) {
	t.Parallel()
	const waits = `{"id":"ada@example.com_7hQ2aB9cXk1Z","label":"deploy","kind":"personal","status":"pending","created_by":"ada@example.com",` +
		`"description":"for the new shop","created_at":"2026-11-01T00:00:00Z","approval":{"state":"pending","asked_at":"2026-11-01T00:00:00Z","until":"2026-11-08T00:00:00Z"},"revision":7}`
	var mu sync.Mutex
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		b, _ := io.ReadAll(r.Body) // what is missing is seen below
		asked = append(asked, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("If-Match")+" "+string(b))
		out.Header().Set("Content-Type", "application/json")
		answer := waits
		if strings.Contains(r.URL.RawQuery, "status=pending") {
			answer = `{"items":[` + waits + `],"next_cursor":null}`
		}
		_, _ = io.WriteString(out, answer) // the program reads it or not
	}))
	t.Cleanup(s.Close)
	env := map[string]string{"TOKENRY_SERVER": s.URL, "TOKENRY_TOKEN": "x", "TOKENRY_WORKSPACE": "acme"}
	if r := run(t, env, "", false, "approval", "list"); r.code != 0 || !strings.Contains(r.out, "for the new shop") {
		t.Errorf("%+v", r)
	}
	asked = nil
	r := run(t, env, "", false, "approval", "approve", "x", "--comment", "as agreed")
	if r.code != 0 || !strings.Contains(r.out, "waits for approval") || len(asked) != 2 ||
		asked[1] != `POST /v1/workspaces/acme/tokens/ada@example.com_7hQ2aB9cXk1Z/approve "7" {"comment":"as agreed"}` {
		t.Errorf("%+v asked %q", r, asked)
	}
}

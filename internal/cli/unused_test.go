package cli_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// TestAYesNamesWhatWasShown: --confirm says yes to what the command has read, if it is as many
// as its caller says; and --after asks what another policy would mean.
func TestAYesNamesWhatWasShown(t *testing.T) {
	t.Parallel()
	const stands = `{"after":"60d","recorded_since":null,"warned":12,"next":[{"id":"acme@workspace_7hQ2aB9cXk1Z","locator":"7hQ2aB9cXk1Z","label":"forgotten","owner":"acme@workspace",` +
		`"since":"2026-09-01T00:00:00Z","disable_at":"2026-11-01T00:00:00Z"}],"waiting":{"count":12,"up_to":"2026-11-01T00:00:00.000001Z","since":"2026-11-01T00:00:00Z"},"confirmed":null,` +
		`"preview":{"after":"90d","warned":3,"unused":2,"more":false}}`
	var mu sync.Mutex
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		b, _ := io.ReadAll(r.Body) // what is missing is seen below
		asked = append(asked, r.Method+" "+r.URL.RequestURI()+" "+string(b))
		out.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(out, stands) // the program reads it or not
	}))
	t.Cleanup(s.Close)
	env := map[string]string{"TOKENRY_SERVER": s.URL, "TOKENRY_TOKEN": "x", "TOKENRY_WORKSPACE": "acme"}
	r := run(t, env, "", false, "policy", "unused", "--after", "90d")
	for _, part := range []string{"60d", "forgotten", "waiting", "the owners of 3 tokens would be told now"} {
		if !strings.Contains(r.out, part) {
			t.Errorf("%q is missing: %+v", part, r)
		}
	}
	if r := run(t, env, "", false, "policy", "unused", "--confirm", "12"); r.code != 0 {
		t.Errorf("%+v", r)
	}
	want := []string{"GET /v1/workspaces/acme/unused?after=90d ", "GET /v1/workspaces/acme/unused ",
		`POST /v1/workspaces/acme/unused/confirm {"count":12,"up_to":"2026-11-01T00:00:00.000001Z"}`}
	if got := strings.Join(asked, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("asked\n%s", got)
	}
}

package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
)

// TestTheStepOfTheDocumentation: docs/ci/tokenry-token.sh gets a token as a job of GitHub,
// which asks for its ID token, and as one of GitLab, which was given one.
func TestTheStepOfTheDocumentation(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("without curl")
	}
	j := newJobs(t)
	github := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer runner" || r.URL.Query().Get("audience") != baseURL || r.URL.Query().Get("api-version") != "2.0" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"count": 1, "value": j.idToken(object{"jti": "github"})})
	}))
	t.Cleanup(github.Close)
	run := func(env ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "sh", "../../docs/ci/tokenry-token.sh")
		cmd.Env = append([]string{"PATH=/usr/local/bin:/usr/bin:/bin", "TOKENRY_URL=" + j.server.URL, "TOKENRY_AUDIENCE=" + baseURL, "TOKENRY_ACCOUNT=" + deployAccount}, env...)
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	gitlab := []string{"TOKENRY_ID_TOKEN=" + j.idToken(object{"jti": "gitlab"}), "TOKENRY_RETRY=job-7"}
	for name, env := range map[string][]string{
		"github": {"ACTIONS_ID_TOKEN_REQUEST_TOKEN=runner", "ACTIONS_ID_TOKEN_REQUEST_URL=" + github.URL + "/token?api-version=2.0"}, "gitlab": gitlab, "gitlab again": gitlab,
	} {
		secret, err := run(env...)
		if err != nil || !strings.HasPrefix(secret, "tkye_") {
			t.Errorf("%s: %q, %v", name, secret, err)
		}
	}
	if out, err := run("TOKENRY_ID_TOKEN=" + j.idToken(object{"repository_id": "1"})); err == nil || out != "" {
		t.Errorf("a fork's job got %q", out)
	}
}

package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tokenry/tokenry/api"
)

const server = "http://127.0.0.1:8080"

// promise begins an instance and answers its first token's secret.
func promise(t *testing.T) (data, root string) {
	t.Helper()
	data = filepath.Join(t.TempDir(), "data")
	first := bootstrap(t, data)
	serve(t, data)
	return data, first.Secret
}

// verified asks the server about a token and answers the code.
func verified(t *testing.T, root, secret string, scopes ...string) api.VerifyResult {
	t.Helper()
	res, out := call(t, "POST", server+"/v1/verify", root, map[string]any{"token": secret, "scopes": scopes})
	var v api.VerifyResult
	if err := json.Unmarshal(out, &v); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("verify: %s: %s", res.Status, out)
	}
	return v
}

// TestASecretIsShownOnce is the first promise of the README: the secret is in
// the answer that made it, and nowhere else, not even in the files.
func TestASecretIsShownOnce(t *testing.T) {
	data, root := promise(t)
	i := create(t, root, map[string]any{"scopes": []string{"tickets:read"}})
	secret := i.Secret[len("tkyp_")+12:]
	for _, path := range []string{"/tokens", "/tokens/" + i.Token.ID, "/tokens?format=csv", "/audit", "/audit/export"} {
		if _, out := call(t, "GET", server+"/v1/workspaces/acme"+path, root, nil); strings.Contains(string(out), secret) {
			t.Errorf("%s shows the secret again", path)
		}
	}
	verified(t, root, i.Secret, "tickets:read")
	files, err := filepath.Glob(filepath.Join(data, "*"))
	if err != nil || len(files) < 3 {
		t.Fatalf("files: %v %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), secret) {
			t.Errorf("%s holds the secret", filepath.Base(f))
		}
	}
}

// TestRevocationIsImmediate is the second promise: no verification that starts
// after the revoke call has returned succeeds, while others hammer the server.
func TestRevocationIsImmediate(t *testing.T) {
	_, root := promise(t)
	for range 10 {
		i := create(t, root, map[string]any{"scopes": []string{"tickets:read"}})
		var revoked atomic.Bool
		var late atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					started := revoked.Load()
					v := verified(t, root, i.Secret, "tickets:read")
					if started && v.Allowed {
						late.Add(1)
					}
					if started {
						return
					}
				}
			})
		}
		revoke(t, root, i)
		revoked.Store(true)
		wg.Wait()
		if n := late.Load(); n != 0 {
			t.Fatalf("%d verifications that started after the revocation succeeded", n)
		}
	}
}

// TestATokenNeverHasMorePowerThanItsOwnerHasAtThisMoment is the third promise.
func TestATokenNeverHasMorePowerThanItsOwnerHasAtThisMoment(t *testing.T) {
	_, root := promise(t)
	member := server + "/v1/workspaces/acme/members/eve@example.com"
	call(t, "POST", server+"/v1/workspaces/acme/members", root, map[string]any{"email": "eve@example.com", "role": "Team Member", "resources": []string{"*"}})
	i := create(t, root, map[string]any{"owner": "eve@example.com", "scopes": []string{"tickets:*"}})
	for _, step := range []struct {
		method, path string
		body         any
		want         api.Code
	}{
		{"GET", member, nil, api.CodeOK},
		{"PATCH", member, map[string]any{"role": "Viewer"}, api.CodeInsufficientScope},
		{"PATCH", member, map[string]any{"role": "Team Member", "resources": []string{"payments"}}, api.CodeResourceDenied},
		{"PATCH", member, map[string]any{"resources": []string{"*"}}, api.CodeOK},
		{"POST", member + "/deactivate", nil, api.CodeOwnerInactive},
		{"POST", member + "/activate", nil, api.CodeOK},
		{"DELETE", member, nil, api.CodeRevoked},
	} {
		if res, out := call(t, step.method, step.path, root, step.body); res.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %s: %s", step.method, step.path, res.Status, out)
		}
		if v := verified(t, root, i.Secret, "tickets:write"); v.Code != step.want {
			t.Errorf("after %s %v: %s, want %s", step.method, step.body, v.Code, step.want)
		}
	}
}

// TestReadmePromisesAndCommands holds the README against the tests and the
// program: each promise has a test of its name, each command runs.
func TestReadmePromisesAndCommands(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile("promises_test.go")
	if err != nil {
		t.Fatal(err)
	}
	promises := regexp.MustCompile(`(?m)^\d\. \*\*(.+?)\.\*\*`).FindAllStringSubmatch(string(readme), -1)
	if len(promises) != 3 {
		t.Fatalf("%d promises in the README, want 3", len(promises))
	}
	for _, p := range promises {
		name := "Test"
		for word := range strings.FieldsSeq(p[1]) {
			name += strings.ToUpper(word[:1]) + word[1:]
		}
		if !strings.Contains(string(tests), "func "+name+"(") {
			t.Errorf("no test is named %s", name)
		}
	}
	commands := regexp.MustCompile(`(?m)^    tokenry (.+)$`).FindAllStringSubmatch(string(readme), -1)
	if len(commands) != 2 {
		t.Fatalf("%d commands in the README, want bootstrap and serve", len(commands))
	}
	t.Chdir(t.TempDir())
	tokenry(t, strings.Fields(commands[0][1])...)
	args := append(strings.Fields(commands[1][1]), "--listen", "127.0.0.1:8080")
	start(t, "127.0.0.1:8080", program(t, args...))
}

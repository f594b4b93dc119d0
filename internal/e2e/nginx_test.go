package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

const proxied = "http://127.0.0.1:8000/tickets/1"

// nginx starts Debian's nginx with the configuration as it stands in
// docs/proxies.
func nginx(t *testing.T) {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx"
	}
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("TOKENRY_TEST_REQUIRE") == "1" {
			t.Fatal("nginx is required: scripts/deps installs it")
		}
		t.Skip("without nginx: scripts/deps installs it")
	}
	conf, err := filepath.Abs("../../docs/proxies/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	start(t, "127.0.0.1:8000", exec.Command(path, "-p", t.TempDir(), "-c", conf, "-e", "stderr"))
}

func TestBehindNginx(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	first := bootstrap(t, data)
	serve(t, data, "--trusted-proxies", "127.0.0.1/32")
	upstream(t)
	nginx(t)
	reader := create(t, first.Secret, map[string]any{"scopes": []string{"tickets:read"}})
	root := first.Secret

	t.Run("no token: 401 with a challenge", func(t *testing.T) {
		res, _ := call(t, "GET", proxied, "", nil)
		challenge := res.Header.Get("WWW-Authenticate")
		if res.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(challenge, "Bearer ") || strings.Contains(challenge, "error=") {
			t.Errorf("%s, WWW-Authenticate %q", res.Status, challenge)
		}
	})
	t.Run("a bad token: 401", func(t *testing.T) {
		res, _ := call(t, "GET", proxied, reader.Secret[:len(reader.Secret)-1], nil)
		if res.StatusCode != http.StatusUnauthorized || !strings.Contains(res.Header.Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("%s, WWW-Authenticate %q", res.Status, res.Header.Get("WWW-Authenticate"))
		}
	})
	t.Run("a good token: the API sees who it is, and not the token", func(t *testing.T) {
		res, out := call(t, "GET", proxied, reader.Secret, nil)
		seen := seenBy(t, out)
		if res.StatusCode != http.StatusOK || seen.Get("Tokenry-Principal") != "ada@example.com" ||
			seen.Get("Tokenry-Token-Id") != reader.Token.ID || seen.Get("Tokenry-Workspace") != "acme" ||
			seen.Get("Tokenry-Scopes") != "tickets:read" || seen.Get("Authorization") != "" {
			t.Errorf("%s, the API saw %v", res.Status, seen)
		}
	})
	t.Run("what the client sends as Tokenry's does not pass", func(t *testing.T) {
		var forged []string
		for _, h := range []string{"Token-Id", "Principal", "Principal-Type", "External-Id", "Workspace", "Scopes", "Expires-At", "Status", "Act-As"} {
			forged = append(forged, "Tokenry-"+h, "forged", "tokenry-"+strings.ToLower(h), "forged")
		}
		_, out := call(t, "GET", proxied, reader.Secret, nil, forged...)
		if strings.Contains(string(out), "forged") {
			t.Errorf("the API saw %s", out)
		}
	})
	t.Run("reading does not write: 403", func(t *testing.T) {
		res, _ := call(t, "POST", proxied, reader.Secret, nil)
		if res.StatusCode != http.StatusForbidden || !strings.Contains(res.Header.Get("WWW-Authenticate"), `insufficient_scope`) {
			t.Errorf("%s, WWW-Authenticate %q", res.Status, res.Header.Get("WWW-Authenticate"))
		}
		if res, _ := call(t, "POST", proxied, root, nil); res.StatusCode != http.StatusOK {
			t.Errorf("a token that may: %s", res.Status)
		}
	})
	t.Run("a requirement in the client's query lowers nothing", func(t *testing.T) {
		res, _ := call(t, "POST", proxied+"?scope=tickets:read&workspace=*", reader.Secret, nil)
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("%s", res.Status)
		}
	})
	t.Run("the address is the client's, for allow-lists", func(t *testing.T) {
		local := create(t, root, map[string]any{"scopes": []string{"tickets:read"}, "allowed_ips": []string{"127.0.0.0/8"}})
		away := create(t, root, map[string]any{"scopes": []string{"tickets:read"}, "allowed_ips": []string{"192.0.2.0/24"}})
		if res, _ := call(t, "GET", proxied, local.Secret, nil); res.StatusCode != http.StatusOK {
			t.Errorf("from an allowed address: %s", res.Status)
		}
		if res, _ := call(t, "GET", proxied, away.Secret, nil, "X-Forwarded-For", "192.0.2.7"); res.StatusCode != http.StatusForbidden {
			t.Errorf("from elsewhere with a forged header: %s", res.Status)
		}
	})
	t.Run("over the limit: 429 with Retry-After", func(t *testing.T) {
		slow := create(t, root, map[string]any{"scopes": []string{"tickets:read"},
			"rate_limit": map[string]any{"requests": 1, "window": "1h"}})
		call(t, "GET", proxied, slow.Secret, nil)
		res, _ := call(t, "GET", proxied, slow.Secret, nil)
		if res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" {
			t.Errorf("%s, Retry-After %q", res.Status, res.Header.Get("Retry-After"))
		}
	})
	t.Run("after a revocation the very next request is refused", func(t *testing.T) {
		for range 50 {
			i := create(t, root, map[string]any{"scopes": []string{"tickets:read"}})
			if res, _ := call(t, "GET", proxied, i.Secret, nil); res.StatusCode != http.StatusOK {
				t.Fatalf("before: %s", res.Status)
			}
			revoke(t, root, i)
			if res, _ := call(t, "GET", proxied, i.Secret, nil); res.StatusCode != http.StatusUnauthorized {
				t.Fatalf("after: %s", res.Status)
			}
		}
	})
}

func revoke(t *testing.T, root string, i api.Issued) {
	t.Helper()
	res, out := call(t, "POST", "http://127.0.0.1:8080/v1/workspaces/acme/tokens/"+i.Token.Locator+"/revoke", root,
		map[string]any{"reason": "leaked"})
	if res.StatusCode != http.StatusOK || res.Header.Get("Tokenry-Revision") == "" {
		t.Fatalf("revoke: %s: %s", res.Status, out)
	}
}

func seenBy(t *testing.T, out []byte) http.Header {
	t.Helper()
	var seen struct{ Header http.Header }
	if err := json.Unmarshal(out, &seen); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return seen.Header
}

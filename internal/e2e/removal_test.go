package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// many is more tokens than a removal rewrites before it is answered.
const many = 2100

// TestAKilledRemovalGoesOn: the program is killed in the middle of removing the owner
// of many tokens. None of them works from the answer on, not while it is rewritten,
// not behind the next start, and the next start goes on to the end.
func TestAKilledRemovalGoesOn(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) { killedRemoval(t, url(t)) })
	}
}

func killedRemoval(t *testing.T, url string) {
	t.Helper()
	dir := t.TempDir()
	tokenry(t, "keys", "generate", "--out", dir+"/keys")
	at := []string{"--data", dir + "/data", "--database", url, "--keys", dir + "/keys"}
	var b api.Bootstrapped
	out := tokenry(t, append([]string{"bootstrap", "--email", "ada@example.com", "--workspace", "acme", "--json"}, at...)...)
	if err := json.Unmarshal([]byte(out), &b); err != nil {
		t.Fatal(err)
	}
	serving := func() *process {
		return start(t, "127.0.0.1:8080", program(t, append([]string{"serve", "--listen", "127.0.0.1:8080"}, at...)...))
	}
	running := serving()
	newOwner(t, b.Secret)
	owned := issue(t, b.Secret, many)
	dead := func(when string) {
		t.Helper()
		for _, i := range []api.Issued{owned[0], owned[many/2], owned[many-1]} {
			if v := verified(t, b.Secret, i.Secret); v.Code != api.CodeRevoked {
				t.Errorf("%s: %s answers %s", when, i.Token.ID, v.Code)
			}
		}
	}

	if res, out := call(t, "DELETE", server+"/v1/workspaces/acme/service-accounts/ci", b.Secret, nil); res.StatusCode >= 300 {
		t.Fatalf("removing: %s: %s", res.Status, out)
	}
	dead("after the answer")
	if left := removals(t, b.Secret); len(left) != 1 || left[0].Kind != "service_account" || left[0].Total == nil || *left[0].Total != many {
		t.Fatalf("when it is killed, left to be rewritten: %+v", left)
	}
	running.ended(t, syscall.SIGKILL)

	serving()
	dead("after the start")
	newOwner(t, b.Secret) // of the same name: nothing of the old one is its
	for tick := time.NewTicker(20 * time.Millisecond); len(removals(t, b.Secret)) > 0; <-tick.C {
		dead("while it is rewritten")
	}
	dead("at the end")
	for n := 0; n < many; n += 50 {
		v := read[api.Token](t, b.Secret, "/tokens/"+owned[n].Token.Locator)
		if v.RevokedAt == nil || v.RevokeReason == nil || *v.RevokeReason != api.ReasonOwnerLeft {
			t.Fatalf("%s: revoked at %v", v.ID, v.RevokedAt)
		}
	}
}

func newOwner(t *testing.T, root string) {
	t.Helper()
	in := map[string]any{"name": "ci", "scopes": []string{"tickets:read"}, "resources": []string{"*"}}
	if res, out := call(t, "POST", server+"/v1/workspaces/acme/service-accounts", root, in); res.StatusCode != http.StatusCreated {
		t.Fatalf("an owner: %s: %s", res.Status, out)
	}
}

// issue makes tokens of that owner, from sixteen sides.
func issue(t *testing.T, root string, n int) []api.Issued {
	t.Helper()
	out := make([]api.Issued, n)
	var wg sync.WaitGroup
	const sides = 16
	for side := range sides {
		wg.Go(func() {
			for i := side; i < n; i += sides {
				out[i] = create(t, root, map[string]any{"label": fmt.Sprint(i), "owner": "ci", "scopes": []string{"tickets:read"}})
			}
		})
	}
	wg.Wait()
	return out
}

func removals(t *testing.T, root string) []api.Removal {
	t.Helper()
	return read[struct {
		Items []api.Removal `json:"items"`
	}](t, root, "/removals").Items
}

package e2e_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
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
	running.ended(t, syscall.SIGTERM)
	owned := own(t, url, dir+"/keys", many)
	running = serving()
	dead := func(when string) {
		t.Helper()
		for _, s := range []token.Secret{owned[0], owned[many/2], owned[many-1]} {
			if v := verified(t, b.Secret, s.Reveal()); v.Code != api.CodeRevoked {
				t.Errorf("%s: %s answers %s", when, locator(t, s), v.Code)
			}
		}
	}
	if v := verified(t, b.Secret, owned[0].Reveal()); v.Code != api.CodeOK {
		t.Fatalf("before the removal it answers %s", v.Code)
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
		v := read[api.Token](t, b.Secret, "/tokens/"+locator(t, owned[n]))
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

// own writes tokens of that owner straight into the database, which takes a tenth of asking for each.
func own(t *testing.T, url, keyfile string, n int) (secrets []token.Secret) {
	t.Helper()
	raw, err := os.ReadFile(keyfile)
	check(t, err)
	keys, err := token.ParseKeyring(raw)
	check(t, err)
	s, err := store.Open(t.Context(), store.Options{URL: url, Holder: t.Name()})
	check(t, err)
	defer s.Close()
	for len(secrets) < n {
		errs, err := s.Batch(t.Context(), []func(ledger.Tx) error{func(tx ledger.Tx) error {
			for range min(500, n-len(secrets)) {
				secret, err := put(tx, keys)
				if err != nil {
					return err
				}
				secrets = append(secrets, secret)
			}
			return nil
		}})
		check(t, errors.Join(append(errs, err)...))
	}
	return secrets
}

// put writes one token of the owner.
func put(tx ledger.Tx, keys *token.Keyring) (secret token.Secret, err error) {
	ws, err := tx.Workspace(ledger.WorkspaceKey{Slug: "acme"})
	if err != nil {
		return secret, err
	}
	ci, err := tx.ServiceAccount(ws.ID, ledger.ServiceAccountKey{Name: "ci"})
	if err != nil {
		return secret, err
	}
	l, err := token.NewLocator(rand.Reader)
	if err != nil {
		return secret, err
	}
	if secret, err = token.Mint(rand.Reader, token.DefaultPrefix, token.Service, l); err != nil {
		return secret, err
	}
	now := time.Now()
	made := ledger.Token{ID: tx.NewID(), Locator: l, Prefix: token.DefaultPrefix, Kind: token.Service, Workspace: ws.ID, OwnerServiceAccount: ci.ID,
		CreatedBy: "a test", Label: "build", Grants: []grant.Statement{{Scopes: []string{"tickets:read"}, Resources: []string{"*"}}},
		ExpiresAt: now.Add(time.Hour), CreatedAt: now, Revision: tx.Revision()}
	if err := tx.PutToken(made); err != nil {
		return secret, err
	}
	digest, key := keys.Digest(secret.Reveal())
	return secret, tx.PutSecret(ledger.Secret{Token: made.ID, Number: 1, Digest: digest, Key: key, CreatedAt: now})
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// locator is what names the token of a secret.
func locator(t *testing.T, s token.Secret) string {
	t.Helper()
	parsed, err := token.Parse(s.Reveal())
	check(t, err)
	return parsed.Locator.String()
}

func removals(t *testing.T, root string) []api.Removal {
	t.Helper()
	return read[struct {
		Items []api.Removal `json:"items"`
	}](t, root, "/removals").Items
}

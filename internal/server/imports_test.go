package server_test

import (
	"path/filepath"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"golang.org/x/crypto/bcrypt"
)

// TestAServerWritesWhatASlowStringIsComparedByOnceItWasUsed.
func TestAServerWritesWhatASlowStringIsComparedByOnceItWasUsed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, settings(t, "--data", dir))
	c, _ := own(t, s)
	const theirs = "old_3fJ8sK2mQ9xT7vB1nL5w"
	hash, err := bcrypt.GenerateFromPassword([]byte(theirs), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	in := api.ImportToken{Hash: string(hash), Hint: theirs[4:12]}
	in.Label, in.Kind, in.Scopes, in.Resources = api.Some("Nightly"), "workspace", api.Some([]string{"tickets:read"}), api.Some([]string{"*"})
	out, err := c.ImportTokens(t.Context(), "acme", api.ImportTokens{Tokens: []api.ImportToken{in},
		Format: api.ImportFormat{Name: "old", Prefix: "old_", MinLength: 24, MaxLength: 24, Alphabet: "base62", Hash: "bcrypt", Hint: &api.Part{Skip: 4, Take: 8}}})
	if err != nil || out.Results[0].Status != api.ImportMade {
		t.Fatalf("%+v, %v", out, err)
	}
	if v, err := c.Verify(t.Context(), theirs, client.Scope("tickets:read")); err != nil || !v.Allowed {
		t.Errorf("the string is refused: %+v, %v", v, err)
	}
	db, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + filepath.Join(dir, "tokenry.db"), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	clocktest.Until(t, func() bool {
		var direct bool
		must(t, db.Read(t.Context(), func(r ledger.Reader) error {
			ts, err := r.Tokens(1, ledger.TokenQuery{Limit: 10})
			for _, tok := range ts {
				secrets, err := r.Secrets(tok.ID)
				if err != nil {
					return err
				}
				direct = direct || secrets[0].Origin != nil && secrets[0].Origin.Direct
			}
			return err
		}))
		return direct
	})
}

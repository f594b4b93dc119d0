package fill_test

import (
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/fill"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// filled is a database that was filled.
type filled struct {
	store   *store.Store
	keys    *token.Keyring
	office  *office.Office
	engine  *verify.Engine
	secrets []string
	options fill.Options
}

func newFilled(t *testing.T, url string, seed uint64, tokens int) *filled {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	keys, err := token.GenerateKeyring(rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	f := &filled{store: s, keys: keys, office: office.New(authority.Options{Store: s, Keys: keys, Now: func() time.Time { return now }, Rand: rand.Reader})}
	f.engine = verify.New(f.office, keys, verify.Config{Now: func() time.Time { return now }})
	if err := f.office.Prepare(t.Context(), token.DefaultPrefix); err != nil {
		t.Fatal(err)
	}
	f.options = fill.Options{Tokens: tokens, Seed: seed, Now: now, Secret: func(s token.Secret) error {
		f.secrets = append(f.secrets, s.Reveal())
		return nil
	}}
	if err := fill.Fill(t.Context(), s, keys, f.options); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestWhatIsFilledIsWhole: on both engines the audit is whole, and each token is
// answered as its row says.
func TestWhatIsFilledIsWhole(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		f := newFilled(t, url, 7, 1100)
		chains, err := audit.Verify(t.Context(), f.store, f.keys)
		if err != nil || len(chains) < 10 {
			t.Fatalf("%d chains: %v", len(chains), err)
		}
		codes := map[string]int{}
		for _, s := range f.secrets {
			var d verify.Decision
			if err := f.engine.Verify(t.Context(), &verify.Request{Token: s, Cost: 1}, &d); err != nil {
				t.Fatal(err)
			}
			codes[string(d.Code)]++
		}
		if codes["ok"] < 100 || codes["revoked"] < 10 || codes["expired"] < 100 || codes["disabled"] == 0 || len(f.secrets) != 1100 {
			t.Errorf("verifications: %v", codes)
		}
		err = f.store.Read(t.Context(), func(r ledger.Reader) error {
			ws, err := r.Workspace(ledger.WorkspaceKey{Slug: fill.Slug(7, 0)})
			if err != nil {
				return err
			}
			rows, err := r.Tokens(ws.ID, ledger.TokenQuery{})
			if len(rows) < 200 || len(rows) > 500 {
				t.Errorf("%d tokens in the large workspace", len(rows))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// TestASeedTellsTheTokens: two databases that are filled alike hold the same tokens,
// and a seed is used once on each.
func TestASeedTellsTheTokens(t *testing.T) {
	t.Parallel()
	a, b, c := newFilled(t, storetest.SQLite(t), 3, 60), newFilled(t, storetest.SQLite(t), 3, 60), newFilled(t, storetest.SQLite(t), 4, 60)
	if !slices.Equal(a.secrets, b.secrets) || slices.Equal(a.secrets, c.secrets) {
		t.Error("what is written does not follow from the seed")
	}
	if err := fill.Fill(t.Context(), a.store, a.keys, a.options); !errors.Is(err, ledger.ErrDuplicate) {
		t.Errorf("the same seed again: %v", err)
	}
}

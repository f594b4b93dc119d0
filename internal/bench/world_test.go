package bench_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// world is an instance with many tokens.
type world struct {
	authority *office.Office
	// by is the caller that made the instance.
	by authority.Caller
	// sender is a caller of the workspace globex; salt tells its requests apart.
	sender  authority.Caller
	salt    atomic.Int64
	store   ledger.Store
	engine  *verify.Engine
	secrets []string
	scopes  []string
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func newWorld(b *testing.B, url string, tokens int) *world {
	b.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: url, Holder: b.Name()})
	check(b, err)
	b.Cleanup(func() { _ = s.Close() })
	keys, err := token.GenerateKeyring(rand.Reader, time.Now())
	check(b, err)
	a := office.New(authority.Options{Store: s, Keys: keys, Now: time.Now, Rand: rand.Reader})
	w := &world{authority: a, store: s, engine: verify.New(a, keys, verify.Config{FirstUse: a.FirstUse}), scopes: []string{"tickets:read"}}
	a.Observe(w.engine)
	check(b, a.Prepare(ctx, token.DefaultPrefix))
	started, err := a.Bootstrap(ctx, office.Bootstrap{Email: "ada@example.com", Workspace: "acme"})
	check(b, err)
	var in api.CreateServiceAccount
	in.Name, in.Scopes, in.Resources = "ci", api.Some([]string{"tickets:*"}), api.Some([]string{"*"})
	w.by = storetest.Presenting(b, s, started.Token.Locator)
	_, err = a.CreateServiceAccount(ctx, w.by, "acme", in)
	check(b, err)
	w.fill(b, s, keys, tokens)
	return w
}

// presenting is a caller that presents a token.
func (w *world) presenting(b *testing.B, locator string) authority.Caller {
	b.Helper()
	return storetest.Presenting(b, w.store, locator)
}

// fill writes tokens of the service account straight into the store.
func (w *world) fill(b *testing.B, s ledger.Store, keys *token.Keyring, tokens int) {
	b.Helper()
	begin := time.Now()
	const chunk = 50 // a batch has to be done within its time, on PostgreSQL too
	for len(w.secrets) < tokens {
		var muts []func(ledger.Tx) error
		for range 20 {
			muts = append(muts, func(tx ledger.Tx) error {
				for range min(chunk, tokens-len(w.secrets)) {
					if err := w.put(tx, keys); err != nil {
						return err
					}
				}
				return nil
			})
		}
		_, err := s.Batch(context.Background(), muts)
		check(b, err)
	}
	fmt.Printf("\nwriting %d tokens: %v\n", tokens, time.Since(begin).Round(time.Millisecond))
}

func (w *world) put(tx ledger.Tx, keys *token.Keyring) error {
	ws, err := tx.Workspace(ledger.WorkspaceKey{Slug: "acme"})
	if err != nil {
		return err
	}
	ci, err := tx.ServiceAccount(ws.ID, ledger.ServiceAccountKey{Name: "ci"})
	if err != nil {
		return err
	}
	l, err := token.NewLocator(rand.Reader)
	if err != nil {
		return err
	}
	secret, err := token.Mint(rand.Reader, token.DefaultPrefix, token.Service, l)
	if err != nil {
		return err
	}
	t := ledger.Token{ID: tx.NewID(), Locator: l, Prefix: token.DefaultPrefix, Kind: token.Service, Workspace: ws.ID,
		OwnerServiceAccount: ci.ID, CreatedBy: "bench", Label: "build 4711",
		Grants:    []grant.Statement{{Scopes: w.scopes, Resources: []string{"*"}}},
		ExpiresAt: time.Now().Add(1000 * time.Hour), CreatedAt: time.Now(), Revision: tx.Revision()}
	if err := tx.PutToken(t); err != nil {
		return err
	}
	digest, key := keys.Digest(secret.Reveal())
	w.secrets = append(w.secrets, secret.Reveal())
	return tx.PutSecret(ledger.Secret{Token: t.ID, Number: 1, Digest: digest, Key: key, CreatedAt: time.Now()})
}

// warm verifies each token once.
func (w *world) warm(b *testing.B) {
	b.Helper()
	const workers = 16
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			var d verify.Decision
			for n := i; n < len(w.secrets); n += workers {
				req := verify.Request{Token: w.secrets[n], Scopes: w.scopes, Cost: 1}
				if err := w.engine.Verify(context.Background(), &req, &d); err != nil || !d.Allowed() {
					b.Errorf("warming: %v %s", err, d.Code)
					return
				}
			}
		})
	}
	wg.Wait()
}

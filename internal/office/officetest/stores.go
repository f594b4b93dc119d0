package officetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"io"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// countingPeople counts lists of members too.
type countingPeople struct {
	ledger.PeopleReader
	N *atomic.Int64
}

func (c countingPeople) Members(ws ledger.ID, q ledger.Range) ([]ledger.Member, error) {
	c.N.Add(1)
	return c.PeopleReader.Members(ws, q)
}

// Forgotten remembers what usage it was told to forget.
type Forgotten struct {
	Tokens     []token.Locator
	Workspaces []ledger.ID
	Networks   []netip.Addr
}

// ForgetNetworks notes the networks.
func (f *Forgotten) ForgetNetworks(_ context.Context, _ token.Locator, networks []netip.Addr) error {
	f.Networks = append(f.Networks, networks...)
	return nil
}

// ForgetUsage notes the tokens.
func (f *Forgotten) ForgetUsage(_ context.Context, ts []token.Locator) error {
	f.Tokens = append(f.Tokens, ts...)
	return nil
}

// TrimUsage notes the workspace.
func (f *Forgotten) TrimUsage(_ context.Context, ws ledger.ID, _ time.Time) error {
	f.Workspaces = append(f.Workspaces, ws)
	return nil
}

// Whole verifies the audit, which must be whole, and answers its heads.
func (w *World) Whole(expect ...string) (heads []string, chains map[string]audit.Chain) {
	w.Helper()
	all, err := audit.Verify(w.Ctx, w.Store, w.Keys, expect...)
	Must(w.T, err)
	chains = map[string]audit.Chain{}
	for _, c := range all {
		heads, chains[c.Name] = append(heads, c.Head), c
	}
	return heads, chains
}

// Beside opens the database beside the store, as somebody who may write to it.
func (w *World) Beside() *sql.DB {
	w.Helper()
	if path, ok := strings.CutPrefix(w.URL, "sqlite:"); ok {
		db, err := sql.Open("sqlite", path)
		Must(w.T, err)
		w.Cleanup(func() { _ = db.Close() })
		return db
	}
	config, err := pgx.ParseConfig(w.URL)
	Must(w.T, err)
	db := stdlib.OpenDB(*config)
	w.Cleanup(func() { _ = db.Close() })
	return db
}

// WorkspaceID is the row number of acme, which SQL names it by.
func (w *World) WorkspaceID() (id ledger.ID) {
	w.Helper()
	Must(w.T, w.Store.Read(w.Ctx, func(r ledger.Reader) error {
		ws, err := r.Workspace(ledger.WorkspaceKey{Slug: "acme"})
		id = ws.ID
		return err
	}))
	return id
}

// Again is the world with another authority over the same store.
func (w *World) Again(s ledger.Store, told func(bool)) {
	w.Office = office.New(authority.Options{Store: s, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader, Reckoned: told})
}

// Counting counts how often roles, scopes and members are listed in a batch.
type Counting struct {
	ledger.Store
	N *atomic.Int64
}

type countingRights struct {
	ledger.RightsReader
	N *atomic.Int64
}

func (c countingRights) Roles(ws ledger.ID) ([]ledger.Role, error) {
	c.N.Add(1)
	return c.RightsReader.Roles(ws)
}

func (c countingRights) Scopes(ws ledger.ID) ([]ledger.Scope, error) {
	c.N.Add(1)
	return c.RightsReader.Scopes(ws)
}

// Batch counts for every mutation of the batch.
func (c Counting) Batch(ctx context.Context, ms []func(ledger.Tx) error) ([]error, error) {
	var out []func(ledger.Tx) error
	for _, m := range ms {
		out = append(out, func(tx ledger.Tx) error {
			tx.RightsReader = countingRights{tx.RightsReader, c.N}
			tx.PeopleReader = countingPeople{tx.PeopleReader, c.N}
			return m(tx)
		})
	}
	return c.Store.Batch(ctx, out)
}

// BatchNext counts as Batch does.
func (c Counting) BatchNext(ctx context.Context, ms []func(ledger.Tx) error) ([]error, error) {
	return c.Batch(ctx, ms)
}

// Gate is randomness that, once it is shut, lets nobody draw until it is opened.
type Gate struct {
	io.Reader
	mu      sync.Mutex
	reached chan struct{} // closed by the first who waits; nil while the gate is open
	open    chan struct{}
}

// Shut lets nobody read until what it answers is called.
func (g *Gate) Shut() (reached, open chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reached, g.open = make(chan struct{}), make(chan struct{})
	return g.reached, g.open
}

func (g *Gate) Read(p []byte) (int, error) {
	g.mu.Lock()
	reached, open := g.reached, g.open
	g.reached = nil
	g.mu.Unlock()
	if reached != nil {
		close(reached)
	}
	if open != nil {
		<-open
	}
	return g.Reader.Read(p)
}

// Stopper is told of commits and stops whoever waits after the first.
type Stopper struct {
	mu     sync.Mutex
	cancel func()
	Most   int // tokens that one commit touched
}

// Apply counts a commit, and stops the program at the one that it is armed for.
func (s *Stopper) Apply(c verify.Changes) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Most = max(s.Most, len(c.Tokens))
	if s.cancel != nil {
		s.cancel()
	}
}

// Arm lets it stop at the next commit.
func (s *Stopper) Arm(cancel func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel = cancel
}

// Cut does something as if the program were killed behind its first commit.
func (w *World) Cut(s *Stopper, do func(ctx context.Context) error) {
	w.Helper()
	ctx, cancel := context.WithCancel(w.Ctx)
	defer cancel()
	s.Arm(cancel)
	Must(w.T, do(ctx))
	s.Arm(nil)
	if len(w.PendingRemovals()) == 0 {
		w.Fatal("nothing is left to be rewritten, so nothing was cut off")
	}
}

// PendingRemovals are those that go on behind.
func (w *World) PendingRemovals() (out []ledger.Removal) {
	w.Helper()
	Must(w.T, w.Store.Read(w.Ctx, func(r ledger.Reader) (err error) { out, err = r.Removals(); return err }))
	return out
}

// Stopper is one that watches this world.
func (w *World) Stopper() *Stopper {
	s := &Stopper{}
	w.Observe(s)
	return s
}

// Finish is the job of a program that was started again over the same database.
func (w *World) Finish() {
	w.Helper()
	again := office.New(authority.Options{Store: w.Store, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader})
	again.Observe(w.Engine)
	Must(w.T, again.FinishRemovals(w.Ctx, func(context.Context) error { return nil }))
	if left := w.PendingRemovals(); len(left) != 0 {
		w.Errorf("left to be rewritten: %+v", left)
	}
}

// DropMember removes one of acme.
func (w *World) DropMember(ctx context.Context, email string) error {
	return Second(w.RemoveMember(ctx, w.Root, "acme", email, false))
}

// Fill writes rows into acme, past every verb.
func (w *World) Fill(n int, put func(tx ledger.Tx, ws ledger.ID, i int) error) {
	w.Helper()
	errs, err := w.Store.Batch(w.Ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
		ws, err := tx.Workspace(ledger.WorkspaceKey{Slug: "acme"})
		for i := 0; i < n && err == nil; i++ {
			err = put(tx, ws.ID, i)
		}
		return err
	}})
	Must(w.T, err)
	Must(w.T, errs[0])
}

// Newer is another node over the same database, whose keyring has one key more than
// this world's, which is current there.
func (w *World) Newer() (*office.Office, *token.Keyring) {
	w.Helper()
	keys, err := w.Keys.Rotate(rand.Reader, w.Clock.Now())
	Must(w.T, err)
	o := office.New(authority.Options{Store: w.Store, Keys: keys, Now: w.Clock.Now, Rand: rand.Reader})
	o.Observe(w.Engine)
	return o, keys
}

// Over is another node over the same database, with another keyring.
func (w *World) Over(keys *token.Keyring) *office.Office {
	w.Helper()
	return office.New(authority.Options{Store: w.Store, Keys: keys, Now: w.Clock.Now, Rand: rand.Reader})
}

// WithoutFirst is a keyring without its oldest key.
func WithoutFirst(t *testing.T, keys *token.Keyring) *token.Keyring {
	t.Helper()
	var file struct {
		Current int               `json:"current"`
		Keys    []json.RawMessage `json:"keys"`
	}
	Must(t, json.Unmarshal(keys.Marshal(), &file))
	file.Keys = file.Keys[1:]
	b, err := json.Marshal(file)
	Must(t, err)
	out, err := token.ParseKeyring(b)
	Must(t, err)
	return out
}

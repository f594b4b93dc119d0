package verify_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/foreign"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

const home = int64(1)

var ada = verify.OwnerKey{Type: verify.OwnerMember, ID: 7}

// source is a database in memory. Its rows change under its lock; a reading may
// be held between being taken and being answered.
type source struct {
	mu       sync.Mutex
	revision int64
	tokens   map[token.Locator]verify.Token
	owners   map[verify.OwnerKey]verify.Owner
	spaces   map[int64]verify.Workspace
	formats  map[struct{}][]*foreign.Format
	// derives are the keys of secrets that tokens can be derived of, by digest.
	derives sync.Map
	failure error
	reads   map[any]int
	// hold runs after a reading was taken, outside the lock.
	hold func(ctx context.Context, key any)
}

func newSource() *source {
	s := &source{
		tokens: map[token.Locator]verify.Token{}, owners: map[verify.OwnerKey]verify.Owner{},
		spaces: map[int64]verify.Workspace{}, reads: map[any]int{}, revision: 1,
		formats: map[struct{}][]*foreign.Format{{}: nil},
	}
	s.owners[ada] = verify.Owner{
		Key: ada, Workspace: home, PublicID: "u7", Address: "ada@example.com", Active: true,
		Statements: []grant.Statement{{Role: "Owner", Resources: []string{"*"}}},
	}
	s.spaces[home] = verify.Workspace{ID: home, Slug: "acme", Book: builtInBook()}
	return s
}

func builtInBook() grant.Book {
	b := grant.Book{Roles: map[string][]string{}}
	for _, r := range grant.BuiltInRoles() {
		b.Roles[r.Name] = r.Scopes
	}
	return b
}

func read[K comparable, V any](ctx context.Context, s *source, rows map[K]V, k K) (V, int64, error) {
	s.mu.Lock()
	v, ok := rows[k]
	revision, err, hold := s.revision, s.failure, s.hold
	s.reads[k]++
	s.mu.Unlock()
	if hold != nil {
		hold(ctx, k)
	}
	if err == nil && !ok {
		err = verify.ErrNotFound
	}
	return v, revision, err
}

func (s *source) VerifyToken(ctx context.Context, l token.Locator) (verify.Token, int64, error) {
	return read(ctx, s, s.tokens, l)
}

func (s *source) VerifyOwner(ctx context.Context, k verify.OwnerKey) (verify.Owner, int64, error) {
	return read(ctx, s, s.owners, k)
}

func (s *source) VerifyWorkspace(ctx context.Context, id int64) (verify.Workspace, int64, error) {
	return read(ctx, s, s.spaces, id)
}

// VerifyDerived compares with every secret of the token, as the authority does.
func (s *source) VerifyDerived(ctx context.Context, l token.Locator, presented string) (token.Digest, error) {
	t, _, err := read(ctx, s, s.tokens, l)
	if err != nil {
		return token.Digest{}, err
	}
	d, err := token.ParseDerived(presented)
	if err != nil {
		return token.Digest{}, verify.ErrNotFound
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads[presented]++
	for _, secret := range t.Secrets {
		kept, _ := s.derives.Load(secret.Digest)
		if key, ok := kept.(ed25519.PublicKey); ok && d.SignedBy(key) {
			return secret.Digest, nil
		}
	}
	return token.Digest{}, verify.ErrNotFound
}

// VerifyFormats answers the source's formats.
func (s *source) VerifyFormats(ctx context.Context) ([]*foreign.Format, int64, error) {
	return read(ctx, s, s.formats, struct{}{})
}

func (s *source) readsOf(key any) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads[key]
}

// set changes what the source does, not what it holds.
func (s *source) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// office is an engine over a source, with a clock that stands.
type office struct {
	t testing.TB
	*source
	*verify.Engine
	keys  *token.Keyring
	clock *clocktest.Clock
}

func open(t testing.TB, cfg verify.Config) *office {
	t.Helper()
	keys, err := token.GenerateKeyring(rand.Reader, epoch)
	must(t, err)
	o := &office{t: t, source: newSource(), keys: keys, clock: clocktest.New(epoch)}
	cfg.Now = o.clock.Now
	o.Engine = verify.New(o.source, keys, cfg)
	return o
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mint makes a token row and its secret, and stores neither.
func (o *office) mint() (verify.Token, string) {
	o.t.Helper()
	l, err := token.NewLocator(rand.Reader)
	must(o.t, err)
	t := verify.Token{
		Locator: l, Prefix: token.DefaultPrefix, Kind: token.Personal, Workspace: home, Owner: ada, Label: "laptop",
	}
	s, secret := o.secret(t, 1)
	t.Secrets = []verify.Secret{s}
	return t, secret
}

// secret draws a secret for a token.
func (o *office) secret(t verify.Token, number int) (verify.Secret, string) {
	o.t.Helper()
	minted, err := token.Mint(rand.Reader, t.Prefix, t.Kind, t.Locator)
	must(o.t, err)
	digest, key := o.keys.Digest(minted.Reveal())
	o.derives.Store(digest, token.DerivationKey(minted))
	return verify.Secret{Digest: digest, Key: key, Number: number}, minted.Reveal()
}

// issue stores a token and tells the engine, like the authority does.
func (o *office) issue(change func(*verify.Token)) (token.Locator, string) {
	o.t.Helper()
	t, secret := o.mint()
	if change != nil {
		change(&t)
	}
	o.put(t)
	return t.Locator, secret
}

func (o *office) put(t verify.Token) {
	o.Apply(o.commit(func() verify.Changes {
		o.tokens[t.Locator] = t
		return verify.Changes{Tokens: []token.Locator{t.Locator}}
	}))
}

// edit, editOwner and editSpace change a row and tell the engine.
func (o *office) edit(l token.Locator, change func(*verify.Token)) {
	o.Apply(o.commitEdit(l, change))
}

func (o *office) commitEdit(l token.Locator, change func(*verify.Token)) verify.Changes {
	return o.commit(func() verify.Changes {
		t := o.tokens[l]
		change(&t)
		o.tokens[l] = t
		return verify.Changes{Tokens: []token.Locator{l}}
	})
}

func (o *office) editOwner(k verify.OwnerKey, change func(*verify.Owner)) {
	o.Apply(o.commit(func() verify.Changes {
		v := o.owners[k]
		change(&v)
		o.owners[k] = v
		return verify.Changes{Owners: []verify.OwnerKey{k}}
	}))
}

func (o *office) editSpace(id int64, change func(*verify.Workspace)) {
	o.Apply(o.commit(func() verify.Changes {
		v := o.spaces[id]
		v.Book.Roles = maps.Clone(v.Book.Roles)
		change(&v)
		o.spaces[id] = v
		return verify.Changes{Workspaces: []int64{id}}
	}))
}

// commit changes the source and tells nobody yet.
func (o *office) commit(f func() verify.Changes) verify.Changes {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.revision++
	c := f()
	c.Revision = o.revision
	return c
}

// ask verifies and fails the test when there is no answer.
func (o *office) ask(req verify.Request) verify.Decision {
	o.t.Helper()
	var d verify.Decision
	must(o.t, o.Verify(context.Background(), &req, &d))
	return d
}

func (o *office) expect(want api.Code, req verify.Request) {
	o.t.Helper()
	if d := o.ask(req); d.Code != want {
		o.t.Errorf("answered %s, want %s", d.Code, want)
	}
}

func bearer(secret string) verify.Request { return verify.Request{Token: secret, Cost: 1} }

func scoped(secret, resource string, scopes ...string) verify.Request {
	return verify.Request{Token: secret, Scopes: scopes, Resource: resource, Cost: 1}
}

func on(resources []string, scopes ...string) []grant.Statement {
	return []grant.Statement{{Scopes: scopes, Resources: resources}}
}

func prefixes(list ...string) []netip.Prefix {
	out := []netip.Prefix{}
	for _, p := range list {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

// gate holds the readings of one key until it is opened.
type gate struct {
	arrived chan struct{}
	opened  chan struct{}
}

// holdReads makes the next readings of these keys wait; each holds one reading.
func (o *office) holdReads(key any) *gate {
	g := &gate{arrived: make(chan struct{}, 1), opened: make(chan struct{})}
	once := make(chan struct{}, 1)
	once <- struct{}{}
	o.set(func() {
		o.source.hold = func(_ context.Context, k any) {
			if k != key {
				return
			}
			select {
			case <-once:
				g.arrived <- struct{}{}
				<-g.opened
			default:
			}
		}
	})
	return g
}

func (g *gate) open() { close(g.opened) }

// answer is what a verification in the background came to.
type answer struct {
	verify.Decision
	err error
}

func (o *office) background(ctx context.Context, req verify.Request) <-chan answer {
	done := make(chan answer, 1)
	go func() {
		var a answer
		a.err = o.Verify(ctx, &req, &a.Decision)
		done <- a
	}()
	return done
}

func sameStrings(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s are %q, want %q", what, got, want)
	}
}

// corrupt returns another well-formed token string with the same locator.
func corrupt(t testing.TB, secret string) string {
	t.Helper()
	p, err := token.Parse(secret)
	must(t, err)
	s, err := token.Mint(bytes.NewReader(bytes.Repeat([]byte{1}, 64)), p.Prefix, p.Kind, p.Locator)
	must(t, err)
	return s.Reveal()
}

func name(parts ...any) string { return fmt.Sprint(parts...) }

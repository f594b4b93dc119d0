package office_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// clock is a clock that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is an instance with the workspace acme, its Owner ada, who is the
// instance's administrator too, and a verification engine with warm memory.
type world struct {
	*testing.T
	*office.Office
	ctx    context.Context
	engine *verify.Engine
	clock  *clock
	store  ledger.Store
	keys   *token.Keyring
	url    string
	// root is the first token: * and instance:admin.
	root authority.Caller
	// secret is its secret.
	secret token.Secret
}

// each runs f in a fresh world on each engine.
func each(t *testing.T, f func(w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		f(newWorld(t, url))
	})
}

// bulk skips what is slow because there is much of it, and of which nothing runs
// side by side: the inner loop and the race detector learn nothing from it.
func bulk(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("much of the same, one after the other")
	}
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: url, Holder: t.Name()})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	w := &world{T: t, ctx: ctx, store: s, url: url, clock: &clock{at: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)}}
	w.keys, err = token.GenerateKeyring(rand.Reader, w.clock.at)
	must(t, err)
	w.Office = office.New(authority.Options{Store: s, Keys: w.keys, Now: w.clock.Now, Rand: rand.Reader})
	w.engine = verify.New(w.Office, w.keys, verify.Config{Now: w.clock.Now, FirstUse: w.FirstUse, Prefixes: []token.Prefix{token.DefaultPrefix}})
	w.Observe(w.engine)
	must(t, w.Prepare(ctx, token.DefaultPrefix))
	started, err := w.Bootstrap(ctx, office.Bootstrap{Email: "ada@example.com", Workspace: "acme"})
	must(t, err)
	w.secret = started.Secret
	w.root = w.with(started.Issued)
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v (cause: %v)", err, errors.Unwrap(err))
	}
}

// with is a caller that presents an issued token.
func (w *world) with(i authority.Issued) authority.Caller {
	w.Helper()
	return storetest.Presenting(w.T, w.store, i.Token.Locator)
}

// person is a caller signed in as the user of an e-mail.
func (w *world) person(email string) authority.Caller {
	w.Helper()
	var id int64
	must(w.T, w.store.Read(w.ctx, func(r ledger.Reader) error {
		u, err := r.User(ledger.UserKey{Email: email})
		id = u.ID
		return err
	}))
	return storetest.SignedIn(w.T, w.store, id)
}

// member makes a member of acme with a role on the entire portfolio.
func (w *world) member(email, role string) authority.Caller {
	w.Helper()
	w.memberOf("acme", email, role, "*")
	return w.person(email)
}

func (w *world) memberOf(ws, email, role string, resources ...string) {
	w.Helper()
	in := api.CreateMember{Email: email}
	in.Role, in.Resources = api.Some(role), api.Some(resources)
	_, _, err := w.CreateMember(w.ctx, w.root, ws, in)
	must(w.T, err)
}

func (w *world) account(name string, scopes ...string) {
	w.Helper()
	in := api.CreateServiceAccount{Name: name}
	in.Scopes, in.Resources = api.Some(scopes), api.Some([]string{"*"})
	_, _, err := w.CreateServiceAccount(w.ctx, w.root, "acme", in)
	must(w.T, err)
}

func (w *world) workspace(slug string) {
	w.Helper()
	_, _, err := w.CreateWorkspace(w.ctx, w.root, api.CreateWorkspace{Slug: slug})
	must(w.T, err)
}

// ask is a request for a token with a label.
func ask(kind, owner string) api.CreateToken {
	in := api.CreateToken{Kind: kind, Owner: owner}
	in.Label = api.Some("test")
	return in
}

// scoped is ask with scopes on the entire portfolio.
func scoped(kind, owner string, scopes ...string) api.CreateToken {
	in := ask(kind, owner)
	in.Scopes, in.Resources = api.Some(scopes), api.Some([]string{"*"})
	return in
}

// create makes a token that must be granted.
func (w *world) create(c authority.Caller, in api.CreateToken) authority.Issued {
	w.Helper()
	i, err := w.CreateToken(w.ctx, c, "acme", in)
	must(w.T, err)
	return i
}

// verify asks the warm engine about a secret.
func (w *world) verify(s token.Secret, scopes ...string) api.Code {
	w.Helper()
	var d verify.Decision
	must(w.T, w.engine.Verify(w.ctx, &verify.Request{Token: s.Reveal(), Scopes: scopes, Cost: 1}, &d))
	return d.Code
}

// allow and deny read as policy: this secret may, or is refused with this code.
func (w *world) allow(s token.Secret, scopes ...string) {
	w.Helper()
	w.deny(api.CodeOK, s, scopes...)
}

func (w *world) deny(want api.Code, s token.Secret, scopes ...string) {
	w.Helper()
	if got := w.verify(s, scopes...); got != want {
		w.Errorf("verify with %v: %s, want %s", scopes, got, want)
	}
}

// refused says that an error has a code.
func (w *world) refused(err error, want api.Code) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Errorf("error %v, want code %s", err, want)
	}
}

// refusedField says that an error has a code and names a field.
func (w *world) refusedField(err error, want api.Code, field string) {
	w.Helper()
	w.refused(err, want)
	if e := api.AsError(err); e.Field != field {
		w.Errorf("error names field %q, want %q", e.Field, field)
	}
}

func page(after int64) authority.Page { return authority.Page{After: after} }

func bootstrapAgain() office.Bootstrap {
	return office.Bootstrap{Email: "eve@example.com", Workspace: "evil"}
}

func containsAny(text string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}

func (w *world) verifyOn(s token.Secret, scope, resource string) api.Code {
	w.Helper()
	var d verify.Decision
	must(w.T, w.engine.Verify(w.ctx, &verify.Request{Token: s.Reveal(), Scopes: []string{scope}, Resource: resource, Cost: 1}, &d))
	return d.Code
}

func (w *world) allowOn(s token.Secret, scope, resource string) {
	w.Helper()
	if got := w.verifyOn(s, scope, resource); got != api.CodeOK {
		w.Errorf("%s on %s: %s, want ok", scope, resource, got)
	}
}

func (w *world) denyOn(s token.Secret, scope, resource string) {
	w.Helper()
	if got := w.verifyOn(s, scope, resource); got == api.CodeOK {
		w.Errorf("%s on %s is allowed", scope, resource)
	}
}

func locator(w *world, i authority.Issued) token.Locator {
	w.Helper()
	l, err := token.ParseLocator(i.Token.Locator)
	must(w.T, err)
	return l
}

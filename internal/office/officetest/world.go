// Package officetest is an instance to try verbs on: a workspace with an Owner, a clock
// that stands still until it is moved, and words that read as policy. Each room tests its
// own verbs in it, on both databases.
package officetest

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// World is an instance with the workspace acme, its Owner ada, who is the
// instance's administrator too, and a verification engine with warm memory.
type World struct {
	*testing.T
	*office.Office
	Ctx    context.Context
	Engine *verify.Engine
	Clock  *clocktest.Clock
	Store  ledger.Store
	Keys   *token.Keyring
	URL    string
	// Root is the first token: * and instance:admin.
	Root authority.Caller
	// Secret is its secret.
	Secret token.Secret
}

// Each runs f in a fresh world on each engine.
func Each(t *testing.T, f func(w *World)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		f(NewWorld(t, url))
	})
}

// Bulk skips what is slow because there is much of it, and of which nothing runs
// side by side: the inner loop and the race detector learn nothing from it.
func Bulk(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("much of the same, one after the other")
	}
}

// NewWorld makes one over an empty database.
func NewWorld(t *testing.T, url string) *World {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: url, Holder: t.Name()})
	Must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	w := &World{T: t, Ctx: ctx, Store: s, URL: url, Clock: clocktest.New(time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC))}
	w.Keys, err = token.GenerateKeyring(rand.Reader, w.Clock.Now())
	Must(t, err)
	w.Office = office.New(authority.Options{Store: s, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader})
	w.Engine = verify.New(w.Office, w.Keys, verify.Config{Now: w.Clock.Now, FirstUse: w.FirstUse, Prefixes: []token.Prefix{token.DefaultPrefix}})
	w.Observe(w.Engine)
	Must(t, w.Prepare(ctx, token.DefaultPrefix))
	started, err := w.Bootstrap(ctx, office.Bootstrap{Email: "ada@example.com", Workspace: "acme"})
	Must(t, err)
	w.Secret = started.Secret
	w.Root = w.With(started.Issued)
	return w
}

// Must ends the test at an error that nothing in it is about.
func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v (cause: %v)", err, errors.Unwrap(err))
	}
}

// With is a caller that presents an issued token.
func (w *World) With(i authority.Issued) authority.Caller {
	w.Helper()
	return storetest.Presenting(w.T, w.Store, i.Token.Locator)
}

// Person is a caller signed in as the user of an e-mail.
func (w *World) Person(email string) authority.Caller {
	w.Helper()
	var id int64
	Must(w.T, w.Store.Read(w.Ctx, func(r ledger.Reader) error {
		u, err := r.User(ledger.UserKey{Email: email})
		id = u.ID
		return err
	}))
	return storetest.SignedIn(w.T, w.Store, id)
}

// Member makes a member of acme with a role on the entire portfolio.
func (w *World) Member(email, role string) authority.Caller {
	w.Helper()
	w.MemberOf("acme", email, role, "*")
	return w.Person(email)
}

// MemberOf makes a member of any workspace.
func (w *World) MemberOf(ws, email, role string, resources ...string) {
	w.Helper()
	in := api.CreateMember{Email: email}
	in.Role, in.Resources = api.Some(role), api.Some(resources)
	_, err := w.CreateMember(w.Ctx, w.Root, ws, in)
	Must(w.T, err)
}

// Account makes a service account of acme with scopes on the entire portfolio.
func (w *World) Account(name string, scopes ...string) {
	w.Helper()
	in := api.CreateServiceAccount{Name: name}
	in.Scopes, in.Resources = api.Some(scopes), api.Some([]string{"*"})
	_, err := w.CreateServiceAccount(w.Ctx, w.Root, "acme", in)
	Must(w.T, err)
}

// Workspace makes one more.
func (w *World) Workspace(slug string) {
	w.Helper()
	_, err := w.CreateWorkspace(w.Ctx, w.Root, api.CreateWorkspace{Slug: slug})
	Must(w.T, err)
}

// Create makes a token that must be granted.
func (w *World) Create(c authority.Caller, in api.CreateToken) authority.Issued {
	w.Helper()
	i, err := w.CreateToken(w.Ctx, c, "acme", in)
	Must(w.T, err)
	return i
}

// Verify asks the warm engine about a secret.
func (w *World) Verify(s token.Secret, scopes ...string) api.Code {
	w.Helper()
	var d verify.Decision
	Must(w.T, w.Engine.Verify(w.Ctx, &verify.Request{Token: s.Reveal(), Scopes: scopes, Cost: 1}, &d))
	return d.Code
}

// Allow and deny read as policy: this secret may, or is refused with this code.
func (w *World) Allow(s token.Secret, scopes ...string) {
	w.Helper()
	w.Deny(api.CodeOK, s, scopes...)
}

// Deny says that a secret is refused with this code.
func (w *World) Deny(want api.Code, s token.Secret, scopes ...string) {
	w.Helper()
	if got := w.Verify(s, scopes...); got != want {
		w.Errorf("verify with %v: %s, want %s", scopes, got, want)
	}
}

// Refused says that an error has a code.
func (w *World) Refused(err error, want api.Code) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Errorf("error %v, want code %s", err, want)
	}
}

// RefusedField says that an error has a code and names a field.
func (w *World) RefusedField(err error, want api.Code, field string) {
	w.Helper()
	w.Refused(err, want)
	if e := api.AsError(err); e.Field != field {
		w.Errorf("error names field %q, want %q", e.Field, field)
	}
}

func (w *World) verifyOn(s token.Secret, scope, resource string) api.Code {
	w.Helper()
	var d verify.Decision
	Must(w.T, w.Engine.Verify(w.Ctx, &verify.Request{Token: s.Reveal(), Scopes: []string{scope}, Resource: resource, Cost: 1}, &d))
	return d.Code
}

// AllowOn says that a secret may on a resource.
func (w *World) AllowOn(s token.Secret, scope, resource string) {
	w.Helper()
	if got := w.verifyOn(s, scope, resource); got != api.CodeOK {
		w.Errorf("%s on %s: %s, want ok", scope, resource, got)
	}
}

// DenyOn says that it may not, on no account of the secret.
func (w *World) DenyOn(s token.Secret, scope, resource string) {
	w.Helper()
	if got := w.verifyOn(s, scope, resource); got == api.CodeOK {
		w.Errorf("%s on %s is allowed", scope, resource)
	}
}

// Policy merges a patch into the workspace's, by a person: a token would expire
// where tests let years pass.
func (w *World) Policy(change func(p *api.PatchPolicy)) {
	w.Helper()
	var p api.PatchPolicy
	change(&p)
	Must(w.T, Second(w.EditPolicy(w.Ctx, w.Person("ada@example.com"), "acme", p)))
}

// WriteRole puts a role that must be granted.
func (w *World) WriteRole(at authority.Where, name string, scopes ...string) {
	w.Helper()
	_, err := w.PutRole(w.Ctx, w.Root, at, name, api.PutRole{Scopes: scopes})
	Must(w.T, err)
}

// WriteScope puts a scope that must be granted.
func (w *World) WriteScope(at authority.Where, name string, in api.PutScope) {
	w.Helper()
	_, err := w.PutScope(w.Ctx, w.Root, at, name, in)
	Must(w.T, err)
}

// TellLeaked reports secrets as found at a place.
func (w *World) TellLeaked(url string, secrets ...token.Secret) {
	w.Helper()
	var in api.ReportLeaks
	for _, s := range secrets {
		in.Tokens = append(in.Tokens, api.LeakedToken{Token: s.Reveal(), URL: url, Source: "commit"})
	}
	Must(w.T, Second(w.ReportLeaks(w.Ctx, authority.Caller{RequestID: "req-9"}, in)))
}

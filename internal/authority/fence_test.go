package authority_test

import (
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// done is the revision of a verb that answers one.
func done[T any](d authority.Done[T], err error) (int64, error) { return d.Revision, err }

// TestWhatIsSoAlreadyIsAwaitedAllTheSame: that a token is revoked is an answer which
// whoever hears it relies on, also when somebody else revoked it a moment ago.
func TestWhatIsSoAlreadyIsAwaitedAllTheSame(t *testing.T) {
	t.Parallel()
	w, f := officetest.AmongNodes(t)
	i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
	first, err := w.RevokeToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RevokeToken{})
	officetest.Must(t, err)
	f.Since()
	again, err := w.RevokeToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RevokeToken{})
	officetest.Must(t, err)
	if got := f.Since(); len(got) != 1 || got[0] < first.Revision || again.Value.Status != api.StatusRevoked {
		t.Errorf("revoked at %d; of the second time %v is awaited, answered %s", first.Revision, got, again.Value.Status)
	}
}

// TestWhatFailsIsNotAwaited: there is nothing that anybody could learn.
func TestWhatFailsIsNotAwaited(t *testing.T) {
	t.Parallel()
	w, f := officetest.AmongNodes(t)
	viewer := w.Member("bob@example.com", "Viewer")
	i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
	f.Since()
	_, err := w.RevokeToken(w.Ctx, w.Root, "acme", "nobody@workspace_000000000000", api.RevokeToken{})
	w.Refused(err, api.CodeNotFound)
	_, err = w.RevokeToken(w.Ctx, viewer, "acme", i.Token.ID, api.RevokeToken{})
	w.Refused(err, api.CodeInsufficientScope) // which the audit notes, and no memory holds
	if got := f.Since(); len(got) != 0 {
		t.Errorf("%v is awaited", got)
	}
}

// TestWhoWaitsForTheNodesKeepsNobodyWaiting: the commit is done and told here, and
// others go on, while one answer waits for a node that is slow to learn.
func TestWhoWaitsForTheNodesKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	w, f := officetest.AmongNodes(t)
	i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
	w.Allow(i.Secret)
	reached, open := make(chan struct{}), make(chan struct{})
	f.Hold = func(int64) { close(reached); <-open }
	answered := make(chan error, 1)
	go func() {
		answered <- officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RevokeToken{}))
	}()
	<-reached
	w.Deny(api.CodeRevoked, i.Secret)
	w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
	if len(answered) != 0 {
		t.Error("the revocation was answered before every node knew")
	}
	close(open)
	officetest.Must(t, <-answered)
}

// TestWhoIsNotSureOfItsHistoryDecidesNothing: what was read from a database that may
// be another one since is no answer about a token, neither that it lives nor that
// there is none.
func TestWhoIsNotSureOfItsHistoryDecidesNothing(t *testing.T) {
	t.Parallel()
	w, f := officetest.AmongNodes(t)
	i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
	f.Unsure = ledger.ErrStoreUnavailable
	l, err := token.NewLocator(rand.Reader)
	officetest.Must(t, err)
	gone, err := token.Mint(rand.Reader, token.DefaultPrefix, token.Workspace, l)
	officetest.Must(t, err)
	for name, secret := range map[string]token.Secret{"a token that is there": i.Secret, "one that is not": gone} {
		var d verify.Decision
		err := w.Engine.Verify(w.Ctx, &verify.Request{Token: secret.Reveal(), Cost: 1}, &d)
		if d.Code != api.CodeUnavailable || !errors.Is(err, api.CodeUnavailable) {
			t.Errorf("%s: %s (%v)", name, d.Code, err)
		}
	}
	f.Unsure = nil
	w.Allow(i.Secret)
	w.Deny(api.CodeUnknown, gone)
}

// TestAJobOfAnotherNodeIsRefused: who lost the number under which one node does what
// one does for all may not know it yet, so the database is asked in the job's own turn.
func TestAJobOfAnotherNodeIsRefused(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	number := int64(0) // nobody took it yet: the row says 0
	a := authority.New(authority.Options{Store: w.Store, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader, Runs: func() int64 { return number }})
	ran := 0
	work := func(c authority.Caller) error {
		_, err := a.Piece(w.Ctx, c, func(*authority.Work) error { ran++; return nil })
		return err
	}
	job := authority.Caller{Machine: "retention", Job: true}
	officetest.Must(t, work(job))
	number = 7
	err := work(job)
	w.Refused(err, api.CodeBusy)
	if ran != 1 || api.AsError(err).RetryAfter != time.Second {
		t.Errorf("ran %d times; %v", ran, err)
	}
	officetest.Must(t, work(authority.Caller{Machine: "bootstrap"})) // no job of one for all
	alone := authority.New(authority.Options{Store: w.Store, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader})
	officetest.Must(t, officetest.Second(alone.Piece(w.Ctx, job, func(*authority.Work) error { return nil })))
}

// TestEachTouchOfWhatWasThereWaits: whatever a verb names as changed, and only what is
// new does not.
func TestEachTouchOfWhatWasThereWaits(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	f := &officetest.Watchman{}
	a := authority.New(authority.Options{Store: w.Store, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader, Fence: f})
	row := ledger.Token{Workspace: 1}
	for name, touch := range map[string]func(*authority.Work){
		"token": func(w *authority.Work) { w.TouchToken(row) }, "workspace": func(w *authority.Work) { w.TouchWorkspace(1) },
		"every workspace": (*authority.Work).TouchAllWorkspaces, "everything": (*authority.Work).TouchAll,
		"member": func(w *authority.Work) { w.TouchMember(ledger.Member{ID: 1, Workspace: 1}) }, "service account": func(w *authority.Work) { w.TouchServiceAccount(ledger.ServiceAccount{ID: 1, Workspace: 1}) },
		"portal": func(w *authority.Work) { w.TouchPortal(1) }, "endpoint": func(w *authority.Work) { w.TouchEndpoint(1) },
		"rights of a workspace":  func(w *authority.Work) { w.TouchRights(ledger.Workspace{ID: 1}) },
		"rights of the instance": func(w *authority.Work) { w.TouchRights(ledger.Workspace{}) },
		"used token":             func(w *authority.Work) { w.TouchUsed(row) },
		"new rows": func(w *authority.Work) {
			id := w.NewID()
			w.TouchWorkspace(id)
			w.TouchPortal(id)
			w.TouchMember(ledger.Member{ID: id, Workspace: id})
			w.TouchServiceAccount(ledger.ServiceAccount{ID: id, Workspace: id})
			w.TouchEndpoint(id)
			w.TouchToken(ledger.Token{ID: id, Workspace: id})
		},
		"a new row beside one that was there": func(w *authority.Work) {
			w.TouchMember(ledger.Member{ID: w.NewID()})
			w.TouchMember(ledger.Member{ID: 1})
		},
		"nothing": func(*authority.Work) {},
	} {
		revision, err := a.Mutate(w.Ctx, authority.Caller{Machine: "test"}, func(w *authority.Work) error { touch(w); return nil })
		officetest.Must(t, err)
		var want []int64
		if name != "used token" && name != "new rows" && name != "nothing" {
			want = []int64{revision}
		}
		if got := f.Since(); !slices.Equal(got, want) {
			t.Errorf("%s: %v is awaited, want %v", name, got, want)
		}
	}
	revision, err := a.Withdraw(w.Ctx, authority.Caller{Machine: "test"}, func(*authority.Work) error { return nil })
	officetest.Must(t, err)
	if got := f.Since(); !slices.Equal(got, []int64{revision}) { // whoever takes power away need not say what memory holds of it
		t.Errorf("of what takes power away %v is awaited, want %d", got, revision)
	}
}

// TestWhoIsAwaitedIsToldWhichWorkspacesAreConcerned: a program that verifies for one
// workspace is not waited for because of another's changes.
func TestWhoIsAwaitedIsToldWhichWorkspacesAreConcerned(t *testing.T) {
	t.Parallel()
	w, f := officetest.AmongNodes(t)
	i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
	w.Member("bob@example.com", "Viewer")
	w.Account("ci", "tickets:read")
	w.Workspace("globex")
	ids := map[string]ledger.ID{}
	if err := w.Store.Read(w.Ctx, func(r ledger.Reader) error {
		for _, slug := range []string{"acme", "globex"} {
			ws, err := r.Workspace(ledger.WorkspaceKey{Slug: slug})
			if err != nil {
				return err
			}
			ids[slug] = ws.ID
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	one := func(slug string) ledger.Spaces { return ledger.Spaces{IDs: []ledger.ID{ids[slug]}} }
	for _, c := range []struct {
		name string
		want ledger.Spaces
		do   func() (int64, error)
	}{
		{"a token is revoked", one("acme"), func() (int64, error) {
			return done(w.RevokeToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RevokeToken{}))
		}},
		{"it is revoked again", one("acme"), func() (int64, error) {
			return done(w.RevokeToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RevokeToken{}))
		}},
		{"a member gets another role", one("acme"), func() (int64, error) {
			return done(w.PutMember(w.Ctx, w.Root, "acme", "bob@example.com", api.CreateMember{Email: "bob@example.com",
				Rights: api.Rights{Role: api.Some("Team Member"), Resources: api.Some([]string{"*"})}}))
		}},
		{"a service account is disabled", one("acme"), func() (int64, error) { return done(w.DisableServiceAccount(w.Ctx, w.Root, "acme", "ci", false)) }},
		{"a user is deactivated", one("acme"), func() (int64, error) { return done(w.DeactivateUser(w.Ctx, w.Root, "bob@example.com")) }},
		{"another workspace is suspended", one("globex"), func() (int64, error) { return done(w.SuspendWorkspace(w.Ctx, w.Root, "globex")) }},
		{"the instance's policy changes", ledger.Spaces{All: true}, func() (int64, error) {
			return done(w.EditInstancePolicy(w.Ctx, w.Root, api.PatchPolicy{MaxLifetime: api.Some(30 * api.Day)}))
		}},
	} {
		if _, err := c.do(); err != nil {
			t.Fatal(c.name, err)
		}
		if diff := cmp.Diff(c.want, f.Of); diff != "" {
			t.Errorf("%s, want - concerned +:\n%s", c.name, diff)
		}
	}
}

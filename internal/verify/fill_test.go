package verify_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// A revocation overtakes the reading of a token: the reading saw the token
// alive, and ends after the revocation was answered.
func TestAFillCannotBringARevokedTokenBack(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	l, secret := o.issue(nil)
	g := o.holdReads(l)
	asked := o.background(t.Context(), bearer(secret))
	<-g.arrived
	o.edit(l, func(t *verify.Token) { t.Revoked = true })
	g.open()
	if a := <-asked; a.err != nil || a.Code != api.CodeRevoked {
		t.Errorf("the verification that was under way: %s %v", a.Code, a.err)
	}
	o.expect(api.CodeRevoked, bearer(secret))
	if s := o.Stats(); s.FillsDropped != 1 || o.readsOf(l) != 2 {
		t.Errorf("%d dropped, %d readings; want 1 and 2", s.FillsDropped, o.readsOf(l))
	}
}

// The same for what tokens share.
func TestAFillCannotBringAnOwnerBack(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	_, secret := o.issue(nil)
	g := o.holdReads(ada)
	asked := o.background(t.Context(), bearer(secret))
	<-g.arrived
	o.editOwner(ada, func(v *verify.Owner) { v.Active = false })
	g.open()
	if a := <-asked; a.Code != api.CodeOwnerInactive {
		t.Errorf("answered %s", a.Code)
	}
	o.expect(api.CodeOwnerInactive, bearer(secret))

	g = o.holdReads(home)
	o.editOwner(ada, func(v *verify.Owner) { v.Active = true })
	o.Apply(verify.Changes{Workspaces: []int64{home}})
	asked = o.background(t.Context(), bearer(secret))
	<-g.arrived
	o.editSpace(home, func(w *verify.Workspace) { w.Suspended = true })
	g.open()
	if a := <-asked; a.Code != api.CodeWorkspaceSuspended {
		t.Errorf("answered %s", a.Code)
	}
}

// What was read as unknown is created before the reading ends.
func TestAFillCannotHideANewToken(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	row, secret := o.mint()
	g := o.holdReads(row.Locator)
	asked := o.background(t.Context(), bearer(secret))
	<-g.arrived
	o.put(row)
	g.open()
	if a := <-asked; a.Code != api.CodeOK {
		t.Errorf("answered %s", a.Code)
	}
	o.expect(api.CodeOK, bearer(secret))
}

// A verification that starts after the revocation joins a reading from before.
func TestWhoJoinsAFlightGetsNothingOlderThanItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := open(t, verify.Config{})
		l, secret := o.issue(nil)
		g := o.holdReads(l)
		before := o.background(t.Context(), bearer(secret))
		<-g.arrived
		o.edit(l, func(t *verify.Token) { t.Revoked = true })
		after := o.background(t.Context(), bearer(secret))
		synctest.Wait() // it waits for the flight
		if n := o.readsOf(l); n != 1 {
			t.Fatalf("%d readings: it did not join", n)
		}
		g.open()
		if a := <-after; a.Code != api.CodeRevoked {
			t.Errorf("answered %s after the revocation", a.Code)
		}
		<-before
	})
}

// A flight has landed, its waiters have not run yet, and the token is revoked:
// whoever starts then must not see what the waiters still hold.
func TestALandedFlightIsNotJoined(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := open(t, verify.Config{})
		l, secret := o.issue(nil)
		g := o.holdReads(ada) // the token has landed, its owner has not
		before := o.background(t.Context(), bearer(secret))
		<-g.arrived
		o.edit(l, func(t *verify.Token) { t.Revoked = true })
		after := o.background(t.Context(), bearer(secret))
		synctest.Wait()
		g.open()
		if a := <-after; a.Code != api.CodeRevoked {
			t.Errorf("answered %s after the revocation", a.Code)
		}
		if a := <-before; a.Code != api.CodeOK {
			t.Errorf("the one that started before was answered %s", a.Code)
		}
	})
}

func TestEverythingIsReadAgainWhenAnythingMayHaveChanged(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	l, secret := o.issue(nil)
	_, other := o.issue(nil)
	o.expect(api.CodeOK, bearer(other))
	g := o.holdReads(l)
	asked := o.background(t.Context(), bearer(secret))
	<-g.arrived
	o.commitEdit(l, func(t *verify.Token) { t.Revoked = true })
	o.Apply(verify.Changes{All: true}) // the outcome of the commit is not known
	g.open()
	if a := <-asked; a.Code != api.CodeRevoked {
		t.Errorf("answered %s", a.Code)
	}
	o.expect(api.CodeOK, bearer(other))
	if n := o.readsOf(home); n != 2 {
		t.Errorf("the workspace was read %d times, want 2", n)
	}
}

// A source that answers with the past is not believed.
func TestAReadingOlderThanWhatWasAppliedIsRefused(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	_, secret := o.issue(nil)
	o.Apply(verify.Changes{Revision: 1_000})
	var d verify.Decision
	err := o.Verify(t.Context(), new(bearer(secret)), &d)
	if !errors.Is(err, api.CodeUnavailable) || d.Allowed() {
		t.Errorf("answered %s, %v", d.Code, err)
	}
	o.set(func() { o.revision = 1_000 })
	o.expect(api.CodeOK, bearer(secret))
}

func TestCreatingEvictsTheNegativeEntry(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	row, secret := o.mint()
	o.expect(api.CodeUnknown, bearer(secret))
	o.expect(api.CodeUnknown, bearer(secret))
	if n := o.readsOf(row.Locator); n != 1 {
		t.Errorf("%d readings of an unknown token, want 1", n)
	}
	o.put(row)
	o.expect(api.CodeOK, bearer(secret))
	if n := o.Stats().Unknown; n != 0 {
		t.Errorf("%d unknown entries are left", n)
	}
}

func TestADeadDatabaseIsUnavailableAndNotUnknown(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"token", "owner"} {
		o := open(t, verify.Config{})
		_, first := o.issue(nil)
		_, secret := o.issue(nil)
		if what == "owner" {
			o.expect(api.CodeOK, bearer(secret))
			o.Apply(verify.Changes{Owners: []verify.OwnerKey{ada}})
		}
		down := errors.New("connection refused")
		o.set(func() { o.failure = down })
		for range 2 {
			var d verify.Decision
			err := o.Verify(t.Context(), new(bearer(secret)), &d)
			if !errors.Is(err, api.CodeUnavailable) || !errors.Is(err, down) || d.Code != api.CodeUnavailable || d.Matched {
				t.Errorf("%s: answered %s, %v", what, d.Code, err)
			}
		}
		o.set(func() { o.failure = nil })
		o.expect(api.CodeOK, bearer(secret))
		o.expect(api.CodeOK, bearer(first))
	}
}

func TestAKnownTokenNeedsNoDatabase(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	_, secret := o.issue(nil)
	o.expect(api.CodeOK, bearer(secret))
	o.set(func() { o.failure = errors.New("gone") })
	o.expect(api.CodeOK, bearer(secret))
	o.expect(api.CodeUnknown, bearer(corrupt(t, secret)))
	o.expect(api.CodeMalformed, bearer("tkyp_"))
	foreign, _ := o.mint()
	foreign.Prefix = "acme"
	_, theirs := o.secret(foreign, 1)
	o.expect(api.CodeUnknown, bearer(theirs)) // another instance's prefix
}

func TestOneReadingServesAllWhoAsk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := open(t, verify.Config{})
		l, secret := o.issue(nil)
		g := o.holdReads(l)
		var all []<-chan answer
		for range 50 {
			all = append(all, o.background(t.Context(), bearer(secret)))
		}
		synctest.Wait()
		g.open()
		for _, asked := range all {
			if a := <-asked; a.Code != api.CodeOK {
				t.Errorf("answered %s, %v", a.Code, a.err)
			}
		}
		if n, m := o.readsOf(l), o.readsOf(ada); n != 1 || m != 1 {
			t.Errorf("%d readings of the token, %d of the owner", n, m)
		}
	})
}

func TestTheFirstCallerDoesNotTakeTheReadingWithIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := open(t, verify.Config{})
		l, secret := o.issue(nil)
		g := o.holdReads(l)
		ctx, cancel := context.WithCancel(t.Context())
		first := o.background(ctx, bearer(secret))
		<-g.arrived
		second := o.background(t.Context(), bearer(secret))
		synctest.Wait()
		cancel()
		if a := <-first; !errors.Is(a.err, api.CodeUnavailable) || !errors.Is(a.err, context.Canceled) {
			t.Errorf("the first caller got %v", a.err)
		}
		g.open()
		if a := <-second; a.Code != api.CodeOK || o.readsOf(l) != 1 {
			t.Errorf("the second was answered %s, %v after %d readings", a.Code, a.err, o.readsOf(l))
		}
	})
}

func TestReadingsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := open(t, verify.Config{MaxFills: 2})
		opened := make(chan struct{})
		o.set(func() { o.hold = func(context.Context, any) { <-opened } })
		var held []<-chan answer
		for range 2 {
			_, secret := o.issue(nil)
			held = append(held, o.background(t.Context(), bearer(secret)))
		}
		synctest.Wait()
		l, secret := o.issue(nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if a := <-o.background(ctx, bearer(secret)); !errors.Is(a.err, context.DeadlineExceeded) || o.readsOf(l) != 0 {
			t.Errorf("the third was answered %s, %v", a.Code, a.err)
		}
		waits := o.background(t.Context(), bearer(secret))
		synctest.Wait()
		close(opened)
		for _, asked := range append(held, waits) {
			if a := <-asked; a.Code != api.CodeOK {
				t.Errorf("answered %s, %v", a.Code, a.err)
			}
		}
	})
}

func TestASourceThatHangsIsUnavailable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := open(t, verify.Config{MaxFills: 1, FillTimeout: time.Second})
		_, secret := o.issue(nil)
		_, other := o.issue(nil)
		opened := make(chan struct{})
		o.set(func() { o.hold = func(context.Context, any) { <-opened } }) // not even its context ends it
		for _, s := range []string{secret, secret, other} {
			started := time.Now()
			a := <-o.background(t.Context(), bearer(s))
			if !errors.Is(a.err, api.CodeUnavailable) || time.Since(started) > time.Second {
				t.Errorf("answered %s, %v after %s", a.Code, a.err, time.Since(started))
			}
		}
		close(opened)
		synctest.Wait()
		o.expect(api.CodeOK, bearer(secret))
		o.expect(api.CodeOK, bearer(other))
	})
}

// Somebody changes a key faster than it can be read. Whoever asks is answered,
// with what held at some moment since; nothing of it is kept.
func TestAKeyThatNeverRests(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	l, secret := o.issue(func(t *verify.Token) { t.RateLimit, t.AllowedIPs = &api.RateLimit{Requests: 100, Window: api.Day}, nil })
	for _, key := range []any{l, ada, home} {
		o.Apply(verify.Changes{All: true})
		o.set(func() {
			o.hold = func(_ context.Context, k any) {
				if k == key {
					o.Apply(o.touch(key))
				}
			}
		})
		for i := range 3 {
			before := o.revision
			d := o.ask(bearer(secret))
			if d.Code != api.CodeOK || d.Owner.Address != "ada@example.com" || d.Workspace.Slug != "acme" || d.Label() != "laptop" {
				t.Errorf("%v, round %d: answered %s", key, i, d.Code)
			}
			if o.revision == before {
				t.Errorf("%v, round %d: something was kept", key, i)
			}
		}
	}
	o.set(func() { o.hold = nil })
	o.expect(api.CodeOK, bearer(secret))
}

// Whoever joins a flight during its last reading, after that was overtaken,
// needs another flight.
func TestWhoJoinsTooLateWaitsForTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := open(t, verify.Config{})
		l, secret := o.issue(nil)
		arrived, opened := make(chan struct{}), make(chan struct{})
		o.set(func() {
			o.hold = func(_ context.Context, k any) {
				if k == any(l) {
					arrived <- struct{}{}
					<-opened
				}
			}
		})
		before := o.background(t.Context(), bearer(secret))
		for range 2 { // two readings are overtaken, the third is under way
			<-arrived
			o.Apply(o.touch(l))
			opened <- struct{}{}
		}
		<-arrived
		beside := o.background(t.Context(), bearer(secret))
		synctest.Wait()
		o.edit(l, func(t *verify.Token) { t.Revoked = true })
		after := o.background(t.Context(), bearer(secret))
		synctest.Wait()
		opened <- struct{}{}
		<-arrived // the next flight
		opened <- struct{}{}
		if a := <-after; a.Code != api.CodeRevoked {
			t.Errorf("answered %s, %v after the revocation", a.Code, a.err)
		}
		for _, asked := range []<-chan answer{before, beside} {
			if a := <-asked; a.Code != api.CodeOK {
				t.Errorf("one that started before was answered %s, %v", a.Code, a.err)
			}
		}
	})
}

// touch commits a change of a row that alters nothing.
func (o *office) touch(key any) verify.Changes {
	return o.commit(func() (c verify.Changes) {
		switch k := key.(type) {
		case token.Locator:
			c.Tokens = []token.Locator{k}
		case verify.OwnerKey:
			c.Owners = []verify.OwnerKey{k}
		case int64:
			c.Workspaces = []int64{k}
		}
		return c
	})
}

func TestChangesActAtOnce(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	role := []grant.Statement{{Role: "Team Member", Resources: []string{"*"}}}
	l, secret := o.issue(func(t *verify.Token) { t.Statements = role })
	write := scoped(secret, "", "tickets:write")
	o.expect(api.CodeOK, write)
	o.editOwner(ada, func(v *verify.Owner) {
		v.Statements = []grant.Statement{{Role: "Viewer", Resources: []string{"*"}}}
	})
	o.expect(api.CodeInsufficientScope, write)
	o.editSpace(home, func(w *verify.Workspace) { w.Book.Roles["Viewer"] = []string{"product:*"} })
	o.expect(api.CodeOK, write)
	o.editSpace(home, func(w *verify.Workspace) { w.Book.Roles["Team Member"] = []string{"product:read"} })
	o.expect(api.CodeInsufficientScope, write)
	o.edit(l, func(t *verify.Token) { t.Statements = nil })
	o.expect(api.CodeOK, write)
	if n := o.readsOf(l); n != 2 {
		t.Errorf("the token was read %d times, want 2: once, and once when it changed itself", n)
	}
}

// Owners with the same statements have the same rights only where they are the
// same sort of owner.
func TestOwnersWithTheSameStatements(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	owner := func(id int64, kind verify.OwnerType, admin bool) verify.OwnerKey {
		v := o.source.owners[ada]
		v.Key, v.InstanceAdmin = verify.OwnerKey{Type: kind, ID: id}, admin
		o.source.owners[v.Key] = v
		return v.Key
	}
	for k, want := range map[verify.OwnerKey]api.Code{
		owner(11, verify.OwnerMember, false):         api.CodeInsufficientScope,
		owner(12, verify.OwnerMember, true):          api.CodeOK,
		owner(13, verify.OwnerServiceAccount, false): api.CodeInsufficientScope,
		owner(14, verify.OwnerServiceAccount, true):  api.CodeInsufficientScope,
		owner(home, verify.OwnerWorkspace, false):    api.CodeOK,
	} {
		_, secret := o.issue(func(t *verify.Token) { t.Owner, t.Statements = k, on(nil, "instance:verify") })
		if d := o.ask(scoped(secret, "", "instance:verify")); d.Code != want {
			t.Errorf("%s %d: answered %s, want %s", k.Type, k.ID, d.Code, want)
		}
	}
}

func TestADefinitionOfTheInstanceDropsNoToken(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	l, secret := o.issue(nil)
	o.expect(api.CodeOK, bearer(secret))
	_, err := o.Workspace(t.Context(), home)
	must(t, err)
	suspend := func() verify.Changes {
		w := o.spaces[home]
		w.Suspended = true
		o.spaces[home] = w
		return verify.Changes{AllWorkspaces: true}
	}
	o.Apply(verify.Changes{AllWorkspaces: true})
	g := o.holdReads(home)
	asked := o.background(t.Context(), bearer(secret))
	<-g.arrived
	o.Apply(o.commit(suspend))
	g.open()
	if a := <-asked; a.Code != api.CodeWorkspaceSuspended {
		t.Errorf("answered %s", a.Code)
	}
	o.expect(api.CodeWorkspaceSuspended, bearer(secret))
	if n, m := o.readsOf(l), o.readsOf(ada); n != 1 || m != 1 {
		t.Errorf("the token was read %d times, its owner %d, want 1 and 1", n, m)
	}
}

func TestWhatIsGone(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	nobody := verify.OwnerKey{Type: verify.OwnerServiceAccount, ID: 99}
	_, orphan := o.issue(func(t *verify.Token) { t.Owner = nobody })
	_, homeless := o.issue(func(t *verify.Token) { t.Workspace = 99 })
	for range 2 {
		if d := o.ask(bearer(orphan)); d.Code != api.CodeOwnerInactive || d.Owner.Key != nobody {
			t.Errorf("without an owner: %s, %+v", d.Code, d.Owner)
		}
		o.expect(api.CodeWorkspaceSuspended, bearer(homeless))
	}
	if n := o.readsOf(nobody); n != 1 {
		t.Errorf("the owner was looked for %d times", n)
	}
	if _, err := o.Workspace(t.Context(), 99); !errors.Is(err, api.CodeNotFound) {
		t.Errorf("the workspace: %v", err)
	}
}

func TestWorkspaces(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	for range 3 {
		w, err := o.Workspace(t.Context(), home)
		if err != nil || w.Slug != "acme" {
			t.Fatalf("got %v, %v", w, err)
		}
	}
	if n := o.readsOf(home); n != 1 {
		t.Errorf("read %d times, want 1", n)
	}
	o.editSpace(home, func(w *verify.Workspace) { w.Suspended = true })
	if w, err := o.Workspace(t.Context(), home); err != nil || !w.Suspended {
		t.Errorf("got %v, %v", w, err)
	}
	if _, err := o.Workspace(t.Context(), 5); !errors.Is(err, api.CodeNotFound) {
		t.Errorf("an unknown one: %v", err)
	}
	o.set(func() { o.spaces[5] = verify.Workspace{Slug: "later"} })
	if w, err := o.Workspace(t.Context(), 5); err != nil || w.ID != 5 {
		t.Errorf("a new one: %v, %v", w, err)
	}
}

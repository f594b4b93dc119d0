package authority_test

import (
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// named is a caller whose request has a name.
func named(c authority.Caller, key string) authority.Caller {
	c.Retry = authority.Retry{Key: key, Route: "POST tokens", Body: [32]byte{1}}
	return c
}

// TestARequestIsItsCallersItsRoutesAndItsKeys: the same three are one request, which has
// one body; another of them is another request, and makes a token of its own.
func TestARequestIsItsCallersItsRoutesAndItsKeys(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	ask := officetest.Scoped("workspace", "", "tickets:read")
	bob, ada := w.Member("bob@example.com", "Administrator"), w.Member("owner@example.com", "Owner")
	another := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "*")))
	first := w.Create(named(w.Root, "k"), ask)
	w.Clock.Pass(time.Hour)
	other := func(change func(*authority.Caller)) authority.Caller {
		c := named(w.Root, "k")
		change(&c)
		return c
	}
	for name, c := range map[string]struct {
		by   authority.Caller
		same bool
		code api.Code
	}{
		"the same":                 {named(w.Root, "k"), true, ""},
		"the same, elsewhere":      {other(func(c *authority.Caller) { c.RequestID, c.Agent = "req-9", "curl" }), true, ""},
		"another body":             {other(func(c *authority.Caller) { c.Retry.Body[31] = 9 }), false, api.CodeIdempotencyKeyReused},
		"sent once by a form":      {other(func(c *authority.Caller) { c.Retry.Once = true }), false, api.CodeIdempotencyKeyUsed},
		"another body, by a form":  {other(func(c *authority.Caller) { c.Retry.Once, c.Retry.Body[0] = true, 9 }), false, api.CodeIdempotencyKeyReused},
		"another key":              {named(w.Root, "K"), false, ""},
		"another route":            {other(func(c *authority.Caller) { c.Retry.Route = "POST others" }), false, ""},
		"another token":            {named(another, "k"), false, ""},
		"a person":                 {named(bob, "k"), false, ""},
		"the same for a member":    {officetest.As(named(w.Root, "k"), "owner@example.com"), false, ""},
		"no key":                   {w.Root, false, ""},
		"another body without key": {other(func(c *authority.Caller) { c.Retry = authority.Retry{Route: "POST tokens", Body: [32]byte{9}} }), false, ""},
	} {
		got, err := w.CreateToken(w.Ctx, c.by, "acme", ask)
		if c.code != "" {
			w.Refused(err, c.code)
			continue
		}
		officetest.Must(t, err)
		if (got.Token.ID == first.Token.ID) != c.same {
			t.Errorf("%s: it made %s, and the first one %s", name, got.Token.ID, first.Token.ID)
		}
		if !c.same { // the use of it would end its being given again
			w.Allow(got.Secret, "tickets:read")
		}
	}
	w.Deny(api.CodeUnknown, first.Secret) // its answer was lost, so it is void
	if _, err := w.CreateToken(w.Ctx, named(ada, "k"), "acme", ask); err != nil {
		t.Errorf("a person's key is everybody's: %v", err)
	}
}

// TestALostAnswerIsGivenAgainWhileNobodyUsedIt: until then, and a day long, by whoever may
// do now what was asked for then. A secret is never stored to be shown again.
func TestALostAnswerIsGivenAgainWhileNobodyUsedIt(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	w.Workspace("globex")
	ask := officetest.Scoped("workspace", "", "tickets:read")
	n := 0
	for name, c := range map[string]struct {
		meanwhile func(c *authority.Caller, i authority.Issued) error
		same      bool
		code      api.Code
	}{
		"nothing happens":     {func(*authority.Caller, authority.Issued) error { return nil }, true, ""},
		"nearly a day passes": {func(*authority.Caller, authority.Issued) error { w.Clock.Pass(authority.RetryWindow - 1e3); return nil }, true, ""},
		"a day passes":        {func(*authority.Caller, authority.Issued) error { w.Clock.Pass(authority.RetryWindow); return nil }, false, ""},
		"somebody uses it":    {func(_ *authority.Caller, i authority.Issued) error { w.Allow(i.Secret); return nil }, false, api.CodeIdempotencyKeyUsed},
		"it is rotated": {func(_ *authority.Caller, i authority.Issued) error {
			return officetest.Second(w.RotateToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RotateToken{}))
		}, false, api.CodeIdempotencyKeyUsed},
		"it is revoked": {func(_ *authority.Caller, i authority.Issued) error {
			return officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RevokeToken{}))
		}, false, api.CodeIdempotencyKeyUsed},
		"it gets rights besides": {func(_ *authority.Caller, i authority.Issued) error {
			return officetest.Second(w.EditToken(w.Ctx, w.Root, "acme", i.Token.ID, officetest.Patch(func(f *api.TokenFields) { f.Scopes = api.Some([]string{"tickets:*"}) })))
		}, false, api.CodeGrantExceedsOwn},
		"whoever asks loses the right": {func(c *authority.Caller, _ authority.Issued) error {
			var in api.EditMember
			in.Rights = officetest.Rights("tickets:read")
			return officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "clerk@example.com", in))
		}, false, api.CodeInsufficientScope},
	} {
		n++
		w.Person("ada@example.com")
		if n == 1 {
			w.MemberOf("acme", "clerk@example.com", "Viewer", "*")
		}
		var in api.EditMember
		in.Rights = officetest.Rights("tickets:read", "tokens:create")
		officetest.Must(t, officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "clerk@example.com", in)))
		by := named(w.Person("clerk@example.com"), name)
		i := w.Create(by, ask)
		officetest.Must(t, c.meanwhile(&by, i))
		again, err := w.CreateToken(w.Ctx, by, "acme", ask)
		if c.code != "" {
			w.Refused(err, c.code)
			continue
		}
		officetest.Must(t, err)
		if (again.Token.ID == i.Token.ID) != c.same || again.Secret.Reveal() == i.Secret.Reveal() {
			t.Errorf("%s: again it is %s, and was %s; the very secret: %v", name, again.Token.ID, i.Token.ID, again.Secret.Reveal() == i.Secret.Reveal())
		}
		w.Allow(again.Secret)
	}
	// One key in two workspaces: what it made in one is not there in the other.
	root := named(w.Root, "both")
	w.Create(root, ask)
	w.Refused(officetest.Second(w.CreateToken(w.Ctx, root, "globex", ask)), api.CodeNotFound)
}

// TestTheOverlapIsAsItWasWhenAnAnswerWasLost: the secret before the lost one, and its end,
// stay; and the first use of the new one ends it if that was asked for.
func TestTheOverlapIsAsItWasWhenAnAnswerWasLost(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	for _, onUse := range []bool{false, true} {
		old := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		rotate := api.RotateToken{Overlap: api.Some(api.Duration(time.Hour)), RetireOnFirstUse: onUse}
		by := named(w.Root, old.Token.ID)
		lost, err := w.RotateToken(w.Ctx, by, "acme", old.Token.ID, rotate)
		officetest.Must(t, err)
		w.Clock.Pass(time.Minute)
		got, err := w.RotateToken(w.Ctx, by, "acme", old.Token.ID, rotate)
		officetest.Must(t, err)
		if got.Token.OverlapEndsAt == nil || !got.Token.OverlapEndsAt.Equal(*lost.Token.OverlapEndsAt) || len(got.Token.Secrets) != 2 {
			t.Errorf("ending with the first use %v: the overlap ended at %v, and ends at %v", onUse, lost.Token.OverlapEndsAt, got.Token.OverlapEndsAt)
		}
		w.Deny(api.CodeUnknown, lost.Secret)
		w.Allow(old.Secret)
		w.Allow(got.Secret)
		want := api.CodeOK
		if onUse {
			want = api.CodeRetired
		}
		w.Deny(want, old.Secret)
		events, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{Token: old.Token.ID, Action: "token.first_used"}, officetest.Page(0))
		officetest.Must(t, err)
		if len(events) != 1 {
			t.Errorf("ending with the first use %v: the audit knows of %d first uses", onUse, len(events))
		}
	}
}

// TestWhatANamedRequestMadeIsShownAgain, by the reference that it left; and what has no
// other answer is refused the second time.
func TestWhatANamedRequestMadeIsShownAgain(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	a := only(w, authority.Options{})
	by := func(once bool) authority.Caller {
		return authority.Caller{Machine: "test", Retry: authority.Retry{Key: "k", Route: "POST x", Once: once}}
	}
	shown := ""
	show := func(w *authority.Work) (bool, error) {
		return w.Shown(func(object string) error { shown = object; return nil })
	}
	officetest.Must(t, officetest.Second(a.Mutate(w.Ctx, by(true), func(w *authority.Work) error {
		if again, err := show(w); again || err != nil {
			t.Errorf("before it was made it is shown: %v, %v", again, err)
		}
		if err := w.SentOnce(); err != nil {
			t.Errorf("the first time is the second: %v", err)
		}
		return w.RememberObject("object-1")
	})))
	before, err := a.Revision(w.Ctx)
	officetest.Must(t, err)
	_, err = a.Mutate(w.Ctx, by(false), func(w *authority.Work) error {
		again, err := show(w)
		if !again {
			t.Error("it is made a second time")
		}
		return err
	})
	officetest.Must(t, err)
	if after, _ := a.Revision(w.Ctx); shown != "object-1" || after != before {
		t.Errorf("it showed %q, and took revision %d after %d", shown, after, before)
	}
	_, err = a.Mutate(w.Ctx, by(true), func(w *authority.Work) error { return w.SentOnce() })
	w.Refused(err, api.CodeIdempotencyKeyUsed)
	officetest.Must(t, officetest.Second(a.Mutate(w.Ctx, by(false), func(w *authority.Work) error { return w.SentOnce() })))
	gone := func(w *authority.Work) error {
		_, err := w.Shown(func(string) error { return ledger.ErrNoRow })
		return err
	}
	_, err = a.Mutate(w.Ctx, by(false), gone) // made, and removed since
	w.Refused(err, api.CodeNotFound)
	nameless := authority.Caller{Machine: "test"}
	officetest.Must(t, officetest.Second(a.Mutate(w.Ctx, nameless, func(w *authority.Work) error {
		if again, err := show(w); again || err != nil {
			t.Errorf("a request without a name was there before: %v, %v", again, err)
		}
		return w.RememberObject("object-2")
	})))
}

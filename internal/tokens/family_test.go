package tokens_test

import (
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// tree is a token, what it made, and what that made.
type tree struct{ parent, child, grandchild authority.Issued }

func treeOf(w *officetest.World, scopes ...string) (t tree) {
	w.Helper()
	t.parent = w.Create(w.Root, officetest.Scoped("personal", "", append(scopes, "tokens:create", "tokens:read")...))
	t.child = w.Create(w.With(t.parent), officetest.Scoped("personal", "", "tokens:create", "tokens:read"))
	t.grandchild = w.Create(w.With(t.child), officetest.Scoped("personal", "", "tokens:read"))
	return t
}

func made(w *officetest.World, i authority.Issued) api.Descendants {
	w.Helper()
	d, err := w.Descendants(w.Ctx, w.Root, "acme", i.Token.ID)
	officetest.Must(w.T, err)
	return d
}

func withDescendants(reason string) api.RevokeToken {
	return api.RevokeToken{Reason: reason, Comment: "stolen", Descendants: api.Some(true)}
}

func TestWhatATokenMadeIsCountedThroughWhatHasEnded(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		tr := treeOf(w)
		if d := made(w, tr.parent); d.Total != 2 || d.Active != 2 || d.Partial || len(d.Items) != 2 || d.Items[0].ID != tr.child.Token.ID {
			w.Errorf("%+v", d)
		}
		officetest.Must(w.T, officetest.Second(w.DeleteToken(w.Ctx, w.Root, "acme", tr.child.Token.ID, api.RevokeToken{})))
		if d := made(w, tr.parent); d.Total != 2 || d.Active != 1 || d.Items[0].ID != tr.grandchild.Token.ID {
			w.Errorf("once the child is deleted: %+v", d)
		}
		if d := made(w, tr.grandchild); d.Total != 0 || d.Items == nil {
			w.Errorf("of who made nothing: %+v", d)
		}
		eve := w.Member("eve@example.com", "CI Token")
		_, err := w.Descendants(w.Ctx, eve, "acme", tr.parent.Token.ID)
		w.Refused(err, api.CodeInsufficientScope)
	})
}

func TestARevocationTakesWhatWasMadeAlongWhereItIsAskedTo(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		alone, whole, bystander := treeOf(w), treeOf(w), w.Create(w.Root, officetest.Ask("personal", ""))
		for _, in := range []api.RevokeToken{{Reason: api.ReasonLeaked}, {Reason: api.ReasonLeaked, Descendants: api.Some(false)}} {
			officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", alone.parent.Token.ID, in)))
		}
		w.Deny(api.CodeRevoked, alone.parent.Secret)
		w.Allow(alone.child.Secret)

		done, err := w.RevokeToken(w.Ctx, w.Root, "acme", whole.parent.Token.ID, withDescendants(api.ReasonLeaked))
		officetest.Must(w.T, err)
		if now, _ := w.Revision(w.Ctx); done.Revision != now || done.Value.Status != api.StatusRevoked {
			w.Errorf("answered revision %d of %d, %s", done.Revision, now, done.Value.Status)
		}
		for _, i := range []authority.Issued{whole.parent, whole.child, whole.grandchild} {
			w.Deny(api.CodeRevoked, i.Secret)
		}
		w.Allow(bystander.Secret)
		v, err := w.GetToken(w.Ctx, w.Root, "acme", whole.grandchild.Token.ID)
		officetest.Must(w.T, err)
		if *v.RevokeReason != api.ReasonLeaked || *v.RevokeComment != "stolen; made with the token "+whole.parent.Token.Locator {
			w.Errorf("revoked for %q, %q", *v.RevokeReason, *v.RevokeComment)
		}
		// What a revoked token made can be ended later.
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", alone.parent.Token.ID, withDescendants(""))))
		w.Deny(api.CodeRevoked, alone.grandchild.Secret)
	})
}

// Weakness: whoever may end one token ends others by it. Attack: a token that ends
// itself, and a person who owns one, without tokens:delete. Proved: nothing is ended.
func TestWhatWasMadeIsEndedByWhoMayEndIt(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		tr := treeOf(w)
		_, err := w.RevokeToken(w.Ctx, w.With(tr.parent), "acme", "self", withDescendants(""))
		w.Refused(err, api.CodeInsufficientScope)
		w.Allow(tr.parent.Secret)
		w.Allow(tr.child.Secret)

		w.Account("ci", "tickets:read")
		eve := w.Member("eve@example.com", "Workspace Manager")
		in := officetest.Scoped("personal", "", "tokens:create", "tickets:read")
		in.Resources = api.Some([]string{"*"})
		hers := w.Create(eve, in)
		service := officetest.Scoped("service", "ci", "tickets:read")
		robots := w.Create(w.With(hers), service)
		_, err = w.RevokeToken(w.Ctx, eve, "acme", hers.Token.ID, withDescendants(""))
		w.Refused(err, api.CodeInsufficientScope)
		w.Allow(hers.Secret)
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, eve, "acme", hers.Token.ID, api.RevokeToken{})))
		w.Allow(robots.Secret)
	})
}

func TestATokenMayEndItselfAndWhatItMade(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		tr := treeOf(w, "tokens:delete")
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, w.With(tr.parent), "acme", "self", withDescendants(""))))
		for _, i := range []authority.Issued{tr.parent, tr.child, tr.grandchild} {
			w.Deny(api.CodeRevoked, i.Secret)
		}
	})
}

func TestThePolicyDecidesWhatBecomesOfWhatALeakedTokenMade(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Policy(func(p *api.PatchPolicy) { p.LeakDescendants = api.Some(true) })
		reported, revoked, unused, kept := treeOf(w), treeOf(w), treeOf(w), treeOf(w)
		w.TellLeaked("", reported.parent.Secret)
		w.Deny(api.CodeRevoked, reported.grandchild.Secret)
		revoke := func(i authority.Issued, in api.RevokeToken) {
			w.Helper()
			officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", i.Token.ID, in)))
		}
		revoke(revoked.parent, api.RevokeToken{Reason: api.ReasonLeaked})
		w.Deny(api.CodeRevoked, revoked.child.Secret)
		revoke(unused.parent, api.RevokeToken{Reason: api.ReasonUnused})
		w.Allow(unused.child.Secret)
		revoke(kept.parent, api.RevokeToken{Reason: api.ReasonLeaked, Descendants: api.Some(false)})
		w.Allow(kept.child.Secret)

		leakAction(w, api.LeakDisable)
		stopped := treeOf(w)
		w.TellLeaked("", stopped.parent.Secret)
		w.Deny(api.CodeDisabled, stopped.grandchild.Secret)
	})
}

// TestManyAreEndedAFewAtATime: nobody waits long behind a token that made many, and a dry
// run of it ends none.
func TestManyAreEndedAFewAtATime(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		parent := w.Create(w.Root, officetest.Scoped("personal", "", "tokens:create", "tokens:read"))
		var last authority.Issued
		for range 45 {
			last = w.Create(w.With(parent), officetest.Scoped("personal", "", "tokens:read"))
		}
		var results []api.BulkResult
		bulk := func(dry bool) {
			w.Helper()
			in := api.BulkTokens{Action: api.BulkRevoke, IDs: []string{parent.Token.ID}, DryRun: dry, Descendants: api.Some(true)}
			officetest.Must(w.T, w.BulkTokens(w.Ctx, w.Root, "acme", in, func(r api.BulkResult) error { results = append(results, r); return nil }))
		}
		bulk(true)
		w.Allow(last.Secret)
		before, _ := w.Revision(w.Ctx)
		bulk(false)
		if after, _ := w.Revision(w.Ctx); after != before+4 || len(results) != 2 {
			w.Errorf("it took %d changes; %+v", after-before, results)
		}
		if d := made(w, parent); d.Total != 45 || d.Active != 0 {
			w.Errorf("left are %d of %d", d.Active, d.Total)
		}
		w.Deny(api.CodeRevoked, last.Secret)
	})
}

// TestAnotherTokensNameInACommentIsNoSecret: a pasted token string is masked in what is
// kept of each.
func TestAnotherTokensNameInACommentIsNoSecret(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		tr := treeOf(w)
		in := withDescendants("")
		in.Comment = "found " + tr.parent.Secret.Reveal() + strings.Repeat("x", 400)
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", tr.parent.Token.ID, in)))
		v, err := w.GetToken(w.Ctx, w.Root, "acme", tr.child.Token.ID)
		officetest.Must(w.T, err)
		if strings.Contains(*v.RevokeComment, tr.parent.Secret.Reveal()) || !strings.Contains(*v.RevokeComment, tr.parent.Token.Masked) {
			w.Errorf("kept: %s", *v.RevokeComment)
		}
	})
}

// TestTheEndOfWhatWasMadeIsAwaited: once it is answered, no node takes any of it.
func TestTheEndOfWhatWasMadeIsAwaited(t *testing.T) {
	t.Parallel()
	w, f := officetest.AmongNodes(t)
	tr := treeOf(w)
	f.Since()
	done, err := w.RevokeToken(w.Ctx, w.Root, "acme", tr.parent.Token.ID, withDescendants(""))
	officetest.Must(t, err)
	if got := f.Since(); len(got) != 2 || got[1] < done.Revision {
		t.Errorf("answered at %d, awaited are %v", done.Revision, got)
	}
}

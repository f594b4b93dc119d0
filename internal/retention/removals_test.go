package retention_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/retention"
	"github.com/tokenry/tokenry/token"
)

func TestWhatARemovedOwnerLeftIsRevokedBeforeItsRowsAre(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		cut := w.Stopper()
		eve := w.Member("eve@example.com", "Administrator")
		w.Account("ci", "*")
		warm, cold, disabled := w.Create(eve, officetest.Ask("personal", "")), w.Create(eve, officetest.Ask("personal", "")), w.Create(eve, officetest.Ask("personal", ""))
		officetest.Must(w.T, officetest.Second(w.DisableToken(w.Ctx, eve, "acme", disabled.Token.ID, api.DisableToken{})))
		w.Allow(warm.Secret)
		w.Cut(cut, func(ctx context.Context) error { return w.DropMember(ctx, "eve@example.com") })

		for _, i := range []authority.Issued{warm, cold, disabled} {
			w.Deny(api.CodeRevoked, i.Secret)
			v, err := w.GetToken(w.Ctx, w.Root, "acme", i.Token.ID)
			officetest.Must(w.T, err)
			if v.Status != api.StatusRevoked || v.Usable || v.RevokedAt == nil || !v.RevokedAt.Equal(w.Clock.Now()) ||
				v.RevokeReason == nil || *v.RevokeReason != api.ReasonOwnerLeft {
				w.Errorf("%+v", v)
			}
		}
		why, err := w.Explain(w.Ctx, w.Root, "acme", api.ExplainRequest{Token: warm.Token.ID})
		officetest.Must(w.T, err)
		if why.Code != api.CodeRevoked {
			w.Errorf("explained as %s", why.Code)
		}
		_, err = w.Whoami(w.Ctx, w.With(warm))
		w.Refused(err, api.CodeRevoked)

		id := disabled.Token.ID
		var wider api.EditToken
		wider.Label = api.Some("mine")
		for name, err := range map[string]error{
			"enable":   officetest.Second(w.EnableToken(w.Ctx, w.Root, "acme", id)),
			"edit":     officetest.Second(w.EditToken(w.Ctx, w.Root, "acme", id, wider)),
			"rotate":   officetest.Second(w.RotateToken(w.Ctx, w.Root, "acme", id, api.RotateToken{})),
			"reset":    officetest.Second(w.ResetToken(w.Ctx, w.Root, "acme", id)),
			"transfer": officetest.Second(w.TransferToken(w.Ctx, w.Root, "acme", id, api.TransferToken{Owner: "ci"})),
		} {
			if !errors.Is(err, api.CodeTokenRevoked) {
				w.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.CreateToken(w.Ctx, w.Root, "acme", officetest.Ask("personal", "eve@example.com")); err == nil {
			w.Error("a removed owner is given a token")
		}

		// The same person, invited again, is somebody new.
		back := w.Create(w.Member("eve@example.com", "Administrator"), officetest.Ask("personal", ""))
		w.Clock.Pass(time.Hour)
		w.Finish()
		w.Allow(back.Secret)
		w.Deny(api.CodeRevoked, warm.Secret)
		v, err := w.GetToken(w.Ctx, w.Root, "acme", warm.Token.ID)
		officetest.Must(w.T, err)
		if !v.RevokedAt.Equal(w.Clock.Now().Add(-time.Hour)) {
			w.Errorf("revoked at %v, and not when its owner was removed", v.RevokedAt)
		}
		tellsEnds(w, 3)
	})
}

// tellsEnds looks for the events of tokens that ended with their owner.
func tellsEnds(w *officetest.World, want int) {
	w.Helper()
	rows, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{Action: "token.revoked"}, authority.Page{})
	officetest.Must(w.T, err)
	if len(rows) != want {
		w.Errorf("%d tokens are told as revoked, want %d", len(rows), want)
	}
	for _, row := range rows {
		if row.Actor != "ada@example.com" {
			w.Errorf("revoked by %s", row.Actor)
		}
	}
}

func TestAnOwnerOfManyTokensIsRemovedInPieces(t *testing.T) {
	officetest.Bulk(t)
	officetest.Each(t, func(w *officetest.World) {
		const many = 2500
		cut := w.Stopper()
		w.Account("ci", "*")
		w.Fill(many, ofAccount(w, "ci", grant.Statement{Role: "Viewer", Resources: []string{"*"}}))
		done, err := w.RemoveServiceAccount(w.Ctx, w.Root, "acme", "ci", true)
		officetest.Must(w.T, err)
		if !done.Affected.More || len(done.Affected.Tokens) != 1000 {
			w.Errorf("a rehearsal lists %d tokens, more: %v", len(done.Affected.Tokens), done.Affected.More)
		}
		done, err = w.DisableServiceAccount(w.Ctx, w.Root, "acme", "ci", true)
		officetest.Must(w.T, err)
		if !done.Affected.More || len(done.Affected.Tokens) != 1000 {
			w.Errorf("a rehearsal lists %d tokens, more: %v", len(done.Affected.Tokens), done.Affected.More)
		}
		_, err = w.RemoveServiceAccount(w.Ctx, w.Root, "acme", "ci", false)
		officetest.Must(w.T, err)
		left := w.PendingRemovals()
		begun := len(left) == 1 && left[0].Total == many && left[0].Done > 0 && left[0].Done < many
		if waits := len(left) == 1 && left[0].Total+left[0].Done == 0; !begun && !waits { // a slow machine begins later
			w.Fatalf("left: %+v", left)
		}
		// What is not rewritten yet is in no list of live tokens.
		live, _, err := w.ListTokens(w.Ctx, w.Root, "acme", api.TokenFilter{Status: api.Some(api.StatusActive)}, authority.Page{})
		officetest.Must(w.T, err)
		if len(live) != 1 { // the root token
			w.Errorf("%d tokens are active", len(live))
		}
		w.Account("ci", "*") // the name is free: nothing of before belongs to the new one
		fresh, err := w.GetServiceAccount(w.Ctx, w.Root, "acme", "ci")
		officetest.Must(w.T, err)
		w.Finish()
		if cut.Most > 100 {
			w.Errorf("one commit touched %d tokens", cut.Most)
		}
		revoked, _, err := w.ListTokens(w.Ctx, w.Root, "acme", api.TokenFilter{Owner: api.Some(fresh.ID), Deleted: true}, authority.Page{})
		officetest.Must(w.T, err)
		if len(revoked) != 0 {
			w.Errorf("the new account owns %d tokens", len(revoked))
		}
	})
}

// ofAccount writes a token of a service account.
func ofAccount(w *officetest.World, name string, sts ...grant.Statement) func(ledger.Tx, ledger.ID, int) error {
	return func(tx ledger.Tx, ws ledger.ID, _ int) error {
		owner, err := tx.ServiceAccount(ws, ledger.ServiceAccountKey{Name: name})
		if err != nil {
			return err
		}
		l, err := token.NewLocator(rand.Reader)
		if err != nil {
			return err
		}
		return tx.PutToken(ledger.Token{ID: tx.NewID(), Locator: l, Prefix: token.DefaultPrefix, Kind: token.Service, Workspace: ws,
			OwnerServiceAccount: owner.ID, Label: "x", Grants: sts, CreatedAt: w.Clock.Now(), Revision: tx.Revision()})
	}
}

func TestOfTwoWhoRemoveAtOnceOneDoes(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Create(w.Member("eve@example.com", "Team Member"), officetest.Ask("personal", ""))
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = w.DropMember(w.Ctx, "eve@example.com") })
		}
		wg.Wait()
		if i := slices.Index(errs, nil); i < 0 || !errors.Is(errs[1-i], api.CodeNotFound) {
			w.Errorf("errors %v, want one, not found", errs)
		}
		w.Finish()
		tellsEnds(w, 1)
	})
}

func TestANameThatIsDeletedGivesNothingAndIsNobodysUntilItsRowsAreRewritten(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		cut := w.Stopper()
		w.WriteScope(officetest.In("acme"), "tickets:read", api.PutScope{})
		w.WriteScope(officetest.In("acme"), "desk:open", api.PutScope{Implies: []string{"tickets:read"}})
		w.WriteRole(officetest.In("acme"), "Clerk", "tickets:read", "tickets:write")
		w.MemberOf("acme", "eve@example.com", "Clerk", "*")
		w.Account("ci", "tickets:read", "tickets:write")
		named := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read", "tickets:write"))
		byRole := w.Create(w.Person("eve@example.com"), officetest.Ask("personal", ""))
		byAccount := w.Create(w.Root, officetest.Ask("service", "ci"))
		implied := w.Create(w.Root, officetest.Scoped("workspace", "", "desk:open"))
		pattern := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:*"))
		all := []authority.Issued{named, byRole, byAccount, implied, pattern}
		for _, i := range all {
			w.Allow(i.Secret, "tickets:read")
		}
		w.Cut(cut, func(ctx context.Context) error {
			return officetest.Second(w.DeleteScope(ctx, w.Root, officetest.In("acme"), "tickets:read"))
		})

		gone := func() {
			w.Helper()
			for _, i := range all[:4] {
				w.Deny(api.CodeInsufficientScope, i.Secret, "tickets:read")
			}
			w.Allow(pattern.Secret, "tickets:read") // a pattern does not name what it covers
			w.Allow(named.Secret, "tickets:write")
			v, err := w.GetToken(w.Ctx, w.Root, "acme", named.Token.ID)
			officetest.Must(w.T, err)
			if !slices.Equal(v.Scopes, []string{"tickets:write"}) {
				w.Errorf("the token lists %v", v.Scopes)
			}
		}
		gone()
		for name, err := range map[string]error{
			"the scope again":   officetest.Second(w.PutScope(w.Ctx, w.Root, officetest.In("acme"), "tickets:read", api.PutScope{})),
			"implied by one":    officetest.Second(w.PutScope(w.Ctx, w.Root, officetest.In("acme"), "desk:close", api.PutScope{Implies: []string{"tickets:read"}})),
			"in a role":         officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.In("acme"), "Reader", api.PutRole{Scopes: []string{"tickets:read"}})),
			"on a token":        officetest.Second(w.CreateToken(w.Ctx, w.Root, "acme", officetest.Scoped("workspace", "", "tickets:read"))),
			"deleting it again": officetest.Second(w.DeleteScope(w.Ctx, w.Root, officetest.In("acme"), "tickets:read")),
		} {
			want := api.CodeBeingDeleted
			if name == "deleting it again" {
				want = api.CodeNotFound
			}
			if !errors.Is(err, want) {
				w.Errorf("%s: %v", name, err)
			}
		}
		var label api.EditToken
		label.Label = api.Some("still mine")
		officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, w.Root, "acme", named.Token.ID, label)))

		w.Finish()
		gone()
		w.WriteScope(officetest.In("acme"), "tickets:read", api.PutScope{})
		gone() // nothing of before attaches to the new one
	})
}

func TestAResourceThatIsDeletedReachesNothingWhileItsRowsAreRewritten(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		cut := w.Stopper()
		onboard := api.CreateResource{Name: "pay-1"}
		officetest.Must(w.T, officetest.Second(w.OnboardResource(w.Ctx, w.Root, "acme", onboard)))
		on := func(names ...string) api.CreateToken {
			in := officetest.Scoped("workspace", "", "tickets:read")
			in.Resources = api.Some(names)
			return in
		}
		only, both, wild := w.Create(w.Root, on("pay-1")), w.Create(w.Root, on("pay-1", "desk")), w.Create(w.Root, on("pay*"))
		w.AllowOn(only.Secret, "tickets:read", "pay-1")
		w.Cut(cut, func(ctx context.Context) error {
			return officetest.Second(w.DeleteResource(ctx, w.Root, "acme", "pay-1"))
		})
		gone := func() {
			w.Helper()
			w.DenyOn(only.Secret, "tickets:read", "pay-1")
			w.DenyOn(only.Secret, "tickets:read", "other") // not a grant of everything
			w.DenyOn(both.Secret, "tickets:read", "pay-1")
			w.AllowOn(both.Secret, "tickets:read", "desk")
			w.AllowOn(wild.Secret, "tickets:read", "pay-1")
		}
		gone()
		w.Refused(officetest.Second(w.OnboardResource(w.Ctx, w.Root, "acme", onboard)), api.CodeBeingDeleted)
		w.Refused(officetest.Second(w.CreateToken(w.Ctx, w.Root, "acme", on("pay-1"))), api.CodeBeingDeleted)
		w.Finish()
		officetest.Must(w.T, officetest.Second(w.OnboardResource(w.Ctx, w.Root, "acme", onboard)))
		gone()
	})
}

func TestADeletedRoleMeansItsReplacementBeforeItsRowsSaySo(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		cut := w.Stopper()
		limit := api.RateLimit{Requests: 2, Window: api.Duration(time.Hour)}
		w.WriteRole(officetest.In("acme"), "Clerk", "tickets:read", "tickets:write")
		officetest.Must(w.T, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.In("acme"), "Reader", api.PutRole{Scopes: []string{"tickets:read"}, RateLimit: &limit})))
		w.MemberOf("acme", "eve@example.com", "Clerk", "*")
		mine := w.Create(w.Person("eve@example.com"), officetest.Ask("personal", ""))
		w.Allow(mine.Secret, "tickets:write")
		w.Cut(cut, func(ctx context.Context) error {
			return officetest.Second(w.DeleteRole(ctx, w.Root, officetest.In("acme"), "Clerk", "Reader"))
		})
		w.Deny(api.CodeInsufficientScope, mine.Secret, "tickets:write")
		w.Allow(mine.Secret, "tickets:read")
		w.Allow(mine.Secret, "tickets:read")
		w.Deny(api.CodeRateLimited, mine.Secret, "tickets:read") // the limit is the replacement's too
		m, err := w.GetMember(w.Ctx, w.Root, "acme", "eve@example.com")
		officetest.Must(w.T, err)
		if m.Role == nil || *m.Role != "Reader" {
			w.Errorf("the member has the role %v", m.Role)
		}
		again := officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.In("acme"), "Clerk", api.PutRole{Scopes: []string{"*"}}))
		w.Refused(again, api.CodeBeingDeleted)
		w.Finish()
		w.WriteRole(officetest.In("acme"), "Clerk", "tickets:read", "tickets:write")
		w.Deny(api.CodeInsufficientScope, mine.Secret, "tickets:write")
	})
}

// TestARoleStaysWhileItTakesThePlaceOfAnother: else rows that are rewritten later
// would name a role that is gone, and give whatever is called so next.
func TestARoleStaysWhileItTakesThePlaceOfAnother(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		cut := w.Stopper()
		for _, name := range []string{"Clerk", "Reader", "Third"} {
			w.WriteRole(officetest.In("acme"), name, "tickets:read")
		}
		w.MemberOf("acme", "eve@example.com", "Clerk", "*")
		mine := w.Create(w.Person("eve@example.com"), officetest.Ask("personal", ""))
		w.Cut(cut, func(ctx context.Context) error {
			return officetest.Second(w.DeleteRole(ctx, w.Root, officetest.In("acme"), "Clerk", "Reader"))
		})
		for _, replacement := range []string{"", "Third"} {
			w.Refused(officetest.Second(w.DeleteRole(w.Ctx, w.Root, officetest.In("acme"), "Reader", replacement)), api.CodeBeingDeleted)
		}
		w.Finish()
		officetest.Must(w.T, officetest.Second(w.DeleteRole(w.Ctx, w.Root, officetest.In("acme"), "Reader", "Third")))
		w.Finish()
		w.Allow(mine.Secret, "tickets:read")
		w.WriteRole(officetest.In("acme"), "Reader", "*")
		w.Deny(api.CodeInsufficientScope, mine.Secret, "tickets:write")
	})
}

// TestARoleOfARemovedRolesNameGetsNoScopeOfIt: a scope of the catalogue lists the
// roles that get it besides.
func TestARoleOfARemovedRolesNameGetsNoScopeOfIt(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		for _, at := range []authority.Where{officetest.In("acme"), {Instance: true}} {
			w.WriteRole(at, "Clerk", "tickets:read")
			w.WriteScope(officetest.In("acme"), "tickets:wipe", api.PutScope{Roles: []string{"Clerk"}})
			officetest.Must(w.T, officetest.Second(w.DeleteRole(w.Ctx, w.Root, at, "Clerk", "")))
			if left := w.PendingRemovals(); len(left) != 0 {
				w.Errorf("left: %+v", left)
			}
			w.WriteRole(at, "Clerk", "tickets:read")
			in := officetest.Scoped("workspace", "", "tickets:read")
			in.Rights = officetest.RoleOn("Clerk", "*")
			mine := w.Create(w.Root, in)
			w.Allow(mine.Secret, "tickets:read")
			w.Deny(api.CodeInsufficientScope, mine.Secret, "tickets:wipe")
			officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", mine.Token.ID, api.RevokeToken{})))
			officetest.Must(w.T, officetest.Second(w.DeleteRole(w.Ctx, w.Root, at, "Clerk", "Viewer")))
			w.Finish()
		}
	})
}

func TestARoleInUseStaysAndIsFreeAgain(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.WriteRole(officetest.In("acme"), "Clerk", "tickets:read")
		w.MemberOf("acme", "eve@example.com", "Clerk", "*")
		w.Refused(officetest.Second(w.DeleteRole(w.Ctx, w.Root, officetest.In("acme"), "Clerk", "")), api.CodeRoleInUse)
		w.WriteRole(officetest.In("acme"), "Clerk", "tickets:read", "tickets:write")
		officetest.Must(w.T, w.DropMember(w.Ctx, "eve@example.com"))
		officetest.Must(w.T, officetest.Second(w.DeleteRole(w.Ctx, w.Root, officetest.In("acme"), "Clerk", "")))
		if left := w.PendingRemovals(); len(left) != 0 {
			w.Errorf("left: %+v", left)
		}

		// One that nobody decided, because the program ended, is given up in the end.
		cut := w.Stopper()
		w.WriteRole(officetest.In("acme"), "Clerk", "tickets:read")
		ctx, cancel := context.WithCancel(w.Ctx)
		defer cancel()
		cut.Arm(cancel)
		_, _ = w.DeleteRole(ctx, w.Root, officetest.In("acme"), "Clerk", "")
		cut.Arm(nil)
		w.Clock.Pass(time.Hour)
		w.Finish()
		_, err := w.ListRoles(w.Ctx, w.Root, officetest.In("acme"))
		officetest.Must(w.T, err)
	})
}

func TestAScopeOfTheInstanceIsTakenWhereAWorkspaceHasNoneOfItsOwn(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		cut := w.Stopper()
		w.Workspace("globex")
		everywhere := authority.Where{Instance: true}
		w.WriteScope(everywhere, "tickets:read", api.PutScope{})
		w.WriteScope(officetest.In("globex"), "tickets:read", api.PutScope{})
		lost := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		kept, err := w.CreateToken(w.Ctx, w.Root, "globex", officetest.Scoped("workspace", "", "tickets:read"))
		officetest.Must(w.T, err)
		w.Allow(lost.Secret, "tickets:read")
		w.Cut(cut, func(ctx context.Context) error {
			return officetest.Second(w.DeleteScope(ctx, w.Root, everywhere, "tickets:read"))
		})
		holds := func() {
			w.Helper()
			w.Deny(api.CodeInsufficientScope, lost.Secret, "tickets:read")
			w.Allow(kept.Secret, "tickets:read")
		}
		holds()
		w.Refused(officetest.Second(w.PutScope(w.Ctx, w.Root, officetest.In("acme"), "tickets:read", api.PutScope{})), api.CodeBeingDeleted)
		officetest.Must(w.T, officetest.Second(w.PutScope(w.Ctx, w.Root, officetest.In("globex"), "tickets:read", api.PutScope{Description: "ours"})))
		w.Finish()
		holds()
		w.WriteScope(everywhere, "tickets:read", api.PutScope{})
		holds()
	})
}

func TestAPurgeMeanwhileLeavesNothingBehind(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		cut := w.Stopper()
		keeps(w, "acme", 30)
		eve := w.Member("eve@example.com", "Team Member")
		old := w.Create(eve, officetest.Ask("personal", ""))
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, eve, "acme", old.Token.ID, api.RevokeToken{})))
		w.Create(eve, officetest.Ask("personal", ""))
		w.Clock.Pass(40 * 24 * time.Hour)
		w.Cut(cut, func(ctx context.Context) error { return w.DropMember(ctx, "eve@example.com") })
		purge(w)
		w.Finish()
		w.Clock.Pass(40 * 24 * time.Hour)
		purge(w)
		if n := purge(w); n != (retention.Purged{}) {
			w.Errorf("left to be purged: %+v", n)
		}
	})
}

// TestTokenLimitsCountWhatIsLeft: a place is free as soon as a token is over, in
// whatever way, and taken again when it comes back.
func TestTokenLimitsCountWhatIsLeft(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		cut := w.Stopper()
		eve, bob := w.Member("eve@example.com", "Administrator"), w.Member("bob@example.com", "Administrator")
		var p api.PatchPolicy
		p.MaxTokens = api.Some(api.MaxTokens{PerOwner: 2, Total: 5})
		officetest.Must(w.T, officetest.Second(w.EditPolicy(w.Ctx, w.Root, "acme", p)))
		full := func(c authority.Caller, in api.CreateToken) {
			w.Helper()
			_, err := w.CreateToken(w.Ctx, c, "acme", in)
			w.Refused(err, api.CodeTokenLimitReached)
		}
		ends := officetest.Ask("personal", "")
		ends.ExpiresIn = api.Some(api.Day)
		one, _ := w.Create(eve, officetest.Ask("personal", "")), w.Create(eve, ends)
		full(eve, officetest.Ask("personal", ""))
		w.Clock.Pass(25 * time.Hour) // one expired
		two := w.Create(eve, officetest.Ask("personal", ""))
		full(eve, officetest.Ask("personal", ""))
		officetest.Must(w.T, officetest.Second(w.DisableToken(w.Ctx, eve, "acme", two.Token.ID, api.DisableToken{})))
		full(eve, officetest.Ask("personal", "")) // one that comes back needs its place
		officetest.Must(w.T, officetest.Second(w.EnableToken(w.Ctx, eve, "acme", two.Token.ID)))
		_, err := w.TransferToken(w.Ctx, w.Root, "acme", one.Token.ID, api.TransferToken{Owner: "bob@example.com"})
		officetest.Must(w.T, err)
		w.Create(bob, officetest.Ask("personal", ""))
		full(bob, officetest.Ask("personal", ""))
		last := w.Create(eve, officetest.Ask("personal", ""))
		full(w.Root, officetest.Scoped("workspace", "", "tickets:read")) // five with the first
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, eve, "acme", last.Token.ID, api.RevokeToken{})))
		w.Create(eve, officetest.Ask("personal", ""))
		full(w.Root, officetest.Scoped("workspace", "", "tickets:read"))

		w.Cut(cut, func(ctx context.Context) error { return w.DropMember(ctx, "eve@example.com") })
		w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read")) // though not one row is rewritten
		w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		full(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		w.Finish()
		full(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
	})
}

package office_test

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
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/retention"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// stopper is told of commits and stops whoever waits after the first.
type stopper struct {
	mu     sync.Mutex
	cancel func()
	most   int // tokens that one commit touched
}

func (s *stopper) Apply(c verify.Changes) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most = max(s.most, len(c.Tokens))
	if s.cancel != nil {
		s.cancel()
	}
}

func (s *stopper) arm(cancel func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel = cancel
}

// cut does something as if the program were killed behind its first commit.
func (w *world) cut(s *stopper, do func(ctx context.Context) error) {
	w.Helper()
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	s.arm(cancel)
	must(w.T, do(ctx))
	s.arm(nil)
	if len(w.removals()) == 0 {
		w.Fatal("nothing is left to be rewritten, so nothing was cut off")
	}
}

func (w *world) removals() (out []ledger.Removal) {
	w.Helper()
	must(w.T, w.store.Read(w.ctx, func(r ledger.Reader) (err error) { out, err = r.Removals(); return err }))
	return out
}

func (w *world) stopper() *stopper {
	s := &stopper{}
	w.Observe(s)
	return s
}

// finish is the job of a program that was started again over the same database.
func (w *world) finish() {
	w.Helper()
	again := office.New(authority.Options{Store: w.store, Keys: w.keys, Now: w.clock.Now, Rand: rand.Reader})
	again.Observe(w.engine)
	must(w.T, again.FinishRemovals(w.ctx, func(context.Context) error { return nil }))
	if left := w.removals(); len(left) != 0 {
		w.Errorf("left to be rewritten: %+v", left)
	}
}

func (w *world) removeMember(ctx context.Context, email string) error {
	return fourth(w.RemoveMember(ctx, w.root, "acme", email, false))
}

func TestWhatARemovedOwnerLeftIsRevokedBeforeItsRowsAre(t *testing.T) {
	each(t, func(w *world) {
		cut := w.stopper()
		eve := w.member("eve@example.com", "Administrator")
		w.account("ci", "*")
		warm, cold, disabled := w.create(eve, ask("personal", "")), w.create(eve, ask("personal", "")), w.create(eve, ask("personal", ""))
		must(w.T, third(w.DisableToken(w.ctx, eve, "acme", disabled.Token.ID, api.DisableToken{})))
		w.allow(warm.Secret)
		w.cut(cut, func(ctx context.Context) error { return w.removeMember(ctx, "eve@example.com") })

		for _, i := range []authority.Issued{warm, cold, disabled} {
			w.deny(api.CodeRevoked, i.Secret)
			v, err := w.GetToken(w.ctx, w.root, "acme", i.Token.ID)
			must(w.T, err)
			if v.Status != api.StatusRevoked || v.Usable || v.RevokedAt == nil || !v.RevokedAt.Equal(w.clock.Now()) ||
				v.RevokeReason == nil || *v.RevokeReason != api.ReasonOwnerLeft {
				w.Errorf("%+v", v)
			}
		}
		why, err := w.Explain(w.ctx, w.root, "acme", api.ExplainRequest{Token: warm.Token.ID})
		must(w.T, err)
		if why.Code != api.CodeRevoked {
			w.Errorf("explained as %s", why.Code)
		}
		_, err = w.Whoami(w.ctx, w.with(warm))
		w.refused(err, api.CodeRevoked)

		id := disabled.Token.ID
		var wider api.EditToken
		wider.Label = api.Some("mine")
		for name, err := range map[string]error{
			"enable":   third(w.EnableToken(w.ctx, w.root, "acme", id)),
			"edit":     third(w.EditToken(w.ctx, w.root, "acme", id, wider)),
			"rotate":   second(w.RotateToken(w.ctx, w.root, "acme", id, api.RotateToken{})),
			"reset":    second(w.ResetToken(w.ctx, w.root, "acme", id)),
			"transfer": second(w.TransferToken(w.ctx, w.root, "acme", id, api.TransferToken{Owner: "ci"})),
		} {
			if !errors.Is(err, api.CodeTokenRevoked) {
				w.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.CreateToken(w.ctx, w.root, "acme", ask("personal", "eve@example.com")); err == nil {
			w.Error("a removed owner is given a token")
		}

		// The same person, invited again, is somebody new.
		back := w.create(w.member("eve@example.com", "Administrator"), ask("personal", ""))
		w.clock.pass(time.Hour)
		w.finish()
		w.allow(back.Secret)
		w.deny(api.CodeRevoked, warm.Secret)
		v, err := w.GetToken(w.ctx, w.root, "acme", warm.Token.ID)
		must(w.T, err)
		if !v.RevokedAt.Equal(w.clock.Now().Add(-time.Hour)) {
			w.Errorf("revoked at %v, and not when its owner was removed", v.RevokedAt)
		}
		w.tellsEnds(3)
	})
}

// tellsEnds looks for the events of tokens that ended with their owner.
func (w *world) tellsEnds(want int) {
	w.Helper()
	rows, _, err := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{Action: "token.revoked"}, authority.Page{})
	must(w.T, err)
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
	bulk(t)
	each(t, func(w *world) {
		const many = 2500
		cut := w.stopper()
		w.account("ci", "*")
		w.fill(many, w.ofAccount("ci", grant.Statement{Role: "Viewer", Resources: []string{"*"}}))
		_, hit, _, err := w.RemoveServiceAccount(w.ctx, w.root, "acme", "ci", true)
		must(w.T, err)
		if !hit.More || len(hit.Tokens) != 1000 {
			w.Errorf("a rehearsal lists %d tokens, more: %v", len(hit.Tokens), hit.More)
		}
		_, hit, _, err = w.DisableServiceAccount(w.ctx, w.root, "acme", "ci", true)
		must(w.T, err)
		if !hit.More || len(hit.Tokens) != 1000 {
			w.Errorf("a rehearsal lists %d tokens, more: %v", len(hit.Tokens), hit.More)
		}
		_, _, _, err = w.RemoveServiceAccount(w.ctx, w.root, "acme", "ci", false)
		must(w.T, err)
		left := w.removals()
		if len(left) != 1 || left[0].Total != many || left[0].Done == 0 || left[0].Done >= many {
			w.Fatalf("left: %+v", left)
		}
		// What is not rewritten yet is in no list of live tokens.
		live, _, err := w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{Status: api.Some(api.StatusActive)}, authority.Page{})
		must(w.T, err)
		if len(live) != 1 { // the root token
			w.Errorf("%d tokens are active", len(live))
		}
		w.account("ci", "*") // the name is free: nothing of before belongs to the new one
		fresh, err := w.GetServiceAccount(w.ctx, w.root, "acme", "ci")
		must(w.T, err)
		w.finish()
		if cut.most > 100 {
			w.Errorf("one commit touched %d tokens", cut.most)
		}
		revoked, _, err := w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{Owner: api.Some(fresh.ID), Deleted: true}, authority.Page{})
		must(w.T, err)
		if len(revoked) != 0 {
			w.Errorf("the new account owns %d tokens", len(revoked))
		}
	})
}

// ofAccount writes a token of a service account.
func (w *world) ofAccount(name string, sts ...grant.Statement) func(ledger.Tx, ledger.ID, int) error {
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
			OwnerServiceAccount: owner.ID, Label: "x", Grants: sts, CreatedAt: w.clock.Now(), Revision: tx.Revision()})
	}
}

func TestOfTwoWhoRemoveAtOnceOneDoes(t *testing.T) {
	each(t, func(w *world) {
		w.create(w.member("eve@example.com", "Team Member"), ask("personal", ""))
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = w.removeMember(w.ctx, "eve@example.com") })
		}
		wg.Wait()
		if i := slices.Index(errs, nil); i < 0 || !errors.Is(errs[1-i], api.CodeNotFound) {
			w.Errorf("errors %v, want one, not found", errs)
		}
		w.finish()
		w.tellsEnds(1)
	})
}

func TestANameThatIsDeletedGivesNothingAndIsNobodysUntilItsRowsAreRewritten(t *testing.T) {
	each(t, func(w *world) {
		cut := w.stopper()
		w.putScope(in("acme"), "tickets:read", api.PutScope{})
		w.putScope(in("acme"), "desk:open", api.PutScope{Implies: []string{"tickets:read"}})
		w.putRole(in("acme"), "Clerk", "tickets:read", "tickets:write")
		w.memberOf("acme", "eve@example.com", "Clerk", "*")
		w.account("ci", "tickets:read", "tickets:write")
		named := w.create(w.root, scoped("workspace", "", "tickets:read", "tickets:write"))
		byRole := w.create(w.person("eve@example.com"), ask("personal", ""))
		byAccount := w.create(w.root, ask("service", "ci"))
		implied := w.create(w.root, scoped("workspace", "", "desk:open"))
		pattern := w.create(w.root, scoped("workspace", "", "tickets:*"))
		all := []authority.Issued{named, byRole, byAccount, implied, pattern}
		for _, i := range all {
			w.allow(i.Secret, "tickets:read")
		}
		w.cut(cut, func(ctx context.Context) error { return third(w.DeleteScope(ctx, w.root, in("acme"), "tickets:read")) })

		gone := func() {
			w.Helper()
			for _, i := range all[:4] {
				w.deny(api.CodeInsufficientScope, i.Secret, "tickets:read")
			}
			w.allow(pattern.Secret, "tickets:read") // a pattern does not name what it covers
			w.allow(named.Secret, "tickets:write")
			v, err := w.GetToken(w.ctx, w.root, "acme", named.Token.ID)
			must(w.T, err)
			if !slices.Equal(v.Scopes, []string{"tickets:write"}) {
				w.Errorf("the token lists %v", v.Scopes)
			}
		}
		gone()
		for name, err := range map[string]error{
			"the scope again":   fourthErr(w.PutScope(w.ctx, w.root, in("acme"), "tickets:read", api.PutScope{})),
			"implied by one":    fourthErr(w.PutScope(w.ctx, w.root, in("acme"), "desk:close", api.PutScope{Implies: []string{"tickets:read"}})),
			"in a role":         fourthErr(w.PutRole(w.ctx, w.root, in("acme"), "Reader", api.PutRole{Scopes: []string{"tickets:read"}})),
			"on a token":        second(w.CreateToken(w.ctx, w.root, "acme", scoped("workspace", "", "tickets:read"))),
			"deleting it again": third(w.DeleteScope(w.ctx, w.root, in("acme"), "tickets:read")),
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
		must(w.T, third(w.EditToken(w.ctx, w.root, "acme", named.Token.ID, label)))

		w.finish()
		gone()
		w.putScope(in("acme"), "tickets:read", api.PutScope{})
		gone() // nothing of before attaches to the new one
	})
}

func TestAResourceThatIsDeletedReachesNothingWhileItsRowsAreRewritten(t *testing.T) {
	each(t, func(w *world) {
		cut := w.stopper()
		onboard := api.CreateResource{Name: "pay-1"}
		must(w.T, third(w.OnboardResource(w.ctx, w.root, "acme", onboard)))
		on := func(names ...string) api.CreateToken {
			in := scoped("workspace", "", "tickets:read")
			in.Resources = api.Some(names)
			return in
		}
		only, both, wild := w.create(w.root, on("pay-1")), w.create(w.root, on("pay-1", "desk")), w.create(w.root, on("pay*"))
		w.allowOn(only.Secret, "tickets:read", "pay-1")
		w.cut(cut, func(ctx context.Context) error { return third(w.DeleteResource(ctx, w.root, "acme", "pay-1")) })
		gone := func() {
			w.Helper()
			w.denyOn(only.Secret, "tickets:read", "pay-1")
			w.denyOn(only.Secret, "tickets:read", "other") // not a grant of everything
			w.denyOn(both.Secret, "tickets:read", "pay-1")
			w.allowOn(both.Secret, "tickets:read", "desk")
			w.allowOn(wild.Secret, "tickets:read", "pay-1")
		}
		gone()
		w.refused(third(w.OnboardResource(w.ctx, w.root, "acme", onboard)), api.CodeBeingDeleted)
		w.refused(second(w.CreateToken(w.ctx, w.root, "acme", on("pay-1"))), api.CodeBeingDeleted)
		w.finish()
		must(w.T, third(w.OnboardResource(w.ctx, w.root, "acme", onboard)))
		gone()
	})
}

func TestADeletedRoleMeansItsReplacementBeforeItsRowsSaySo(t *testing.T) {
	each(t, func(w *world) {
		cut := w.stopper()
		limit := api.RateLimit{Requests: 2, Window: api.Duration(time.Hour)}
		w.putRole(in("acme"), "Clerk", "tickets:read", "tickets:write")
		must(w.T, fourthErr(w.PutRole(w.ctx, w.root, in("acme"), "Reader", api.PutRole{Scopes: []string{"tickets:read"}, RateLimit: &limit})))
		w.memberOf("acme", "eve@example.com", "Clerk", "*")
		mine := w.create(w.person("eve@example.com"), ask("personal", ""))
		w.allow(mine.Secret, "tickets:write")
		w.cut(cut, func(ctx context.Context) error {
			return third(w.DeleteRole(ctx, w.root, in("acme"), "Clerk", "Reader"))
		})
		w.deny(api.CodeInsufficientScope, mine.Secret, "tickets:write")
		w.allow(mine.Secret, "tickets:read")
		w.allow(mine.Secret, "tickets:read")
		w.deny(api.CodeRateLimited, mine.Secret, "tickets:read") // the limit is the replacement's too
		m, err := w.GetMember(w.ctx, w.root, "acme", "eve@example.com")
		must(w.T, err)
		if m.Role == nil || *m.Role != "Reader" {
			w.Errorf("the member has the role %v", m.Role)
		}
		again := fourthErr(w.PutRole(w.ctx, w.root, in("acme"), "Clerk", api.PutRole{Scopes: []string{"*"}}))
		w.refused(again, api.CodeBeingDeleted)
		w.finish()
		w.putRole(in("acme"), "Clerk", "tickets:read", "tickets:write")
		w.deny(api.CodeInsufficientScope, mine.Secret, "tickets:write")
	})
}

// TestARoleStaysWhileItTakesThePlaceOfAnother: else rows that are rewritten later
// would name a role that is gone, and give whatever is called so next.
func TestARoleStaysWhileItTakesThePlaceOfAnother(t *testing.T) {
	each(t, func(w *world) {
		cut := w.stopper()
		for _, name := range []string{"Clerk", "Reader", "Third"} {
			w.putRole(in("acme"), name, "tickets:read")
		}
		w.memberOf("acme", "eve@example.com", "Clerk", "*")
		mine := w.create(w.person("eve@example.com"), ask("personal", ""))
		w.cut(cut, func(ctx context.Context) error {
			return third(w.DeleteRole(ctx, w.root, in("acme"), "Clerk", "Reader"))
		})
		for _, replacement := range []string{"", "Third"} {
			w.refused(third(w.DeleteRole(w.ctx, w.root, in("acme"), "Reader", replacement)), api.CodeBeingDeleted)
		}
		w.finish()
		must(w.T, third(w.DeleteRole(w.ctx, w.root, in("acme"), "Reader", "Third")))
		w.finish()
		w.allow(mine.Secret, "tickets:read")
		w.putRole(in("acme"), "Reader", "*")
		w.deny(api.CodeInsufficientScope, mine.Secret, "tickets:write")
	})
}

// TestARoleOfARemovedRolesNameGetsNoScopeOfIt: a scope of the catalogue lists the
// roles that get it besides.
func TestARoleOfARemovedRolesNameGetsNoScopeOfIt(t *testing.T) {
	each(t, func(w *world) {
		for _, at := range []authority.Where{in("acme"), {Instance: true}} {
			w.putRole(at, "Clerk", "tickets:read")
			w.putScope(in("acme"), "tickets:wipe", api.PutScope{Roles: []string{"Clerk"}})
			must(w.T, third(w.DeleteRole(w.ctx, w.root, at, "Clerk", "")))
			if left := w.removals(); len(left) != 0 {
				w.Errorf("left: %+v", left)
			}
			w.putRole(at, "Clerk", "tickets:read")
			in := scoped("workspace", "", "tickets:read")
			in.Rights = roleOn("Clerk", "*")
			mine := w.create(w.root, in)
			w.allow(mine.Secret, "tickets:read")
			w.deny(api.CodeInsufficientScope, mine.Secret, "tickets:wipe")
			must(w.T, third(w.RevokeToken(w.ctx, w.root, "acme", mine.Token.ID, api.RevokeToken{})))
			must(w.T, third(w.DeleteRole(w.ctx, w.root, at, "Clerk", "Viewer")))
			w.finish()
		}
	})
}

func TestARoleInUseStaysAndIsFreeAgain(t *testing.T) {
	each(t, func(w *world) {
		w.putRole(in("acme"), "Clerk", "tickets:read")
		w.memberOf("acme", "eve@example.com", "Clerk", "*")
		w.refused(third(w.DeleteRole(w.ctx, w.root, in("acme"), "Clerk", "")), api.CodeRoleInUse)
		w.putRole(in("acme"), "Clerk", "tickets:read", "tickets:write")
		must(w.T, w.removeMember(w.ctx, "eve@example.com"))
		must(w.T, third(w.DeleteRole(w.ctx, w.root, in("acme"), "Clerk", "")))
		if left := w.removals(); len(left) != 0 {
			w.Errorf("left: %+v", left)
		}

		// One that nobody decided, because the program ended, is given up in the end.
		cut := w.stopper()
		w.putRole(in("acme"), "Clerk", "tickets:read")
		ctx, cancel := context.WithCancel(w.ctx)
		defer cancel()
		cut.arm(cancel)
		_, _, _ = w.DeleteRole(ctx, w.root, in("acme"), "Clerk", "")
		cut.arm(nil)
		w.clock.pass(time.Hour)
		w.finish()
		_, err := w.ListRoles(w.ctx, w.root, in("acme"))
		must(w.T, err)
	})
}

func TestAScopeOfTheInstanceIsTakenWhereAWorkspaceHasNoneOfItsOwn(t *testing.T) {
	each(t, func(w *world) {
		cut := w.stopper()
		w.workspace("globex")
		everywhere := authority.Where{Instance: true}
		w.putScope(everywhere, "tickets:read", api.PutScope{})
		w.putScope(in("globex"), "tickets:read", api.PutScope{})
		lost := w.create(w.root, scoped("workspace", "", "tickets:read"))
		kept, err := w.CreateToken(w.ctx, w.root, "globex", scoped("workspace", "", "tickets:read"))
		must(w.T, err)
		w.allow(lost.Secret, "tickets:read")
		w.cut(cut, func(ctx context.Context) error { return third(w.DeleteScope(ctx, w.root, everywhere, "tickets:read")) })
		holds := func() {
			w.Helper()
			w.deny(api.CodeInsufficientScope, lost.Secret, "tickets:read")
			w.allow(kept.Secret, "tickets:read")
		}
		holds()
		w.refused(fourthErr(w.PutScope(w.ctx, w.root, in("acme"), "tickets:read", api.PutScope{})), api.CodeBeingDeleted)
		must(w.T, fourthErr(w.PutScope(w.ctx, w.root, in("globex"), "tickets:read", api.PutScope{Description: "ours"})))
		w.finish()
		holds()
		w.putScope(everywhere, "tickets:read", api.PutScope{})
		holds()
	})
}

func TestAPurgeMeanwhileLeavesNothingBehind(t *testing.T) {
	each(t, func(w *world) {
		cut := w.stopper()
		w.keeps("acme", 30)
		eve := w.member("eve@example.com", "Team Member")
		old := w.create(eve, ask("personal", ""))
		must(w.T, third(w.RevokeToken(w.ctx, eve, "acme", old.Token.ID, api.RevokeToken{})))
		w.create(eve, ask("personal", ""))
		w.clock.pass(40 * 24 * time.Hour)
		w.cut(cut, func(ctx context.Context) error { return w.removeMember(ctx, "eve@example.com") })
		w.purge()
		w.finish()
		w.clock.pass(40 * 24 * time.Hour)
		w.purge()
		if n := w.purge(); n != (retention.Purged{}) {
			w.Errorf("left to be purged: %+v", n)
		}
	})
}

// TestTokenLimitsCountWhatIsLeft: a place is free as soon as a token is over, in
// whatever way, and taken again when it comes back.
func TestTokenLimitsCountWhatIsLeft(t *testing.T) {
	each(t, func(w *world) {
		cut := w.stopper()
		eve, bob := w.member("eve@example.com", "Administrator"), w.member("bob@example.com", "Administrator")
		var p api.PatchPolicy
		p.MaxTokens = api.Some(api.MaxTokens{PerOwner: 2, Total: 5})
		must(w.T, third(w.EditPolicy(w.ctx, w.root, "acme", p)))
		full := func(c authority.Caller, in api.CreateToken) {
			w.Helper()
			_, err := w.CreateToken(w.ctx, c, "acme", in)
			w.refused(err, api.CodeTokenLimitReached)
		}
		ends := ask("personal", "")
		ends.ExpiresIn = api.Some(api.Day)
		one, _ := w.create(eve, ask("personal", "")), w.create(eve, ends)
		full(eve, ask("personal", ""))
		w.clock.pass(25 * time.Hour) // one expired
		two := w.create(eve, ask("personal", ""))
		full(eve, ask("personal", ""))
		must(w.T, third(w.DisableToken(w.ctx, eve, "acme", two.Token.ID, api.DisableToken{})))
		full(eve, ask("personal", "")) // one that comes back needs its place
		must(w.T, third(w.EnableToken(w.ctx, eve, "acme", two.Token.ID)))
		_, err := w.TransferToken(w.ctx, w.root, "acme", one.Token.ID, api.TransferToken{Owner: "bob@example.com"})
		must(w.T, err)
		w.create(bob, ask("personal", ""))
		full(bob, ask("personal", ""))
		last := w.create(eve, ask("personal", ""))
		full(w.root, scoped("workspace", "", "tickets:read")) // five with the first
		must(w.T, third(w.RevokeToken(w.ctx, eve, "acme", last.Token.ID, api.RevokeToken{})))
		w.create(eve, ask("personal", ""))
		full(w.root, scoped("workspace", "", "tickets:read"))

		w.cut(cut, func(ctx context.Context) error { return w.removeMember(ctx, "eve@example.com") })
		w.create(w.root, scoped("workspace", "", "tickets:read")) // though not one row is rewritten
		w.create(w.root, scoped("workspace", "", "tickets:read"))
		full(w.root, scoped("workspace", "", "tickets:read"))
		w.finish()
		full(w.root, scoped("workspace", "", "tickets:read"))
	})
}

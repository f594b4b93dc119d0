package unused_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/unused"
	"github.com/tokenry/tokenry/token"
)

// TestWhatIsSaidOfATokenIsNoEditOfIt: what a removal has not rewritten yet is left to it, which
// tells memory and webhooks of it. Nothing of before attaches to a scope that is made again.
func TestWhatIsSaidOfATokenIsNoEditOfIt(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		cut, told := w.Stopper(), w.Listener(officetest.In("acme"))
		w.WriteScope(officetest.In("acme"), "tickets:read", api.PutScope{})
		w.MemberOf("acme", "eve@example.com", "Viewer", "*")
		in := officetest.Scoped("workspace", "", "tickets:read", "tickets:write")
		in.Never = api.Some(true)
		named := w.Create(w.ada(), in)
		hers := officetest.Scoped("personal", "eve@example.com", "tickets:read")
		hers.Never = api.Some(true)
		left := w.Create(w.ada(), hers)
		w.after(60 * api.Day)
		w.Clock.Pass(40 * day)
		w.use(named)
		w.Clock.Pass(10 * day)
		w.did(unused.Did{Warned: 1}) // eve's
		w.Allow(named.Secret, "tickets:read")
		w.Cut(cut, func(ctx context.Context) error { return w.DropMember(ctx, "eve@example.com") })
		w.Clock.Pass(14*day + 2*time.Hour)
		w.did(unused.Did{TakenBack: 1})
		w.Finish()
		if !slices.Contains(told(), "token.revoked") {
			w.Errorf("what eve left is told as %v", told())
		}
		w.Deny(api.CodeRevoked, left.Secret)

		w.Allow(named.Secret, "tickets:read")
		w.Cut(cut, func(ctx context.Context) error {
			return officetest.Second(w.DeleteScope(ctx, w.Root, officetest.In("acme"), "tickets:read"))
		})
		w.Clock.Pass(25 * day)
		w.did(unused.Did{Warned: 1})
		w.Finish()
		w.WriteScope(officetest.In("acme"), "tickets:read", api.PutScope{})
		w.Deny(api.CodeInsufficientScope, named.Secret, "tickets:read")
		w.Allow(named.Secret, "tickets:write")
	})
}

// TestAYesOfAClockThatWasAheadCountsForNothing: what has its day by the time that is now was not
// shown to whoever gave it. Nor does a mail wait for a day of then.
func TestAYesOfAClockThatWasAheadCountsForNothing(t *testing.T) {
	t.Parallel()
	w := alone(t)
	all := w.tokens(12)
	w.after(60 * api.Day)
	w.Clock.Pass(60 * day)
	w.look()
	w.Clock.Pass(15*day + time.Hour)
	w.did(unused.Did{Disabled: 1, Waiting: 11})
	w.Clock.Pass(time.Hour)
	w.mailed()
	yes := w.shown()
	officetest.Must(t, w.confirm(w.Root, yes))
	w.Clock.Pass(-50 * day)
	w.Refused(w.confirm(w.Root, yes), api.CodeChangedMeanwhile)
	if s := w.stands(); s.Waiting != nil || s.Confirmed != nil {
		t.Errorf("it stands as %+v", s)
	}
	w.did(unused.Did{TakenBack: 11})
	w.Clock.Pass(30 * day)
	w.did(unused.Did{Warned: 11})
	w.Clock.Pass(15*day + time.Hour)
	w.did(unused.Did{Disabled: 1, Waiting: 10})
	if n := len(w.disabled(all)); n != 2 {
		t.Errorf("%d are disabled", n)
	}
}

// TestATimeInWhichATokenWasExpiredIsNoSilence: it could not be used then.
func TestATimeInWhichATokenWasExpiredIsNoSilence(t *testing.T) {
	t.Parallel()
	w := alone(t)
	in := officetest.Scoped("workspace", "", "tickets:read")
	in.ExpiresIn = api.Some(80 * api.Day)
	i := w.Create(w.ada(), in)
	w.after(60 * api.Day)
	w.Clock.Pass(150 * day)
	officetest.Must(t, officetest.Second(w.RotateToken(w.Ctx, w.ada(), "acme", i.Token.ID, api.RotateToken{Renew: true})))
	w.did(unused.Did{})
	w.Clock.Pass(46 * day)
	w.did(unused.Did{Warned: 1})
}

// TestWhoHasATokenIsTold, also when an older build gave it to them, which leaves its day.
func TestWhoHasATokenIsTold(t *testing.T) {
	t.Parallel()
	w := alone(t)
	i := w.token("given away")
	w.Account("ci", "tickets:read")
	w.after(60 * api.Day)
	w.Clock.Pass(60 * day)
	w.did(unused.Did{Warned: 1})
	errs, err := w.Store.Batch(w.Ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
		row, err := tx.Token(officetest.Locator(w.World, i))
		officetest.Must(t, err)
		ci, err := tx.ServiceAccount(row.Workspace, ledger.ServiceAccountKey{Name: "ci"})
		officetest.Must(t, err)
		row.Kind, row.OwnerServiceAccount = token.Service, ci.ID
		return tx.PutToken(row)
	}})
	officetest.Must(t, err)
	officetest.Must(t, errs[0])
	w.Clock.Pass(15 * day)
	w.did(unused.Did{Warned: 1})
	w.Clock.Pass(15 * day)
	w.did(unused.Did{Disabled: 1})
}

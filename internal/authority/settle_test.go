package authority_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestWhatWaitsByAClockThatWasAheadGoesOnOnceItIsSettled: a delivery that is due
// years from now is due now, also one that is tried again, or is on its way.
func TestWhatWaitsByAClockThatWasAheadGoesOnOnceItIsSettled(t *testing.T) {
	eachDesk(t, func(o *desk) {
		c := o.Person("ada@example.com")
		for range 3 {
			officetest.Must(t, officetest.Second(o.CreateWebhook(o.Ctx, c, officetest.Acme(), officetest.Hook("token.created"))))
		}
		claim := ledger.PostClaim{Each: 10, Healthy: 10, Failing: 10}
		o.Ahead(func() {
			officetest.Must(t, officetest.Second(o.CreateToken(o.Ctx, c, "acme", officetest.Scoped("workspace", "", "tickets:read"))))
			ps, err := o.ClaimPosts(o.Ctx, claim, time.Minute)
			officetest.Must(t, err)
			officetest.Must(t, o.SettlePost(o.Ctx, ps[0], outbox.Outcome{RetryAt: o.machine.Wall.Add(time.Hour)}))
			officetest.Must(t, o.SettlePost(o.Ctx, ps[1], outbox.Outcome{Delivered: true}))
		})
		ps, err := o.ClaimPosts(o.Ctx, claim, time.Minute)
		officetest.Must(t, err)
		if len(ps) != 2 {
			o.Errorf("%d deliveries are due, want the one that is tried again and the one that was on its way", len(ps))
		}
		if at, err := o.NextNotification(o.Ctx); err != nil || at.After(o.machine.Wall.Add(time.Hour)) {
			o.Errorf("the next is due at %s (%v)", at, err)
		}
	})
}

// TestAnOverlapBegunByAClockThatWasAheadEnds when what was left of it is over, and
// one that was over stays so.
func TestAnOverlapBegunByAClockThatWasAheadEnds(t *testing.T) {
	eachDesk(t, func(o *desk) {
		c := o.Person("ada@example.com")
		var left, over authority.Issued
		rotate := func(i authority.Issued, overlap time.Duration) {
			t.Helper()
			_, err := o.RotateToken(o.Ctx, c, "acme", i.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(overlap))})
			officetest.Must(t, err)
		}
		o.Ahead(func() {
			left, over = o.Create(c, officetest.Scoped("workspace", "", "tickets:read")), o.Create(c, officetest.Scoped("workspace", "", "tickets:read"))
			rotate(over, time.Hour)
			o.machine.Runs(2 * time.Hour)
			rotate(left, time.Hour)
			o.Deny(api.CodeRetired, over.Secret)
		})
		o.Deny(api.CodeRetired, over.Secret)
		o.Allow(left.Secret)
		o.machine.Runs(61 * time.Minute)
		o.Deny(api.CodeRetired, left.Secret)
	})
}

// TestASessionBegunByAClockThatWasAheadIsOver, and a code too: they would live for
// years. What was begun before goes on.
func TestASessionBegunByAClockThatWasAheadIsOver(t *testing.T) {
	eachDesk(t, func(o *desk) {
		before := o.Person("ada@example.com")
		o.Ahead(func() {
			at := o.machine.Wall
			row := ledger.Session{ID: "late", User: before.User, Method: "password", Key: 1, CreatedAt: at, LastSeenAt: at, ConfirmedAt: at, ExpiresAt: at.Add(time.Hour)}
			code := ledger.OneTimeCode{ID: "late", Purpose: "reset", Key: 1, CreatedAt: at, ExpiresAt: at.Add(time.Hour)}
			errs, err := o.Store.Batch(o.Ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error { return errors.Join(tx.PutSession(row), tx.PutCode(code)) }})
			officetest.Must(t, errors.Join(append(errs, err)...))
		})
		officetest.Must(t, o.Store.Read(o.Ctx, func(r ledger.Reader) error {
			if _, err := r.Session("late"); !errors.Is(err, ledger.ErrNoRow) {
				o.Errorf("the session is there: %v", err)
			}
			if _, err := r.Code("late"); !errors.Is(err, ledger.ErrNoRow) {
				o.Errorf("the code is there: %v", err)
			}
			return nil
		}))
		officetest.Must(t, officetest.Second(o.CreateToken(o.Ctx, storetest.SignedIn(o.T, o.Store, before.User), "acme", officetest.Scoped("workspace", "", "tickets:read"))))
	})
}

// TestTokensThatLiveAgainCountAgain: a limit of how many holds once the clock is settled.
func TestTokensThatLiveAgainCountAgain(t *testing.T) {
	eachDesk(t, func(o *desk) {
		c := o.Person("ada@example.com")
		_, err := o.EditPolicy(o.Ctx, c, "acme", api.PatchPolicy{MaxTokens: api.Some(api.MaxTokens{Total: 3})})
		officetest.Must(t, err)
		for range 2 { // besides the first of all
			o.Create(c, officetest.Scoped("workspace", "", "tickets:read"))
		}
		in := officetest.Scoped("workspace", "", "tickets:read")
		_, err = o.CreateToken(o.Ctx, c, "acme", in)
		o.Refused(err, api.CodeTokenLimitReached)
		o.Ahead(func() { o.Create(c, in) })
		_, err = o.CreateToken(o.Ctx, c, "acme", in)
		o.Refused(err, api.CodeTokenLimitReached)
	})
}

// TestWhatIsRefusedForTheClockIsCounted, however it was asked for.
func TestWhatIsRefusedForTheClockIsCounted(t *testing.T) {
	eachDesk(t, func(o *desk) {
		o.machine.Set(officetest.Years)
		for range 3 {
			_, err := o.CreateToken(o.Ctx, o.Root, "acme", officetest.Scoped("workspace", "", "tickets:read"))
			o.Refused(err, api.CodeClockUnsettled)
		}
		if n := o.Ungiven(); n != 3 {
			o.Errorf("counted %d, want 3", n)
		}
	})
}

package office_test

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

const years = 10 * 365 * 24 * time.Hour

// ahead runs f while the machine's clock is years ahead, which was believed at a
// start; then the clock is set right and settled.
func (o *desk) ahead(f func()) {
	o.Helper()
	o.machine.set(years)
	o.start()
	f()
	must(o.T, o.KeepTime(o.ctx))
	o.machine.set(-years)
	o.start()
	settler := office.New(authority.Options{Store: o.store, Keys: o.keys, Now: func() time.Time { return o.machine.wall }, Rand: rand.Reader})
	must(o.T, failure(settler.SettleClock(o.ctx, o.machine.wall)))
	must(o.T, o.KeepTime(o.ctx))
}

// TestWhatWaitsByAClockThatWasAheadGoesOnOnceItIsSettled: a delivery that is due
// years from now is due now, also one that is tried again, or is on its way.
func TestWhatWaitsByAClockThatWasAheadGoesOnOnceItIsSettled(t *testing.T) {
	eachDesk(t, func(o *desk) {
		c := o.person("ada@example.com")
		for range 3 {
			must(t, failure(o.CreateWebhook(o.ctx, c, acme(), hook("token.created"))))
		}
		claim := ledger.PostClaim{Each: 10, Healthy: 10, Failing: 10}
		o.ahead(func() {
			must(t, failure(o.CreateToken(o.ctx, c, "acme", scoped("workspace", "", "tickets:read"))))
			ps, err := o.ClaimPosts(o.ctx, claim, time.Minute)
			must(t, err)
			must(t, o.SettlePost(o.ctx, ps[0], outbox.Outcome{RetryAt: o.machine.wall.Add(time.Hour)}))
			must(t, o.SettlePost(o.ctx, ps[1], outbox.Outcome{Delivered: true}))
		})
		ps, err := o.ClaimPosts(o.ctx, claim, time.Minute)
		must(t, err)
		if len(ps) != 2 {
			o.Errorf("%d deliveries are due, want the one that is tried again and the one that was on its way", len(ps))
		}
		if at, err := o.NextNotification(o.ctx); err != nil || at.After(o.machine.wall.Add(time.Hour)) {
			o.Errorf("the next is due at %s (%v)", at, err)
		}
	})
}

// TestAnOverlapBegunByAClockThatWasAheadEnds when what was left of it is over, and
// one that was over stays so.
func TestAnOverlapBegunByAClockThatWasAheadEnds(t *testing.T) {
	eachDesk(t, func(o *desk) {
		c := o.person("ada@example.com")
		var left, over authority.Issued
		rotate := func(i authority.Issued, overlap time.Duration) {
			t.Helper()
			_, err := o.RotateToken(o.ctx, c, "acme", i.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(overlap))})
			must(t, err)
		}
		o.ahead(func() {
			left, over = o.create(c, scoped("workspace", "", "tickets:read")), o.create(c, scoped("workspace", "", "tickets:read"))
			rotate(over, time.Hour)
			o.machine.runs(2 * time.Hour)
			rotate(left, time.Hour)
			o.deny(api.CodeRetired, over.Secret)
		})
		o.deny(api.CodeRetired, over.Secret)
		o.allow(left.Secret)
		o.machine.runs(61 * time.Minute)
		o.deny(api.CodeRetired, left.Secret)
	})
}

// TestASessionBegunByAClockThatWasAheadIsOver, and a code too: they would live for
// years. What was begun before goes on.
func TestASessionBegunByAClockThatWasAheadIsOver(t *testing.T) {
	eachDesk(t, func(o *desk) {
		before := o.person("ada@example.com")
		o.ahead(func() {
			at := o.machine.wall
			row := ledger.Session{ID: "late", User: before.User, Method: "password", Key: 1, CreatedAt: at, LastSeenAt: at, ConfirmedAt: at, ExpiresAt: at.Add(time.Hour)}
			code := ledger.OneTimeCode{ID: "late", Purpose: "reset", Key: 1, CreatedAt: at, ExpiresAt: at.Add(time.Hour)}
			errs, err := o.store.Batch(o.ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error { return errors.Join(tx.PutSession(row), tx.PutCode(code)) }})
			must(t, errors.Join(append(errs, err)...))
		})
		must(t, o.store.Read(o.ctx, func(r ledger.Reader) error {
			if _, err := r.Session("late"); !errors.Is(err, ledger.ErrNoRow) {
				o.Errorf("the session is there: %v", err)
			}
			if _, err := r.Code("late"); !errors.Is(err, ledger.ErrNoRow) {
				o.Errorf("the code is there: %v", err)
			}
			return nil
		}))
		must(t, failure(o.CreateToken(o.ctx, storetest.SignedIn(o.T, o.store, before.User), "acme", scoped("workspace", "", "tickets:read"))))
	})
}

// TestTokensThatLiveAgainCountAgain: a limit of how many holds once the clock is settled.
func TestTokensThatLiveAgainCountAgain(t *testing.T) {
	eachDesk(t, func(o *desk) {
		c := o.person("ada@example.com")
		_, _, err := o.EditPolicy(o.ctx, c, "acme", api.PatchPolicy{MaxTokens: api.Some(api.MaxTokens{Total: 3})})
		must(t, err)
		for range 2 { // besides the first of all
			o.create(c, scoped("workspace", "", "tickets:read"))
		}
		in := scoped("workspace", "", "tickets:read")
		_, err = o.CreateToken(o.ctx, c, "acme", in)
		o.refused(err, api.CodeTokenLimitReached)
		o.ahead(func() { o.create(c, in) })
		_, err = o.CreateToken(o.ctx, c, "acme", in)
		o.refused(err, api.CodeTokenLimitReached)
	})
}

// TestWhatIsRefusedForTheClockIsCounted, however it was asked for.
func TestWhatIsRefusedForTheClockIsCounted(t *testing.T) {
	eachDesk(t, func(o *desk) {
		o.machine.set(years)
		for range 3 {
			_, err := o.CreateToken(o.ctx, o.root, "acme", scoped("workspace", "", "tickets:read"))
			o.refused(err, api.CodeClockUnsettled)
		}
		if n := o.Ungiven(); n != 3 {
			o.Errorf("counted %d, want 3", n)
		}
	})
}

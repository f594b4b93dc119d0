package unused_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/unused"
	"github.com/tokenry/tokenry/token"
)

// TestTurnedOnLateNothingIsDisabledAtOnce: everything that nobody uses is told first, and has
// 14 days from its mail on.
func TestTurnedOnLateNothingIsDisabledAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		i := w.token("forgotten")
		w.Clock.Pass(300 * day)
		w.did(unused.Did{}) // no policy
		w.after(60 * api.Day)
		w.did(unused.Did{Warned: 1})
		v := w.show(i)
		if v.Unused == nil || !v.Unused.Since.Equal(v.CreatedAt) || v.Unused.DisabledAt != nil || !v.Unused.DisableAt.Equal(w.Clock.Now().Add(14*day+time.Hour)) {
			w.Fatalf("it is told as %+v", v.Unused)
		}
		w.did(unused.Did{})
		if s := w.stands(); s.Warned != 1 || len(s.Next) != 1 || s.Next[0].ID != v.ID || !s.Next[0].DisableAt.Equal(*v.Unused.DisableAt) || s.After != 60*api.Day {
			w.Errorf("it stands as %+v", s)
		}
		w.Clock.Pass(14 * day)
		w.did(unused.Did{})
		w.Allow(i.Secret, "tickets:read")
		w.Clock.Pass(time.Hour)
		w.did(unused.Did{Disabled: 1})
		w.Deny(api.CodeDisabled, i.Secret, "tickets:read")
		if v = w.show(i); v.Unused == nil || v.Unused.DisableAt != nil || v.Unused.DisabledAt == nil || *v.DisabledBy != "policy" || v.Held != nil {
			w.Errorf("it is disabled as %+v by %v, held %v", v.Unused, v.DisabledBy, v.Held)
		}
		if e := w.Last("acme"); e.Action != "token.disabled" || e.Actor != "policy" {
			w.Errorf("the audit has %s by %s", e.Action, e.Actor)
		}
		w.did(unused.Did{})
	})
}

// TestAUseTakesTheWarningBack: also one on the last day, and a silence after it is told anew.
func TestAUseTakesTheWarningBack(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		i := w.token("seldom used")
		w.after(60 * api.Day)
		w.Clock.Pass(50 * day)
		w.did(unused.Did{Warned: 1})
		w.Clock.Pass(20 * day)
		w.use(i)
		w.did(unused.Did{TakenBack: 1})
		if v := w.show(i); v.Unused != nil || !v.Usable {
			w.Errorf("after its use it is told as %+v", v.Unused)
		}
		w.Clock.Pass(40 * day)
		w.did(unused.Did{})
		w.Clock.Pass(6 * day)
		w.did(unused.Did{Warned: 1})
		w.Clock.Pass(16 * day)
		w.did(unused.Did{Disabled: 1})
	})
}

// TestAGapInUsageBeginsTheCountAnew, and takes what was told back; nothing is done while nobody
// knows since when usage is recorded.
func TestAGapInUsageBeginsTheCountAnew(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.token("silent")
		w.after(60 * api.Day)
		w.Clock.Pass(59 * day)
		w.did(unused.Did{Warned: 1})
		w.Clock.Pass(20 * day)
		known := w.since
		w.since = time.Time{}
		w.did(unused.Did{})
		w.since = w.Clock.Now()
		w.did(unused.Did{TakenBack: 1})
		w.Clock.Pass(45 * day)
		w.did(unused.Did{})
		w.Clock.Pass(2 * day)
		w.did(unused.Did{Warned: 1})
		w.Clock.Pass(10 * day)
		w.since = known // it is asked for where it was known all the time
		w.did(unused.Did{})
		w.Clock.Pass(5 * day)
		w.did(unused.Did{Disabled: 1})
	})
}

// TestTheClockThatIsSetBackDisablesNothing: what was told by a time that has not come is taken
// back.
func TestTheClockThatIsSetBackDisablesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		i := w.token("silent")
		w.after(60 * api.Day)
		w.Clock.Pass(100 * day)
		w.did(unused.Did{Warned: 1})
		w.Clock.Pass(-50 * day)
		w.did(unused.Did{Warned: 1}) // anew, by the time that is now
		if due := w.show(i).Unused.DisableAt; due.Before(w.Clock.Now().Add(14 * day)) {
			w.Errorf("its day is %v", due)
		}
		w.Clock.Pass(-50 * day)
		w.did(unused.Did{TakenBack: 1})
	})
}

// TestEnablingBeginsTheCountAnew, and its owner does it alone: nobody took the token from them.
func TestEnablingBeginsTheCountAnew(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		bob := w.Member("bob@example.com", "Viewer")
		in := officetest.Scoped("personal", "", "tickets:read")
		in.Never = api.Some(true)
		i := w.Create(bob, in)
		w.after(60 * api.Day)
		w.Clock.Pass(60 * day)
		w.look()
		w.Clock.Pass(16 * day)
		w.did(unused.Did{Disabled: 1})
		officetest.Must(w.T, officetest.Second(w.EnableToken(w.Ctx, w.Person("bob@example.com"), "acme", i.Token.ID)))
		if v := w.show(i); v.Unused != nil || !v.Usable {
			w.Errorf("enabled, it is told as %+v", v.Unused)
		}
		w.Clock.Pass(45 * day)
		w.did(unused.Did{})
		w.Clock.Pass(2 * day)
		w.did(unused.Did{Warned: 1})
	})
}

// TestWhatCannotBeUsedIsNotDisabled: it is disabled, expired, revoked or not yet valid, waits, is of
// somebody who is deactivated, ends by itself before, or is another's by now.
func TestWhatCannotBeUsedIsNotDisabled(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.MemberOf("acme", "bob@example.com", "Viewer", "*")
		w.MemberOf("acme", "eve@example.com", "Viewer", "*")
		bobs := officetest.Scoped("personal", "bob@example.com", "tickets:read")
		bobs.Never = api.Some(true)
		his, handed := w.Create(w.ada(), bobs), w.Create(w.ada(), bobs)
		revoked, stopped := w.token("revoked"), w.token("stopped")
		soon, later := officetest.Scoped("workspace", "", "tickets:read"), officetest.Scoped("workspace", "", "tickets:read")
		soon.ExpiresIn, later.Never, later.NotBefore = api.Some(70*api.Day), api.Some(true), api.Some(w.Clock.Now().Add(100*day))
		w.Create(w.ada(), soon)
		w.Create(w.ada(), later)
		w.after(60 * api.Day)
		w.Clock.Pass(58 * day)
		w.did(unused.Did{Warned: 4})
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", revoked.Token.ID, api.RevokeToken{})))
		officetest.Must(w.T, officetest.Second(w.DisableToken(w.Ctx, w.Root, "acme", stopped.Token.ID, api.DisableToken{})))
		officetest.Must(w.T, officetest.Second(w.TransferToken(w.Ctx, w.ada(), "acme", handed.Token.ID, api.TransferToken{Owner: "eve@example.com"})))
		officetest.Must(w.T, officetest.Second(w.DeactivateMember(w.Ctx, w.Root, "acme", "bob@example.com", false)))
		for _, i := range []authority.Issued{revoked, stopped, handed} {
			if v := w.show(i); v.Unused != nil {
				w.Errorf("%s is told as %+v", v.Label, v.Unused)
			}
		}
		w.Clock.Pass(16 * day)
		w.did(unused.Did{Warned: 1, TakenBack: 1}) // eve is told of hers
		if v := w.show(his); v.Status != api.StatusActive {
			w.Errorf("bob's is %s", v.Status)
		}
		officetest.Must(w.T, officetest.Second(w.ActivateMember(w.Ctx, w.Root, "acme", "bob@example.com")))
		w.Clock.Pass(time.Hour)
		w.did(unused.Did{Warned: 1}) // he has 14 days from now on
	})
}

// TestAPolicyThatBecomesLongerTakesTheWarningBack, as one that is turned off does, and a
// workspace that stands still or is deleted.
func TestAPolicyThatBecomesLongerTakesTheWarningBack(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		i := w.token("silent")
		told := func(is bool) {
			w.Helper()
			if v := w.show(i); (v.Unused != nil) != is {
				w.Errorf("%s: told as %+v", w.Clock.Now().Format(time.DateOnly), v.Unused)
			}
		}
		w.after(60 * api.Day)
		w.Clock.Pass(50 * day)
		w.did(unused.Did{Warned: 1})
		w.after(90 * api.Day)
		w.did(unused.Did{TakenBack: 1})
		told(false)
		w.after(60 * api.Day)
		w.Clock.Pass(5 * day)
		w.did(unused.Did{Warned: 1})
		w.after(0)
		w.did(unused.Did{TakenBack: 1})
		w.after(60 * api.Day)
		w.did(unused.Did{Warned: 1})
		told(true)
		officetest.Must(w.T, officetest.Second(w.SuspendWorkspace(w.Ctx, w.Person("ada@example.com"), "acme")))
		w.did(unused.Did{TakenBack: 1})
		officetest.Must(w.T, officetest.Second(w.ResumeWorkspace(w.Ctx, w.Person("ada@example.com"), "acme")))
		w.did(unused.Did{Warned: 1})
		officetest.Must(w.T, officetest.Second(w.DeleteWorkspace(w.Ctx, w.Person("ada@example.com"), "acme")))
		w.Clock.Pass(30 * day)
		w.did(unused.Did{})
	})
}

// TestNeverMoreThanAShareInADay without a yes: a tenth, one of few, whatever looks, restarts
// and second nodes there are.
func TestNeverMoreThanAShareInADay(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		all := w.tokens(29) // and the one that asks
		w.after(60 * api.Day)
		w.Clock.Pass(60 * day)
		w.did(unused.Did{Warned: 29})
		w.Clock.Pass(20 * day)
		stopping := func(context.Context) error { return errStopped }
		if _, err := w.DisableUnused(w.Ctx, stopping); !errors.Is(err, errStopped) {
			w.Fatalf("it ended with %v", err)
		}
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() { _, _ = w.node().DisableUnused(w.Ctx, goOn) }) // what one finds done, is
		}
		both.Wait()
		if n := len(w.disabled(all)); n != 3 {
			w.Errorf("%d are disabled in a day, want 3", n)
		}
		w.Clock.Pass(23 * time.Hour)
		w.did(unused.Did{Waiting: 26})
		w.Clock.Pass(time.Hour)
		w.did(unused.Did{Disabled: 2, Waiting: 24}) // a tenth of those that are left
	})
}

// TestTheShareIsOfAllThatWorked when they were counted, in however many pieces they are disabled,
// and the next day's is of those that are left.
func TestTheShareIsOfAllThatWorked(t *testing.T) {
	t.Parallel()
	w := alone(t)
	of := w.WorkspaceID()
	_, err := w.Store.Batch(w.Ctx, []func(ledger.Tx) error{func(tx ledger.Tx) (err error) {
		for n := range 999 { // and the one that asks
			err = errors.Join(err, tx.PutToken(ledger.Token{ID: tx.NewID(), Locator: token.Locator([]byte(fmt.Sprintf("Zc%010d", n))), Prefix: "tky", Kind: token.Workspace,
				Workspace: of, CreatedBy: "ada@example.com", CreatedAt: w.Clock.Now()}))
		}
		return err
	}})
	officetest.Must(t, err)
	w.after(60 * api.Day)
	w.Clock.Pass(60 * day)
	w.did(unused.Did{Warned: 999})
	w.Clock.Pass(15 * day)
	w.did(unused.Did{Disabled: 100, Waiting: 899})
	w.Clock.Pass(12 * time.Hour)
	w.did(unused.Did{Waiting: 899})
	w.Clock.Pass(12 * time.Hour)
	w.did(unused.Did{Disabled: 90, Waiting: 809})
}

// TestAWorkspaceOfOneTokenWaitsForNobody: its share is one.
func TestAWorkspaceOfOneTokenWaitsForNobody(t *testing.T) {
	t.Parallel()
	w := alone(t)
	all := w.tokens(4)
	w.after(60 * api.Day)
	w.Clock.Pass(60 * day)
	w.look()
	w.Clock.Pass(15*day + time.Hour)
	for left := 3; left >= 0; left-- {
		w.did(unused.Did{Disabled: 1, Waiting: left})
		w.Clock.Pass(day)
	}
	if n := len(w.disabled(all)); n != 4 {
		t.Errorf("%d are disabled", n)
	}
	w.did(unused.Did{})
}

// TestAYesCountsForWhatWasShown: for those tokens, once, for 7 days, by who may change the
// policy and disable tokens.
func TestAYesCountsForWhatWasShown(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		viewer := w.Member("bob@example.com", "Viewer")
		all := w.tokens(12)
		w.after(60 * api.Day)
		w.Clock.Pass(60 * day)
		w.look()
		w.Refused(w.confirm(w.Root, api.ConfirmUnused{Count: 12, UpTo: w.Clock.Now()}), api.CodeChangedMeanwhile)
		w.Clock.Pass(15*day + time.Hour)
		late := w.tokens(1)
		w.did(unused.Did{Disabled: 1, Waiting: 11})
		yes := w.shown()
		w.Refused(w.confirm(viewer, yes), api.CodeInsufficientScope)
		w.Refused(w.confirm(w.Root, api.ConfirmUnused{Count: 10, UpTo: yes.UpTo}), api.CodeChangedMeanwhile)
		w.Refused(w.confirm(w.Root, api.ConfirmUnused{Count: yes.Count, UpTo: yes.UpTo.Add(time.Second)}), api.CodeChangedMeanwhile)
		officetest.Must(w.T, w.confirm(w.Root, yes))
		officetest.Must(w.T, w.confirm(w.Root, yes)) // sent twice
		if c := w.stands().Confirmed; c == nil || c.Left != 11 || c.By == nil || *c.By != "ada@example.com" || !c.Until.Equal(w.Clock.Now().Add(7*day)) {
			w.Errorf("confirmed as %+v", c)
		}
		if e := w.Last("acme"); e.Action != "unused.confirmed" {
			w.Errorf("the audit has %s", e.Action)
		}
		w.use(all[11])
		did, err := w.DisableConfirmed(w.Ctx, goOn)
		officetest.Must(w.T, err)
		if diff := cmp.Diff(unused.Did{Disabled: 10, TakenBack: 1}, did); diff != "" {
			w.Errorf("by the yes (-want +got):\n%s", diff)
		}
		if v := w.show(late[0]); v.Status != api.StatusActive || w.stands().Waiting != nil {
			w.Errorf("what was not shown is %s; %+v", v.Status, w.stands())
		}
	})
}

// TestNothingWaitsWhereThePolicyIsOff: there is nothing to say yes to any more.
func TestNothingWaitsWhereThePolicyIsOff(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.tokens(3)
		w.after(60 * api.Day)
		w.Clock.Pass(60 * day)
		w.look()
		w.Clock.Pass(15*day + time.Hour)
		w.did(unused.Did{Disabled: 1, Waiting: 2})
		was := w.shown()
		w.after(0)
		w.did(unused.Did{TakenBack: 2})
		if now := w.stands(); now.Waiting != nil || now.Warned != 0 {
			w.Errorf("where the policy is off %+v stands", now)
		}
		w.Refused(w.confirm(w.Root, was), api.CodeChangedMeanwhile)
	})
}

// TestAYesThatIsOldCountsForNothing, nor for what waits since.
func TestAYesThatIsOldCountsForNothing(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.tokens(9)
		w.after(60 * api.Day)
		w.Clock.Pass(60 * day)
		w.look()
		w.Clock.Pass(15*day + time.Hour)
		w.did(unused.Did{Disabled: 1, Waiting: 8})
		officetest.Must(w.T, w.confirm(w.Root, w.shown()))
		w.Clock.Pass(7 * day)
		did, err := w.DisableConfirmed(w.Ctx, goOn)
		officetest.Must(w.T, err)
		if did != (unused.Did{Waiting: 8}) || w.stands().Confirmed != nil {
			w.Errorf("after 7 days it did %+v; %+v", did, w.stands())
		}
		w.did(unused.Did{Disabled: 1, Waiting: 7})
		old := w.shown()
		w.Clock.Pass(day)
		w.did(unused.Did{Disabled: 1, Waiting: 6})
		w.Refused(w.confirm(w.Root, old), api.CodeChangedMeanwhile)
	})
}

// TestAPreviewSaysWhomAPolicyWouldWarn, and how many of them have been silent for so long.
func TestAPreviewSaysWhomAPolicyWouldWarn(t *testing.T) {
	t.Parallel()
	w := alone(t)
	all := w.tokens(3)
	w.Clock.Pass(30 * day)
	w.use(all[0])
	w.Clock.Pass(20 * day)
	w.use(all[1])
	w.Clock.Pass(30 * day) // 30, 50 and 80 days
	for after, want := range map[api.Duration][2]int{30 * api.Day: {3, 3}, 60 * api.Day: {2, 1}, 90 * api.Day: {1, 0}, 365 * api.Day: {0, 0}} {
		got, err := w.UnusedTokens(w.Ctx, w.Root, "acme", after)
		officetest.Must(t, err)
		if p := got.Preview; p == nil || p.Warned != want[0] || p.Unused != want[1] || p.More {
			t.Errorf("after %v: %+v, want %v", after, p, want)
		}
	}
	_, err := w.UnusedTokens(w.Ctx, w.Root, "acme", 29*api.Day)
	w.RefusedField(err, api.CodeInvalidField, "disable_unused_after")
	_, err = w.UnusedTokens(w.Ctx, w.Member("bob@example.com", "CI Token"), "acme", 30*api.Day)
	w.Refused(err, api.CodeInsufficientScope)
}

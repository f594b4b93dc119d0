package outbox_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/outbox"
)

// claim takes the letters that are due for a minute.
func (w *world) claim(c outbox.LetterClaim) []outbox.Letter {
	w.Helper()
	letters, err := w.ClaimLetters(w.Ctx, c, time.Minute)
	officetest.Must(w.T, err)
	return letters
}

// A step is reached to the microsecond, and the one before it holds until then.
func TestAStepIsReachedToTheMicrosecond(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.made("", "x", 60*day)
		w.Clock.Pass(60*day - 14*day - time.Microsecond)
		w.work()
		if n := len(w.mailed()); n != 1 {
			w.Fatalf("%d mails in the step of thirty days, want one", n)
		}
		for _, step := range []time.Duration{14 * day, 7 * day, 3 * day, day, 0} {
			if w.work(); len(w.mailed()) != 0 {
				w.Errorf("told a microsecond before %v are left", step)
			}
			w.Clock.Pass(time.Microsecond)
			if w.work(); len(w.mailed()) != 1 {
				w.Errorf("not told when %v are left", step)
			}
			next := map[time.Duration]time.Duration{14 * day: 7 * day, 7 * day: 3 * day, 3 * day: day, day: 0}[step]
			w.Clock.Pass(step - next - time.Microsecond)
		}
	})
}

// An expiry that passed while nothing ran is told for three days; then it is history.
func TestAnExpiryIsToldForThreeDays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		late time.Duration
		want int
	}{{0, 1}, {3*day - time.Microsecond, 1}, {3 * day, 0}} {
		w := one(t)
		w.made("", "x", day)
		w.Clock.Pass(day + c.late)
		if w.work(); len(w.letters) != c.want {
			t.Errorf("%v late: %d mails, want %d", c.late, len(w.letters), c.want)
		}
	}
}

// The notices to one person are one letter, however many pieces it is joined from; each
// is told once.
func TestALetterIsJoinedFromMoreThanOnePiece(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.Policy(func(p *api.PatchPolicy) { p.NoticeDays = api.Some([]int{1, 0}) })
	for i := range 203 {
		w.made("", fmt.Sprint(i), 10*day)
	}
	w.Clock.Pass(10 * day)
	w.down()
	w.work()
	if len(w.letters) != 0 {
		t.Fatalf("a server that is down took %d letters", len(w.letters))
	}
	w.up()
	w.Clock.Pass(time.Minute)
	w.work()
	letters := w.mailed()
	if len(letters) != 1 || len(letters[0].Others) != 202 || letters[0].Attempt != 2 {
		t.Fatalf("%d letters, the first with %d others", len(letters), len(letters[0].Others))
	}
	seen := map[string]bool{letters[0].Facts.TokenID: true}
	for _, o := range letters[0].Others {
		seen[o.Facts.TokenID] = true
	}
	if len(seen) != 203 {
		t.Errorf("it tells of %d tokens", len(seen))
	}
	if w.work(); len(w.mailed()) != 0 {
		t.Error("it was sent twice")
	}
}

// While a run of notices is being written, other mails go out and notices wait.
func TestOtherMailsDoNotWaitForARunOfNotices(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.Member("bob@example.com", "Viewer")
	w.made("", "x", 20*day)
	w.Clock.Pass(13 * day)
	officetest.Must(t, officetest.Second(w.NoticeExpiring(w.Ctx, w.Clock.Now())))
	w.made("bob@example.com", "for bob", 90*day)
	first := w.claim(outbox.LetterClaim{Limit: 20, WithoutNotices: true})
	if len(first) != 1 || first[0].Kind != ledger.MailIssued {
		t.Fatalf("claimed while notices are written: %+v", first)
	}
	if rest := w.claim(outbox.LetterClaim{Limit: 20}); len(rest) != 1 || rest[0].Kind != ledger.MailExpiry {
		t.Errorf("claimed then: %+v", rest)
	}
}

// Who claimed a letter settles it until the claim ends; then somebody else's counts.
func TestALetterIsSettledByWhoseClaimItIs(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.Member("bob@example.com", "Viewer")
		w.made("bob@example.com", "for bob", 90*day)
		dead := w.claim(outbox.LetterClaim{Limit: 20})
		if len(dead) != 1 || len(w.claim(outbox.LetterClaim{Limit: 20})) != 0 {
			w.Fatalf("claimed %d, and again what is claimed", len(dead))
		}
		w.Clock.Pass(time.Minute)
		alive := w.claim(outbox.LetterClaim{Limit: 20})
		if len(alive) != 1 || alive[0].Attempt != 2 || alive[0].Message != dead[0].Message {
			w.Fatalf("after the claim ended: %+v", alive)
		}
		officetest.Must(w.T, w.SettleLetter(w.Ctx, dead[0], outbox.Sent{Error: "gone"}))
		rows, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{Action: "mail.failed"}, officetest.Page(0))
		officetest.Must(w.T, err)
		if len(rows) != 0 {
			w.Error("a claim that ended has given the mail up")
		}
		officetest.Must(w.T, w.SettleLetter(w.Ctx, alive[0], outbox.Sent{Error: "550 no such user"}))
		rows, _, err = w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{Action: "mail.failed"}, officetest.Page(0))
		officetest.Must(w.T, err)
		if len(rows) != 1 || rows[0].Target != "mail:bob@example.com" || !officetest.ContainsAny(string(rows[0].After), "550 no such user") {
			w.Errorf("given up: %+v", rows)
		}
		w.Clock.Pass(time.Hour)
		if again := w.claim(outbox.LetterClaim{Limit: 20}); len(again) != 0 {
			w.Error("what was given up is tried again")
		}
	})
}

package outbox_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/token"
)

// TestEachStepOnce walks day by day, with several runs each, and wants one mail for
// each step.
func TestEachStepOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.made("", "laptop", 60*day)
		var days []int
		for d := range 65 {
			for range 3 {
				w.work()
			}
			for range w.mailed() {
				days = append(days, 60-d)
			}
			w.Clock.Pass(day)
		}
		if want := []int{30, 14, 7, 3, 1, 0}; !cmp.Equal(days, want) {
			w.Errorf("mails with %v days left, want %v", days, want)
		}
	})
}

func TestFirstSeenInsideAStep(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.made("", "short", 20*day)
	w.Clock.Pass(15 * day)
	w.work()
	mails := w.mailed()
	if len(mails) != 1 {
		t.Fatalf("%d mails, want 1", len(mails))
	}
	if left := mails[0].ExpiresAt.Sub(w.Clock.Now()); mails[0].Facts.Label != "short" || left != 5*day {
		t.Errorf("told of %q, which has %v left", mails[0].Facts.Label, left)
	}
}

func TestNotMarkedBeforeAccepted(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		v := w.made("", "a", 90*day)
		w.Clock.Pass(70 * day)
		w.down()
		w.work()
		sent := func() time.Time {
			var n ledger.Notice
			l, err := token.ParseLocator(v.Locator)
			officetest.Must(w.T, err)
			officetest.Must(w.T, w.Store.Read(w.Ctx, func(r ledger.Reader) error {
				row, err := r.Token(l)
				officetest.Must(w.T, err)
				n, err = r.Notice(row.ID, 30)
				return err
			}))
			return n.SentAt
		}
		if !sent().IsZero() {
			w.Error("the step is marked sent and was not accepted")
		}
		w.up()
		w.Clock.Pass(2 * time.Minute)
		w.work()
		if got := w.mailed(); len(got) != 1 || !sent().Equal(w.Clock.Now()) {
			w.Errorf("%d mails, marked %v", len(got), sent())
		}
	})
}

// TestChangedMeanwhile: a mail that waits for the server is about a token that
// was renewed, or revoked, since.
func TestChangedMeanwhile(t *testing.T) {
	t.Parallel()
	w := one(t)
	a, b := w.made("", "renewed", 90*day), w.made("", "revoked", 90*day)
	w.Clock.Pass(70 * day)
	w.down()
	w.work()
	_, err := w.RotateToken(w.Ctx, w.Root, "acme", a.ID, api.RotateToken{ExpiresIn: api.Some(api.Duration(200 * day))})
	officetest.Must(t, err)
	_, err = w.RevokeToken(w.Ctx, w.Root, "acme", b.ID, api.RevokeToken{})
	officetest.Must(t, err)
	w.up()
	w.Clock.Pass(time.Hour)
	w.work()
	if got := w.mailed(); len(got) != 0 {
		t.Errorf("told of what is not so any more: %s", got[0].Facts.Label)
	}
}

func TestRecipients(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.Member("bob@example.com", "Administrator")
		w.Member("eve@example.com", "Viewer")
		account := func(name string, contacts ...string) {
			in := api.CreateServiceAccount{Name: name, Contacts: api.Some(contacts)}
			in.Role, in.Resources = api.Some("Viewer"), api.Some([]string{"*"})
			_, err := w.CreateServiceAccount(w.Ctx, w.Root, "acme", in)
			officetest.Must(w.T, err)
		}
		account("ci", "ops@example.com", "dev@example.com")
		account("cron")
		told := func() []string {
			w.deliver()
			w.mailed() // that somebody else made it
			w.Clock.Pass(13 * day)
			w.work()
			return w.recipients()
		}
		expect := func(what string, want ...string) {
			w.Helper()
			if got := told(); !slices.Equal(got, want) {
				w.Errorf("%s: told %v, want %v", what, got, want)
			}
		}
		w.made("eve@example.com", "hers", 20*day)
		expect("a personal token", "eve@example.com")
		w.made("ci", "contacts", 20*day)
		expect("a service account with contacts", "dev@example.com", "ops@example.com")
		w.made("cron", "creator", 20*day)
		expect("without contacts: its creator", "ada@example.com")
		in := api.CreateToken{Kind: "workspace"}
		in.Label, in.Role, in.Resources, in.ExpiresIn = api.Some("ws"), api.Some("Viewer"), api.Some([]string{"*"}), api.Some(api.Duration(20*day))
		_, err := w.CreateToken(w.Ctx, w.Person("bob@example.com"), "acme", in)
		officetest.Must(w.T, err)
		expect("a workspace token: its creator", "bob@example.com")
		in.Label = api.Some("ws2")
		_, err = w.CreateToken(w.Ctx, w.Person("bob@example.com"), "acme", in)
		officetest.Must(w.T, err)
		w.Member("cyd@example.com", "Owner")
		w.Member("dan@example.com", "Administrator")
		_, err = w.DeactivateMember(w.Ctx, w.Root, "acme", "bob@example.com", false)
		officetest.Must(w.T, err)
		expect("its creator is inactive", "ada@example.com", "cyd@example.com", "dan@example.com")
	})
}

func TestWhoIsNotTold(t *testing.T) {
	t.Parallel()
	w := one(t)
	v := w.made("", "off", 20*day)
	_, err := w.DisableToken(w.Ctx, w.Root, "acme", v.ID, api.DisableToken{})
	officetest.Must(t, err)
	_, err = w.EditPolicy(w.Ctx, w.Root, "acme", api.PatchPolicy{NoticeDays: api.Some([]int{3})})
	officetest.Must(t, err)
	w.made("", "far", 20*day)
	w.work()
	if got := w.mailed(); len(got) != 0 {
		t.Errorf("told: %s", got[0].Facts.Label)
	}
	w.Clock.Pass(17 * day)
	w.work()
	if got := w.mailed(); len(got) != 1 || got[0].Facts.Label != "far" {
		t.Errorf("at the policy's step: %+v", got)
	}
}

func TestExpiryWebhooks(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.listen("token.expiring", "token.expired")
	w.made("", "x", 2*day)
	var seen []string
	for range 6 {
		w.work()
		for _, e := range w.posted() {
			seen = append(seen, e.Type+" "+strings.Repeat("d", e.Data.DaysLeft))
		}
		w.Clock.Pass(12 * time.Hour)
	}
	if want := []string{"token.expiring d", "token.expired "}; !cmp.Equal(seen, want) {
		t.Errorf("events %q, want %q", seen, want)
	}
}

func TestTellsOfHandovers(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.Member("bob@example.com", "Viewer")
	v := w.made("bob@example.com", "for bob", 90*day)
	w.deliver()
	mails := w.mailed()
	if len(mails) != 1 || mails[0].Recipient != "bob@example.com" {
		t.Fatalf("created for somebody: %+v", mails)
	}
	if f := mails[0].Facts; f.Action != "token.created" || f.Actor != "ada@example.com" || f.TokenID != v.ID || f.Workspace != "acme" {
		t.Errorf("it tells %+v", f)
	}
	_, err := w.RotateToken(w.Ctx, w.Root, "acme", v.ID, api.RotateToken{})
	officetest.Must(t, err)
	own := api.CreateToken{}
	own.Label = api.Some("own")
	_, err = w.CreateToken(w.Ctx, w.Person("bob@example.com"), "acme", own)
	officetest.Must(t, err)
	w.deliver()
	if mails = w.mailed(); len(mails) != 1 || mails[0].Facts.Action != "token.rotated" {
		t.Errorf("rotated by somebody else, and one's own: %+v", mails)
	}
}

// TestTellsOfAReveal: who sees another's secret again is told about to its
// owner; who looks at their own is not.
func TestTellsOfAReveal(t *testing.T) {
	t.Parallel()
	w := one(t)
	_, err := w.EditPolicy(w.Ctx, w.Root, "acme", api.PatchPolicy{Recoverable: api.Some(true)})
	officetest.Must(t, err)
	w.Member("bob@example.com", "Viewer")
	w.listen("token.revealed")
	v := w.made("bob@example.com", "for bob", 90*day)
	w.deliver()
	w.mailed()
	for _, who := range []authority.Caller{w.Root, w.Person("bob@example.com")} {
		_, err := w.RevealToken(w.Ctx, who, "acme", v.ID)
		officetest.Must(t, err)
	}
	w.deliver()
	mails, posts := w.mailed(), w.posted()
	if len(mails) != 1 || mails[0].Recipient != "bob@example.com" || len(posts) != 2 {
		t.Fatalf("%d events, mails %+v", len(posts), mails)
	}
	if f, e := mails[0].Facts, posts[0].Data; f.Action != "token.revealed" || f.Actor != "ada@example.com" || e.Token.Locator != v.Locator || e.Token.Masked != v.Masked {
		t.Errorf("the mail tells %+v, the event %+v", f, e)
	}
}

func TestReuseIsToldOnceAnHour(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.listen("token.reused", "token.revoked")
		v := w.made("", "ci key", 90*day)
		l, err := token.ParseLocator(v.Locator)
		officetest.Must(w.T, err)
		report := func(n int64) {
			officetest.Must(w.T, w.ReportReuse(w.Ctx, outbox.Reused{Token: l, Secret: 1, Count: n, Addr: netip.MustParseAddr("203.0.113.9"), Agent: "curl"}))
			w.deliver()
		}
		report(1)
		report(5)
		w.Clock.Pass(time.Hour)
		report(2)
		mails, posts := w.mailed(), w.posted()
		if len(mails) != 2 || len(posts) != 2 {
			w.Fatalf("%d mails and %d posts, want 2 and 2", len(mails), len(posts))
		}
		if f := mails[1].Facts; f.Address != "203.0.113.9" || f.Agent != "curl" || f.Count != 7 || posts[1].Data.Count != 7 {
			w.Errorf("the second mail tells %+v, the event of %d times", f, posts[1].Data.Count)
		}
		_, err = w.EditPolicy(w.Ctx, w.Root, "acme", api.PatchPolicy{RevokeOnReuse: api.Some(true)})
		officetest.Must(w.T, err)
		report(1) // the policy acts at once, also within the hour of a use that was told
		got, err := w.GetToken(w.Ctx, w.Root, "acme", v.ID)
		officetest.Must(w.T, err)
		if got.Status != api.StatusRevoked || len(w.posted()) != 2 {
			w.Errorf("with revoke_on_reuse the token is %s", got.Status)
		}
	})
}

// TestNothingComesLate: the mail server was taken away for a week.
func TestNothingComesLate(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.Member("bob@example.com", "Viewer")
	w.made("bob@example.com", "for bob", 90*day)
	w.Clock.Pass(7 * day)
	w.work()
	if got := w.mailed(); len(got) != 0 {
		t.Errorf("a mail of a week ago was sent: %s", got[0].Kind)
	}
}

// A step longer than half of a token's life is none: nobody needs to be told that what
// they just made will end.
func TestStepsAreNotLongerThanHalfALife(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for life, want := range map[time.Duration][]int{10 * day: {3, 1, 0}, 28 * day: {14, 7, 3, 1, 0}, day: {0}} {
			v := w.made("", "x", life)
			var left []int
			for d := int(life / day); d >= 0; d-- {
				w.work()
				for range w.mailed() {
					left = append(left, d)
				}
				w.Clock.Pass(day)
			}
			if !cmp.Equal(left, want) {
				w.Errorf("a token of %v is told with %v days left, want %v", life, left, want)
			}
			_, err := w.RevokeToken(w.Ctx, w.Root, "acme", v.ID, api.RevokeToken{})
			officetest.Must(w.T, err)
		}
	})
}

// Each step is told once, also when the expiry is moved a little or far away and back.
// An expiry that is a good deal later is another one.
func TestAMovedExpiryIsNotToldAgain(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		v := w.made("", "x", 90*day)
		end := *v.ExpiresAt
		w.Clock.Pass(84 * day)
		w.work()
		if got := w.mailed(); len(got) != 1 {
			w.Fatalf("told %v", got)
		}
		for _, at := range []time.Time{end.Add(time.Second), end.Add(-time.Second), end.Add(day), end.Add(200 * day), end, end.Add(time.Hour)} {
			w.expires(v, at)
			w.work()
			w.Clock.Pass(time.Minute)
			w.work()
			if got := w.mailed(); len(got) != 0 {
				w.Errorf("moved by %v: %v", at.Sub(end), got)
			}
		}
		w.expires(v, w.Clock.Now().Add(20*day))
		w.Clock.Pass(14 * day)
		w.work()
		if got := w.mailed(); len(got) != 1 {
			w.Errorf("fourteen days later, with six left again: %v", got)
		}
	})
}

// What the mail server did not take is told when it does: at the expiry of that moment,
// and what it took before is not repeated.
func TestWhatWasNotSentIsToldAgainAlone(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.made("", "first", 90*day)
		w.Clock.Pass(83 * day)
		w.work()
		if got := w.mailed(); len(got) != 1 {
			w.Fatalf("told %v", got)
		}
		second, third := w.made("", "second", 40*day), w.made("", "third", 40*day)
		w.Clock.Pass(33 * day)
		w.down()
		w.work()
		w.expires(second, second.ExpiresAt.Add(time.Second))
		w.expires(third, third.ExpiresAt.Add(100*day)) // and back, when its mail was dropped
		w.up()
		w.Clock.Pass(2 * time.Minute)
		w.work()
		mails := w.mailed()
		if len(mails) != 1 || mails[0].Facts.Label != "second" {
			w.Fatalf("%d mails, want that of the second", len(mails))
		}
		w.expires(third, *third.ExpiresAt)
		w.work()
		if got := w.mailed(); len(got) != 1 || got[0].Facts.Label != "third" {
			w.Errorf("the third was never told: %v", got)
		}
	})
}

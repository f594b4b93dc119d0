package notify_test

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/notify"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

// TestEachStepOnce walks day by day, with several ticks and a restart each, and
// wants one mail for each step.
func TestEachStepOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.create("", "laptop", 60*day)
		var days []int
		for d := range 65 {
			for range 3 {
				w.work()
				w.restart(notify.Egress{})
			}
			for range w.box.take() {
				days = append(days, 60-d)
			}
			w.clock.Pass(day)
		}
		if want := []int{30, 14, 7, 3, 1, 0}; !cmp.Equal(days, want) {
			w.Errorf("mails with %v days left, want %v", days, want)
		}
	})
}

func TestFirstSeenInsideAStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	w.create("", "short", 20*day)
	w.clock.Pass(15 * day)
	w.work()
	mails := w.box.take()
	if len(mails) != 1 {
		t.Fatalf("%d mails, want 1", len(mails))
	}
	contains(t, mails[0].Subject, "short", "expires in 5 days")
}

// TestOutage: the mail server is down for ten days. What it missed is over; of
// both tokens one mail comes, about now.
func TestOutage(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.create("", "a", 15*day)
		w.create("", "b", 16*day)
		w.box.set(&notify.MailError{Unreachable: true, Reason: "down"})
		for range 10 * 4 {
			w.work()
			w.clock.Pass(6 * time.Hour)
		}
		if w.box.tried == 0 {
			w.Fatal("nothing was tried")
		}
		w.box.set(nil)
		for range 4 {
			w.work()
			w.clock.Pass(time.Hour)
		}
		mails := w.box.take()
		if len(mails) != 1 {
			w.Fatalf("%d mails after the outage, want one", len(mails))
		}
		contains(w.T, mails[0].Subject, "2 access tokens expire, the first in ")
	})
}

func TestNotMarkedBeforeAccepted(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		v := w.create("", "a", 90*day)
		w.clock.Pass(70 * day)
		w.box.set(&notify.MailError{Code: 451, Reason: "451 later"})
		w.work()
		sent := func() time.Time {
			var n ledger.Notice
			l, err := token.ParseLocator(v.Locator)
			must(w.T, err)
			must(w.T, w.store.Read(w.ctx, func(r ledger.Reader) error {
				row, err := r.Token(l)
				must(w.T, err)
				n, err = r.Notice(row.ID, 30)
				return err
			}))
			return n.SentAt
		}
		if !sent().IsZero() {
			w.Error("the step is marked sent and was not accepted")
		}
		w.box.set(nil)
		w.clock.Pass(2 * time.Minute)
		w.work()
		if got := w.box.take(); len(got) != 1 || !sent().Equal(w.clock.Now()) {
			w.Errorf("%d mails, marked %v", len(got), sent())
		}
	})
}

// TestChangedMeanwhile: a mail that waits for the server is about a token that
// was renewed, or revoked, since.
func TestChangedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	a, b := w.create("", "renewed", 90*day), w.create("", "revoked", 90*day)
	w.clock.Pass(70 * day)
	w.box.set(&notify.MailError{Unreachable: true, Reason: "down"})
	w.work()
	_, err := w.RotateToken(w.ctx, w.root, "acme", a.ID, api.RotateToken{ExpiresIn: api.Some(api.Duration(200 * day))})
	must(t, err)
	_, err = w.RevokeToken(w.ctx, w.root, "acme", b.ID, api.RevokeToken{})
	must(t, err)
	w.box.set(nil)
	w.clock.Pass(time.Hour)
	w.work()
	if got := w.box.take(); len(got) != 0 {
		t.Errorf("told of what is not so any more: %s", got[0].Subject)
	}
}

func TestRecipients(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.member("bob@example.com", "Administrator")
		w.member("eve@example.com", "Viewer")
		account := func(name string, contacts ...string) {
			in := api.CreateServiceAccount{Name: name, Contacts: api.Some(contacts)}
			in.Role, in.Resources = api.Some("Viewer"), api.Some([]string{"*"})
			_, err := w.CreateServiceAccount(w.ctx, w.root, "acme", in)
			must(w.T, err)
		}
		account("ci", "ops@example.com", "dev@example.com")
		account("cron")
		told := func() []string {
			w.deliver()
			w.box.take() // that somebody else made it
			w.clock.Pass(13 * day)
			w.work()
			to := w.box.to()
			slices.Sort(to)
			return to
		}
		expect := func(what string, want ...string) {
			w.Helper()
			if got := told(); !slices.Equal(got, want) {
				w.Errorf("%s: told %v, want %v", what, got, want)
			}
		}
		w.create("eve@example.com", "hers", 20*day)
		expect("a personal token", "eve@example.com")
		w.create("ci", "contacts", 20*day)
		expect("a service account with contacts", "dev@example.com", "ops@example.com")
		w.create("cron", "creator", 20*day)
		expect("without contacts: its creator", "ada@example.com")
		in := api.CreateToken{Kind: "workspace"}
		in.Label, in.Role, in.Resources, in.ExpiresIn = api.Some("ws"), api.Some("Viewer"), api.Some([]string{"*"}), api.Some(api.Duration(20*day))
		_, err := w.CreateToken(w.ctx, w.person("bob@example.com"), "acme", in)
		must(w.T, err)
		expect("a workspace token: its creator", "bob@example.com")
		in.Label = api.Some("ws2")
		_, err = w.CreateToken(w.ctx, w.person("bob@example.com"), "acme", in)
		must(w.T, err)
		w.member("cyd@example.com", "Owner")
		w.member("dan@example.com", "Administrator")
		_, err = w.DeactivateMember(w.ctx, w.root, "acme", "bob@example.com", false)
		must(w.T, err)
		expect("its creator is inactive", "ada@example.com", "cyd@example.com", "dan@example.com")
	})
}

// person is a caller signed in as the user of an e-mail.
func (w *world) person(email string) authority.Caller {
	w.Helper()
	var id int64
	must(w.T, w.store.Read(w.ctx, func(r ledger.Reader) error {
		u, err := r.User(ledger.UserKey{Email: email})
		id = u.ID
		return err
	}))
	return storetest.SignedIn(w.T, w.store, id)
}

func TestWhoIsNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	v := w.create("", "off", 20*day)
	_, err := w.DisableToken(w.ctx, w.root, "acme", v.ID, api.DisableToken{})
	must(t, err)
	_, err = w.EditPolicy(w.ctx, w.root, "acme", api.PatchPolicy{NoticeDays: api.Some([]int{3})})
	must(t, err)
	w.create("", "far", 20*day)
	w.work()
	if got := w.box.take(); len(got) != 0 {
		t.Errorf("told: %s", got[0].Subject)
	}
	w.clock.Pass(17 * day)
	w.work()
	if got := w.box.take(); len(got) != 1 || !strings.Contains(got[0].Subject, "far") {
		t.Errorf("at the policy's step: %+v", got)
	}
}

func TestExpiryWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	w.listen("token.expiring", "token.expired")
	w.create("", "x", 2*day)
	var seen []string
	for range 6 {
		w.work()
		for _, p := range w.hook.take() {
			var e api.WebhookEvent
			must(t, json.Unmarshal(p.body, &e))
			seen = append(seen, e.Type+" "+strings.Repeat("d", e.Data.DaysLeft))
		}
		w.clock.Pass(12 * time.Hour)
	}
	if want := []string{"token.expiring d", "token.expired "}; !cmp.Equal(seen, want) {
		t.Errorf("events %q, want %q", seen, want)
	}
}

func TestTellsOfHandovers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	w.member("bob@example.com", "Viewer")
	v := w.create("bob@example.com", "for bob", 90*day)
	w.deliver()
	mails := w.box.take()
	if len(mails) != 1 || mails[0].To != "bob@example.com" {
		t.Fatalf("created for somebody: %+v", mails)
	}
	contains(t, mails[0].Text, "was created in your name", "ada@example.com", "https://tokens.example.com/workspace/acme/access-tokens/bob@example.com_"+v.Locator)
	_, err := w.RotateToken(w.ctx, w.root, "acme", v.ID, api.RotateToken{})
	must(t, err)
	own := api.CreateToken{}
	own.Label = api.Some("own")
	_, err = w.CreateToken(w.ctx, w.person("bob@example.com"), "acme", own)
	must(t, err)
	w.deliver()
	if mails = w.box.take(); len(mails) != 1 || !strings.Contains(mails[0].Subject, "given a new secret") {
		t.Errorf("rotated by somebody else, and one's own: %+v", mails)
	}
}

// TestTellsOfAReveal: who sees another's secret again is told about to its
// owner; who looks at their own is not.
func TestTellsOfAReveal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	_, err := w.EditPolicy(w.ctx, w.root, "acme", api.PatchPolicy{Recoverable: api.Some(true)})
	must(t, err)
	w.member("bob@example.com", "Viewer")
	w.listen("token.revealed")
	v := w.create("bob@example.com", "for bob", 90*day)
	w.deliver()
	w.box.take()
	for _, who := range []authority.Caller{w.root, w.person("bob@example.com")} {
		_, err := w.RevealToken(w.ctx, who, "acme", v.ID)
		must(t, err)
	}
	w.deliver()
	mails, posts := w.box.take(), w.hook.take()
	if len(mails) != 1 || mails[0].To != "bob@example.com" || len(posts) != 2 {
		t.Fatalf("%d events, mails %+v", len(posts), mails)
	}
	contains(t, mails[0].Text, "was shown to somebody else", "ada@example.com")
	contains(t, string(posts[0].body), v.Locator, v.Masked)
}

func TestReuseIsToldOnceAnHour(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.listen("token.reused", "token.revoked")
		v := w.create("", "ci key", 90*day)
		l, err := token.ParseLocator(v.Locator)
		must(w.T, err)
		report := func(n int64) {
			must(w.T, w.ReportReuse(w.ctx, outbox.Reused{Token: l, Secret: 1, Count: n, Addr: netip.MustParseAddr("203.0.113.9"), Agent: "curl"}))
			w.deliver()
		}
		report(1)
		report(5)
		w.clock.Pass(time.Hour)
		report(2)
		mails, posts := w.box.take(), w.hook.take()
		if len(mails) != 2 || len(posts) != 2 {
			w.Fatalf("%d mails and %d posts, want 2 and 2", len(mails), len(posts))
		}
		contains(w.T, mails[1].Text, "203.0.113.9", "Times: 7\n")
		contains(w.T, string(posts[1].body), `"count":7`)
		_, err = w.EditPolicy(w.ctx, w.root, "acme", api.PatchPolicy{RevokeOnReuse: api.Some(true)})
		must(w.T, err)
		report(1) // the policy acts at once, also within the hour of a use that was told
		got, err := w.GetToken(w.ctx, w.root, "acme", v.ID)
		must(w.T, err)
		if got.Status != api.StatusRevoked || len(w.hook.take()) != 2 {
			w.Errorf("with revoke_on_reuse the token is %s", got.Status)
		}
	})
}

// TestNothingComesLate: the mail server was taken away for a week.
func TestNothingComesLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	w.member("bob@example.com", "Viewer")
	w.create("bob@example.com", "for bob", 90*day)
	w.clock.Pass(7 * day)
	w.work()
	if got := w.box.take(); len(got) != 0 {
		t.Errorf("a mail of a week ago was sent: %s", got[0].Subject)
	}
}

package outbox_test

import (
	"crypto/rand"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/strange"
	"github.com/tokenry/tokenry/token"
)

// seen reports that a token was used from a network, as the last of networks says.
func (w *world) seen(v api.Token, network string) {
	w.Helper()
	l, err := token.ParseLocator(v.Locator)
	officetest.Must(w.T, err)
	p := netip.MustParsePrefix(network)
	officetest.Must(w.T, w.ReportStrange(w.Ctx, []strange.Sign{{Token: l, At: w.Clock.Now(), Networks: []netip.Prefix{p}, Addr: p.Addr(), Agent: "curl/8"}}))
}

func (w *world) openOf(c authority.Caller, v api.Token) api.StrangeUse {
	w.Helper()
	s, err := w.StrangeUse(w.Ctx, c, "acme", v.Locator)
	officetest.Must(w.T, err)
	return s
}

func (w *world) answer(c authority.Caller, v api.Token, answer string) error {
	_, err := w.AnswerStrangeUse(w.Ctx, c, "acme", v.Locator, api.AnswerStrangeUse{Answer: answer, Comment: "asked"})
	return err
}

// TestStrangeUseIsToldOnce: of one token once in a day, to one person in one mail some hours
// after the mail before, whatever comes and however often it is reported.
func TestStrangeUseIsToldOnce(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.Member("bob@example.com", "Viewer")
		w.listen("token.strange_use")
		one, two, three := w.made("bob@example.com", "one", 90*day), w.made("bob@example.com", "two", 90*day), w.made("bob@example.com", "three", 90*day)
		w.deliver()
		w.mailed()
		w.seen(one, "203.0.113.0/24")
		w.seen(two, "203.0.113.0/24")
		w.seen(one, "203.0.113.0/24")
		w.seen(one, "198.51.100.0/24")
		w.deliver()
		if got := w.types(); len(got) != 2 || len(w.mailed()) != 0 {
			w.Fatalf("at once, %v were told", got)
		}
		w.Clock.Pass(2 * time.Minute)
		w.deliver()
		mails := w.mailed()
		if len(mails) != 1 || mails[0].Kind != ledger.MailStrange || mails[0].Recipient != "bob@example.com" || len(mails[0].Others) != 1 {
			w.Fatalf("mailed %+v", mails)
		}
		if f := mails[0].Facts; f.Label != "one" || f.Strange == nil || !cmp.Equal(f.Strange.Networks, []string{"203.0.113.0/24"}) || f.Strange.Agent != "curl/8" {
			w.Errorf("it tells %+v", f)
		}
		w.seen(three, "203.0.113.0/24")
		w.Clock.Pass(5 * time.Hour)
		w.deliver()
		if n := len(w.mailed()); n != 0 {
			w.Errorf("%d mails within hours of the one before", n)
		}
		w.Clock.Pass(2 * time.Hour)
		w.deliver()
		if mails := w.mailed(); len(mails) != 1 || mails[0].Facts.Label != "three" {
			w.Errorf("then %+v", mails)
		}
		w.posted()
		w.Clock.Pass(day)
		w.seen(one, "192.0.2.0/24")
		w.Clock.Pass(2 * time.Minute)
		w.deliver()
		posts := w.posted()
		if len(posts) != 1 || posts[0].Data.StrangeUse == nil || len(posts[0].Data.StrangeUse.Networks) != 3 || len(w.mailed()) != 1 {
			w.Errorf("a day later, %+v", posts)
		}
	})
}

// TestWhoItWasIsAnswered: me ends the notice, not_me keeps it until the token has a new
// secret, and the networks are news again. A token answers nothing about itself.
func TestWhoItWasIsAnswered(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		forgotten := new(officetest.Forgotten)
		w.Office = office.New(authority.Options{Store: w.Store, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader, Mail: true, Forget: forgotten})
		bob, eve := w.Member("bob@example.com", "Viewer"), w.Member("eve@example.com", "Viewer")
		i, err := w.CreateToken(w.Ctx, bob, "acme", api.CreateToken{TokenFields: api.TokenFields{Label: api.Some("Laptop")}})
		officetest.Must(w.T, err)
		w.seen(i.Token, "203.0.113.0/24")
		of := api.TokenFields{Label: api.Some("All")}
		of.Scopes, of.Resources = api.Some([]string{"*"}), api.Some([]string{"*"})
		all := w.Create(w.Root, api.CreateToken{TokenFields: of})
		w.Refused(w.answer(w.With(all), all.Token, api.StrangeMe), api.CodeForbidden)
		w.Refused(w.answer(eve, i.Token, api.StrangeMe), api.CodeInsufficientScope)
		_, err = w.AnswerStrangeUse(w.Ctx, bob, "acme", i.Token.Locator, api.AnswerStrangeUse{Answer: api.StrangeMe, Seen: new(w.Clock.Now().Add(-time.Second))})
		w.Refused(err, api.CodeChangedMeanwhile)
		w.Refused(w.answer(bob, i.Token, "perhaps"), api.CodeInvalidField)
		if s := w.openOf(bob, i.Token); !s.Open || !cmp.Equal(s.Networks, []string{"203.0.113.0/24"}) || *s.LastIP != "203.0.113.0" || s.DisownedAt != nil {
			w.Fatalf("open: %+v", s)
		}
		officetest.Must(w.T, w.answer(bob, i.Token, api.StrangeMe))
		officetest.Must(w.T, w.answer(bob, i.Token, api.StrangeMe)) // sent twice
		if s := w.openOf(bob, i.Token); s.Open {
			w.Errorf("after me: %+v", s)
		}
		w.Clock.Pass(time.Hour)
		w.deliver()
		for _, l := range w.mailed() {
			if l.Kind == ledger.MailStrange {
				w.Error("what was answered is mailed")
			}
		}
		w.seen(i.Token, "198.51.100.0/24")
		officetest.Must(w.T, w.answer(bob, i.Token, api.StrangeNotMe))
		if s := w.openOf(bob, i.Token); !s.Open || s.DisownedAt == nil || !cmp.Equal(forgotten.Networks, []netip.Addr{netip.MustParseAddr("198.51.100.0")}, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })) {
			w.Errorf("after not_me: %+v, forgotten %v", s, forgotten.Networks)
		}
		w.Clock.Pass(time.Minute)
		_, err = w.ResetToken(w.Ctx, bob, "acme", i.Token.Locator)
		officetest.Must(w.T, err)
		if s := w.openOf(bob, i.Token); s.Open {
			w.Errorf("with another secret: %+v", s)
		}
		w.seen(i.Token, "198.51.100.0/24")
		if s := w.openOf(bob, i.Token); !s.Open || s.DisownedAt != nil {
			w.Errorf("after that, it is news: %+v", s)
		}
	})
}

// TestNobodyIsToldOf: what has ended, what is not wanted, and what is no token any more.
func TestNobodyIsToldOfStrangeUse(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.listen("token.strange_use")
	v, over := w.made("", "kept", 90*day), w.made("", "over", 90*day)
	_, err := w.RevokeToken(w.Ctx, w.Root, "acme", over.Locator, api.RevokeToken{})
	officetest.Must(t, err)
	w.seen(over, "203.0.113.0/24")
	officetest.Must(t, w.ReportStrange(w.Ctx, []strange.Sign{{Token: token.Locator([]byte("abcDEF012345")), At: w.Clock.Now(), Denied: 20}}))
	l, err := token.ParseLocator(v.Locator)
	officetest.Must(t, err)
	officetest.Must(t, w.ReportStrange(w.Ctx, []strange.Sign{{Token: l, At: w.Clock.Now(), Denied: 20}})) // it is new, and being set up
	_, err = w.EditPolicy(w.Ctx, w.Root, "acme", api.PatchPolicy{NoticeStrangeUse: api.Some(false)})
	officetest.Must(t, err)
	w.seen(v, "203.0.113.0/24")
	w.deliver()
	if got := w.types(); len(got) != 0 {
		t.Errorf("told %v", got)
	}
}

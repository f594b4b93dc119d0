package notify_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/notify"
)

// subjects is what was mailed since the last call.
func (w *world) subjects() []string {
	out := []string{}
	for _, m := range w.box.take() {
		out = append(out, m.To+" "+m.Subject)
	}
	return out
}

func (w *world) expires(v api.Token, at time.Time) {
	w.Helper()
	_, err := w.EditToken(w.ctx, w.root, "acme", v.ID, api.EditToken{TokenFields: api.TokenFields{ExpiresAt: api.Some(at)}})
	must(w.T, err)
}

// A step longer than half of a token's life is none: nobody needs to be told that what
// they just made will end.
func TestStepsAreNotLongerThanHalfALife(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for life, want := range map[time.Duration][]int{10 * day: {3, 1, 0}, 28 * day: {14, 7, 3, 1, 0}, day: {0}} {
			v := w.create("", "x", life)
			var left []int
			for d := int(life / day); d >= 0; d-- {
				w.work()
				for range w.box.take() {
					left = append(left, d)
				}
				w.clock.Pass(day)
			}
			if !cmp.Equal(left, want) {
				w.Errorf("a token of %v is told with %v days left, want %v", life, left, want)
			}
			_, err := w.RevokeToken(w.ctx, w.root, "acme", v.ID, api.RevokeToken{})
			must(w.T, err)
		}
	})
}

// What one person is told in one run is one mail: of each workspace under its name,
// with what is too much for it counted, and nothing that anybody wrote acting in it.
// Of each token there is a webhook of its own.
func TestNoticesToOnePersonAreOneMail(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.listen("token.expired")
		_, err := w.CreateWorkspace(w.ctx, authority.Caller{Machine: "test"}, api.CreateWorkspace{Slug: "globex", Name: api.Some("Globex \u202e<b>")})
		must(w.T, err)
		in := api.CreateMember{Email: "ada@example.com"}
		in.Role = api.Some("Owner")
		_, err = w.CreateMember(w.ctx, authority.Caller{Machine: "test"}, "globex", in)
		must(w.T, err)
		const hostile = `<img src=x onerror=alert(1)>`
		w.create("", hostile, time.Minute)
		for i := range 75 {
			w.create("", fmt.Sprintf("job %d", i), time.Duration(i+61)*time.Second)
		}
		other := api.CreateToken{}
		other.Label, other.ExpiresIn = api.Some("elsewhere"), api.Some(api.Duration(time.Minute))
		_, err = w.CreateToken(w.ctx, w.person("ada@example.com"), "globex", other)
		must(w.T, err)
		w.work()
		if got := w.subjects(); len(got) != 0 {
			w.Errorf("at once: %v", got)
		}
		w.clock.Pass(3 * time.Minute)
		w.work()
		mails := w.box.take()
		if len(mails) != 1 || mails[0].To != "ada@example.com" || mails[0].Subject != "[Acme Cloud] 77 access tokens have expired" {
			w.Fatalf("%d mails: %+v", len(mails), mails)
		}
		m := mails[0]
		contains(w.T, m.Text, "acme\n", "Globex \ufffd<b> (globex)", hostile, "job 0", "elsewhere", "and 27 more", "https://tokens.example.com/workspace/globex/access-tokens/")
		contains(w.T, m.HTML, "&lt;img src=x", "Globex \ufffd&lt;b&gt; (globex)", "and 27 more")
		lacks(w.T, m.HTML+m.Text, "\u202e")
		lacks(w.T, m.HTML, "<img", "<b>")
		if n := strings.Count(m.Text, "expired Saturday"); n != 50 {
			w.Errorf("%d tokens are listed, want 50", n)
		}
		if n := len(w.hook.take()); n != 76 {
			w.Errorf("%d webhooks, want one of each token", n)
		}
		w.clock.Pass(time.Minute)
		w.work()
		if got := w.subjects(); len(got) != 0 {
			w.Errorf("a run later: %v", got)
		}
	})
}

// Each step is told once, also when the expiry is moved a little or far away and back.
// An expiry that is a good deal later is another one.
func TestAMovedExpiryIsNotToldAgain(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		v := w.create("", "x", 90*day)
		end := *v.ExpiresAt
		w.clock.Pass(84 * day)
		w.work()
		if got := w.subjects(); len(got) != 1 {
			w.Fatalf("told %v", got)
		}
		for _, at := range []time.Time{end.Add(time.Second), end.Add(-time.Second), end.Add(day), end.Add(200 * day), end, end.Add(time.Hour)} {
			w.expires(v, at)
			w.work()
			w.clock.Pass(time.Minute)
			w.work()
			if got := w.subjects(); len(got) != 0 {
				w.Errorf("moved by %v: %v", at.Sub(end), got)
			}
		}
		w.expires(v, w.clock.Now().Add(20*day))
		w.clock.Pass(14 * day)
		w.work()
		if got := w.subjects(); len(got) != 1 {
			w.Errorf("fourteen days later, with six left again: %v", got)
		}
	})
}

// What the mail server did not take is told when it does: at the expiry of that moment,
// and what it took before is not repeated.
func TestWhatWasNotSentIsToldAgainAlone(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.create("", "first", 90*day)
		w.clock.Pass(83 * day)
		w.work()
		if got := w.subjects(); len(got) != 1 {
			w.Fatalf("told %v", got)
		}
		second, third := w.create("", "second", 40*day), w.create("", "third", 40*day)
		w.clock.Pass(33 * day)
		w.box.set(&notify.MailError{Code: 451, Reason: "451 later"})
		w.work()
		w.expires(second, second.ExpiresAt.Add(time.Second))
		w.expires(third, third.ExpiresAt.Add(100*day)) // and back, when its mail was dropped
		w.box.set(nil)
		w.clock.Pass(2 * time.Minute)
		w.work()
		mails := w.box.take()
		if len(mails) != 1 || !strings.Contains(mails[0].Subject, "second") {
			w.Fatalf("%d mails, want that of the second", len(mails))
		}
		w.expires(third, *third.ExpiresAt)
		w.work()
		if got := w.subjects(); len(got) != 1 || !strings.Contains(got[0], "third") {
			w.Errorf("the third was never told: %v", got)
		}
	})
}

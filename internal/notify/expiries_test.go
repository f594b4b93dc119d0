package notify_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// subjects is what was mailed since the last call.
func (w *world) subjects() []string {
	out := []string{}
	for _, m := range w.box.take() {
		out = append(out, m.To+" "+m.Subject)
	}
	return out
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

package notify_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// TestTellsOfLeaks: the owner, the administrators and the endpoints hear of a
// leak once, with the place, and never with the secret or an address to click.
func TestTellsOfLeaks(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.member("bob@example.com", "Viewer")
		w.member("dan@example.com", "Administrator")
		w.member("eve@example.com", "Workspace Manager")
		w.listen("token.leaked")
		in := api.CreateToken{Owner: "bob@example.com"}
		in.Label, in.ExpiresIn = api.Some("for bob"), api.Some(90*api.Day)
		i, err := w.CreateToken(w.ctx, w.root, "acme", in)
		must(w.T, err)
		w.deliver()
		w.box.take()
		report := api.ReportLeaks{Tokens: []api.LeakedToken{{Token: i.Secret.Reveal(), URL: "https://evil.example.com/login", Source: "commit"}}}
		for range 2 {
			_, err := w.ReportLeaks(w.ctx, authority.Caller{}, report)
			must(w.T, err)
			w.deliver()
		}
		mails := w.box.take()
		var to []string
		for _, m := range mails {
			to = append(to, m.To)
			contains(w.T, m.Subject, "“for bob” has leaked")
			contains(w.T, m.Text, "The token is revoked", "commit hxxps://evil[.]example[.]com/login", i.Token.Masked, "leak-report")
			if strings.Contains(m.Text+m.HTML, "evil.example.com") || strings.Contains(m.Text+m.HTML, i.Secret.Reveal()[17:49]) {
				w.Errorf("the mail holds an address to follow, or the secret: %s", m.Text)
			}
		}
		if slices.Sort(to); !cmp.Equal(to, []string{"ada@example.com", "bob@example.com", "dan@example.com"}) {
			w.Errorf("told %v", to)
		}
		posts := w.hook.take()
		if len(posts) != 1 {
			w.Fatalf("%d events", len(posts))
		}
		var e api.WebhookEvent
		must(w.T, json.Unmarshal(posts[0].body, &e))
		want := &api.Leak{Secret: api.SecretCurrent, Effect: api.LeakRevoked, URL: "https://evil.example.com/login", Source: "commit"}
		if diff := cmp.Diff(want, e.Data.Leak); diff != "" || e.Data.Token.Status != api.StatusRevoked || strings.Contains(string(posts[0].body), i.Secret.Reveal()[17:49]) {
			w.Errorf("event %s: %s", posts[0].body, diff)
		}
	})
}

// TestARevocationForALeakIsTold: what somebody does by hand is told like what a
// report does, to everybody but them.
func TestARevocationForALeakIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	w.member("bob@example.com", "Viewer")
	w.listen("token.leaked")
	v := w.create("bob@example.com", "for bob", 90*day)
	other := w.create("bob@example.com", "unused", 90*day)
	w.deliver()
	w.box.take()
	for id, reason := range map[string]string{v.ID: api.ReasonLeaked, other.ID: api.ReasonUnused} {
		_, err := w.RevokeToken(w.ctx, w.root, "acme", id, api.RevokeToken{Reason: reason})
		must(t, err)
	}
	w.deliver()
	mails, posts := w.box.take(), w.hook.take()
	if len(mails) != 1 || mails[0].To != "bob@example.com" || len(posts) != 1 {
		t.Fatalf("%d events, mails %+v", len(posts), mails)
	}
	contains(t, mails[0].Text, "for bob", "ada@example.com")
	contains(t, string(posts[0].body), `"effect":"revoked"`, v.Locator)
}

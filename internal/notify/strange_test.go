package notify_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/strange"
	"github.com/tokenry/tokenry/token"
)

// TestTellsOfStrangeUse: what people wrote is shown and not obeyed, and no link of a mail
// does anything but open a page.
func TestTellsOfStrangeUse(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.member("bob@example.com", "Viewer")
		labels := []string{`<script>alert(1)</script> "deploy"`, "\u202egnihtyna", "third"}
		var made []api.Token
		for _, l := range labels[:2] {
			made = append(made, w.create("bob@example.com", strings.ReplaceAll(l, "\u202e", ""), 90*24*time.Hour))
		}
		made = append(made, w.create("bob@example.com", labels[2], 90*24*time.Hour))
		w.clock.Pass(8 * 24 * time.Hour)
		w.deliver()
		w.box.take()
		seen := func(v api.Token) strange.Sign {
			l, err := token.ParseLocator(v.Locator)
			must(w.T, err)
			return strange.Sign{Token: l, At: w.clock.Now(), Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, Crowded: true, QuietSince: w.clock.Now().Add(-100 * 24 * time.Hour),
				Denied: 20, Addr: netip.MustParseAddr("203.0.113.7"), Agent: "<b>\r\nBcc: eve@example.com\u202e"}
		}
		must(w.T, w.ReportStrange(w.ctx, []strange.Sign{seen(made[0])}))
		w.clock.Pass(2 * time.Minute)
		w.deliver()
		must(w.T, w.ReportStrange(w.ctx, []strange.Sign{seen(made[1]), seen(made[2])}))
		w.clock.Pass(6 * time.Hour)
		w.deliver()
		mails := w.box.take()
		if len(mails) != 2 {
			w.Fatalf("%d mails", len(mails))
		}
		one, two := mails[0], mails[1]
		contains(w.T, one.Text, "203.0.113.0/24", "after a silence since 12 December 2025", "refused 20 times in an hour", "so many networks that new ones", "203.0.113.7", "opening a link changes nothing",
			"https://tokens.example.com/workspace/acme/access-tokens/")
		contains(w.T, one.HTML, "&lt;script&gt;", "&lt;b&gt;")
		contains(w.T, two.Subject, "2 access tokens were used in a way that is new")
		contains(w.T, two.Text, "third", "203.0.113.0/24")
		for _, m := range mails {
			for _, text := range []string{m.HTML, m.Text, m.Subject} {
				if strings.Contains(text, "<b>\r") || strings.Contains(text, "\nBcc:") || strings.Contains(text, "\u202e") || m.HTML == text && strings.Contains(text, "<script>") {
					w.Errorf("%q", text)
				}
			}
			if strings.Contains(m.HTML+m.Text, "answer=") {
				w.Errorf("a link answers: %s", m.Text)
			}
		}
	})
}

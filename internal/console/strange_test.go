package console_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/strange"
	"github.com/tokenry/tokenry/token"
)

// TestStrangeUseIsAnsweredOnThePages: on the token's and above one's own; by a form, and for
// what was shown alone. Whoever says that it was not them is led to what ends it.
func TestStrangeUseIsAnsweredOnThePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.issue("personal", "", "<i>Laptop</i>").Token
	l, err := token.ParseLocator(v.Locator)
	must(t, err)
	seen := func(network string) {
		w.Helper()
		p := netip.MustParsePrefix(network)
		must(t, w.ReportStrange(w.ctx, []strange.Sign{{Token: l, At: w.at, Networks: []netip.Prefix{p}, Addr: p.Addr(), Agent: "<b>curl</b>"}}))
	}
	at := list + "/" + v.Locator
	w.hides(w.as("ada@example.com", at), "Strange use")
	seen("203.0.113.0/24")
	page := w.status(w.as("ada@example.com", at), http.StatusOK)
	w.inert(page)
	w.labelled(page)
	w.shows(page, "Strange use", "203.0.113.0/24", "It was me", "It was not me", "&lt;b&gt;curl&lt;/b&gt;")
	mine := w.status(w.as("ada@example.com", "/settings/tokens"), http.StatusOK)
	w.inert(mine)
	w.shows(mine, "Strange use of", "203.0.113.0/24", "It was me", "&lt;i&gt;Laptop&lt;/i&gt;")
	if got := w.as("ada@example.com", at+"/strange"); got.StatusCode != http.StatusMethodNotAllowed && got.StatusCode != http.StatusNotFound {
		t.Errorf("a link answers: %d", got.StatusCode)
	}
	form := w.filled(page, at+"/strange")
	seen("198.51.100.0/24") // after the page was drawn
	w.status(w.as("ada@example.com", at+"/strange", with(form, "answer", "me")), http.StatusSeeOther)
	w.shows(w.as("ada@example.com", at), "198.51.100.0/24", "It was me")
	form = w.filled(w.as("ada@example.com", at), at+"/strange")
	w.status(w.as("ada@example.com", at+"/strange", with(form, "answer", "not_me")), http.StatusSeeOther)
	page = w.as("ada@example.com", at)
	w.inert(page)
	w.shows(page, "this was not them", "Reset", "/delete?reason=leaked", "Leak desk", "It was me")
	w.hides(page, "It was not me")
	form = w.filled(page, at+"/strange")
	w.status(w.as("ada@example.com", at+"/strange", with(form, "answer", "me")), http.StatusSeeOther)
	w.hides(w.as("ada@example.com", at), "Strange use")
	w.hides(w.as("ada@example.com", "/settings/tokens"), "Strange use")
	rows, _, err := w.Audit(w.ctx, w.caller("ada@example.com"), "acme", api.AuditFilter{Token: v.Locator}, pageOf())
	must(t, err)
	said := map[string]int{}
	for _, e := range rows {
		said[e.Action]++
	}
	if said["token.strange_use"] != 1 || said["token.strange_use_answered"] != 2 {
		t.Errorf("the audit has %v", said)
	}
}

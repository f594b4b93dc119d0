package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// TestWhatNobodyUsesIsShownAndConfirmed: a token says its day wherever it is shown, what waits
// has a number in the menu, and a yes is to what the page showed, by who may disable.
func TestWhatNobodyUsesIsShownAndConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("vera@example.com", "Viewer")
	const at = "/workspace/acme/unused"
	w.shows(w.as("ada@example.com", at), "The policy disables none of them.")
	i := w.issue("workspace", "", "forgotten")
	_, err := w.EditPolicy(w.ctx, w.root, "acme", api.PatchPolicy{DisableUnusedAfter: api.Some(60 * api.Day)})
	must(t, err)
	now := w.at.UTC().Truncate(time.Microsecond)
	day := now.Add(3 * 24 * time.Hour)
	waits := func(n int) {
		t.Helper()
		_, err := w.store.Batch(w.ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
			l, err := token.ParseLocator(i.Token.Locator)
			must(t, err)
			row, err := tx.Token(l)
			must(t, err)
			row.UnusedDue, row.Unused = day, &ledger.Unused{Since: w.at.Add(-50 * 24 * time.Hour), WarnedAt: w.at}
			must(t, tx.PutToken(row))
			return tx.PutUnusedState(ledger.UnusedState{Workspace: row.Workspace, Facts: ledger.UnusedFacts{Waits: &ledger.UnusedWaits{N: n, UpTo: now, Since: now}}})
		}})
		must(t, err)
	}
	waits(7)
	on := "on " + day.Format("2 January 2006")
	w.shows(w.as("ada@example.com", "/workspace/acme/integration-tokens"), "Unused; disabled "+day.Format("2 Jan 2006"), "7 waiting")
	w.shows(w.as("ada@example.com", "/workspace/acme/access-tokens/"+i.Token.Locator), "Will be disabled "+on+" if nobody uses it", "Help: tokens that nobody uses")
	page := w.status(w.as("ada@example.com", at+"?after=30d"), http.StatusOK)
	w.inert(page)
	w.labelled(page)
	w.shows(page, "not used for 60 days", "1 token has a day", "7 tokens that nobody uses wait", "Disable 7 tokens", "forgotten", "With 30 days, no owner would be told now")
	w.shows(w.as("ada@example.com", at+"?after=29d"), "must be from 30d")
	w.shows(w.as("ada@example.com", "/workspace/acme/settings"), "A token that was not used for 60 days is disabled", "7 waiting to be disabled")
	w.hides(w.as("vera@example.com", at), "Disable 7 tokens", "7 waiting")
	yes := url.Values{"count": {hidden(page, "count")}, "up_to": {hidden(page, "up_to")}}
	w.status(w.as("vera@example.com", at+"/confirm", yes), http.StatusForbidden)
	leads := func(f url.Values, did string) {
		t.Helper()
		if to := w.status(w.as("ada@example.com", at+"/confirm", f), http.StatusSeeOther).Header.Get("Location"); !strings.HasSuffix(to, "did="+did) {
			t.Errorf("it leads to %s", to)
		}
	}
	waits(8)
	leads(yes, "more-waits")
	waits(7)
	leads(yes, "unused-confirmed")
	w.shows(w.as("ada@example.com", at), "said yes on", "7 tokens of those that were shown are disabled within minutes")
	w.hides(w.as("ada@example.com", at), "Disable 7 tokens", "7 waiting")
}

package console_test

import (
	"crypto/rand"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// written writes n workspace tokens of acme, as if they had been made before.
func (w *world) written(n int, set func(t *ledger.Token)) {
	w.Helper()
	for range n / 50 {
		errs, err := w.store.Batch(w.ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
			ws, err := tx.Workspace(ledger.WorkspaceKey{Slug: "acme"})
			must(w.T, err)
			for range 50 {
				l, err := token.NewLocator(rand.Reader)
				must(w.T, err)
				t := ledger.Token{ID: tx.NewID(), Locator: l, Prefix: token.DefaultPrefix, Kind: token.Workspace, Workspace: ws.ID,
					Label: "written", CreatedAt: w.at.Add(-40 * 24 * time.Hour), Revision: tx.Revision()}
				set(&t)
				if err := tx.PutToken(t); err != nil {
					return err
				}
			}
			return nil
		}})
		must(w.T, err)
		must(w.T, errs[0])
	}
}

// states are the numbers that the developer tools show.
func (w *world) states(a answer) map[string]int {
	w.Helper()
	out := map[string]int{}
	for _, m := range regexp.MustCompile(`(?s)<dt>([A-Z][a-z ]+)</dt>\s*<dd class="meter">.*?</svg>\s*([0-9,]+)`).FindAllStringSubmatch(a.body, -1) {
		n, err := strconv.Atoi(regexp.MustCompile(`,`).ReplaceAllString(m[2], ""))
		must(w.T, err)
		out[m[1]] = n
	}
	return out
}

// TestDeveloperToolsCountEveryToken: what stands behind thousands of newer ones is
// counted, and lists that looked at some alone say so.
func TestDeveloperToolsCountEveryToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const tools = "/workspace/acme/developer-tools"
	a := w.status(w.as("ada@example.com", tools), http.StatusOK)
	before := w.states(a)
	w.hides(a, "Among the newest")
	days := func(n int) time.Time { return w.at.Add(time.Duration(n) * 24 * time.Hour) }
	w.written(50, func(t *ledger.Token) { t.ExpiresAt = days(-1) })
	w.written(100, func(t *ledger.Token) { t.RevokedAt = days(-1) })
	w.written(150, func(t *ledger.Token) { t.DisabledAt = days(-1) })
	w.written(50, func(t *ledger.Token) { t.NotBefore, t.ExpiresAt = days(1), days(22) })
	w.written(50, func(t *ledger.Token) { t.Label, t.ExpiresAt = "the next to end", days(3) })
	w.written(2100, func(*ledger.Token) {})
	a = w.status(w.as("ada@example.com", tools), http.StatusOK)
	after := w.states(a)
	for state, want := range map[string]int{"Active": 2100, "Expiring soon": 50, "Blocked": 50, "Disabled": 150, "Expired": 50, "Revoked": 100} {
		if got := after[state] - before[state]; got != want {
			t.Errorf("%s: %d more, want %d", state, got, want)
		}
	}
	w.shows(a, "the next to end", "Among the newest 2000 tokens.", "now: 50", "3 w: 50")

	w.member("bob@example.com", "Viewer")
	w.issue("personal", "bob@example.com", "Bob's")
	if got := w.states(w.status(w.as("bob@example.com", tools), http.StatusOK)); len(got) != 6 {
		t.Errorf("a Viewer is shown %v", got)
	}
}

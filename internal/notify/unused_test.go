package notify_test

import (
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/outbox"
)

// TestTellsWhatNobodyUses: what will be disabled, what was and what waits, in one mail, each
// with what to do and a link that only opens a page.
func TestTellsWhatNobodyUses(t *testing.T) {
	t.Parallel()
	s := renderer(t, "Tokenry")
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	note := func(what, label, workspace string) ledger.UnusedNote {
		return ledger.UnusedNote{What: what, Workspace: workspace, WorkspaceName: "Acme", TokenID: workspace + "@workspace_7hQ2aB9cXk1Z", Label: label, Mask: "tkyw_7hQ2a…",
			Owner: "acme@workspace", Since: at.AddDate(0, -2, 0), At: at, N: 7}
	}
	render := func(more int, notes ...ledger.UnusedNote) (subject, text string) {
		m, err := s.Render(outbox.Letter{Message: "mail_1", Kind: ledger.MailUnused, Recipient: "ada@example.com", Facts: ledger.MailFacts{Unused: notes, MoreUnused: more}})
		must(t, err)
		contains(t, m.HTML, m.Subject[len("[Tokenry] "):])
		return m.Subject, m.Text
	}
	subject, text := render(0, note(ledger.UnusedWarned, "deploy", "acme"))
	contains(t, subject, "An access token that nobody uses will be disabled")
	contains(t, text, "To be disabled: Monday, 4 May 2026, 12:00 UTC", "Not used since: Wednesday, 4 March 2026", "use it once before its day", "Open the token: https://tokens.example.com/base/workspace/acme/access-tokens/acme@workspace_7hQ2aB9cXk1Z")
	subject, text = render(3, note(ledger.UnusedWarned, "deploy", "acme"), note(ledger.UnusedDisabled, "old", "globex"))
	contains(t, subject, "Access tokens that nobody uses are disabled, or will be")
	contains(t, text, "will be disabled on Monday, 4 May 2026, 12:00 UTC; not used since 4 March 2026", "was disabled on Monday", "enable it, and it works again", "Acme (globex)", "and 3 more", "Open the console: https://tokens.example.com/base/")
	subject, text = render(0, note(ledger.UnusedDisabled, "a", "acme"), note(ledger.UnusedDisabled, "b", "acme"))
	contains(t, subject, "Access tokens that nobody used are disabled")
	contains(t, text, "a (tkyw_7hQ2a…", "b (tkyw_7hQ2a…")
	subject, text = render(0, note(ledger.UnusedWaiting, "", "acme"))
	contains(t, subject, "Access tokens that nobody uses wait to be disabled")
	contains(t, text, "Waiting: 7 tokens wait", "Workspace: Acme (acme)", "Open what waits: https://tokens.example.com/base/workspace/acme/unused")
	_, text = render(0, note(ledger.UnusedWarned, "deploy", "acme"), note(ledger.UnusedWaiting, "", "acme"))
	contains(t, text, "7 tokens wait (for a yes, Acme (acme))", "since Wednesday, 4 March 2026", "https://tokens.example.com/base/workspace/acme/unused")
}

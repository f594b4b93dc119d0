package outbox

import (
	"slices"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// stillUnused keeps of a mail about what nobody uses what is so yet, and is its recipient's
// business: a token was used since, or somebody else is responsible.
func stillUnused(w *authority.Work, m *ledger.Mail) error {
	var kept []ledger.UnusedNote
	for _, n := range m.Facts.Unused {
		is, err := isUnused(w, n, m.Recipient)
		if err != nil {
			return err
		}
		if is {
			kept = append(kept, n)
		}
	}
	m.Facts.Unused = kept
	return nil
}

func isUnused(w *authority.Work, n ledger.UnusedNote, recipient string) (bool, error) {
	ws, err := w.Workspace(ledger.WorkspaceKey{Slug: n.Workspace})
	if err != nil || !ws.DeletedAt.IsZero() {
		return false, authority.IgnoreNoRow(err)
	}
	if n.What == ledger.UnusedWaiting {
		s, err := w.UnusedState(ws.ID)
		if err != nil || s.Facts.Waits == nil {
			return false, authority.IgnoreNoRow(err)
		}
		to, err := MembersWith(w.Snapshot, ws, IsOwnerOrAdministrator)
		return slices.Contains(to, recipient), err
	}
	l, err := token.ParseLocator(n.Locator)
	if err != nil {
		return false, err
	}
	t, err := w.Token(l)
	if err != nil || t.Unused == nil || t.UnusedDue.IsZero() != (n.What == ledger.UnusedDisabled) {
		return false, authority.IgnoreNoRow(err)
	}
	to, err := Recipients(w.Snapshot, ws, t)
	return slices.Contains(to, recipient), err
}

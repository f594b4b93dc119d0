package outbox

import (
	"errors"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

// askedPause is how long a mail about tokens that wait is held back: what else is asked for
// until then is told by the same one.
const askedPause = 5 * time.Minute

// mailApproval tells who may approve that a token waits, and whoever asked what became of it.
func mailApproval(w *authority.Work, ac *authority.Actor, ws ledger.Workspace, e authority.Event) error {
	asked := e.Action == "token.approval_requested"
	v, ok := e.After.(api.Token)
	if !ok || !w.Authority.Given().Mail || !asked && e.Action != "token.approved" && e.Action != "token.refused" {
		return nil
	}
	t, err := w.Token(e.Token)
	if err != nil || t.Approval == nil {
		return err
	}
	askers, err := mailsOf(w, t.Approval.Askers)
	if err != nil {
		return err
	}
	sp, err := w.Authority.Space(w.Snapshot, ws)
	if err != nil {
		return err
	}
	m := ledger.Mail{Workspace: ws.ID, Kind: ledger.MailDecided, Token: e.Token, Facts: TokenMail(v, sp)}
	m.Facts.Action, m.Facts.Actor, m.Facts.At, m.Facts.Reason = e.Action, ac.Principal.Address, w.Now, t.Approval.Comment
	if !asked {
		return PutMails(w, m, askers)
	}
	to, err := MembersWith(w.Snapshot, ws, IsOwnerOrAdministrator)
	if err != nil {
		return err
	}
	m.Kind, m.NextAttemptAt = ledger.MailAsked, w.Now.Add(askedPause)
	for _, recipient := range to {
		told, err := isTold(w, ws, recipient)
		if err != nil {
			return err
		}
		if !told && !slices.Contains(askers, recipient) {
			if err := PutMails(w, m, []string{recipient}); err != nil {
				return err
			}
		}
	}
	return nil
}

// isTold says whether a mail waits already that tells somebody to look.
func isTold(w *authority.Work, ws ledger.Workspace, recipient string) (bool, error) {
	rows, err := w.DueMailsTo(recipient, ledger.MailAsked, w.Now.Add(askedPause), joinPiece)
	return slices.ContainsFunc(rows, func(m ledger.Mail) bool { return m.Workspace == ws.ID && m.Attempts == 0 }), err
}

// mailsOf are the addresses of people who are there and have one.
func mailsOf(w *authority.Work, people []ledger.ID) (to []string, err error) {
	for _, id := range people {
		u, err := w.User(ledger.UserKey{ID: id})
		if errors.Is(err, ledger.ErrNoRow) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if u.Email != "" && u.DeactivatedAt.IsZero() {
			to = append(to, u.Email)
		}
	}
	return to, nil
}

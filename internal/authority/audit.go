package authority

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// Event is what a verb tells the audit. Before and after are views, which never
// hold a secret.
type Event struct {
	Action, Target string
	Token          token.Locator
	Before, After  any
}

// Note records the event and writes what is told of it to the outside, in the
// mutation's own transaction.
func (w *Work) Note(ac *Actor, ws ledger.Workspace, e Event) error {
	return input.First(w.Record(ac, ws, e), w.Authority.tell(w, ac, ws, e))
}

// Record appends the event to the chain of the workspace (ID 0: the instance's).
func (w *Work) Record(ac *Actor, ws ledger.Workspace, e Event) error {
	row, err := w.row(ac, ws, e)
	if err != nil {
		return err
	}
	tip, err := w.AuditTip(ws.ID)
	if err != nil && !errors.Is(err, ledger.ErrNoRow) {
		return err
	}
	if row, err = audit.Link(w.Authority.keys, tip, row); err != nil {
		return err
	}
	return w.AppendAudit(row)
}

func (w *Work) row(ac *Actor, ws ledger.Workspace, e Event) (ledger.AuditRow, error) {
	p := audit.Payload{
		At: w.Now.Format(audit.TimeFormat), Revision: w.Revision(), Workspace: ws.Slug, Action: e.Action,
		Actor: token.Redact(ac.Principal.Address), OnBehalf: token.Redact(ac.OnBehalf), Agent: input.Clip(token.Redact(ac.Agent), 300),
		RequestID: ac.RequestID, Target: token.Redact(e.Target),
	}
	if ac.Addr.IsValid() {
		p.IP = ac.Addr.String()
	}
	if ac.With != nil {
		p.ActorToken = ac.With.Locator.String()
	}
	if !e.Token.IsZero() {
		p.Token = e.Token.String()
	}
	var err error
	if p.Before, err = audit.Told(e.Before); err != nil {
		return ledger.AuditRow{}, err
	}
	if p.After, err = audit.Told(e.After); err != nil {
		return ledger.AuditRow{}, err
	}
	b, err := json.Marshal(p)
	if err != nil {
		return ledger.AuditRow{}, err
	}
	b = token.Redact(b)
	salt := make([]byte, audit.SaltSize)
	if _, err := io.ReadFull(w.Authority.rand, salt); err != nil {
		return ledger.AuditRow{}, err
	}
	return ledger.AuditRow{
		Workspace: ws.ID, Revision: p.Revision, At: w.Now, Action: p.Action, Actor: p.Actor, ActorToken: p.ActorToken,
		OnBehalf: p.OnBehalf, Target: p.Target, Token: p.Token, Payload: b, Salt: salt, PayloadDigest: audit.Digest(salt, b),
	}, nil
}

// auditParts is how many parts of auditLook rows one page of the audit is put together of
// at the most: one that finds little is answered all the same, and says where to go on.
const auditParts, auditLook = 5, 10_000

// AuditPage is one page of a chain, newest first, and what the next page begins after; 0 when none follows.
func AuditPage(r *Snapshot, ws ledger.Workspace, f api.AuditFilter, page Page) ([]api.AuditEvent, int64, error) {
	q := ledger.AuditQuery{Before: page.After, Token: LocatorPart(f.Token), With: LocatorPart(f.With), Actor: f.Actor, Action: f.Action, From: f.From, To: f.To}
	rows, next, err := auditRows(r, ws.ID, q, page.Size())
	if err != nil {
		return nil, 0, err
	}
	out := make([]api.AuditEvent, len(rows))
	for i, row := range rows {
		out[i] = audit.View(ws.Slug, row)
	}
	return out, next, nil
}

func auditRows(r *Snapshot, ws ledger.ID, q ledger.AuditQuery, size int) (all []ledger.AuditRow, next int64, err error) {
	for range auditParts {
		if q.Before, q.Since, err = r.AuditBounds(ws, q, auditLook); err != nil {
			return nil, 0, err
		}
		q.Limit = size + 1 - len(all)
		rows, err := r.Audit(ws, q)
		if err != nil {
			return nil, 0, err
		}
		if all = append(all, rows...); len(all) > size {
			all, next = Cut(all, size, func(row ledger.AuditRow) int64 { return row.Sequence })
			return all, next, nil
		}
		if q.Since <= 1 {
			return all, 0, nil
		}
		q.Before = q.Since
	}
	return all, q.Before, nil
}

// Optional returns nil for the empty text.
func Optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

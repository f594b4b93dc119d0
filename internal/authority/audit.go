package authority

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// event is what a verb tells the audit. Before and after are views, which never
// hold a secret.
type event struct {
	action, target string
	token          token.Locator
	before, after  any
}

// audit records the event and writes what is told of it to the outside, in the
// mutation's own transaction.
func (w *work) audit(ac *actor, ws ledger.Workspace, e event) error {
	return input.First(w.record(ac, ws, e), w.outbox(ac, ws, e))
}

// record appends the event to the chain of the workspace (ID 0: the instance's).
func (w *work) record(ac *actor, ws ledger.Workspace, e event) error {
	row, err := w.row(ac, ws, e)
	if err != nil {
		return err
	}
	head, err := w.AuditHead(ws.ID)
	if err != nil && !errors.Is(err, ledger.ErrNoRow) {
		return err
	}
	if row, err = audit.Link(w.a.keys, head, row); err != nil {
		return err
	}
	return w.AppendAudit(row)
}

func (w *work) row(ac *actor, ws ledger.Workspace, e event) (ledger.AuditRow, error) {
	p := audit.Payload{
		At: w.now.Format(audit.TimeFormat), Revision: w.Revision(), Workspace: ws.Slug, Action: e.action,
		Actor: ac.principal.Address, OnBehalf: ac.onBehalf, Agent: clip(token.Redact(ac.Agent), 300),
		RequestID: ac.RequestID, Target: e.target,
	}
	if ac.Addr.IsValid() {
		p.IP = ac.Addr.String()
	}
	if ac.with != nil {
		p.ActorToken = ac.with.Locator.String()
	}
	if !e.token.IsZero() {
		p.Token = e.token.String()
	}
	var err error
	if p.Before, err = rawView(e.before); err != nil {
		return ledger.AuditRow{}, err
	}
	if p.After, err = rawView(e.after); err != nil {
		return ledger.AuditRow{}, err
	}
	b, err := json.Marshal(p)
	if err != nil {
		return ledger.AuditRow{}, err
	}
	b = token.Redact(b)
	salt := make([]byte, audit.SaltSize)
	if _, err := io.ReadFull(w.a.rand, salt); err != nil {
		return ledger.AuditRow{}, err
	}
	return ledger.AuditRow{
		Workspace: ws.ID, Revision: p.Revision, At: w.now, Action: p.Action, Actor: p.Actor, ActorToken: p.ActorToken,
		OnBehalf: p.OnBehalf, Target: p.Target, Token: p.Token, Payload: b, Salt: salt, PayloadDigest: audit.Digest(salt, b),
	}, nil
}

func rawView(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v)
}

// clip bounds a text that a client chose.
func clip(s string, most int) string {
	if len(s) > most {
		return s[:most]
	}
	return s
}

// Audit lists a workspace's events, newest first.
func (a *Authority) Audit(ctx context.Context, c Caller, ref string, f api.AuditFilter, page Page) (rows []api.AuditEvent, next int64, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		_, sp, err := a.enter(r, c, ref, "audit:read")
		if err != nil {
			return err
		}
		rows, next, err = auditPage(r, sp.ws, f, page)
		return err
	})
	return rows, next, err
}

// InstanceAudit lists the instance's own events, newest first.
func (a *Authority) InstanceAudit(ctx context.Context, c Caller, f api.AuditFilter, page Page) (rows []api.AuditEvent, next int64, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		if _, err := a.enterInstance(r, c); err != nil {
			return err
		}
		rows, next, err = auditPage(r, ledger.Workspace{}, f, page)
		return err
	})
	return rows, next, err
}

func auditPage(r *Snapshot, ws ledger.Workspace, f api.AuditFilter, page Page) ([]api.AuditEvent, int64, error) {
	q := ledger.AuditQuery{Before: page.After, Limit: page.size() + 1, Token: locatorPart(f.Token), Actor: f.Actor,
		Action: f.Action, From: f.From, To: f.To}
	rows, err := r.Audit(ws.ID, q)
	if err != nil {
		return nil, 0, err
	}
	rows, next := cut(rows, page.size(), func(row ledger.AuditRow) int64 { return row.Sequence })
	out := make([]api.AuditEvent, len(rows))
	for i, row := range rows {
		out[i] = auditView(ws, row)
	}
	return out, next, nil
}

func auditView(ws ledger.Workspace, row ledger.AuditRow) api.AuditEvent {
	var p audit.Payload
	_ = json.Unmarshal(row.Payload, &p) // an erased payload leaves the columns
	return api.AuditEvent{
		Sequence: row.Sequence, At: row.At.UTC(), Revision: row.Revision, Workspace: ws.Slug, Action: row.Action,
		Actor: row.Actor, ActorToken: optional(row.ActorToken), OnBehalf: optional(row.OnBehalf), IP: optional(p.IP),
		UserAgent: optional(p.Agent), RequestID: p.RequestID, Target: row.Target, Token: optional(row.Token),
		Before: p.Before, After: p.After, Erased: row.Erasure != nil, Hash: hex.EncodeToString(row.Hash),
	}
}

// optional returns nil for the empty text.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

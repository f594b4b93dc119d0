package authority

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/ledger"
)

// Expected is what a caller says of the object that it changes: how it was when
// the caller last saw it. The zero Expected says nothing. It is compared under the
// lock, after the gate, with the object's own revision: what others get from it,
// and what it gets from others, moves that not.
type Expected struct {
	// Given asks that the object is there, and unless Any is set at one of Revisions.
	Given     bool
	Any       bool
	Revisions []int64
	// Absent asks that there is no such object yet.
	Absent bool
}

// At expects an object at a revision.
func At(revision int64) Expected { return Expected{Given: true, Revisions: []int64{revision}} }

func (e Expected) says() bool { return e.Given || e.Absent }

// stale is an object that is not as its changer expected.
type stale struct {
	at     Where
	target string
	since  int64
}

// Expect refuses to change an object that is not as the caller expected. The first
// object that a mutation finishes is the one that the caller meant; what else it
// changes, such as the tokens of a member, follows from that.
func (w *Work) Expect(ws ledger.Workspace, target string, revision int64) error {
	e := w.Caller.Expected
	if w.expected || !e.says() {
		return nil
	}
	w.expected = true
	if _, done, err := w.Named(); done || err != nil {
		return err // it was changed by this very request, whose answer was lost
	}
	switch {
	case e.Absent:
		return api.Errorf(api.CodeChangedMeanwhile, "it exists already, at revision %d", revision)
	case e.Any || slices.Contains(e.Revisions, revision):
		return nil
	}
	w.stale = stale{at: Where{Workspace: ws.Slug, Instance: ws.ID == 0}, target: target}
	if len(e.Revisions) > 0 {
		w.stale.since = slices.Max(e.Revisions)
	}
	return api.Errorf(api.CodeChangedMeanwhile, "it was changed since you read it; it is at revision %d now", revision)
}

// ExpectEntry is expect for an entry of a catalogue that is written or made.
func (w *Work) ExpectEntry(ws ledger.Workspace, target string, revision int64, exists bool) error {
	if !exists {
		return w.ExpectNew()
	}
	return w.Expect(ws, target, revision)
}

// ExpectNew is expect for an object that is made.
func (w *Work) ExpectNew() error {
	w.expected = true
	if w.Caller.Expected.Given {
		return api.Errorf(api.CodeChangedMeanwhile, "there is no such object, or there is none any more")
	}
	return nil
}

// expectedAll refuses what expects something of an object and changes none.
func (w *Work) expectedAll() error {
	if w.expected || !w.Caller.Expected.says() {
		return nil
	}
	return api.Errorf(api.CodeInvalidRequest, "this call cannot depend on a revision")
}

// told says of a refusal who changed the object, to whoever may read the audit.
func (s stale) told(ctx context.Context, a *Authority, c Caller, err error) error {
	if s.target == "" || !errors.Is(err, api.CodeChangedMeanwhile) {
		return err
	}
	rows, failed := a.ChangesSince(ctx, c, s.at, s.target, s.since)
	if failed != nil || len(rows) == 0 {
		return err // who may not, or cannot, is told that it was changed all the same
	}
	e := *api.AsError(err)
	e.Message += "; last by " + rows[0].Actor + " at " + rows[0].At.Format(time.RFC3339) + " (" + rows[0].Action + ")"
	return &e
}

// changesLooked is how many rows of the audit are searched for changes of one object.
const changesLooked = 500

// ChangesSince lists what was done to one object after a revision, as far as the
// last rows of the audit tell, newest first. The object is named as the audit's
// target does. It needs audit:read.
func (a *Authority) ChangesSince(ctx context.Context, c Caller, at Where, target string, since int64) (out []api.AuditEvent, err error) {
	c.Expected, c.Retry = Expected{}, Retry{}
	err = a.Read(ctx, func(r *Snapshot) error {
		ws, err := a.enterAudit(r, c, at)
		if err != nil {
			return err
		}
		q := ledger.AuditQuery{Limit: changesLooked}
		ofToken := strings.Contains(target, "_") && !strings.Contains(target, ":") // all else is a slug, or begins with its kind
		if ofToken {
			q.Token = LocatorPart(target)
		}
		rows, err := r.Audit(ws.ID, q)
		for _, row := range rows {
			if row.Revision > since && (row.Target == target || ofToken) {
				out = append(out, audit.View(ws.Slug, row))
			}
		}
		return err
	})
	return out, err
}

func (a *Authority) enterAudit(r *Snapshot, c Caller, at Where) (ledger.Workspace, error) {
	if at.Instance {
		_, err := a.EnterInstance(r, c)
		return ledger.Workspace{}, err
	}
	_, sp, err := a.Enter(r, c, at.Workspace, "audit:read")
	if err != nil {
		return ledger.Workspace{}, err
	}
	return sp.Workspace, nil
}

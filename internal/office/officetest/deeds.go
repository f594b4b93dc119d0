package officetest

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

// Last is the newest row of the audit of a workspace, also of one that is deleted; of
// the instance when none is named.
func (w *World) Last(slug string) (e api.AuditEvent) {
	w.Helper()
	Must(w.T, w.Store.Read(w.Ctx, func(r ledger.Reader) error {
		ws, err := placeOf(r, slug)
		if err != nil {
			return err
		}
		rows, err := r.Audit(ws, ledger.AuditQuery{Limit: 1})
		if len(rows) > 0 {
			e = audit.View(slug, rows[0])
		}
		return err
	}))
	return e
}

// placeOf is the number of a workspace; 0 is the instance.
func placeOf(r ledger.Reader, slug string) (ledger.ID, error) {
	if slug == "" {
		return 0, nil
	}
	ws, err := r.Workspace(ledger.WorkspaceKey{Slug: slug})
	return ws.ID, err
}

// Changed are the fields that an event says are otherwise than before, in the order of
// their names and without the revision; all of them where one side is missing.
func Changed(e api.AuditEvent) []string {
	var before, after map[string]json.RawMessage
	_, _ = json.Unmarshal(e.Before, &before), json.Unmarshal(e.After, &after) // nothing, where there is none
	out := []string{}
	for _, m := range []map[string]json.RawMessage{before, after} {
		for name := range m {
			if name != "revision" && !slices.Contains(out, name) && !bytes.Equal(before[name], after[name]) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Listener is an endpoint of a place that is told everything, and what it was told of so
// far, oldest first.
func (w *World) Listener(at authority.Where) func() []string {
	w.Helper()
	h, err := w.CreateWebhook(w.Ctx, authority.Caller{Machine: "test"}, at, Hook("*"))
	Must(w.T, err)
	return func() (types []string) {
		w.Helper()
		Must(w.T, w.Store.Read(w.Ctx, func(r ledger.Reader) error {
			ws, err := placeOf(r, at.Workspace)
			if err != nil {
				return err
			}
			row, err := r.Webhook(ws, h.Webhook.ID)
			if err != nil {
				return err
			}
			rows, err := r.Deliveries(row.ID, 0, 200)
			for _, d := range rows {
				types = append(types, d.Type)
			}
			return err
		}))
		slices.Reverse(types)
		return types
	}
}

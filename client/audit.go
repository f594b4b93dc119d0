package client

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/url"

	"github.com/tokenry/tokenry/api"
)

// AuditCalls read what was done and by whom: in a workspace, or for [Instance] in the
// instance, which needs instance:admin instead. Events are never changed by a call.
type AuditCalls struct{ *line }

// ListAudit answers one page of a workspace's audit, or for [Instance] of the
// instance's, newest first.
//
// Needs audit:read. The client repeats it. Refusals of its own: invalid_cursor.
func (c AuditCalls) ListAudit(ctx context.Context, ws string, f api.AuditFilter, p api.Page) (api.List[api.AuditEvent], error) {
	return page[api.AuditEvent](ctx, c.line, ws, auditFilter(f).page(p), "audit")
}

// Audit walks through a workspace's audit, or [Instance]'s, newest first.
//
// Needs audit:read. The client repeats it.
func (c AuditCalls) Audit(ctx context.Context, ws string, f api.AuditFilter) iter.Seq2[api.AuditEvent, error] {
	return each(func(p api.Page) (api.List[api.AuditEvent], error) { return c.ListAudit(ctx, ws, f, p) })
}

// AuditFormat is how an exported audit is written.
type AuditFormat string

// The formats of [Client.ExportAudit].
const (
	NDJSON AuditFormat = "ndjson"
	CSV    AuditFormat = "csv"
)

// ExportAudit streams an audit, newest first. The caller closes it, and reads it
// within 15 minutes.
//
// Needs audit:read. The client repeats it.
func (c AuditCalls) ExportAudit(ctx context.Context, ws string, f api.AuditFilter, format AuditFormat) (io.ReadCloser, error) {
	at, err := c.place(ctx, ws)
	if err != nil {
		return nil, err
	}
	q := url.Values(auditFilter(f).text("format", string(format)))
	return c.stream(ctx, call{method: http.MethodGet, path: path(append(at, "audit", "export")...), query: q, accept: "*/*", again: true})
}

func auditFilter(f api.AuditFilter) values {
	return values{}.text("token", f.Token).text("with", f.With).text("actor", f.Actor).text("action", f.Action).time("from", f.From).time("to", f.To)
}

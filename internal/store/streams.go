package store

import (
	"context"
	"math"
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
)

// Streams is the chapter of what is handed on of the audit.
func (s *Store) Streams() ledger.Streams { return streams{s} }

type streams struct{ *Store }

// OpenStream leaves the place of a stream that is known.
func (s streams) OpenStream(ctx context.Context, name string, atEnd bool, now time.Time) error {
	return s.aside(ctx, func(t *session) error {
		return t.exec(`INSERT INTO audit_streams (name, revision, workspace, sequence, seen_at)
			SELECT $1, CASE WHEN CAST($2 AS BOOLEAN) THEN head.revision ELSE 0 END, CAST($3 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT)
			FROM head WHERE id = 1 AND fence IS NULL
			ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at`, name, atEnd, int64(math.MaxInt64), column.Moment(now))
	})
}

const (
	streamPlace = `SELECT revision, workspace, sequence FROM audit_streams WHERE name = $1`
	streamed    = `SELECT ` + auditColumns + ` FROM audit WHERE (revision, workspace, sequence) > ($1, $2, $3)
		ORDER BY revision, workspace, sequence LIMIT CAST($4 AS BIGINT)`
	// streamRows finds the hash before each row where it is kept, or in the anchor.
	streamRows = `SELECT ` + auditColumns + `, coalesce((SELECT slug FROM workspaces AS w WHERE w.id = rows.workspace), ''),
		coalesce((SELECT last.hash FROM audit AS last WHERE last.workspace = rows.workspace AND last.sequence = rows.sequence - 1),
			(SELECT anchor.hash FROM audit_anchors AS anchor WHERE anchor.workspace = rows.workspace AND anchor.sequence = rows.sequence - 1))
		FROM (` + streamed + `) AS rows ORDER BY revision, workspace, sequence`
	streamGaps = `SELECT g.workspace, coalesce(w.slug, ''), g.first, g.through, g.hash
		FROM audit_stream_gaps AS g LEFT JOIN workspaces AS w ON w.id = g.workspace WHERE g.stream = $1 ORDER BY g.workspace LIMIT CAST($2 AS BIGINT)`
	streamBehind = `SELECT count(*) FROM (SELECT 1 FROM audit WHERE (revision, workspace, sequence) > ($1, $2, $3)
		ORDER BY revision, workspace, sequence LIMIT CAST($4 AS BIGINT)) AS rows`
)

// StreamBatch reads rows by the index of their order.
func (s streams) StreamBatch(ctx context.Context, name string, limit int) (b ledger.StreamBatch, err error) {
	if err := s.Fenced(ctx); err != nil {
		return b, err
	}
	b.Name = name
	err = s.snapshot(ctx, func(r *reader) (err error) {
		b.From, err = one(r.session, func(p *ledger.AuditPlace) []any { return []any{&p.Revision, &p.Workspace, &p.Sequence} }, streamPlace, name)
		if err == nil {
			b.Gaps, err = list(r.session, func(g *ledger.StreamGap) []any {
				return []any{&g.Workspace, &g.Slug, &g.First, &g.Through, column.Blob(&g.Hash)}
			},
				streamGaps, name, column.Limit(limit))
		}
		if err != nil {
			return err
		}
		b.Rows, err = list(r.session, func(row *ledger.StreamRow) []any {
			return append(auditFields(&row.AuditRow), &row.Slug, column.Blob(&row.Previous))
		},
			streamRows, b.From.Revision, b.From.Workspace, b.From.Sequence, column.Limit(limit))
		if b.To = b.From; len(b.Rows) > 0 {
			last := b.Rows[len(b.Rows)-1]
			b.To = ledger.AuditPlace{Revision: last.Revision, Workspace: last.Workspace, Sequence: last.Sequence}
		}
		if err != nil || len(b.Rows) < limit {
			return err
		}
		b.Behind, err = number(r.session, streamBehind, b.To.Revision, b.To.Workspace, b.To.Sequence, column.Limit(ledger.BehindAtMost))
		return err
	})
	return b, err
}

// AdvanceStream also forgets gaps that were told, or that a purge noted of rows which
// were read before it.
func (s streams) AdvanceStream(ctx context.Context, b ledger.StreamBatch, runner int64) error {
	passed := map[ledger.ID]int64{}
	for _, g := range b.Gaps {
		passed[g.Workspace] = g.Through
	}
	for _, row := range b.Rows {
		passed[row.Workspace] = max(passed[row.Workspace], row.Sequence)
	}
	return s.aside(ctx, func(t *session) error {
		n, err := affected(t, `UPDATE audit_streams SET revision = $2, workspace = $3, sequence = $4
			WHERE name = $1 AND revision = $5 AND workspace = $6 AND sequence = $7 AND EXISTS (SELECT 1 FROM head WHERE id = 1 AND fence IS NULL)
				AND EXISTS (SELECT 1 FROM runner WHERE id = 1 AND (number = CAST($8 AS BIGINT) OR CAST($8 AS BIGINT) = 0))`,
			b.Name, b.To.Revision, b.To.Workspace, b.To.Sequence, b.From.Revision, b.From.Workspace, b.From.Sequence, runner)
		if err == nil && n == 0 {
			err = ledger.ErrStreamMoved
		}
		for workspace, through := range passed {
			if err == nil {
				err = t.exec(`DELETE FROM audit_stream_gaps WHERE stream = $1 AND workspace = $2 AND through <= $3`, b.Name, workspace, through)
			}
		}
		return err
	})
}

// ForgetStreams forgets their gaps too.
func (s streams) ForgetStreams(ctx context.Context, before time.Time) (names []string, err error) {
	return names, s.aside(ctx, func(t *session) error {
		names, err = list(t, func(s *string) []any { return []any{s} }, `DELETE FROM audit_streams WHERE seen_at < $1 RETURNING name`, column.Moment(before))
		if err == nil && len(names) > 0 {
			err = t.exec(`DELETE FROM audit_stream_gaps WHERE stream NOT IN (SELECT name FROM audit_streams)`)
		}
		return err
	})
}

// noteGaps notes what a purge is about to take of rows that a stream has not come to.
const noteGaps = `INSERT INTO audit_stream_gaps (stream, workspace, first, through, hash)
	SELECT s.name, a.workspace, min(a.sequence), max(a.sequence), (SELECT hash FROM audit WHERE workspace = $1 AND sequence = $2)
	FROM audit_streams AS s, audit AS a
	WHERE a.workspace = $1 AND a.sequence <= $2 AND (a.revision, a.workspace, a.sequence) > (s.revision, s.workspace, s.sequence)
	GROUP BY s.name, a.workspace
	ON CONFLICT (stream, workspace) DO UPDATE SET through = excluded.through, hash = excluded.hash`

package store

import (
	"context"
	"database/sql"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
)

// Fenced is the *[ledger.FenceError] of a fenced database.
func (s *Store) Fenced(ctx context.Context) error { return s.eng.fenced(ctx) }

func (e *engine) fenced(ctx context.Context) error {
	var fence *ledger.Fence
	err := e.reader.QueryRowContext(ctx, `SELECT fence FROM head WHERE id = 1`).Scan(column.Document(&fence))
	if err != nil || fence == nil {
		return e.translate(err, "")
	}
	return &ledger.FenceError{Fence: *fence}
}

// Restoring puts a fence up behind which this store alone changes the database, or takes
// it away (nil) with a revision that is not below another.
func (s *Store) Restoring(ctx context.Context, fence *ledger.Fence, revision int64) error {
	b, err := s.begin(ctx, inLine)
	if err != nil {
		return err
	}
	defer b.end()
	b.revision = max(b.revision, revision)
	if err := b.exec(`UPDATE head SET fence = $1 WHERE id = 1`, column.Document(&fence)); err != nil {
		return err
	}
	return b.commit()
}

// Tables is a database for whoever moves whole tables: no statement is bounded in time,
// and no law of this package is around it.
type Tables struct {
	// Engine is [Store.Engine].
	Engine string
	// Read and Write are pools of connections, one pool or two.
	Read, Write *sql.DB
	// Explain says what an error means without any value of a row, which the driver's own
	// may show.
	Explain func(error) error
}

// Tables opens it, until the store is closed.
func (s *Store) Tables() Tables { return s.eng.tables() }

// Tables is [Store.Tables] of what is kept of usage.
func (u *Usage) Tables() Tables { return u.eng.tables() }

func (e *engine) tables() Tables {
	t := Tables{Engine: e.name, Read: e.reader, Write: e.writer, Explain: func(err error) error { return e.translate(err, "") }}
	if e.unhurried != nil {
		db := e.unhurried()
		e.closers = append([]func() error{db.Close}, e.closers...)
		t.Read, t.Write = db, db
	}
	return t
}

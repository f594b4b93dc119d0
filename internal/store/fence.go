package store

import (
	"context"
	"database/sql"

	"github.com/tokenry/tokenry/internal/ledger"
)

// refuseFenced refuses a database that takes no changes from whoever wants to make some.
func (e *engine) refuseFenced(ctx context.Context, o Options) error {
	if o.ReadOnly || o.Fenced {
		return nil
	}
	var fence *ledger.Fence
	err := e.reader.QueryRowContext(ctx, `SELECT fence FROM head WHERE id = 1`).Scan(document{&fence})
	if err != nil || fence == nil {
		return e.translate(err, "")
	}
	return &ledger.FenceError{Fence: *fence}
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

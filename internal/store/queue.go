package store

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/tokenry/tokenry/internal/column"
)

// queuedAtOnce bounds what is sent without waiting for an answer in between.
const queuedAtOnce = 256

// statement is one that waits to be sent.
type statement struct {
	query string
	args  []any
}

// queue is exec for a statement of which nobody needs the answer before the next:
// where an answer is a way over the network and back, many share one. Whoever
// queued must be ready before the transaction is committed; every other statement
// sends what waits by itself. What fails, fails there.
func (s *session) queue(query string, args ...any) error {
	if s.eng.send == nil || s.conn == nil {
		return s.run(query, args...)
	}
	if err := s.usable(); err != nil {
		return err
	}
	if !column.Storable(args) {
		return s.fail(errUnstorable, query)
	}
	values := make([]any, len(args))
	for i, arg := range args {
		value, err := driver.DefaultParameterConverter.ConvertValue(arg) // now: it may point at what changes
		if err != nil {
			return s.fail(err, query)
		}
		values[i] = value
	}
	s.queued = append(s.queued, statement{query, values})
	if len(s.queued) < queuedAtOnce {
		return nil
	}
	return s.flush(nil)
}

// flush sends what waits; row reads what the last statement answers, nil lets it be.
func (s *session) flush(row func(scan func(...any) error) error) error {
	for _, q := range s.queued {
		s.eng.told(q.query)
	}
	s.eng.tripped()
	query, err := s.eng.send(s.ctx, s.conn, s.queued, row)
	s.queued = s.queued[:0]
	if err != nil {
		return s.readTo(err, query)
	}
	return nil
}

// sender sends statements in their order, reads what the last one answers, and says
// which one failed. A reader that has enough ends it with errEnough.
type sender func(ctx context.Context, conn *sql.Conn, statements []statement, row func(scan func(...any) error) error) (failed string, err error)

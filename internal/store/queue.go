package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
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
		return s.exec(query, args...)
	}
	if err := s.usable(); err != nil {
		return err
	}
	if !storable(args) {
		return s.fail(errUnstorable, query)
	}
	for i, arg := range args {
		v, ok := arg.(driver.Valuer)
		if !ok {
			continue
		}
		value, err := v.Value() // now: it may point at what changes
		if err != nil {
			return s.fail(err, query)
		}
		args[i] = value
	}
	s.queued = append(s.queued, statement{query, args})
	if len(s.queued) < queuedAtOnce {
		return nil
	}
	return s.flush()
}

// flush sends what waits.
func (s *session) flush() error {
	query, err := s.eng.send(s.ctx, s.conn, s.queued)
	s.queued = s.queued[:0]
	if err != nil {
		return s.fail(err, query)
	}
	return nil
}

// sender sends statements in their order and answers which one failed.
type sender func(ctx context.Context, conn *sql.Conn, statements []statement) (failed string, err error)

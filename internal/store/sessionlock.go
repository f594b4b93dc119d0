package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// probeEvery is how often the lock's session is asked whether it lives. A
	// session that ends is noticed at once; this is for networks that go silent.
	probeEvery = 2 * time.Second
	// probeLimit is how long the answer may take. The server keeps the lock
	// meanwhile, so nobody else has it.
	probeLimit = 15 * time.Second
)

// sessionLock is the server lock on PostgreSQL: an advisory lock, which lives as
// long as the session that took it.
type sessionLock struct {
	conn *pgx.Conn
	eng  *engine
	stop context.CancelFunc // ends the watch; nil before there is one
	done sync.WaitGroup     // the watch
}

// lockSession takes the lock, or answers a *[HeldError]. The lock is of the
// schema, so that one database may hold several instances.
func lockSession(ctx context.Context, e *engine, config *pgx.ConnConfig) (*sessionLock, error) {
	conn, err := pgx.ConnectConfig(ctx, withoutTimeouts(config))
	if err != nil {
		return nil, e.translate(err, "")
	}
	l := &sessionLock{conn: conn, eng: e}
	if err := l.take(ctx); err != nil {
		_ = l.close() // it holds nothing
		return nil, err
	}
	return l, nil
}

// take asks for the lock, or for who has it.
func (l *sessionLock) take(ctx context.Context) error {
	var got bool
	err := l.conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, hashtext(current_schema()))`, serverLock).Scan(&got)
	if err != nil {
		return fmt.Errorf("store: take the server lock: %w", l.eng.translate(err, ""))
	}
	if got {
		return nil
	}
	held := new(HeldError)
	row := l.conn.QueryRow(ctx, `SELECT holder, since FROM server WHERE id = 1`)
	if err := row.Scan(&held.Holder, instant{&held.Since}); err != nil {
		return &HeldError{} // it is just setting the database up
	}
	return held
}

// sign writes down who holds the lock, and begins to watch it.
func (l *sessionLock) sign(ctx context.Context, o Options, lost chan<- struct{}) error {
	now := o.Now()
	_, err := l.conn.Exec(ctx, `
		INSERT INTO server (id, holder, since) VALUES (1, $1, $2)
		ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, since = excluded.since`, o.Holder, instant{&now})
	if err != nil {
		return fmt.Errorf("store: write the holder of the server lock: %w", l.eng.translate(err, ""))
	}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	l.done.Go(func() { l.watch(watching, o.Logger, lost) })
	return nil
}

// watch closes lost when the session ends before it is told to stop.
func (l *sessionLock) watch(ctx context.Context, log *slog.Logger, lost chan<- struct{}) {
	for {
		err := l.probe(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			log.Error("the server lock was lost", "error", l.eng.translate(err, ""))
			close(lost)
			return
		}
	}
}

// probe waits for the session to end, then asks whether it lives.
func (l *sessionLock) probe(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, probeEvery)
	defer cancel()
	if _, err := l.conn.WaitForNotification(wait); err != nil && !pgconn.Timeout(err) {
		return err
	}
	ask, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	_, err := l.conn.Exec(ask, `SELECT 1`)
	return err
}

// release ends the watch, takes the holder's name off and gives the lock back.
func (l *sessionLock) release() error {
	if l.stop != nil {
		l.stop()
		l.done.Wait()
	}
	ctx, cancel := context.WithTimeout(context.Background(), probeLimit)
	defer cancel()
	_, _ = l.conn.Exec(ctx, `DELETE FROM server WHERE id = 1`) // only a courtesy
	// The server ends a session a moment after the connection; whoever opens the
	// database right after Close must not find the lock still held.
	_, _ = l.conn.Exec(ctx, `SELECT pg_advisory_unlock_all()`) // closing gives it back too
	return l.close()
}

// close ends the session, and with it the lock.
func (l *sessionLock) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), probeLimit)
	defer cancel()
	if err := l.conn.Close(ctx); err != nil && !errors.Is(err, pgconn.ErrConnClosed) {
		return l.eng.translate(err, "")
	}
	return nil
}

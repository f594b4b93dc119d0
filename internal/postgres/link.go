package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Link is one connection beside the pools, which is made when it is needed and dropped
// after any error.
type Link struct {
	Config *pgx.ConnConfig
	// Broken is the error of a wait for a standby that was broken off, Answer the only one
	// of f that says nothing about the connection.
	Broken, Answer error

	mu   sync.Mutex // one statement in flight
	conn *pgx.Conn
}

// closeIn bounds the goodbye to a server that may not listen any more.
const closeIn = time.Second

// Do runs f on the connection. An error drops it, since nobody knows what is still
// on its way there.
func (l *Link) Do(ctx context.Context, f func(*pgx.Conn) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil || l.conn.IsClosed() {
		conn, err := pgx.ConnectConfig(ctx, l.Config)
		if err != nil {
			return err
		}
		l.conn = conn
	}
	BrokenOff(l.conn.PgConn(), false)
	err := f(l.conn)
	if err == nil && WasBrokenOff(l.conn.PgConn()) {
		err = l.Broken
	}
	if err != nil && !errors.Is(err, l.Answer) {
		l.drop()
	}
	return err
}

func (l *Link) drop() {
	Goodbye(l.conn)
	l.conn = nil
}

// Close ends what there is; another Do begins anew.
func (l *Link) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.drop()
	}
}

// Goodbye gives a connection up.
func Goodbye(c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), closeIn)
	defer cancel()
	_ = c.Close(ctx) // it is given up
}

package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// connector makes connections whose transactions begin with the settings that they
// rely on. Both are said in one go.
type connector struct {
	driver.Connector
	// every is said at the begin of each transaction, change of those that may change
	// something.
	every, change string
}

// Connect makes a connection.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &connection{conn.(*stdlib.Conn), c.every, c.change}, nil //nolint:errcheck,forcetypeassert // it makes no other
}

type connection struct {
	*stdlib.Conn
	every, change string
}

// BeginTx begins a transaction. Where it cannot begin with all settings, the
// connection is given up, since half a transaction is open on it.
func (c *connection) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	conn := c.Conn.Conn()
	if conn.IsClosed() {
		return nil, driver.ErrBadConn
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: c.begin(o)})
	if err != nil {
		_ = conn.Close(ctx) // it may be dead already
		return nil, err
	}
	return transaction{ctx, tx}, nil
}

func (c *connection) begin(o driver.TxOptions) string {
	query := `begin isolation level read committed`
	if sql.IsolationLevel(o.Isolation) == sql.LevelRepeatableRead {
		query = `begin isolation level repeatable read`
	}
	if o.ReadOnly {
		return query + ` read only` + c.every
	}
	return query + c.every + c.change
}

// transaction is one for database/sql.
type transaction struct {
	ctx context.Context
	tx  pgx.Tx
}

// Commit commits.
func (t transaction) Commit() error { return t.tx.Commit(t.ctx) }

// Rollback undoes it.
func (t transaction) Rollback() error { return t.tx.Rollback(t.ctx) }

// Native is pgx's connection behind the one of database/sql.
func Native(c any) *pgx.Conn {
	return c.(*connection).Conn.Conn() //nolint:errcheck,forcetypeassert // no other driver opened it
}

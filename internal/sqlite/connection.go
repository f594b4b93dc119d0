package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
)

// connector opens connections that keep their statements. Without, half
// the time of a batch goes into parsing the same few literals; pgx does the same
// by itself.
type connector struct{ driver.Connector }

// Keeping makes connections that keep their statements out of the driver's.
func Keeping(c driver.Connector) driver.Connector { return connector{c} }

// Connect opens a connection.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(driverConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("sqlite: the driver's %T cannot all that is needed", conn), conn.Close())
	}
	return &connection{driverConn: full, kept: make(map[string]driverStmt)}, nil
}

// driverConn and driverStmt are what database/sql uses of a connection and of a
// statement.
type (
	driverConn interface {
		driver.Conn
		driver.ConnBeginTx
		driver.ConnPrepareContext
		driver.ExecerContext
		driver.QueryerContext
		driver.SessionResetter
		driver.Validator
	}
	driverStmt interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
)

// connection is used by one transaction at a time, and a session reads every
// row before its next statement, so no statement is ever in use twice.
type connection struct {
	driverConn
	// kept are as many as there are literals in this package.
	kept map[string]driverStmt
}

// statement prepares a literal once.
func (c *connection) statement(ctx context.Context, query string) (driverStmt, error) {
	if s, ok := c.kept[query]; ok {
		return s, nil
	}
	prepared, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s, ok := prepared.(driverStmt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("sqlite: the driver's %T cannot all that is needed", prepared), prepared.Close())
	}
	c.kept[query] = s
	return s, nil
}

// ExecContext runs a kept statement.
func (c *connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args)
}

// QueryContext runs a kept statement.
func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args)
}

// Close gives up the statements first.
func (c *connection) Close() error {
	var errs []error
	for _, s := range c.kept {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.driverConn.Close())...)
}

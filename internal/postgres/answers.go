package postgres

import (
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Unavailable says whether a SQLSTATE is about the database and not about the
// statement: connection, resources, operator, system, lock, standby, damage.
func Unavailable(code string) bool {
	switch code[:min(2, len(code))] { // what stands between may leave it out
	case "08", "28", "40", "53", "57", "58", "F0", "XX":
		return true
	}
	switch code {
	case "25006", "25P03", "3D000", "55P03", "55006":
		return true
	}
	return false
}

// Dead says whether a connection is over: the driver has seen it end.
func Dead(conn *sql.Conn) bool {
	closed := true // database/sql itself may have given it up
	_ = conn.Raw(func(c any) error {
		closed = Native(c).IsClosed()
		return nil
	})
	return closed
}

// Undone says that a commit which failed was undone: the server refused it. What it says
// while it shuts a session down proves nothing, and neither does pgx's SafeToRetry: in
// v5.12 a commit whose answer was lost is "conn closed", as if it had never been sent.
func Undone(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.SeverityUnlocalized == "ERROR"
	}
	return errors.Is(err, pgx.ErrTxCommitRollback)
}

package postgres

import "github.com/jackc/pgx/v5/pgconn"

// brokenOffKey is where a connection remembers that a wait was broken off.
const brokenOffKey = "tokenry: a wait was broken off"

// BrokenOff writes down whether a wait for a standby was broken off.
func BrokenOff(c *pgconn.PgConn, is bool) { c.CustomData()[brokenOffKey] = is }

// WasBrokenOff says whether one was since that was written down last.
func WasBrokenOff(c *pgconn.PgConn) bool {
	is, _ := c.CustomData()[brokenOffKey].(bool)
	return is
}

// hearNotices remembers a WARNING 01000 during a statement: PostgreSQL says it, and
// then success, when the wait for a standby is cancelled. Its words are translated,
// its class is not, and nothing else of ours is answered with it.
func hearNotices(c *pgconn.PgConn, n *pgconn.Notice) {
	if n.Code == "01000" {
		BrokenOff(c, true)
	}
}

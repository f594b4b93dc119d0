#!/bin/sh
# The process number that a driver is told when it connects through PgBouncer is not the one of
# any backend: who ends "its own" session by it from elsewhere ends nobody's, or somebody else's.
set -eu
tmp=$(mktemp -d)
. "$(dirname "$0")/shared"
debian pgbouncer 1.18.0-1+deb12u1
postgres
bouncer=$tmp/root/usr/sbin/pgbouncer
printf '[databases]\n* = host=%s user=postgres\n[pgbouncer]\nlisten_port = 6432\nunix_socket_dir = %s\nauth_type = any\npool_mode = session\n' "$tmp/pg" "$tmp/pg" >"$tmp/pg/b.ini"
[ "$(id -u)" != 0 ] || chown postgres "$tmp/pg/b.ini"
chmod -R a+rX "$tmp/root"
as_postgres "$bouncer" "$tmp/pg/b.ini" >"$tmp/blog" 2>&1 &
pids="$pids $!"
while ! [ -S "$tmp/pg/.s.PGSQL.6432" ]; do kill -0 $! 2>/dev/null || { cat "$tmp/blog"; exit 1; }; done
golang github.com/jackc/pgx/v5@v5.12.0 <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"
)

func main() {
	for _, port := range []string{"5432", "6432"} {
		c, err := pgx.Connect(context.Background(), "postgres://postgres@/postgres?sslmode=disable&host="+os.Args[1]+"&port="+port+"&default_query_exec_mode=simple_protocol")
		if err != nil {
			panic(err)
		}
		var own uint32
		if err := c.QueryRow(context.Background(), "SELECT pg_backend_pid()").Scan(&own); err != nil {
			panic(err)
		}
		fmt.Println(port, own == c.PgConn().PID())
	}
}
GO
"$tmp/go/finding" "$tmp/pg" >"$tmp/out"
expect "directly: the numbers agree" "$(sed -n 1p "$tmp/out")" "5432 true"
expect "through PgBouncer" "$(sed -n 2p "$tmp/out")" "6432 false"

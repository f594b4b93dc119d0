#!/bin/sh
# A recursive query that finds one row is guessed to find tens of thousands while its table has
# no statistics yet, as after a bulk load or a restore; then WHERE id IN (…) reads the whole table.
set -eu
tmp=$(mktemp -d)
. "$(dirname "$0")/shared"
postgres
sql -c "CREATE TABLE tokens (id bigint PRIMARY KEY, parent bigint, label text) WITH (autovacuum_enabled = off); CREATE INDEX ON tokens (parent);
	INSERT INTO tokens SELECT n, CASE WHEN n % 1000 = 7 THEN n / 2 END, 'x' FROM generate_series(1, 200000) n"
walk="WITH RECURSIVE under (id) AS (SELECT 7::bigint UNION SELECT t.id FROM tokens t JOIN under u ON t.parent = u.id)"
scan() { sql -c "EXPLAIN $1" | grep -c 'Seq Scan on tokens' || true; }
expect "rows below 7" "$(sql -c "$walk SELECT count(*) FROM under")" "1"
expect "without statistics: scans of the whole table" "$(scan "$walk SELECT label FROM tokens WHERE id IN (SELECT id FROM under)")" "1"
sql -c "ANALYZE tokens"
expect "after ANALYZE" "$(scan "$walk SELECT label FROM tokens WHERE id IN (SELECT id FROM under)")" "0"

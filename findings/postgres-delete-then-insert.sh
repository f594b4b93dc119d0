#!/bin/sh
# In one statement, WITH gone AS (DELETE …) INSERT … of the same key fails: nothing says that
# the DELETE comes first, and where nobody reads it, it comes last.
. "$(dirname "$0")/lib.sh"
postgres
sql -c "CREATE TABLE holders (slot int PRIMARY KEY, who text); INSERT INTO holders VALUES (1, 'old')"
try() { sql -c '\set VERBOSITY sqlstate' -c "$1" 2>&1 | tail -n 1; }
expect "unread" "$(try "WITH gone AS (DELETE FROM holders WHERE slot = 1) INSERT INTO holders VALUES (1, 'new')")" "ERROR:  23505"
expect "read by the INSERT" "$(try "WITH gone AS (DELETE FROM holders WHERE slot = 1 RETURNING slot) INSERT INTO holders SELECT slot, 'new' FROM gone RETURNING who")" "new"

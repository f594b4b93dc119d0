package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/postgres"
	"github.com/tokenry/tokenry/internal/sqlite"
	"github.com/tokenry/tokenry/token"
)

const hidden = "hunter2"

// TestWhatPostgresSaysIsTakenForWhatItMeans: that the database cannot be asked now, that a
// name is taken, or that a statement is wrong; and no value of a row is in it, though the
// server quotes them.
func TestWhatPostgresSaysIsTakenForWhatItMeans(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]error{
		"23505": ledger.ErrDuplicate,
		"08006": ledger.ErrStoreUnavailable, // connection_failure
		"28P01": ledger.ErrStoreUnavailable, // a wrong password, of a connection that was there
		"40001": ledger.ErrStoreUnavailable, // serialization_failure
		"40P01": ledger.ErrStoreUnavailable, // deadlock_detected
		"53100": ledger.ErrStoreUnavailable, // disk_full
		"53300": ledger.ErrStoreUnavailable, // too_many_connections
		"57P01": ledger.ErrStoreUnavailable, // admin_shutdown
		"58030": ledger.ErrStoreUnavailable, // io_error
		"XX001": ledger.ErrStoreUnavailable, // data_corrupted
		"25006": ledger.ErrStoreUnavailable, // read_only_sql_transaction: a standby
		"25P03": ledger.ErrStoreUnavailable, // idle_in_transaction_session_timeout
		"55P03": ledger.ErrStoreUnavailable, // lock_not_available
		"55006": ledger.ErrStoreUnavailable, // object_in_use
		"3D000": ledger.ErrStoreUnavailable, // the database was dropped
		"23503": nil,                        // foreign_key_violation
		"23514": nil,                        // check_violation
		"22001": nil,                        // a text that is too long
		"22P02": nil,                        // a text that is none of the type
		"25P02": nil,                        // in_failed_sql_transaction
		"42601": nil,                        // syntax_error
		"42P01": nil,                        // undefined_table
		"55000": nil,                        // object_not_in_prerequisite_state
		"X":     nil, "": nil,               // from what stands between, and says no code
	} {
		said := &pgconn.PgError{Code: code, Message: "because", Detail: "Key (email)=(" + hidden + ")", ConstraintName: "users_email"}
		if strings.HasPrefix(code, "22") {
			said.Message = "invalid input: " + hidden
		}
		for _, err := range []error{said, fmt.Errorf("write: %w", said)} {
			text, kind := classifyPostgres(err)
			if kind != want || text == "" || !strings.Contains(text, code) || strings.Contains(text, hidden) { //nolint:errorlint // the very same
				t.Errorf("%q: %v, %q", code, kind, text)
			}
		}
	}
	if text, kind := classifyPostgres(errors.New("something else")); text != "" || kind != nil {
		t.Errorf("what no server said is %q, %v", text, kind)
	}
	if text, kind := classifyPostgres(context.DeadlineExceeded); text != "" && kind != ledger.ErrStoreUnavailable { //nolint:errorlint // the very same
		t.Errorf("a server that said nothing in time is %q, %v", text, kind)
	}
}

// TestACommitThatFailedIsUndoneOnlyWhereTheServerSaysSo: while it shuts a session down, and
// where its answer was lost, nobody knows.
func TestACommitThatFailedIsUndoneOnlyWhereTheServerSaysSo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"it was refused":           {&pgconn.PgError{Code: "40001", SeverityUnlocalized: "ERROR"}, true},
		"refused, in other words":  {&pgconn.PgError{Code: "40001", SeverityUnlocalized: "ERROR", Severity: "FEHLER"}, true},
		"the session is shut down": {&pgconn.PgError{Code: "57P01", SeverityUnlocalized: "FATAL"}, false},
		"the server broke down":    {&pgconn.PgError{Code: "XX000", SeverityUnlocalized: "PANIC"}, false},
		"it says not how bad":      {&pgconn.PgError{Code: "40001", Severity: "ERROR"}, false},
		"it was rolled back":       {pgx.ErrTxCommitRollback, true},
		"nothing came back":        {io.ErrUnexpectedEOF, false},
		"nobody waited":            {context.DeadlineExceeded, false},
		"nothing is known":         {errors.New("x"), false},
	} {
		for _, err := range []error{c.err, fmt.Errorf("commit: %w", c.err)} {
			if postgres.Undone(err) != c.want {
				t.Errorf("%s: undone %v", name, !c.want)
			}
		}
		if sqlite.Undone(c.err) {
			t.Errorf("%s, of another driver: undone", name)
		}
	}
}

// TestWhatFailsIsTranslatedOnce: into what can be repeated and what cannot, with the
// beginning of the statement and nothing that was bound to it.
func TestWhatFailsIsTranslatedOnce(t *testing.T) {
	t.Parallel()
	foreign := errors.New("driver: " + hidden)
	e := &engine{classify: func(err error) (string, error) {
		if errors.Is(err, foreign) {
			return "refused", ledger.ErrDuplicate
		}
		return "", nil
	}}
	query := "SELECT id\n\t FROM tokens WHERE " + strings.Repeat("x", 100)
	known := failf(ledger.ErrDuplicate, "as it was")
	for name, c := range map[string]struct {
		err  error
		is   error
		text string
	}{
		"what the engine knows":         {foreign, ledger.ErrDuplicate, ": refused in SELECT id FROM tokens WHERE x"},
		"what was translated before":    {known, ledger.ErrDuplicate, ": as it was"},
		"translated, and wrapped since": {fmt.Errorf("%s: %w", hidden, known), ledger.ErrDuplicate, ": as it was"},
		"what nobody knows":             {errors.New(hidden), nil, "unexpected *errors.errorString in SELECT"},
		"a row that is another":         {fmt.Errorf("scan %s: %w", hidden, &column.MismatchError{}), nil, ""},
		"whoever asked has gone":        {fmt.Errorf("%s: %w", hidden, context.Canceled), context.Canceled, ""},
		"it took too long":              {context.DeadlineExceeded, context.DeadlineExceeded, ""},
		"a connection that is gone":     {driver.ErrBadConn, ledger.ErrStoreUnavailable, "the connection is gone"},
		"one that was given back":       {sql.ErrConnDone, ledger.ErrStoreUnavailable, "the connection is gone"},
		"an answer that broke off":      {io.ErrUnexpectedEOF, ledger.ErrStoreUnavailable, "the connection broke off"},
		"a network that fails":          {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, ledger.ErrStoreUnavailable, "connection refused"},
		"a file that cannot be opened":  {&os.PathError{Op: "open", Path: "/data", Err: syscall.EIO}, ledger.ErrStoreUnavailable, "/data"},
		"a store that is closed":        {errClosed, ledger.ErrStoreUnavailable, "closed"},
		"a transaction that is over":    {errSpent, errSpent, ""},
		"a text that cannot be stored":  {errUnstorable, errUnstorable, ""},
	} {
		got := e.translate(c.err, query)
		if got == nil || c.is != nil && !errors.Is(got, c.is) || !strings.Contains(got.Error(), c.text) || len(got.Error()) > 300 {
			t.Errorf("%s: %v", name, got)
		}
		if c.is == context.Canceled || c.is == context.DeadlineExceeded { //nolint:errorlint // of the table
			if !errors.Is(got, ledger.ErrStoreUnavailable) {
				t.Errorf("%s: it is not said that it can be repeated: %v", name, got)
			}
		}
		for err := got; err != nil; err = errors.Unwrap(err) {
			if strings.Contains(err.Error(), hidden) {
				t.Errorf("%s: a value is in %v", name, err)
			}
		}
		if again := e.translate(got, query); c.err != nil && again.Error() != got.Error() {
			t.Errorf("%s: the second time it is %v", name, again)
		}
	}
	if e.translate(nil, query) != nil {
		t.Error("nothing is an error")
	}
}

// TestWhatSQLiteSaysIsTakenForWhatItMeans, by errors of a real database.
func TestWhatSQLiteSaysIsTakenForWhatItMeans(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", "file::memory:?_pragma=foreign_keys(1)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	does := func(statement string) error {
		_, err := db.ExecContext(t.Context(), statement)
		return err
	}
	if err := does(`CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT UNIQUE CHECK (name <> 'bad'), up INTEGER REFERENCES a (id)); INSERT INTO a VALUES (1, '` + hidden + `', NULL)`); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		statement string
		kind      error
		undone    bool
	}{
		"a name that is taken":         {`INSERT INTO a VALUES (2, '` + hidden + `', NULL)`, ledger.ErrDuplicate, true},
		"a number that is taken":       {`INSERT INTO a VALUES (1, 'x', NULL)`, ledger.ErrDuplicate, true},
		"a check":                      {`INSERT INTO a VALUES (3, 'bad', NULL)`, nil, true},
		"a reference":                  {`INSERT INTO a VALUES (3, 'x', 99)`, nil, true},
		"no such table":                {`INSERT INTO b VALUES (1)`, nil, false},
		"a database that only is read": {`PRAGMA query_only = 1; INSERT INTO a VALUES (4, 'y', NULL)`, ledger.ErrStoreUnavailable, true},
		"a file that is not there":     {`ATTACH 'file:/nonexistent/x.db?mode=ro' AS x`, ledger.ErrStoreUnavailable, false},
	} {
		err := does(c.statement)
		_ = does(`PRAGMA query_only = 0`)
		text, kind := classifySQLite(err)
		if err == nil || text == "" || kind != c.kind || sqlite.Undone(err) != c.undone || strings.Contains(text, hidden) { //nolint:errorlint // the very same
			t.Errorf("%s: %q, %v, undone %v (%v)", name, text, kind, sqlite.Undone(err), err)
		}
	}
	if text, _ := classifySQLite(io.EOF); text != "" {
		t.Errorf("what is no error of SQLite is %q", text)
	}
}

// TestWhatIsStoredIsText: broken UTF-8 and a NUL are given to no engine, whatever holds them.
func TestWhatIsStoredIsText(t *testing.T) {
	t.Parallel()
	text, broken := "é \u2028 \x7f", "a\xff"
	for name, c := range map[string]struct {
		arg any
		ok  bool
	}{
		"a text": {text, true}, "one that is pointed to": {&text, true}, "nothing": {nil, true}, "an empty one": {"", true}, "a number": {7, true}, "bytes": {[]byte{0, 0xff}, true},
		"half a character": {broken, false}, "one that is pointed to, broken": {&broken, false}, "a NUL": {"a\x00b", false}, "half a surrogate": {"\xed\xa0\x80", false},
	} {
		if column.Storable([]any{1, c.arg, "x"}) != c.ok {
			t.Errorf("%s is stored: %v", name, !c.ok)
		}
	}
	for n, want := range map[int]int64{0: math.MaxInt64, -1: math.MaxInt64, 1: 1, math.MaxInt: math.MaxInt64} {
		if column.Limit(n) != want || column.Below(int64(n)) != want {
			t.Errorf("%d is a limit of %d, and a list continues below %d", n, column.Limit(n), column.Below(int64(n)))
		}
	}
}

// TestAListIsReadByWhatLeavesTheFewestRows, and its part ends by the same condition.
func TestAListIsReadByWhatLeavesTheFewestRows(t *testing.T) {
	t.Parallel()
	with := token.Locator([]byte("abcDEF012345"))
	for name, c := range map[string]struct {
		q     ledger.TokenQuery
		query string
		part  string
	}{
		"all":                    {ledger.TokenQuery{Limit: 9}, listTokens, partOfAll + partEnds},
		"active ones":            {ledger.TokenQuery{State: ledger.TokenActive}, listTokens, partOfAll + partEnds},
		"a kind":                 {ledger.TokenQuery{Kind: token.Personal}, listTokensKind, partOfKind},
		"revoked ones":           {ledger.TokenQuery{State: ledger.TokenRevoked}, listTokensEnded, partOfAll + isRevoked + partEnds},
		"revoked ones of a kind": {ledger.TokenQuery{State: ledger.TokenRevoked, Kind: token.Personal}, listTokensEnded, partOfAll + isRevoked + partEnds},
		"disabled ones":          {ledger.TokenQuery{State: ledger.TokenDisabled}, listTokensDisabled, partOfAll + isDisabled + partEnds},
		"somebody made them":     {ledger.TokenQuery{CreatedBy: "ada", State: ledger.TokenRevoked}, listTokensCreatedBy, partOfMadeBy},
		"an account's":           {ledger.TokenQuery{OwnerServiceAccount: 7, CreatedBy: "ada"}, listTokensServiceAccount, partOfAccount},
		"a member's":             {ledger.TokenQuery{OwnerMember: 7, CreatedBy: "ada"}, listTokensMember, partOfMember},
		"made with another":      {ledger.TokenQuery{CreatedWith: with, OwnerMember: 7, Kind: token.Personal}, listTokensCreatedWith, partOfMadeWith},
	} {
		if l := tokenListOf(&c.q); l.query != c.query || l.part != c.part || strings.Contains(l.part, "$4") != (len(l.value) == 1) {
			t.Errorf("%s: %q and %q with %v", name, l.query, l.part, l.value)
		}
	}
}

// TestADoorIsShutOnceAndWaitsForAll: whoever is inside may enter no more, and is waited for.
func TestADoorIsShutOnceAndWaitsForAll(t *testing.T) {
	t.Parallel()
	var d door
	for range 3 {
		if err := d.enter(); err != nil {
			t.Fatal(err)
		}
	}
	var wait sync.WaitGroup
	shut := make(chan bool, 1)
	wait.Go(func() { shut <- d.shut() })
	for { // until it is shut: who comes now is told so
		err := d.enter()
		if errors.Is(err, ledger.ErrStoreUnavailable) {
			break
		}
		d.leave()
	}
	for range 3 {
		if len(shut) != 0 {
			t.Error("it did not wait for who was inside")
		}
		d.leave()
	}
	wait.Wait()
	if !<-shut || d.shut() {
		t.Error("it was shut twice, or never")
	}
}

// TestACommitSpeaksForAWhile, and a failure of the database ends that; one of a statement
// says nothing about the next. A clock that was set back brings nothing near.
func TestACommitSpeaksForAWhile(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	for name, c := range map[string]struct {
		ago  time.Duration
		want bool
	}{"now": {0, true}, "a moment ago": {spokenFor - 1, true}, "long enough ago": {spokenFor, false}, "in the future": {-1, false}} {
		if got := lately(now, now.Add(-c.ago), spokenFor); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if lately(time.Time{}.Add(1), time.Time{}, spokenFor) {
		t.Error("what never was is near the beginning of time")
	}
	s := &Store{now: func() time.Time { return now }}
	for _, c := range []struct {
		err    error
		speaks bool
	}{
		{errors.New("x"), false}, {nil, true}, {errors.New("x"), true}, {ledger.ErrDuplicate, true}, {failf(ledger.ErrStoreUnavailable, "x"), false},
		{ledger.ErrDuplicate, false}, {nil, true}, {fmt.Errorf("x: %w", ledger.ErrOutcomeUnknown), false},
	} {
		if s.settle(c.err); s.probes.committed.IsZero() == c.speaks {
			t.Errorf("after %v a commit speaks: %v", c.err, !c.speaks)
		}
	}
}

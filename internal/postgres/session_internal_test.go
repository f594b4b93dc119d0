package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// params are the settings of a session, by an address.
func params(t *testing.T, options string) map[string]string {
	t.Helper()
	config, err := configOf("postgres://somebody@host/tokenry?"+options, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return config.ConnConfig.RuntimeParams
}

// TestAnAddressSettlesWhatStatementsDoNotRelyOn: how long they may take, and how the
// session is named; nobody is left without a bound.
func TestAnAddressSettlesWhatStatementsDoNotRelyOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ unsaid, says string }{
		"application_name":                    {"tokenry", "mine"},
		"statement_timeout":                   {"30s", "7s"},
		"lock_timeout":                        {"5000", "0"},
		"idle_in_transaction_session_timeout": {"60s", "1h"},
		"search_path":                         {"", "mine"},
		"default_transaction_read_only":       {"", "on"},
	} {
		if got := params(t, "")[name]; got != c.unsaid {
			t.Errorf("where the address says nothing, %s is %q", name, got)
		}
		if got := params(t, name+"="+c.says)[name]; got != c.says {
			t.Errorf("the address says %s=%s, and it is %q", name, c.says, got)
		}
	}
}

// TestWhatStatementsRelyOnIsNobodysToChange: neither the address's, nor by other letters.
func TestWhatStatementsRelyOnIsNobodysToChange(t *testing.T) {
	t.Parallel()
	for name, want := range relied() {
		if got := params(t, name+"=other")[name]; got != want {
			t.Errorf("the address made %s %q", name, got)
		}
	}
	for options, want := range map[string]map[string]string{
		"TimeZone=Asia/Tokyo&DateStyle=German": {"timezone": "UTC", "datestyle": "ISO, YMD"},
		"Statement_Timeout=7s":                 {"statement_timeout": "7s"},
		"LOCK_TIMEOUT=9&lock_timeout=8":        {"lock_timeout": "8"},
	} {
		got := params(t, options)
		for name := range got {
			if name != strings.ToLower(name) {
				t.Errorf("%s: the server is told %s too, and takes the last", options, name)
			}
		}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s: %s is %q", options, name, got[name])
			}
		}
	}
}

// TestAnotherHostIsAskedWithinASecond, where there is one: the same with and without TLS is
// one host. Whoever names a bound has it.
func TestAnotherHostIsAskedWithinASecond(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]time.Duration{
		"postgres://somebody@one/tokenry":                              connectAlone,
		"postgres://somebody@one/tokenry?sslmode=prefer":               connectAlone,
		"postgres://somebody@one:5432,one:5433/tokenry":                connectIn,
		"postgres://somebody@one,two/tokenry":                          connectIn,
		"postgres://somebody@one,two/tokenry?sslmode=disable":          connectIn,
		"postgres://somebody@one,two/tokenry?connect_timeout=4":        4 * time.Second,
		"host=one,two port=5432,5433 user=somebody dbname=tokenry":     connectIn,
		"postgres://somebody@one/tokenry?connect_timeout=4":            4 * time.Second,
		"postgres:///tokenry?host=/run/postgresql&user=somebody":       connectAlone,
		"postgres:///tokenry?host=/run/one,/run/another&user=somebody": connectIn,
	} {
		config, err := configOf(address, time.Second)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if got := config.ConnConfig.ConnectTimeout; got != want {
			t.Errorf("%s waits %s for a host", address, got)
		}
	}
}

// TestATransactionBeginsWithAllThatItReliesOn: in one go, and what only changes need is not
// said by who reads.
func TestATransactionBeginsWithAllThatItReliesOn(t *testing.T) {
	t.Parallel()
	c := &connection{every: "; every", change: "; change"}
	for want, o := range map[string]sql.TxOptions{
		"begin isolation level read committed; every; change":    {},
		"begin isolation level read committed read only; every":  {ReadOnly: true},
		"begin isolation level repeatable read read only; every": {ReadOnly: true, Isolation: sql.LevelRepeatableRead},
		"begin isolation level repeatable read; every; change":   {Isolation: sql.LevelRepeatableRead},
	} {
		if got := c.begin(driver.TxOptions{Isolation: driver.IsolationLevel(o.Isolation), ReadOnly: o.ReadOnly}); got != want {
			t.Errorf("%+v begins with %q", o, got)
		}
	}
	for _, says := range []string{Durable, Unsilent} {
		if !strings.HasPrefix(says, "; ") || strings.Contains(strings.TrimPrefix(says, "; "), ";") {
			t.Errorf("%q does not follow a begin as one statement", says)
		}
	}
}

// TestWithoutAPoolerASessionRemembersItsSettings, and a begin says nothing besides; another
// ground is another session.
func TestWithoutAPoolerASessionRemembersItsSettings(t *testing.T) {
	t.Parallel()
	config, err := configOf("postgres://somebody@host/tokenry?statement_timeout=7s", 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	g := &Ground{Config: config}
	long, before := g.Unhurried(), maps.Clone(g.ConnConfig.RuntimeParams)
	for _, name := range timeouts() {
		if got := long.ConnConfig.RuntimeParams[name]; got != "0" {
			t.Errorf("what may take long has a %s of %q", name, got)
		}
	}
	long.ConnConfig.RuntimeParams["work_mem"] = "1GB"
	if !maps.Equal(before, g.ConnConfig.RuntimeParams) || before["statement_timeout"] != "7s" {
		t.Errorf("the first ground became %v", g.ConnConfig.RuntimeParams)
	}
	if says := g.settled() + long.settled(); says != "" {
		t.Errorf("a begin says %q", says)
	}
	if mode := g.ConnConfig.DefaultQueryExecMode; mode != pgx.QueryExecModeCacheStatement {
		t.Errorf("a session of its own keeps no statements: %s", mode)
	}
}

// TestNoStatementIsKeptWhereASessionMayBeAnothers: behind a pooler, and on a link, which may
// lead to one later. A link leaves the pool's connections as they were.
func TestNoStatementIsKeptWhereASessionMayBeAnothers(t *testing.T) {
	t.Parallel()
	pooled, err := behindAPooler(t, "synchronous_commit=local")
	if err != nil {
		t.Fatal(err)
	}
	if mode := pooled.ConnConfig.DefaultQueryExecMode; mode != pgx.QueryExecModeCacheDescribe {
		t.Errorf("behind a pooler statements go by %s", mode)
	}
	if says := pooled.settled(); strings.Contains(says, "synchronous_commit") {
		t.Errorf("a begin takes durability away: %q", says)
	}
	config, err := configOf("postgres://somebody@host/tokenry", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	g := &Ground{Config: config}
	if mode := g.Link().DefaultQueryExecMode; mode != pgx.QueryExecModeCacheDescribe {
		t.Errorf("on a link statements go by %s", mode)
	}
	if mode := g.ConnConfig.DefaultQueryExecMode; mode != pgx.QueryExecModeCacheStatement {
		t.Errorf("a link made the pool's statements go by %s", mode)
	}
}

// TestAWaitForAStandbyThatWasBrokenOffIsHeard: by the class of what the server says, since
// its words are translated; other notices are none.
func TestAWaitForAStandbyThatWasBrokenOffIsHeard(t *testing.T) {
	t.Parallel()
	config, err := configOf("postgres://somebody@host/tokenry", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := net.Pipe()
	t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() })
	for code, want := range map[string]bool{"01000": true, "00000": false, "01006": false, "42P07": false} {
		c, err := pgconn.Construct(&pgconn.HijackedConn{Conn: ours, CustomData: map[string]any{}, Config: &config.ConnConfig.Config})
		if err != nil {
			t.Fatal(err)
		}
		if WasBrokenOff(c) {
			t.Error("a new connection has heard something")
		}
		config.ConnConfig.OnNotice(c, &pgconn.Notice{Code: code, Message: "es wurde abgebrochen"})
		if WasBrokenOff(c) != want {
			t.Errorf("%s: %v", code, !want)
		}
		config.ConnConfig.OnNotice(c, &pgconn.Notice{Code: "00000"})
		if WasBrokenOff(c) != want {
			t.Errorf("%s was forgotten for another notice", code)
		}
		if BrokenOff(c, false); WasBrokenOff(c) {
			t.Errorf("%s is still heard by the next statement", code)
		}
	}
}

// TestAPoolerIsKnownByWhatItRefuses: settings of a session, as PgBouncer says it. Other
// refusals are the server's.
func TestAPoolerIsKnownByWhatItRefuses(t *testing.T) {
	t.Parallel()
	refused := &pgconn.PgError{Code: "08P01", Message: "unsupported startup parameter"}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"a setting": {refused, true}, "wrapped": {fmt.Errorf("connect: %w", refused), true}, "nothing": {nil, false},
		"a password": {&pgconn.PgError{Code: "28P01"}, false}, "no server": {errors.New("connection refused"), false},
	} {
		if unsupported(c.err) != c.want {
			t.Errorf("%s: %v", name, !c.want)
		}
	}
}

// TestALinkThatFindsNobodyIsTriedAnew, and closing one that was never made is nothing.
func TestALinkThatFindsNobodyIsTriedAnew(t *testing.T) {
	t.Parallel()
	config, err := pgx.ParseConfig("postgres://somebody@127.0.0.1:1/tokenry?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	l := &Link{Config: config}
	l.Close()
	for range 2 {
		ran := false
		if err := l.Do(context.Background(), func(*pgx.Conn) error { ran = true; return nil }); err == nil || ran {
			t.Errorf("with nobody there it ran: %v, %v", ran, err)
		}
	}
	l.Close()
}

// TestASettingIsLeftToAPoolerOrSaidByEachTransaction, and to no session: each that
// statements rely on is either followed by a pooler, or said, or one that the begin or the
// format of what is read stands for.
func TestASettingIsLeftToAPoolerOrSaidByEachTransaction(t *testing.T) {
	t.Parallel()
	g, err := behindAPooler(t, "")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := []string{"bytea_output", "intervalstyle", "default_transaction_isolation", "default_transaction_deferrable", "idle_session_timeout"}
	for name := range relied() {
		_, kept := g.ConnConfig.RuntimeParams[name]
		_, said := g.local[name]
		if n := slices.Contains(elsewhere, name); kept && said || kept != slices.Contains(followed(), name) || !kept && said == n {
			t.Errorf("%s: kept by the pooler %v, said by each transaction %v, by something else %v", name, kept, said, n)
		}
	}
}

package postgres

import (
	"strings"
	"testing"
	"time"
)

// behindAPooler is the ground of an address when a pooler answers there.
func behindAPooler(t *testing.T, options string) (*Ground, error) {
	t.Helper()
	config, err := configOf("postgres://somebody@host/tokenry?"+options, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	g := &Ground{Config: config}
	return g, g.leaveSession()
}

// TestBehindAPoolerEachTransactionSaysWhatItReliesOn: no session is asked to remember it.
func TestBehindAPoolerEachTransactionSaysWhatItReliesOn(t *testing.T) {
	t.Parallel()
	g, err := behindAPooler(t, "statement_timeout=7s")
	if err != nil {
		t.Fatal(err)
	}
	says := g.settled()
	for _, want := range []string{`SET LOCAL lock_timeout = '5000'`, `SET LOCAL statement_timeout = '7s'`, `SET LOCAL client_min_messages = 'notice'`} {
		if !strings.Contains(says, want) {
			t.Errorf("the begin says %q and not %q", says, want)
		}
	}
	for name := range g.ConnConfig.RuntimeParams {
		if name != "application_name" && name != "client_encoding" && name != "datestyle" && name != "standard_conforming_strings" && name != "timezone" {
			t.Errorf("a session is asked to remember %s", name)
		}
	}
	if says := g.Unhurried().settled(); !strings.Contains(says, `SET LOCAL statement_timeout = '0'`) {
		t.Errorf("what may take long is bounded all the same: %q", says)
	}
	if says := g.settled(); !strings.Contains(says, `SET LOCAL statement_timeout = '7s'`) {
		t.Errorf("another ground changed this one: %q", says)
	}
	if says := g.With(map[string]string{"work_mem": "it's"}).settled(); !strings.Contains(says, `SET LOCAL work_mem = 'it''s'`) {
		t.Errorf("a value ends where it should not: %q", says)
	}
}

// TestBehindAPoolerAnAddressCannotSetWhatASessionKeeps: it would be forgotten, or be
// another client's too.
func TestBehindAPoolerAnAddressCannotSetWhatASessionKeeps(t *testing.T) {
	t.Parallel()
	_, err := behindAPooler(t, "search_path=mine")
	if err == nil || !strings.Contains(err.Error(), "search_path") || !strings.Contains(err.Error(), "ALTER ROLE") {
		t.Errorf("search_path behind a pooler: %v", err)
	}
}

// TestAServerThatCannotServeIsRefused: too old, another encoding, a standby that would
// have to change something.
func TestAServerThatCannotServeIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		seen     Sight
		readOnly bool
		says     string
	}{
		{Sight{version: 150018, encoding: "UTF8"}, false, ""},
		{Sight{version: 140003, encoding: "UTF8"}, false, "PostgreSQL 14 is too old"},
		{Sight{version: 170001, encoding: "LATIN1"}, true, "encoding is LATIN1"},
		{Sight{version: 170001, encoding: "UTF8", standby: true}, false, "is a standby"},
		{Sight{version: 170001, encoding: "UTF8", standby: true}, true, ""},
	} {
		err := c.seen.Serves(c.readOnly)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v, read only %t: %v, want %q", c.seen, c.readOnly, err, c.says)
		}
	}
}

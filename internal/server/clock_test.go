package server_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/clock"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// host is a machine whose clock can be set.
type host struct {
	mu    sync.Mutex
	since time.Time
	off   time.Duration
}

func (h *host) Now() (time.Time, time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	return now.Add(h.off).Round(0), now.Sub(h.since)
}

func (*host) Slept() time.Duration { return 0 }

func (h *host) set(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.off += d
}

// The clock of a machine that is alone jumps by hours: the server says so where it is looked for, an
// administrator goes on revoking, and a command beside it settles it.
func TestAServerWithoutATimeTakesAndDoesNotGive(t *testing.T) {
	t.Parallel()
	h, log := &host{since: time.Now()}, &records{}
	keys := filepath.Join(t.TempDir(), "keys.json")
	_, err := server.CreateKeyring(keys, rand.Reader, time.Now())
	check(t, err)
	cfg := settings(t, "--data", t.TempDir(), "--database", storetest.SQLite(t), "--keys", keys)
	d := doors{T: t, log: log, running: startWith(t, cfg, server.Options{Machine: h, Logger: slog.New(slog.NewTextHandler(log, nil))})}
	hash, err := d.Passwords.Hash(words)
	check(t, err)
	first, err := d.Authority.Bootstrap(t.Context(), office.Bootstrap{Email: "ada@example.com", Workspace: "acme", PasswordHash: hash})
	check(t, err)
	d.secret = first.Secret.Reveal()
	request := map[string]any{"kind": "workspace", "label": "ci", "scopes": []string{"tickets:read"}, "expires_in": "1h"}
	answers := func(want int, method, path string, body any, holds ...string) []byte {
		t.Helper()
		status, out := d.call(method, path, d.secret, body)
		for _, part := range holds {
			if !bytes.Contains(out, []byte(part)) {
				t.Errorf("%s %s answered %s, without %s", method, path, out, part)
			}
		}
		if status != want {
			t.Errorf("%s %s: %d, want %d: %s", method, path, status, want, out)
		}
		return out
	}
	answers(http.StatusCreated, "POST", "/v1/workspaces/acme/tokens", request)
	before := d.enters("/settings/security")
	h.set(400 * 24 * time.Hour) // longer than any token lives

	answers(http.StatusServiceUnavailable, "POST", "/v1/workspaces/acme/tokens", request, `"clock_unsettled"`, "tokenry clock settle")
	answers(http.StatusOK, "POST", "/v1/verify", map[string]any{"token": d.secret}, `"expired"`)
	answers(http.StatusOK, "GET", "/readyz", nil, `"unsettled"`)
	answers(http.StatusServiceUnavailable, "GET", "/readyz?for=changes", nil, `"clock_unsettled"`)
	if p := before.open("/settings/security"); p.path != "/settings/security" {
		t.Errorf("who was signed in is sent to %s", p.path)
	}
	if p := d.enters("/settings/security").open("/settings/security"); p.path != "/settings/security" {
		t.Errorf("an administrator who must revoke cannot sign in: %s", p.path)
	}
	if p := before.open("/metrics"); !strings.Contains(p.body, "tokenry_clock_unsettled 1") {
		t.Error("the metrics do not tell")
	}
	if n := strings.Count(log.String(), "far from the time"); n != 1 {
		t.Errorf("the log tells it %d times", n)
	}
	if strings.Contains(log.String(), "a request failed") {
		t.Error("the log tells it as an error of each request")
	}
	if p := before.post("/signout"); p.status != http.StatusOK {
		t.Errorf("signing out: %d", p.status)
	}
	if p := before.open("/settings/security"); !strings.HasPrefix(p.path, "/signin") {
		t.Errorf("who signed out is at %s", p.path)
	}

	h.set(-400 * 24 * time.Hour)
	answers(http.StatusCreated, "POST", "/v1/workspaces/acme/tokens", request)
	h.set(3 * time.Hour) // and this one is right
	answers(http.StatusServiceUnavailable, "POST", "/v1/workspaces/acme/tokens", request, `"clock_unsettled"`)
	wall, _ := h.Now()
	_, err = server.SettleClock(t.Context(), cfg, server.Options{}, wall)
	check(t, err)
	check(t, d.Authority.KeepTime(t.Context()))
	answers(http.StatusCreated, "POST", "/v1/workspaces/acme/tokens", request)
	answers(http.StatusOK, "GET", "/v1/instance/audit?action=clock.settled", nil, `"clock.settled"`)
	answers(http.StatusOK, "POST", "/v1/workspaces/acme/tokens/self/revoke", map[string]any{"reason": "other"})
}

// TestNodesJudgeALifeAlike: the clock of one is an hour ahead and that of the other an
// hour back, and is set while it runs; both follow the database's.
func TestNodesJudgeALifeAlike(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	_, err := server.CreateKeyring(keys, rand.Reader, time.Now())
	check(t, err)
	url := storetest.Postgres(t)
	ns := &nodes{T: t, url: url, cfg: settings(t, "--database", url, "--keys", keys)}
	ahead, behind := &host{since: time.Now(), off: time.Hour}, &host{since: time.Now(), off: -time.Hour}
	ns.all = []running{startWith(t, ns.cfg, server.Options{Machine: ahead}), startWith(t, ns.cfg, server.Options{Machine: behind})}
	ns.owner, ns.secret = own(t, ns.all[0])
	lives := func(i int, life time.Duration) api.Issued {
		t.Helper()
		made, err := ns.on(i).CreateToken(t.Context(), "acme", api.CreateToken{TokenFields: api.TokenFields{Label: api.Some("ci"), ExpiresIn: api.Some(api.Duration(life))}})
		check(t, err)
		return made
	}
	for i := range ns.all {
		made, short := lives(i, 30*time.Minute), lives(i, time.Second)
		for j := range ns.all {
			ns.wants(j, made.Secret, api.CodeOK)
			ns.soon(j, short.Secret, api.CodeExpired)
		}
	}
	ahead.set(-400 * 24 * time.Hour)
	behind.set(400 * 24 * time.Hour)
	for i := range ns.all {
		made := lives(i, 30*time.Minute)
		for j := range ns.all {
			ns.wants(j, made.Secret, api.CodeOK)
		}
	}
	wall, _ := behind.Now()
	s, err := server.ReadClock(t.Context(), ns.cfg, wall)
	check(t, err)
	if s.Whose != clock.OfDatabase || !s.Settled || s.Machine.After(wall.Add(-time.Hour)) {
		t.Errorf("beside them it is %+v", s)
	}
}

// TestANodeThatStartsDoubtsTheClockThatTheOthersDoubt: the database's clock jumps, and a node is started
// that has not seen where it came from. It gives nothing either, and goes on with the others when
// the clock is right again.
func TestANodeThatStartsDoubtsTheClockThatTheOthersDoubt(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	db, err := pgx.Connect(t.Context(), url)
	check(t, err)
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	run := func(statements ...string) {
		t.Helper()
		for _, s := range statements {
			_, err := db.Exec(t.Context(), s)
			check(t, err)
		}
	}
	run(`CREATE SCHEMA set_clock`, `CREATE TABLE set_clock.ahead AS SELECT interval '0' AS ahead`,
		`CREATE FUNCTION set_clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM set_clock.ahead'`,
		`ALTER DATABASE `+pgx.Identifier{db.Config().Database}.Sanitize()+` SET search_path = set_clock, pg_catalog, public`)
	ns := startNodesOn(t, url, 2)
	answers := func(i int, want error) {
		t.Helper()
		c := ns.on(i)
		clocktest.Until(t, func() bool { // it learns of it with a renewal
			_, err := c.CreateToken(t.Context(), "acme", api.CreateToken{TokenFields: api.TokenFields{Label: api.Some("ci")}})
			return errors.Is(err, want)
		})
	}
	answers(0, nil)
	run(`UPDATE set_clock.ahead SET ahead = interval '3 hours'`)
	ns.all = append(ns.all, start(t, ns.cfg)) // the others may not have heard of it yet
	_, err = ns.on(2).CreateToken(t.Context(), "acme", api.CreateToken{TokenFields: api.TokenFields{Label: api.Some("ci")}})
	if !errors.Is(err, api.CodeClockUnsettled) {
		t.Errorf("a node that was started meanwhile gives: %v", err)
	}
	answers(0, api.CodeClockUnsettled)
	answers(1, api.CodeClockUnsettled)
	s, err := server.ReadClock(t.Context(), ns.cfg, time.Now())
	check(t, err)
	if s.Settled {
		t.Errorf("beside them it is %+v", s)
	}
	run(`UPDATE set_clock.ahead SET ahead = interval '0'`)
	for i := range ns.all {
		answers(i, nil)
	}
}

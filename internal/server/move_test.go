package server_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib" // to change what was copied

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/demo"
	"github.com/tokenry/tokenry/internal/filelock"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/move"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// moving is an office on SQLite that is to be moved.
type moving struct {
	*testing.T
	from, to config.Config
}

func newMoving(t *testing.T, from config.Config) *moving {
	t.Helper()
	return &moving{t, from, settings(t, "--database", storetest.Postgres(t), "--keys", from.Keys)}
}

// run runs the move until stop says so.
func (m *moving) run(stop func(move.Progress) bool) (server.Moved, error) {
	m.Helper()
	ctx, cancel := context.WithCancel(m.Context())
	defer cancel()
	return server.Move(ctx, m.from, m.to, server.MoveOptions{Tell: func(p move.Progress) {
		if stop != nil && stop(p) {
			cancel()
		}
	}})
}

// fenced wants that nobody opens a side, and that this is said.
func (m *moving) fenced(cfg config.Config, state ledger.FenceState) {
	m.Helper()
	_, err := server.Listen(m.Context(), cfg, server.Options{})
	if f, ok := errors.AsType[*ledger.FenceError](err); !ok || f.State != state {
		m.Errorf("a server starts on a database that is %s: %v", state, err)
	}
}

// looked asks a server for everything that the demo shows, as text.
func looked(t *testing.T, s running, secret string) map[string]string {
	t.Helper()
	paths := []string{"users", "workspaces", "instance/admins", "instance/policy", "instance/roles", "instance/scopes", "instance/webhooks"}
	for _, ws := range []string{"acme", "globex"} {
		for _, what := range []string{
			"tokens?limit=100", "members", "service-accounts", "roles", "scopes", "resources", "policy", "advice", "denials", "usage", "webhooks", "removals", "audit/export",
		} {
			paths = append(paths, "workspaces/"+ws+"/"+what)
		}
	}
	all := map[string]string{}
	for _, path := range append(paths, "instance/audit/export") {
		var status int
		var b []byte
		clocktest.Until(t, func() bool { // a node without a lease, on a machine that does other things, asks to be asked again
			status, b = seen(t, s.BaseURL()+"/v1/"+path, secret)
			return status != http.StatusServiceUnavailable
		})
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, status, b)
		}
		all[path] = strings.ReplaceAll(string(b), s.BaseURL(), "http://here")
	}
	return all
}

// seen asks once.
func seen(t *testing.T, url, secret string) (status int, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b
}

// lookerOf makes a token that sees everything and is used in a workspace of its own.
func lookerOf(t *testing.T, s running, secret string) string {
	t.Helper()
	c, err := client.New(s.BaseURL(), secret)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdleConnections()
	if _, err := c.CreateWorkspace(t.Context(), api.CreateWorkspace{Slug: "looker"}); err != nil {
		t.Fatal(err)
	}
	owner := []api.Statement{{Role: "Owner", Resources: []string{"*"}}}
	if _, err := c.CreateMember(t.Context(), "looker", api.CreateMember{Email: demo.Email, Rights: api.Rights{Grants: api.Some(owner)}}); err != nil {
		t.Fatal(err)
	}
	all := []api.Statement{{Scopes: []string{"*", "instance:admin"}, Resources: []string{"*"}}}
	made, err := c.CreateToken(t.Context(), "looker", api.CreateToken{Owner: demo.Email, TokenFields: api.TokenFields{Label: api.Some("looks"), Rights: api.Rights{Grants: api.Some(all)}}})
	if err != nil {
		t.Fatal(err)
	}
	return made.Secret
}

// TestAMoveKeepsEverything that the demo has, although it is interrupted again and again:
// the same tokens and secrets, audit and usage. The old side never takes a change again.
func TestAMoveKeepsEverything(t *testing.T) {
	t.Parallel()
	slow(t)
	calendar := demo.NewCalendar(time.Now)
	var stands atomic.Pointer[time.Time] // once the demo is made
	now := func() time.Time {
		if at := stands.Load(); at != nil {
			return *at
		}
		return calendar.Now()
	}
	m := newMoving(t, settings(t, "--data", t.TempDir()))
	s := startWith(t, m.from, server.Options{Now: now})
	first, err := s.Authority.Bootstrap(t.Context(), office.Bootstrap{Email: demo.Email, Workspace: demo.Workspace})
	if err != nil {
		t.Fatal(err)
	}
	secret := first.Secret.Reveal()
	guide, err := demo.Fill(t.Context(), s.BaseURL(), secret, calendar)
	if err != nil {
		t.Fatal(err)
	}
	looker := lookerOf(t, s, secret)
	at := time.Now()
	stands.Store(&at)
	if _, err := m.run(nil); !is[*filelock.HeldError](err) {
		t.Errorf("a database that is served is moved: %v", err)
	}
	if err := s.stop(); err != nil { // what was used is written
		t.Fatal(err)
	}
	s = startWith(t, m.from, server.Options{Now: now})
	before := looked(t, s, looker)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"key_checks", "tokens", "usage_last"} {
		_, err := m.run(func(p move.Progress) bool { return p.Table == table && !p.Before })
		if err == nil {
			t.Fatalf("it was not interrupted after %s", table)
		}
		m.fenced(m.from, ledger.FenceLeaving)
		m.fenced(m.to, ledger.FenceArriving)
	}
	again := 0
	out, err := m.run(func(p move.Progress) bool {
		if p.Before {
			again++
		}
		return false
	})
	if err != nil || out.Rows < 300 || out.Tables != len(move.Copied()) || again == 0 || again == out.Tables {
		t.Fatalf("%+v, %d tables were there: %v", out, again, err)
	}
	s = startWith(t, m.to, server.Options{Now: now})
	if diff := cmp.Diff(before, looked(t, s, looker)); diff != "" {
		t.Errorf("the new side answers otherwise (-old +new):\n%s", diff)
	}
	if chains, err := server.VerifyAudit(t.Context(), m.to, out.Heads...); err != nil || len(chains) < 3 {
		t.Errorf("%v, %v", chains, err)
	}
	verifies(t, s, secret, guide.Checked)
	m.fenced(m.from, ledger.FenceLeft)
	if _, err := m.run(nil); !is[*ledger.FenceError](err) {
		t.Errorf("it is moved once more: %v", err)
	}
	if err := server.AbandonMove(t.Context(), m.from, m.to, server.MoveOptions{}); !is[*ledger.FenceError](err) {
		t.Errorf("the old side is taken back into use while the new one is served: %v", err)
	}
	if _, err := server.SettleClock(t.Context(), m.from, server.Options{}, at); !is[*ledger.FenceError](err) {
		t.Errorf("the old side is changed: %v", err)
	}
	if _, err := server.VerifyAudit(t.Context(), m.from, out.Heads...); err != nil {
		t.Errorf("what is left cannot be read: %v", err)
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// verifies wants a token of before to be valid, and that the new side takes changes.
func verifies(t *testing.T, s running, secret, checked string) {
	t.Helper()
	c, err := client.New(s.BaseURL(), secret)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdleConnections()
	v, err := c.Verify(t.Context(), checked)
	if err != nil || v.Code != api.CodeOK {
		t.Fatalf("%+v, %v", v, err)
	}
	if _, err := c.RevokeToken(t.Context(), demo.Workspace, v.Token.ID, api.RevokeToken{}); err != nil {
		t.Fatal(err)
	}
	if v, err := c.Verify(t.Context(), checked); err != nil || v.Code != api.CodeRevoked {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestAMoveIsGivenUp until the new side was opened: then the old one takes changes again,
// and the part on the new side is never served, but emptied by the next move.
func TestAMoveIsGivenUp(t *testing.T) {
	t.Parallel()
	m := newMoving(t, begun(t))
	abandon := func() error {
		return server.AbandonMove(t.Context(), m.from, m.to, server.MoveOptions{})
	}
	if err := abandon(); err == nil || !strings.Contains(err.Error(), "nothing to give up") {
		t.Errorf("what was never begun is given up: %v", err)
	}
	for _, step := range []string{"copied", "compared"} {
		if _, err := m.run(func(p move.Progress) bool { return p.Step == step && p.Table == "users" }); err == nil {
			t.Fatal("it was not interrupted")
		}
		if err := abandon(); err != nil {
			t.Fatal(err)
		}
		m.fenced(m.to, ledger.FenceGivenUp)
		if err := start(t, m.from).stop(); err != nil {
			t.Fatal(err)
		}
	}
	// The new side went meanwhile.
	if _, err := m.run(func(p move.Progress) bool { return p.Table == "users" }); err == nil {
		t.Fatal("it was not interrupted")
	}
	here := m.to
	m.to = settings(t, "--database", "postgres://127.0.0.1:1/nowhere", "--keys", m.from.Keys)
	if err := abandon(); err != nil {
		t.Fatal(err)
	}
	m.to = here
	if _, err := m.run(nil); err == nil || !strings.Contains(err.Error(), "by another move") {
		t.Errorf("what another filled in part is emptied: %v", err)
	}
	m.to = settings(t, "--database", storetest.Postgres(t), "--keys", m.from.Keys)
	if _, err := m.run(nil); err != nil {
		t.Fatal(err)
	}
	m.fenced(m.from, ledger.FenceLeft)
	// It ended after the old side was left and before the new one was opened.
	m.shut()
	m.fenced(m.to, ledger.FenceArriving)
	if _, err := m.run(nil); err != nil {
		t.Fatal(err)
	}
	if err := start(t, m.to).stop(); err != nil {
		t.Fatal(err)
	}
	m.shut()
	if err := abandon(); err != nil {
		t.Fatal(err)
	}
	m.fenced(m.to, ledger.FenceGivenUp)
	if err := start(t, m.from).stop(); err != nil {
		t.Fatal(err)
	}
}

// shut makes the new side what it was before it was opened.
func (m *moving) shut() {
	m.Helper()
	db, err := sql.Open("sqlite", m.from.SQLitePath())
	if err != nil {
		m.Fatal(err)
	}
	defer db.Close()
	var f ledger.Fence
	var stored []byte
	err = db.QueryRowContext(m.Context(), `SELECT fence FROM head`).Scan(&stored)
	if err = errors.Join(err, json.Unmarshal(stored, &f)); err != nil {
		m.Fatal(err)
	}
	f.State, f.Done = ledger.FenceArriving, map[string]int64{}
	for _, t := range move.Copied() {
		f.Done[t.Name] = 1
	}
	stored, err = json.Marshal(f)
	if err != nil {
		m.Fatal(err)
	}
	if err := os.Remove(m.from.Keys + ".head"); err != nil && !errors.Is(err, os.ErrNotExist) {
		m.Fatal(err) // it has not been served
	}
	m.changed(`UPDATE head SET revision = 0, next_id = 1, fence = $1`, string(stored))
}

// changed changes the new side past every law.
func (m *moving) changed(statement string, args ...any) {
	m.Helper()
	db, err := sql.Open("pgx", m.to.Database.Reveal())
	if err != nil {
		m.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(m.Context(), statement, args...); err != nil {
		m.Error(err)
	}
}

// TestAMoveMixesNothing: it refuses, before it changes anything, a database that holds an
// instance or is served, another keyring, and what is not there.
func TestAMoveMixesNothing(t *testing.T) {
	t.Parallel()
	m := newMoving(t, begun(t))
	refused := func(want string) {
		t.Helper()
		if _, err := m.run(nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	s := start(t, m.to)
	if _, err := m.run(nil); !is[*filelock.HeldError](err) {
		t.Errorf("it is moved into what is served: %v", err)
	}
	own(t, s)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	refused("an instance was set up already")
	other := begun(t)
	m.from.Keys = other.Keys
	if _, err := m.run(nil); !is[*store.KeyringError](err) {
		t.Errorf("another keyring is taken: %v", err)
	}
	m.from = settings(t, "--data", filepath.Join(t.TempDir(), "none"))
	refused("no database to move")
	if _, err := os.Stat(m.from.SQLitePath()); err == nil {
		t.Error("a database was made")
	}
	m.from = m.to
	refused("begins at a SQLite database")
	m.from, m.to = other, other
	refused("ends at a PostgreSQL database")
	if err := start(t, other).stop(); err != nil {
		t.Errorf("what was not moved is fenced: %v", err)
	}
}

// TestWhatDiffersIsNotMoved: somebody changed a row, or took one away, before it was
// compared; the old side is not left then.
func TestWhatDiffersIsNotMoved(t *testing.T) {
	t.Parallel()
	for _, statement := range []string{
		`UPDATE users SET name = 'Eve'`, `DELETE FROM secrets`, `UPDATE tokens SET expires_at = NULL`, `UPDATE audit SET actor = 'eve'`,
	} {
		t.Run(statement, func(t *testing.T) {
			t.Parallel()
			m := newMoving(t, begun(t))
			_, err := m.run(func(p move.Progress) bool {
				if p.Step == "compared" && p.Table == "key_checks" {
					m.changed(statement)
				}
				return false
			})
			if err == nil || !strings.Contains(err.Error(), "the old side has") {
				t.Errorf("it was moved: %v", err)
			}
			m.fenced(m.from, ledger.FenceLeaving)
			m.fenced(m.to, ledger.FenceArriving)
		})
	}
}

// TestAMoveGoesThroughAPooler that gives every transaction another session.
func TestAMoveGoesThroughAPooler(t *testing.T) {
	t.Parallel()
	m := newMoving(t, begun(t))
	m.to = settings(t, "--database", storetest.PgBouncer(t, m.to.Database.Reveal(), "transaction"), "--keys", m.from.Keys)
	if out, err := m.run(nil); err != nil || out.Tables != len(move.Copied()) {
		t.Errorf("%+v, %v", out, err)
	}
}

package server_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/filelock"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// rewound is a database of before a revocation, and what was exported after it.
type rewound struct {
	*testing.T
	old          config.Config
	owner        string // the Owner's secret
	leaked, kept string
	exports      []string
	newest       int64 // the revision that nodes saw
}

func rewind(t *testing.T, address string) *rewound {
	t.Helper()
	keys := filepath.Join(t.TempDir(), "keys.json")
	if _, err := server.CreateKeyring(keys, rand.Reader, time.Now()); err != nil {
		t.Fatal(err)
	}
	cfg := settings(t, "--database", address, "--keys", keys, "--lease", "1s")
	s := start(t, cfg)
	owner, secret := own(t, s)
	label := func(name string) api.Issued {
		made, err := owner.CreateToken(t.Context(), "acme", api.CreateToken{TokenFields: api.TokenFields{Label: api.Some(name)}})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	leaked := label("leaked")
	w := &rewound{T: t, owner: secret, leaked: leaked.Secret, kept: label("kept").Secret}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	w.old = settings(t, "--database", copyOf(t, address), "--keys", keys, "--lease", "1s")
	s = start(t, cfg)
	c, err := client.New(s.BaseURL(), secret)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdleConnections()
	if _, err := c.RevokeToken(t.Context(), "acme", leaked.Token.ID, api.RevokeToken{Reason: api.ReasonLeaked}); err != nil {
		t.Fatal(err)
	}
	w.exports = []string{exported(t, s, secret, "workspaces/acme"), exported(t, s, secret, "instance")}
	if w.newest, err = s.Authority.Revision(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	return w
}

// copyOf is the address of a copy of a database that nobody has open.
func copyOf(t *testing.T, address string) string {
	t.Helper()
	if path, is := strings.CutPrefix(address, "sqlite:"); is {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(t.TempDir(), "tokenry.db")
		if err := os.WriteFile(to, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return "sqlite:" + to
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	admin := *u
	admin.Path = "/postgres"
	run := func(statement string) {
		ctx := context.WithoutCancel(t.Context())
		conn, err := pgx.Connect(ctx, admin.String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, statement); err != nil {
			t.Error(err)
		}
	}
	run(`CREATE DATABASE ` + pgx.Identifier{name + "_old"}.Sanitize() + ` TEMPLATE ` + pgx.Identifier{name}.Sanitize())
	t.Cleanup(func() { run(`DROP DATABASE ` + pgx.Identifier{name + "_old"}.Sanitize() + ` WITH (FORCE)`) })
	u.Path += "_old"
	return u.String()
}

func exported(t *testing.T, s running, secret, of string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.BaseURL()+"/v1/"+of+"/audit/export", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s, %v", of, resp.StatusCode, b, err)
	}
	return string(b)
}

// restored runs a restore on the old database.
func (w *rewound) restored(since server.Since, exports ...string) (server.Restored, error) {
	w.Helper()
	o := server.RestoreOptions{Since: since}
	for _, e := range exports {
		o.Replay = append(o.Replay, strings.NewReader(e))
	}
	return server.Restore(w.Context(), w.old, o)
}

// refused wants that no server serves the old database, and that this is said: on
// PostgreSQL it waits for the restore.
func (w *rewound) refused(want string) {
	w.Helper()
	ctx, cancel := context.WithCancel(w.Context())
	defer cancel()
	said := &log{told: func(line string) {
		if strings.Contains(line, "waiting for") {
			cancel()
		}
	}}
	_, err := server.Listen(ctx, w.old, server.Options{Logger: slog.New(slog.NewTextHandler(said, nil))})
	if err == nil || !strings.Contains(err.Error()+said.String(), want) {
		w.Errorf("want %q: %v, %s", want, err, said)
	}
}

// log keeps what was told.
type log struct {
	told func(line string)
	mu   sync.Mutex // guards what follows
	text bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.told(string(b))
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// serves starts on the old database and wants these answers.
func (w *rewound) serves(leaked, kept api.Code) {
	w.Helper()
	s := start(w.T, w.old)
	c, err := client.New(s.BaseURL(), w.owner)
	if err != nil {
		w.Fatal(err)
	}
	defer c.CloseIdleConnections()
	for secret, want := range map[string]api.Code{w.leaked: leaked, w.kept: kept} {
		if v, err := c.Verify(w.Context(), secret); err != nil || v.Code != want {
			w.Errorf("want %s: %+v, %v", want, v, err)
		}
	}
	if n, err := s.Authority.Revision(w.Context()); err != nil || n <= w.newest {
		w.Errorf("it is at change %d, and nodes saw %d: %v", n, w.newest, err)
	}
	if err := s.stop(); err != nil {
		w.Fatal(err)
	}
}

// TestAnOlderDatabaseWaitsForItsReplay: what was revoked after a copy was made is revoked
// again before any server serves the copy, on each engine, however often it is asked for.
func TestAnOlderDatabaseWaitsForItsReplay(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		w := rewind(t, url)
		w.refused("tokenry restore")
		other := strings.Replace(w.exports[0], `"hash":"`, `"hash":"00`, 1)
		other = strings.NewReplacer(`"hash":"`, `"hash":"ff`).Replace(other)
		if _, err := w.restored(server.SinceReplay, other); err == nil || !strings.Contains(err.Error(), "of another instance") {
			t.Errorf("another instance's export is replayed: %v", err)
		}
		w.refused("tokenry restore")
		out, err := w.restored(server.SinceReplay, w.exports...)
		if err != nil || out.Replayed.Done["token.revoked"] != 1 || len(out.Replayed.Missing)+len(out.Replayed.Failed) != 0 {
			t.Fatalf("%v, missing %v, failed %v: %v", out.Replayed.Done, out.Replayed.Missing, out.Replayed.Failed, err)
		}
		w.serves(api.CodeRevoked, api.CodeOK)
		// Somebody runs it again, later.
		again, err := w.restored(server.SinceReplay, w.exports...)
		if err != nil || len(again.Replayed.Failed) != 0 || len(again.Replayed.Missing) != 0 {
			t.Errorf("missing %v, failed %v: %v", again.Replayed.Missing, again.Replayed.Failed, err)
		}
		w.serves(api.CodeRevoked, api.CodeOK)
		if _, err := server.VerifyAudit(t.Context(), w.old); err != nil {
			t.Error(err)
		}
	})
}

// TestAReplayThatBrokeOffIsRunAgain before anything is served.
func TestAReplayThatBrokeOffIsRunAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		w := rewind(t, url)
		s, err := store.Open(t.Context(), store.Options{URL: w.old.Database.Reveal(), Fenced: true})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Restoring(t.Context(), &ledger.Fence{State: ledger.FenceRestoring, At: time.Now()}, w.newest+7)
		if err = errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
		w.refused("has not come to its end")
		if _, err := w.restored(server.SinceReplay, w.exports...); err != nil {
			t.Fatal(err)
		}
		w.serves(api.CodeRevoked, api.CodeOK)
	})
}

// TestWhoeverKnowsThatNothingWasRevokedGoesOn: by a restore that says so, or without the
// note. Somebody else's database with the same keyring is not concerned.
func TestWhoeverKnowsThatNothingWasRevokedGoesOn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		w := rewind(t, url)
		note := w.old.Keys + ".head"
		kept, err := os.ReadFile(note)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(note); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		if _, err := w.restored(server.SinceKeep); err != nil {
			t.Fatal(err)
		}
		w.serves(api.CodeOK, api.CodeOK)
		other := settings(t, "--database", storetest.SQLite(t), "--keys", w.old.Keys)
		s := start(t, other)
		own(t, s)
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(note, bytes.ReplaceAll(kept, []byte(`"revision":`), []byte(`"revision":9`)), 0o600); err != nil {
			t.Fatal(err)
		}
		w.refused("remove " + note)
		if err := os.Remove(note); err != nil {
			t.Fatal(err)
		}
		w.serves(api.CodeOK, api.CodeOK)
		if err := os.WriteFile(note, []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		w.refused("cannot be read")
		w.old.HeadNote = "none"
		w.serves(api.CodeOK, api.CodeOK)
	})
}

// TestANoteThatCannotBeKeptIsTold, once, and nothing else comes of it: a keyring may lie
// in a folder that cannot be written.
func TestANoteThatCannotBeKeptIsTold(t *testing.T) {
	t.Parallel()
	told := make(chan string, 10)
	s := startWith(t, settings(t, "--data", t.TempDir(), "--head-note", filepath.Join(t.TempDir(), "none", "note")),
		server.Options{Logger: slog.New(slog.NewTextHandler(&log{told: func(line string) {
			if strings.Contains(line, "cannot be noted") {
				told <- line
			}
		}}, nil))})
	own(t, s)
	if line := <-told; !strings.Contains(line, "--head-note") {
		t.Error(line)
	}
	if err := s.stop(); err != nil || len(told) != 0 {
		t.Errorf("%d, %v", len(told), err)
	}
}

// TestNobodyRestoresUnderANodeThatLives, and one that crashed holds nobody up for longer
// than its lease.
func TestNobodyRestoresUnderANodeThatLives(t *testing.T) {
	t.Parallel()
	ns := startNodesOn(t, storetest.Postgres(t), 1, "--lease", "1s")
	restore := func() error {
		_, err := server.Restore(t.Context(), ns.cfg, server.RestoreOptions{Since: server.SinceKeep})
		return err
	}
	if err := restore(); !is[*filelock.HeldError](err) {
		t.Errorf("it is restored under a node: %v", err)
	}
	made := ns.token()
	ns.wants(0, made.Secret, api.CodeOK)
	if err := ns.all[0].stop(); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Options{URL: ns.url})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Nodes().Join(t.Context(), ledger.Lease{Node: "node_crashed", Incarnation: "1", Length: time.Second, Holder: "crashed"})
	if err = errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if err := restore(); err != nil {
		t.Error(err)
	}
}

// TestANoteKeepsFewInstances, those that were noted last.
func TestANoteKeepsFewInstances(t *testing.T) {
	t.Parallel()
	var note struct {
		Format int `json:"format"`
		Lines  map[string]map[string]any
	}
	note.Format, note.Lines = 1, map[string]map[string]any{}
	for i := range 40 {
		note.Lines[strings.Repeat("x", i+1)] = map[string]any{"revision": 1, "digest": "", "at": time.Unix(int64(i), 0)}
	}
	b, err := json.Marshal(note)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "keys.json.head")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, settings(t, "--data", dir))
	own(t, s)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if b, err = os.ReadFile(path); err == nil {
		note.Lines = nil
		err = json.Unmarshal(b, &note)
	}
	if err != nil || len(note.Lines) != 16 || note.Lines[strings.Repeat("x", 40)] == nil || note.Lines["x"] != nil {
		t.Errorf("%d lines, %v", len(note.Lines), err)
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		if strings.HasPrefix(f.Name(), "keys.json.head.") {
			t.Errorf("%s was left", f.Name())
		}
	}
}

// TestAServerWaitsWhileItsDatabaseIsRestored beside it, to the end of that, although the
// database is at a later change before.
func TestAServerWaitsWhileItsDatabaseIsRestored(t *testing.T) {
	t.Parallel()
	w := rewind(t, storetest.Postgres(t))
	ended := make(chan error, 1)
	var once sync.Once
	restore := func() {
		_, err := w.restored(server.SinceReplay, w.exports...)
		ended <- err
	}
	said := &log{told: func(line string) {
		if strings.Contains(line, "waiting for a restore") {
			once.Do(func() { go restore() })
		}
	}}
	s := startWith(t, w.old, server.Options{Logger: slog.New(slog.NewTextHandler(said, nil))})
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	w.serves(api.CodeRevoked, api.CodeOK)
}

// TestARestoredBackupIsLaterThanWhatWasSeenThere, so that it is served: also where its
// keyring comes out of it, and the note has outlived the one that was there.
func TestARestoredBackupIsLaterThanWhatWasSeenThere(t *testing.T) {
	t.Parallel()
	cfg := begun(t)
	if err := start(t, cfg).stop(); err != nil {
		t.Fatal(err)
	}
	note, err := os.ReadFile(cfg.Keys + ".head")
	if err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(t.TempDir(), "b")
	if _, err := server.Backup(t.Context(), cfg, server.BackupOptions{Out: in, WithKeys: true, Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "keys.json.head"), bytes.ReplaceAll(note, []byte(`"revision":`), []byte(`"revision":9`)), 0o600); err != nil {
		t.Fatal(err)
	}
	there := settings(t, "--data", dir)
	if _, err := server.Restore(t.Context(), there, server.RestoreOptions{In: in, Since: server.SinceKeep}); err != nil {
		t.Fatal(err)
	}
	if err := start(t, there).stop(); err != nil {
		t.Error(err)
	}
}

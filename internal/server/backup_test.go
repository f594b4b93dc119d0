package server_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/server"
)

// begun makes a database with a first Owner, and its settings.
func begun(t *testing.T) config.Config {
	t.Helper()
	cfg := settings(t, "--data", t.TempDir())
	c, err := server.Open(t.Context(), cfg, server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Authority.Bootstrap(t.Context(), office.Bootstrap{Email: "ada@example.com", Workspace: "acme"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// packed is a backup with the keyring, as its bytes.
func packed(t *testing.T) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "b")
	if _, err := server.Backup(t.Context(), begun(t), server.BackupOptions{Out: out, WithKeys: true, Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// entry is a file of an archive.
type entry struct {
	tar.Header
	content []byte
}

func entries(t *testing.T, b []byte) (all []entry) {
	t.Helper()
	zipped, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(zipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{*h, content})
	}
}

func archived(t *testing.T, all []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	w := tar.NewWriter(zipped)
	for _, e := range all {
		e.Size = int64(len(e.content))
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// restore restores an archive into a new folder and says what is in the folder
// afterwards.
func restore(t *testing.T, archive []byte, o server.RestoreOptions) ([]string, error) {
	t.Helper()
	o.In = filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(o.In, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	_, err := server.Restore(t.Context(), settings(t, "--data", dir), o)
	found, readErr := os.ReadDir(dir)
	if readErr != nil {
		t.Fatal(readErr)
	}
	var names []string
	for _, f := range found {
		names = append(names, f.Name())
	}
	return names, err
}

// TestRestoreTakesNothingElse: an archive that somebody changed is refused, and
// leaves nothing.
func TestRestoreTakesNothingElse(t *testing.T) {
	t.Parallel()
	whole := packed(t)
	if left, err := restore(t, whole, server.RestoreOptions{Since: server.SinceKeep}); err != nil || strings.Join(left, " ") != "keys.json tokenry.db" {
		t.Fatalf("the archive itself: %v, %v", left, err)
	}
	for name, change := range map[string]func([]entry) []entry{
		"a byte of the database":  func(e []entry) []entry { e[1].content[5000] ^= 1; return e },
		"a file above the folder": func(e []entry) []entry { e[1].Name = "../tokenry.db"; return e },
		"a link": func(e []entry) []entry {
			e[1].Typeflag, e[1].Linkname = tar.TypeSymlink, "/etc/passwd"
			e[1].content = nil
			return e
		},
		"one file more": func(e []entry) []entry { return append(e, entry{tar.Header{Name: "x", Mode: 0o600}, []byte("x")}) },
		"one file less": func(e []entry) []entry { return e[:2] },
		"no manifest":   func(e []entry) []entry { return e[1:] },
		"another format": func(e []entry) []entry {
			e[0].content = bytes.Replace(e[0].content, []byte(`"format": 1`), []byte(`"format": 2`), 1)
			return e
		},
		"a name that the manifest invents": func(e []entry) []entry {
			e[0].content = bytes.Replace(e[0].content, []byte(`"name": "tokenry.db"`), []byte(`"name": "../tokenry.db"`), 1)
			e[1].Name = "../tokenry.db"
			return e
		},
		"another head": func(e []entry) []entry {
			e[0].content = bytes.Replace(e[0].content, []byte(`"acme@`), []byte(`"acme@9`), 1)
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			left, err := restore(t, archived(t, change(entries(t, whole))), server.RestoreOptions{Since: server.SinceKeep})
			if err == nil || len(left) != 0 {
				t.Errorf("left %v, %v", left, err)
			}
		})
	}
	for _, broken := range [][]byte{nil, []byte("x"), whole[:len(whole)/2]} {
		if left, err := restore(t, broken, server.RestoreOptions{Since: server.SinceKeep}); err == nil || len(left) != 0 {
			t.Errorf("%d bytes left %v, %v", len(broken), left, err)
		}
	}
	if left, err := restore(t, whole, server.RestoreOptions{Since: "no-matter"}); err == nil || len(left) != 0 {
		t.Errorf("an unknown choice left %v, %v", left, err)
	}
}

// TestReplayNamesWhatIsMissing: exports that do not reach back to the backup are
// told.
func TestReplayNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	for _, e := range []api.AuditEvent{
		{Sequence: 20, Revision: 20, Workspace: "acme", Action: "token.revoked", Target: "nobody_000000000000", Hash: "00"},
		{Sequence: 21, Revision: 21, Workspace: "acme", Action: "member.edited", Target: "member:eve@example.com", Hash: "01"},
		{Sequence: 22, Revision: 22, Workspace: "acme", Action: "member.removed", Target: "member:ada@example.com", Hash: "02"},
		{Sequence: 23, Revision: 23, Workspace: "acme", Action: "workspace.suspended", Target: "acme", Hash: "03"},
		{Sequence: 24, Revision: 24, Workspace: "acme", Action: "workspace.resumed", Target: "acme", Hash: "04"},
	} {
		if err := json.NewEncoder(&lines).Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	in := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(in, packed(t), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := server.Restore(t.Context(), settings(t, "--data", t.TempDir()), server.RestoreOptions{In: in, Since: server.SinceReplay, Replay: []io.Reader{&lines}})
	if err != nil {
		t.Fatal(err)
	}
	r := out.Replayed
	if len(r.Done) != 0 || r.NotDone["member.edited"] != 1 || len(r.NotDone) != 1 {
		t.Errorf("done %v, not done %v", r.Done, r.NotDone)
	}
	if len(r.Failed) != 1 || !strings.Contains(r.Failed[0], "member.removed member:ada@example.com") {
		t.Errorf("refused %v", r.Failed) // the last Owner stays
	}
	if len(r.Missing) != 2 || !strings.HasPrefix(r.Missing[0], "acme: rows ") || !strings.HasPrefix(r.Missing[1], "instance: no row") {
		t.Errorf("missing %v", r.Missing)
	}
}

// TestADamagedDatabaseIsNoBackup: the copy is read whole while it is packed, and what is wrong
// there leaves no file that somebody could take for a backup.
func TestADamagedDatabaseIsNoBackup(t *testing.T) {
	t.Parallel()
	cfg := begun(t)
	path := cfg.SQLitePath()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var page, size int // of an index that nothing here reads
	if err := db.QueryRowContext(t.Context(), `SELECT rootpage FROM sqlite_schema WHERE name = 'deliveries_settled'`).Scan(&page); err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRowContext(t.Context(), `PRAGMA page_size`).Scan(&size); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clear(b[(page-1)*size : page*size])
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "backup")
	_, err = server.Backup(t.Context(), cfg, server.BackupOptions{Out: out, Now: time.Now()})
	if err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("answered %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(out)); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

package sqlite_test

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/sqlite"
)

// written is a database with rows on many pages, in the journal mode of servers.
func written(t *testing.T) (path string, db *sql.DB) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "tokens.db")
	db = opened(t, sqlite.Address(path, 0, url.Values{}))
	do(t, db, `PRAGMA journal_mode = WAL`, `CREATE TABLE a (id INTEGER PRIMARY KEY, text TEXT)`,
		`INSERT INTO a WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 64) SELECT i, hex(randomblob(1000)) FROM n`)
	return path, db
}

// names are those of the files in a folder.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// TestACopyIsOfOneMoment: while somebody writes, who does not wait for it and whose
// change is not in it; it is for its owner alone and lacks no file beside it.
func TestACopyIsOfOneMoment(t *testing.T) {
	t.Parallel()
	path, db := written(t)
	tx, err := db.BeginTx(t.Context(), nil)
	must(t, err)
	_, err = tx.ExecContext(t.Context(), `DELETE FROM a`)
	must(t, err)
	dir := t.TempDir()
	to := filepath.Join(dir, "copy.db")
	must(t, sqlite.Copy(t.Context(), path, to))
	must(t, tx.Commit())
	if got := names(t, dir); !slices.Equal(got, []string{"copy.db"}) || mode(t, to) != 0o600 {
		t.Errorf("beside the copy of mode %o lie %v", mode(t, to), got)
	}
	must(t, sqlite.Check(t.Context(), to))
	copied := opened(t, sqlite.Address(to, 0, url.Values{"mode": {"ro"}}))
	if got := ask(t, copied, `SELECT count(*) FROM a`); got != "64" {
		t.Errorf("the copy has %s rows", got)
	}
	if got := ask(t, copied, `PRAGMA journal_mode`); got != "delete" {
		t.Errorf("a copy that is read writes beside itself: %s", got)
	}
	if got := ask(t, db, `SELECT count(*) FROM a`); got != "0" {
		t.Errorf("whoever wrote meanwhile finds %s rows", got)
	}
}

// TestACopyHasItsNameOnlyOnceItIsWhole: what comes to nothing leaves nothing, and what
// was there before stays as it was.
func TestACopyHasItsNameOnlyOnceItIsWhole(t *testing.T) {
	t.Parallel()
	path, _ := written(t)
	damaged := filepath.Join(t.TempDir(), "damaged.db")
	must(t, os.WriteFile(damaged, []byte(strings.Repeat("no database ", 1000)), 0o600))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		from string
		// there is a file that was there before, or where a link leads to.
		there, link string
	}{
		"a name that is taken":       {t.Context(), path, "copy.db", ""},
		"a link to nowhere":          {t.Context(), path, "", "copy.db"},
		"another copy under way":     {t.Context(), path, "copy.db.partial", ""},
		"no database there":          {t.Context(), filepath.Join(t.TempDir(), "none.db"), "", ""},
		"what is no database":        {t.Context(), damaged, "", ""},
		"whoever asked went already": {gone, path, "", ""},
	} {
		dir := t.TempDir()
		var before []string
		if c.there != "" {
			must(t, os.WriteFile(filepath.Join(dir, c.there), []byte("kept"), 0o600))
			before = []string{c.there}
		}
		if c.link != "" {
			must(t, os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, c.link)))
			before = []string{c.link}
		}
		if err := sqlite.Copy(c.ctx, c.from, filepath.Join(dir, "copy.db")); err == nil {
			t.Errorf("%s: it was copied", name)
		}
		if after := names(t, dir); !slices.Equal(before, after) {
			t.Errorf("%s: there were %v and are %v", name, before, after)
		}
		if text, err := os.ReadFile(filepath.Join(dir, c.there)); c.there != "" && (err != nil || string(text) != "kept") {
			t.Errorf("%s: what was there is %q, %v", name, text, err)
		}
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), "none.db")); err == nil {
		t.Error("looking for a database made one")
	}
}

// TestWhatIsDamagedIsSaid: one page among many, a file that is none, and no file; to check
// one changes nothing.
func TestWhatIsDamagedIsSaid(t *testing.T) {
	t.Parallel()
	path, db := written(t)
	whole := filepath.Join(t.TempDir(), "whole.db")
	must(t, sqlite.Copy(t.Context(), path, whole))
	must(t, db.Close())
	must(t, sqlite.Check(t.Context(), whole))
	text, err := os.ReadFile(whole)
	must(t, err)
	page := slices.Clone(text)
	for i := range 512 {
		page[2*4096+i] = 0xff
	}
	for name, content := range map[string][]byte{"one page": page, "its end is missing": text[:len(text)/2], "another file": []byte(strings.Repeat("text ", 2000))} {
		file := filepath.Join(t.TempDir(), "damaged.db")
		must(t, os.WriteFile(file, content, 0o600))
		if err := sqlite.Check(t.Context(), file); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: %v", name, err)
		}
		if after, err := os.ReadFile(file); err != nil || string(after) != string(content) {
			t.Errorf("%s: the check changed it: %v", name, err)
		}
	}
	none := filepath.Join(t.TempDir(), "none.db")
	if err := sqlite.Check(t.Context(), none); err == nil {
		t.Error("no file is whole")
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("to check a file made it")
	}
	if err := sqlite.Check(t.Context(), ":memory:"); err == nil {
		t.Error("a database in memory is whole")
	}
}

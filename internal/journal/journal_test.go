package journal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/journal"
)

func head() journal.Head {
	return journal.Head{
		Server: "https://tokens.example.com", Workspace: "acme", Caller: "0123456789AB", Filter: json.RawMessage(`{"owner":"ci"}`), Rotate: json.RawMessage(`{}`),
		Begun: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC),
	}
}

func plan(n int) []*journal.Record {
	out := make([]*journal.Record, n)
	for i := range out {
		l := fmt.Sprintf("token%d", i)
		out[i] = &journal.Record{Locator: l, ID: "ci_" + l, Label: l, Owner: "ci", State: journal.Planned, Key: "rotate-x-" + l}
	}
	return out
}

// begin writes a plan to a new journal.
func begin(t testing.TB, path string, n int) *journal.Journal {
	t.Helper()
	j, err := journal.New(path, head(), plan(n))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// again reads a journal as the next run does.
func again(t testing.TB, path string) *journal.Journal {
	t.Helper()
	j, err := journal.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() }) // it was only read
	return j
}

func states(j *journal.Journal) string {
	var b strings.Builder
	for _, r := range j.Records() {
		b.WriteString(r.Locator + ":" + r.State + " ")
	}
	return strings.TrimSpace(b.String())
}

func TestARunGoesOnWhereTheLastOneWas(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "folder", "j")
	j := begin(t, path, 3)
	at := time.Date(2026, 6, 1, 12, 30, 0, 0, time.UTC)
	for i, state := range []string{journal.Rotating, journal.Rotated, journal.Delivered} {
		r := j.Records()[1]
		r.State, r.At = state, at
		if i == 1 {
			r.RotatedAt, r.Note = &at, "n"
		}
		if err := j.Put(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	next := again(t, path)
	if got := states(next); got != "token0:planned token1:delivered token2:planned" {
		t.Errorf("it goes on with %s", got)
	}
	if d := cmp.Diff(j.Records(), next.Records()); d != "" {
		t.Errorf("the records: %s", d)
	}
	want := head()
	want.Version = 1
	if d := cmp.Diff(want, next.Head()); d != "" {
		t.Errorf("the head: %s", d)
	}
	for _, r := range next.Records() {
		if r.Over() != (r.State == journal.Delivered) {
			t.Errorf("%s is over: %t", r.State, r.Over())
		}
	}
}

// Who cuts the power in the middle of a line loses that step, and nothing before it;
// the next step begins a line of its own.
func TestATornLineIsAStepThatWasNotTaken(t *testing.T) {
	t.Parallel()
	whole := filepath.Join(t.TempDir(), "j")
	j := begin(t, whole, 2)
	r := j.Records()[0]
	r.State = journal.Delivered
	if err := errors.Join(j.Put(r), j.Close()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	lastLine := strings.LastIndexByte(strings.TrimSuffix(string(text), "\n"), '\n') + 1
	rapid.Check(t, func(rt *rapid.T) {
		path := filepath.Join(t.TempDir(), "torn")
		cut := rapid.IntRange(lastLine, len(text)-1).Draw(rt, "cut")
		if err := os.WriteFile(path, text[:cut], 0o600); err != nil {
			rt.Fatal(err)
		}
		torn, err := journal.Read(path)
		if err != nil || states(torn) != "token0:planned token1:planned" {
			rt.Fatalf("%v, %v", torn, err)
		}
		one := torn.Records()[1]
		one.State = journal.Gone
		if err := errors.Join(torn.Put(one), torn.Close()); err != nil {
			rt.Fatal(err)
		}
		after, err := journal.Read(path)
		if err != nil || states(after) != "token0:planned token1:gone" {
			rt.Fatalf("%v", err)
		}
		_ = after.Close() // it was only read
	})
}

// A file that is not ours, or of another version, is refused and left as it is.
func TestWhatIsNoJournalIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing": "", "a diary": "dear diary\n", "without an end": `{"version":1}`, "another version": "{\"version\":2}\n", "no version": "{}\n",
		"a step that is none": "{\"version\":1}\n{\n", "a list": "[1]\n",
	} {
		path := filepath.Join(t.TempDir(), "j")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := journal.Read(path); err == nil || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != text {
			t.Errorf("%s became %q (%v)", name, b, err)
		}
	}
	if _, err := journal.Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none: %v", err)
	}
}

// Only its owner reads which tokens there are, also where an interrupted run left
// something that others can read.
func TestAJournalIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "folder", "j")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte("left"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := begin(t, path, 1).Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if _, err := os.Stat(path + ".new"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was left is there: %v", err)
	}
	if _, err := journal.New(path+"/below", head(), nil); err == nil {
		t.Error("a file is a folder")
	}
}

// The server finds a request again only if everything about it is the same.
func TestAJournalFitsWhatItWasBegunWith(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	j := begin(t, path, 1)
	t.Cleanup(func() { _ = j.Close() }) // it was only read
	later := head()
	later.Begun = later.Begun.Add(time.Hour)
	if err := j.Fits(later); err != nil {
		t.Errorf("a later run: %v", err)
	}
	for part, change := range map[string]func(*journal.Head){
		"server": func(h *journal.Head) { h.Server = "https://other.example.com" }, "workspace": func(h *journal.Head) { h.Workspace = "globex" },
		"calling token": func(h *journal.Head) { h.Caller = "BA9876543210" }, "filter": func(h *journal.Head) { h.Filter = json.RawMessage(`{}`) },
		"way to rotate": func(h *journal.Head) { h.Rotate = json.RawMessage(`{"renew":true}`) },
	} {
		h := head()
		change(&h)
		var other *journal.OtherError
		if err := j.Fits(h); !errors.As(err, &other) || other.Part != part || other.Was == other.Is || !strings.Contains(err.Error(), "another "+part) {
			t.Errorf("%s: %v", part, err)
		}
	}
}

// Several who deliver at once write whole lines.
func TestManyStepsAtOnceAreWholeLines(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	j := begin(t, path, 8)
	var all sync.WaitGroup
	for _, r := range j.Records() {
		all.Go(func() {
			for _, state := range []string{journal.Rotating, journal.Rotated, journal.Failed, journal.Delivered} {
				r.State = state
				if err := j.Put(r); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if got := states(again(t, path)); strings.Count(got, ":delivered") != 8 {
		t.Errorf("it reads %s", got)
	}
	if err := j.Put(j.Records()[0]); err == nil {
		t.Error("a step is put into a journal that was closed")
	}
}

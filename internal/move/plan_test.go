package move_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/move"
)

// schema is every table that migrations make, with what it is made of.
func schema(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../store/usagemigrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations of usage: %v", err)
	}
	all := map[string]string{}
	for _, file := range append(files, "../store/schema.sql") {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n[,)]`).FindAllStringSubmatch(string(b), -1) {
			all[m[1]] = m[2]
		}
	}
	return all
}

// TestEveryTableIsCopiedOrNamed: a table that somebody adds is thought of here.
func TestEveryTableIsCopiedOrNamed(t *testing.T) {
	t.Parallel()
	tables, seen := schema(t), map[string]bool{}
	for _, c := range move.Copied() {
		body, is := tables[c.Name]
		if !is || seen[c.Name] || move.NotCopied()[c.Name] != "" || c.Usage != strings.HasPrefix(c.Name, "usage_") {
			t.Errorf("%+v is no table, is copied twice or is not copied too", c)
		}
		for _, ref := range regexp.MustCompile(`REFERENCES (\w+)`).FindAllStringSubmatch(body, -1) {
			if !seen[ref[1]] {
				t.Errorf("%s is copied before %s, to which it refers", c.Name, ref[1])
			}
		}
		seen[c.Name] = true
	}
	for name := range tables {
		if !seen[name] && move.NotCopied()[name] == "" {
			t.Errorf("%s is neither copied nor named with the reason why not", name)
		}
	}
	for name := range move.NotCopied() {
		if _, is := tables[name]; !is {
			t.Errorf("%s is no table", name)
		}
	}
	if n := len(tables); n < 40 {
		t.Errorf("only %d tables were found", n)
	}
}

// TestTwoDatabasesNeverTakeChangesAtOnce: whatever was interrupted, and whoever is asked
// in whichever order.
func TestTwoDatabasesNeverTakeChangesAtOnce(t *testing.T) {
	t.Parallel()
	fence := func(state ledger.FenceState, run string) *ledger.Fence { return &ledger.Fence{State: state, Run: run} }
	leaving, left, arriving, givenUp := ledger.FenceLeaving, ledger.FenceLeft, ledger.FenceArriving, ledger.FenceGivenUp
	for name, c := range map[string]struct {
		from, to *ledger.Fence
		empty    bool
		want     string // "begins", "goes on" or "refused"
		abandon  bool
	}{
		"a first move":                              {nil, nil, true, "begins", false},
		"into what holds something":                 {nil, nil, false, "refused", false},
		"after another was given up":                {nil, fence(givenUp, "a"), false, "begins", false},
		"into what another fills":                   {nil, fence(arriving, "b"), false, "refused", false},
		"out of a copy that is not whole":           {fence(arriving, "a"), nil, true, "refused", false},
		"into an old side":                          {nil, fence(left, "b"), false, "refused", false},
		"before the new side was fenced":            {fence(leaving, "a"), nil, true, "begins", true},
		"in the middle":                             {fence(leaving, "a"), fence(arriving, "a"), false, "goes on", true},
		"elsewhere, in the middle":                  {fence(leaving, "a"), fence(arriving, "b"), false, "refused", true},
		"the new side was served meanwhile":         {fence(leaving, "a"), nil, false, "refused", true},
		"after the old side was left":               {fence(left, "a"), fence(arriving, "a"), false, "goes on", true},
		"after the end":                             {fence(left, "a"), nil, false, "refused", false},
		"after the end, into an empty one":          {fence(left, "a"), nil, true, "refused", false},
		"after the end, into another's part":        {fence(left, "a"), fence(givenUp, "b"), false, "refused", false},
		"it was given up, and only the part knows":  {fence(leaving, "a"), fence(givenUp, "a"), false, "begins", true},
		"given up after it was left, one side told": {fence(left, "a"), fence(givenUp, "a"), false, "refused", true},
	} {
		again, err := move.Decide(c.from, c.to, "the new side", c.empty)
		got := map[bool]string{true: "goes on", false: "begins"}[again]
		if err != nil {
			got = "refused"
		}
		if got != c.want {
			t.Errorf("%s: it %s, want %s (%v)", name, got, c.want, err)
		}
		if err := move.MayAbandon(c.from, c.to); (err == nil) != c.abandon {
			t.Errorf("%s: giving it up answers %v", name, err)
		}
	}
}

// TestAFenceSaysWhereAndWhatToDo: whoever meets it was not there when it was put up.
func TestAFenceSaysWhereAndWhatToDo(t *testing.T) {
	t.Parallel()
	for state, want := range map[ledger.FenceState][]string{
		ledger.FenceLeaving: {"being moved to there", "--abandon"}, ledger.FenceLeft: {"was moved to there", "same keyring"},
		ledger.FenceArriving: {"there is being moved into", "run the same tokenry move"}, ledger.FenceGivenUp: {"given up", "drop the database"},
		ledger.FenceRestoring: {"has not come to its end", "tokenry restore"}, "of tomorrow": {"newer tokenry"},
	} {
		said := (&ledger.FenceError{Fence: ledger.Fence{State: state, With: "there"}}).Error()
		if slices.ContainsFunc(want, func(w string) bool { return !strings.Contains(said, w) }) {
			t.Errorf("%s: %s", state, said)
		}
	}
}

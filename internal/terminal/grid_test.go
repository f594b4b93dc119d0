package terminal_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/terminal"
)

func sample() terminal.Grid {
	return terminal.Grid{Head: "LABEL,ID,KIND,RIGHTS|KIND", Rows: [][]string{
		{"日本語のラベルはとても長い", "acme@workspace_abcDEF012345", "workspace", "tickets:read tickets:write on payments and ledger"},
		{"e\u0301te\u0301", "ci@acme.service_abcDEF012345", "service", "inherited"},
	}}
}

// TestATableFitsItsTerminal: texts are cut, the widest first, columns that matter least are
// left out, and an ID is there as a whole, however narrow it gets.
func TestATableFitsItsTerminal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		width int
		fits  bool
		left  []string
		cut   bool
	}{{0, true, nil, false}, {200, true, nil, false}, {100, true, nil, true}, {70, true, []string{"KIND"}, true}, {50, true, []string{"KIND"}, true}, {20, false, []string{"KIND"}, true}} {
		text, left := sample().Fit(c.width)
		if !slices.Equal(left, c.left) || strings.Contains(text, "…") != c.cut {
			t.Errorf("%d: left out %q, in\n%s", c.width, left, text)
		}
		for _, id := range []string{"acme@workspace_abcDEF012345", "ci@acme.service_abcDEF012345"} {
			if !strings.Contains(text, id) {
				t.Errorf("%d: %s was cut:\n%s", c.width, id, text)
			}
		}
		for line := range strings.Lines(text) {
			if line = strings.TrimRight(line, " \n"); c.width > 0 && c.fits && terminal.Width(line) > c.width {
				t.Errorf("%d: a line has %d columns: %q", c.width, terminal.Width(line), line)
			}
		}
	}
	whole := sample().Whole()
	lines := strings.Split(whole, "\n")
	column := func(line, word string) int { return terminal.Width(line[:strings.Index(line, word)]) }
	if column(lines[0], "ID") != column(lines[1], "acme@") || column(lines[0], "ID") != column(lines[2], "ci@") {
		t.Errorf("a wide letter moves the columns:\n%s", whole)
	}
}

// TestColumnsAreChosenByName, in the order that was asked for, and never left out.
func TestColumnsAreChosenByName(t *testing.T) {
	t.Parallel()
	g := sample()
	g.Head = "LABEL,ID,LAST USED,RIGHTS|LAST USED"
	pick, err := g.Head.Pick([]string{"last_used", " ID ", "Last-Used"})
	if err != nil || !slices.Equal(pick, []int{2, 1, 2}) {
		t.Fatalf("%v, %v", pick, err)
	}
	g.Pick = pick
	if text, left := g.Fit(30); left != nil || !strings.HasPrefix(text, "LAST USED  ID ") {
		t.Errorf("left out %q of\n%s", left, text)
	}
	if _, err := g.Head.Pick([]string{"colour"}); err == nil || !strings.Contains(err.Error(), "label, id, last-used, rights") {
		t.Errorf("%v", err)
	}
}

// TestTruncatedTexts keep letters whole: no half of a wide one, no mark without its letter.
func TestTruncatedTexts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"ab cd", 4, "ab…"}, {"日本語", 6, "日本語"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"}, {"👩‍👩‍👧‍👧ab", 3, "👩‍👩‍👧‍👧…"}, {"abc", 1, "…"}, {"abc", 0, ""},
	} {
		if got := terminal.Truncated(c.text, c.width); got != c.want || terminal.Width(got) > c.width {
			t.Errorf("%q in %d: %q", c.text, c.width, got)
		}
	}
}

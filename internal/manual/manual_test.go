package manual_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/internal/manual"
	"github.com/tokenry/tokenry/token"
)

// TestACommandShowsItsOwnExamplesAndAGroupTheFirstBelowIt: one of each command, in the
// order of the table and no more than three; what the table does not know stays as it is.
func TestACommandShowsItsOwnExamplesAndAGroupTheFirstBelowIt(t *testing.T) {
	t.Parallel()
	root, group := &cobra.Command{Use: "tokenry"}, &cobra.Command{Use: "token"}
	list, unknown := &cobra.Command{Use: "list", Run: func(*cobra.Command, []string) {}}, &cobra.Command{Use: "unheard-of", Example: "  as it was"}
	root.AddCommand(group, unknown)
	group.AddCommand(list)
	manual.Teach(root)
	var own, first []string
	for _, e := range manual.Entries() {
		if e.Path == "tokenry token list" {
			own = e.Lines
		}
		if rest, below := strings.CutPrefix(e.Path, "tokenry token "); below && !strings.Contains(rest, " ") && len(first) < 3 {
			first = append(first, e.Lines[0])
		}
	}
	if want := "  " + strings.Join(own, "\n  "); len(own) < 2 || list.Example != want {
		t.Errorf("token list shows\n%s\ninstead of\n%s", list.Example, want)
	}
	if want := "  " + strings.Join(first, "\n  "); len(first) != 3 || group.Example != want {
		t.Errorf("token shows\n%s\ninstead of\n%s", group.Example, want)
	}
	if unknown.Example != "  as it was" || root.Example != "" {
		t.Errorf("what is not in the table shows %q, and the program %q", unknown.Example, root.Example)
	}
}

// TestExamplesTellNoSecretAndNameNobody: a host and an e-mail address are of names that are
// reserved (RFC 2606) or that everybody gives, and no line holds a token that its reader could take for one of theirs.
func TestExamplesTellNoSecretAndNameNobody(t *testing.T) {
	t.Parallel()
	host := regexp.MustCompile(`(?:[a-z+]+://|@)([A-Za-z0-9.-]+\.[A-Za-z]+)`)
	reserved, found := []string{"example", "example.com", "example.org", "example.net", "localhost", "service", "workspace", "token.actions.githubusercontent.com"}, 0
	for _, e := range manual.Entries() {
		for _, line := range e.Lines {
			if token.Contains(line) {
				t.Errorf("%s: an example holds a token", e.Path)
			}
			for _, m := range host.FindAllStringSubmatch(line, -1) {
				found++
				if !slices.ContainsFunc(reserved, func(r string) bool { return m[1] == r || strings.HasSuffix(m[1], "."+r) }) {
					t.Errorf("%s: %s may be somebody's", e.Path, m[1])
				}
			}
			if line != strings.TrimSpace(line) || line == "" {
				t.Errorf("%s: %q is not as it would be typed", e.Path, line)
			}
		}
	}
	if found < 10 {
		t.Errorf("of all examples %d name a host", found)
	}
}

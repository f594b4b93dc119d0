package cli

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/exports"
)

// What is proved: every command of the page about imports is one that the program
// understands, and every system that is read has its own there.
func TestThePageAboutImportsShowsWhatIsUnderstood(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/import.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^    (tokenry .*?)(?: +#.*)?$`).FindAllStringSubmatch(string(page), -1)
	missed := exports.Names()
	for _, line := range lines {
		cmd, rest, err := Tree().Find(ours(line[1]))
		if err == nil {
			err = understood(cmd, rest)
		}
		if err != nil {
			t.Errorf("%s: %v", line[1], err)
		}
	}
	missed = slices.DeleteFunc(missed, func(name string) bool {
		return strings.Contains(string(page), "--from "+name+" ") || strings.Contains(string(page), "`"+name+"`")
	})
	if len(missed) > 0 || len(lines) < 12 {
		t.Errorf("of %d commands none is about %v", len(lines), missed)
	}
}

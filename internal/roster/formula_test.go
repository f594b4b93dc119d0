package roster_test

import (
	"testing"
	"unicode"

	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/roster"
)

// TestNoNameIsTakenInThatAnExportWouldDefuse: whatever an export writes with an
// apostrophe before it, a list of people is refused for, whoever invented it.
func TestNoNameIsTakenInThatAnExportWouldDefuse(t *testing.T) {
	t.Parallel()
	for first := range rune(0x10000) {
		name := string(first) + "1"
		if door.Cell(name) == name || unicode.IsControl(first) && first != '\t' {
			continue
		}
		rows, err := roster.Parse([]byte(roster.Header + "\neve@example.com,\"" + name + "\",Viewer,*\n"))
		if err == nil && len(rows) == 1 && rows[0].Wrong == "" {
			t.Errorf("%q is taken for a name", name)
		}
	}
}

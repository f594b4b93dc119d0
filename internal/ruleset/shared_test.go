package ruleset_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokenry/tokenry/internal/ruleset"
)

// A set is only read, so that any number of requests ask it at once.
func TestASetIsAskedByManyAtOnce(t *testing.T) {
	t.Parallel()
	s := parse(t, tickets)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 200 {
				system := fmt.Sprintf("s%d", i)
				if n := s.Match("GET", "/systems/"+system+"/tickets/7"); n.Resource != system {
					t.Errorf("%s is told %+v", system, n)
				}
			}
		})
	}
	all.Wait()
}

// Every complaint is told in one run, in the order of the lines of each part, so that
// a file is mended once.
func TestManyMistakesAreToldTogether(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	file.WriteString("workspace: Acme\ndeny: 500\nrules:\n")
	for i := range 20 {
		fmt.Fprintf(&file, "  - {match: GET a%d, scopes: ['*']}\n", i)
	}
	_, err := ruleset.Parse("r.yaml", []byte(file.String()))
	if err == nil {
		t.Fatal("it is taken")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 42 || !slices.IsSortedFunc(lines, func(a, b string) int { return lineOf(a) - lineOf(b) }) {
		t.Errorf("%d complaints:\n%s", len(lines), err)
	}
}

func lineOf(complaint string) (n int) {
	_, _ = fmt.Sscanf(complaint, "r.yaml:%d:", &n) // 0 is not in order
	return n
}

package grant_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tokenry/tokenry/internal/grant"
)

func TestMeasureTellsWhatIsDear(t *testing.T) {
	t.Parallel()
	book := &grant.Book{
		Roles:   map[string][]string{"Five": {"a:1", "b:2", "c:3", "d:4", "e:5"}},
		Implies: map[string][]string{"root:all": names("implied%d:x", 500)},
	}
	fits := map[string][]grant.Statement{
		"nothing":                                {},
		"a thousand scopes on as many resources": {{Scopes: names("n%d:x", 1000), Resources: names("r%d", 1000)}},
		"a hundred teams, each on its own":       apart(100, 10, 10),
		"the same scopes said a hundred times":   overlapping(100, 1, 300, 600, true),
		"a role on a thousand resources":         {{Role: "Five", Resources: names("r%d", 1000)}},
		"what implies much, once":                {{Scopes: []string{"root:all"}, Resources: names("r%d", 1000)}},
	}
	for name, sts := range fits {
		if n := book.Measure(sts); n > grant.MaxMeasure {
			t.Errorf("%s measures %d", name, n)
		}
	}
	tooMuch := map[string][]grant.Statement{
		"a hundred statements that overlap at random": overlapping(100, 100, 300, 600, false),
		"few scopes, many combinations":               overlapping(100, 1, 100, 400, false),
		"what implies much, in many combinations":     append(overlapping(8, 1, 100, 200, false), grant.Statement{Scopes: []string{"root:all"}, Resources: []string{"*"}}),
		"many verbs of every noun":                    {{Scopes: names("product:v%d", 30), Resources: []string{"*"}}},
	}
	for name, sts := range tooMuch {
		if n := book.Measure(sts); n <= grant.MaxMeasure {
			t.Errorf("%s measures %d, and is dear", name, n)
		}
	}
}

// TestMeasureBoundsTheRows: a compiled grant has no more rows than its measure,
// and names no more scopes in its distinct sets.
func TestMeasureBoundsWhatIsCompiled(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		sts := overlapping(1+r.IntN(6), 1+r.IntN(4), 1+r.IntN(5), 12, r.IntN(2) == 0)
		var b grant.Book
		named := 0
		for _, s := range b.Compile(sts).Statements() {
			named += len(s.Scopes)
		}
		if n := b.Measure(sts); named > n {
			t.Fatalf("seed %d: measure %d, and %d scopes are named", seed, n, named)
		}
	}
}

func names(format string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(format, i)
	}
	return out
}

// apart are statements that share neither scopes nor resources.
func apart(statements, scopes, resources int) (out []grant.Statement) {
	for i := range statements {
		out = append(out, grant.Statement{
			Scopes: names(fmt.Sprintf("n%d.%%d:x", i), scopes), Resources: names(fmt.Sprintf("r%d.%%d", i), resources),
		})
	}
	return out
}

// overlapping are statements on resources drawn at random from as many places.
func overlapping(statements, scopes, resources, places int, same bool) (out []grant.Statement) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range statements {
		if same {
			i = 0
		}
		s := grant.Statement{Scopes: names(fmt.Sprintf("n%d.%%d:x", i), scopes)}
		for _, p := range r.Perm(places)[:resources] {
			s.Resources = append(s.Resources, fmt.Sprintf("r%d", p))
		}
		out = append(out, s)
	}
	return out
}

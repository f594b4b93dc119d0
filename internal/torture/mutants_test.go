package torture_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mutant is the program with one thing left out or done wrong.
type mutant struct {
	name, file, old, new string
	// kinds are the faults that it does not stand, and last the one at the end.
	kinds []string
	last  string
}

// plan draws what it does not stand.
func (m mutant) plan(r *rand.Rand) (all []fault) {
	if len(m.kinds) > 0 {
		all = plan(r, 15*time.Second, m.kinds)
	}
	if m.last != "" {
		all = append(all, takeover(r, m.last))
	}
	return all
}

var mutants = []mutant{
	{name: "nobody waits", file: "internal/cluster/await.go", old: "func (n *Node) Await(revision int64, of ledger.Spaces) {\n",
		new: "func (n *Node) Await(revision int64, of ledger.Spaces) {\n\tif revision >= 0 {\n\t\treturn\n\t}\n", kinds: []string{slow, silent}},
	{name: "the lease is not asked about", file: "internal/cluster/lease.go", old: "return int64(l.ticks()) < stamp",
		new: "return int64(l.ticks()) < stamp || stamp >= 0", kinds: []string{silent, frozen}},
	{name: "the lease counts from the answer", file: "internal/cluster/node.go", old: "n.extend(asked + n.mine.Length)",
		new: "n.extend(n.ticks() + n.mine.Length)", kinds: []string{late}},
	{name: "a program's lease outlives its node's", file: "internal/cluster/replicas.go", old: "lease := min(r.Length, left-Margin(left))",
		new: "lease := min(r.Length, left+Longest)", kinds: []string{silent}},
	{name: "a sweep does not compare", file: "internal/store/nodes.go", old: "USING settings WHERE node = $1 AND incarnation = $2 AND renewal = $3`",
		new: "USING settings WHERE node = $1 AND CAST($2 AS TEXT) <> '' AND CAST($3 AS BIGINT) >= 0`", kinds: []string{swept}},
	{name: "a renewal is not confirmed", file: "internal/store/nodes.go", old: "rows, err := c.Query(ctx, settings+`,\n\t\t\trenewed AS",
		new:  "rows, err := c.Query(ctx, `WITH settings AS MATERIALIZED (SELECT set_config('synchronous_commit', 'local', true)),\n\t\t\trenewed AS",
		last: torn},
	{name: "a lease counts by the clock on the wall", file: "internal/cluster/ticks_linux.go", old: "return time.Duration(t.Nano())",
		new: "return time.Duration(t.Nano()*0 + time.Now().UnixNano())", kinds: []string{clocksSet, silent}},
	{name: "a history is known by its number", file: "internal/cluster/node.go", old: "if !n.known || !r.Known || r.At != n.point.Digest {",
		new: "if !n.known || r.Head.Revision < n.point.Revision {", last: restored},
}

// TestMutantsAreFoundOut: each within a few plans, in which the program itself does nothing wrong.
func TestMutantsAreFoundOut(t *testing.T) {
	if !*mutantsFlag {
		t.Skip("make torture-mutants runs it")
	}
	const tries = 6
	if err := build(t.Context(), binary, nil); err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			program := m.build(t)
			for seed := uint64(1); seed <= tries; seed++ {
				found := 0
				t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
					w := newWorld(t, program, seed)
					w.mutant = true
					found = w.run(m.plan(rand.New(rand.NewPCG(seed, 0))))
				})
				if found > 0 {
					t.Run("the program itself", func(t *testing.T) { newWorld(t, binary, seed).run(m.plan(rand.New(rand.NewPCG(seed, 0)))) })
					return
				}
			}
			t.Errorf("%s, and %d plans did not find it", m.name, tries)
		})
	}
}

// build builds it beside the real one: the compiler reads one file elsewhere.
func (m mutant) build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	file, err := filepath.Abs(filepath.Join("../..", m.file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		t.Fatalf("%s has %q %d times: the mutant is out of date", m.file, m.old, n)
	}
	mutated, program := filepath.Join(dir, "mutated.go"), filepath.Join(dir, "tokenry")
	if err := os.WriteFile(mutated, []byte(strings.Replace(string(text), m.old, m.new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := build(t.Context(), program, map[string]string{file: mutated}); err != nil {
		t.Fatal(err)
	}
	return program
}

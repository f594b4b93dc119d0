package torture_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mutant is the program with one thing left out or done wrong.
type mutant struct {
	name, file, old, new string
	// kinds are the faults that it does not stand.
	kinds []string
}

var mutants = []mutant{
	{"nobody waits", "internal/cluster/await.go", "func (n *Node) Await(revision int64, of ledger.Spaces) {\n", "func (n *Node) Await(revision int64, of ledger.Spaces) {\n\tif revision >= 0 {\n\t\treturn\n\t}\n", []string{slow, silent}},
	{"the lease is not asked about", "internal/cluster/lease.go", "return int64(l.ticks()) < stamp", "return int64(l.ticks()) < stamp || stamp >= 0", []string{silent, frozen}},
	{"the lease counts from the answer", "internal/cluster/node.go", "n.extend(asked + n.mine.Length)", "n.extend(n.ticks() + n.mine.Length)", []string{late}},
	{"a program's lease outlives its node's", "internal/cluster/replicas.go", "lease := min(r.Length, left-Margin(left))", "lease := min(r.Length, left+Longest)", []string{silent}},
}

// TestMutantsAreFoundOut: each within a few plans.
func TestMutantsAreFoundOut(t *testing.T) {
	if !*mutantsFlag {
		t.Skip("make torture-mutants runs it")
	}
	const tries = 6
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			program := m.build(t)
			for seed := uint64(1); seed <= tries; seed++ {
				found := 0
				t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
					w := newWorld(t, program, seed)
					w.mutant = true
					found = w.run(plan(w.random(0), 15*time.Second, m.kinds))
				})
				if found > 0 {
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
	mutated, overlay, program := filepath.Join(dir, "mutated.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "tokenry")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {file: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string]string{mutated: strings.Replace(string(text), m.old, m.new, 1), overlay: string(list)} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := build(t.Context(), program, "-overlay", overlay); err != nil {
		t.Fatal(err)
	}
	return program
}

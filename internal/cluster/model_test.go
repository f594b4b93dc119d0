package cluster_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// checker is a program that searches every run of the model of the protocol.
type checker struct{ path string }

// spinOr skips or fails when there is no model checker.
func spinOr(t *testing.T) {
	t.Helper()
	for _, name := range []string{"spin", "cc"} {
		if _, err := exec.LookPath(name); err == nil {
			continue
		}
		if os.Getenv("TOKENRY_TEST_REQUIRE") == "1" {
			t.Fatalf("%s is required: scripts/deps installs it", name)
		}
		t.Skipf("without %s, the model of the protocol is not searched", name)
	}
}

// compiled makes a checker of the model, for a model with flags and a program with flags.
func compiled(t *testing.T, model []string, program ...string) checker {
	t.Helper()
	dir := t.TempDir()
	file, err := filepath.Abs("model/lease.pml")
	if err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
	}
	run("spin", slices.Concat([]string{"-a"}, model, []string{file})...)
	run("cc", slices.Concat([]string{"-O1", "-w", "-DMEMLIM=3000", "-o", "pan", "pan.c"}, program)...)
	return checker{filepath.Join(dir, "pan")}
}

// search answers whether a run breaks a promise, after every run was looked at or one
// that does was found. It prints how many states there are.
func (c checker) search(t *testing.T, scene string, args ...string) (broken bool) {
	t.Helper()
	const long = 2 * time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.path, slices.Concat([]string{"-m100000", "-w24"}, args)...)
	cmd.Dir, cmd.Env = t.TempDir(), strings.Fields(scene)
	out, err := cmd.CombinedOutput()
	errors, states, took := field(out, `errors: (\d+)`), field(out, `(\d+) states, stored`), field(out, `elapsed time (\S+)`)
	whole := !strings.Contains(string(out), "Search not completed") && !strings.Contains(string(out), "too small")
	if err != nil || errors == "" || errors == "0" && !whole {
		t.Fatalf("the search did not end: %v\n%s", err, out)
	}
	t.Logf("%q: %s states in %s s", scene, states, took)
	return errors != "0"
}

func field(out []byte, pattern string) string {
	if m := regexp.MustCompile(pattern).FindSubmatch(out); m != nil {
		return string(m[1])
	}
	return ""
}

// TestTheModelOfTheProtocol: no run of it, in any scene, has a verification that accepts
// what it must not, and every wait ends; what is left out of the protocol, or done in
// another order, breaks that. Each scene is searched whole.
func TestTheModelOfTheProtocol(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("millions of states")
	}
	spinOr(t)
	one := compiled(t, []string{"-DN=1"}, "-DSAFETY")
	t.Run("every mutant fails", func(t *testing.T) {
		t.Parallel()
		everyMutantFails(t, one)
	})
	t.Run("every wait ends", func(t *testing.T) {
		t.Parallel()
		everyWaitEnds(t, compiled(t, []string{"-DN=1", "-DLIVE"}, "-DNFAIR=3"))
	})
	for _, scene := range []string{"FAILOVER=1 SWEEPS=1", "FAILOVER=1 OTHER=1", "FAILOVER=1 BEFORE=1", "RESTORES=1 OTHER=1"} {
		t.Run("it holds/"+scene, func(t *testing.T) {
			t.Parallel()
			one.holds(t, scene)
		})
	}
	t.Run("it holds/two nodes", func(t *testing.T) {
		t.Parallel()
		compiled(t, []string{"-DN=2", "-DMAX=3"}, "-DSAFETY").holds(t, "")
	})
}

func (c checker) holds(t *testing.T, scene string) {
	t.Helper()
	if c.search(t, scene) {
		t.Error("a verification accepts a token whose revocation was answered")
	}
}

// everyWaitEnds, whatever the nodes do, as long as time and who waits go on.
func everyWaitEnds(t *testing.T, c checker) {
	t.Helper()
	if c.search(t, "", "-a", "-f") {
		t.Error("there is a wait without an end")
	}
	if !c.search(t, mutant(t, "NO_BOUND"), "-a", "-f") {
		t.Error("without a bound by time, a node that stands still holds up nobody")
	}
}

// everyMutantFails, each in the smallest scene where it matters.
func everyMutantFails(t *testing.T, c checker) {
	t.Helper()
	scenes := map[string]string{
		"NO_AWAIT":       "",
		"NO_BOUND":       "everyWaitEnds has it",
		"CHECK_BEFORE":   "BEFORE=1",
		"STAMP_LATE":     "",
		"INSTALL_FIRST":  "",
		"FROM_ANSWER":    "",
		"JOIN_ONE":       "SWEEPS=1",
		"SWEEP_BLIND":    "SWEEPS=1",
		"UNCONFIRMED":    "FAILOVER=1",
		"WALL":           "FAILOVER=1",
		"NUMBER_ONLY":    "RESTORES=1 OTHER=1",
		"JOIN_SAYS":      "FAILOVER=1 OTHER=1",
		"NO_HISTORY":     "FAILOVER=1 OTHER=1",
		"UNSURE":         "FAILOVER=1",
		"UNCHANGED":      "FAILOVER=1",
		"FILL_ANYWHERE":  "FAILOVER=1 OTHER=1",
		"FEED_UNCHECKED": "FAILOVER=1 OTHER=1",
		"RESTORE_SOON":   "RESTORES=1",
		"FEED_BY_NUMBER": "RESTORES=1 OTHER=1",
	}
	if all := slices.Sorted(maps.Keys(mutants(t))); !slices.Equal(all, slices.Sorted(maps.Keys(scenes))) {
		t.Fatalf("the model has the mutants %q", all)
	}
	delete(scenes, "NO_BOUND")
	for name, scene := range scenes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !c.search(t, mutant(t, name)+" "+scene) {
				t.Error("it breaks nothing")
			}
		})
	}
	// What checking the lease before the decision loses is the end of verifications that
	// began before the answer, and nothing else.
	if c.search(t, mutant(t, "CHECK_BEFORE")+" FAILOVER=1") {
		t.Error("with CHECK_BEFORE, one that began after the answer accepts")
	}
}

func mutant(t *testing.T, name string) string {
	t.Helper()
	number, ok := mutants(t)[name]
	if !ok {
		t.Fatalf("the model has no mutant %s", name)
	}
	return fmt.Sprintf("MUTANT=%s", number)
}

// mutants are those of the model, with their numbers.
func mutants(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("model/lease.pml")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^#define ([A-Z_]+) +(\d+) +/\*`).FindAllSubmatch(text, -1) {
		all[string(m[1])] = string(m[2])
	}
	return all
}

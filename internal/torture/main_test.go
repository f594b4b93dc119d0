// Package torture_test looks for a verification that accepts what was taken away: real
// processes on a real PostgreSQL with a synchronous standby, clients on every node, and
// faults by a plan that a seed replays.
//
// Laws of this package:
//
//   - Time is that of this process alone: when a call was begun and when it was answered.
//   - A call whose answer did not come, or was an error of the server, may have happened,
//     at any time after it was begun. A verification without an answer is none.
//   - What is judged is the promise of docs/protocol.md and nothing stronger: what takes
//     away is over everywhere when it was answered, what gives comes when it comes.
//   - A run that saw too little fails. A build that breaks the promise must be found out
//     (mutants_test.go).
package torture_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

var (
	seedFlag    = flag.Uint64("seed", 0, "replay the plan of this seed alone")
	lengthFlag  = flag.Duration("length", 10*time.Second, "how long the faults of one plan go on")
	forFlag     = flag.Duration("for", 0, "go on with plans of new seeds for so long")
	figuresFlag = flag.Bool("figures", false, "print how long revocations take, and what they cost")
	clocksFlag  = flag.Bool("clocks", false, "set the clocks of nodes too, for which all is compiled anew")
	mutantsFlag = flag.Bool("mutants", false, "build mutants of the program and see that each is found out")
)

// binary is the program under test, newer a build of it whose schema is a version later.
var binary, newer string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tokenry-torture-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	if binary = filepath.Join(dir, "tokenry"); testing.Short() || *mutantsFlag {
		return m.Run()
	}
	newer = filepath.Join(dir, "newer")
	if err := errors.Join(build(context.Background(), binary, nil), buildNewer(dir)); err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		return 1
	}
	return m.Run()
}

// buildNewer builds what a later version may be: its migration adds something that the one
// before does not mind.
func buildNewer(dir string) error {
	at, err := filepath.Abs("../store/migrations/90000_newer.sql")
	if err != nil {
		return err
	}
	migration := filepath.Join(dir, "newer.sql")
	return errors.Join(err,
		os.WriteFile(migration, []byte("-- +goose Up\nALTER TABLE tokens ADD COLUMN newer TEXT;\nCREATE TABLE newer (id BIGINT PRIMARY KEY);\n"), 0o600),
		build(context.Background(), newer, map[string]string{at: migration}))
}

// build builds the program as make does, but for files that the compiler reads elsewhere.
func build(ctx context.Context, to string, replaced map[string]string) error {
	if *clocksFlag {
		var err error
		if replaced, err = withClocks(filepath.Dir(to), replaced); err != nil {
			return err
		}
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": replaced})
	if err != nil {
		return err
	}
	overlay := to + ".json"
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", to, "github.com/tokenry/tokenry/cmd/tokenry")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

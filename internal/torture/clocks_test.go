package torture_test

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// clockFile is the variable that names the file which says how far the clock of a node is set.
const clockFile = "TORTURE_CLOCK"

// setter is put into the program: it reads that file at the start and when it is told to.
//
//go:embed testdata/setter.go.txt
var setter string

// withClocks adds to what is replaced a package time whose wall clock can be set. That is how
// a machine's clock looks to all of a program, its libraries too; what counts monotonically is
// left alone, as it is by who sets a clock.
func withClocks(dir string, replaced map[string]string) (map[string]string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	std := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	text, err := os.ReadFile(filepath.Join(std, "time.go"))
	if err != nil {
		return nil, err
	}
	const reads, sets = "\tsec, nsec, mono := runtimeNow()\n\tif mono == 0 {", "\tsec, nsec, mono := runtimeNow()\n\tsec += Ahead.Load()\n\tif mono == 0 {"
	if strings.Count(string(text), reads) != 1 {
		return nil, errors.New("the package time of this Go reads its clock in another way")
	}
	program, err := filepath.Abs("../../cmd/tokenry/setter.go")
	if err != nil {
		return nil, err
	}
	all := maps.Clone(replaced)
	if all == nil {
		all = map[string]string{}
	}
	for at, content := range map[string]string{
		filepath.Join(std, "time.go"):  strings.Replace(string(text), reads, sets, 1),
		filepath.Join(std, "ahead.go"): "package time\n\nimport \"sync/atomic\"\n\n// Ahead is by how many seconds the clock was set.\nvar Ahead atomic.Int64\n",
		program:                        setter,
	} {
		file := filepath.Join(dir, filepath.Base(at))
		all[at], err = file, errors.Join(err, os.WriteFile(file, []byte(content), 0o600))
	}
	return all, err
}

// setClock sets the clock of a node's machine, which it keeps when it is started anew.
func (n *node) setClock(ahead time.Duration) error {
	if err := os.WriteFile(n.clock, fmt.Append(nil, int64(ahead.Seconds())), 0o600); err != nil {
		return err
	}
	n.signal(syscall.SIGUSR1)
	return nil
}

// clocksSet sets every node's clock, that of one ahead and that of the next back.
func (w *world) clocksSet(ctx context.Context, f fault) {
	for _, n := range w.nodes {
		ahead := f.ahead
		if (n.number+f.node)%2 == 0 {
			ahead = -ahead
		}
		if err := n.setClock(ahead); err != nil {
			w.Error(err)
		}
	}
	pause(ctx, f.last)
}

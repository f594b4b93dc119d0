package cli

import (
	"context"
	"os/exec"
	"syscall"
)

// shell runs a command line in a process group of its own, so that the Ctrl-C
// that is meant for us does not end it.
func shell(ctx context.Context, line string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "cmd", "/C", line) //nolint:gosec // the caller's own command is what --exec is for
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
	return cmd
}

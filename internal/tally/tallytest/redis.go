// Package tallytest starts a Redis of its own for a test.
package tallytest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// Password is what the server asks for.
const Password = "sesame-of-the-tests"

// Redis is a server that keeps nothing over its end.
type Redis struct {
	port int
	cmd  *exec.Cmd
}

// Start starts one, or skips the test, or fails it, where there is none.
func Start(t testing.TB) *Redis {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("TOKENRY_TEST_REQUIRE") == "1" {
			t.Fatal("redis-server is required: scripts/deps installs it")
		}
		t.Skip("without redis-server")
	}
	var l net.ListenConfig
	taken, err := l.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at, _ := taken.Addr().(*net.TCPAddr)
	r := &Redis{port: at.Port}
	_ = taken.Close() // for the server
	r.Again(t)
	t.Cleanup(func() { r.Stop(t) })
	return r
}

// URL is its address.
func (r *Redis) URL() string { return fmt.Sprintf("redis://:%s@127.0.0.1:%d/1", Password, r.port) }

// Again starts it after it was stopped.
func (r *Redis) Again(t testing.TB) {
	t.Helper()
	r.cmd = exec.CommandContext(context.Background(), "redis-server", "--port", fmt.Sprint(r.port), "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--dir", t.TempDir(), "--requirepass", Password)
	out, err := r.cmd.StdoutPipe()
	if err == nil {
		err = r.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			return
		}
	}
	t.Fatal("redis-server ended at its start")
}

// Stop kills it.
func (r *Redis) Stop(t testing.TB) {
	t.Helper()
	if r.cmd != nil {
		r.signal(t, syscall.SIGKILL)
		_ = r.cmd.Wait() // it was killed
		r.cmd = nil
	}
}

// Freeze makes it silent, with its connections open.
func (r *Redis) Freeze(t testing.TB) {
	t.Helper()
	r.signal(t, syscall.SIGSTOP)
}

// Thaw ends that.
func (r *Redis) Thaw(t testing.TB) {
	t.Helper()
	r.signal(t, syscall.SIGCONT)
}

func (r *Redis) signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

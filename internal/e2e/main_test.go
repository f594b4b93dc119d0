// Package e2e_test runs the built program as people run it: the real binary, a
// real nginx before a real upstream. It runs in a network namespace of its own
// where the system lets it, so that the configurations in docs/proxies can name
// fixed addresses; elsewhere these addresses must be free.
package e2e_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"unsafe"
)

// inside marks the re-executed test binary; it holds the program's path.
const inside = "TOKENRY_E2E_BINARY"

func TestMain(m *testing.M) {
	if os.Getenv(inside) != "" {
		os.Exit(run(m))
	}
	dir, err := os.MkdirTemp("", "tokenry-e2e-")
	if err != nil {
		fail(err)
	}
	binary := filepath.Join(dir, "tokenry")
	build := exec.Command("go", "build", "-o", binary, "github.com/tokenry/tokenry/cmd/tokenry")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fail(fmt.Errorf("%w: %s", err, out))
	}
	code := again(binary)
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "e2e:", err)
	os.Exit(1)
}

// again runs this test binary in a network namespace of its own, or without
// one where that is not allowed.
func again(binary string) int {
	signal.Ignore(os.Interrupt)
	flags := uintptr(syscall.CLONE_NEWNET)
	if os.Getuid() != 0 {
		flags |= syscall.CLONE_NEWUSER
	}
	for _, attr := range []*syscall.SysProcAttr{{Cloneflags: flags, Pdeathsig: syscall.SIGKILL}, {Pdeathsig: syscall.SIGKILL}} {
		cmd := exec.Command(os.Args[0], os.Args[1:]...)
		cmd.Env = append(os.Environ(), inside+"="+binary)
		cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = os.Stdin, os.Stdout, os.Stderr, attr
		if err := cmd.Start(); err != nil {
			fmt.Fprintln(os.Stderr, "e2e: without a network namespace:", err)
			continue
		}
		_ = cmd.Wait()
		return cmd.ProcessState.ExitCode()
	}
	return 1
}

func run(m *testing.M) int {
	if err := loopbackUp(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: the loopback interface:", err)
		return 1
	}
	defer endBrowser()
	return m.Run()
}

// loopbackUp brings the loopback interface of a new namespace up.
func loopbackUp() error {
	if lo, err := net.InterfaceByName("lo"); err == nil && lo.Flags&net.FlagUp != 0 {
		return nil
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	var req struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(req.name[:], "lo")
	req.flags = syscall.IFF_UP | syscall.IFF_RUNNING
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&req))); errno != 0 {
		return errno
	}
	return nil
}

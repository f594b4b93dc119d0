package torture_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// stops is how long a node takes to stop at the most: as long as one waits for a silent node.
const stops = 45 * time.Second

// node is one process of the program, which is killed and started again.
type node struct {
	number  int
	address string
	args    []string
	// settings are for its environment.
	settings []string
	// other is the build that takes the place of the one that runs, when it is rolled.
	other string
	log   string
	// clock is the file that says how far its machine's clock is set.
	clock string
	// suffers is held while something is wrong with it.
	suffers sync.Mutex
	// links lead to the servers, in their order.
	links []*link
	http  *http.Client

	mu  sync.Mutex // guards cmd
	cmd *exec.Cmd
	// ended is closed when cmd was waited for.
	ended chan struct{}
}

// start starts the process; it comes when it comes.
func (n *node) start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd != nil {
		return nil
	}
	log, err := os.OpenFile(n.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(n.args[0], n.args[1:]...)
	cmd.Stderr = log
	cmd.Env = append(append(os.Environ(), clockFile+"="+n.clock), n.settings...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	n.cmd, n.ended = cmd, make(chan struct{})
	go func(ended chan struct{}) {
		_ = cmd.Wait()
		close(ended)
	}(n.ended)
	return nil
}

// kill ends the process without asking it.
func (n *node) kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd == nil {
		return
	}
	_ = n.cmd.Process.Kill()
	<-n.ended
	n.cmd = nil
}

// stop asks the process to end, and ends it if it does not.
func (n *node) stop() error {
	n.signal(syscall.SIGTERM)
	n.mu.Lock()
	ended := n.ended
	n.mu.Unlock()
	select {
	case <-ended:
	case <-time.After(stops):
		return fmt.Errorf("node %d goes on %v after it was asked to stop", n.number, stops)
	}
	n.kill()
	return nil
}

// gone says whether the process ended by itself.
func (n *node) gone() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd == nil {
		return false
	}
	select {
	case <-n.ended:
		return true
	default:
		return false
	}
}

func (n *node) signal(s syscall.Signal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd != nil {
		_ = n.cmd.Process.Signal(s)
	}
}

func (n *node) set(m mood) {
	for _, k := range n.links {
		k.set(m)
	}
}

// freeAddress is one that nobody listens on now.
func freeAddress(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// newLinkedNode starts a node that reaches each server through a link.
func newLinkedNode(t *testing.T, number int, program, dir, keys string, sockets ...string) *node {
	t.Helper()
	var links []*link
	var hosts []string
	for _, socket := range sockets {
		links = append(links, newLink(t, socket))
		hosts = append(hosts, links[len(links)-1].address)
	}
	n := newNode(t, number, program, dir, keys, strings.Join(hosts, ",")+"/tokenry?application_name=torture")
	n.links = links
	return n
}

// newNode starts a node that is told where the servers are: the rest of an address, to which
// parameters can be added.
func newNode(t *testing.T, number int, program, dir, keys, servers string, settings ...string) *node {
	t.Helper()
	n := &node{
		number: number, address: freeAddress(t), other: newer, settings: settings,
		log: filepath.Join(dir, fmt.Sprintf("node%d.log", number)), clock: filepath.Join(dir, fmt.Sprintf("clock%d", number)),
	}
	n.http = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64, DialContext: (&net.Dialer{Timeout: time.Second}).DialContext}}
	n.args = []string{
		program, "serve", "--listen", n.address, "--keys", keys, "--data", dir, "--log-level", "warn",
		"--database", "postgres://postgres:secret@" + servers + "&sslmode=disable&target_session_attrs=read-write",
	}
	t.Cleanup(func() {
		n.kill()
		n.http.CloseIdleConnections()
	})
	if err := n.start(); err != nil {
		t.Fatal(err)
	}
	return n
}

// ready waits until a node answers that it is.
func (n *node) ready(ctx context.Context) error {
	said := ""
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.address+"/readyz", nil)
		if err != nil {
			return err
		}
		res, err := n.http.Do(req)
		if said = fmt.Sprint(err); err == nil {
			body, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			said = string(body)
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		pause(ctx, 20*time.Millisecond)
	}
	return fmt.Errorf("node %d is not ready: %s", n.number, said)
}

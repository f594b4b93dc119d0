package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
)

// tokenry runs the program to its end and answers what it wrote to stdout.
func tokenry(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Getenv(inside), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tokenry %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return string(out)
}

// bootstrap makes an instance in a data folder and answers its first token.
func bootstrap(t *testing.T, data string) api.Bootstrapped {
	t.Helper()
	var b api.Bootstrapped
	out := tokenry(t, "bootstrap", "--data", data, "--email", "ada@example.com", "--workspace", "acme", "--json")
	if err := json.Unmarshal([]byte(out), &b); err != nil {
		t.Fatalf("bootstrap: %v", err)
	}
	return b
}

// process is a program that was started and is ended with its test.
type process struct {
	cmd *exec.Cmd
	mu  sync.Mutex
	log bytes.Buffer
}

// start runs a program until the test ends and waits for it to take
// connections at address. It is told to stop politely.
func start(t *testing.T, address string, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd}
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			p.mu.Lock()
			p.log.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-read
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", cmd.Path, p.text())
		}
	})
	p.await(t, address, read)
	return p
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// await waits until something listens at address, or the program ended.
func (p *process) await(t *testing.T, address string, ended <-chan struct{}) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); ; {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return
		}
		select {
		case <-tick.C:
		case <-ended:
			t.Fatalf("%s ended: %s", p.cmd.Path, p.text())
		case <-deadline:
			t.Fatalf("%s does not listen at %s: %s", p.cmd.Path, address, p.text())
		}
	}
}

// says waits until a program wrote this to its log.
func (p *process) says(t *testing.T, text string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); !strings.Contains(p.text(), text); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("it does not say %q: %s", text, p.text())
		}
	}
}

// freeze stops a program without ending it: its connections stay, and nothing
// answers. It returns when every thread has stopped.
func (p *process) freeze(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for running := true; running; <-tick.C {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.cmd.Process.Pid))
		if err != nil || len(threads) == 0 {
			t.Fatalf("%v: %v", threads, err)
		}
		running = slices.ContainsFunc(threads, func(path string) bool {
			stat, err := os.ReadFile(path)
			return err == nil && !strings.Contains(string(stat), ") T ")
		})
	}
}

// serve starts the server on the address that the configurations name.
func serve(t *testing.T, data string, args ...string) *process {
	t.Helper()
	args = append([]string{"serve", "--data", data, "--listen", "127.0.0.1:8080"}, args...)
	return start(t, "127.0.0.1:8080", program(t, args...))
}

// program is a command that runs the built binary.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return exec.CommandContext(context.WithoutCancel(t.Context()), os.Getenv(inside), args...)
}

// answer is a response whose body was read.
type answer struct {
	StatusCode int
	Status     string
	Header     http.Header
}

// call sends one request, with a token unless that is empty.
func call(t *testing.T, method, url, token string, body any, header ...string) (answer, []byte) {
	t.Helper()
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		in = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, in)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Status, res.Header}, out
}

// create makes a token in acme that may do these scopes everywhere.
func create(t *testing.T, root string, fields map[string]any) api.Issued {
	t.Helper()
	return createIn(t, "acme", root, fields)
}

func createIn(t *testing.T, workspace, root string, fields map[string]any) api.Issued {
	t.Helper()
	in := map[string]any{"label": "e2e", "resources": []string{"*"}}
	maps.Copy(in, fields)
	res, out := call(t, "POST", "http://127.0.0.1:8080/v1/workspaces/"+workspace+"/tokens", root, in)
	var i api.Issued
	if err := json.Unmarshal(out, &i); err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("create: %s: %s", res.Status, out)
	}
	return i
}

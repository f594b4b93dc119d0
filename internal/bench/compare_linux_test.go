package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
)

// baseline is the build that ours is compared with, which the comparison makes from
// the repository: the last one before the hot path was made lean.
const baseline = "9fedc92fec1779e984f953176766fe20a3846cd0"

// comparison is what `make bench-compare` is asked for.
type comparison struct {
	asked            bool
	page             string
	tokens           int
	rounds, clients  int
	length, settling time.Duration
}

func comparisonFlags() *comparison {
	var c comparison
	flag.BoolVar(&c.asked, "compare", false, "compare processes (TestCompare)")
	flag.StringVar(&c.page, "page", "", "write the comparison as a page to this file")
	flag.IntVar(&c.tokens, "compared-tokens", 10_000, "how many tokens there are")
	flag.IntVar(&c.rounds, "compared-rounds", 3, "how many rounds, each of every server")
	flag.IntVar(&c.clients, "connections", 32, "how many connections ask at once")
	flag.DurationVar(&c.length, "length", 5*time.Second, "how long each server is asked in a round")
	flag.DurationVar(&c.settling, "settling", 5*time.Second, "how long it may finish what it writes behind, which is counted")
	return &c
}

var compared = comparisonFlags()

// TestCompare asks servers in turn, each a process of its own on one core, from a
// loader on another. It has no verdict of its own: its figures are printed, and written
// to a page.
func TestCompare(t *testing.T) {
	c := *compared
	if !c.asked {
		t.Skip("make bench-compare runs it")
	}
	if runtime.NumCPU() < 2 {
		t.Fatal("the server and the loader each need a core")
	}
	dir := t.TempDir()
	ours, theirs := built(t, here), built(t, baseline)
	w := seed(t, dir, theirs, c.tokens)
	targets := []*against{nginx(t, dir), part(t, "bare"), part(t, "hashing")}
	targets = append(targets, doors(t, dir, "baseline", theirs, w)...)
	targets = append(targets, doors(t, dir, here, ours, w)...)
	for _, target := range targets { // memory is filled before anything counts
		target.load(t, &c)
	}
	for round := range c.rounds {
		for _, target := range targets {
			target.measure(t, &c)
			last := target.rounds[round]
			t.Logf("round %d: %-32s %8.0f/s %6.1f µs p50 %7v p99 %7v p99.9 %7v rss %4d MB", round+1, target.name,
				last.rate, last.cpu, last.p50, last.p99, last.p999, last.rss>>20)
		}
	}
	page := report(&c, targets)
	t.Logf("\n%s", page)
	if c.page != "" {
		must(t, os.WriteFile(c.page, []byte(page), 0o644))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// against is a server that is asked something.
type against struct {
	name             string
	network, address string
	requests         [][]byte
	// process is the server's, with those that it started.
	process int
	rounds  []figure
}

// figure is what a round gave: requests a second, µs of processor time for each,
// what is written behind included, and how long answers took.
type figure struct {
	rate, cpu      float64
	p50, p99, p999 time.Duration
	rss            int64
}

func (a *against) measure(t *testing.T, c *comparison) {
	t.Helper()
	before := processorTime(t, a.process)
	l := a.load(t, c)
	<-time.After(c.settling) // what is written behind is part of the price
	spent := processorTime(t, a.process) - before
	a.rounds = append(a.rounds, figure{
		rate: float64(l.Answers) / l.Took.Seconds(), cpu: float64(spent.Microseconds()) / float64(l.Answers),
		p50: l.P50.Round(time.Microsecond), p99: l.P99.Round(time.Microsecond), p999: l.P999.Round(time.Microsecond), rss: resident(t, a.process),
	})
}

// load asks for a while.
func (a *against) load(t *testing.T, c *comparison) (l loaded) {
	t.Helper()
	cmd := pinned(t, loaderCore, []string{partOf + "=loader"}, os.Args[0])
	in, err := json.Marshal(load{Network: a.network, Address: a.address, Requests: a.requests, Clients: c.clients, Duration: c.length})
	must(t, err)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", a.name, err, &stderr)
	}
	must(t, json.Unmarshal(out, &l))
	return l
}

// The cores: every server has the first to itself, the loader the second.
const serverCore, loaderCore = "0", "1"

func pinned(t *testing.T, core string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "taskset", append([]string{"-c", core}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	return cmd
}

// running starts a server that ends with the test, and answers its process.
func running(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	runtime.LockOSThread() // the signal of a parent's death is that of its thread
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	return cmd.Process.Pid
}

// built makes the program as a commit has it, which is kept, or as it lies here.
func built(t *testing.T, commit string) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	must(t, err)
	kept := filepath.Join(root, "bin", ".bench")
	must(t, os.MkdirAll(kept, 0o755))
	to := filepath.Join(kept, "tokenry-"+commit)
	from := root
	if commit != here {
		if _, err := os.Stat(to); err == nil {
			return to
		}
		from = t.TempDir()
		shell(t, root, `git archive "$1" | tar -x -C "$2"`, commit, from)
	}
	shell(t, from, `CGO_ENABLED=0 go build -trimpath -o "$1.new" ./cmd/tokenry && mv "$1.new" "$1"`, to)
	return to
}

// here is no commit: what lies in the folder.
const here = "now"

func shell(t *testing.T, dir, script string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-euc", script, "sh"}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// seeded is an instance with tokens that was made once, and is copied for each build.
type seeded struct {
	data, root string
	secrets    []string
}

// seed makes the instance through the older build, whose database the newer one takes.
// Its tokens may be used from some networks alone, as in production.
func seed(t *testing.T, dir, program string, tokens int) *seeded {
	t.Helper()
	w := &seeded{data: filepath.Join(dir, "seed"), secrets: make([]string, tokens)}
	out, err := exec.CommandContext(t.Context(), program, "bootstrap", "--data", w.data, "--email", "ada@example.com", "--workspace", "acme", "--json").Output()
	must(t, err)
	var b api.Bootstrapped
	must(t, json.Unmarshal(out, &b))
	w.root = b.Secret
	address, stop := serving(t, program, w.data)
	c, err := client.New("http://"+address, w.root)
	must(t, err)
	var account api.CreateServiceAccount
	account.Name, account.Scopes, account.Resources = "ci", api.Some([]string{"tickets:*"}), api.Some([]string{"*"})
	_, err = c.CreateServiceAccount(t.Context(), "acme", account)
	must(t, err)
	in := api.CreateToken{Owner: "ci"}
	in.Label, in.Scopes, in.Resources = api.Some("build 4711"), api.Some([]string{"tickets:read"}), api.Some([]string{"*"})
	in.AllowedIPs = api.Some([]string{"127.0.0.0/8", "10.0.0.0/8"})
	const makers = 32
	var wg sync.WaitGroup
	for maker := range makers {
		wg.Go(func() {
			for i := maker; i < tokens; i += makers {
				made, err := c.CreateToken(t.Context(), "acme", in)
				if err != nil {
					t.Error(err)
					return
				}
				w.secrets[i] = made.Secret
			}
		})
	}
	wg.Wait()
	stop()
	if t.Failed() {
		t.FailNow()
	}
	return w
}

// serving starts a build on a free port of the server's core, as people run it: usage is
// written, metrics are counted.
func serving(t *testing.T, program, data string, flags ...string) (address string, stop func()) {
	t.Helper()
	address = free(t)
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, "taskset", append([]string{"-c", serverCore, program, "serve", "--data", data, "--listen", address}, flags...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	must(t, cmd.Start())
	awaited(t, "tcp", address)
	return address, func() {
		cancel()
		_ = cmd.Wait() // it was asked to stop
	}
}

// free is an address that nobody listens on now.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

// awaited returns once something listens.
func awaited(t *testing.T, network, address string) {
	t.Helper()
	for until := time.Now().Add(30 * time.Second); ; {
		c, err := net.Dial(network, address)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(until) {
			t.Fatal(err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// doors starts a build over a copy of the instance and answers its three hot doors, and
// of what lies here those of the hot listener besides.
func doors(t *testing.T, dir, name, program string, w *seeded) []*against {
	t.Helper()
	data := filepath.Join(dir, name)
	must(t, os.CopyFS(data, os.DirFS(w.data)))
	shell(t, data, "chmod 700 . && chmod 600 *")
	address := free(t)
	args := []string{program, "serve", "--data", data, "--listen", address, "--log-level", "warn"}
	hot := ""
	if name == here {
		hot = free(t)
		args = append(args, "--hot-listen", hot)
	}
	process := running(t, pinned(t, serverCore, nil, args...))
	awaited(t, "tcp", address)
	all := w.doors(name, "tcp", address, process)
	if hot != "" {
		all = append(all, w.doors(name+", --hot-listen", "tcp", hot, process)...)
	}
	return all
}

func (w *seeded) doors(name, network, address string, process int) []*against {
	door := func(path string, request func(secret string) string) *against {
		a := &against{name: name + ": " + path, network: network, address: address, process: process}
		for _, s := range w.secrets {
			a.requests = append(a.requests, []byte(request(s)))
		}
		return a
	}
	return []*against{
		door("/v1/forward-auth", func(s string) string {
			return "GET /v1/forward-auth?workspace=acme&scope=tickets:read HTTP/1.1\r\nHost: tokenry\r\nAuthorization: Bearer " + s +
				"\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n"
		}),
		door("/v1/verify", func(s string) string {
			return posted("/v1/verify", "application/json", w.root,
				`{"token":"`+s+`","scopes":["tickets:read"],"client":{"ip":"127.0.0.1","method":"GET","path":"/tickets"}}`)
		}),
		door("/oauth2/introspect", func(s string) string {
			return posted("/oauth2/introspect", "application/x-www-form-urlencoded", w.root, "token="+s+"&client_ip=127.0.0.1")
		}),
	}
}

func posted(path, media, bearer, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: tokenry\r\nAuthorization: Bearer %s\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n"+
		"Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s", path, bearer, media, len(body), body)
}

// part starts this binary as one of the servers that ours are compared with.
func part(t *testing.T, name string) *against {
	t.Helper()
	cmd := pinned(t, serverCore, []string{partOf + "=" + name}, os.Args[0])
	pipe, err := cmd.StdoutPipe()
	must(t, err)
	a := &against{name: "net/http, " + name, network: "tcp", process: running(t, cmd)}
	line, err := bufio.NewReader(pipe).ReadString('\n')
	must(t, err)
	a.address = strings.TrimSpace(line)
	a.requests = plainRequests()
	return a
}

func plainRequests() (rs [][]byte) {
	for i := range 10_000 {
		rs = append(rs, fmt.Appendf(nil, "GET /auth HTTP/1.1\r\nHost: tokenry\r\nAuthorization: Bearer tky_svc_%040d\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n", i))
	}
	return rs
}

// nginx answers 204 with one worker: about as little as an answer can cost, and what
// shows how much the loader can ask.
func nginx(t *testing.T, dir string) *against {
	t.Helper()
	address, conf := free(t), filepath.Join(dir, "nginx.conf")
	must(t, os.WriteFile(conf, fmt.Appendf(nil, `daemon off; master_process off; error_log stderr warn; pid %[1]s/nginx.pid;
events { worker_connections 1024; }
http {
	access_log off; keepalive_requests 1000000000; client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
	server { listen %[2]s; location / { return 204; } }
}
`, dir, address), 0o600))
	cmd := pinned(t, serverCore, nil, "nginx", "-p", dir, "-c", conf)
	cmd.Env = append(cmd.Env, "PATH="+os.Getenv("PATH")+":/usr/sbin")
	if cmd.Err != nil {
		t.Fatal(cmd.Err)
	}
	a := &against{name: "nginx, return 204", network: "tcp", address: address, requests: plainRequests(), process: running(t, cmd)}
	awaited(t, "tcp", address)
	return a
}

// processorTime is what a process has used, of its own and of the kernel's.
func processorTime(t *testing.T, process int) time.Duration {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
	must(t, err)
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	const utime, stime, hertz = 11, 12, 100
	var ticks int64
	for _, f := range fields[utime : stime+1] {
		n, err := strconv.ParseInt(f, 10, 64)
		must(t, err)
		ticks += n
	}
	return time.Duration(ticks) * time.Second / hertz
}

// resident is what it has in memory.
func resident(t *testing.T, process int) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	must(t, err)
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	kilobytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	must(t, err)
	return kilobytes << 10
}

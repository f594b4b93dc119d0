package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/cli"
	"github.com/tokenry/tokenry/internal/reference/referencetest"
)

// TestMain lets this binary be the programs that the scripts run.
func TestMain(m *testing.M) {
	testscript.Main(closing{m}, map[string]func(){"tokenry": program, "curl": curl})
}

// program is cmd/tokenry's main.
func program() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(cli.ExitCode(cli.Run(ctx, os.Args[1:], cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.LookupEnv})))
}

// curl is as much of curl as the demo's lines ask for.
func curl() {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "", nil)
	args := os.Args[1:]
	for i := 0; i < len(args) && err == nil; i++ {
		switch args[i] {
		case "-s":
		case "-H":
			i++
			name, value, _ := strings.Cut(args[i], ": ")
			req.Header.Set(name, value)
		case "-d":
			i++
			req.Method, req.Body = http.MethodPost, io.NopCloser(strings.NewReader(args[i]))
		default:
			req.URL, err = req.URL.Parse(args[i])
		}
	}
	if err == nil {
		var resp *http.Response
		if resp, err = http.DefaultClient.Do(req); err == nil {
			defer resp.Body.Close()
			_, err = io.Copy(os.Stdout, resp.Body)
			fmt.Printf("\nHTTP %d\n", resp.StatusCode)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(7)
	}
}

// TestScripts runs the program as people do. Each script tells its story, to its
// end: a built-in command that ends one early, as passed, is not used.
func TestScripts(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	early := regexp.MustCompile(`(?m)^(\[.*\] *)?(stop|skip)\b.*$`)
	for _, path := range scripts {
		script, err := os.ReadFile(path)
		if found := early.Find(script); err != nil || found != nil {
			t.Errorf("%s: %s (%v)", path, found, err)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			docs, err := filepath.Abs("../../docs")
			if err != nil {
				return err
			}
			env.Setenv("DOCS", docs)
			b := &background{}
			env.Values[runningKey{}] = b
			env.Defer(func() { _ = b.stop() }) // a script that cares has stopped it
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": start, "end": end, "setenv": setenv, "exits": exits, "lines": lines, "mode": mode, "pasted": pasted, "setdemo": setdemo, "handbook": handbook, "put": put, "bytes": putBytes,
			"issue": issue, "sql": execSQL,
		},
	})
}

// background is a program that a script leaves running.
type background struct {
	cmd  *exec.Cmd
	done chan error
	mu   sync.Mutex // guards said
	said bytes.Buffer
}

type runningKey struct{}

// running is what the script has started.
func running(ts *testscript.TestScript) *background {
	b, ok := ts.Value(runningKey{}).(*background)
	if !ok {
		ts.Fatalf("nothing was set up")
	}
	return b
}

func (b *background) stop() error {
	if b.cmd == nil {
		return nil
	}
	err := b.cmd.Process.Signal(os.Interrupt)
	if err == nil {
		err = <-b.done
	}
	b.cmd = nil
	return err
}

// start PATTERN PROGRAM ARG… runs a program in the background until it prints a
// line that the pattern matches. The pattern's group is the server's address.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start PATTERN PROGRAM ARG…")
	}
	b := running(ts)
	*b = background{cmd: exec.Command(args[1], args[2:]...), done: make(chan error, 1)}
	path, err := exec.LookPath(args[1])
	for dir := range strings.SplitSeq(ts.Getenv("PATH"), ":") {
		if _, found := os.Stat(dir + "/" + args[1]); found == nil && err != nil {
			path, err = dir+"/"+args[1], nil
		}
	}
	ts.Check(err)
	b.cmd.Path, b.cmd.Err, b.cmd.Dir = path, nil, ts.Getenv("WORK")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "TOKENRY_KEYS", "TOKENRY_CONFIG"} {
		b.cmd.Env = append(b.cmd.Env, name+"="+ts.Getenv(name))
	}
	r, w, err := os.Pipe()
	ts.Check(err)
	b.cmd.Stdout, b.cmd.Stderr = w, w
	ts.Check(b.cmd.Start())
	ts.Check(w.Close())
	ready := make(chan string, 1)
	go b.listen(r, regexp.MustCompile(args[0]), ready)
	select {
	case address := <-ready:
		if address != "" {
			address, err = referencetest.Through(address)
			ts.Check(err)
		}
		ts.Setenv("TOKENRY_SERVER", address)
	case <-time.After(time.Minute):
		ts.Fatalf("it was not ready within a minute")
	}
	ts.Check(os.WriteFile(ts.MkAbs("said"), b.text(), 0o600))
	if ts.Getenv("TOKENRY_SERVER") == "" {
		ts.Fatalf("it ended: %s", b.text())
	}
}

// listen keeps what the program prints, and tells the address once it is there;
// nothing when it never is.
func (b *background) listen(r io.Reader, ready *regexp.Regexp, found chan<- string) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		b.mu.Lock()
		b.said.WriteString(lines.Text() + "\n")
		b.mu.Unlock()
		if m := ready.FindStringSubmatch(lines.Text()); m != nil {
			select {
			case found <- m[len(m)-1]:
			default:
			}
		}
	}
	close(found)
	b.done <- b.cmd.Wait()
}

func (b *background) text() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.said.Bytes())
}

// end ends what was started, as Ctrl-C does, and keeps what it said in the file
// said. It must end well.
func end(ts *testscript.TestScript, neg bool, _ []string) {
	b := running(ts)
	err := b.stop()
	ts.Check(os.WriteFile(ts.MkAbs("said"), b.text(), 0o600))
	if neg == (err == nil) {
		ts.Fatalf("it ended with %v: %s", err, b.text())
	}
}

// setenv NAME FILE [FIELD…] takes a variable from a file (or stdout), or from a
// field of the JSON in it.
func setenv(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: setenv NAME FILE [FIELD…]")
	}
	text := ts.ReadFile(args[1])
	if len(args) > 2 {
		var v any
		ts.Check(json.Unmarshal([]byte(text), &v))
		for _, name := range args[2:] {
			m, ok := v.(map[string]any)
			if !ok || m[name] == nil {
				ts.Fatalf("there is no %s in %s", name, text)
			}
			v = m[name]
		}
		text = fmt.Sprint(v)
	}
	ts.Setenv(args[0], strings.TrimSuffix(text, "\n"))
}

// exits CODE PROGRAM ARG… runs a program that must end with this code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG…")
	}
	code := 0
	if failed, ok := errors.AsType[*exec.ExitError](ts.Exec(args[1], args[2:]...)); ok {
		code = failed.ExitCode()
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("it ended with %d", code)
	}
}

// lines FILE N asks how many lines there are.
func lines(ts *testscript.TestScript, neg bool, args []string) {
	if n := strings.Count(ts.ReadFile(args[0]), "\n"); neg || fmt.Sprint(n) != args[1] {
		ts.Fatalf("%s has %d lines", args[0], n)
	}
}

// mode MODE FILE asks for a file's rights.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if m := fmt.Sprintf("%o", info.Mode().Perm()); neg || m != args[0] {
		ts.Fatalf("%s has mode %s", args[1], m)
	}
}

// put FILE TEXT writes a line, such as one that holds a secret.
func put(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: put FILE TEXT")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(args[1]+"\n"), 0o600))
}

// bytes FILE HEX… writes what no script can hold.
func putBytes(ts *testscript.TestScript, neg bool, args []string) {
	b, err := hex.DecodeString(strings.Join(args[1:], ""))
	ts.Check(err)
	if neg {
		ts.Fatalf("usage: bytes FILE HEX…")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

// issue NAME OWNER ARG… makes a token with that label, and keeps its secret in
// NAME and its locator in NAME_ID.
func issue(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: issue NAME OWNER ARG…")
	}
	ts.Check(ts.Exec("tokenry", append([]string{"token", "create", "--json", "--label", args[0], "--owner", args[1]}, args[2:]...)...))
	var made api.Issued
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &made))
	ts.Setenv(args[0], made.Secret)
	ts.Setenv(args[0]+"_ID", made.Token.Locator)
}

// sql STATEMENT ARG… changes the database of a server that is stopped, as time or
// an intruder would.
func execSQL(ts *testscript.TestScript, neg bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs("tokenry-data/tokenry.db"))
	ts.Check(err)
	defer db.Close()
	var values []any
	for _, v := range args[1:] {
		values = append(values, v)
	}
	done, err := db.ExecContext(context.Background(), args[0], values...)
	ts.Check(err)
	if n, err := done.RowsAffected(); neg || err != nil || n != 1 {
		ts.Fatalf("%d rows were changed: %v", n, err)
	}
}

// pasted FILE runs each curl line of a file in a shell, as somebody does who
// pastes it. Each must be answered with success.
func pasted(ts *testscript.TestScript, neg bool, args []string) {
	found := regexp.MustCompile(`(?m)^\s*curl .*$`).FindAllString(ts.ReadFile(args[0]), -1)
	if neg || len(found) != 3 {
		ts.Fatalf("%d curl lines", len(found))
	}
	for _, line := range found {
		ts.Check(ts.Exec("sh", "-c", line))
		out := ts.ReadFile("stdout")
		if !regexp.MustCompile(`HTTP 20[01]\n$`).MatchString(out) {
			ts.Fatalf("%s answered %s", line, out)
		}
	}
}

// setdemo NAME FILE takes a variable from the token that the demo prints.
func setdemo(ts *testscript.TestScript, neg bool, args []string) {
	m := regexp.MustCompile(`(?m)^  (tkyp_\w+)$`).FindStringSubmatch(ts.ReadFile(args[1]))
	if neg || m == nil {
		ts.Fatalf("no token in %s", args[1])
	}
	ts.Setenv(args[0], m[1])
}

// handbook FILE N runs the commands of a page of the documentation as one shell
// does, one after the other, and asks how many blocks there are.
func handbook(ts *testscript.TestScript, neg bool, args []string) {
	page, err := os.ReadFile(filepath.Join(ts.Getenv("DOCS"), args[0]))
	ts.Check(err)
	blocks := regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllSubmatch(page, -1)
	if neg || fmt.Sprint(len(blocks)) != args[1] {
		ts.Fatalf("%s has %d blocks", args[0], len(blocks))
	}
	for _, block := range blocks {
		ts.Logf("%s", block[1])
		ts.Check(ts.Exec("sh", "-eu", "-c", string(block[1])))
	}
}

package storetest

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/store"
)

// Servers are PostgreSQL servers of one test, which are stopped, started, copied and
// promoted as it likes.
type Servers struct {
	dir string

	mu  sync.Mutex // guards in and out: one order at a time
	in  io.WriteCloser
	out *bufio.Reader
}

// Server is one of them.
type Server struct {
	all  *Servers
	name string
}

//go:embed own.sh
var ownScript string

// OwnPostgres starts a server for one test, with the schema in its database "tokenry".
func OwnPostgres(t testing.TB) *Server {
	t.Helper()
	bin, err := binaries()
	if err != nil && os.Getenv("TOKENRY_TEST_REQUIRE") != "1" {
		t.Skipf("without PostgreSQL: %v", err)
	}
	if err != nil {
		t.Fatalf("PostgreSQL is required: %v", err)
	}
	ss, err := newServers(t, bin)
	if err != nil {
		t.Fatalf("storetest: start PostgreSQL: %v", err)
	}
	s := &Server{ss, "first"}
	s.order(t, "make", "")
	s.Start(t)
	s.Exec(t, "postgres", `CREATE DATABASE tokenry`)
	opened, err := store.Open(t.Context(), store.Options{URL: s.URL()})
	if err != nil {
		t.Fatalf("storetest: make the schema: %v", err)
	}
	if err := opened.Close(); err != nil {
		t.Fatalf("storetest: make the schema: %v", err)
	}
	return s
}

func newServers(t testing.TB, bin string) (*Servers, error) {
	t.Helper()
	// Not TempDir of the test: a socket's path has at most 107 bytes.
	dir, err := os.MkdirTemp(shelf("off"), "tokenry-own-") //nolint:usetesting // see above
	if err != nil {
		return nil, err
	}
	command := []string{"sh", "-c", ownScript, "sh", bin, dir}
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		if err := giveAway(dir); err != nil {
			return nil, err
		}
		command = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"}, command...)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = dir
	ss := &Servers{dir: dir}
	if ss.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	ss.out = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		_ = ss.in.Close() // the script sees it, and tidies up
		_ = cmd.Wait()
	})
	return ss, nil
}

// order has the script do something, and waits until it is done.
func (s *Server) order(t testing.TB, verb, rest string) {
	t.Helper()
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	if _, err := fmt.Fprintf(s.all.in, "%s %s %s\n", verb, s.name, rest); err != nil {
		t.Fatalf("storetest: %s: %v", verb, err)
	}
	if said, err := s.all.out.ReadString('\n'); err != nil || said != "ok\n" {
		t.Fatalf("storetest: %s %s: %s%v", verb, s.name, said, err)
	}
}

// URL is the address of its database.
func (s *Server) URL() string { return s.address("tokenry") }

func (s *Server) address(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/" + database, RawQuery: "host=" + url.QueryEscape(s.Socket())}
	return u.String()
}

// Socket is the folder of its socket.
func (s *Server) Socket() string { return filepath.Join(s.all.dir, s.name) }

// Start starts it.
func (s *Server) Start(t testing.TB) { t.Helper(); s.order(t, "start", "") }

// Secure starts it anew so that it answers at an address of this machine too, with a
// certificate, and answers how that is reached.
func (s *Server) Secure(t testing.TB, address netip.Addr, certificate, key []byte) string {
	t.Helper()
	for name, text := range map[string][]byte{"server.crt": certificate, "server.key": key} {
		if err := os.WriteFile(filepath.Join(s.Socket(), name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.Stop(t, "fast")
	s.order(t, "secure", address.String())
	s.Start(t)
	return "postgres://postgres@" + address.String() + "/tokenry"
}

// Clock sets how far its clock is ahead of the machine's, which it learns within a second;
// the first time before it is started. A copy has the clock of what it is copied from.
func (s *Server) Clock(t testing.TB, ahead time.Duration) {
	t.Helper()
	if found, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1"); len(found) == 0 {
		t.Fatal("libfaketime is required: scripts/deps installs it")
	}
	s.order(t, "clock", fmt.Sprintf("%+d", int64(ahead.Seconds())))
}

// Stop stops it: smart, fast or immediate, which is a crash.
func (s *Server) Stop(t testing.TB, mode string) { t.Helper(); s.order(t, "stop", mode) }

// Copy makes another server from a base backup, as it is now; it is not started.
func (s *Server) Copy(t testing.TB, name string) *Server {
	t.Helper()
	c := &Server{s.all, name}
	c.order(t, "copy", s.name)
	return c
}

// Standby makes and starts a standby that every commit waits for.
func (s *Server) Standby(t testing.TB, name string) *Server {
	t.Helper()
	c := s.Copy(t, name)
	c.order(t, "follow", s.name)
	c.Start(t)
	s.Exec(t, "postgres", `ALTER SYSTEM SET synchronous_standby_names = '`+name+`'`)
	s.Exec(t, "postgres", `SELECT pg_reload_conf()`)
	clocktest.Until(t, func() bool { // it connects
		return s.text(t, `SELECT coalesce(max(sync_state), '') FROM pg_stat_replication`) == "sync"
	})
	return c
}

// Promote makes a primary of a standby.
func (s *Server) Promote(t testing.TB) { t.Helper(); s.order(t, "promote", "") }

// Exec runs one statement.
func (s *Server) Exec(t testing.TB, database, statement string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, s.address(database))
	if err != nil {
		t.Fatalf("storetest: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("storetest: %s: %v", strings.Fields(statement)[0], err)
	}
}

// Show reads a setting.
func (s *Server) Show(t testing.TB, setting string) string {
	t.Helper()
	return s.text(t, `SHOW `+setting)
}

func (s *Server) text(t testing.TB, query string) (text string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, s.address("postgres"))
	if err != nil {
		t.Fatalf("storetest: %v", err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, query).Scan(&text); err != nil {
		t.Fatalf("storetest: %v", err)
	}
	return text
}

// waiting are sessions whose batch waits for a standby.
const waiting = ` FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND lower(query) = 'commit'`

// Waits returns once a batch waits for a standby.
func (s *Server) Waits(t testing.TB) {
	t.Helper()
	clocktest.Until(t, func() bool { return s.Waiting(t) }) // it is on its way
}

// Waiting is whether one does now.
func (s *Server) Waiting(t testing.TB) bool {
	t.Helper()
	return s.text(t, `SELECT CAST(count(*) AS TEXT)`+waiting) != "0"
}

// BreakOff breaks off such a wait, as an administrator does who cancels a query.
func (s *Server) BreakOff(t testing.TB) {
	t.Helper()
	s.Waits(t)
	s.text(t, `SELECT CAST(count(pg_cancel_backend(pid)) AS TEXT)`+waiting)
}

package storetest

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenry/tokenry/internal/store"
)

// cluster is a PostgreSQL server on which each test gets a database.
type cluster struct {
	// admin is the address of a database to make others from.
	admin *url.URL
	// template is the database that each test gets a copy of.
	template string
	// life is the other end of the standard input of the script that minds the
	// server: when this process ends, however it ends, the script sees it.
	life  io.Closer
	count atomic.Int64

	// conn is kept: to begin and to end a session costs more than to copy a database.
	guard sync.Mutex
	conn  *pgx.Conn
}

// A test binary has one server, or two, however many tests ask for it.
//
//nolint:gochecknoglobals // one for the process is what is meant, as with testing's own flags
var (
	quick   = sync.OnceValues(func() (*cluster, error) { return findOrStart("off") })
	durable = sync.OnceValues(func() (*cluster, error) { return findOrStart("on") })
	// standby follows nobody, and takes no changes.
	standby = sync.OnceValues(func() (*cluster, error) { return start("off", "standby") })
)

// findOrStart prefers the server that the environment names. Where a template is named too,
// as scripts/with-postgres does, the server keeps one for every test binary, and does not
// wait for the disk: who asks for one that does gets one of its own.
func findOrStart(fsync string) (*cluster, error) {
	given, name := os.Getenv("TOKENRY_TEST_POSTGRES"), os.Getenv("TOKENRY_TEST_TEMPLATE")
	if given != "" && (name == "" || fsync == "off") {
		u, err := url.Parse(given)
		if err != nil {
			return nil, errors.New("TOKENRY_TEST_POSTGRES is not a URL")
		}
		c := &cluster{admin: u, template: "template0"}
		if name != "" {
			return c, c.share(name)
		}
		return c, nil
	}
	c, err := start(fsync, "primary")
	if err != nil {
		return nil, err
	}
	return c, c.prepare("tokenry_template")
}

// share makes the template unless another test binary of the same run has.
func (c *cluster) share(name string) error {
	ctx := context.Background() // the server outlives the test that asks first
	if err := c.exec(ctx, `SELECT pg_advisory_lock(hashtext('`+name+`'))`); err != nil {
		return err
	}
	var there bool
	if err := c.conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&there); err != nil {
		return err
	}
	if c.template = name; !there {
		if err := c.prepare(name); err != nil {
			return err
		}
	}
	return c.exec(ctx, `SELECT pg_advisory_unlock_all()`)
}

// prepare makes a template that is migrated already; that halves the time until
// a test's store is open. On a server that is not ours it would stay behind.
func (c *cluster) prepare(name string) error {
	ctx := context.Background() // the server outlives the test that starts it
	if err := c.exec(ctx, `CREATE DATABASE `+name+` TEMPLATE template0`); err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Options{URL: c.address(name)})
	if err != nil {
		return err
	}
	c.template = name
	return s.Close()
}

//go:embed cluster.sh
var script string

// start makes a server in a folder of its own and waits until it answers.
func start(fsync, role string) (*cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	// Not TempDir of the test: a socket's path has at most 107 bytes.
	dir, err := os.MkdirTemp(shelf(fsync), "tokenry-pg-")
	if err != nil {
		return nil, err
	}
	command := []string{"sh", "-c", script, "sh", bin, dir, fsync, role}
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		if err := giveAway(dir); err != nil {
			return nil, err
		}
		command = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"}, command...)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = dir
	life, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer out.Close()
	if said, _ := bufio.NewReader(out).ReadString('\n'); said != "ready\n" {
		rest, _ := io.ReadAll(out)
		return nil, fmt.Errorf("start PostgreSQL: %s%s", said, rest)
	}
	admin := &url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres", RawQuery: "host=" + url.QueryEscape(dir)}
	return &cluster{admin: admin, life: life}, nil
}

// binaries finds where Debian keeps the newest server's programs, or takes the
// ones of the PATH.
func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	newest, dir := 0, ""
	for _, initdb := range found {
		bin := filepath.Dir(initdb)
		if v, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin))); v > newest {
			newest, dir = v, bin
		}
	}
	if dir != "" {
		return dir, nil
	}
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("no PostgreSQL found: neither /usr/lib/postgresql/*/bin/initdb nor initdb in the PATH")
	}
	return filepath.Dir(initdb), nil
}

// giveAway makes postgres the owner of the folder.
func giveAway(dir string) error {
	owner, err := user.Lookup("postgres")
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(owner.Uid)
	if err != nil {
		return err
	}
	return os.Chown(dir, uid, -1)
}

// database makes a database for one test, and drops it with everybody still in
// it when the test ends.
func (c *cluster) database(t testing.TB, template string) string {
	t.Helper()
	ctx := context.Background() // the test's own has ended when it cleans up
	name := fmt.Sprintf("tokenry_%d_%d_%d", os.Getpid(), time.Now().UnixNano(), c.count.Add(1))
	if err := c.exec(ctx, `CREATE DATABASE `+name+` TEMPLATE `+template+` STRATEGY file_copy`); err != nil {
		t.Fatalf("storetest: make a database: %v", err)
	}
	t.Cleanup(func() {
		if err := c.exec(ctx, `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Errorf("storetest: drop the database: %v", err)
		}
	})
	return c.address(name)
}

// address is that of another database on the same server.
func (c *cluster) address(name string) string {
	u := *c.admin
	u.Path = "/" + name
	return u.String()
}

// exec runs a statement that cannot run in a transaction.
func (c *cluster) exec(ctx context.Context, statement string) (err error) {
	c.guard.Lock()
	defer c.guard.Unlock()
	if c.conn == nil || c.conn.IsClosed() {
		if c.conn, err = pgx.Connect(ctx, c.admin.String()); err != nil {
			return err
		}
	}
	_, err = c.conn.Exec(ctx, statement)
	return err
}

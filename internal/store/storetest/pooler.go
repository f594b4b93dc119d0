package storetest

import (
	"bufio"
	_ "embed"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tokenry/tokenry/internal/clock/clocktest"
)

//go:embed pooler.sh
var poolerScript string

// PgBouncer answers an address that leads to a database through a PgBouncer of this
// test, in the mode "session" or "transaction". All else of it is as Debian has it.
func PgBouncer(t testing.TB, address, mode string) string {
	t.Helper()
	const program = "/usr/sbin/pgbouncer"
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("TOKENRY_TEST_REQUIRE") == "1" {
			t.Fatal("PgBouncer is required: scripts/deps installs it")
		}
		t.Skip("without PgBouncer")
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	// Not TempDir of the test: a socket's path has at most 107 bytes.
	dir, err := os.MkdirTemp(shelf("off"), "tokenry-pool-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"pgbouncer.ini": fmt.Sprintf("[databases]\n* = host=%s port=%d\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = %s\n"+
			"auth_type = md5\nauth_file = %s/userlist.txt\npool_mode = %s\n", config.Host, config.Port, dir, dir, mode),
		"userlist.txt": fmt.Sprintf("%q \"secret\"\n", config.User),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	startPooler(t, dir)
	through := url.URL{
		Scheme: "postgres", User: url.UserPassword(config.User, "secret"), Path: "/" + config.Database,
		RawQuery: "host=" + url.QueryEscape(dir) + "&port=6432",
	}
	return through.String()
}

func startPooler(t testing.TB, dir string) {
	t.Helper()
	command := []string{"sh", "-c", poolerScript, "sh", dir}
	if os.Geteuid() == 0 { // PgBouncer refuses to run as root
		if err := giveAway(dir); err != nil {
			t.Fatal(err)
		}
		command = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"}, command...)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = dir
	life, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tellDeaths(t, filepath.Join(dir, "log"))
		_ = life.Close() // the script sees it, and tidies up
		_ = cmd.Wait()
	})
	if said, _ := bufio.NewReader(out).ReadString('\n'); said != "ready\n" {
		t.Fatalf("storetest: start PgBouncer: %s", said)
	}
	var d net.Dialer
	clocktest.Until(t, func() bool { // its socket is there before it listens
		conn, err := d.DialContext(t.Context(), "unix", filepath.Join(dir, ".s.PGSQL.6432"))
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// tellDeaths tells why a PgBouncer ended by itself, which 1.18 does.
func tellDeaths(t testing.TB, log string) {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, " FATAL ") {
			t.Logf("PgBouncer ended by itself: %s", line)
		}
	}
}

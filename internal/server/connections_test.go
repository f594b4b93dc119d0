package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/server"
)

// says sends the beginning of a request, or all of it.
func says(t *testing.T, c net.Conn, format string, args ...any) {
	t.Helper()
	if _, err := fmt.Fprintf(c, format, args...); err != nil {
		t.Fatal(err)
	}
}

// ended waits until the other side has closed a connection.
func ended(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
		t.Error("the connection was not closed")
	}
}

// Weakness: an idle connection keeps a descriptor for two minutes, and slow headers
// one for ten seconds. Attack: open many times as many as there may be, idle or
// with half a request. What is proved: everybody else is answered meanwhile, and
// the connections that have waited longest are closed for it.
func TestIdleConnectionsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	for _, bound := range [][]string{{"--max-connections", "64", "--max-connections-per-address", "64"}, {"--max-connections-per-address", "64"}} {
		d := newDoors(t, bound...)
		first := raw(t, d.running)
		says(t, first, "GET /healthz HTTP/1.1\r\nHost: x\r\n")
		for i := range 1000 {
			c := raw(t, d.running)
			if i%2 == 0 {
				says(t, c, "GET /healthz HTTP/1.1\r\nHost: x\r\nSlow: ")
			}
			if i%250 == 0 {
				if status, _ := d.call("GET", "/v1/whoami", d.secret, nil); status != http.StatusOK {
					t.Fatalf("with %d idle connections: %d", i, status)
				}
				http.DefaultClient.CloseIdleConnections()
			}
		}
		ended(t, first)
		if _, body := get(t, d.address()+"/metrics"); !strings.Contains(body, "tokenry_connections_evicted_total 9") {
			t.Errorf("the metrics do not tell of evictions:\n%s", grep(body, "tokenry_connections"))
		}
	}
}

func grep(text, word string) string {
	var out []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

// Requests that are being answered are never cut. With all connections taken by
// them, what cannot wait is still answered.
func TestBusyConnectionsLeaveRoomForWhatCannotWait(t *testing.T) {
	t.Parallel()
	d := newDoors(t, "--max-connections", "4", "--max-connections-per-address", "4")
	d.GiveBodies(time.Hour)
	var busy []net.Conn
	for range 4 { // each is at work: the server reads its body
		c := raw(t, d.running)
		says(t, c, "POST /v1/verify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n", d.secret)
		if _, err := io.ReadFull(c, make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))); err != nil {
			t.Fatal(err)
		}
		busy = append(busy, c)
	}
	ask := func(method, path, body string) (status int, revision string) {
		c := raw(t, d.running)
		says(t, c, "%s %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", method, path, d.secret, len(body), body)
		resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if !resp.Close {
			t.Errorf("%s %s keeps a connection of the reserve", method, path)
		}
		if refused, waits := resp.StatusCode == http.StatusServiceUnavailable, resp.Header.Get("Retry-After") != ""; refused && waits == strings.HasPrefix(path, "/v1/token-review/") {
			t.Errorf("%s %s: it is told to wait: %t", method, path, waits) // an API server would, with somebody's request held up
		}
		return resp.StatusCode, resp.Header.Get("Tokenry-Revision")
	}
	if status, _ := ask("POST", "/v1/token-review/clusters:use", ""); status != http.StatusServiceUnavailable {
		t.Errorf("a question of an API server: %d", status)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200, "/v1/whoami": 503, "/signin": 503} {
		if status, _ := ask("GET", path, ""); status != want {
			t.Errorf("GET %s: %d, want %d", path, status, want)
		}
	}
	if status, revision := ask("POST", "/oauth2/revoke", "token="+d.secret); status != http.StatusOK || revision == "" {
		t.Errorf("revocation: %d, revision %q", status, revision)
	}
	// Slow headers keep the reserve for no longer than two seconds, and go first.
	for range 200 {
		says(t, raw(t, d.running), "GET /healthz HTTP/1.1\r\nSlow: ")
	}
	if status, _ := ask("GET", "/healthz", ""); status != http.StatusOK {
		t.Errorf("with slow headers in the reserve: %d", status)
	}
	for _, c := range busy { // and none of those that were at work was cut
		says(t, c, `{"token":"x"%s}`, strings.Repeat(" ", 100-len(`{"token":"x"}`)))
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("a request that was being answered was cut: %v", err)
		}
		check(t, resp.Body.Close())
	}
}

// Weakness: a body may come for 30 s, and a request whose body is read was never cut.
// Attack: four networks take all ordinary connections with bodies of a byte. What is
// proved: another network is answered, also what can wait, for which the body that has
// been slow for longest makes room; and nothing is done for a request that made room.
func TestSlowBodiesKeepNobodyOut(t *testing.T) {
	t.Parallel()
	d := newDoors(t, "--max-connections", "8")
	d.GiveBodies(0)
	var slow []net.Conn
	for i := range 8 {
		from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i/2))}}
		c, err := from.DialContext(t.Context(), "tcp", d.Addr())
		if err != nil {
			t.Skip("this machine has one loopback address:", err)
		}
		t.Cleanup(func() { _ = c.Close() })
		check(t, c.SetDeadline(time.Now().Add(20*time.Second)))
		says(t, c, "POST /v1/workspaces/acme/tokens HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n", d.secret)
		if _, err := io.ReadFull(c, make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))); err != nil {
			t.Fatal(err)
		}
		says(t, c, "{")
		slow = append(slow, c)
	}
	for range 3 {
		if status, _ := d.call("GET", "/v1/whoami", d.secret, nil); status != http.StatusOK {
			t.Errorf("another network is answered %d", status)
		}
		http.DefaultClient.CloseIdleConnections()
	}
	if _, body := get(t, d.address()+"/metrics"); !strings.Contains(body, "tokenry_connections_refused_total 0") {
		t.Errorf("somebody found no room:\n%s", grep(body, "tokenry_connections"))
	}
	ended(t, slow[0])
	says(t, slow[7], `"label":"late"%s}`, strings.Repeat(" ", 100-len(`{"label":"late"}`)))
	resp, err := http.ReadResponse(bufio.NewReader(slow[7]), nil)
	if err != nil {
		t.Fatalf("who had to make no room was cut: %v", err)
	}
	if check(t, resp.Body.Close()); resp.StatusCode != http.StatusCreated {
		t.Errorf("who was slow and made no room is answered %d", resp.StatusCode)
	}
}

func TestTheBoundsStayBelowTheLimitOfDescriptors(t *testing.T) {
	t.Parallel()
	for _, files := range []int{64, 256, 1024, 4096, 20_000, 1 << 20} {
		for _, flags := range [][]string{nil, {"--max-connections", "1000000"}, {"--max-connections", "10"}, {"--max-connections-per-address", "7"}} {
			total, each, reserve := server.BoundsOf(settings(t, append([]string{"--data", t.TempDir()}, flags...)...), files)
			if total < 1 || reserve < 1 || each < 1 || total+reserve > files-min(256, files/4) {
				t.Errorf("%d descriptors, %v: %d in all, %d each, %d in reserve", files, flags, total, each, reserve)
			}
			if len(flags) > 0 && flags[1] == "10" && total != 10 || len(flags) > 0 && flags[1] == "7" && each != 7 || len(flags) == 0 && total > 10_000 {
				t.Errorf("%d descriptors, %v: %d in all, %d each", files, flags, total, each)
			}
		}
	}
}

package siem_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/siem"
)

// TestAStreamLosesNothing: a receiver that is away, a restart and new rows; all arrive, in
// their order, and prove themselves.
func TestAStreamLosesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit", "log.ndjson")
	w := newWorld(t, 450, "file:"+path)
	w.paused(time.Second) // its folder is not there
	if s := w.state(); s.Failing != siem.CodeUnwritable || s.Behind != 450 || s.Sent != 0 || s.Oldest.IsZero() || s.Failures[siem.CodeUnwritable] != 1 {
		t.Errorf("%+v", s)
	}
	for _, pause := range []int{2, 4, 8, 16, 32, 60, 60} {
		w.next()
		w.paused(time.Duration(pause) * time.Second)
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	w.next()
	w.paused(time.Second)
	if s := w.state(); s.Failing != "" || s.Behind != 0 || s.Sent != 450 || !s.Oldest.IsZero() {
		t.Errorf("%+v", s)
	}
	w.end()
	w.write(3)
	w.start("file:" + path)
	w.paused(time.Second)
	w.whole(read(t, path), 453)
	if n := strings.Count(w.log.String(), "level=WARN"); n != 1 || !strings.Contains(w.log.String(), "streamed again") {
		t.Errorf("a failure is told once, and its end: %s", w.log)
	}
	w.down = errDown
	w.next()
	w.paused(time.Second)
	if s := w.state(); s.Failing != siem.CodeDatabase {
		t.Errorf("%+v", s)
	}
}

// TestAFileIsLeftToWhoRotatesIt, and half a line of a crash is ended.
func TestAFileIsLeftToWhoRotatesIt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log.ndjson")
	w := newWorld(t, 2, "file:"+path)
	w.paused(time.Second)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	w.write(2)
	w.next()
	w.paused(time.Second)
	if err := os.Rename(path, path+".2"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(`{"sequence":5,"half`), 0o600); err != nil {
		t.Fatal(err)
	}
	w.write(1)
	w.next()
	w.paused(time.Second)
	w.whole(read(t, path+".1")+read(t, path+".2")+read(t, path), 5)
	if info, err := os.Stat(path + ".1"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
}

// TestAFullDiskKeepsNothingOfABatch: the device that is always full says so.
func TestAFullDiskKeepsNothingOfABatch(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full")
	}
	w := newWorld(t, 2, "file:/dev/full")
	w.paused(time.Second)
	if s := w.state(); s.Failing != siem.CodeDiskFull || s.Sent != 0 || s.Behind != 2 {
		t.Errorf("%+v", s)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// collector is a syslog server: it reads messages behind their lengths until the sender
// ends, and then ends too, unless it is told to break off.
type collector struct {
	net.Listener
	breaks atomic.Bool
	got    chan string
}

func collect(t *testing.T, l net.Listener) *collector {
	t.Helper()
	c := &collector{Listener: l, got: make(chan string, 10)}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.read(conn)
		}
	}()
	return c
}

func (c *collector) read(conn net.Conn) {
	defer conn.Close()
	in, all := bufio.NewReader(conn), ""
	for {
		length, err := in.ReadString(' ')
		if err != nil {
			break
		}
		n, err := strconv.Atoi(strings.TrimSuffix(length, " "))
		message := make([]byte, n)
		if _, err2 := io.ReadFull(in, message); err != nil || err2 != nil {
			break
		}
		all += string(message) + "\n"
		if c.breaks.Load() {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			return
		}
	}
	if all != "" {
		c.got <- all
	}
}

// TestASyslogServerConfirmsByItsEnd: a connection that breaks off after the messages were
// written confirms nothing, and they are sent again.
func TestASyslogServerConfirmsByItsEnd(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := collect(t, l)
	c.breaks.Store(true)
	w := newWorld(t, 2, "syslog+tcp://"+l.Addr().String()+"?facility=local3")
	w.paused(time.Second)
	if s := w.state(); s.Failing != siem.CodeUnconfirmed && s.Failing != siem.CodeUnreachable || s.Sent != 0 {
		t.Errorf("%+v", s)
	}
	c.breaks.Store(false)
	w.next()
	w.paused(time.Second)
	got := <-c.got
	w.whole(got, 2)
	const begins = `<157>1 1970-01-01T00:15:00.000000Z office_1 tokenry - token.created [origin software="tokenry" swVersion="1.2.3"] {"sequence":1,`
	if !strings.HasPrefix(got, begins) || strings.ContainsFunc(got, func(c rune) bool { return c > 0x7e }) {
		t.Errorf("got %s\nwant %s…", got, begins)
	}
}

// TestASyslogServerIsProved: by its certificate, or nothing is sent.
func TestASyslogServerIsProved(t *testing.T) {
	t.Parallel()
	from := httptest.NewUnstartedServer(nil)
	from.StartTLS()
	defer from.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", from.TLS)
	if err != nil {
		t.Fatal(err)
	}
	c := collect(t, l)
	w := newWorld(t, 3, "syslog+tls://"+l.Addr().String()+"?name=siem")
	w.paused(time.Second)
	if s := w.state(); s.Failing != siem.CodeTLS || s.Sent != 0 {
		t.Errorf("%+v", s)
	}
	w.end()
	w.start("syslog+tls://" + l.Addr().String() + "?name=siem&ca_file=" + authority(t, from))
	w.paused(time.Second)
	w.whole(<-c.got, 3)
}

// authority is a file with a server's certificate.
func authority(t *testing.T, s *httptest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAWebhookIsSigned, is sent less where it finds too much, and its address is told nobody.
func TestAWebhookIsSigned(t *testing.T) {
	t.Parallel()
	key := []byte("0123456789abcdef01234567")
	var got strings.Builder
	status, ids := http.StatusBadGateway, []string{}
	s := httptest.NewTLSServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what is cut has no signature
		m := hmac.New(sha256.New, key)
		fmt.Fprintf(m, "%s.%s.%s", r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp"), body)
		signed := r.Header.Get("Webhook-Signature") == "v1,"+base64.StdEncoding.EncodeToString(m.Sum(nil)) && r.Header.Get("Webhook-Timestamp") == "1000"
		switch {
		case !signed, r.Header.Get("Authorization") != "Splunk s3cret", r.URL.RequestURI() != "/in?key=hidden", r.Header.Get("Content-Type") != "application/x-ndjson":
			out.WriteHeader(http.StatusTeapot)
		case status == http.StatusOK && strings.Count(string(body), "\n") > 60:
			out.WriteHeader(http.StatusRequestEntityTooLarge)
		default:
			ids = append(ids, r.Header.Get("Webhook-Id"))
			out.WriteHeader(status)
			if status == http.StatusOK {
				got.Write(body)
			}
		}
	}))
	defer s.Close()
	folder := t.TempDir()
	for name, text := range map[string]string{"secret": "whsec_" + base64.StdEncoding.EncodeToString(key) + "\n", "authorization": "Splunk s3cret\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorld(t, 120, s.URL+"/in?key=hidden&ca_file="+authority(t, s)+"&secret_file="+folder+"/secret&authorization_file="+folder+"/authorization")
	w.paused(time.Second)
	w.next()
	w.paused(2 * time.Second)
	if s := w.state(); s.Failing != siem.CodeRefused || s.Sent != 0 || len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("%+v, %v", s, ids)
	}
	status = http.StatusOK
	w.next()
	w.paused(4 * time.Second) // 120 are too many
	w.next()
	w.paused(8 * time.Second) // 100 too
	w.next()
	w.paused(time.Second)
	w.whole(got.String(), 120)
	s.Close()
	w.write(1)
	w.next()
	w.paused(time.Second)
	if s := w.state(); s.Failing != siem.CodeUnreachable {
		t.Errorf("%+v", s)
	}
	w.quiet("hidden", "s3cret", "secret", "whsec_")
}

// TestWhatWasPurgedIsTold in its place, once it was taken; and a receiver of one workspace
// is told of no other.
func TestWhatWasPurgedIsTold(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	w := newWorld(t, 0, "file:"+folder+"/log?workspace=acme")
	w.paused(time.Second)
	w.write(4)
	w.mu.Lock()
	w.gaps = []ledger.StreamGap{{Workspace: 3, Slug: "acme", First: 1, Through: 2, Hash: w.rows[1].Hash}, {Workspace: 4, Slug: "other", First: 1, Through: 7, Hash: w.rows[1].Hash}}
	w.at["file://"+folder+"/log"] = 2
	w.mu.Unlock()
	w.next()
	w.paused(time.Second)
	if s := w.state(); s.Lost != 2 || s.Sent != 2 {
		t.Errorf("%+v", s)
	}
	stream := audit.NewStream(w.keys)
	if err := stream.Check(strings.NewReader(read(t, folder+"/log"))); err != nil {
		t.Fatal(err)
	}
	if chains, err := stream.Chains(); err != nil || len(chains) != 1 || chains[0].Rows != 2 || chains[0].Purged != 2 {
		t.Errorf("%+v, %v", chains, err)
	}
	w.end()
	w.start("file:" + folder + "/others?workspace=instance&from=start")
	w.paused(time.Second)
	if _, err := os.Stat(folder + "/others"); err == nil || w.at["file://"+folder+"/others"] != 4 {
		t.Errorf("another workspace's rows were sent, or hold up: %v", w.at)
	}
	w.end()
	w.start("file:" + folder + "/late?from=end")
	w.paused(time.Second)
	w.write(1)
	w.next()
	w.paused(time.Second)
	if n := strings.Count(read(t, folder+"/late"), "\n"); n != 1 {
		t.Errorf("%d rows were sent, and 1 was new", n)
	}
}

// TestAddressesThatMeanNothing are refused, and their errors repeat none of them.
func TestAddressesThatMeanNothing(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"syslog://s3cret:514":                    "must begin with",
		"syslog+udp://s3cret:514":                "must begin with",
		"http://s3cret/in":                       "must begin with",
		"://s3cret":                              "must begin with",
		"syslog+tcp://s3cret":                    "must be like",
		"syslog+tcp://s3cret:1/path":             "must be like",
		"syslog+tcp://h:1?s3cret=1":              "not known",
		"syslog+tcp://h:1?facility=s3cret":       "one of",
		"syslog+tcp://h:1?from=s3cret":           "one of",
		"syslog+tcp://h:1?from=end&from=s3cret":  "twice",
		"syslog+tls://h:1?ca_file=/s3cret":       "ca_file",
		"syslog+tls://h:1?ca_file=" + empty:      "without a certificate",
		"syslog+tls://h:1?cert_file=s3cret":      "no pair",
		"file:s3cret":                            "whole path",
		"file://s3cret/x":                        "whole path",
		"https://a:s3cret@h/":                    "user or password",
		"https://h/#s3cret":                      "escape",
		"https://h/?a=%zzs3cret":                 "escape",
		"https://h/?secret_file=" + empty:        "empty",
		"https://h/?authorization_file=/nowhere": "cannot be read",
		"https://:1/s3cret":                      "no host",
		"file:/" + strings.Repeat("s3cret", 40):  "name",
		"https://h/?secret_file=" + os.Args[0]:   "too large",
	} {
		_, err := siem.Parse([]string{address}, siem.Programme{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(strings.ReplaceAll(err.Error(), "/s3cret:", ""), "s3cret") {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
	}
	if _, err := siem.Parse([]string{"file:/a", "file:/a?from=end"}, siem.Programme{}); err == nil {
		t.Error("two streams have one place")
	}
	if _, err := siem.Parse([]string{"file:/a", "file:/a?name=b"}, siem.Programme{}); err != nil {
		t.Error(err)
	}
}

// TestNoNameHoldsThePathOfAWebhook: at some receivers it is the secret, and a name stands in
// logs, metrics and the database.
func TestNoNameHoldsThePathOfAWebhook(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://siem.example.com/receiver/s3cret?key=s3cret": "https://siem.example.com",
		"https://siem.example.com:8088/s3cret":                "https://siem.example.com:8088",
		"https://siem.example.com/s3cret?name=main":           "main",
		"syslog+tls://siem.example.com:6514":                  "syslog+tls://siem.example.com:6514",
		"file:/var/log/audit.ndjson?from=end":                 "file:///var/log/audit.ndjson",
	} {
		got, err := siem.Parse([]string{address}, siem.Programme{})
		if err != nil || got[0].Name != want {
			t.Errorf("%s is called %+v, %v, want %s", address, got, err, want)
		}
	}
}

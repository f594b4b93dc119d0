package server_test

import (
	"crypto/rand"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// outage is a way to a database that breaks once so many bytes were sent, lets nobody in the
// next times, and is good from then on.
type outage struct {
	mu      sync.Mutex // guards what follows
	left    int
	refuses int
	broke   bool
	open    []net.Conn
}

func (o *outage) enter(c ...net.Conn) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.broke && o.refuses > 0 {
		o.refuses--
		return false
	}
	o.open = append(o.open, c...)
	return true
}

// Write counts what is sent.
func (o *outage) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.left -= len(b); o.left < 0 && !o.broke {
		o.broke = true
		for _, c := range o.open {
			_ = c.Close()
		}
		return 0, io.ErrClosedPipe
	}
	return len(b), nil
}

// through answers the address of a database behind an outage.
func (o *outage) through(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	check(t, err)
	socket := filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432")
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	check(t, err)
	var all sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			var d net.Dialer
			db, err := d.DialContext(t.Context(), "unix", socket)
			if err != nil || !o.enter(c, db) {
				_ = c.Close()
				continue
			}
			all.Go(func() {
				_, _ = io.Copy(io.MultiWriter(o, db), c)
				_ = db.Close()
			})
			all.Go(func() {
				_, _ = io.Copy(c, db)
				_ = c.Close()
			})
		}
	})
	u.Host, u.RawQuery = l.Addr().String(), "sslmode=disable"
	return u.String()
}

// TestAStartThatIsCutOffBeginsAgain, wherever the database goes away: whoever starts nodes need
// not start them again.
func TestAStartThatIsCutOffBeginsAgain(t *testing.T) {
	t.Parallel()
	address, broken := storetest.Postgres(t), 0
	keys := filepath.Join(t.TempDir(), "keys.json")
	_, err := server.CreateKeyring(keys, rand.Reader, time.Now())
	check(t, err)
	for bytes := 500; bytes < 30_000; bytes += bytes/2 + 400 {
		o := &outage{left: bytes, refuses: 3}
		s := start(t, settings(t, "--data", t.TempDir(), "--keys", keys, "--database", o.through(t, address)))
		// The way may also break just now, when the start was shorter than that.
		clocktest.Until(t, func() bool { return s.Authority.Ping(t.Context()) == nil })
		o.mu.Lock()
		if o.broke {
			broken++
		}
		o.mu.Unlock()
		check(t, s.stop())
	}
	if broken < 5 {
		t.Errorf("the way broke %d times", broken)
	}
}

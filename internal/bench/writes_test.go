package bench_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

var (
	writing = flag.Duration("writing", 0, "how long creates and revokes are measured each; 0 leaves them out")
	link    = flag.Duration("link", 0, "how long the way to PostgreSQL and back takes besides")
)

// BenchmarkWritesSQLite and BenchmarkWritesPostgreSQL print how many tokens a second are
// created and revoked by clients that each wait for their answer: make bench-writes.
func BenchmarkWritesSQLite(b *testing.B) { writes(b, storetest.SQLite) }

// BenchmarkWritesPostgreSQL is the same over PostgreSQL.
func BenchmarkWritesPostgreSQL(b *testing.B) {
	writes(b, func(tb testing.TB) string {
		tb.Helper()
		return delayed(tb, storetest.DurablePostgres(tb), *link)
	})
}

func writes(b *testing.B, at func(testing.TB) string) {
	b.Helper()
	if *writing == 0 || b.N > 1 {
		b.Skip("no time is given")
	}
	w := newWorld(b, at(b), 1)
	for _, clients := range []int{1, 32} {
		made := make(chan string, 1<<20)
		created := perSecond(clients, func() bool {
			in := api.CreateToken{Kind: "service", Owner: "ci"}
			in.Label = api.Some("x")
			out, err := w.authority.CreateToken(context.Background(), w.by, "acme", in)
			if err != nil {
				b.Error(err)
				return false
			}
			made <- out.Token.ID
			return true
		})
		revoked := perSecond(clients, func() bool {
			select {
			case id := <-made:
				if _, err := w.authority.RevokeToken(context.Background(), w.by, "acme", id, api.RevokeToken{}); err != nil {
					b.Error(err)
				}
				return true
			default:
				return false
			}
		})
		fmt.Printf("%s: %d clients: %.0f creates a second, %.0f revokes a second\n", b.Name(), clients, created, revoked)
	}
}

// perSecond lets clients do something for as long as is asked, or until one has nothing
// left to do.
func perSecond(clients int, do func() bool) float64 {
	var n atomic.Int64
	begin := time.Now()
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for time.Since(begin) < *writing && do() {
				n.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(n.Load()) / time.Since(begin).Seconds()
}

// delayed is an address behind which the database is farther away.
func delayed(t testing.TB, address string, way time.Duration) string {
	t.Helper()
	if way == 0 {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	network, target := "tcp", u.Host
	if folder := u.Query().Get("host"); folder != "" {
		port := u.Query().Get("port")
		if port == "" {
			port = u.Port()
		}
		if port == "" {
			port = "5432"
		}
		network, target = "unix", folder+"/.s.PGSQL."+port
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial(network, target)
			if err != nil {
				_ = near.Close()
				return
			}
			go late(near, far, way/2)
			go late(far, near, way/2)
		}
	}()
	q := u.Query()
	q.Del("host")
	q.Del("port")
	u.Host, u.RawQuery = l.Addr().String(), q.Encode()
	return u.String()
}

// late hands on what it reads, each so much later.
func late(to io.WriteCloser, from io.Reader, by time.Duration) {
	type part struct {
		at   time.Time
		data []byte
	}
	parts := make(chan part, 1024)
	go func() {
		defer close(parts)
		for {
			b := make([]byte, 64<<10)
			n, err := from.Read(b)
			if n > 0 {
				parts <- part{time.Now().Add(by), b[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range parts {
		<-time.After(time.Until(p.at))
		if _, err := to.Write(p.data); err != nil {
			break
		}
	}
	_ = to.Close()
}

package storetest

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Cutter passes bytes between a store and PostgreSQL until it sees the commit that
// it is armed for: what is answered to that never arrives.
type Cutter struct {
	// Delivered says that the commit still reaches the server.
	Delivered bool
	// Silent leaves the connection open, so that nobody learns that no answer comes.
	Silent bool
	// About, when it is not empty, spares commits of transactions in which this was
	// not sent.
	About string

	mu    sync.Mutex // guards armed
	armed bool
}

// Arm is for the next commit.
func (c *Cutter) Arm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = true
}

// cuts says whether these bytes are the commit that is waited for. About is whether
// its transaction is the one.
func (c *Cutter) cuts(b []byte, about *bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	*about = *about || bytes.Contains(b, []byte(c.About))
	if !bytes.Contains(b, []byte("commit\x00")) {
		return false
	}
	cuts := c.armed && *about
	*about, c.armed = false, c.armed && !cuts
	return cuts
}

// Listen answers an address that leads through the cutter.
func (c *Cutter) Listen(t *testing.T, address string) string {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { c.pass(t, client, config) })
		}
	})
	through := url.URL{
		Scheme: "postgres", User: url.UserPassword(config.User, config.Password), Host: l.Addr().String(),
		Path: "/" + config.Database, RawQuery: "sslmode=disable",
	}
	return through.String()
}

// pass serves one connection.
func (c *Cutter) pass(t *testing.T, client net.Conn, config *pgx.ConnConfig) {
	t.Helper()
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	var d net.Dialer
	server, err := d.DialContext(t.Context(), network, address)
	if err != nil {
		if t.Context().Err() == nil { // else the test is over, and whoever connects is let go
			t.Error(err)
		}
		_ = client.Close()
		return
	}
	var wg sync.WaitGroup
	back := &answers{to: client}
	wg.Go(func() {
		_, _ = io.Copy(back, server)
		_ = client.Close()
	})
	buffer, about := make([]byte, 1<<16), false
	for {
		n, err := client.Read(buffer)
		if err != nil {
			break
		}
		if c.cuts(buffer[:n], &about) {
			back.end.Store(true) // the answer has nowhere to go
			if !c.Silent {
				_ = client.Close()
			}
			if !c.Delivered {
				continue
			}
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			break
		}
	}
	_ = server.Close()
	wg.Wait()
}

// answers are what the server says, until their end.
type answers struct {
	to  io.Writer
	end atomic.Bool
}

func (a *answers) Write(b []byte) (int, error) {
	if a.end.Load() {
		return len(b), nil
	}
	return a.to.Write(b)
}

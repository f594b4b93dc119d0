package store_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestUnansweredCommitIsUnknown cuts the connection at a commit, before the
// server gets it and after. Whoever asked cannot tell the two apart.
func TestUnansweredCommitIsUnknown(t *testing.T) {
	t.Parallel()
	for name, delivered := range map[string]bool{"lost on the way there": false, "lost on the way back": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := storetest.Postgres(t)
			cut := &cutter{delivered: delivered}
			s := open(t, store.Options{URL: cut.listen(t, address)})
			put := func(tx authority.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) }
			cut.arm()
			_, err := s.Batch(t.Context(), []func(authority.Tx) error{put})
			if !errors.Is(err, authority.ErrOutcomeUnknown) {
				t.Errorf("the batch answered %v", err)
			}
			batch(t, s, func(tx authority.Tx) error {
				list, err := tx.Workspaces(authority.Range{})
				if err != nil || (len(list) == 1) != delivered {
					t.Errorf("stored are %v, %v", list, err)
				}
				id := tx.NewID()
				if id != 2 {
					t.Errorf("the next row number is %d", id)
				}
				return nil
			})
		})
	}
}

// cutter passes bytes between the store and PostgreSQL until it sees the next
// commit.
type cutter struct {
	delivered bool // whether the commit still reaches the server

	mu    sync.Mutex // guards armed
	armed bool
}

func (c *cutter) arm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = true
}

// cuts says whether these bytes are the commit that is waited for.
func (c *cutter) cuts(b []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.armed || !bytes.Contains(b, []byte("commit\x00")) {
		return false
	}
	c.armed = false
	return true
}

// listen answers an address that leads through the cutter.
func (c *cutter) listen(t *testing.T, address string) string {
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
func (c *cutter) pass(t *testing.T, client net.Conn, config *pgx.ConnConfig) {
	t.Helper()
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	var d net.Dialer
	server, err := d.DialContext(t.Context(), network, address)
	if err != nil {
		t.Error(err)
		_ = client.Close()
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	})
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			break
		}
		if c.cuts(buffer[:n]) {
			_ = client.Close() // the answer has nowhere to go
			if !c.delivered {
				break
			}
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			break
		}
	}
	_ = server.Close()
	wg.Wait()
}

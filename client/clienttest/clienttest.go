// Package clienttest starts a real Tokenry server inside a test, so that a
// program that uses the SDK is tested against what it will meet, and not
// against a copy of what somebody believed of it.
//
//	func TestTickets(t *testing.T) {
//		office := clienttest.New(t)
//		tok := office.Issue(t, []string{"tickets:read"}, "payments")
//		…
//	}
//
// Laws of this package:
//
//   - Each server is alone: a port of its own, a database in a folder that goes
//     with it.
//   - It is the server that ships, with its own clock: Advance lets tokens expire
//     without waiting.
package clienttest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/server"
)

// Server is a running server with one workspace and its Owner.
type Server struct {
	// URL is the server's address.
	URL string
	// Workspace is the slug of the workspace.
	Workspace string
	// Email is the Owner's.
	Email string
	// Token is the Owner's token: it may do everything, also as an administrator
	// of the instance.
	Token string
	// Client presents that token.
	Client *client.Client

	ahead   atomic.Int64 // of the machine's clock, in nanoseconds
	cancel  context.CancelFunc
	served  chan error
	folder  string
	started bool
}

// New starts a server that ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Start starts a server for where there is no test, such as an example or
// TestMain. It runs until Close.
func Start() (_ *Server, err error) {
	s := &Server{Workspace: "acme", Email: "owner@example.com", served: make(chan error, 1)}
	if s.folder, err = os.MkdirTemp("", "tokenry-test-"); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	cfg, err := config.Load(nil, func(name string) (string, bool) {
		v, ok := map[string]string{
			"TOKENRY_LISTEN": "127.0.0.1:0", "TOKENRY_DATA": s.folder, "TOKENRY_SHUTDOWN_TIMEOUT": "5s",
		}[name]
		return v, ok
	})
	if err != nil {
		return err
	}
	srv, err := server.Listen(ctx, cfg, server.Options{Now: s.now})
	if err != nil {
		return err
	}
	s.started, s.URL = true, srv.BaseURL()
	go func() { s.served <- srv.Serve(ctx) }()
	first, err := srv.Authority.Bootstrap(ctx, office.Bootstrap{Email: s.Email, Workspace: s.Workspace})
	if err != nil {
		return err
	}
	s.Token = first.Secret.Reveal()
	s.Client, err = client.New(s.URL, s.Token)
	return err
}

func (s *Server) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

// Advance moves the server's clock forward: tokens expire (the Owner's own after
// a year), overlaps end, limits refill.
func (s *Server) Advance(d time.Duration) { s.ahead.Add(int64(d)) }

// As returns a client that presents another token.
func (s *Server) As(t testing.TB, tok string) *client.Client {
	t.Helper()
	c, err := client.New(s.URL, tok)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// Issue makes a token of the workspace that may use these scopes on these
// resources, all of them when none is named, and returns its secret.
func (s *Server) Issue(t testing.TB, scopes []string, resources ...string) string {
	t.Helper()
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	in := api.CreateToken{Kind: "workspace"}
	in.Label = api.Some(t.Name())
	if len(t.Name()) > 100 {
		in.Label = api.Some("test")
	}
	in.Scopes, in.Resources = api.Some(scopes), api.Some(resources)
	issued, err := s.Client.CreateToken(t.Context(), s.Workspace, in)
	if err != nil {
		t.Fatal(err)
	}
	return issued.Secret
}

// Close stops the server and removes what it wrote.
func (s *Server) Close() error {
	s.cancel()
	var errs []error
	if s.Client != nil {
		s.Client.CloseIdleConnections()
	}
	if s.started {
		s.started = false
		errs = append(errs, <-s.served)
	}
	errs = append(errs, os.RemoveAll(s.folder))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("clienttest: %w", err)
	}
	return nil
}

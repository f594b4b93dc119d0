package server

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/signin"
	"github.com/tokenry/tokenry/internal/store"
)

// HandOut makes the one-time link by which a person of an opened database chooses a
// password, for whoever runs a command beside it.
func (c *Core) HandOut(ctx context.Context, user string, factors bool) (door.Handed, error) {
	people := signin.New(signin.Options{
		Authority: c.Authority, Keys: c.keys, Passwords: c.Passwords, Now: c.Now, Rand: c.Rand, BaseURL: reachedAt(c.config),
		Logger: c.Logger, Policy: signin.Policy{Methods: c.config.SignIn},
	})
	return people.Handouts.AtHost(ctx, user, factors)
}

// HandOut is [Core.HandOut] on a database that a server may have open, and that is
// never made: a wrong folder is an error, and no new instance.
func HandOut(ctx context.Context, cfg config.Config, o Options, user string, factors bool) (_ door.Handed, err error) {
	s, err := store.Open(ctx, store.Options{URL: cfg.Database.Reveal(), ReadOnly: true})
	if err = errors.Join(err, closed(s)); err != nil {
		return door.Handed{}, err
	}
	o.beside = true
	c, err := Open(ctx, cfg, o)
	if err != nil {
		return door.Handed{}, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	return c.HandOut(ctx, user, factors)
}

func closed(s *store.Store) error {
	if s == nil {
		return nil
	}
	return s.Close()
}

// reachedAt is the address of a server with these settings, which does not listen yet.
func reachedAt(cfg config.Config) string {
	host, port, err := net.SplitHostPort(cfg.Listen)
	a, notAddress := netip.ParseAddr(host)
	switch {
	case cfg.BaseURL != "" || err != nil:
		return cfg.BaseURL
	case host == "" || notAddress == nil && a.IsUnspecified():
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/move"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/token"
)

// MoveOptions say how a database is moved.
type MoveOptions struct {
	Options
	// Tell is told how far it is; nil is nobody.
	Tell func(move.Progress)
	// Unreached is told that the new side could not be asked, when a move is given up.
	Unreached func(error)
}

func (o MoveOptions) withDefaults() MoveOptions {
	o.Options = o.Options.withDefaults()
	if o.Tell == nil {
		o.Tell = func(move.Progress) {}
	}
	if o.Unreached == nil {
		o.Unreached = func(error) {}
	}
	return o
}

// Moved is what a move did.
type Moved struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Tables and Rows are what was copied and compared.
	Tables int   `json:"tables"`
	Rows   int64 `json:"rows"`
	// Heads are those of the audit's chains, which are the same on both sides.
	Heads []string `json:"heads"`
}

// mover is both sides, opened.
type mover struct {
	move.Move
	keys   *token.Keyring
	closes []func() error
	from   *store.Store
	to     *store.Store
}

// Move brings everything in a SQLite database into an empty PostgreSQL one. The old one
// takes no changes from its beginning on, and never again once it has ended. A move that
// was interrupted goes on; see [move.Move].
func Move(ctx context.Context, from, to config.Config, o MoveOptions) (out Moved, err error) {
	m := &mover{}
	defer func() { err = errors.Join(err, m.close()) }()
	o = o.withDefaults()
	if err := m.openFrom(ctx, from, o); err != nil {
		return out, err
	}
	if err := m.openTo(ctx, to, o); err != nil {
		return out, err
	}
	m.Ready = func(ctx context.Context) error { return errors.Join(checkHead(ctx, from, m.from), unserved(ctx, m.to)) }
	out.From, out.To = m.From.Address, m.To.Address
	if out.Heads, err = m.heads(ctx, m.from); err != nil {
		return out, fmt.Errorf("the old side: %w", err)
	}
	m.Tell = func(p move.Progress) {
		if p.Step == "compared" {
			out.Tables, out.Rows = out.Tables+1, out.Rows+p.Rows
		}
		o.Tell(p)
	}
	for _, step := range []func(context.Context) error{m.Start, m.Copy, m.Compare} {
		if err := step(ctx); err != nil {
			return out, err
		}
	}
	if _, err = m.heads(ctx, m.to, out.Heads...); err != nil {
		return out, fmt.Errorf("the new side: %w", err)
	}
	return out, m.Finish(ctx)
}

// heads checks the audit and names the last link of each chain.
func (m *mover) heads(ctx context.Context, s *store.Store, expect ...string) (heads []string, err error) {
	chains, err := audit.Verify(ctx, s, m.keys, expect...)
	for _, c := range chains {
		heads = append(heads, c.Head)
	}
	return heads, err
}

// AbandonMove takes the old database of a move that shall not go on back into use.
func AbandonMove(ctx context.Context, from, to config.Config, o MoveOptions) (err error) {
	m := &mover{}
	defer func() { err = errors.Join(err, m.close()) }()
	o = o.withDefaults()
	if err := m.openFrom(ctx, from, o); err != nil {
		return err
	}
	reached := m.openTo(ctx, to, o)
	marked, err := m.Abandon(ctx, reached == nil)
	if err == nil && !marked {
		o.Unreached(reached)
	}
	return err
}

// openFrom takes the old database, which no server may have.
func (m *mover) openFrom(ctx context.Context, cfg config.Config, o MoveOptions) (err error) {
	path := cfg.SQLitePath()
	if path == "" {
		return errors.New("a move begins at a SQLite database: --from sqlite:FILE")
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("there is no database to move: %w", err)
	}
	if m.keys, err = ReadKeyring(cfg.Keys); err != nil {
		return err
	}
	m.Rand, m.Now = o.Rand, o.Now
	if m.Now == nil {
		m.Now = func() time.Time { now, _ := o.Machine.Now(); return now }
	}
	m.from, m.From, err = m.open(ctx, cfg, o)
	if err != nil {
		return err
	}
	return m.from.CheckKeyring(ctx, m.keys)
}

func (m *mover) openTo(ctx context.Context, cfg config.Config, o MoveOptions) (err error) {
	if cfg.SQLitePath() != "" {
		return errors.New("a move ends at a PostgreSQL database: --to postgres://…")
	}
	m.to, m.To, err = m.open(ctx, cfg, o)
	return err
}

// open opens one side as whoever changes it does, and migrates it.
func (m *mover) open(ctx context.Context, cfg config.Config, o MoveOptions) (*store.Store, move.Side, error) {
	so := store.Options{URL: cfg.Database.Reveal(), Holder: o.Holder, Logger: o.Logger, Rand: o.Rand, Fenced: true}
	s, err := store.Open(ctx, so)
	if err != nil {
		return nil, move.Side{}, err
	}
	m.closes = append(m.closes, s.Close)
	u, err := store.OpenUsage(ctx, so)
	if err != nil {
		return nil, move.Side{}, err
	}
	m.closes = append(m.closes, u.Close)
	t := s.Tables()
	side := move.Side{Engine: t.Engine, Address: cfg.Database.String(), Read: t.Read, Write: t.Write, Usage: t.Read, Explain: t.Explain}
	if t.Engine != "sqlite" {
		return s, side, nil
	}
	side.Usage = u.Tables().Read // it is a file of its own
	path, err := filepath.Abs(cfg.SQLitePath())
	side.Address = "sqlite:" + path // for whoever reads it in another folder
	return s, side, err
}

func (m *mover) close() error {
	var errs []error
	for _, f := range m.closes {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

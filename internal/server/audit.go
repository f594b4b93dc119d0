package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/store"
)

// ErrUnconfirmed says that a failover may still lose what was read.
var ErrUnconfirmed = errors.New("what was read is not confirmed: this is a standby, or the one that the database waits for is away. " +
	"The verdict is of what stands there now; no HEAD is shown, because a failover might lose it. Ask the primary again")

// VerifyAudit reads the audit of the database that the settings name and says
// whether it is whole; see [audit.Verify]. It only reads, so it works
// beside a running server. Who keeps a head asks for it later, and takes its absence
// for a cut: where what was read may be lost, [ErrUnconfirmed], no chain has one.
func VerifyAudit(ctx context.Context, cfg config.Config, expect ...string) (_ []audit.Chain, err error) {
	keys, err := ReadKeyring(cfg.Keys)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, store.Options{URL: cfg.Database.Reveal(), ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.CheckKeyring(ctx, keys); err != nil {
		return nil, err // by another keyring everything would look broken
	}
	chains, err := audit.Verify(ctx, s, keys, expect...)
	if unsure := s.Confirm(ctx); unsure != nil {
		for i := range chains {
			chains[i].Head = ""
		}
		err = errors.Join(err, fmt.Errorf("%w (%w)", ErrUnconfirmed, unsure))
	}
	return chains, err
}

// VerifyStreams checks rows as they were streamed, from files or, as -, from in, and tells
// how many lines were none. It needs the keyring, and no database.
func VerifyStreams(cfg config.Config, in io.Reader, files []string, expect ...string) (chains []audit.Chain, torn int64, err error) {
	keys, err := ReadKeyring(cfg.Keys)
	if err != nil {
		return nil, 0, err
	}
	s := audit.NewStream(keys, expect...)
	for _, name := range files {
		if err := checkStream(s, in, name); err != nil {
			return nil, 0, fmt.Errorf("read the stream: %w", err)
		}
	}
	chains, err = s.Chains()
	return chains, s.Torn, err
}

func checkStream(s *audit.Stream, in io.Reader, name string) error {
	if name == "-" {
		return s.Check(in)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	return s.Check(f)
}

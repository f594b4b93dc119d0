package server

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/token"
)

// Prefixes reads what the tokens of the database that the settings name begin
// with, the current prefix first. It only reads, so it works beside a running
// server, and it needs no keyring.
func Prefixes(ctx context.Context, cfg config.Config) (prefixes []token.Prefix, err error) {
	s, err := store.Open(ctx, store.Options{URL: cfg.Database.Reveal(), ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	err = s.Read(ctx, func(r ledger.Reader) error {
		in, err := r.Instance()
		prefixes = in.Prefixes
		return err
	})
	if err == nil && len(prefixes) == 0 {
		prefixes = []token.Prefix{token.DefaultPrefix}
	}
	return prefixes, err
}

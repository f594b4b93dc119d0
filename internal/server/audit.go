package server

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/store"
)

// VerifyAudit reads the audit of the database that the settings name and says
// whether it is whole; see [audit.Verify]. It only reads, so it works
// beside a running server.
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
	return audit.Verify(ctx, s, keys, expect...)
}

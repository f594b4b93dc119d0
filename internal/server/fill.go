package server

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/fill"
)

// Fill writes very many tokens into the database that the settings name, on which no
// server may run, and makes it first where there is none.
func Fill(ctx context.Context, cfg config.Config, o Options, what fill.Options) (err error) {
	o.bulk = true
	c, err := Open(ctx, cfg, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	what.Now = c.Now()
	return fill.Fill(ctx, c.store, c.keys, what)
}

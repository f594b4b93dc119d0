package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/token"
)

// Run serves until ctx ends. Its log goes to out, and so does the one-time link
// that makes the first Owner while there is none.
func Run(ctx context.Context, cfg config.Config, out io.Writer, version string) error {
	log := NewLogger(cfg, out)
	s, err := Listen(ctx, cfg, Options{Logger: log, Version: version})
	if err != nil {
		return err
	}
	err = s.greet(ctx, out)
	for err != nil && cfg.SQLitePath() == "" && passes(err) && wait(ctx, lookAgain) == nil {
		err = s.greet(ctx, out)
	}
	if err != nil {
		s.abandon()
		return err
	}
	if cfg.MetricsListen == "" && strings.HasPrefix(s.base, "https://") {
		log.Info("/metrics is open to everybody who reaches the main listener; --metrics-listen gives it one of its own")
	}
	if cfg.Rules != "" {
		defer s.reloadRules(ctx, cfg.Rules)()
	}
	log.Info("listening", "address", s.Addr(), "url", s.base, "database", cfg.Database, "version", version)
	return s.Serve(ctx)
}

// greet tells people how to begin while the instance has no Owner.
func (s *Server) greet(ctx context.Context, out io.Writer) error {
	code, until, err := s.Authority.SetupCode(ctx)
	if errors.Is(err, api.CodeClockUnsettled) {
		return nil // it was told
	}
	if err != nil || until.IsZero() {
		return err
	}
	valid := until.UTC().Format(time.RFC3339)
	link := s.base + "/setup?code=" + url.QueryEscape(code)
	if s.config.LogFormat == "json" {
		s.Logger.Warn("this instance has no Owner yet; open the link once, on any node", "setup_url", link, "until", valid)
		return nil
	}
	fmt.Fprintf(out, `
This instance has no Owner yet. Open this link, once and before %s:

    %s

or stop the server and run: tokenry bootstrap --email YOU@EXAMPLE.COM --workspace NAME
with the same --data, or --database and --keys.

`, valid, link)
	return nil
}

// NewLogger makes the log that the settings ask for. It takes token strings out
// of whatever is said to it, though nothing should say one.
func NewLogger(cfg config.Config, out io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: cfg.LogLevel, ReplaceAttr: withoutTokens}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(out, o))
	}
	return slog.New(slog.NewTextHandler(out, o))
}

func withoutTokens(_ []string, a slog.Attr) slog.Attr {
	v := a.Value
	err, failed := v.Any().(error)
	switch {
	case v.Kind() == slog.KindString:
		a.Value = slog.StringValue(token.Redact(v.String()))
	case failed:
		a.Value = slog.StringValue(token.Redact(err.Error()))
	}
	return a
}

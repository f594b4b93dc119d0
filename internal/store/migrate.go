package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"

	"github.com/tokenry/tokenry/internal/ledger"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrator brings the schema to this program's version. Migrations are one
// directory for both engines, numbered, each applied once in a transaction.
type migrator struct {
	*goose.Provider
	db  *sql.DB
	eng *engine
}

// newMigrator keeps goose from its global registry and its own log.
func newMigrator(eng *engine, db *sql.DB, dialect goose.Dialect, opts ...goose.ProviderOption) (*migrator, error) {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("store: read the migrations: %w", err)
	}
	opts = append(opts, goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	p, err := goose.NewProvider(dialect, db, dir, opts...)
	if err != nil {
		return nil, fmt.Errorf("store: read the migrations: %w", err)
	}
	return &migrator{Provider: p, db: db, eng: eng}, nil
}

// want is the version of this program's schema.
func (m *migrator) want() int64 {
	sources := m.ListSources()
	return sources[len(sources)-1].Version
}

// have is the version of the database's schema; 0 when there is none.
func (m *migrator) have(ctx context.Context) (int64, error) {
	var version int64
	err := m.db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&version)
	if err = m.eng.translate(err, ""); errors.Is(err, ledger.ErrStoreUnavailable) {
		return 0, err
	}
	return version, nil
}

// check refuses a schema that is not this program's.
func (m *migrator) check(ctx context.Context) error {
	have, err := m.have(ctx)
	if err != nil {
		return err
	}
	if want := m.want(); have != want {
		return &SchemaError{Have: have, Want: want}
	}
	return nil
}

// run migrates. On SQLite whoever does holds the server lock; on PostgreSQL others may
// be serving, so a migration there is written for the version before too.
func (m *migrator) run(ctx context.Context, log *slog.Logger) error {
	have, err := m.have(ctx)
	if err != nil {
		return err
	}
	if want := m.want(); have > want {
		return &SchemaError{Have: have, Want: want}
	}
	results, err := m.Up(ctx)
	if err != nil {
		return fmt.Errorf("store: migrate the database from version %d: %w", have, m.eng.translate(err, ""))
	}
	for _, r := range results {
		log.Info("migrated the database", "version", r.Source.Version, "took", r.Duration)
	}
	return nil
}

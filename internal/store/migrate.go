package store

import (
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/migrate"
)

// Migrations are one directory for both engines, and one for usage, which stands
// beside the spine on PostgreSQL and in a file of its own on SQLite.
//
//go:embed migrations/*.sql usagemigrations/*.sql
var migrations embed.FS

// spine brings the schema of all but usage to this program's version.
func (e *engine) spine(db *sql.DB, d goose.Dialect) (*migrate.Migrator, error) {
	m, err := e.migrator(db, d, "migrations", "goose_db_version", "builds")
	if err == nil {
		e.version = m.Want()
	}
	return m, err
}

// usage is spine for usage.
func (e *engine) usage(db *sql.DB, d goose.Dialect) (*migrate.Migrator, error) {
	return e.migrator(db, d, "usagemigrations", "goose_usage_version", "usage_builds")
}

func (e *engine) migrator(db *sql.DB, d goose.Dialect, dir, versions, builds string) (*migrate.Migrator, error) {
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		return nil, fmt.Errorf("store: read the migrations: %w", err)
	}
	at := migrate.Database{
		DB: db, Dialect: d, Unreachable: ledger.ErrStoreUnavailable,
		Translate: func(err error) error { return e.translate(err, "") },
	}
	if e.nodes != nil {
		at.Older = e.nodes.older
	}
	return migrate.New(at, migrate.Schema{Migrations: files, Versions: versions, Builds: builds})
}

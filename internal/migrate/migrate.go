// Package migrate brings a database to the schema that a program knows, while programs
// of the version before may be using it. Its laws:
//
//   - Migrations are numbered, each is applied once, in a transaction, and never changes
//     once it was released.
//   - A migration first adds what the build before does not mind. What that one would
//     mind comes a version later, and says so: it sets the lowest version that a build
//     has to know. It waits until no node is left that knows less.
//   - A build that knows less than the schema is refused, unless the schema says that
//     it may use it.
package migrate

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"github.com/pressly/goose/v3"
)

// Schema is a set of tables with numbered migrations.
type Schema struct {
	// Migrations are its files, NUMBER_name.sql.
	Migrations fs.FS
	// Versions is the table where it stands which were applied, Builds the one that has
	// the lowest version which a build has to know, in its one row.
	Versions, Builds string
}

// Database is where a schema is.
type Database struct {
	*sql.DB
	Dialect goose.Dialect
	// Translate says what an error of the driver means; Unreachable which of its
	// answers is that nobody knows what is there.
	Translate   func(error) error
	Unreachable error
	// Older lists the nodes whose build knows less than a version; nil where one
	// process alone has the database.
	Older func(ctx context.Context, than int64) ([]Node, error)
}

// Node is one that uses a database; Stand is another one as long as it goes on.
type Node struct {
	Holder, Stand string
	// Length is how long it may go on without, in microseconds.
	Length int64
}

// Migrator brings one schema of one database to this program's version.
type Migrator struct {
	*goose.Provider
	schema Schema
	db     Database
	// raises are the migrations that set a lowest version, and to which.
	raises map[int64]int64
}

// New reads the migrations. It keeps goose from its global registry and its own log.
func New(db Database, s Schema) (*Migrator, error) {
	m := &Migrator{schema: s, db: db}
	var err error
	if m.raises, err = Raises(s.Migrations, s.Builds); err == nil {
		m.Provider, err = goose.NewProvider(db.Dialect, db.DB, s.Migrations, goose.WithTableName(s.Versions),
			goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	}
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return m, nil
}

// Raises reads which migrations set the lowest version in a table, by the way in which
// they have to do it, and to which.
func Raises(dir fs.FS, builds string) (map[int64]int64, error) {
	files, err := fs.Glob(dir, "*.sql")
	found := map[int64]int64{}
	for _, name := range files {
		text, unread := fs.ReadFile(dir, name)
		err = errors.Join(err, unread)
		if set := regexp.MustCompile(`UPDATE ` + builds + ` SET lowest = (\d{1,9})\b`).FindSubmatch(text); set != nil {
			var number, lowest int64
			_, bad := fmt.Sscanf(name, "%d_", &number)
			_, worse := fmt.Sscan(string(set[1]), &lowest)
			err = errors.Join(err, bad, worse)
			found[number] = lowest
		}
	}
	return found, err
}

// Want is the version of this program's schema.
func (m *Migrator) Want() int64 {
	sources := m.ListSources()
	return sources[len(sources)-1].Version
}

// have is the version of the database's schema; 0 when there is none.
func (m *Migrator) have(ctx context.Context) (int64, error) {
	return m.number(ctx, `SELECT max(version_id) FROM `+m.schema.Versions)
}

// number reads one; 0 when there is none, or no such table.
func (m *Migrator) number(ctx context.Context, query string) (n int64, err error) {
	err = m.db.QueryRowContext(ctx, query).Scan(&n)
	if err = m.db.Translate(err); errors.Is(err, m.db.Unreachable) {
		return 0, err
	}
	return n, nil
}

// Check refuses a schema that this program may not use as it is, with a [SchemaError]:
// an older one, or a newer one that does not say that it may.
func (m *Migrator) Check(ctx context.Context) error {
	have, err := m.have(ctx)
	if err != nil {
		return err
	}
	switch want := m.Want(); {
	case have == want:
		return nil
	case have > want:
		lowest, err := m.number(ctx, `SELECT lowest FROM `+m.schema.Builds+` WHERE id = 1`)
		if err != nil || lowest != 0 && lowest <= want {
			return err
		}
	}
	return &SchemaError{Have: have, Want: m.Want()}
}

// Run migrates, and leaves a newer schema as it is. Nobody else migrates meanwhile.
func (m *Migrator) Run(ctx context.Context, log *slog.Logger) error {
	have, err := m.have(ctx)
	if err != nil {
		return err
	}
	if have >= m.Want() {
		return m.Check(ctx)
	}
	lowest := int64(0)
	for number, to := range m.raises {
		if number > have {
			lowest = max(lowest, to)
		}
	}
	if have > 0 && m.db.Older != nil && lowest > 0 {
		if err := AwaitOlder(ctx, m.db.Older, lowest, log); err != nil {
			return err
		}
	}
	results, err := m.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate the database from version %d: %w", have, m.db.Translate(err))
	}
	for _, r := range results {
		log.Info("migrated the database", "table", m.schema.Versions, "version", r.Source.Version, "took", r.Duration)
	}
	return nil
}

// AwaitOlder answers a [BuildsError] while a node goes on whose build does not know a
// version. One that stands still for as long as it may go on without is nobody's.
func AwaitOlder(ctx context.Context, older func(context.Context, int64) ([]Node, error), lowest int64, log *slog.Logger) error {
	before, err := older(ctx, lowest)
	if err != nil || len(before) == 0 {
		return err
	}
	log.Info("waiting whether a node of an older version is there still", "node", before[0].Holder)
	length := slices.MaxFunc(before, func(a, b Node) int { return cmp.Compare(a.Length, b.Length) }).Length
	stands, cancel := context.WithTimeout(ctx, time.Duration(length+length/10)*time.Microsecond)
	defer cancel()
	if <-stands.Done(); ctx.Err() != nil {
		return ctx.Err()
	}
	after, err := older(ctx, lowest)
	for _, n := range after {
		if !slices.Contains(before, n) {
			return &BuildsError{Holder: n.Holder, Lowest: lowest}
		}
	}
	return err
}

package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"modernc.org/sqlite"
)

// pagesAtOnce is how much is copied between two looks at whether anybody waits for it.
const pagesAtOnce = 4096

// source is what the driver's connection can besides.
type source interface {
	NewBackup(to string) (*sqlite.Backup, error)
}

// Copy copies a database into a new file of mode 0600, page by page, as it is at one
// moment. It reads on a connection of its own, so that neither
// readers nor whoever writes wait. The error is the driver's, or one of files.
func Copy(ctx context.Context, path, to string) (err error) {
	if _, err := os.Lstat(to); !errors.Is(err, os.ErrNotExist) {
		return errors.New("sqlite: the backup's file exists already")
	}
	partial := to + ".partial"
	f, err := os.OpenFile(partial, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("sqlite: make the backup's file: %w", err)
	}
	defer func() {
		_ = f.Close() // synced before
		if err != nil {
			_ = os.Remove(partial)
		}
	}()
	db, err := reading(path, 5*time.Second)
	if err != nil {
		return err
	}
	defer db.Close() // it was only read
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() // it was only read
	// The transaction keeps the moment: without, a change in between begins the copy anew.
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	var pages int64
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&pages); err != nil {
		return err
	}
	if err := conn.Raw(func(c any) error { return copyPages(ctx, c, partial) }); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sqlite: write the backup's file: %w", err)
	}
	if err := os.Rename(partial, to); err != nil {
		return fmt.Errorf("sqlite: name the backup's file: %w", err)
	}
	return nil
}

func copyPages(ctx context.Context, c any, to string) error {
	from, ok := c.(source)
	if !ok {
		return fmt.Errorf("sqlite: the driver's %T cannot copy", c)
	}
	b, err := from.NewBackup("file:" + to)
	if err != nil {
		return err
	}
	for more := true; more; {
		if more, err = b.Step(pagesAtOnce); err == nil {
			err = ctx.Err()
		}
		if err != nil {
			_ = b.Finish() // it repeats the error
			return err
		}
	}
	copied, err := b.Commit()
	if err != nil {
		return err
	}
	// A copy is read where nothing may be written beside it.
	return errors.Join(setMode(ctx, copied), copied.Close())
}

// setMode lets a database be read without files beside it.
func setMode(ctx context.Context, c driver.Conn) error {
	e, ok := c.(driver.ExecerContext)
	if !ok {
		return fmt.Errorf("sqlite: the driver's %T runs no statement", c)
	}
	_, err := e.ExecContext(ctx, `PRAGMA journal_mode = DELETE`, nil)
	return err
}

// reading opens a database to be read alone.
func reading(path string, wait time.Duration) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(Address(path, wait, url.Values{"mode": {"ro"}}))
	if err != nil {
		return nil, errors.New("sqlite: the database address cannot be read")
	}
	return sql.OpenDB(connector), nil
}

// Check reads every page of a database file, which nobody may be writing, and says what
// is damaged.
func Check(ctx context.Context, path string) error {
	path, err := Path(path)
	if err != nil {
		return err
	}
	db, err := reading(path, 0)
	if err != nil {
		return err
	}
	defer db.Close()
	var found string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&found); err != nil {
		return fmt.Errorf("sqlite: the database file is damaged: %w", err)
	}
	if found != "ok" {
		return fmt.Errorf("sqlite: the database file is damaged: %s", found)
	}
	return nil
}

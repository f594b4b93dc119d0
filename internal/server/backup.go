package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/sqlite"
	"github.com/tokenry/tokenry/internal/store"
)

// BackupOptions say where a backup goes.
type BackupOptions struct {
	// Out is a file that does not exist yet.
	Out string
	// WithKeys also packs the keyring: whoever has such a file has everything.
	WithKeys bool
	Version  string
	Now      time.Time
}

// ErrOwnTools says that the database is backed up with its own tools.
var ErrOwnTools = errors.New("a PostgreSQL database is backed up with its own tools")

// Backup copies a SQLite database, and what is kept of usage, of this moment into
// one file of mode 0600. It only reads, so it works beside a running server. The
// copy is opened and read before it counts.
func Backup(ctx context.Context, cfg config.Config, o BackupOptions) (m Manifest, err error) {
	if cfg.SQLitePath() == "" {
		return m, ErrOwnTools
	}
	if _, err := os.Lstat(o.Out); !errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%s exists, and a backup is never written over; choose another file", o.Out)
	}
	folder, err := os.MkdirTemp(filepath.Dir(o.Out), ".backup-*")
	if err != nil {
		return m, fmt.Errorf("make a folder beside the backup: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	names, err := copyDatabases(ctx, cfg, folder)
	if err != nil {
		return m, err
	}
	if o.WithKeys {
		keys, err := ReadKeyring(cfg.Keys)
		if err != nil {
			return m, err
		}
		if err := writeNew(filepath.Join(folder, keyringName), keys.Marshal()); err != nil {
			return m, fmt.Errorf("copy the keyring: %w", err)
		}
		names = append(names, keyringName)
	}
	m = Manifest{Format: 1, TakenAt: o.Now.UTC(), Version: o.Version}
	if err := m.look(ctx, filepath.Join(folder, databaseName)); err != nil {
		return m, fmt.Errorf("read the copy: %w", err)
	}
	return m, seal(o.Out, folder, &m, names, func() error { return sqlite.Check(ctx, filepath.Join(folder, databaseName)) })
}

// copyDatabases copies what there is of the two databases. The time of the
// backup is from before, so that nothing after it counts as contained.
func copyDatabases(ctx context.Context, cfg config.Config, folder string) (names []string, err error) {
	s, err := store.Open(ctx, store.Options{URL: cfg.Database.Reveal(), ReadOnly: true})
	if err != nil {
		return nil, err
	}
	err = s.BackupTo(ctx, filepath.Join(folder, databaseName))
	if err = errors.Join(err, s.Close()); err != nil {
		return nil, err
	}
	names = append(names, databaseName)
	u, err := store.OpenUsage(ctx, store.Options{URL: cfg.Database.Reveal(), ReadOnly: true})
	if _, statErr := os.Stat(store.UsagePath(cfg.SQLitePath())); errors.Is(statErr, fs.ErrNotExist) {
		return names, nil // it was never served
	}
	if err != nil {
		return nil, err
	}
	err = u.BackupTo(ctx, filepath.Join(folder, usageName))
	return append(names, usageName), errors.Join(err, u.Close())
}

// look reads what a copied database says of itself.
func (m *Manifest) look(ctx context.Context, path string) (err error) {
	s, err := store.Open(ctx, store.Options{URL: "sqlite:" + path, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	checks, err := s.KeyChecks(ctx)
	if err != nil {
		return err
	}
	for id := range checks {
		m.Keys = append(m.Keys, id)
	}
	slices.Sort(m.Keys)
	return s.Read(ctx, func(r ledger.Reader) (err error) {
		m.Revision = r.Revision()
		m.Heads, err = audit.Heads(r)
		return err
	})
}

// seal packs a folder into a new file, which has its name only once it is whole, and what
// checks the folder meanwhile found nothing.
func seal(out, folder string, m *Manifest, names []string, check func() error) error {
	partial := filepath.Join(folder, "sealed")
	f, err := os.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	checked := make(chan error, 1)
	go func() { checked <- check() }()
	err = pack(f, folder, m, names...)
	err = errors.Join(err, f.Sync(), f.Close())
	if damaged := <-checked; damaged != nil {
		return fmt.Errorf("read the copy: %w", damaged)
	}
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	// The name is taken first: a rename alone would replace what has it by now.
	if err := takeName(partial, out); err != nil {
		return fmt.Errorf("name the backup: %w", err)
	}
	return syncFolder(filepath.Dir(out))
}

func takeName(partial, out string) error {
	if err := writeNew(out, nil); err != nil {
		return err
	}
	return os.Rename(partial, out)
}

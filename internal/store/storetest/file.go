package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/tokenry/tokenry/internal/store"
)

// file is the one of a SQLite database that is migrated already: to migrate takes longer than most tests do.
//
//nolint:gochecknoglobals // one for the process is what is meant, as with the servers
var file = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "tokenry-sqlite-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "tokenry.db")
	s, err := store.Open(context.Background(), store.Options{URL: "sqlite:" + path})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		return nil, errors.New("what was migrated is not in the file alone")
	}
	return os.ReadFile(path)
})

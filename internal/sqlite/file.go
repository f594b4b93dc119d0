// Package sqlite is how a SQLite database is reached, whatever stands in it: its file,
// which is for its owner alone, connections that keep what they prepared, and copies.
//
// Laws of this package:
//
//   - A database is a file of mode 0600 in a folder of mode 0700, and so is a copy of it.
//   - A file that exists is not opened for anything but the database: closing it would
//     drop the locks that SQLite holds on it in this process.
//   - A copy has its name only once it is complete and on the disk.
package sqlite

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Path checks the path and makes it absolute.
func Path(path string) (string, error) {
	switch {
	case path == "":
		return "", errors.New(`sqlite: the address "sqlite:" names no file`)
	case strings.HasPrefix(path, ":memory:") || strings.HasPrefix(path, "file:"):
		return "", errors.New("sqlite: a SQLite database must be a file, given by its path alone")
	case strings.ContainsAny(path, "?\x00"):
		return "", errors.New("sqlite: the path of a SQLite database takes no options")
	}
	return filepath.Abs(path)
}

// Make makes the database's file, and the folder it lies in, for the owner
// alone. SQLite gives the files beside it the same mode. It answers where the
// file really is, so that a lock beside it is beside it by every path.
func Make(path string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("sqlite: make the folder of the database: %w", err)
	}
	// An existing file is not opened: closing it would drop the locks that SQLite
	// holds on it in this process.
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return "", fmt.Errorf("sqlite: make the database file: %w", err)
		}
		if err := f.Close(); err != nil {
			return "", fmt.Errorf("sqlite: make the database file: %w", err)
		}
	}
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("sqlite: find the database file: %w", err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := closeToOthers(path + suffix); err != nil {
			return "", fmt.Errorf("sqlite: keep the database file to its owner: %w", err)
		}
	}
	return path, nil
}

// closeToOthers takes the rights of everybody but the owner off a file, if
// there is one.
func closeToOthers(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Chmod(path, 0o600)
}

// TempStore is where the undo of savepoints goes: to a file, of which the first
// 64 KiB stay in memory, since a journal in memory is walked from its beginning at
// the end of each statement; to memory where SQLite finds no folder for one.
func TempStore() string {
	for _, dir := range []string{os.Getenv("SQLITE_TMPDIR"), os.TempDir(), "/var/tmp", "/usr/tmp", "/tmp", "."} { //nolint:forbidigo // where SQLite itself looks
		f, err := os.CreateTemp(dir, "tokenry-*")
		if err == nil {
			_, _ = f.Close(), os.Remove(f.Name()) //nolint:gosec // the file that was just made, empty
			return "file"
		}
	}
	return "memory"
}

// Address is a file with these options and those that every connection has; wait is how
// long a statement waits for a lock that somebody else has.
func Address(path string, wait time.Duration, q url.Values) string {
	q.Set("_busy_timeout", strconv.FormatInt(wait.Milliseconds(), 10))
	q.Set("_foreign_keys", "1")
	q.Set("_dqs", "0")
	q.Set("_defensive", "1")
	q.Set("_error_rc", "1")
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}).String()
}

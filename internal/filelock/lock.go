package filelock

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Lock is a lock on a file that the kernel drops with the process that holds it. The
// file stays, because removing it would let two processes lock two files of one
// name; its text says who holds it.
type Lock struct{ f *os.File }

// lockText is what the file says.
type lockText struct {
	Holder string    `json:"holder"`
	Since  time.Time `json:"since"`
}

// Take takes the lock whose file is at a path, in the name of a holder, or answers a
// *[HeldError].
func Take(path, holder string, now time.Time) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("filelock: make the lock file: %w", err)
	}
	switch err := lockHandle(f); {
	case errors.Is(err, errLocked):
		held := readHolder(f)
		_ = f.Close() // nothing was written
		return nil, held
	case err != nil:
		_ = f.Close() // nothing was written
		return nil, fmt.Errorf("filelock: lock %s: %w", path, err)
	}
	l := &Lock{f}
	text, err := json.Marshal(lockText{Holder: holder, Since: now.UTC()})
	if err == nil {
		err = l.write(text)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("filelock: write the lock file: %w", err), f.Close())
	}
	return l, nil
}

// write replaces the text.
func (l *Lock) write(text []byte) error {
	if err := l.f.Truncate(0); err != nil {
		return err
	}
	_, err := l.f.WriteAt(text, 0)
	return err
}

// Release empties the file and drops the lock.
func (l *Lock) Release() error {
	return errors.Join(l.write(nil), l.f.Close())
}

// readHolder reads what the holder wrote; it may be about to.
func readHolder(f *os.File) *HeldError {
	var text lockText
	b, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil || json.Unmarshal(b, &text) != nil {
		return &HeldError{}
	}
	return &HeldError{Holder: text.Holder, Since: text.Since}
}

// HeldError says that another server holds the database.
type HeldError struct {
	// Holder is how that server named itself; empty when it could not be learnt.
	Holder string
	// Since is when it took the lock; zero when it could not be learnt.
	Since time.Time
}

// Error says what the operator can do.
func (e *HeldError) Error() string {
	holder := e.Holder
	if holder == "" {
		holder = "one that has not named itself yet"
	}
	if !e.Since.IsZero() {
		holder += ", since " + e.Since.UTC().Format(time.RFC3339)
	}
	return "another server holds this database (" + holder + "); stop it first, or give this one a database of its own"
}

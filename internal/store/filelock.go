package store

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"time"
)

// fileLock is a lock that the kernel drops with the process that holds it. The
// file stays, because removing it would let two processes lock two files of one
// name; its text says who holds it.
type fileLock struct{ f *os.File }

// lockText is what the file says.
type lockText struct {
	Holder string    `json:"holder"`
	Since  time.Time `json:"since"`
}

// LockFile takes a lock beside a file that is no database, or answers a
// *[HeldError]. The kernel drops it with the process; the lock's file stays.
func LockFile(path, holder string, now time.Time) (release func() error, err error) {
	l, err := lockFile(path, holder, now)
	if err != nil {
		return nil, err
	}
	return l.release, nil
}

// lockFile takes the lock, or answers a *[HeldError].
func lockFile(path, holder string, now time.Time) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, failf(nil, "make the lock file: %v", err)
	}
	switch err := lockHandle(f); {
	case errors.Is(err, errLocked):
		held := readHolder(f)
		_ = f.Close() // nothing was written
		return nil, held
	case err != nil:
		_ = f.Close() // nothing was written
		return nil, failf(nil, "lock %s: %v", path, err)
	}
	l := &fileLock{f}
	text, err := json.Marshal(lockText{Holder: holder, Since: now.UTC()})
	if err == nil {
		err = l.write(text)
	}
	if err != nil {
		return nil, errors.Join(failf(nil, "write the lock file: %v", err), f.Close())
	}
	return l, nil
}

// write replaces the text.
func (l *fileLock) write(text []byte) error {
	if err := l.f.Truncate(0); err != nil {
		return err
	}
	_, err := l.f.WriteAt(text, 0)
	return err
}

// release empties the file and drops the lock.
func (l *fileLock) release() error {
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

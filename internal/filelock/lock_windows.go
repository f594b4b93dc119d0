package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// errLocked says that another process has the lock.
var errLocked = errors.New("filelock: the file is locked")

// lockHandle locks one byte far behind the text, because a locked byte cannot
// be read by others on Windows.
func lockHandle(f *os.File) error {
	at := &windows.Overlapped{Offset: 1 << 30}
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errLocked
	}
	return err
}

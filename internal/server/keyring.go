package server

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenry/tokenry/token"
)

// maxKeyring bounds a keyring file; a thousand keys fit.
const maxKeyring = 256 << 10

// ReadKeyring reads a keyring file. A file that anybody but its owner may read
// or write is refused, and so is what is not a file.
func ReadKeyring(path string) (*token.Keyring, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the keyring: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	if err := private(f); err != nil {
		return nil, fmt.Errorf("the keyring %s %w", path, err)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxKeyring+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the keyring: %w", err)
	case len(b) > maxKeyring:
		return nil, fmt.Errorf("the keyring %s is larger than any keyring; is it another file?", path)
	case len(b) == 0:
		return nil, fmt.Errorf("the keyring %s is empty: its first writing was interrupted; remove it, if no database was used with it", path)
	}
	keys, err := token.ParseKeyring(b)
	if err != nil {
		return nil, fmt.Errorf("the keyring %s cannot be used: %w", path, err)
	}
	return keys, nil
}

// private refuses what is not a file of its owner alone. Windows keeps such
// rights elsewhere, so there nothing is asked.
func private(f *os.File) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("is not a file")
	case runtime.GOOS != "windows" && exposed(info.Mode().Perm(), owner(info), os.Getuid()):
		return fmt.Errorf("can be read or written by others (mode %04o), and whoever has it can forge tokens and the audit; make it its owner's alone with: chmod 600 %s",
			info.Mode().Perm(), f.Name())
	}
	return nil
}

// exposed says whether a file of this mode and owner may be read or written by others
// than whoever runs this, whose number is self. A file that root owns may be read by its
// group: that is how secrets are handed to a program that is not root, by Kubernetes too.
func exposed(mode fs.FileMode, owner, self int) bool {
	if owner == 0 && self != 0 {
		return mode&0o037 != 0
	}
	return mode&0o077 != 0
}

// lacks tells the operator, once a minute, that what is good may have no answer here.
func (c *Core) lacks(id token.KeyID) {
	c.lacked.Add(1)
	c.agreed.lookAgain()
	now, last := c.Now().UnixMicro(), c.lackedAt.Load()
	if now-last < time.Minute.Microseconds() || !c.lackedAt.CompareAndSwap(last, now) {
		return
	}
	c.Logger.Error("the keyring of this node lacks a key that tokens or sign-ins are under, and what is under it is unavailable here (503); "+
		"give every node the same keyring and restart it", "key", id)
}

// registerKeys tells the metrics of keys that are not here.
func (c *Core) registerKeys(reg prometheus.Registerer) error {
	return errors.Join(
		reg.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "tokenry_key_lacked_total", Help: "Times that something had no answer here (503), since the keyring of this node lacks the key that it is under.",
		}, func() float64 { return float64(c.lacked.Load()) })),
		reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tokenry_key_current", Help: "The ID of the key that this node makes things under.",
		}, func() float64 { return float64(c.keys.Current()) })),
	)
}

// CreateKeyring draws a keyring and writes it to a new file of mode 0600. A file
// that is there already is never touched; the error is then [fs.ErrExist].
func CreateKeyring(path string, rand io.Reader, now time.Time) (*token.Keyring, error) {
	keys, err := token.GenerateKeyring(rand, now)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the keyring: %w", err)
	}
	if err := writeNew(path, keys.Marshal()); err != nil {
		return nil, fmt.Errorf("write the keyring: %w", err)
	}
	return keys, syncFolder(filepath.Dir(path))
}

// RotateKeyring adds a key to a keyring file, which new digests are then made
// with; the old keys go on verifying. Servers use it from their next start.
func RotateKeyring(path string, rand io.Reader, now time.Time) (*token.Keyring, error) {
	keys, err := ReadKeyring(path)
	if err != nil {
		return nil, err
	}
	if keys, err = keys.Rotate(rand, now); err != nil {
		return nil, err
	}
	// Written beside and renamed: a half-written keyring would be a lost one. Who
	// else rotates now finds the file beside it and is refused.
	beside := path + ".new"
	if err := writeNew(beside, keys.Marshal()); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("%s exists: another rotation is running or was interrupted; remove it, if none is", beside)
		}
		return nil, fmt.Errorf("write the keyring: %w", err)
	}
	if err := os.Rename(beside, path); err != nil {
		return nil, errors.Join(fmt.Errorf("replace the keyring: %w", err), os.Remove(beside))
	}
	return keys, syncFolder(filepath.Dir(path))
}

// writeNew writes a new file for its owner alone, down to the disk.
func writeNew(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// syncFolder makes a new name in a folder survive a power cut.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" { // folders cannot be synced there
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// keyring reads the keyring that the settings name. With SQLite it is made on
// the first start, and on no other: a database without its keyring would verify
// nothing that it holds.
func (c *Core) keyring() error {
	path, database := c.config.Keys, c.config.SQLitePath()
	var err error
	c.keys, err = ReadKeyring(path)
	if !errors.Is(err, fs.ErrNotExist) || database == "" {
		return err
	}
	if info, statErr := os.Stat(database); statErr == nil && info.Size() > 0 {
		return fmt.Errorf("there is a database at %s and no keyring at %s: without the keyring no token in it can be verified; bring the keyring back from where it is kept, or name it with --keys",
			database, path)
	}
	c.keys, err = CreateKeyring(path, c.Rand, c.wall())
	if errors.Is(err, fs.ErrExist) { // another first start was faster
		c.keys, err = ReadKeyring(path)
		return err
	}
	if err == nil {
		c.Logger.Info("made a keyring; keep a copy of it apart from the database", "path", path)
	}
	return err
}

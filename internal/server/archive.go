package server

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tokenry/tokenry/token"
)

// The names of what a backup holds. A manifest comes first.
const (
	manifestName = "manifest.json"
	databaseName = "tokenry.db"
	usageName    = "usage.db"
	keyringName  = "keys.json"
)

// Manifest says what a backup is of.
type Manifest struct {
	// Format is 1.
	Format   int       `json:"format"`
	TakenAt  time.Time `json:"taken_at"`
	Version  string    `json:"version"`
	Revision int64     `json:"revision"`
	// Heads are those of the audit's chains, name@sequence:hash.
	Heads []string `json:"heads"`
	// Keys are the keys that the database was used with.
	Keys []token.KeyID `json:"keys"`
	// Files are in their order in the archive.
	Files []ArchivedFile `json:"files"`
}

// ArchivedFile is a file of a backup.
type ArchivedFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// WithKeys says whether the keyring is in the backup.
func (m *Manifest) WithKeys() bool {
	return slices.ContainsFunc(m.Files, func(f ArchivedFile) bool { return f.Name == keyringName })
}

// pack writes files of a folder, and a manifest of them, to w.
func pack(w io.Writer, folder string, m *Manifest, names ...string) error {
	for _, name := range names {
		f, err := describeFile(folder, name)
		if err != nil {
			return err
		}
		m.Files = append(m.Files, f)
	}
	about, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	zipped, err := gzip.NewWriterLevel(w, gzip.BestSpeed) // half the work, and a file that is an eighth larger
	if err != nil {
		return err
	}
	t := tar.NewWriter(zipped)
	if err := t.WriteHeader(&tar.Header{Name: manifestName, Mode: 0o600, Size: int64(len(about)), ModTime: m.TakenAt}); err != nil {
		return err
	}
	if _, err := t.Write(about); err != nil {
		return err
	}
	for _, f := range m.Files {
		if err := packFile(t, folder, f, m.TakenAt); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), zipped.Close())
}

func describeFile(folder, name string) (ArchivedFile, error) {
	f, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		return ArchivedFile{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	return ArchivedFile{Name: name, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

func packFile(t *tar.Writer, folder string, f ArchivedFile, at time.Time) error {
	src, err := os.Open(filepath.Join(folder, f.Name))
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }() // it was only read
	if err := t.WriteHeader(&tar.Header{Name: f.Name, Mode: 0o600, Size: f.Size, ModTime: at}); err != nil {
		return err
	}
	_, err = io.Copy(t, src)
	return err
}

// maxManifest bounds what is read before anything is known.
const maxManifest = 1 << 20

// archive is a backup that is being read.
type archive struct {
	Manifest
	tar    *tar.Reader
	zipped *gzip.Reader
}

var errNoBackup = errors.New("this is no backup of tokenry's, or it was damaged on the way")

// unseal reads a backup's manifest.
func unseal(r io.Reader) (*archive, error) {
	zipped, err := gzip.NewReader(r)
	if err != nil {
		return nil, errNoBackup
	}
	a := &archive{tar: tar.NewReader(zipped), zipped: zipped}
	h, err := a.tar.Next()
	if err != nil || h.Name != manifestName || h.Size > maxManifest {
		return nil, errNoBackup
	}
	if err := json.NewDecoder(a.tar).Decode(&a.Manifest); err != nil {
		return nil, errNoBackup
	}
	if a.Format != 1 {
		return nil, fmt.Errorf("the backup has the format %d, which this version does not know; use the tokenry that made it (%s)", a.Format, a.Version)
	}
	return a, nil
}

// unpack writes the files into an empty folder. Nothing is taken that the
// manifest does not name, and nothing that differs from it.
func (a *archive) unpack(folder string) error {
	for _, f := range a.Files {
		if !slices.Contains([]string{databaseName, usageName, keyringName}, f.Name) {
			return errNoBackup
		}
		h, err := a.tar.Next()
		if err != nil || h.Name != f.Name || h.Size != f.Size || h.Typeflag != tar.TypeReg {
			return errNoBackup
		}
		if err := unpackFile(a.tar, filepath.Join(folder, f.Name), f); err != nil {
			return err
		}
	}
	if _, err := a.tar.Next(); !errors.Is(err, io.EOF) {
		return errNoBackup
	}
	// Only at its end does gzip compare the sum of the whole, the manifest included (RFC 1952, 2.3.1).
	if n, err := io.Copy(io.Discard, io.LimitReader(a.zipped, 1)); err != nil || n > 0 {
		return errNoBackup
	}
	return nil
}

func unpackFile(from io.Reader, path string, f ArchivedFile) error {
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, sum), from)
	if err = errors.Join(err, to.Sync(), to.Close()); err != nil {
		return fmt.Errorf("unpack %s: %w", f.Name, err)
	}
	if n != f.Size || hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		return fmt.Errorf("%s: its content is not what the manifest says: %w", f.Name, errNoBackup)
	}
	return nil
}

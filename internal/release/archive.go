package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// sums is the file of checksums, as sha256sum -c reads it.
const sums = "SHA256SUMS"

// pack writes what is in a folder into one file, a .zip or a .tar.gz. It is written here
// because tar and gzip of two machines do not give the same bytes.
func pack(folder, file string, at time.Time) (err error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if strings.HasSuffix(file, ".zip") {
		z := zip.NewWriter(f)
		return errors.Join(each(folder, func(name string, mode fs.FileMode, content []byte) error {
			h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at}
			h.SetMode(mode)
			w, err := z.CreateHeader(h)
			if err == nil {
				_, err = w.Write(content)
			}
			return err
		}), z.Close())
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	return errors.Join(each(folder, func(name string, mode fs.FileMode, content []byte) error {
		err := t.WriteHeader(&tar.Header{Name: name, Mode: int64(mode), Size: int64(len(content)), ModTime: at, Format: tar.FormatUSTAR})
		if err == nil {
			_, err = t.Write(content)
		}
		return err
	}), t.Close(), z.Close())
}

// each calls for every file of a folder, in the order of their names, with nothing but
// whether it is run: who may read it besides is the umask of whoever built.
func each(folder string, do func(name string, mode fs.FileMode, content []byte) error) error {
	return fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if info.Mode()&0o100 != 0 || strings.HasSuffix(name, ".exe") {
			mode = 0o755
		}
		return do(name, mode, content)
	})
}

// writeSums writes the checksum of every file of a folder into it.
func writeSums(folder string) error {
	var b strings.Builder
	err := each(folder, func(name string, _ fs.FileMode, content []byte) error {
		if name != sums {
			fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(content), name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, sums), []byte(b.String()), 0o600)
}

package server_test

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/server"
)

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestKeyringFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "keys.json")
	made, err := server.CreateKeyring(path, rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if mode(t, path) != 0o600 || mode(t, filepath.Dir(path)) != 0o700 {
		t.Errorf("mode %o in a folder of mode %o", mode(t, path), mode(t, filepath.Dir(path)))
	}
	read, err := server.ReadKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := made.Check(1)
	if b, _ := read.Check(1); !a.Equal(b) {
		t.Error("another keyring was read than written")
	}
	if _, err := server.CreateKeyring(path, rand.Reader, time.Now()); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a keyring was written over: %v", err)
	}
}

func TestRotateKeyring(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	before, err := server.CreateKeyring(path, rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	after, err := server.RotateKeyring(path, rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	d, id := before.Digest("x")
	if same, ok := after.DigestWith(id, "x"); !ok || !same.Equal(d) || after.Current() != 2 || mode(t, path) != 0o600 {
		t.Errorf("current key %d, mode %o: what was digested before must verify on", after.Current(), mode(t, path))
	}
	if err := os.WriteFile(path+".new", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := server.RotateKeyring(path, rand.Reader, time.Now()); err == nil {
		t.Error("two rotations ran at once")
	}
}

func TestRefusesKeyringsThatOthersCanRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "keys.json")
	if _, err := server.CreateKeyring(path, rand.Reader, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, m := range []fs.FileMode{0o640, 0o604, 0o620, 0o666} {
		if err := os.Chmod(path, m); err != nil {
			t.Fatal(err)
		}
		if _, err := server.ReadKeyring(path); err == nil || !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %o: %v", m, err)
		}
		if _, err := server.RotateKeyring(path, rand.Reader, time.Now()); err == nil {
			t.Errorf("mode %o was rotated", m)
		}
	}
	if _, err := server.ReadKeyring(dir); err == nil {
		t.Error("a folder was taken for a keyring")
	}
}

func TestRefusesWhatIsNoKeyring(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"empty": "", "JSON": `{"secret":"hunter2"}`, "text": "hunter2", "huge": strings.Repeat("hunter2", 1<<16)} {
		path := filepath.Join(t.TempDir(), "keys.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := server.ReadKeyring(path); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Two first starts at the same moment agree on one keyring.
func TestOneKeyringOfTwoFirstStarts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	var wg sync.WaitGroup
	made := make(chan error, 8)
	for range cap(made) {
		wg.Go(func() {
			_, err := server.CreateKeyring(path, rand.Reader, time.Now())
			made <- err
		})
	}
	wg.Wait()
	close(made)
	won := 0
	for err := range made {
		if err == nil {
			won++
		} else if !errors.Is(err, fs.ErrExist) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d keyrings were made", won)
	}
}

// TestAKeyringOfRootMayBeReadByItsGroup: secrets are handed so to a program that is not
// root, by Kubernetes too; nobody else's file may be.
func TestAKeyringOfRootMayBeReadByItsGroup(t *testing.T) {
	t.Parallel()
	const root, self, other = 0, 65532, 1000
	for _, c := range []struct {
		mode        fs.FileMode
		owner, self int
		exposed     bool
	}{
		{0o600, self, self, false},
		{0o400, self, self, false},
		{0o640, self, self, true},
		{0o440, root, self, false},
		{0o640, root, self, false},
		{0o460, root, self, true},
		{0o444, root, self, true},
		{0o640, root, root, true},
		{0o640, other, self, true},
		{0o640, -1, self, true},
	} {
		if got := server.Exposed(c.mode, c.owner, c.self); got != c.exposed {
			t.Errorf("mode %04o of %d, read by %d: exposed is %t", c.mode, c.owner, c.self, got)
		}
	}
}

package server

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

// Whatever byte of a backup is another one, the backup is refused, or gives back what was
// packed to the letter: what stands in gzip's own header says nothing of it.
func TestADamagedBackupIsRefused(t *testing.T) {
	files := map[string]string{databaseName: "the tokens of acme", keyringName: `{"keys":[]}`}
	from := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(from, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	made := Manifest{Format: 1, TakenAt: time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC), Version: "v1.2.0", Revision: 7, Heads: []string{"acme@7:00ff"}}
	var out bytes.Buffer
	if err := pack(&out, from, &made, databaseName, keyringName); err != nil {
		t.Fatal(err)
	}
	read := func(sealed []byte) (Manifest, error) {
		to := t.TempDir()
		a, err := unseal(bytes.NewReader(sealed))
		if err != nil {
			return Manifest{}, err
		}
		if err := a.unpack(to); err != nil {
			return Manifest{}, err
		}
		for name, content := range files {
			if got, err := os.ReadFile(filepath.Join(to, name)); err != nil || string(got) != content {
				t.Errorf("%s came back as %q: %v", name, got, err)
			}
		}
		return a.Manifest, nil
	}
	if got, err := read(out.Bytes()); err != nil || !reflect.DeepEqual(got, made) {
		t.Fatalf("%v %+v", err, got)
	}
	refused := 0
	for i := range out.Bytes() {
		for _, bit := range []byte{1, 0x80} {
			damaged := bytes.Clone(out.Bytes())
			damaged[i] ^= bit
			got, err := read(damaged)
			if err != nil {
				refused++
			} else if !reflect.DeepEqual(got, made) {
				t.Errorf("byte %d: the manifest reads %+v", i, got)
			}
		}
		if _, err := read(out.Bytes()[:i]); err == nil {
			t.Errorf("a backup cut off at byte %d was taken", i)
		}
	}
	if all := 2 * out.Len(); refused < all-20 {
		t.Errorf("%d of %d damages were refused", refused, all)
	}
	if _, err := read(append(out.Bytes(), "and more"...)); err == nil {
		t.Error("what stands behind a backup was passed over")
	}
}

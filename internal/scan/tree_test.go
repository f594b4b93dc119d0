package scan_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/scan"
)

// lay writes files below a new folder.
func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// scanned are the finds in a folder, with paths below it.
func scanned(t *testing.T, s scan.Scanner, dir string) ([]seen, scan.Stats) {
	t.Helper()
	var got see
	s.Trouble = func(name string, err error) { t.Errorf("%s: %v", name, err) }
	stats, err := s.Path(t.Context(), dir, got.add)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range got.finds {
		got.finds[i].path = strings.TrimPrefix(f.path, dir+string(filepath.Separator))
	}
	return got.finds, stats
}

func utf16le(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := lay(t, map[string]string{
		"a/b/.env":    "A=1\nB=" + personal + "\n",
		".git/config": service,
		"z.bin":       "\x00\x01" + service,
		"ps.txt":      utf16le("é = " + service),
		"empty":       "",
		"m.go":        "x\ny\n\tüb := \"" + personal + "\" // " + service,
	})
	want := []seen{
		{"a/b/.env", 2, 3, "", personal}, {"m.go", 3, 9, "", personal}, {"m.go", 3, 69, "", service}, {"ps.txt", 1, 5, "", service},
	}
	got, stats := scanned(t, scan.Scanner{}, dir)
	equal(t, "the folder", got, want)
	if stats.Files != 4 || stats.Binary != 1 {
		t.Errorf("%+v", stats)
	}
	got, _ = scanned(t, scan.Scanner{Binary: true}, dir)
	equal(t, "with what is not text", got, append(want, seen{"z.bin", 1, 3, "", service}))
}

// Weakness: a scanner of other people's trees reads what it is led to. Attack:
// links to a file outside, to a folder outside, to the folder itself, and a pipe
// that never answers.
func TestWalksNowhereElse(t *testing.T) {
	t.Parallel()
	outside := lay(t, map[string]string{"secret": personal})
	dir := lay(t, map[string]string{"in/plain": service})
	for name, to := range map[string]string{"file": filepath.Join(outside, "secret"), "folder": outside, "in/self": "..", "broken": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, _ := scanned(t, scan.Scanner{}, dir)
	equal(t, "the folder", got, []seen{{"in/plain", 1, 1, "", service}})
	link := filepath.Join(t.TempDir(), "asked")
	if err := os.Symlink(outside, link); err != nil {
		t.Fatal(err)
	}
	got, _ = scanned(t, scan.Scanner{}, link)
	equal(t, "a link that was asked for", got, []seen{{"secret", 1, 1, "", personal}})
}

func TestLeavingOut(t *testing.T) {
	t.Parallel()
	dir := lay(t, map[string]string{
		"docs/a.md": personal, "docs/old/b.md": personal, "src/a.lock": personal, "src/docs/c": personal, "src/known": service,
		scan.IgnoreFile: "# what is known\n\n*.lock\n/docs/old/\nlocator:000000000000\n",
	})
	got, _ := scanned(t, scan.Scanner{}, dir)
	equal(t, "with the ignore file", got, []seen{{"docs/a.md", 1, 1, "", personal}, {"src/docs/c", 1, 1, "", personal}})
	got, _ = scanned(t, scan.Scanner{Exclude: []string{"docs"}}, dir)
	equal(t, "and a flag", got, nil)
	got, _ = scanned(t, scan.Scanner{Exclude: []string{"src/*"}}, dir)
	equal(t, "and a path", got, []seen{{"docs/a.md", 1, 1, "", personal}})
	for _, line := range []string{"[", "locator:short"} {
		dir := lay(t, map[string]string{scan.IgnoreFile: line})
		if _, err := new(scan.Scanner).Path(t.Context(), dir, func(scan.Find) {}); err == nil {
			t.Errorf("%q in the ignore file was taken", line)
		}
	}
}

// The order is that of the names, with one worker and with many.
func TestTheOrderIsAlwaysTheSame(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	var want []seen
	for i := range 300 {
		name := fmt.Sprintf("%03d", i)
		files[name] = strings.Repeat("\n", (i*37)%5000) + personal
		want = append(want, seen{name, (i*37)%5000 + 1, 1, "", personal})
	}
	dir := lay(t, files)
	for _, workers := range []int{1, 2, 16} {
		got, _ := scanned(t, scan.Scanner{Workers: workers}, dir)
		equal(t, fmt.Sprint(workers, " workers"), got, want)
	}
}

// Weakness: a report repeats names, and a name can hold a token, a line end or
// what steers a terminal. What is proved here: the token is found and masked in
// every path that is told; the rest is for whoever prints.
func TestNamesThatHoldTokens(t *testing.T) {
	t.Parallel()
	dir := lay(t, map[string]string{personal + "/x\ny\x1b[31m": service, "plain-" + workspace: ""})
	var paths []string
	found := map[string]int{}
	if _, err := new(scan.Scanner).Path(t.Context(), dir, func(f scan.Find) {
		paths = append(paths, strings.TrimPrefix(f.Path, dir+"/"))
		found[f.Secret.Reveal()]++
	}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"plain-acmew_AAAAA…", "tkyp_01234…", "tkyp_01234…/x\ny\x1b[31m"}; !cmp.Equal(paths, want) {
		t.Errorf("told as %q", paths)
	}
	if want := map[string]int{personal: 1, service: 1, workspace: 1}; !cmp.Equal(found, want) {
		t.Errorf("found %d tokens", len(found))
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := scan.Scanner{}
	if _, err := s.Path(t.Context(), filepath.Join(t.TempDir(), "missing"), func(scan.Find) {}); !os.IsNotExist(err) {
		t.Errorf("what is not there: %v", err)
	}
	dir := lay(t, map[string]string{scan.IgnoreFile + "/x": ""})
	if _, err := s.Path(t.Context(), dir, func(scan.Find) {}); err == nil {
		t.Error("an ignore file that is a folder was taken")
	}
}

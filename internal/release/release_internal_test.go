package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/tokenry/tokenry/internal/cli"
)

// Every command has a page and is completed, and a second run writes the same bytes.
func TestEveryCommandHasAPageAndTheBytesAreTheSame(t *testing.T) {
	t.Parallel()
	first, second := t.TempDir(), t.TempDir()
	for _, folder := range []string{first, second} {
		if err := run([]string{"extras", folder}, "1790000000", io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	files := 0
	err := fs.WalkDir(os.DirFS(first), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		a, b := read(t, filepath.Join(first, path)), read(t, filepath.Join(second, path))
		if !bytes.Equal(a, b) || len(a) == 0 {
			t.Errorf("%s differs between two runs, or is empty", path)
		}
		return nil
	})
	if err != nil || files < 100 {
		t.Errorf("%d files, %v", files, err)
	}
	all := []*cobra.Command{cli.Tree()}
	for i := 0; i < len(all); i++ {
		all = append(all, all[i].Commands()...)
		z, err := gzip.NewReader(bytes.NewReader(read(t, filepath.Join(first, "man", page(all[i])))))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil || !bytes.Contains(text, []byte(`.TH "TOKENRY`)) || all[i].HasParent() && !bytes.Contains(text, []byte(".SH EXAMPLE")) {
			t.Errorf("the page of %q: %v\n%.200s", all[i].CommandPath(), err, text)
		}
	}
	if err := run([]string{"extras", first}, "today", io.Discard); err == nil {
		t.Error("a date that is none was taken")
	}
}

// What the package and the unit name is there, and the flags of the unit are the
// program's: a file that was renamed would be missed at an install alone.
func TestThePackageNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	named := string(read(t, filepath.Join(root, "deploy/package/nfpm.yaml")))
	found := regexp.MustCompile(`deploy/package/[a-z./]+|src: [A-Z]+`).FindAllString(named, -1)
	for _, path := range found {
		if _, err := os.Stat(filepath.Join(root, strings.TrimPrefix(path, "src: "))); err != nil {
			t.Errorf("nfpm.yaml: %v", err)
		}
	}
	if len(found) < 11 {
		t.Errorf("nfpm.yaml names %d files", len(found))
	}
	unit := string(read(t, filepath.Join(root, "deploy/package/tokenry.service")))
	line := regexp.MustCompile(`(?m)^ExecStart=/usr/bin/tokenry (.*)$`).FindStringSubmatch(unit)
	if line == nil {
		t.Fatal("the unit starts nothing")
	}
	cmd, rest, err := cli.Tree().Find(strings.Fields(line[1]))
	if err != nil || cmd.Name() != "serve" || cmd.ParseFlags(rest) != nil {
		t.Errorf("the unit starts %q: %v", line[1], err)
	}
	config := cmd.Flag("config").Value.String()
	for _, file := range []string{config, "/usr/bin/tokenry"} {
		if !strings.Contains(named, "dst: "+file+",") {
			t.Errorf("the unit needs %s, which is not packaged", file)
		}
	}
	var settings map[string]string
	if err := yaml.Unmarshal(read(t, filepath.Join(root, "deploy/package/tokenry.yaml")), &settings); err != nil || settings["data"] != "/var/lib/tokenry" {
		t.Errorf("the settings that are packaged: %v, %v", settings, err)
	}
	for key := range settings {
		if cmd.Flag(strings.ReplaceAll(key, "_", "-")) == nil {
			t.Errorf("%s is no setting", key)
		}
	}
}

// An archive has the files in the order of their names, with the commit's date, and run
// where they were; the date and the rights of the folder it was made of are not in it.
func TestAnArchiveIsTheSameOfTheSameFiles(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	for i, mode := range []os.FileMode{0o600, 0o664} {
		folder := t.TempDir()
		for _, name := range []string{"b.txt", "man/a.1", "tokenry", "tokenry.exe"} {
			bits := mode
			if name == "tokenry" {
				bits |= 0o100
			}
			if err := errors.Join(os.MkdirAll(filepath.Join(folder, "man"), 0o700), os.WriteFile(filepath.Join(folder, name), []byte("x of "+name), 0o600),
				os.Chmod(filepath.Join(folder, name), bits), os.Chtimes(filepath.Join(folder, name), time.Time{}, time.Unix(int64(1000+i), 0))); err != nil {
				t.Fatal(err)
			}
		}
		for _, kind := range []string{".zip", ".tar.gz"} {
			if err := run([]string{"pack", folder, filepath.Join(out, strconv.Itoa(i)+kind)}, "1790000000", io.Discard); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, kind := range []string{".zip", ".tar.gz"} {
		if !bytes.Equal(read(t, filepath.Join(out, "0"+kind)), read(t, filepath.Join(out, "1"+kind))) {
			t.Errorf("two %s of the same files differ", kind)
		}
	}
	want := "-rw-r--r-- b.txt 1790000000\n-rw-r--r-- man/a.1 1790000000\n-rwxr-xr-x tokenry 1790000000\n-rwxr-xr-x tokenry.exe 1790000000\n"
	z, err := zip.OpenReader(filepath.Join(out, "0.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var zipped, tarred strings.Builder
	for _, f := range z.File {
		fmt.Fprintln(&zipped, f.Mode(), f.Name, f.Modified.Unix())
	}
	u, err := gzip.NewReader(bytes.NewReader(read(t, filepath.Join(out, "0.tar.gz"))))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(u); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&tarred, h.FileInfo().Mode(), h.Name, h.ModTime.Unix())
	}
	if zipped.String() != want || tarred.String() != want {
		t.Errorf("the archives have\n%s\nand\n%s", zipped.String(), tarred.String())
	}
}

// The checksums are what sha256sum writes, of every file but their own.
func TestTheChecksumsAreOfEveryFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"b", "a"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("abc"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	for range 2 {
		if err := run([]string{"sums", folder}, "0", io.Discard); err != nil {
			t.Fatal(err)
		}
		if got := string(read(t, filepath.Join(folder, "SHA256SUMS"))); got != abc+"  a\n"+abc+"  b\n" {
			t.Errorf("the checksums are %q", got)
		}
	}
}

// go install of a version takes no module that replaces or excludes others.
func TestTheModuleCanBeInstalled(t *testing.T) {
	t.Parallel()
	if line := regexp.MustCompile(`(?m)^(replace|exclude)\b.*$`).Find(read(t, filepath.Join("..", "..", "go.mod"))); line != nil {
		t.Errorf("go.mod has %q", line)
	}
}

// The list names each module that is linked, by what replaced it.
func TestTheBillNamesWhatIsLinked(t *testing.T) {
	t.Parallel()
	info := &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Path: "github.com/tokenry/tokenry", Version: "v1.0.0"}, Deps: []*debug.Module{
		{Path: "example.com/a", Version: "v1.2.3"}, {Path: "example.com/b", Version: "v1.0.0", Replace: &debug.Module{Path: "example.com/c", Version: "v2.0.0"}},
	}}
	var b bytes.Buffer
	if err := bill(&b, info); err != nil || !json.Valid(b.Bytes()) {
		t.Fatalf("%v: %s", err, b.String())
	}
	for _, want := range []string{`"bomFormat": "CycloneDX"`, "pkg:golang/github.com/tokenry/tokenry@v1.0.0", "pkg:golang/stdlib@1.26.8", "pkg:golang/example.com/a@v1.2.3", "pkg:golang/example.com/c@v2.0.0"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the list lacks %s:\n%s", want, b.String())
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

package scan_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/scan"
)

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	must(t, err, z.Close())
	return b.String()
}

func zipped(t *testing.T, name, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create(name)
	must(t, err)
	_, err = f.Write([]byte(text))
	must(t, err, z.Close())
	return b.String()
}

func tarred(t *testing.T, name, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	must(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(text))}))
	_, err := w.Write([]byte(text))
	must(t, err, w.Close())
	return b.String()
}

// TestArchivesAreOpened, told by how they begin, three deep and no deeper.
func TestArchivesAreOpened(t *testing.T) {
	t.Parallel()
	env := "A=1\nB=" + personal + "\n"
	layer := gzipped(t, tarred(t, "etc/app.env", env))
	dir := lay(t, map[string]string{
		"a.log":    gzipped(t, env),
		"b.jar":    zipped(t, "conf/"+service+".txt", env),
		"c.tar.gz": layer,
		"d.tar":    tarred(t, "inner.zip", zipped(t, "x", env)),
		"e.gz":     gzipped(t, gzipped(t, gzipped(t, env))),
		"f.gz":     gzipped(t, gzipped(t, gzipped(t, gzipped(t, env)))),
		"g.zip":    zipped(t, "binary", "\x00\x01"+env),
		"h.left":   zipped(t, "out.lock", env),
		"i.tar":    tarred(t, "secret.yaml", "data:\n  t: "+base64.StdEncoding.EncodeToString([]byte(personal))+"\n"),
	})
	got, stats := scanned(t, scan.Scanner{Exclude: []string{"*.lock"}}, dir)
	masked := "tkys_00000…"
	equal(t, "the archives", got, []seen{
		{"a.log", 2, 3, "", personal},
		{"b.jar!conf/" + masked + ".txt", 0, 0, "", service}, {"b.jar!conf/" + masked + ".txt", 2, 3, "", personal},
		{"c.tar.gz!etc/app.env", 2, 3, "", personal}, {"d.tar!inner.zip!x", 2, 3, "", personal}, {"e.gz", 2, 3, "", personal},
		{"i.tar!secret.yaml", 2, 6, "", personal},
	})
	if stats.Binary != 2 {
		t.Errorf("%+v", stats)
	}
	var told []string
	s := scan.Scanner{Trouble: func(name string, _ error) { told = append(told, name) }}
	_, err := s.Path(t.Context(), lay(t, map[string]string{"damaged.tgz": layer[:len(layer)/2], "whole": "x"}), func(scan.Find) {})
	must(t, err)
	if len(told) != 1 || !strings.HasSuffix(told[0], "damaged.tgz") {
		t.Errorf("told %q", told)
	}
	var piped see
	_, err = (&scan.Scanner{}).Reader(t.Context(), strings.NewReader(zipped(t, "x", env)), "-", piped.add)
	must(t, err)
	equal(t, "a pipe", piped.finds, []seen{{"-!x", 2, 3, "", personal}})
}

// TestWhatUnfoldsWithoutEndIsTold: a small file that unpacks to terabytes ends the scan
// of that file alone, and says so.
func TestWhatUnfoldsWithoutEndIsTold(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := io.CopyN(z, endless{}, 1<<20)
	must(t, err, z.Close())
	s := scan.Scanner{Unpacked: 1 << 16}
	stats, err := s.Reader(t.Context(), &b, "bomb.gz", func(scan.Find) {})
	if err == nil || stats.Bytes > 1<<17 {
		t.Errorf("%+v, %v", stats, err)
	}
}

// TestManyFindsAreNotHeld: a file with many waits until its turn, and the files behind
// it with it.
func TestManyFindsAreNotHeld(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for _, name := range []string{"a", "b", "c", "d"} {
		files[name] = strings.Repeat(personal+"\n", 5000)
	}
	got, _ := scanned(t, scan.Scanner{Workers: 3}, lay(t, files))
	if len(got) != 20_000 || got[0].path != "a" || got[19_999] != (seen{"d", 5000, 1, "", personal}) {
		t.Errorf("%d finds", len(got))
	}
}

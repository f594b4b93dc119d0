package door_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/door"
)

func TestWhoTakesGzip(t *testing.T) {
	t.Parallel()
	for accepted, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "deflate, gzip;q=0.5": true, "br, *": true, "*;q=0": false, "gzip;q=0": false, "gzip; q=0.000": false,
		"gzip;q=0, *": false, "*;q=0, gzip": true, "identity": false, "gzipped": false, "gzip;q=no": false, "x-gzip": true,
	} {
		if got := door.TakesGzip(http.Header{"Accept-Encoding": {accepted}}); got != want {
			t.Errorf("%q: %v", accepted, got)
		}
	}
	if !door.TakesGzip(http.Header{"Accept-Encoding": {"deflate", "gzip"}}) {
		t.Error("a second line is not read")
	}
}

// closing is what a stream is written to, and whether it was ended.
type closing struct {
	bytes.Buffer
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

func unzipped(t *testing.T, b []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func asking(t *testing.T, method, accepted string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", accepted)
	return r
}

// TestALongAnswerIsPacked for whoever takes it so; twice, because what packs is used again.
func TestALongAnswerIsPacked(t *testing.T) {
	t.Parallel()
	var p door.Packer
	long := strings.Repeat("a token of acme, ", 200)
	for range 2 {
		h := http.Header{}
		b := p.Whole(h, asking(t, "GET", "gzip"), []byte(long))
		if len(b) >= len(long)/4 || h.Get("Content-Encoding") != "gzip" || h.Get("Vary") != "Accept-Encoding" || unzipped(t, b) != long {
			t.Errorf("%d bytes of %d: %v", len(b), len(long), h)
		}
	}
	for _, c := range []struct {
		method, accepted, body, tag string
	}{{"GET", "br", long, ""}, {"HEAD", "gzip", long, ""}, {"POST", "gzip", long, ""}, {"GET", "gzip", "short", ""}, {"GET", "gzip", long, `"7"`}} {
		h := http.Header{}
		if c.tag != "" {
			h.Set("ETag", c.tag)
		}
		if b := p.Whole(h, asking(t, c.method, c.accepted), []byte(c.body)); string(b) != c.body || h.Get("Content-Encoding") != "" {
			t.Errorf("%+v: %v", c, h)
		}
	}
}

// TestAStreamIsPackedPieceByPiece: each can be read before the next is there, and one that is
// not ended is not whole.
func TestAStreamIsPackedPieceByPiece(t *testing.T) {
	t.Parallel()
	var p door.Packer
	to, h := &closing{}, http.Header{}
	w := p.Stream(h, asking(t, "GET", "gzip"), to)
	if h.Get("Content-Encoding") != "" {
		t.Error("it says so before anything is written; an error may be answered still")
	}
	if _, err := io.WriteString(w, "one,"); err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(to.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); string(b) != "one," || err == nil || h.Get("Content-Encoding") != "gzip" {
		t.Errorf("%q, %v, %v", b, err, h)
	}
	if _, err := io.WriteString(w, "two"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil || !to.closed || unzipped(t, to.Bytes()) != "one,two" {
		t.Errorf("%v, %v", err, to)
	}
}

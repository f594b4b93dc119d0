package scan_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/scan"
	"github.com/tokenry/tokenry/token"
)

// The vector tokens of the contract: well-formed, and nobody's.
const (
	personal  = "tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7"
	service   = "tkys_000000000000zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz1Lidvn"
	workspace = "acmew_AAAAAAAAAAAA000000000000000000000000000000004GS7nf"
)

// seen is a find as the tests compare it.
type seen struct {
	path         string
	line, column int
	commit       string
	token        string
}

// see collects finds.
type see struct{ finds []seen }

func (s *see) add(f scan.Find) {
	s.finds = append(s.finds, seen{f.Path, f.Line, f.Column, f.Commit, f.Secret.Reveal()})
}

func equal(t *testing.T, what string, got, want []seen) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(seen{})); diff != "" {
		t.Errorf("%s (want - got +):\n%s", what, diff)
	}
}

// whole is what is in a text that is held at once, slowly and surely.
func whole(text []byte) []seen {
	var out []seen
	for _, w := range token.FindWrapped(text) {
		before := text[:w.Start]
		lineStart := bytes.LastIndexByte(before, '\n') + 1
		column := 1
		for _, c := range before[lineStart:] {
			if c&0xc0 != 0x80 {
				column++
			}
		}
		out = append(out, seen{"-", bytes.Count(before, []byte("\n")) + 1, column, "", w.Secret.Reveal()})
	}
	return out
}

// pieced scans with a small buffer, from a reader that stutters.
func pieced(t testing.TB, text []byte, buffer int) []seen {
	t.Helper()
	var got see
	s := scan.Scanner{Buffer: buffer}
	stats, err := s.Reader(t.Context(), iotest.HalfReader(bytes.NewReader(text)), "-", got.add)
	if err != nil || stats.Bytes != int64(len(text)) {
		t.Fatalf("%+v, %v", stats, err)
	}
	return got.finds
}

// A token is found wherever a buffer happens to end, and once; what only looks
// like one because the buffer cuts its neighbour off is not.
func TestWhereABufferEndsDoesNotMatter(t *testing.T) {
	t.Parallel()
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{
			personal, service, workspace, "x" + personal, personal + "x", personal + "_", personal[:30], personal[5:],
			`\n` + service, "%3D" + workspace, "\x1b[32m" + personal, `\u003d` + service, "_", "\n", "é", "\\", " ", "tkyp_", "\r\n",
		}),
		rapid.StringMatching(`[a-zA-Z0-9_ \n]{0,140}`),
	)
	rapid.Check(t, func(r *rapid.T) {
		text := []byte(strings.Join(rapid.SliceOfN(piece, 0, 60).Draw(r, "text"), ""))
		buffer := rapid.IntRange(256, 700).Draw(r, "buffer")
		if diff := cmp.Diff(whole(text), pieced(t, text, buffer), cmp.AllowUnexported(seen{})); diff != "" {
			r.Errorf("with a buffer of %d (want - got +):\n%s", buffer, diff)
		}
	})
}

func FuzzWhereABufferEnds(f *testing.F) {
	f.Add([]byte(strings.Repeat("a", 200)+" "+personal+"\n"), uint16(0))
	f.Add([]byte(strings.Repeat("_", 300)+service), uint16(17))
	f.Fuzz(func(t *testing.T, text []byte, more uint16) {
		equal(t, "in pieces", pieced(t, text, 256+int(more)), whole(text))
	})
}

// Every place at which a token can lie across the end of a buffer.
func TestEveryOffset(t *testing.T) {
	t.Parallel()
	for n := range 600 {
		for _, sep := range []string{" ", "x", `\n`} {
			text := []byte(strings.Repeat(".", n) + sep + personal)
			equal(t, "at its place", pieced(t, text, 256), whole(text))
			text = append(text, '_')
			equal(t, "before a word", pieced(t, text, 256), whole(text))
		}
	}
}

// Memory does not grow with what is read: what a buffer needs goes with it. It counts
// allocations, so it runs alone.
func TestAStreamWithoutAnEndInSight(t *testing.T) {
	const size, buffer = 1 << 24, 64 << 10
	sum := sha256.Sum256([]byte("seed"))
	junk := bytes.Repeat(sum[:], 1024)
	endless := &repeating{text: junk}
	var got see
	s := scan.Scanner{Buffer: buffer}
	var stats scan.Stats
	var err error
	allocated := testing.AllocsPerRun(1, func() {
		got.finds = nil
		stats, err = s.Reader(t.Context(), io.MultiReader(io.LimitReader(endless, size), strings.NewReader("\n"+personal)), "-", got.add)
	})
	if err != nil || stats.Bytes != int64(size+1+len(personal)) || len(got.finds) != 1 {
		t.Errorf("%+v, %v, %d finds", stats, err, len(got.finds))
	}
	if allocated > 20*size/buffer {
		t.Errorf("%v allocations, %v a buffer", allocated, allocated*buffer/size)
	}
}

// repeating reads the same again and again.
type repeating struct {
	text []byte
	at   int
}

func (r *repeating) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

func TestOnlyTheWantedOnes(t *testing.T) {
	t.Parallel()
	text := personal + "\n" + service + "\n" + workspace
	known, err := token.Parse(service)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		scanner scan.Scanner
		want    []string
	}{
		"all":           {scan.Scanner{}, []string{personal, service, workspace}},
		"by prefix":     {scan.Scanner{Prefixes: []token.Prefix{"acme"}}, []string{workspace}},
		"known":         {scan.Scanner{Locators: []token.Locator{known.Locator}}, []string{personal, workspace}},
		"two prefixes":  {scan.Scanner{Prefixes: []token.Prefix{"acme", "tky"}}, []string{personal, service, workspace}},
		"another":       {scan.Scanner{Prefixes: []token.Prefix{"tkyp"}}, nil},
		"known and pre": {scan.Scanner{Prefixes: []token.Prefix{"tky"}, Locators: []token.Locator{known.Locator}}, []string{personal}},
	} {
		var got see
		if _, err := tt.scanner.Reader(t.Context(), strings.NewReader(text), "-", got.add); err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, f := range got.finds {
			found = append(found, f.token)
		}
		if !cmp.Equal(found, tt.want) {
			t.Errorf("%s: %d found, want %d", name, len(found), len(tt.want))
		}
	}
}

func TestAStreamThatBreaks(t *testing.T) {
	t.Parallel()
	var got see
	s := scan.Scanner{Buffer: 256}
	broken := io.MultiReader(strings.NewReader("x\n"+personal+"\n"), iotest.ErrReader(io.ErrClosedPipe))
	if _, err := s.Reader(t.Context(), broken, "pipe", got.add); err != io.ErrClosedPipe { //nolint:errorlint // as it came
		t.Errorf("%v", err)
	}
	equal(t, "what came before", got.finds, []seen{{"pipe", 2, 1, "", personal}})
}

package ident_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tokenry/tokenry/internal/ident"
)

func TestANameIsWhatTheRandomnessSays(t *testing.T) {
	t.Parallel()
	drawn := []byte{0, 1, 9, 10, 31, 32, 63, 255, 224, 128, 64, 7, 8, 15, 16, 17}
	for _, prefix := range []string{"", "req_"} {
		got, err := ident.New(bytes.NewReader(drawn), prefix)
		if want := prefix + "019av0vv00078fgh"; got != want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
}

// TestEveryCharacterIsAsLikely: each of the 256 bytes chooses one of 32, eight
// bytes each.
func TestEveryCharacterIsAsLikely(t *testing.T) {
	t.Parallel()
	seen := map[byte]int{}
	for first := 0; first < 256; first += ident.Length {
		var b [ident.Length]byte
		for i := range b {
			b[i] = byte(first + i)
		}
		var name [ident.Length]byte
		if err := ident.Fill(bytes.NewReader(b[:]), &name); err != nil {
			t.Fatal(err)
		}
		for _, c := range name {
			seen[c]++
		}
	}
	for c, n := range seen {
		if n != 8 {
			t.Errorf("%q stands for %d bytes, want 8", c, n)
		}
	}
	if len(seen) != 32 {
		t.Errorf("%d characters, want 32", len(seen))
	}
}

func TestWithoutRandomnessThereIsNoName(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]io.Reader{
		"none": strings.NewReader(""), "too little": strings.NewReader("fifteen bytes.."), "broken": iotest.ErrReader(io.ErrClosedPipe),
	} {
		if got, err := ident.New(r, "x_"); got != "" || err == nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := ident.New(iotest.ErrReader(io.ErrClosedPipe), ""); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the cause is lost: %v", err)
	}
}

func TestNamesAreNotDrawnTwice(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 10_000 {
		s, err := ident.New(rand.Reader, "")
		if err != nil || seen[s] || len(s) != ident.Length {
			t.Fatalf("%q, %v, drawn before: %v", s, err, seen[s])
		}
		seen[s] = true
	}
}

func TestFillMakesNoGarbage(t *testing.T) {
	var room [ident.Length]byte
	source := strings.NewReader("")
	data := strings.Repeat("x", ident.Length)
	if n := testing.AllocsPerRun(100, func() {
		source.Reset(data)
		_ = ident.Fill(source, &room)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

package token_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/token"
)

// minted returns n different tokens of one prefix.
func minted(t testing.TB, n int) []string {
	t.Helper()
	tokens := make([]string, n)
	for i := range tokens {
		tokens[i] = mint(t, rand.Reader, "tky", token.Personal)
	}
	return tokens
}

func TestTheHotPathAllocatesNothing(t *testing.T) {
	good := minted(t, 1)[0]
	mistyped, shouted := good[:len(good)-1]+"!", "TKY"+good[3:]
	long := strings.Repeat("x", token.MaxLength)
	ring := rotate(t, newRing(t))
	var sink token.Digest
	shared := []token.KeyID{1}
	following := ring.Following(func() []token.KeyID { return shared })
	paths := map[string]func(){
		"Parse, accepted":            func() { _, _ = token.Parse(good) },
		"Parse, charset wrong":       func() { _, _ = token.Parse(mistyped) },
		"Parse, cut":                 func() { _, _ = token.Parse(good[1:]) },
		"Parse, prefix wrong":        func() { _, _ = token.Parse(shouted) },
		"Digest":                     func() { sink, _ = ring.Digest(good) },
		"DigestWith, longest":        func() { sink, _ = ring.DigestWith(1, long) },
		"DigestWith, key unknown":    func() { sink, _ = ring.DigestWith(99, good) },
		"Digest.Equal":               func() { _ = sink.Equal(token.Digest{}) },
		"Check":                      func() { sink, _ = ring.Check(1) },
		"Current":                    func() { _ = ring.Current() },
		"Current, following":         func() { _ = following.Current() },
		"Find, where nothing is":     func() { token.Find(nothing, nil) },
		"Locator and kind, compared": func() { p, _ := token.Parse(good); _ = p.Locator.IsZero() || !p.Kind.Valid() },
	}
	for name, path := range paths {
		if n := testing.AllocsPerRun(100, path); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

var nothing = []byte(strings.Repeat("some_text with_underscores but_no token\n", 100))

func BenchmarkParse(b *testing.B) {
	// Many tokens, because the processor would learn a single one by heart.
	tokens := minted(b, 4096)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := token.Parse(tokens[i%len(tokens)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseRefused(b *testing.B) {
	s := minted(b, 1)[0] + "x"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := token.Parse(s); err == nil {
			b.Fatal("accepted")
		}
	}
}

func BenchmarkDigestWith(b *testing.B) {
	s, ring := minted(b, 1)[0], rotate(b, newRing(b))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := ring.DigestWith(1, s); !ok {
			b.Fatal("no key")
		}
	}
}

func BenchmarkMint(b *testing.B) {
	l := locator(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := token.Mint(rand.Reader, "tky", token.Personal, l); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	line := strings.Repeat("func (some_receiver *T) Do(ctx context.Context) error { return nil }\n", 40)
	text := []byte(strings.Repeat(line+"key: "+minted(b, 1)[0]+"\n", 100))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		token.Find(text, func(int, int, token.Parsed) bool { n++; return true })
		if n != 100 {
			b.Fatal(n)
		}
	}
}

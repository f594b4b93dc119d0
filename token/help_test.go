package token_test

import (
	"crypto/rand"
	"hash/crc32"
	"io"
	mathrand "math/rand/v2"
	"testing"
	"time"

	"github.com/tokenry/tokenry/token"
)

// base62 is the alphabet, written out so that the tests do not borrow it from
// what they test.
const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// noon is when the keyrings of the tests are made.
var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// fixed returns a reader of the same random bytes in every run.
func fixed(seed string) io.Reader {
	var b [32]byte
	copy(b[:], seed)
	return mathrand.NewChaCha8(b)
}

func locator(t testing.TB) token.Locator {
	t.Helper()
	l, err := token.NewLocator(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func mint(t testing.TB, random io.Reader, p token.Prefix, k token.Kind) string {
	t.Helper()
	l, err := token.NewLocator(random)
	if err != nil {
		t.Fatal(err)
	}
	s, err := token.Mint(random, p, k, l)
	if err != nil {
		t.Fatal(err)
	}
	return s.Reveal()
}

func newRing(t testing.TB) *token.Keyring {
	t.Helper()
	ring, err := token.GenerateKeyring(rand.Reader, noon)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func rotate(t testing.TB, ring *token.Keyring) *token.Keyring {
	t.Helper()
	rotated, err := ring.Rotate(rand.Reader, noon.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return rotated
}

// seal appends the checksum to all that comes before it, by the definition and
// not by the code under test.
func seal(s string) string {
	check := make([]byte, token.CheckLength)
	n := crc32.ChecksumIEEE([]byte(s))
	for i := len(check) - 1; i >= 0; i-- {
		check[i] = base62[n%62]
		n /= 62
	}
	return s + string(check)
}

// other returns a character of base62 that is not c.
func other(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

package token_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/token"
)

func TestATokenIsNamedByItsLocatorUnderAnyAddress(t *testing.T) {
	t.Parallel()
	l, err := token.ParseLocator("7hQ2aB9xYz01")
	if err != nil {
		t.Fatal(err)
	}
	for _, owner := range []string{"ada@example.com", "ci@acme.service", "acme@workspace", "a_b@example.com", "_"} {
		id := token.ID(owner, l)
		if id != owner+"_7hQ2aB9xYz01" || token.LocatorOf(id) != l.String() {
			t.Errorf("of %s: %q, whose locator is %q", owner, id, token.LocatorOf(id))
		}
	}
	for in, want := range map[string]string{
		"7hQ2aB9xYz01": "7hQ2aB9xYz01", "_7hQ2aB9xYz01": "7hQ2aB9xYz01", "": "", "self": "self",
		"ada@example.com-7hQ2aB9xYz01": "ada@example.com-7hQ2aB9xYz01", "x_7hQ2aB9xYz0": "x_7hQ2aB9xYz0",
	} {
		if got := token.LocatorOf(in); got != want {
			t.Errorf("LocatorOf(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestTheDigitsAreThoseOfTheLength: SQL is a literal, and a literal cannot count.
func TestTheDigitsAreThoseOfTheLength(t *testing.T) {
	t.Parallel()
	if token.LocatorDigits != strconv.Itoa(token.LocatorLength) {
		t.Errorf("%s are not the digits of %d", token.LocatorDigits, token.LocatorLength)
	}
}

func TestATokenBeginsWithAHeadAndKeepsThePromise(t *testing.T) {
	t.Parallel()
	heads := token.Heads("tky", "acme")
	if len(heads) != 4*len(token.Kinds()) {
		t.Errorf("heads are %q", heads)
	}
	for _, p := range []token.Prefix{"tky", "acme"} {
		for _, k := range token.Kinds() {
			s, err := token.Mint(zeros{}, p, k, token.Locator([]byte("7hQ2aB9xYz01")))
			if err != nil {
				t.Fatal(err)
			}
			if plain := s.Reveal(); !slices.ContainsFunc(heads, func(h string) bool { return strings.HasPrefix(plain, h) }) || !token.Keeps(plain) {
				t.Errorf("%s of %s has none of the heads %q, or breaks the promise", k, p, heads)
			}
			if d := derive(t, s.Reveal(), token.Terms{Scopes: []string{"a:b"}}); !slices.ContainsFunc(heads, func(h string) bool { return strings.HasPrefix(d, h) }) || !token.Keeps(d) {
				t.Errorf("what is derived of %s of %s has none of the heads %q, or breaks the promise", k, p, heads)
			}
		}
	}
	for s, want := range map[string]bool{
		"x": true, strings.Repeat("_", token.MaxLength): true, "": false, strings.Repeat("a", token.MaxLength+1): false,
		" tkyp_x": false, "tkyp_x\n": false, "tkyp-x": false, "tkyp_é": false, "tkyp_x\x00": false,
	} {
		if token.Keeps(s) != want {
			t.Errorf("%q keeps the promise: %v", s, !want)
		}
	}
}

// zeros are randomness that is none.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

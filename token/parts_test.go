package token_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/token"
)

func TestKinds(t *testing.T) {
	t.Parallel()
	for letter, word := range map[byte]string{'p': "personal", 's': "service", 'w': "workspace", 'e': "ephemeral"} {
		k := token.Kind(letter)
		if !k.Valid() || k.String() != word {
			t.Errorf("Kind(%q) is %v, valid %v", letter, k, k.Valid())
		}
		if got, err := token.ParseKind(word); got != k || err != nil {
			t.Errorf("ParseKind(%q) = %v, %v", word, got, err)
		}
	}
	valid := 0
	for c := range 256 {
		if token.Kind(c).Valid() {
			valid++
		}
	}
	if valid != 4 || len(token.Kinds()) != 4 {
		t.Errorf("%d letters are kinds, Kinds returns %d", valid, len(token.Kinds()))
	}
}

func TestWhatIsNoKind(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "p", "Personal", "PERSONAL", " personal", "personal ", "personal\n", "human", "Kind(0)", "Kind(112)"} {
		if k, err := token.ParseKind(s); !errors.Is(err, token.ErrMalformed) || k != 0 {
			t.Errorf("ParseKind(%q) = %v, %v", s, k, err)
		}
	}
	if s := token.Kind(0).String(); s != "Kind(0)" {
		t.Errorf("the zero kind prints as %q", s)
	}
	if b, err := json.Marshal(token.Kind('x')); err == nil {
		t.Errorf("what is no kind was written as %s", b)
	}
}

func TestPrefixes(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"ab", "tky", "acme", "a0", "a123456789", "zzzzzzzzzz"} {
		if p, err := token.ParsePrefix(s); err != nil || string(p) != s || !p.Valid() {
			t.Errorf("ParsePrefix(%q) = %q, %v", s, p, err)
		}
	}
	for _, s := range []string{"", "a", "abcdefghijk", "Tky", "tKy", "TKY", "0ab", "_ab", "a_b", "ab_", "a-b", "a b", " ab", "ab\n", "äb", "ab\x00", strings.Repeat("a", 1000)} {
		if p, err := token.ParsePrefix(s); !errors.Is(err, token.ErrMalformed) || p != "" || token.Prefix(s).Valid() {
			t.Errorf("ParsePrefix(%q) = %q, %v", s, p, err)
		}
	}
	if !token.DefaultPrefix.Valid() {
		t.Error("the default prefix is not valid")
	}
}

func TestLocators(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"7hQ2aB9cXk1Z", "000000000000", "zzzzzzzzzzzz"} {
		if l, err := token.ParseLocator(s); err != nil || l.String() != s || l.IsZero() {
			t.Errorf("ParseLocator(%q) = %q, %v", s, l, err)
		}
	}
	for _, s := range []string{"", "7hQ2aB9cXk1", "7hQ2aB9cXk1ZZ", "7hQ2aB9cXk1_", "7hQ2aB9cXk1-", " 7hQ2aB9cXk1", "7hQ2aB9cXk1\n", "7hQ2aB9cXkä", strings.Repeat("\x00", 12)} {
		if l, err := token.ParseLocator(s); !errors.Is(err, token.ErrMalformed) || !l.IsZero() {
			t.Errorf("ParseLocator(%q) = %q, %v", s, l, err)
		}
	}
	if zero := (token.Locator{}); !zero.IsZero() || zero.String() != "" {
		t.Errorf("the zero locator is %q", zero)
	}
}

func TestPartsInJSON(t *testing.T) {
	t.Parallel()
	const text = `{"Prefix":"tky","Kind":"service","Locator":"7hQ2aB9cXk1Z"}`
	var p token.Parsed
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	if b, err := json.Marshal(p); err != nil || string(b) != text {
		t.Errorf("Marshal = %s, %v; want %s", b, err, text)
	}
	for _, bad := range []string{`{"Kind":"Service"}`, `{"Kind":115}`, `{"Kind":""}`, `{"Locator":"short"}`, `{"Locator":[1]}`} {
		if err := json.Unmarshal([]byte(bad), new(token.Parsed)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func TestTheZeroLocatorInJSON(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(token.Locator{})
	if err != nil || string(b) != `""` {
		t.Fatalf("Marshal = %s, %v", b, err)
	}
	l := token.Locator([]byte("7hQ2aB9cXk1Z"))
	if err := json.Unmarshal(b, &l); err != nil || !l.IsZero() {
		t.Errorf("Unmarshal = %q, %v", l, err)
	}
}

func TestMasks(t *testing.T) {
	t.Parallel()
	l := token.Locator([]byte("7hQ2aB9cXk1Z"))
	for prefix, want := range map[token.Prefix]string{
		"tky":        "tkyp_7hQ2a…",
		"acme":       "acmep_7hQ2a…",
		"ab":         "abp_7hQ2aB…", // at least 10 characters
		"abcdefghij": "abcdefghijp_7hQ2a…",
	} {
		if got := token.Mask(prefix, token.Personal, l); got != want {
			t.Errorf("Mask(%q) = %q, want %q", prefix, got, want)
		}
	}
	if got := token.Mask("tky", token.Personal, token.Locator{}); got != "tkyp_…" {
		t.Errorf("without a locator: %q", got)
	}
}

// A derived locator is the number in base62, the least digit first, and what is beyond all
// locators counts for nothing.
func TestADerivedLocatorFollowsFromItsBits(t *testing.T) {
	t.Parallel()
	all := new(big.Int).Exp(big.NewInt(62), big.NewInt(token.LocatorLength), nil)
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for _, from := range [][16]byte{{}, {15: 1}, {15: 61}, {15: 62}, {0: 255}, {7: 255, 8: 255}, [16]byte(bytes.Repeat([]byte{255}, 16)), [16]byte([]byte("sixteen bytes ab"))} {
		n := new(big.Int).Mod(new(big.Int).SetBytes(from[:]), all)
		var want [token.LocatorLength]byte
		for i := range want {
			var digit big.Int
			n.DivMod(n, big.NewInt(62), &digit)
			want[i] = digits[digit.Int64()]
		}
		if got := token.DerivedLocator(from); got != token.Locator(want) {
			t.Errorf("%x: %s, want %s", from, got, want[:])
		}
	}
}

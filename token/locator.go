package token

import (
	"encoding/binary"
	"io"
	"math/bits"
	"strings"
)

// Locator is the public part of a token, 12 characters of base62: by it a token
// is looked up, named in logs and shown. It stays the same for the token's
// whole life, also when the secret is rotated. Locators are compared with ==.
// The zero value is no locator, and different from "000000000000".
type Locator [LocatorLength]byte

// ParseLocator returns s as a locator, or an error that is [ErrMalformed]. It
// takes exactly 12 characters of base62; the empty string is no locator.
func ParseLocator(s string) (Locator, error) {
	if len(s) != LocatorLength || !allBase62(s) {
		return Locator{}, errLocator
	}
	return Locator([]byte(s)), nil
}

// LocatorStart answers with what characters the locator begins that a word of
// somebody's means: a locator or its beginning, a token ID, a mask with or without
// its "…", or a token string, of which no more than the locator is looked at. It
// is "" for a word that can mean none.
func LocatorStart(word string) string {
	const enough = 5 // behind an underscore: fewer characters are a part of a name
	word = strings.TrimSuffix(strings.TrimSuffix(word, "…"), "...")
	if i := strings.LastIndexByte(word, '_'); i >= 0 {
		if word = word[i+1:]; len(word) < enough {
			return ""
		}
		word = word[:min(len(word), LocatorLength)]
	}
	if len(word) > LocatorLength || !allBase62(word) {
		return ""
	}
	return word
}

// NewLocator draws a locator. With 71 bits two of them are never expected to
// meet, but only the store can rule it out.
func NewLocator(rand io.Reader) (Locator, error) {
	var l Locator
	if err := draw(rand, l[:]); err != nil {
		return Locator{}, err
	}
	return l, nil
}

// DerivedLocator is the locator that follows from 128 bits, such as half of a MAC: these,
// as a number, modulo all the locators that there are. Those are so few that none is likelier
// than another by more than 2⁻⁵⁶.
func DerivedLocator(from [16]byte) Locator {
	hi, lo := binary.BigEndian.Uint64(from[:8]), binary.BigEndian.Uint64(from[8:])
	var l Locator
	for i := range l {
		var rest uint64
		hi, rest = hi/uint64(base), hi%uint64(base)
		lo, rest = bits.Div64(rest, lo, uint64(base))
		l[i] = alphabet[rest]
	}
	return l
}

// IsZero reports whether l is no locator.
func (l Locator) IsZero() bool { return l == Locator{} }

// String returns the 12 characters, or "" for the zero value.
func (l Locator) String() string {
	if l.IsZero() {
		return ""
	}
	return string(l[:])
}

// MarshalText returns what String does.
func (l Locator) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText is [ParseLocator], except that an empty text gives the zero
// value, as MarshalText writes it.
func (l *Locator) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*l = Locator{}
		return nil
	}
	parsed, err := ParseLocator(string(text))
	if err != nil {
		return err
	}
	*l = parsed
	return nil
}

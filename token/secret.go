package token

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Secret is a whole token string on its way between the holder and the digest.
// However it is printed, encoded or logged, it appears as "[redacted]"; what it
// holds comes out of Reveal alone. The zero value is no secret.
//
// A Secret cannot be compared with == or be the key of a map; use Equal.
type Secret struct {
	redacted

	// A closure, because fmt does not ask the methods of a value that it meets
	// in an unexported field or under a verb like %p: it walks into it by
	// reflection, and would print a string. Into a closure nothing walks.
	reveal func() string
}

// NewSecret wraps a token string, as it was received. It need not be
// well-formed. An empty one gives the zero value.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return s }}
}

// Reveal returns the token string. Each call of it is a place where a secret
// can leak: hand the result to the response or to the digest, and keep none.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.reveal == nil }

// Equal compares in a time that depends on the lengths alone.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// Mask returns what may be shown of the token, see the function [Mask]. Of a
// string that is not a well-formed token nothing may be shown: "[redacted]".
func (s Secret) Mask() string {
	p, err := ParseAny(s.Reveal())
	if err != nil {
		return redactedText
	}
	return p.Mask()
}

const (
	maskLocator = 5  // characters of the locator that a mask shows,
	maskLength  = 10 // more of them when the mask were shorter than this
)

// Mask returns the short form of a token for people to recognise it by: the
// token string up to its fifth locator character, at least 10 characters, and
// "…". It is made of public parts alone.
func Mask(p Prefix, k Kind, l Locator) string {
	s := head(p, k, l)
	n := max(len(s)-LocatorLength+maskLocator, maskLength)
	return string(s[:min(n, len(s))]) + "…"
}

// Mask is the short form of what was taken apart; of a derived token it begins like that.
func (p Parsed) Mask() string {
	short := Mask(p.Prefix, p.Kind, p.Locator)
	if !p.Derived {
		return short
	}
	at := len(p.Prefix) + 1
	return short[:at] + string(derivedMark) + short[at:]
}

const redactedText = "[redacted]"

// redacted is embedded by what must not be printed. It answers every way in
// which fmt, encoding and slog ask a value for its appearance. It covers values
// and pointers; what can be reached by reflection alone its host has to keep in a
// closure.
type redacted struct{}

// Format answers every verb of fmt.
func (redacted) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedText) }

// String answers templates, panics and whoever asks a Stringer without fmt.
func (redacted) String() string { return redactedText }

// GoString answers printers of Go syntax other than fmt.
func (redacted) GoString() string { return redactedText }

// MarshalText answers encoders: XML, YAML, the keys of JSON objects.
func (redacted) MarshalText() ([]byte, error) { return []byte(redactedText), nil }

// MarshalJSON answers JSON, so that there is nothing to escape.
func (redacted) MarshalJSON() ([]byte, error) { return []byte(`"` + redactedText + `"`), nil }

// LogValue answers slog.
func (redacted) LogValue() slog.Value { return slog.StringValue(redactedText) }

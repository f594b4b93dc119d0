package config

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a password that an operator sets. However it is printed, encoded or
// logged, it is left out; it comes out of Reveal alone. It has no flag, because
// every user of a machine can read those.
type Secret struct {
	reveal func() string // a closure for the reason that URL has one
}

// NewSecret wraps a secret. An empty one gives the zero value.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return s }}
}

// Reveal returns the secret.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether there is none.
func (s Secret) IsZero() bool { return s.reveal == nil }

// String says no more than whether there is one.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return "[a secret]"
}

// Format answers every verb of fmt with String.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText answers with String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue answers slog with String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

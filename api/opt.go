package api

import (
	"bytes"
	"encoding/json"
)

// Opt is a field that may be absent, null, or a value: the three states of a
// merge patch (RFC 7396). The zero Opt is absent and is left out by the tag
// omitzero.
type Opt[T any] struct {
	// Value is the value; meaningful only while Set and not Null.
	Value T
	// Set says that the field was there, as a value or as null.
	Set bool
	// Null says that the field was null.
	Null bool
}

// Some returns a field that holds v.
func Some[T any](v T) Opt[T] { return Opt[T]{Value: v, Set: true} }

// Null returns a field that is there and null.
func Null[T any]() Opt[T] { return Opt[T]{Set: true, Null: true} }

// IsZero says whether the field is absent.
func (o Opt[T]) IsZero() bool { return !o.Set }

// Has says whether the field holds a value.
func (o Opt[T]) Has() bool { return o.Set && !o.Null }

// Or returns the value, or def when there is none.
func (o Opt[T]) Or(def T) T {
	if o.Has() {
		return o.Value
	}
	return def
}

// MarshalJSON writes the value, or null.
func (o Opt[T]) MarshalJSON() ([]byte, error) {
	if !o.Has() {
		return []byte("null"), nil
	}
	return json.Marshal(o.Value)
}

// UnmarshalJSON reads a value or null; being called at all makes the field Set.
func (o *Opt[T]) UnmarshalJSON(b []byte) error {
	*o = Opt[T]{Set: true}
	if bytes.Equal(bytes.TrimSpace(b), []byte("null")) {
		o.Null = true
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	return dec.Decode(&o.Value)
}

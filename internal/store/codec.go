package store

import (
	"database/sql/driver"
	"encoding/json"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// The types of this file stand between a field of a record and its column, in
// both directions, so that each record lists its fields once.

// instant is a time as microseconds; the zero time is NULL.
type instant struct{ t *time.Time }

// Value writes the column.
func (c instant) Value() (driver.Value, error) {
	if c.t.IsZero() {
		return nil, nil
	}
	return c.t.UnixMicro(), nil
}

// Scan reads the column; what it reads is in UTC.
func (c instant) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*c.t = time.Time{}
	case int64:
		*c.t = time.UnixMicro(v).UTC()
	default:
		return failf(nil, "a time is a %T", v)
	}
	return nil
}

// moment is a time in a filter.
func moment(t time.Time) instant { return instant{&t} }

// span is a duration as microseconds.
type span struct{ d *time.Duration }

// Value writes the column.
func (c span) Value() (driver.Value, error) { return c.d.Microseconds(), nil }

// Scan reads the column.
func (c span) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return failf(nil, "a duration is a %T", v)
	}
	*c.d = time.Duration(n) * time.Microsecond
	return nil
}

// ref is the number of another row; 0 is NULL.
type ref struct{ id *ledger.ID }

// Value writes the column.
func (c ref) Value() (driver.Value, error) {
	if *c.id == 0 {
		return nil, nil
	}
	return *c.id, nil
}

// Scan reads the column.
func (c ref) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*c.id = 0
	case int64:
		*c.id = v
	default:
		return failf(nil, "a row number is a %T", v)
	}
	return nil
}

// word is a text whose empty form is NULL.
type word struct{ s *string }

// Value writes the column.
func (c word) Value() (driver.Value, error) {
	if *c.s == "" {
		return nil, nil
	}
	return *c.s, nil
}

// Scan reads the column.
func (c word) Scan(v any) error {
	s, err := textOf(v)
	*c.s = s
	return err
}

// textOf reads a TEXT; NULL is empty.
func textOf(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	}
	return "", failf(nil, "a text is a %T", v)
}

// locator is NULL for the zero locator.
type locator struct{ l *token.Locator }

// Value writes the column.
func (c locator) Value() (driver.Value, error) {
	if c.l.IsZero() {
		return nil, nil
	}
	return c.l.String(), nil
}

// Scan reads the column, and refuses what is no locator.
func (c locator) Scan(v any) error {
	s, err := textOf(v)
	if err != nil {
		return err
	}
	if c.l.UnmarshalText([]byte(s)) != nil {
		return failf(nil, "a locator has another shape")
	}
	return nil
}

// kind is the letter of a token's kind.
type kind struct{ k *token.Kind }

// Value writes the column; no kind, which only a filter may have, is empty.
func (c kind) Value() (driver.Value, error) {
	if *c.k == 0 {
		return "", nil
	}
	return string(rune(*c.k)), nil
}

// Scan reads the column.
func (c kind) Scan(v any) error {
	s, err := textOf(v)
	if err != nil || len(s) != 1 {
		return failf(nil, "a kind is not one letter")
	}
	*c.k = token.Kind(s[0])
	return nil
}

// digest is bound as a slice: a string would lose its bytes on SQLite.
type digest struct{ d *token.Digest }

// Value writes the column.
func (c digest) Value() (driver.Value, error) { return c.d[:], nil }

// Scan reads the column, and refuses any other length.
func (c digest) Scan(v any) error {
	b, ok := v.([]byte)
	if !ok || len(b) != len(c.d) {
		return failf(nil, "a digest has not %d bytes", len(c.d))
	}
	copy(c.d[:], b)
	return nil
}

// blob is bytes; nil is NULL.
type blob struct{ b *[]byte }

// Value writes the column.
func (c blob) Value() (driver.Value, error) {
	if *c.b == nil {
		return nil, nil
	}
	return *c.b, nil
}

// Scan reads the column.
func (c blob) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*c.b = nil
	case []byte:
		*c.b = append([]byte{}, v...) // the driver's memory ends with the row
	default:
		return failf(nil, "bytes are a %T", v)
	}
	return nil
}

// document is a value as JSON text; what is nil is NULL, so that nil and empty
// stay two things.
type document struct{ v any } // a pointer to the field

// Value writes the column.
func (c document) Value() (driver.Value, error) {
	b, err := json.Marshal(c.v)
	if err != nil {
		return nil, failf(nil, "a %T cannot be written as JSON", c.v)
	}
	if string(b) == "null" {
		return nil, nil
	}
	return string(b), nil
}

// Scan leaves the field as it is when there is none; records are scanned into
// zero values.
func (c document) Scan(v any) error {
	s, err := textOf(v)
	if err != nil || s == "" {
		return err
	}
	if json.Unmarshal([]byte(s), c.v) != nil {
		return failf(nil, "a stored document does not fit a %T", c.v)
	}
	return nil
}

// verbatim is JSON kept to the byte, because a digest is over it.
type verbatim struct{ raw *json.RawMessage }

// Value writes the column.
func (c verbatim) Value() (driver.Value, error) {
	if *c.raw == nil {
		return nil, nil
	}
	return string(*c.raw), nil
}

// Scan reads the column.
func (c verbatim) Scan(v any) error {
	if v == nil {
		*c.raw = nil
		return nil
	}
	s, err := textOf(v)
	*c.raw = json.RawMessage(s)
	return err
}

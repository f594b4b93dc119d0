package column

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/tokenry/tokenry/token"
)

// Codec stands between a field of a record and its column, in both directions.
type Codec interface {
	driver.Valuer
	sql.Scanner
}

// MismatchError says that a column holds what its field cannot: it names kinds and
// lengths, and no value.
type MismatchError struct{ text string }

func (e *MismatchError) Error() string { return "column: " + e.text }

func mismatch(format string, args ...any) error {
	return &MismatchError{fmt.Sprintf(format, args...)}
}

// Text is the text that a column is written as, where it is one that was handed in.
func Text(c any) (string, bool) {
	switch c := c.(type) {
	case word:
		return *c.s, true
	case verbatim:
		return string(*c.raw), true
	}
	return "", false
}

// Instant is a time as microseconds; the zero time is NULL.
func Instant(t *time.Time) Codec { return instant{t} }

// Moment is a time in a filter.
func Moment(t time.Time) Codec { return Instant(&t) }

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
		return mismatch("a time is a %T", v)
	}
	return nil
}

// Span is a duration as microseconds.
func Span(d *time.Duration) Codec { return span{d} }

type span struct{ d *time.Duration }

// Value writes the column.
func (c span) Value() (driver.Value, error) { return c.d.Microseconds(), nil }

// Scan reads the column.
func (c span) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return mismatch("a duration is a %T", v)
	}
	*c.d = time.Duration(n) * time.Microsecond
	return nil
}

// Flag is a truth as 0 or 1.
func Flag(b *bool) Codec { return flag{b} }

type flag struct{ b *bool }

// Value writes the column.
func (c flag) Value() (driver.Value, error) {
	if *c.b {
		return int64(1), nil
	}
	return int64(0), nil
}

// Scan reads the column.
func (c flag) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return mismatch("a flag is a %T", v)
	}
	*c.b = n != 0
	return nil
}

// Ref is the number of another row; 0 is NULL.
func Ref(id *int64) Codec { return ref{id} }

type ref struct{ id *int64 }

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
		return mismatch("a row number is a %T", v)
	}
	return nil
}

// Word is a text whose empty form is NULL.
func Word(s *string) Codec { return word{s} }

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
	return "", mismatch("a text is a %T", v)
}

// Locator is NULL for the zero locator.
func Locator(l *token.Locator) Codec { return locator{l} }

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
		return mismatch("a locator has another shape")
	}
	return nil
}

// Kind is the letter of a token's kind.
func Kind(k *token.Kind) Codec { return kind{k} }

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
		return mismatch("a kind is not one letter")
	}
	*c.k = token.Kind(s[0])
	return nil
}

// Digest is bound as a slice: a string would lose its bytes on SQLite.
func Digest(d *token.Digest) Codec { return digest{d} }

type digest struct{ d *token.Digest }

// Value writes the column.
func (c digest) Value() (driver.Value, error) { return c.d[:], nil }

// Scan reads the column, and refuses any other length.
func (c digest) Scan(v any) error {
	b, ok := v.([]byte)
	if !ok || len(b) != len(c.d) {
		return mismatch("a digest has not %d bytes", len(c.d))
	}
	copy(c.d[:], b)
	return nil
}

// Blob is bytes; nil is NULL.
func Blob(b *[]byte) Codec { return blob{b} }

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
		return mismatch("bytes are a %T", v)
	}
	return nil
}

// Document is a value as JSON text, by a pointer to it; what is nil is NULL, so that
// nil and empty stay two things.
func Document(v any) Codec { return document{v} }

type document struct{ v any }

// Value writes the column.
func (c document) Value() (driver.Value, error) {
	b, err := json.Marshal(c.v)
	if err != nil {
		return nil, mismatch("a %T cannot be written as JSON", c.v)
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
		return mismatch("a stored document does not fit a %T", c.v)
	}
	return nil
}

// Verbatim is JSON kept to the byte, because a digest is over it.
func Verbatim(raw *json.RawMessage) Codec { return verbatim{raw} }

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

// Address is an IP address as 16 bytes, IPv4 as mapped; not known is none.
func Address(a *netip.Addr) Codec { return address{a} }

type address struct{ a *netip.Addr }

func (c address) Value() (driver.Value, error) {
	if !c.a.IsValid() {
		return []byte{}, nil
	}
	b := c.a.Unmap().WithZone("").As16()
	return b[:], nil
}

func (c address) Scan(v any) error {
	b, ok := v.([]byte)
	if !ok && v != nil {
		return mismatch("an address is a %T", v)
	}
	switch len(b) {
	case 0:
		*c.a = netip.Addr{}
	case 16:
		*c.a = netip.AddrFrom16([16]byte(b)).Unmap()
	default:
		return mismatch("an address has %d bytes", len(b))
	}
	return nil
}

// Limit is how many rows a statement answers at most, as SQL takes it; 0 is any number.
// Statements CAST it, because SQLite plans a statement anew whenever it is given a bare
// parameter as LIMIT.
func Limit(n int) int64 {
	if n <= 0 {
		return math.MaxInt64
	}
	return int64(n)
}

// Below is the number before which a list continues; 0 is its beginning.
func Below(before int64) int64 {
	if before <= 0 {
		return math.MaxInt64
	}
	return before
}

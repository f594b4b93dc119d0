package column_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/token"
)

// TestColumnsAreOfKindsThatBothEnginesHave: what is written, to the byte, because rows of
// before are read by it.
func TestColumnsAreOfKindsThatBothEnginesHave(t *testing.T) {
	t.Parallel()
	var (
		at      = time.Date(2026, 11, 30, 12, 0, 0, 1999, time.FixedZone("", 3600))
		d       = 90 * time.Second
		id      = int64(7)
		k, none = token.Kind('p'), token.Kind(0)
		l       token.Locator
		digest  = token.Digest{1, 2}
		empty   = []byte{}
		v6      = netip.MustParseAddr("2001:db8::1%eth0")
		mapped  = netip.MustParseAddr("::ffff:192.0.2.1")
		unknown netip.Addr
		list    = map[string]int{"b": 1, "a": 2}
	)
	if err := l.UnmarshalText([]byte("0123456789AB")); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		codec column.Codec
		want  any
	}{
		"a time, in microseconds": {column.Instant(&at), at.UnixMicro()}, "a duration": {column.Span(&d), int64(90_000_000)}, "a row": {column.Ref(&id), int64(7)},
		"a kind": {column.Kind(&k), "p"}, "no kind": {column.Kind(&none), ""}, "a locator": {column.Locator(&l), "0123456789AB"}, "no locator": {column.Locator(new(token.Locator)), nil},
		"a digest": {column.Digest(&digest), digest[:]}, "no bytes": {column.Blob(&empty), []byte{}}, "nil": {column.Blob(new([]byte)), nil}, "not known": {column.Address(&unknown), []byte{}},
		"an address without its zone": {column.Address(&v6), []byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
		"one that was mapped":         {column.Address(&mapped), []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}},
		"a document":                  {column.Document(&list), `{"a":2,"b":1}`}, "none, to the byte": {column.Verbatim(new(json.RawMessage)), nil},
	} {
		got, err := c.codec.Value()
		if d := cmp.Diff(c.want, got); err != nil || d != "" {
			t.Errorf("%s: %v %s", what, err, d)
		}
	}
	if _, err := column.Document(new(chan int)).Value(); err == nil {
		t.Error("a channel is a document")
	}
}

// TestEveryFieldRefusesWhatItCannotHold: as a mismatch, whichever kind a driver hands over.
func TestEveryFieldRefusesWhatItCannotHold(t *testing.T) {
	t.Parallel()
	codecs := map[string]func() (column.Codec, []any){
		"a time":     func() (column.Codec, []any) { return column.Instant(new(time.Time)), []any{nil, int64(1)} },
		"a duration": func() (column.Codec, []any) { return column.Span(new(time.Duration)), []any{int64(1)} },
		"a row":      func() (column.Codec, []any) { return column.Ref(new(int64)), []any{nil, int64(1)} },
		"a word":     func() (column.Codec, []any) { return column.Word(new(string)), []any{nil, "x", []byte("x")} },
		"a kind": func() (column.Codec, []any) {
			return column.Kind(new(token.Kind)), []any{"p", []byte("p"), "x", []byte("x")}
		},
		"bytes":     func() (column.Codec, []any) { return column.Blob(new([]byte)), []any{nil, []byte("x"), []byte("p")} },
		"a locator": func() (column.Codec, []any) { return column.Locator(new(token.Locator)), []any{"0123456789AB"} },
		"a digest": func() (column.Codec, []any) {
			return column.Digest(new(token.Digest)), []any{make([]byte, len(token.Digest{}))}
		},
		"an address": func() (column.Codec, []any) { return column.Address(new(netip.Addr)), []any{nil, make([]byte, 16)} },
		"a document": func() (column.Codec, []any) { return column.Document(new([]string)), []any{nil, `["x"]`} },
	}
	for what, codec := range codecs {
		_, takes := codec()
		for _, v := range takes {
			if c, _ := codec(); c.Scan(v) != nil {
				t.Errorf("%s refuses %v", what, v)
			}
		}
		for _, v := range []any{true, 1.5, time.Time{}} {
			c, _ := codec()
			if _, is := errors.AsType[*column.MismatchError](c.Scan(v)); !is {
				t.Errorf("%s takes a %T", what, v)
			}
		}
	}
	for c, v := range map[column.Codec]any{
		column.Kind(new(token.Kind)): "pp", column.Digest(new(token.Digest)): []byte{1}, column.Address(new(netip.Addr)): []byte{1, 2, 3, 4}, column.Document(new([]string)): `{"a":1}`,
		column.Locator(new(token.Locator)): "short", column.Span(new(time.Duration)): nil,
	} {
		if c.Scan(v) == nil {
			t.Errorf("%T takes %v", c, v)
		}
	}
}

// TestBytesAreTheFieldsOwn: a driver writes over what it handed over with the next row.
func TestBytesAreTheFieldsOwn(t *testing.T) {
	t.Parallel()
	lent := []byte("first")
	var b []byte
	var d token.Digest
	if err := column.Blob(&b).Scan(lent); err != nil {
		t.Fatal(err)
	}
	full := make([]byte, len(d))
	if err := column.Digest(&d).Scan(full); err != nil {
		t.Fatal(err)
	}
	copy(lent, "other")
	full[0] = 9
	if string(b) != "first" || d[0] != 0 {
		t.Errorf("%s, %v", b, d[0])
	}
}

// TestWhatNoEngineStoresIsNotHandedOver: broken UTF-8 and NUL, in whatever form a text is.
func TestWhatNoEngineStoresIsNotHandedOver(t *testing.T) {
	t.Parallel()
	good, bad, id, raw := "ü", "a\x00b", int64(1), json.RawMessage(`"`+"\xff"+`"`)
	for _, args := range [][]any{nil, {good, &good, column.Word(&good), 7, nil, []byte{0, 0xff}, column.Ref(&id)}} {
		if !column.Storable(args) {
			t.Errorf("%v is refused", args)
		}
	}
	for _, arg := range []any{bad, &bad, column.Word(&bad), column.Verbatim(&raw), "\xff"} {
		if column.Storable([]any{good, arg, good}) {
			t.Errorf("%T is handed over", arg)
		}
	}
}

// Whatever a field holds comes back as it was, to the microsecond and in UTC.
func TestLawAFieldComesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(-1<<50, 1<<50).Draw(t, "time")).UTC()
		word, id := rapid.String().Draw(t, "word"), rapid.Int64().Draw(t, "row")
		addr := netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "address"))).Unmap()
		var at2 time.Time
		var word2 string
		var id2 int64
		var addr2 netip.Addr
		for from, to := range map[column.Codec]column.Codec{
			column.Instant(&at): column.Instant(&at2), column.Word(&word): column.Word(&word2), column.Ref(&id): column.Ref(&id2), column.Address(&addr): column.Address(&addr2),
		} {
			v, err := from.Value()
			if err != nil || to.Scan(v) != nil {
				t.Fatalf("%T: %v, %v", from, v, err)
			}
		}
		if !at2.Equal(at) || at2.Location() != time.UTC || word2 != word || id2 != id || addr2 != addr {
			t.Fatalf("%v %q %d %v came back as %v %q %d %v", at, word, id, addr, at2, word2, id2, addr2)
		}
	})
}

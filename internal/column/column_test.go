package column_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/token"
)

// TestWhatIsWrittenIsRead: a field comes back as it was, and what is zero is NULL.
func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	at, id, name := time.Date(2026, 2, 3, 4, 5, 6, 7000, time.UTC), int64(7), "x"
	bytes, list, raw := []byte{1}, []string{}, json.RawMessage(`{"b":1, "a":2}`)
	addr := netip.MustParseAddr("192.0.2.1")
	var at2, none time.Time
	var id2, noID int64
	var name2, noName string
	var bytes2 []byte
	var list2, noList []string
	var raw2 json.RawMessage
	var addr2 netip.Addr
	for _, c := range []struct {
		from, to column.Codec
		null     bool
	}{
		{column.Instant(&at), column.Instant(&at2), false},
		{column.Instant(&none), column.Instant(&none), true},
		{column.Ref(&id), column.Ref(&id2), false},
		{column.Ref(&noID), column.Ref(&noID), true},
		{column.Word(&name), column.Word(&name2), false},
		{column.Word(&noName), column.Word(&noName), true},
		{column.Blob(&bytes), column.Blob(&bytes2), false},
		{column.Document(&list), column.Document(&list2), false},
		{column.Document(&noList), column.Document(&noList), true},
		{column.Verbatim(&raw), column.Verbatim(&raw2), false},
		{column.Address(&addr), column.Address(&addr2), false},
	} {
		v, err := c.from.Value()
		if err != nil || (v == nil) != c.null {
			t.Errorf("%T: %v, %v", c.from, v, err)
		}
		if err := c.to.Scan(v); err != nil {
			t.Errorf("%T: %v", c.to, err)
		}
	}
	if !at2.Equal(at) || id2 != id || name2 != name || addr2 != addr || list2 == nil || noList != nil {
		t.Error("a field came back as another one")
	}
	if diff := cmp.Diff([]any{bytes, string(raw)}, []any{bytes2, string(raw2)}); diff != "" {
		t.Error(diff)
	}
}

// TestWhatDoesNotFitIsNotSaid: a wrong column is an error that does not repeat it.
func TestWhatDoesNotFitIsNotSaid(t *testing.T) {
	t.Parallel()
	var at time.Time
	var l token.Locator
	var k token.Kind
	var d token.Digest
	var list []string
	var addr netip.Addr
	for _, c := range []column.Codec{
		column.Instant(&at), column.Locator(&l), column.Kind(&k), column.Digest(&d), column.Document(&list), column.Address(&addr),
	} {
		if err := c.Scan("sesame"); err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%T: %v", c, err)
		}
	}
}

// TestText: what the store looks through for what cannot be stored are texts alone.
func TestText(t *testing.T) {
	t.Parallel()
	word, raw, id := "a\x00", json.RawMessage("{}"), int64(1)
	for c, want := range map[column.Codec]string{column.Word(&word): "a\x00", column.Verbatim(&raw): "{}"} {
		if got, ok := column.Text(c); !ok || got != want {
			t.Errorf("%T: %q", c, got)
		}
	}
	if _, ok := column.Text(column.Ref(&id)); ok {
		t.Error("a number is a text")
	}
}

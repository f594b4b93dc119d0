package audit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// other is a value of the same type that is not v.
func other(t *testing.T, v reflect.Value) reflect.Value {
	t.Helper()
	switch x := v.Interface().(type) {
	case string:
		return reflect.ValueOf(x + "x")
	case int64:
		return reflect.ValueOf(x + 1)
	case token.KeyID:
		return reflect.ValueOf(x + 1)
	case time.Time:
		return reflect.ValueOf(x.Add(time.Microsecond))
	case []byte:
		return reflect.ValueOf(append(slices.Clone(x), 'x'))
	case json.RawMessage:
		return reflect.ValueOf(append(slices.Clone(x), ' '))
	}
	t.Fatalf("no other value of a %s", v.Type())
	return v
}

// unsalted makes a row what it was before rows had a salt, and links the chain anew.
func (b *books) unsalted(id ledger.ID) {
	b.t.Helper()
	var head ledger.AuditRow
	for i, row := range b.rows[id] {
		row.Salt, row.PayloadDigest = nil, audit.Digest(nil, row.Payload)
		var err error
		if row, err = audit.Link(b.keys, head.Tip(), row); err != nil {
			b.t.Fatal(err)
		}
		b.rows[id][i], head = row, row
	}
}

// TestNoColumnOfARowIsWithoutAGuard: whichever column of whichever row is changed, in a row
// as it was written, in one of before there was a salt, in one that was erased. A column that
// is added to the audit fails here until something says that it was changed.
func TestNoColumnOfARowIsWithoutAGuard(t *testing.T) {
	t.Parallel()
	columns := reflect.TypeFor[ledger.AuditRow]()
	for kind, prepare := range map[string]func(b *books){
		"written":             func(*books) {},
		"without a salt":      func(b *books) { b.unsalted(7) },
		"erased":              func(b *books) { eraseAll(b) },
		"erased, of no salts": func(b *books) { b.unsalted(7); eraseAll(b) },
	} {
		b := newBooks(t, 202)
		prepare(b)
		whole := b.rows[7]
		for column := range columns.NumField() {
			for _, i := range []int{0, 199, 200, 201} { // rows are read by two hundred
				b.rows[7] = slices.Clone(whole)
				field := reflect.ValueOf(&b.rows[7][i]).Elem().Field(column)
				field.Set(other(t, field))
				_, err := audit.Check(b, b.keys)
				// Which chain a row is of is asked of the store, and said by what a live row tells.
				if name := columns.Field(column).Name; name == "Workspace" && !strings.HasPrefix(kind, "erased") {
					continue
				}
				if !errors.Is(err, audit.ErrBroken) && !errors.Is(err, audit.ErrUnsure) {
					t.Errorf("%s: %s of row %d was changed: %v", kind, columns.Field(column).Name, i+1, err)
				}
			}
		}
	}
}

func eraseAll(b *books) {
	for i := range b.rows[7] {
		if b.rows[7][i].Salt == nil {
			b.rows[7][i].PayloadDigest = audit.NoDigest()
		}
		b.erase(7, i)
	}
}

// TestARowHasOnePlace: taken out, put elsewhere, written twice, or from another chain, at
// each place but the end.
func TestARowHasOnePlace(t *testing.T) {
	t.Parallel()
	const rows = 6
	for what, change := range map[string]func(b *books, i int){
		"taken out":            func(b *books, i int) { b.rows[7] = slices.Delete(b.rows[7], i, i+1) },
		"written twice":        func(b *books, i int) { b.rows[7] = slices.Insert(b.rows[7], i, b.rows[7][i]) },
		"changed for the next": func(b *books, i int) { r := b.rows[7]; r[i], r[i+1] = r[i+1], r[i] },
		"and numbered anew": func(b *books, i int) {
			r := b.rows[7]
			r[i], r[i+1] = r[i+1], r[i]
			r[i].Sequence, r[i+1].Sequence = r[i+1].Sequence, r[i].Sequence
		},
		"taken out, and those behind it numbered anew": func(b *books, i int) {
			b.rows[7] = slices.Delete(b.rows[7], i, i+1)
			for j := range b.rows[7] {
				b.rows[7][j].Sequence = int64(j + 1)
			}
		},
		"of the instance's chain": func(b *books, i int) {
			for len(b.rows[0]) <= i {
				b.write(0, "workspace.created")
			}
			b.rows[7][i] = b.rows[0][i]
		},
		"made up without a key": func(b *books, i int) { b.rows[7][i].Hash = audit.Digest(nil, b.rows[7][i].Payload) },
	} {
		for i := range rows - 1 {
			b := newBooks(t, rows)
			change(b, i)
			if got := b.broken(); !strings.HasPrefix(got, "acme: ") {
				t.Errorf("row %d %s: %q", i+1, what, got)
			}
		}
	}
}

// TestAnEndCutAnywhereIsMissed by whoever noted the head of then, and by nobody else.
func TestAnEndCutAnywhereIsMissed(t *testing.T) {
	t.Parallel()
	const rows = 6
	heads := make([]string, rows+1)
	for n := 1; n <= rows; n++ {
		heads[n] = newBooks(t, n).head("acme")
	}
	for left := 1; left <= rows; left++ {
		for noted := 1; noted <= rows; noted++ {
			b := newBooks(t, rows)
			b.rows[7] = b.rows[7][:left]
			got := b.broken(heads[noted])
			if seen := got != ""; seen != (noted > left) {
				t.Errorf("%d rows are left, row %d was noted: %q", left, noted, got)
			}
		}
	}
}

// TestAnotherKeyringBelievesNothing: neither the links, nor an anchor, nor a seal of another.
func TestAnotherKeyringBelievesNothing(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		change func(b *books)
		says   string
	}{
		"links":   {func(*books) {}, "row 1: its hash does not follow from the row before"},
		"an end":  {func(b *books) { b.rows[7] = b.rows[7][:0]; b.write(7, "token.created") }, "row 1: its hash does not follow"},
		"anchor":  {func(b *books) { b.purge(7, 2) }, "the anchor after row 2 is forged"},
		"erasure": {func(b *books) { b.erase(7, 0) }, "row 1: it was erased, and what is left of it was changed"},
	} {
		b := newBooks(t, 4)
		c.change(b)
		keys, err := token.GenerateKeyring(rand.NewChaCha8([32]byte{77}), time.Unix(1, 0)) // under the same number
		if err != nil {
			t.Fatal(err)
		}
		chain, err := audit.Tail(b, keys, 7, 100)
		if err != nil || !strings.HasPrefix(chain.Broken, c.says) || chain.Unsure != "" {
			t.Errorf("%s: %+v, %v", what, chain, err)
		}
	}
}

// TestAnAnchorIsOfItsChain: what the instance purged explains nothing that acme lacks, and
// neither does an anchor that was right once.
func TestAnAnchorIsOfItsChain(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 9)
	b.purge(7, 3)
	old := b.anchors[7]
	b.purge(7, 3)
	if got := b.broken(); got != "" {
		t.Fatalf("purged twice: %s", got)
	}
	for what, change := range map[string]func(a *ledger.AuditAnchor){
		"of before":         func(a *ledger.AuditAnchor) { *a = old },
		"of another chain":  func(a *ledger.AuditAnchor) { a.Workspace = 0 },
		"of another time":   func(a *ledger.AuditAnchor) { a.At = a.At.Add(time.Microsecond) },
		"of another hash":   func(a *ledger.AuditAnchor) { a.Hash = old.Hash },
		"of another number": func(a *ledger.AuditAnchor) { a.Sequence-- },
		"without a seal":    func(a *ledger.AuditAnchor) { a.Seal = nil },
		"of half a seal":    func(a *ledger.AuditAnchor) { a.Seal = a.Seal[:16] },
	} {
		now := b.anchors[7]
		changed := now
		change(&changed)
		b.anchors[7] = changed
		if got := b.broken(); !strings.HasPrefix(got, "acme: ") {
			t.Errorf("an anchor %s: %q", what, got)
		}
		b.anchors[7] = now
	}
	delete(b.anchors, 7)
	if got := b.broken(); got != "acme: the rows up to 6 were removed, and no anchor says that they were purged" {
		t.Errorf("no anchor: %q", got)
	}
}

// TestEachBreakIsSaidOfItsChainAlone: the others are looked at to their ends, and said whole.
func TestEachBreakIsSaidOfItsChainAlone(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 3)
	b.rows[0][0].Actor = "eve@example.com"
	chains, err := audit.Check(b, b.keys)
	if fmt.Sprint(err) != "instance: row 1: its columns say other than its payload: the audit is not whole" {
		t.Error(err)
	}
	if len(chains) != 2 || chains[0].Name != "instance" || chains[0].Head != "" || chains[1].Broken != "" || chains[1].Rows != 3 || chains[1].Head != b.head("acme") {
		t.Errorf("%+v", chains)
	}
}

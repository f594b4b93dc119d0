package storetest

import (
	"errors"
	"net/netip"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenry/tokenry/internal/ledger"
)

// chapter is a part of the suite.
type chapter struct {
	name  string
	cases map[string]func(w *world)
}

// reading are the chapters about what is stored and found again.
func reading() []chapter {
	return []chapter{
		{"read", readCases()},
		{"values", valueCases()},
		{"workspaces", workspaceCases()},
		{"people", peopleCases()},
		{"pages", pageCases()},
		{"tokens", tokenCases()},
		{"rights", rightsCases()},
		{"audit", auditCases()},
		{"signing in", signInCases()},
		{"retention", retentionCases()},
		{"removals", removalCases()},
		{"figures", figureCases()},
		{"trust", trustCases()},
	}
}

// Run is the suite. Each of its subtests opens a store of its own.
func Run(t *testing.T, open func(t *testing.T) ledger.Store) {
	t.Helper()
	run(t, open, append(reading(), chapter{"batch", batchCases()}, chapter{"model", modelCases()}))
}

// RunReading is what the suite says of reading.
func RunReading(t *testing.T, open func(t *testing.T) ledger.Store) {
	t.Helper()
	run(t, open, reading())
}

func run(t *testing.T, open func(t *testing.T) ledger.Store, chapters []chapter) {
	t.Helper()
	for _, chapter := range chapters {
		t.Run(chapter.name, func(t *testing.T) {
			t.Parallel()
			for name, f := range chapter.cases {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					f(&world{T: t, Store: open(t)})
				})
			}
		})
	}
}

// world is one subtest and its store.
type world struct {
	*testing.T
	ledger.Store
}

// do commits mutations that must all succeed, as one batch.
func (w *world) do(mutations ...func(tx ledger.Tx) error) {
	w.Helper()
	errs, err := w.Batch(w.Context(), mutations)
	if err != nil {
		w.Fatalf("the batch failed: %v", err)
	}
	for i, err := range errs {
		if err != nil {
			w.Fatalf("mutation %d failed: %v", i, err)
		}
	}
}

// refuse runs one mutation that must fail with an error that is want.
func (w *world) refuse(want error, mutation func(tx ledger.Tx) error) {
	w.Helper()
	errs, err := w.Batch(w.Context(), []func(tx ledger.Tx) error{mutation})
	if err != nil {
		w.Fatalf("the batch failed: %v", err)
	}
	if !errors.Is(errs[0], want) {
		w.Fatalf("the mutation answered %v, want %v", errs[0], want)
	}
}

// read runs f on a snapshot.
func (w *world) read(f func(r ledger.Reader)) {
	w.Helper()
	err := w.Read(w.Context(), func(r ledger.Reader) error {
		f(r)
		return nil
	})
	if err != nil {
		w.Fatalf("the read failed: %v", err)
	}
}

// revision is the store's, now.
func (w *world) revision() (n int64) {
	w.Helper()
	w.read(func(r ledger.Reader) { n = r.Revision() })
	return n
}

// newID takes a row number in a batch of its own.
func (w *world) newID() (id ledger.ID) {
	w.Helper()
	w.do(func(tx ledger.Tx) error {
		id = tx.NewID()
		return nil
	})
	return id
}

// same compares records; nil and empty lists differ.
func same(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("want - got +:\n%s", diff)
	}
}

// found wants what a look-up answered to be want.
func found[T any](t *testing.T, want T) func(got T, err error) {
	t.Helper()
	return func(got T, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("not found: %v", err)
			return
		}
		same(t, want, got)
	}
}

// missing wants a look-up to have found nothing.
func missing[T any](t *testing.T) func(got T, err error) {
	t.Helper()
	return func(_ T, err error) {
		t.Helper()
		if !errors.Is(err, ledger.ErrNoRow) {
			t.Errorf("want no row, got %v", err)
		}
	}
}

// full fails when a field of a record is zero: a fixture that is to prove that
// every field is stored must set every field.
func full[T any](t *testing.T, record T) T {
	t.Helper()
	v := reflect.ValueOf(record)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Fatalf("the fixture does not set %T.%s", record, v.Type().Field(i).Name)
		}
	}
	return record
}

package recall

import (
	"errors"
	"reflect"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// kind is what an answer is about; a write forgets answers by it.
type kind int

const (
	instances kind = iota
	workspaces
	users
	members
	accounts
	tokens
	secrets
	stamps
	resources
	removals
	tips
	endpoints
	kinds
)

// most is how many answers are kept; more are forgotten together.
const most = 4096

// Memo is what was read. It belongs to whoever holds the lock of the head row. The zero
// value knows nothing.
type Memo struct {
	at   ledger.Point
	rows [kinds]map[any]any
	// locators finds the answer about a token by its row.
	locators map[ledger.ID]token.Locator
	// fresh are the answers of the mutation that runs.
	fresh []place
	// wrote is what was written since the last batch ended.
	wrote Wrote
}

type place struct {
	of  kind
	key any
}

// answer is a row, or that there is none.
type answer[T any] struct {
	value T
	err   error
}

// Ended says where in the history the batch ended whose rows these are.
func (m *Memo) Ended(at ledger.Point) { m.at, m.wrote = at, Wrote{} }

// At is where in the history everything in it holds.
func (m *Memo) At() ledger.Point { return m.at }

// Keep says that the mutation stands.
func (m *Memo) Keep() {
	m.fresh = m.fresh[:0]
	m.bound()
}

// bound forgets everything where it became too much.
func (m *Memo) bound() {
	n := len(m.locators)
	for _, rows := range m.rows {
		n += len(rows)
	}
	if n > most {
		m.forgetAll()
	}
}

// Undo says that the mutation is undone.
func (m *Memo) Undo() {
	for _, p := range m.fresh {
		delete(m.rows[p.of], p.key)
	}
	m.fresh = m.fresh[:0]
	m.bound()
}

func (m *Memo) put(of kind, key, value any) {
	if m.rows[of] == nil {
		m.rows[of] = map[any]any{}
	}
	m.rows[of][key] = value
	m.fresh = append(m.fresh, place{of, key})
}

func (m *Memo) forget(of ...kind) {
	for _, k := range of {
		clear(m.rows[k])
	}
}

func (m *Memo) forgetAll() {
	for k := range m.rows {
		clear(m.rows[k])
	}
	clear(m.locators)
}

// forgetToken forgets a token by its row.
func (m *Memo) forgetToken(id ledger.ID) {
	if l, ok := m.locators[id]; ok {
		delete(m.rows[tokens], l)
		delete(m.locators, id)
	}
}

// ask answers from memory, or reads.
func ask[T any](m *Memo, of kind, key any, read func() (T, error)) (T, error) {
	if known, ok := m.rows[of][key].(answer[T]); ok {
		return copied(known.value), known.err
	}
	v, err := read()
	if err == nil || errors.Is(err, ledger.ErrNoRow) {
		m.put(of, key, answer[T]{copied(v), err})
	}
	return v, err
}

// copied is a value that shares nothing with another that could be changed. What a type
// keeps to itself, as a time does, is taken as it is.
func copied[T any](v T) T {
	own(reflect.ValueOf(&v).Elem())
	return v
}

func own(v reflect.Value) {
	switch v.Kind() {
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(fresh, v)
		v.Set(fresh)
		if plain(v.Type().Elem()) {
			return
		}
		for i := range v.Len() {
			own(v.Index(i))
		}
	case reflect.Map:
		if v.IsNil() {
			return
		}
		fresh := reflect.MakeMapWithSize(v.Type(), v.Len())
		for entries := v.MapRange(); entries.Next(); {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(entries.Value())
			own(value)
			fresh.SetMapIndex(entries.Key(), value)
		}
		v.Set(fresh)
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		fresh := reflect.New(v.Type().Elem())
		fresh.Elem().Set(v.Elem())
		own(fresh.Elem())
		v.Set(fresh)
	case reflect.Struct:
		for _, f := range v.Fields() {
			if f.CanSet() {
				own(f)
			}
		}
	default: // a value, or a scalar of a document
	}
}

// plain says that values of a type share nothing.
func plain(t reflect.Type) bool {
	return t.Kind() <= reflect.Complex128 || t.Kind() == reflect.String
}

// asStored is a time as it is read again.
func asStored(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

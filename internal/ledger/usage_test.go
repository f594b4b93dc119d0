package ledger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// TestABatchIsAsLargeAsAllThatIsInIt: also what somebody adds to it, since a batch that is
// taken for empty is never sent.
func TestABatchIsAsLargeAsAllThatIsInIt(t *testing.T) {
	t.Parallel()
	if empty := (&ledger.UsageBatch{ID: "node/1", At: at(1)}); empty.Rows() != 0 {
		t.Errorf("nothing has %d rows", empty.Rows())
	}
	var full ledger.UsageBatch
	v := reflect.ValueOf(&full).Elem()
	want := 0
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice {
			f.Set(reflect.MakeSlice(f.Type(), i, i))
			want += i
		}
	}
	if got := full.Rows(); got != want || want == 0 {
		t.Errorf("%d rows of %d", got, want)
	}
}

// TestAUsedUpLimitIsFreeAgainInItsWindow: as many steps as it has requests.
func TestAUsedUpLimitIsFreeAgainInItsWindow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		m    ledger.Meter
		want time.Duration
	}{
		{ledger.Meter{Requests: 60, Step: time.Second}, time.Minute}, {ledger.Meter{Requests: 1, Step: time.Hour}, time.Hour},
		{ledger.Meter{Requests: 3, Step: time.Microsecond}, 3 * time.Microsecond}, {ledger.Meter{}, 0},
	} {
		if got := c.m.Window(); got != c.want {
			t.Errorf("%+v: %s", c.m, got)
		}
	}
}

// TestAFencedDatabaseSaysWhereTheDataIs, and what to run; it is unavailable to whoever only
// asks whether to try again. A state of a newer build is none of ours to explain away.
func TestAFencedDatabaseSaysWhereTheDataIs(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("", 3600)
	told := map[string]ledger.FenceState{}
	for state, parts := range map[ledger.FenceState][]string{
		ledger.FenceLeft:      {"moved to pg.example.com", "start servers there", "same keyring"},
		ledger.FenceLeaving:   {"is being moved to pg.example.com", "tokenry move again", "--abandon"},
		ledger.FenceArriving:  {"pg.example.com is being moved into this", "tokenry move again"},
		ledger.FenceGivenUp:   {"given up", "drop the database"},
		ledger.FenceRestoring: {"tokenry restore on it once more"},
		"folded":              {"newer tokenry", "folded"},
	} {
		var err error = &ledger.FenceError{Fence: ledger.Fence{Run: "run-1", State: state, With: "pg.example.com", At: time.Date(2026, 3, 14, 10, 0, 0, 0, east)}}
		text := err.Error()
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("%s says %q, and not %q", state, text, part)
			}
		}
		if state != "folded" && !strings.Contains(text, "2026-03-14 09:00:00 UTC") {
			t.Errorf("%s says not since when: %q", state, text)
		}
		if other, twice := told[text]; twice {
			t.Errorf("%s says what %s does", state, other)
		}
		told[text] = state
		if wrapped := fmt.Errorf("open: %w", err); !errors.Is(wrapped, ledger.ErrStoreUnavailable) || errors.Is(wrapped, ledger.ErrOutcomeUnknown) {
			t.Errorf("%s is %v", state, wrapped)
		}
	}
}

// TestWhatIsUnderAMissingKeyIsToldApart, however it was wrapped, from what is wrong.
func TestWhatIsUnderAMissingKeyIsToldApart(t *testing.T) {
	t.Parallel()
	lacks := error(&ledger.KeyError{ID: 7})
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"it is": {lacks, true}, "wrapped": {fmt.Errorf("read: %w", lacks), true}, "beside another": {errors.Join(ledger.ErrNoRow, lacks), true},
		"no row": {ledger.ErrNoRow, false}, "nothing": {nil, false}, "words alone": {errors.New(lacks.Error()), false},
	} {
		if ledger.LacksKey(c.err) != c.want {
			t.Errorf("%s: %v", name, !c.want)
		}
	}
	if text := lacks.Error(); !strings.Contains(text, "key 7") {
		t.Errorf("the operator reads %q", text)
	}
}

// TestANumberOfAProductIsKeptAsItWasWritten: an id beyond 2^53 is no other one after it was
// stored, and what is no object is no metadata.
func TestANumberOfAProductIsKeptAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"id":9007199254740993}`, `{"id":-9223372036854775809}`, `{"rate":0.10}`, `{"big":1e400}`, `{"a":"x","b":true,"c":null}`, `{}`, `null`,
	} {
		var m ledger.Metadata
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if again, err := json.Marshal(m); err != nil || string(again) != text {
			t.Errorf("%s became %s, %v", text, again, err)
		}
	}
	for _, text := range []string{`[]`, `"x"`, `7`, `{"a":`, ``} {
		var m ledger.Metadata
		if err := json.Unmarshal([]byte(text), &m); err == nil {
			t.Errorf("%s is metadata: %v", text, m)
		}
	}
}

// TestWhatEveryTouchAddsIsNamedAgain: of each kind of row, also one that somebody adds to
// it, so that no memory goes on with what was changed; and it is never less than it was.
func TestWhatEveryTouchAddsIsNamedAgain(t *testing.T) {
	t.Parallel()
	fields := reflect.TypeFor[ledger.Touched]()
	one := func(i int) ledger.Touched {
		v := reflect.New(fields).Elem()
		switch f := v.Field(i); f.Kind() {
		case reflect.Map:
			f.Set(reflect.ValueOf(map[ledger.ID][]token.Locator{5: {{1}}}))
		case reflect.Slice:
			f.Set(reflect.ValueOf([]ledger.ID{5}))
		case reflect.Bool:
			f.SetBool(true)
		default:
			t.Fatalf("%s is of a kind that nothing here knows", fields.Field(i).Name)
		}
		touched, _ := reflect.TypeAssert[ledger.Touched](v)
		return touched
	}
	for i := range fields.NumField() {
		name, of := fields.Field(i).Name, one(i)
		if of.IsZero() {
			t.Errorf("%s alone is nothing", name)
		}
		var sum ledger.Touched
		sum.Add(of)
		if d := cmp.Diff(of, sum); d != "" {
			t.Errorf("%s, added to nothing:\n%s", name, d)
		}
		sum.Add(ledger.Touched{})
		if d := cmp.Diff(of, sum); d != "" {
			t.Errorf("nothing, added to %s:\n%s", name, d)
		}
		if b := sum.Bounded(); b.IsZero() || cmp.Diff(of, b) != "" {
			t.Errorf("%s, bounded, is %+v", name, b)
		}
		sum.Add(of)
		if b := sum.Bounded(); name != "Tokens" && cmp.Diff(of, b) != "" {
			t.Errorf("%s, named twice, is %+v", name, b)
		}
	}
}

// TestBoundingLeavesWhatItWasGiven: it is told to observers too.
func TestBoundingLeavesWhatItWasGiven(t *testing.T) {
	t.Parallel()
	room := append(make([]ledger.ID, 0, 8), 9, 3, 9)
	many := named(1, ledger.MostTouched)
	many.Add(named(2, 1))
	many.Members, many.Whole = room, append(make([]ledger.ID, 0, 8), 7)
	spare := many.Whole[:2]
	b := many.Bounded()
	if d := cmp.Diff([]ledger.ID{9, 3, 9}, many.Members); d != "" || len(many.Tokens[1]) != ledger.MostTouched {
		t.Errorf("what was given became %d tokens and %v", len(many.Tokens[1]), many.Members)
	}
	if len(many.Whole) != 1 || spare[1] != 0 {
		t.Errorf("it wrote behind what was given: %v", spare)
	}
	if d := cmp.Diff(ledger.Touched{Whole: []ledger.ID{1, 2, 7}, Members: []ledger.ID{3, 9}}, b); d != "" {
		t.Error(d)
	}
}

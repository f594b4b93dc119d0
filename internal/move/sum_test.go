package move_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/move"
)

// TestWhatDiffersComesToAnotherSum: of two rows that a reader of an engine or a driver
// could take for one, none has the other's sum.
func TestWhatDiffersComesToAnotherSum(t *testing.T) {
	t.Parallel()
	seen := map[move.Sum]int{}
	for i, rows := range [][][]any{
		{}, {{}}, {{}, {}}, {{nil}}, {{""}}, {{[]byte{}}}, {{int64(0)}}, {{false}}, {{true}}, {{int64(1)}}, {{"1"}}, {{[]byte("1")}}, {{"0"}},
		{{nil, nil}}, {{nil}, {nil}}, {{"a", "b"}}, {{"ab", ""}}, {{"", "ab"}}, {{"a"}, {"b"}}, {{"b", "a"}}, {{"a", nil, "b"}}, {{"a", "b", nil}}, {{"A", "b"}},
		{{int64(-1)}}, {{int64(9007199254740992)}}, {{int64(9007199254740993)}}, {{"ü"}}, {{"u\u0308"}}, {{"a\x00"}}, {{"a"}},
	} {
		sum := move.SumOf(rows...)
		if before, twice := seen[sum]; twice || sum.Rows != int64(len(rows)) {
			t.Errorf("%v has the sum of number %d: %s", rows, before, sum)
		}
		if seen[sum] = i; len(sum.String()) != 64 {
			t.Errorf("%v: %s", rows, sum)
		}
	}
}

// anything is a value as tables have it.
func anything() *rapid.Generator[any] {
	return rapid.OneOf(rapid.Just[any](nil), rapid.Int64().AsAny(), rapid.String().AsAny(), rapid.SliceOf(rapid.Byte()).AsAny(), rapid.Bool().AsAny())
}

// The order in which an engine gives rows says nothing; each row, and how often it is
// there, does.
func TestLawASumIsOfRowsInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(anything(), 2, 2), 1, 6).Draw(t, "rows")
		sum := move.SumOf(rows...)
		if other := move.SumOf(rapid.Permutation(rows).Draw(t, "order")...); other != sum {
			t.Fatalf("%s in one order, %s in another", sum, other)
		}
		if move.SumOf(rows[1:]...) == sum || move.SumOf(append(rows[1:len(rows):len(rows)], rows[0], rows[0])...) == sum {
			t.Fatal("a row that is lost or twice there comes to the same")
		}
	})
}

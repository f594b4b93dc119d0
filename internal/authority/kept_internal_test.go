package authority

import (
	"strconv"
	"testing"
)

// TestWhatIsKeptIsBounded: by its weight and by its number, and what was asked for
// last stays.
func TestWhatIsKeptIsBounded(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a bound that is reached by size alone")
	}
	for _, weight := range []int{0, 1 << 20, keptEntry} {
		var k kept
		key := func(i int) Digest {
			var c Content
			c.Say(strconv.Itoa(i))
			return c.Digest()
		}
		const many = keptWeight / 100
		for i := range many {
			k.put(key(i), i, weight)
			if k.get(key(0)); k.weight > keptWeight || len(k.at) > keptWeight/200 || len(k.at) != k.order.Len() {
				t.Fatalf("%d things weigh %d", len(k.at), k.weight)
			}
			if i > 1000 && weight > 0 {
				break
			}
		}
		if kept := k.get(key(0)) != nil; kept != (weight < keptEntry) {
			t.Errorf("of weight %d, the first is kept: %v", weight, kept)
		}
	}
}

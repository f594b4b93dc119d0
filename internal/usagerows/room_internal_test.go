package usagerows

import (
	"testing"
	"time"

	"github.com/tokenry/tokenry/token"
)

// TestWhatHasMuchRoomIsNotCounted: a place is counted once, and again only when what was added since may have filled
// half of it; where others add rows too, each time.
func TestWhatHasMuchRoomIsNotCounted(t *testing.T) {
	t.Parallel()
	const bound = 10
	day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	one := token.Locator{1}
	counts := func(m *most, day time.Time) bool {
		r := newRoom(bound, m)
		r.expect(one, day)
		return len(r.where()) > 0
	}
	m := &most{}
	if !counts(m, day) {
		t.Error("a place that nobody knows is not counted")
	}
	m.counted(place{one, day.UnixMicro()}, 3)
	for range 2 {
		if counts(m, day) {
			t.Error("a place with much room is counted")
		}
	}
	if !counts(m, day) || !counts(m, day) {
		t.Error("a place that may be half full is not counted")
	}
	if !counts(m, day.AddDate(0, 0, 1)) {
		t.Error("another day's place is not counted")
	}
	if alone := (*most)(nil); !counts(alone, day) || !counts(alone, day) {
		t.Error("a place where others add rows is not counted")
	}
	for i := range mostPlaces {
		m.counted(place{token.Locator{2}, int64(i)}, 1)
	}
	if len(m.rows) > mostPlaces {
		t.Errorf("%d places are known, at most %d are meant", len(m.rows), mostPlaces)
	}
}

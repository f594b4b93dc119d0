package usagerows

import (
	"slices"
	"sync"
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/token"
)

// picked is the beginning of a statement about a list of tokens. The list is one
// text of all their locators, which are of one length: no engine's arrays, no
// statement for each length of a list, and no statement for each token.
const picked = `
	WITH RECURSIVE picked (n, token) AS (
		SELECT 1, substr(CAST($1 AS TEXT), 1, ` + token.LocatorDigits + `)
		UNION ALL
		SELECT n + ` + token.LocatorDigits + `, substr(CAST($1 AS TEXT), n + ` + token.LocatorDigits + `, ` + token.LocatorDigits + `)
		FROM picked WHERE n + ` + token.LocatorDigits + ` < length(CAST($1 AS TEXT)))`

// pickAtOnce bounds that text, in which each locator is found by counting.
const pickAtOnce = 256

func joined(tokens []token.Locator) string {
	b := make([]byte, 0, len(tokens)*token.LocatorLength)
	for i := range tokens {
		b = append(b, tokens[i][:]...)
	}
	return string(b)
}

// place is what a bound on rows is for: a token, or a token and a day.
type place struct {
	token token.Locator
	day   int64 // µs; 0 where days do not count
}

// room says where there is room for new rows.
type room struct {
	bound int64
	// have is how many rows are stored, expected how many are to come.
	have, expected map[place]int64
	most           *most
}

func newRoom(bound int64, m *most) *room {
	return &room{bound: bound, have: map[place]int64{}, expected: map[place]int64{}, most: m}
}

// most is how many rows there are at the most in places where there is much room, so that
// they need not be counted for each batch. It is right where nobody else adds rows;
// what is deleted, or was not committed, makes it too many. A nil one knows nothing.
type most struct {
	mu   sync.Mutex // guards rows
	rows map[place]int64
}

// mostPlaces is how many are known; more are forgotten together.
const mostPlaces = 1 << 16

// leaves says whether what is expected at a place leaves half of its bound for sure, and
// counts it as added then.
func (m *most) leaves(p place, expected, bound int64) bool {
	if m == nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n, known := m.rows[p]
	if !known || n+expected > bound/2 {
		return false
	}
	m.rows[p] = n + expected
	return true
}

// counted notes how many rows a place has with those that are added now.
func (m *most) counted(p place, n int64) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.rows) >= mostPlaces || m.rows == nil {
		m.rows = map[place]int64{}
	}
	m.rows[p] = n
}

// expect announces a row.
func (r *room) expect(t token.Locator, day time.Time) {
	p := place{token: t}
	if !day.IsZero() {
		p.day = day.UnixMicro()
	}
	r.expected[p]++
}

// count reads how many rows there are at each place where one is expected.
func (r *room) count(s Tx, query string) error {
	for day, tokens := range r.where() {
		slices.SortFunc(tokens, byToken)
		for chunk := range slices.Chunk(tokens, pickAtOnce) {
			type row struct {
				place
				n int64
			}
			rows, err := list(s, func(v *row) []any { return []any{column.Locator(&v.token), &v.day, &v.n} }, query, joined(chunk), day)
			if err != nil {
				return err
			}
			for _, v := range rows {
				r.have[v.place] = v.n
				r.most.counted(v.place, v.n+r.expected[v.place])
			}
		}
	}
	return nil
}

// where lists the tokens that rows are expected of, for each day, but those that have
// much room.
func (r *room) where() map[int64][]token.Locator {
	days := map[int64][]token.Locator{}
	for p, n := range r.expected {
		if !r.most.leaves(p, n, r.bound) {
			days[p.day] = append(days[p.day], p.token)
		}
	}
	return days
}

// put adds to a row. Where all that is expected finds room, it is one statement;
// near the bound, a row that is there is told from a new one. It answers false
// when there is no room for a new one.
func (r *room) put(s Tx, p place, set, insert string, args ...any) (bool, error) {
	if r.have[p]+r.expected[p] <= r.bound {
		return true, s.Queue(insert, args...)
	}
	n, err := s.Affected(set, args...)
	switch {
	case err != nil || n > 0:
		return true, err
	case r.have[p] >= r.bound:
		return false, nil
	}
	r.have[p]++
	return true, s.Queue(insert, args...)
}

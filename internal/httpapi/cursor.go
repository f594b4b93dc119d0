package httpapi

import (
	"encoding/binary"
	"io"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

// cursors seal the place at which a listing goes on. A cursor is bound to its
// listing: the route, the workspace and the filters are authenticated with it.
// It is sealed and not only signed because row numbers are never shown.
type cursors struct{ *seals }

func newCursors(keys *token.Keyring, rand io.Reader) (*cursors, error) {
	s, err := newSeals(keys, rand, "cursor")
	return &cursors{s}, err
}

// placeBytes is how long a place is.
const placeBytes = 8

// next is the cursor of the page that begins after a place; nil for none.
func (cs *cursors) next(c *call, after int64) *string {
	if after == 0 {
		return nil
	}
	s := cs.seal(binary.BigEndian.AppendUint64(nil, uint64(after)), c.listing())
	return &s
}

// open returns the place in a cursor that this listing was given.
func (cs *cursors) open(c *call, cursor string) (int64, error) {
	place, lacks, ok := cs.unseal(cursor, c.listing())
	if lacks != 0 { // another node's, perhaps
		if err := c.s.authority.LackingNamed(c.ctx, lacks); err != nil {
			return 0, err
		}
	}
	if !ok || len(place) != placeBytes {
		return 0, invalidCursor()
	}
	return int64(binary.BigEndian.Uint64(place)), nil
}

func invalidCursor() *api.Error {
	e := api.Errorf(api.CodeInvalidCursor, "cursor: it was not given by this listing")
	e.Field = "cursor"
	return e
}

// listing names a listing: its route, whose it is, and its filters.
func (c *call) listing() []byte {
	var filters []string
	for _, p := range c.params {
		if p.name != "limit" && p.name != "cursor" {
			filters = append(filters, p.name+"="+p.value)
		}
	}
	slices.Sort(filters)
	return []byte(strings.Join(append([]string{c.route.Pattern(), c.path("ws")}, filters...), "\x00"))
}

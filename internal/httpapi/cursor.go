package httpapi

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

// cursors seal the place at which a listing goes on. A cursor is bound to its
// listing: the route, the workspace and the filters are authenticated with it.
// It is sealed and not only signed because row numbers are never shown.
type cursors struct {
	rand    io.Reader
	keys    *token.Keyring
	sealers map[token.KeyID]cipher.AEAD
}

const cursorPurpose = "cursor"

var errNoCursorKey = errors.New("the keyring has no key to seal cursors with")

func newCursors(keys *token.Keyring, rand io.Reader) (*cursors, error) {
	cs := &cursors{rand: rand, keys: keys, sealers: map[token.KeyID]cipher.AEAD{}}
	for _, id := range keys.IDs() {
		key, ok := keys.Derive(cursorPurpose, id)
		if !ok {
			return nil, errNoCursorKey
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		if cs.sealers[id], err = cipher.NewGCM(block); err != nil {
			return nil, err
		}
	}
	if cs.sealers[keys.Current()] == nil {
		return nil, errNoCursorKey
	}
	return cs, nil
}

// The layout of a cursor: the key's id, the nonce, the sealed place.
const (
	keyIDBytes = 4
	nonceBytes = 12
	placeBytes = 8
)

// next is the cursor of the page that begins after a place; nil for none.
func (cs *cursors) next(c *call, after int64) *string {
	if after == 0 {
		return nil
	}
	b := make([]byte, keyIDBytes+nonceBytes, keyIDBytes+nonceBytes+placeBytes+16)
	current := cs.keys.Current()
	binary.BigEndian.PutUint32(b, uint32(current))
	if _, err := io.ReadFull(cs.rand, b[keyIDBytes:]); err != nil {
		panic("httpapi: no randomness for a cursor") // a nonce is never used twice
	}
	var place [placeBytes]byte
	binary.BigEndian.PutUint64(place[:], uint64(after))
	b = cs.sealers[current].Seal(b, b[keyIDBytes:keyIDBytes+nonceBytes], place[:], c.listing())
	s := base64.RawURLEncoding.EncodeToString(b)
	return &s
}

// open returns the place in a cursor that this listing was given.
func (cs *cursors) open(c *call, cursor string) (int64, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) < keyIDBytes+nonceBytes {
		return 0, invalidCursor()
	}
	id := token.KeyID(binary.BigEndian.Uint32(b))
	sealer := cs.sealers[id]
	if sealer == nil { // another node's, perhaps
		if err := c.s.authority.LackingNamed(c.ctx, id); err != nil {
			return 0, err
		}
		return 0, invalidCursor()
	}
	b = b[keyIDBytes:]
	place, err := sealer.Open(nil, b[:nonceBytes], b[nonceBytes:], c.listing())
	if err != nil || len(place) != placeBytes {
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

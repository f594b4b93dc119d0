package verify

import (
	"encoding/binary"
	"math"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/token"
)

// inlineLabel is the longest label, in bytes, that a slot holds itself.
const inlineLabel = 32

// record is what a slot holds of one token: everything that most tokens need,
// without a pointer, so that the garbage collector never looks at it.
type record struct {
	locator              token.Locator
	digest               token.Digest // of the current secret; zero with flagHistory
	key                  token.KeyID
	number               uint32
	notBefore, expiresAt int64 // µs, always or never
	// created is in whole seconds since 1970, which lasts until 2106.
	created uint32
	// cell and extra are numbers of shared records; extra 0 is none.
	cell, extra uint32
	flags       uint8
	labelLen    uint8
	label       [inlineLabel]byte
}

const (
	flagRevoked uint8 = 1 << iota
	flagDisabled
	// flagHistory says that the extra record lists the secrets.
	flagHistory
	flagPending
)

// known is a record with what it refers to.
type known struct {
	record
	shared *cell
	more   *extra
}

func (k *known) life() life {
	l := life{
		notBefore: k.notBefore, expiresAt: k.expiresAt, revokeAt: never,
		revoked: k.flags&flagRevoked != 0, disabled: k.flags&flagDisabled != 0, pending: k.flags&flagPending != 0,
	}
	if k.more != nil {
		l.revokeAt = k.more.revokeAt
	}
	return l
}

// recordOf fills in everything but the numbers.
func recordOf(t *Token) record {
	l := lifeOf(t)
	r := record{locator: t.Locator, notBefore: l.notBefore, expiresAt: l.expiresAt, created: secondsOf(t.CreatedAt)}
	if l.revoked {
		r.flags |= flagRevoked
	}
	if l.disabled {
		r.flags |= flagDisabled
	}
	if l.pending {
		r.flags |= flagPending
	}
	if simple(t.Secrets) {
		s := &t.Secrets[0]
		r.digest, r.key, r.number = s.Digest, s.Key, secretNumber(s.Number)
	} else {
		r.flags |= flagHistory
	}
	if len(t.Label) <= inlineLabel {
		r.labelLen = uint8(copy(r.label[:], t.Label))
	}
	return r
}

// simple reports whether there is one secret, the current one, and nothing else
// to be said of it.
func simple(s []Secret) bool {
	return len(s) == 1 && s[0].RetiresAt.IsZero() && !s[0].Ended && !s[0].Tracked && s[0].Origin == nil
}

func secondsOf(t time.Time) uint32 { return uint32(min(max(t.Unix(), 0), math.MaxUint32)) }

func secretNumber(n int) uint32 { return uint32(min(max(n, 0), math.MaxUint32)) }

// extra is what only some tokens need.
type extra struct {
	secrets  []Secret // all of them, with flagHistory
	revokeAt int64    // µs, or never
	label    string   // when it is too long for the slot
	metadata []byte
}

func extraOf(t *Token) *extra {
	long := len(t.Label) > inlineLabel
	if simple(t.Secrets) && t.RevokeAt.IsZero() && t.Metadata == nil && !long {
		return nil
	}
	x := &extra{revokeAt: microsOr(t.RevokeAt, never), metadata: t.Metadata}
	if !simple(t.Secrets) {
		x.secrets = t.Secrets
	}
	if long {
		x.label = t.Label
	}
	return x
}

// The words of a slot. All are atomic, because a reader may look while a writer
// writes; what it sees then it throws away.
const (
	wordLocator = 0 // 12 bytes, then flags, label length and two bytes unused
	wordDigest  = 2
	wordExpires = 6
	wordBefore  = 7
	wordNumbers = 8 // cell, extra
	wordSecret  = 9 // key, number
	wordLabel   = 10
	slotWords   = wordLabel + inlineLabel/8
)

// slot is two cache lines. It is a sequence lock with one writer at a time, the
// holder of the engine's lock:
//
//   - seq is odd while the writer is at work, and grows with each piece of work.
//   - A reader takes seq, the words, and seq again. When both are the same even
//     number, no word changed in between: a change makes seq odd before its first
//     word, and atomic operations have one order that all agree on.
//
// A slot is emptied before the numbers in it are given back (see memory.drop).
// So a reader that follows a number and then still finds the seq that it began
// with followed it while the slot held it, and reached the right record.
type slot struct {
	seq atomic.Uint64
	// used is the second chance of the clock; set by readers, when it is not.
	used atomic.Uint32
	// created is one of the words; it fills the half that used leaves free.
	created atomic.Uint32
	words   [slotWords]atomic.Uint64
}

// write is called with the engine's lock held.
func (s *slot) write(r *record) {
	s.seq.Add(1)
	var b [slotWords * 8]byte
	r.encode(&b)
	s.created.Store(r.created)
	for i := range s.words {
		s.words[i].Store(binary.LittleEndian.Uint64(b[i*8:]))
	}
	s.seq.Add(1)
}

// read fills r and returns the seq to compare afterwards; false when a writer is
// at work or the slot is another token's.
func (s *slot) read(l token.Locator, r *record) (seq uint64, ok bool) {
	seq = s.seq.Load()
	var b [slotWords * 8]byte
	for i := range s.words {
		binary.LittleEndian.PutUint64(b[i*8:], s.words[i].Load())
	}
	r.decode(&b)
	r.created = s.created.Load()
	return seq, seq%2 == 0 && r.locator == l
}

func (r *record) encode(b *[slotWords * 8]byte) {
	le := binary.LittleEndian
	copy(b[wordLocator*8:], r.locator[:])
	b[12], b[13] = r.flags, r.labelLen
	copy(b[wordDigest*8:], r.digest[:])
	le.PutUint64(b[wordExpires*8:], uint64(r.expiresAt))
	le.PutUint64(b[wordBefore*8:], uint64(r.notBefore))
	le.PutUint32(b[wordNumbers*8:], r.cell)
	le.PutUint32(b[wordNumbers*8+4:], r.extra)
	le.PutUint32(b[wordSecret*8:], uint32(r.key))
	le.PutUint32(b[wordSecret*8+4:], r.number)
	copy(b[wordLabel*8:], r.label[:])
}

func (r *record) decode(b *[slotWords * 8]byte) {
	le := binary.LittleEndian
	r.locator = token.Locator(b[wordLocator*8:][:token.LocatorLength])
	r.flags, r.labelLen = b[12], b[13]
	r.digest = token.Digest(b[wordDigest*8:][:len(r.digest)])
	r.expiresAt = int64(le.Uint64(b[wordExpires*8:]))
	r.notBefore = int64(le.Uint64(b[wordBefore*8:]))
	r.cell = le.Uint32(b[wordNumbers*8:])
	r.extra = le.Uint32(b[wordNumbers*8+4:])
	r.key = token.KeyID(le.Uint32(b[wordSecret*8:]))
	r.number = le.Uint32(b[wordSecret*8+4:])
	r.label = [inlineLabel]byte(b[wordLabel*8:])
}

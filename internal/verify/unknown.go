package verify

import (
	"hash/maphash"

	"github.com/tokenry/tokenry/token"
)

const ways = 4

// unknowns remembers locators that no token has: whole ones, so that it never
// denies a token that exists. It is a table of one size in sets of four, where a
// flood of garbage can only push out garbage. Guarded by the engine's lock.
type unknowns struct {
	seed maphash.Seed
	sets [][ways]token.Locator
	turn int // whose place in a full set is taken next
	live int
}

func newUnknowns(capacity int) unknowns {
	sets := 1
	for sets*2*ways <= capacity {
		sets *= 2
	}
	return unknowns{seed: maphash.MakeSeed(), sets: make([][ways]token.Locator, sets)}
}

func (u *unknowns) set(l token.Locator) *[ways]token.Locator {
	return &u.sets[maphash.Bytes(u.seed, l[:])%uint64(len(u.sets))]
}

func (u *unknowns) has(l token.Locator) bool {
	for _, known := range u.set(l) {
		if known == l {
			return true
		}
	}
	return false
}

// add remembers a locator that is not there.
func (u *unknowns) add(l token.Locator) {
	set := u.set(l)
	for i := range set {
		if set[i].IsZero() {
			set[i] = l
			u.live++
			return
		}
	}
	u.turn = (u.turn + 1) % ways
	set[u.turn] = l
}

func (u *unknowns) drop(l token.Locator) {
	set := u.set(l)
	for i := range set {
		if set[i] == l {
			set[i] = token.Locator{}
			u.live--
		}
	}
}

func (u *unknowns) clear() {
	clear(u.sets)
	u.live = 0
}

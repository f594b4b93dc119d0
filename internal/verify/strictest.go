package verify

import (
	"math/bits"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
)

// LimitSource says whose a limit is.
type LimitSource int

// Whose a limit can be.
const (
	LimitOfNobody LimitSource = iota // there is none
	LimitOfToken
	LimitOfRole
	LimitOfPolicy
)

// Limited is the limit that holds for a token, and whose it is.
type Limited struct {
	// Limit is nil when there is none.
	Limit  *api.RateLimit
	Source LimitSource
	// Role is its name, with LimitOfRole.
	Role string
}

// LimitOf is the one answer to which limit holds for a token: its own, else the
// strictest of the roles that its statements name, else the policy's. The
// statements of a token that inherits are its owner's.
func LimitOf(own *api.RateLimit, sts []grant.Statement, w *Workspace) Limited {
	if own != nil {
		return Limited{Limit: own, Source: LimitOfToken}
	}
	var out Limited
	for _, s := range sts {
		l, ok := w.RoleLimits[s.Role]
		if ok && s.Role != "" && (out.Limit == nil || stricter(l, *out.Limit)) {
			out = Limited{Limit: &l, Source: LimitOfRole, Role: s.Role}
		}
	}
	if out.Limit == nil && w.Policy.RateLimit != nil {
		out = Limited{Limit: w.Policy.RateLimit, Source: LimitOfPolicy}
	}
	return out
}

// stricter orders limits: the stricter lets fewer requests through over time, and
// of two that let as many through, fewer at once. 100 in an hour are stricter
// than 10 in a second, although they may come all together.
func stricter(a, b api.RateLimit) bool {
	if c := compareRates(a, b); c != 0 {
		return c < 0
	}
	return a.Requests < b.Requests
}

// Looser says whether a limit lets anything through that another would not: more
// over time, or more at once. nil is no limit. It is what nobody gives away above
// their own; of two limits either can be looser than the other.
func Looser(a, b *api.RateLimit) bool {
	switch {
	case b == nil:
		return false
	case a == nil:
		return true
	}
	return a.Requests > b.Requests || compareRates(*a, *b) > 0
}

// compareRates compares requests over time, exactly.
func compareRates(a, b api.RateLimit) int {
	ah, al := bits.Mul64(uint64(max(a.Requests, 0)), uint64(max(b.Window, 0)))
	bh, bl := bits.Mul64(uint64(max(b.Requests, 0)), uint64(max(a.Window, 0)))
	switch {
	case ah == bh && al == bl:
		return 0
	case ah < bh, ah == bh && al < bl:
		return -1
	}
	return 1
}

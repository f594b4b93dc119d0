package authority

import (
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/verify"
)

// back is what a change brings back to a token, or adds: life, reach, speed or
// power that it did not have a moment before. What a change takes away is what
// undoing it would bring back.
type back uint16

const (
	enabled   back = 1 << iota // it was disabled
	unending                   // its scheduled end is gone, or later
	wider                      // it may be used from more addresses
	faster                     // its limit lets more through
	sooner                     // it begins earlier
	longer                     // it expires later
	readable                   // its secrets will be kept, so that they can be shown again
	mightier                   // its statements say more
	everyBack = 1<<iota - 1
)

// bringsBack says what a change of a token brings back. Rights are asked for
// elsewhere, see widened: what they say takes the book of their workspace.
func bringsBack(was, now Token, limited func(Token) *api.RateLimit, at time.Time) back {
	var b back
	for _, x := range []struct {
		what back
		is   bool
	}{
		{enabled, !was.DisabledAt.IsZero() && now.DisabledAt.IsZero()},
		{unending, outlives(now.RevokeAt, was.RevokeAt)},
		{wider, !within(now.AllowedIPs, was.AllowedIPs)},
		{faster, looser(limited(now), limited(was))},
		{sooner, was.NotBefore.After(at) && now.NotBefore.Before(was.NotBefore)},
		{longer, outlives(now.ExpiresAt, was.ExpiresAt)},
		{readable, now.Recoverable && !was.Recoverable},
	} {
		if x.is {
			b |= x.what
		}
	}
	return b
}

// words say what is brought back.
func (b back) words() string {
	var out []string
	for i, w := range []string{"enables it", "takes its scheduled end away", "lets it be used from more addresses", "raises its limit",
		"lets it begin earlier", "lets it live longer", "lets its secret be shown again", "widens its rights"} {
		if b&(1<<i) != 0 {
			out = append(out, w)
		}
	}
	return strings.Join(out, " and ")
}

// coverBack refuses to bring something back to a token unless the caller covers
// all that the token may do then. An API token brings nothing back that reaches
// further, or is faster, than itself.
func (ch *change) coverBack(now time.Time) error {
	b := bringsBack(ch.was, ch.t, func(t Token) *api.RateLimit { return limitOf(ch.sp, t, ch.owner) }, now)
	if b == 0 {
		return nil
	}
	f := tokenFacts(ch.t, nil)
	if err := ch.ac.cover(verify.Effective(&f, &ch.owner, &ch.sp.facts)); err != nil {
		return because("this "+b.words(), err)
	}
	if b&enabled != 0 || b&longer != 0 && ch.before.Status == api.StatusExpired {
		return withinReach(ch.ac, ch.sp, ch.owner, ch.t, Token{}) // it was dead: nothing it had counts
	}
	return nil
}

// because puts what somebody wanted before why they may not.
func because(what string, err error) error {
	e := *api.AsError(err)
	e.Message = what + "; " + e.Message
	return &e
}

// coverOwner refuses to bring an owner's tokens back unless the caller covers all
// that the owner may do.
func coverOwner(ac *actor, sp *space, o verify.Owner) error {
	if err := ac.cover(verify.OwnerGrant(&o, &sp.facts)); err != nil {
		return because("this brings all of its tokens back", err)
	}
	return nil
}

package authority

import (
	"net/netip"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/verify"
)

// tighter refuses a token that an API token would leave with a longer life,
// more addresses or a looser limit than that token's own, unless the token was
// so before.
func tighter(ac *actor, sp *space, o verify.Owner, t, before Token) error {
	if err := looserLimit(ac, sp, o, t, before); err != nil {
		return err
	}
	if ac.with == nil {
		return nil
	}
	if outlives(t.ExpiresAt, ac.with.ExpiresAt) && (before.ID == 0 || outlives(t.ExpiresAt, before.ExpiresAt)) {
		return exceeds("expires_at", "a token cannot outlive the token that makes or edits it")
	}
	return withinReach(ac, sp, o, t, before)
}

// withinReach is tighter for addresses and limits alone.
func withinReach(ac *actor, sp *space, o verify.Owner, t, before Token) error {
	if ac.with == nil {
		return nil
	}
	if !within(t.AllowedIPs, ac.with.AllowedIPs) && (before.ID == 0 || !within(t.AllowedIPs, before.AllowedIPs)) {
		return exceeds("allowed_ips", "a token cannot have more addresses than the token that makes or edits it")
	}
	limit := limitOf(sp, t, o)
	if looser(limit, ac.limit) && (before.ID == 0 || looser(limit, limitOf(sp, before, o))) {
		return exceeds("rate_limit", "a token cannot have a looser limit than the token that makes or edits it")
	}
	return nil
}

func exceeds(field, problem string) error {
	e := api.Errorf(api.CodeGrantExceedsOwn, "%s: %s", field, problem)
	e.Field = field
	return e
}

// outlives says whether an expiry is later than another; zero is never.
func outlives(a, b time.Time) bool {
	return !b.IsZero() && (a.IsZero() || a.After(b))
}

// within says whether each prefix lies in one of bound; nil is any address.
func within(ps, bound []netip.Prefix) bool {
	if bound == nil {
		return true
	}
	if ps == nil {
		return false
	}
	return !slices.ContainsFunc(ps, func(p netip.Prefix) bool {
		return !slices.ContainsFunc(bound, func(b netip.Prefix) bool {
			return b.Bits() <= p.Bits() && b.Contains(p.Addr())
		})
	})
}

// looser says whether a limit lets more through than another, per time or at
// once; nil is no limit.
func looser(a, b *api.RateLimit) bool {
	if b == nil {
		return false
	}
	if a == nil {
		return true
	}
	return a.Requests > b.Requests ||
		float64(a.Requests)*float64(b.Window) > float64(b.Requests)*float64(a.Window)
}

// limitOf is the limit that holds for a token: its own or its roles', else the
// policy's.
func limitOf(sp *space, t Token, o verify.Owner) *api.RateLimit {
	if l := ownLimitOf(sp, t, o); l != nil {
		return l
	}
	return sp.policy().RateLimit
}

// ownLimitOf is a token's own limit, else the strictest of its roles'; nil for
// none.
func ownLimitOf(sp *space, t Token, o verify.Owner) *api.RateLimit {
	if t.RateLimit != nil {
		return t.RateLimit
	}
	l, _ := roleLimitOf(sp, t, o)
	return l
}

// roleLimitOf is the strictest limit of a token's roles, and whose it is; nil for
// none. A token that inherits has its owner's roles.
func roleLimitOf(sp *space, t Token, o verify.Owner) (l *api.RateLimit, role string) {
	sts := t.Grants
	if sts == nil {
		sts = o.Statements
	}
	for _, s := range sts {
		if of, ok := sp.facts.RoleLimits[s.Role]; ok && s.Role != "" && (l == nil || looser(l, &of)) {
			l, role = &of, s.Role
		}
	}
	return l, role
}

// looserLimit refuses a limit above that of the token's roles or the policy to
// whoever may not write the policy, unless a looser one held before.
func looserLimit(ac *actor, sp *space, o verify.Owner, t, before Token) error {
	if t.RateLimit == nil || before.ID != 0 && !looser(t.RateLimit, limitOf(sp, before, o)) {
		return nil
	}
	above := t
	above.RateLimit = nil
	if looser(t.RateLimit, limitOf(sp, above, o)) {
		return ac.need("policy:write")
	}
	return nil
}

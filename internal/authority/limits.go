package authority

import (
	"net/netip"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
)

// tighter refuses a token that an API token would leave with a longer life,
// more addresses or a looser limit than that token's own, unless the token was
// so before.
func tighter(ac *actor, sp *space, t, before Token) error {
	if err := looserLimit(ac, sp, t, before); err != nil {
		return err
	}
	if ac.with == nil {
		return nil
	}
	if outlives(t.ExpiresAt, ac.with.ExpiresAt) && (before.ID == 0 || outlives(t.ExpiresAt, before.ExpiresAt)) {
		return exceeds("expires_at", "a token cannot outlive the token that makes or edits it")
	}
	if !within(t.AllowedIPs, ac.with.AllowedIPs) && (before.ID == 0 || !within(t.AllowedIPs, before.AllowedIPs)) {
		return exceeds("allowed_ips", "a token cannot have more addresses than the token that makes or edits it")
	}
	if looser(t.RateLimit, ac.with.RateLimit) && (before.ID == 0 || looser(t.RateLimit, before.RateLimit)) {
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

// looserLimit refuses a limit above that of the token's role or the policy to
// whoever may not write the policy.
func looserLimit(ac *actor, sp *space, t, before Token) error {
	if t.RateLimit == nil || before.ID != 0 && !looser(t.RateLimit, before.RateLimit) {
		return nil
	}
	above := sp.policy().RateLimit
	if len(t.Grants) == 1 {
		if l, ok := sp.facts.RoleLimits[t.Grants[0].Role]; ok {
			above = &l
		}
	}
	if looser(t.RateLimit, above) {
		return ac.need("policy:write")
	}
	return nil
}

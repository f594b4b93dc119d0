package authority

import (
	"net/netip"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

// Tighter refuses a token that an API token would leave with a longer life,
// more addresses or a looser limit than that token's own, unless the token was
// so before.
func Tighter(ac *Actor, sp *Space, o verify.Owner, t, before ledger.Token) error {
	if err := looserLimit(ac, sp, o, t, before); err != nil {
		return err
	}
	if ac.With == nil {
		return nil
	}
	if Outlives(t.ExpiresAt, ac.With.ExpiresAt) && (before.ID == 0 || Outlives(t.ExpiresAt, before.ExpiresAt)) {
		return Exceeds("expires_at", "a token cannot outlive the token that makes or edits it")
	}
	return withinReach(ac, sp, o, t, before)
}

// withinReach is tighter for addresses and limits alone.
func withinReach(ac *Actor, sp *Space, o verify.Owner, t, before ledger.Token) error {
	if ac.With == nil {
		return nil
	}
	if !within(t.AllowedIPs, ac.With.AllowedIPs) && (before.ID == 0 || !within(t.AllowedIPs, before.AllowedIPs)) {
		return Exceeds("allowed_ips", "a token cannot have more addresses than the token that makes or edits it")
	}
	limit := LimitOf(sp, t, o)
	if Looser(limit, ac.Limit) && (before.ID == 0 || Looser(limit, LimitOf(sp, before, o))) {
		return Exceeds("rate_limit", "a token cannot have a looser limit than the token that makes or edits it")
	}
	return nil
}

// Exceeds refuses a field that would hand on more than the caller has.
func Exceeds(field, problem string) error {
	e := api.Errorf(api.CodeGrantExceedsOwn, "%s: %s", field, problem)
	e.Field = field
	return e
}

// Outlives says whether an expiry is later than another; zero is never.
func Outlives(a, b time.Time) bool {
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

// Looser is [verify.Looser].
func Looser(a, b *api.RateLimit) bool { return verify.Looser(a, b) }

// LimitOf is the limit that holds for a token.
func LimitOf(sp *Space, t ledger.Token, o verify.Owner) *api.RateLimit {
	return Limited(sp, t, o).Limit
}

// Limited is the limit that holds for a token, and whose it is. A token that
// inherits has its owner's roles.
func Limited(sp *Space, t ledger.Token, o verify.Owner) verify.Limited {
	sts := t.Grants
	if sts == nil {
		sts = o.Statements
	}
	return verify.LimitOf((*api.RateLimit)(t.RateLimit), sts, &sp.Facts)
}

// OwnerLimit is the limit of an owner's tokens that inherit its statements.
func (sp *Space) OwnerLimit(sts []grant.Statement) *api.RateLimit {
	return verify.LimitOf(nil, sts, &sp.Facts).Limit
}

// ownLimitOf is a token's own limit, else its roles'; nil for none. The policy's
// is no ceiling: it holds for whatever the token makes by itself.
func ownLimitOf(sp *Space, t ledger.Token, o verify.Owner) *api.RateLimit {
	if l := Limited(sp, t, o); l.Source != verify.LimitOfPolicy {
		return l.Limit
	}
	return nil
}

// looserLimit refuses a limit above that of the token's roles or the policy to
// whoever may not write the policy, unless a looser one held before.
func looserLimit(ac *Actor, sp *Space, o verify.Owner, t, before ledger.Token) error {
	own := (*api.RateLimit)(t.RateLimit)
	if own == nil || before.ID != 0 && !Looser(own, LimitOf(sp, before, o)) {
		return nil
	}
	above := t
	above.RateLimit = nil
	if Looser(own, LimitOf(sp, above, o)) {
		return ac.Need("policy:write")
	}
	return nil
}

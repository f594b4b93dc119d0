package authority

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

// tighter refuses a token that an API token would leave with a longer life,
// more addresses or a looser limit than that token's own, unless the token was
// so before.
func tighter(ac *actor, sp *space, o verify.Owner, t, before ledger.Token) error {
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
func withinReach(ac *actor, sp *space, o verify.Owner, t, before ledger.Token) error {
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

// looser is [verify.Looser].
func looser(a, b *api.RateLimit) bool { return verify.Looser(a, b) }

// RateLimit returns the limit that holds for a token, or nil: its own, its roles'
// or the policy's. It needs what reading the token needs.
func (a *Authority) RateLimit(ctx context.Context, c Caller, ref, id string) (l *api.RateLimit, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		ac, sp, err := a.enter(r, c, ref)
		if err != nil {
			return err
		}
		t, err := a.readable(r, ac, sp, id)
		if err != nil {
			return err
		}
		o, err := readOwner(r.Reader, ownerKey(t))
		l = limitOf(sp, t, o)
		return err
	})
	return l, err
}

// limitOf is the limit that holds for a token.
func limitOf(sp *space, t ledger.Token, o verify.Owner) *api.RateLimit {
	return limited(sp, t, o).Limit
}

// limited is the limit that holds for a token, and whose it is. A token that
// inherits has its owner's roles.
func limited(sp *space, t ledger.Token, o verify.Owner) verify.Limited {
	sts := t.Grants
	if sts == nil {
		sts = o.Statements
	}
	return verify.LimitOf(t.RateLimit, sts, &sp.facts)
}

// ownerLimit is the limit of an owner's tokens that inherit its statements.
func (sp *space) ownerLimit(sts []grant.Statement) *api.RateLimit {
	return verify.LimitOf(nil, sts, &sp.facts).Limit
}

// ownLimitOf is a token's own limit, else its roles'; nil for none. The policy's
// is no ceiling: it holds for whatever the token makes by itself.
func ownLimitOf(sp *space, t ledger.Token, o verify.Owner) *api.RateLimit {
	if l := limited(sp, t, o); l.Source != verify.LimitOfPolicy {
		return l.Limit
	}
	return nil
}

// looserLimit refuses a limit above that of the token's roles or the policy to
// whoever may not write the policy, unless a looser one held before.
func looserLimit(ac *actor, sp *space, o verify.Owner, t, before ledger.Token) error {
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

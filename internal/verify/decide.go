package verify

import (
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
)

// Lifecycle answers the codes from revoked to owner_inactive in their order, or
// CodeOK. An owner or a workspace that is nil counts as inactive or suspended;
// what a removed owner has counts as revoked.
// Times are compared in whole microseconds, as they are stored.
func Lifecycle(t *Token, o *Owner, w *Workspace, now time.Time) api.Code {
	l := lifeOf(t)
	l.revoked = l.revoked || o != nil && o.Removed
	return l.code(o != nil && o.Active, w == nil || w.Suspended, now.UnixMicro())
}

// life is what decides whether a token lives, its times in µs UTC.
type life struct {
	notBefore, expiresAt int64
	// revokeAt is the scheduled end, whether the token is disabled or not.
	revokeAt          int64
	revoked, disabled bool
	pending           bool
}

// The times of bounds that are not set.
const (
	always int64 = math.MinInt64
	never  int64 = math.MaxInt64
)

// lifeOf puts bounds where there are none, so that deciding compares and asks nothing.
func lifeOf(t *Token) life {
	return life{
		notBefore: microsOr(t.NotBefore, always),
		expiresAt: microsOr(t.ExpiresAt, never),
		revokeAt:  microsOr(t.RevokeAt, never),
		revoked:   t.Revoked, disabled: t.Disabled, pending: t.Pending,
	}
}

func microsOr(t time.Time, unset int64) int64 {
	if t.IsZero() {
		return unset
	}
	return t.UnixMicro()
}

// code is the first reason that holds, in the order that [Lifecycle] promises. Every
// bound is half open: at its end a token is over, at its beginning it works.
func (l *life) code(active, suspended bool, now int64) api.Code {
	switch {
	case l.revoked, now >= l.revokeAt:
		return api.CodeRevoked
	case suspended:
		return api.CodeWorkspaceSuspended
	case l.disabled:
		return api.CodeDisabled
	case l.pending:
		return api.CodeApprovalPending
	case now < l.notBefore:
		return api.CodeNotYetValid
	case now >= l.expiresAt:
		return api.CodeExpired
	case !active:
		return api.CodeOwnerInactive
	}
	return api.CodeOK
}

// OwnerGrant is what an owner may do in its workspace now. A workspace owns
// everything in itself. The instance scopes are in the grant of whoever may list
// them on a token; they take effect only there, see [Effective].
func OwnerGrant(o *Owner, w *Workspace) grant.Grant {
	if o == nil || w == nil {
		return grant.Grant{}
	}
	sts := o.Statements
	if o.Key.Type == OwnerWorkspace {
		sts = Inherited()
	}
	g := w.Book.Compile(sts)
	if o.Key.Type == OwnerWorkspace || o.Key.Type == OwnerMember && o.InstanceAdmin {
		g = grant.Union(g, w.Book.Compile([]grant.Statement{{Scopes: grant.InstanceScopes()}}))
	}
	return g
}

// Effective is what a token may do now: its own statements within its owner's
// rights. Without statements it inherits all of those but the instance scopes,
// which nothing inherits.
func Effective(t *Token, o *Owner, w *Workspace) grant.Grant {
	if w == nil {
		return grant.Grant{}
	}
	own := t.Statements
	if own == nil {
		own = Inherited()
	}
	return grant.Intersect(w.Book.Compile(own), OwnerGrant(o, w))
}

// Inherited is what a token without statements says: all of a workspace, and no
// instance scope.
func Inherited() []grant.Statement {
	return []grant.Statement{{Scopes: []string{"*"}, Resources: []string{"*"}}}
}

// Permits decides what a request needs: CodeInsufficientScope when a scope is
// held nowhere, else CodeResourceDenied when one is not held on the resource,
// else CodeOK. No resource means the entire portfolio, AnyResource any. Without
// scopes the grant must reach the resource; with neither there is nothing to ask.
// Where a resource is called like AnyResource (see [Workspace]), it is that one.
func Permits(g grant.Grant, scopes []string, resource string, namesAny bool) api.Code {
	switch g.Judge(scopes, resource, namesAny) {
	case grant.NotHeld:
		return api.CodeInsufficientScope
	case grant.NotThere:
		return api.CodeResourceDenied
	case grant.Granted:
		return api.CodeOK
	}
	return api.CodeInternal // there is no other
}

// Restricted reports whether a grant reaches some resources and not all. Scopes
// that need no resource do not restrict.
func Restricted(g grant.Grant) bool {
	on := g.Resources()
	return len(on) > 0 && !slices.Contains(on, "*")
}

// AddressAllowed reports whether a token with this allow-list is accepted from
// addr. A nil list allows every address; any other none that is not known. IPv4
// counts as such also when it is mapped into IPv6, on both sides, and a zone is
// left out of the comparison.
func AddressAllowed(allowed []netip.Prefix, addr netip.Addr) bool {
	if allowed == nil {
		return true
	}
	addr = addr.Unmap().WithZone("")
	for _, p := range allowed {
		if plain(p).Contains(addr) {
			return true
		}
	}
	return false
}

// plain returns a prefix of mapped IPv4 addresses as one of IPv4.
func plain(p netip.Prefix) netip.Prefix {
	const mapped = 96
	if p.Addr().Is4In6() && p.Bits() >= mapped {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped)
	}
	return p
}

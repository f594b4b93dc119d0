package insight

import (
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// What is explained of a derived token is its token, within its terms.

const deriveAnew = "Derive another one from the token; its terms cannot be changed."

// rightly says of what a string whose secret is right is, and keeps its terms.
func (x *explaining) rightly(text string) string {
	d, err := token.ParseDerived(text)
	if err != nil {
		return "The secret is right."
	}
	x.terms = &d.Terms
	return "It was derived from a secret of the token."
}

// end is when the token is over, or what was derived from it; the facts say so too.
func (x *explaining) end(f *verify.Token) time.Time {
	if x.terms != nil && !x.terms.ExpiresAt.IsZero() && (f.ExpiresAt.IsZero() || x.terms.ExpiresAt.Before(f.ExpiresAt)) {
		f.ExpiresAt = x.terms.ExpiresAt
	}
	return f.ExpiresAt
}

// derivedRemedy is what mends the end of a derived token's own, else what mends the token's.
func (x *explaining) derivedRemedy(f *verify.Token, code api.Code, remedy string) string {
	if x.terms != nil && code == api.CodeExpired && f.ExpiresAt.Equal(x.terms.ExpiresAt) {
		return deriveAnew
	}
	return remedy
}

// narrow takes from what the token may do what its terms do not leave. It answers true
// where it is they that lack what was asked for.
func (x *explaining) narrow(g *grant.Grant) bool {
	if x.terms == nil {
		return false
	}
	whole := *g
	*g = grant.Intersect(whole, x.Space.Compile(verify.Narrowing(x.terms)).Grant)
	code := verify.Permits(*g, x.scopes, x.resource, x.namesAny)
	if code == api.CodeOK || verify.Permits(whole, x.scopes, x.resource, x.namesAny) != api.CodeOK {
		return false
	}
	if code == api.CodeResourceDenied {
		x.pass(api.CodeInsufficientScope, asked(x.scopes))
	}
	x.fail(code, "The token may, and this was derived from it for less.", deriveAnew)
	return true
}

// was says of what a string was whose secret was right when it was presented.
func was(d *ledger.LoggedDecision) string {
	if d.Derived {
		return "It was derived from a secret of the token. What follows is the token's: what the derived one's own terms take away is not kept; explain the string itself."
	}
	return "The secret was right."
}

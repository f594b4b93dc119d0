package authority

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/internal/verify"
)

func each(n int, window time.Duration) *api.RateLimit {
	return &api.RateLimit{Requests: n, Window: api.Duration(window)}
}

// spaceWith is a space whose policy and whose roles have limits.
func spaceWith(policy *api.RateLimit, roles map[string]api.RateLimit) *Space {
	return &Space{catalogue: &catalogue{}, Facts: verify.Workspace{Policy: api.Policy{RateLimit: policy}, RoleLimits: roles}}
}

func limited(n int) ledger.Token {
	return ledger.Token{RateLimit: (*policy.KeptLimit)(each(n, time.Minute))}
}

func of(role string, t ledger.Token) ledger.Token {
	t.Grants = []grant.Statement{{Role: role, Resources: []string{"*"}}}
	return t
}

// was is a token as it was before an edit: it has a row.
func was(t ledger.Token) ledger.Token { t.ID = 7; return t }

// refusedField is the code and the field of a refusal; "" for none.
func refusedField(err error) string {
	if err == nil {
		return ""
	}
	e := api.AsError(err)
	return string(e.Code) + " " + e.Field
}

// TestNoTokenLeavesAnotherWithMoreThanItself: an API token makes and edits tokens that
// live no longer, are used from nowhere else and are no faster than itself. What was so
// before may stay, and a person hands on by their own power.
func TestNoTokenLeavesAnotherWithMoreThanItself(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)
	until := func(d int) ledger.Token { return ledger.Token{ExpiresAt: day.AddDate(0, 0, d)} }
	from := func(ps ...string) ledger.Token { return ledger.Token{AllowedIPs: prefixes(ps...)} }
	const longer, wider, faster = "grant_exceeds_own expires_at", "grant_exceeds_own allowed_ips", "grant_exceeds_own rate_limit"
	none := ledger.Token{}
	for name, c := range map[string]struct {
		with, now, before ledger.Token
		want              string
	}{
		"it lives as long":                  {until(9), until(9), none, ""},
		"a moment longer":                   {until(9), ledger.Token{ExpiresAt: day.AddDate(0, 0, 9).Add(1)}, none, longer},
		"for ever":                          {until(9), none, none, longer},
		"for ever, by one that does":        {none, none, none, ""},
		"longer, as before":                 {until(9), until(20), was(until(20)), ""},
		"longer, and shorter than before":   {until(9), until(15), was(until(20)), ""},
		"longer, and longer than before":    {until(9), until(21), was(until(20)), longer},
		"from the same network":             {from("10.0.0.0/8"), from("10.0.0.0/8"), none, ""},
		"from within it":                    {from("10.0.0.0/8"), from("10.9.0.0/16", "10.1.2.3/32"), none, ""},
		"from around it":                    {from("10.0.0.0/8"), from("0.0.0.0/0"), none, wider},
		"from a little around":              {from("10.0.0.0/8"), from("10.0.0.0/7"), none, wider},
		"from beside it":                    {from("10.0.0.0/8"), from("10.0.0.0/8", "192.0.2.1/32"), none, wider},
		"from anywhere":                     {from("10.0.0.0/8"), none, none, wider},
		"from nowhere":                      {from("10.0.0.0/8"), ledger.Token{AllowedIPs: []netip.Prefix{}}, none, ""},
		"from the other family":             {from("0.0.0.0/0"), from("::/0"), none, wider},
		"from anywhere, as before":          {from("10.0.0.0/8"), none, was(none), ""},
		"from more than it may, but less":   {from("10.0.0.0/8"), from("192.0.2.1/32"), was(from("192.0.2.0/24")), ""},
		"from more than it may, and more":   {from("10.0.0.0/8"), from("192.0.2.0/24"), was(from("192.0.2.1/32")), wider},
		"as fast":                           {limited(5), limited(5), none, ""},
		"faster":                            {limited(5), limited(6), none, faster},
		"without limit":                     {limited(5), none, none, faster},
		"faster, as before":                 {limited(5), limited(6), was(limited(6)), ""},
		"faster than before":                {limited(5), limited(7), was(limited(6)), faster},
		"by the role of the one that makes": {of("Slow", none), of("Slow", none), none, ""},
		"without that role":                 {of("Slow", none), limited(4), none, faster},
	} {
		sp := spaceWith(nil, map[string]api.RateLimit{"Slow": *each(3, time.Minute)})
		ac := &Actor{With: &c.with, Limit: ownLimitOf(sp, c.with, verify.Owner{}), Grant: fixed(grant.Statement{Scopes: []string{"policy:write"}, Resources: []string{"*"}})}
		if got := refusedField(Tighter(ac, sp, verify.Owner{}, c.now, c.before)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		ac.With = nil
		if err := Tighter(ac, sp, verify.Owner{}, c.now, c.before); err != nil {
			t.Errorf("%s, by a person: %v", name, err)
		}
	}
}

// TestALimitAboveThePolicysNeedsWhoeverWritesIt: a token's own limit takes the place of
// its roles' and the policy's, so a looser one is a change of policy.
func TestALimitAboveThePolicysNeedsWhoeverWritesIt(t *testing.T) {
	t.Parallel()
	const refused = "insufficient_scope "
	sp := spaceWith(each(10, time.Minute), map[string]api.RateLimit{"Slow": *each(3, time.Minute)})
	for name, c := range map[string]struct {
		now, before ledger.Token
		want        string
	}{
		"the policy's":                  {limited(10), ledger.Token{}, ""},
		"more than the policy's":        {limited(11), ledger.Token{}, refused},
		"more at once, fewer in all":    {ledger.Token{RateLimit: (*policy.KeptLimit)(each(100, time.Hour))}, ledger.Token{}, refused},
		"none of its own":               {ledger.Token{}, ledger.Token{}, ""},
		"the role's":                    {of("Slow", limited(3)), ledger.Token{}, ""},
		"more than the role's":          {of("Slow", limited(4)), ledger.Token{}, refused},
		"as before":                     {limited(11), was(limited(11)), ""},
		"less than before":              {limited(11), was(limited(12)), ""},
		"more than before":              {limited(12), was(limited(11)), refused},
		"what the policy gave, spelled": {limited(10), was(ledger.Token{}), ""},
		"a role that nobody has":        {of("Gone", limited(11)), ledger.Token{}, refused},
	} {
		if got := refusedField(looserLimit(&Actor{}, sp, verify.Owner{}, c.now, c.before)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		writer := &Actor{Grant: fixed(grant.Statement{Scopes: []string{"policy:write"}, Resources: []string{"*"}})}
		if err := looserLimit(writer, sp, verify.Owner{}, c.now, c.before); err != nil {
			t.Errorf("%s, by who writes the policy: %v", name, err)
		}
	}
}

// TestWhoseLimitHolds: a token's own, else its roles' strictest, else the policy's; one
// that inherits has its owner's roles, and the policy's is no ceiling of what it makes.
func TestWhoseLimitHolds(t *testing.T) {
	t.Parallel()
	slow, fast := *each(3, time.Minute), *each(50, time.Minute)
	sp := spaceWith(each(10, time.Minute), map[string]api.RateLimit{"Slow": slow, "Fast": fast})
	owner := verify.Owner{Statements: []grant.Statement{{Role: "Fast"}, {Role: "Slow"}}}
	for name, c := range map[string]struct {
		t       ledger.Token
		want    int
		ceiling bool
	}{
		"its own":               {of("Slow", limited(20)), 20, true},
		"its role's":            {of("Fast", ledger.Token{}), 50, true},
		"its owner's strictest": {ledger.Token{}, 3, true},
		"the policy's":          {of("Viewer", ledger.Token{}), 10, false},
		"nothing, so no role":   {ledger.Token{Grants: []grant.Statement{}}, 10, false},
	} {
		if got := LimitOf(sp, c.t, owner); got == nil || got.Requests != c.want {
			t.Errorf("%s: %v, want %d", name, got, c.want)
		}
		if got := ownLimitOf(sp, c.t, owner); (got != nil) != c.ceiling {
			t.Errorf("%s: what it makes may have %v", name, got)
		}
	}
	if got := sp.OwnerLimit(owner.Statements); got == nil || *got != slow {
		t.Errorf("the owner's tokens have %v", got)
	}
	if got := LimitOf(spaceWith(nil, nil), ledger.Token{}, owner); got != nil {
		t.Errorf("nobody named a limit, and it is %v", got)
	}
}

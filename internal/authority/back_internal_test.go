package authority

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
)

func prefixes(texts ...string) (out []netip.Prefix) {
	for _, s := range texts {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// TestWhatAChangeBringsBack is told apart, and what it takes away is none of it.
func TestWhatAChangeBringsBack(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	soon, late := at.Add(time.Hour), at.Add(2*time.Hour)
	limit := func(ledger.Token) *api.RateLimit { return nil }
	for name, c := range map[string]struct {
		was, now ledger.Token
		want     ledger.Back
	}{
		"nothing":                      {ledger.Token{}, ledger.Token{}, 0},
		"it is enabled":                {ledger.Token{DisabledAt: at}, ledger.Token{}, ledger.BackEnabled},
		"it is disabled":               {ledger.Token{}, ledger.Token{DisabledAt: at}, 0},
		"its set end goes":             {ledger.Token{RevokeAt: soon}, ledger.Token{}, ledger.BackUnending},
		"its set end comes later":      {ledger.Token{RevokeAt: soon}, ledger.Token{RevokeAt: late}, ledger.BackUnending},
		"its set end comes sooner":     {ledger.Token{RevokeAt: late}, ledger.Token{RevokeAt: soon}, 0},
		"any address":                  {ledger.Token{AllowedIPs: prefixes("10.0.0.0/8")}, ledger.Token{}, ledger.BackWider},
		"a part of its addresses":      {ledger.Token{AllowedIPs: prefixes("10.0.0.0/8")}, ledger.Token{AllowedIPs: prefixes("10.1.0.0/16")}, 0},
		"one address more":             {ledger.Token{AllowedIPs: prefixes("10.0.0.0/8")}, ledger.Token{AllowedIPs: prefixes("10.0.0.0/8", "192.0.2.1/32")}, ledger.BackWider},
		"it begins earlier":            {ledger.Token{NotBefore: late}, ledger.Token{NotBefore: soon}, ledger.BackSooner},
		"it began, and still says so":  {ledger.Token{NotBefore: at.Add(-time.Hour)}, ledger.Token{}, 0},
		"it never expires":             {ledger.Token{ExpiresAt: soon}, ledger.Token{}, ledger.BackLonger},
		"it expires sooner":            {ledger.Token{}, ledger.Token{ExpiresAt: soon}, 0},
		"its secrets are kept":         {ledger.Token{}, ledger.Token{Recoverable: true}, ledger.BackReadable},
		"they are not kept any longer": {ledger.Token{Recoverable: true}, ledger.Token{}, 0},
	} {
		if got := bringsBack(c.was, c.now, limit, at); got != c.want {
			t.Errorf("%s: %v", name, backFields(got))
		}
	}
	if got, want := backFields(ledger.BackEnabled|ledger.BackMightier), []string{"disabled_at", "grants"}; !slices.Equal(got, want) {
		t.Errorf("the fields are %v", got)
	}
}

// TestStopsHaveAnOrder: what the instance stopped the workspace does not bring back, and
// its own stop becomes the instance's when that stops it too, never the reverse.
func TestStopsHaveAnOrder(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	instance := &Actor{Instance: true, Principal: api.Principal{Address: "root"}}
	workspace := &Actor{own: OwnerGrant(), Principal: api.Principal{Address: "ada"}}
	const scope = "members:write"
	own := workspace.Stop(Stop{}, scope, at)
	held := instance.Stop(own, scope, at.Add(time.Hour))
	if own.Held || own.by != "ada" || !held.Held || held.by != "root" || !held.At.Equal(at) {
		t.Errorf("stopped by the workspace %+v, then by the instance %+v", own, held)
	}
	if again := workspace.Stop(held, scope, at.Add(2*time.Hour)); again != held {
		t.Errorf("the workspace made the instance's stop %+v", again)
	}
	if err := workspace.Restart(held); !errors.Is(err, api.CodeInsufficientScope) {
		t.Errorf("the workspace brings it back: %v", err)
	}
	if err := errors.Join(workspace.Restart(own), instance.Restart(held), instance.Restart(own)); err != nil {
		t.Error(err)
	}
}

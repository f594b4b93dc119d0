package form_test

import (
	"net/url"
	"slices"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
)

func aRule() api.TrustRule {
	return api.TrustRule{
		Label: "main of api", Issuer: "https://token.example.com", Audience: "tokens", ServiceAccount: "deploy", ExpiresIn: 15 * 60 * 1e9, Revision: 3,
		Claims: map[string][]string{"sub": {"a", "b = c"}, "env": {"prod"}}, Keys: &api.KeySet{Keys: []map[string]any{{"kty": "EC"}}},
		Grants: []api.Statement{{Scopes: []string{"tickets:read"}, Resources: []string{"*"}}}, Scopes: []string{"tickets:read"}, Resources: []string{"*"},
		AllowedIPs: []string{"192.0.2.0/24"},
	}
}

// posted is a form as the console reads it, with fields that were changed.
func posted(f form.Form, changed url.Values) form.Form { return form.Edited(sent(f, changed)) }

// Saved as it was drawn a rule is left alone; each field that is changed is sent, and no other.
func TestARuleOfTrustIsChangedByTheFieldsThatWereChanged(t *testing.T) {
	t.Parallel()
	if in, err := posted(form.OfTrust(aRule()), nil).Trust([]string{"*"}); err != nil || said(in) != "" {
		t.Errorf("unchanged it sends %s, %v", said(in), err)
	}
	for change, want := range map[string]string{
		"label=x": "label", "issuer=https://x.example": "issuer", "audience=x": "audience", "expires_in=1h": "expires_in", "allowed_ips=": "allowed_ips null", "keys=": "keys null",
		"claims=sub+%3D+a": "claims", "of=account": "grants null", "scope=tickets:write": "grants",
	} {
		values, err := url.ParseQuery(change)
		if err != nil {
			t.Fatal(err)
		}
		if in, err := posted(form.OfTrust(aRule()), values).Trust([]string{"*"}); err != nil || said(in) != want {
			t.Errorf("%s sends %q, %v", change, said(in), err)
		}
	}
}

// said names the fields that a patch has.
func said(in api.TrustRuleFields) (out string) {
	note := func(name string, set, null bool) {
		if set && out != "" {
			out += " "
		}
		if set {
			out += name
		}
		if null {
			out += " null"
		}
	}
	note("label", in.Label.Set, in.Label.Null)
	note("issuer", in.Issuer.Set, in.Issuer.Null)
	note("audience", in.Audience.Set, in.Audience.Null)
	note("claims", in.Claims.Set, in.Claims.Null)
	note("keys", in.Keys.Set, in.Keys.Null)
	note("expires_in", in.ExpiresIn.Set, in.ExpiresIn.Null)
	note("allowed_ips", in.AllowedIPs.Set, in.AllowedIPs.Null)
	note("grants", in.Grants.Set || in.Scopes.Set || in.Role.Set, in.Grants.Null)
	return out
}

func TestClaimsAreReadAsTheyAreShown(t *testing.T) {
	t.Parallel()
	f := posted(form.OfTrust(aRule()), url.Values{"claims": {"sub = a\r\nsub=b = c\n\nenv= prod \n/x/y = *"}})
	in, err := f.Trust(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := form.ClaimLines(in.Claims.Value); !slices.Equal(got, []string{"/x/y = *", "env = prod", "sub = a", "sub = b = c"}) {
		t.Errorf("%q", got)
	}
	for _, bad := range []string{"sub", "= a", "sub ="} {
		if _, err := posted(form.OfTrust(aRule()), url.Values{"claims": {bad}}).Trust(nil); api.AsError(err).Field != "claims" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// A form begun from a system has its issuer and what its rules are best bound to; nothing of
// it can be sent unseen, since no claim has a value yet.
func TestARuleBegunFromASystemHasNoClaimThatHolds(t *testing.T) {
	t.Parallel()
	for _, s := range form.TrustSystems() {
		f := form.TrustFrom(s.Value(), "deploy", "https://tokens.example.com")
		if _, err := f.Trust(nil); api.AsError(err).Field != "claims" {
			t.Errorf("%s: %q, %v", s.Name(), f.Get("claims"), err)
		}
	}
	if f := form.TrustFrom("nothing", "", "x"); f.Get("claims") != "" || f.Get("audience") != "x" {
		t.Errorf("%v", f.Values)
	}
}

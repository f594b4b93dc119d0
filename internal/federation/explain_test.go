package federation_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// explained is what is said of an ID token: whether it is taken, what is wrong with its
// times, and of each rule its signature and the claims that keep the token from it.
func (d *desk) explained(in api.ExplainTrust) string {
	d.Helper()
	x, err := d.ExplainTrust(d.Ctx, d.Root, "acme", in)
	officetest.Must(d.T, err)
	out := []string{fmt.Sprint(x.Accepted, named(x.Times))}
	for _, r := range x.Rules {
		out = append(out, r.Label+" "+r.Signature+named(r.Problems))
		if r.Fits && len(r.Problems) > 0 {
			d.Errorf("%s fits, and does not: %+v", r.Label, r)
		}
	}
	return strings.Join(out, "; ")
}

func named(problems []api.TrustProblem) (out string) {
	for _, p := range problems {
		out += " " + p.Claim
	}
	return out
}

// described are the claims of an ID token that nobody presents.
func described(said claims) api.ExplainTrust {
	all := claims{"iss": github, "aud": audience, "sub": "x", "repository_id": "7001", "ref": "refs/heads/main"}
	maps.Copy(all, said)
	return api.ExplainTrust{Claims: all}
}

// TestEachRuleSaysWhyItDoesNotTakeAToken, by the name of the claim, whatever else is wrong.
func TestEachRuleSaysWhyItDoesNotTakeAToken(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.trust(d.Root, func(in *api.CreateTrustRule) {
		in.Label, in.Issuer, in.Claims = api.Some("other"), api.Some(issuer), api.Some(map[string][]string{"sub": {"x"}})
	})
	now := d.Clock.Now().Unix()
	for what, c := range map[string]struct {
		in   api.ExplainTrust
		want string
	}{
		"one that the first takes":    {described(nil), "true; main of api not_checked; other not_checked iss"},
		"one that the other takes":    {described(claims{"iss": issuer}), "true; main of api not_checked iss; other not_checked"},
		"one that none takes":         {described(claims{"sub": "y", "ref": "refs/tags/x"}), "false; main of api not_checked ref; other not_checked iss sub"},
		"a pull request":              {described(claims{"event_name": "pull_request"}), "false; main of api not_checked event_name; other not_checked iss"},
		"without a claim":             {described(claims{"repository_id": nil}), "false; main of api not_checked repository_id; other not_checked iss"},
		"of another audience":         {described(claims{"aud": "x"}), "false; main of api not_checked aud; other not_checked iss aud"},
		"described as over":           {described(claims{"iat": now, "exp": now}), "false exp; main of api not_checked; other not_checked iss"},
		"described without beginning": {described(claims{"exp": now + 60}), "false iat; main of api not_checked; other not_checked iss"},
		"nothing":                     {api.ExplainTrust{Claims: claims{}}, "false; main of api not_checked iss aud sub ref repository_id; other not_checked iss aud sub sub"},
		"a signed one":                {api.ExplainTrust{Token: d.idToken(nil)}, "true; main of api good; other not_checked iss sub"},
		"one that nobody signed":      {api.ExplainTrust{Token: d.signedBy(bad, nil)}, "false; main of api bad; other not_checked iss sub"},
		"one that nobody knows of":    {api.ExplainTrust{Token: d.signedBy(unread, nil)}, "false; main of api unknown; other not_checked iss sub"},
		"one that is over":            {api.ExplainTrust{Token: d.idToken(claims{"exp": now})}, "false exp; main of api good; other not_checked iss sub"},
		"a signed one of a tag":       {api.ExplainTrust{Token: d.idToken(claims{"ref": "refs/tags/x"})}, "false; main of api good ref; other not_checked iss sub"},
	} {
		d.says(what, d.explained(c.in), c.want)
	}
	for what, in := range map[string]api.ExplainTrust{
		"nothing": {}, "both": {Token: d.idToken(nil), Claims: claims{}}, "no token": {Token: "x"}, "a list": {Token: "e30.W10.x"},
	} {
		_, err := d.ExplainTrust(d.Ctx, d.Root, "acme", in)
		if d.RefusedField(err, api.CodeInvalidField, "token"); err == nil {
			t.Errorf("%s is explained", what)
		}
	}
	_, err := d.ExplainTrust(d.Ctx, d.Root, "acme", api.ExplainTrust{Claims: claims{}, ServiceAccount: "nobody"})
	d.Refused(err, api.CodeNotFound)
}

// TestExplainingUsesNothingUp, and agrees with the exchange about what is used and blocked.
func TestExplainingUsesNothingUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := api.ExplainTrust{Token: d.idToken(nil), ServiceAccount: "deploy"}
	for range 2 {
		d.says("before", d.explained(id), "true; main of api good")
	}
	d.given(id.Token)
	d.says("after", d.explained(id), "false jti; main of api good")
	d.says("under another signature", d.explained(api.ExplainTrust{Token: d.signedBy(bad, nil)}), "false jti; main of api bad")
	fresh := api.ExplainTrust{Token: d.idToken(claims{"jti": "2"})}
	officetest.Must(t, officetest.Second(d.DisableServiceAccount(d.Ctx, d.Root, "acme", "deploy", false)))
	d.says("of a disabled account", d.explained(fresh), "false; main of api good rule")
	officetest.Must(t, officetest.Second(d.EnableServiceAccount(d.Ctx, d.Root, "acme", "deploy")))
	maker := d.keyed(time.Minute, "*")
	d.edit(d.With(maker), func(in *api.TrustRuleFields) { in.ExpiresIn = api.Some(api.Duration(time.Minute)) })
	d.says("of a maker that lives", d.explained(fresh), "true; main of api good")
	d.Clock.Pass(time.Minute)
	d.says("of a maker that is over", d.explained(fresh), "false; main of api good rule")
	r, err := d.GetTrustRule(d.Ctx, d.Root, "acme", d.rule.ID)
	officetest.Must(t, err)
	d.says("and it is shown", *r.BlockedBy, "creator_ended")
	officetest.Must(t, officetest.Second(d.RemoveServiceAccount(d.Ctx, d.Root, "acme", "deploy", false)))
	d.says("of a removed account", d.explained(fresh), "false; main of api good rule")
}

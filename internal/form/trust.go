package form

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/trust"
)

// TrustFrom is the form of a new rule of trust with what is known of a system filled in: its
// issuer, and the claims that a rule for it is best bound to, without their values.
func TrustFrom(system, account, audience string) Form {
	f := url.Values{"service_account": {account}, "audience": {audience}, "expires_in": {"15m"}, "of": {"own"}, "what": {"scopes"}, "reach": {"some"}}
	s, known := trust.SystemNamed(system)
	if !known {
		return New(f)
	}
	if s.Name != "oidc" && strings.HasPrefix(s.Issuer, "https://") {
		f.Set("issuer", s.Issuer)
	}
	var claims []string
	switch {
	case len(s.IDs) > 0:
		claims = append(claims, s.IDs[0])
	case len(s.Names) > 0:
		claims = append(claims, s.Names[0].Claim)
	}
	if len(s.Places) > 0 && !slices.Contains(claims, s.Places[0]) {
		claims = append(claims, s.Places[0])
	}
	f.Set("claims", strings.Join(claims, " = \n")+" = ")
	return New(f)
}

// OfTrust is the form that edits a rule of trust.
func OfTrust(r api.TrustRule) Form {
	f := holderFields(r.Role, r.Resources)
	maps.Copy(f, accountFields(r.Role, r.Grants))
	f.Set("of", "own")
	if r.Grants == nil {
		f.Set("of", "account")
	}
	for name, value := range map[string]string{
		"label": r.Label, "issuer": r.Issuer, "audience": r.Audience, "claims": phrase.Lines(ClaimLines(r.Claims)),
		"expires_in": r.ExpiresIn.String(), "allowed_ips": phrase.Lines(r.AllowedIPs),
	} {
		f.Set(name, value)
	}
	if r.Keys != nil {
		keys, _ := json.Marshal(r.Keys) // it came as JSON
		f.Set("keys", string(keys))
	}
	return Of(r.Revision, f)
}

// TrustSystems are those that a rule can be begun from.
func TrustSystems() []Option {
	var out []Option
	for _, s := range trust.Systems() {
		out = append(out, Option{s.Name, s.Title})
	}
	return out
}

// ClaimLines are the claims of a rule, a value on each line, in the order of their names.
func ClaimLines(claims map[string][]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		for _, value := range claims[name] {
			out = append(out, name+" = "+value)
		}
	}
	return out
}

// Trust reads what a form says of a rule that was not drawn so. All are the resources that
// "all" stands for.
func (f Form) Trust(all []string) (in api.TrustRuleFields, err error) {
	in.Label, in.Issuer, in.Audience, in.AllowedIPs = f.Edit("label"), f.Edit("issuer"), f.Edit("audience"), f.EditList("allowed_ips")
	if f.Changed("allowed_ips") && f.Get("allowed_ips") == "" {
		in.AllowedIPs = api.Null[[]string]()
	}
	if f.Changed("claims") {
		claims, err := f.claims()
		if err != nil {
			return in, err
		}
		in.Claims = api.Some(claims)
	}
	if f.Changed("expires_in") {
		d, err := api.ParseDuration(f.Get("expires_in"))
		if err != nil {
			return in, api.FieldError("expires_in", "must be a time like 15m or 1h")
		}
		in.ExpiresIn = api.Some(d)
	}
	switch keys := f.Get("keys"); {
	case !f.Changed("keys"):
	case keys == "":
		in.Keys = api.Null[api.KeySet]()
	default:
		var set api.KeySet
		if json.Unmarshal([]byte(keys), &set) != nil {
			return in, api.FieldError("keys", "must be a JSON Web Key Set, like {\"keys\": […]}")
		}
		in.Keys = api.Some(set)
	}
	switch {
	case !f.Changed("of", "what", "role", "scope", "reach", "resources", "st"):
	case f.Get("of") == "account":
		in.Grants = api.Null[[]api.Statement]()
	default:
		in.Rights, err = f.AccountRights(all)
	}
	return in, err
}

// claims reads a claim and one of its values on each line.
func (f Form) claims() (map[string][]string, error) {
	out := map[string][]string{}
	for line := range strings.Lines(f.Get("claims")) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" || value == "" {
			return nil, api.FieldError("claims", "each line is NAME = VALUE; \""+phrase.Cut(line, 60)+"\" lacks one of them")
		}
		out[name] = append(out[name], value)
	}
	return out, nil
}

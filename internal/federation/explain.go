package federation

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/trust"
)

// ExplainTrust says which rules take an ID token, presented or described, and why the
// others do not. It needs service-accounts:read, and exchanges nothing.
func (a *Federation) ExplainTrust(ctx context.Context, c authority.Caller, ref string, in api.ExplainTrust) (out api.TrustExplanation, err error) {
	var claims trust.Claims
	var rules []ledger.TrustRule
	out = api.TrustExplanation{Times: []api.TrustProblem{}, Rules: []api.TrustVerdict{}}
	if err := a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, sp, err := a.in.Enter(r, c, ref, "service-accounts:read")
		if err != nil {
			return err
		}
		if claims, err = claimsOf(in); err != nil {
			return err
		}
		of, err := accountNamed(r, sp, in.ServiceAccount)
		if err != nil {
			return err
		}
		if rules, err = r.TrustRules(sp.Workspace.ID, of, ledger.Range{Limit: maxRules}); err != nil {
			return err
		}
		for _, t := range rules {
			v, err := view(r, sp, t)
			if err != nil {
				return err
			}
			out.Rules = append(out.Rules, verdict(v, ruleOf(t).Mismatches(claims)))
		}
		out.Times, err = a.times(r, sp, claims, in.Token)
		return err
	}); err != nil {
		return out, err
	}
	a.signatures(ctx, rules, claims, in.Token, &out)
	return out, nil
}

// claimsOf are what the ID token says, or is described to say.
func claimsOf(in api.ExplainTrust) (trust.Claims, error) {
	switch {
	case (in.Token == "") == (in.Claims == nil):
		return nil, api.FieldError("token", "give an ID token, or the claims of one")
	case in.Token != "":
		claims, err := trust.Peek(in.Token)
		if err != nil {
			return nil, api.FieldError("token", "is no ID token: three parts with dots between, of which the second is a JSON object")
		}
		return claims, nil
	}
	b, err := json.Marshal(in.Claims)
	if err != nil {
		return nil, api.FieldError("claims", "must be a JSON object")
	}
	return trust.ParseClaims(b)
}

func verdict(v api.TrustRule, problems []trust.Problem) api.TrustVerdict {
	out := api.TrustVerdict{Rule: v.ID, Label: v.Label, ServiceAccount: v.ServiceAccount, Signature: api.SignatureNotChecked, Problems: said(problems)}
	switch {
	case v.BlockedBy != nil && *v.BlockedBy == string(api.CodeOwnerInactive):
		out.Problems = append(out.Problems, api.TrustProblem{Claim: "rule", Detail: "the service account is disabled"})
	case v.BlockedBy != nil:
		out.Problems = append(out.Problems, api.TrustProblem{Claim: "rule", Detail: "the API token that made the rule has ended, and the rule with it"})
	}
	out.Fits = len(out.Problems) == 0
	return out
}

func said(problems []trust.Problem) []api.TrustProblem {
	return authority.Views(problems, func(p trust.Problem) api.TrustProblem { return api.TrustProblem{Claim: p.Claim, Detail: p.Why} })
}

// times are what is wrong with the token's times. A described token need not say any.
func (a *Federation) times(r *authority.Snapshot, sp *authority.Space, claims trust.Claims, idToken string) ([]api.TrustProblem, error) {
	if _, says := claims["exp"]; !says && idToken == "" {
		return []api.TrustProblem{}, nil
	}
	out := said(claims.Untimely(r.Now))
	if idToken == "" {
		return out, nil
	}
	used := trust.Used(claims, idToken)
	_, err := r.Exchange(sp.Workspace.ID, used[:])
	if errors.Is(err, ledger.ErrNoRow) {
		return out, nil
	}
	return append(out, api.TrustProblem{Claim: "jti", Detail: "this ID token was exchanged before; each is exchanged once"}), err
}

// signatures ask, of a token that was presented, who signed it: for the rules of its
// issuer alone, so that nobody is asked for nothing.
func (a *Federation) signatures(ctx context.Context, rules []ledger.TrustRule, claims trust.Claims, idToken string, out *api.TrustExplanation) {
	for i, t := range rules {
		v := &out.Rules[i]
		if idToken != "" && t.Issuer == claims.Issuer() {
			v.Signature = a.signature(ctx, t, idToken)
			v.Fits = v.Fits && v.Signature == api.SignatureGood
		}
		out.Accepted = out.Accepted || v.Fits && len(out.Times) == 0
	}
}

func (a *Federation) signature(ctx context.Context, t ledger.TrustRule, idToken string) string {
	_, err := a.in.Given().Issuers.Verify(ctx, t.Workspace, t.Issuer, t.Keys, idToken)
	switch {
	case err == nil:
		return api.SignatureGood
	case errors.Is(err, authority.ErrNotSigned):
		return api.SignatureBad
	}
	return api.SignatureUnknown
}

package console

import (
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
)

// tried is the answer to whether an ID token would be taken. The token is not kept.
type tried struct {
	form.Form
	answer *api.TrustExplanation
}

func (v *visit) trustRules() error { return v.trustRulesWith(nil) }

func (v *visit) trustRulesWith(e *tried) error {
	v.section = "service-accounts"
	rows, next, err := v.auth.ListTrustRules(v.ctx(), v.caller, v.at.Slug, v.q("account"), v.paged())
	if err != nil {
		return err
	}
	body := trustRulesPage(v, rows, v.after(next), e)
	if e != nil && e.Err != nil {
		return v.again("Trust rules", body)
	}
	return v.page("Trust rules", body)
}

// doTryTrust says which rules take an ID token, by POST because it is a secret.
func (v *visit) doTryTrust() error {
	e := &tried{Form: v.typed()}
	answer, err := v.auth.ExplainTrust(v.ctx(), v.caller, v.at.Slug, api.ExplainTrust{Token: e.Get("token")})
	if err == nil {
		e.answer = &answer
	} else if e.Form, err = refused(e.Form, err); err != nil {
		return err
	}
	return v.trustRulesWith(e)
}

// trustAccounts are the names of the service accounts that a rule may be of, the first
// of them.
func (v *visit) trustAccounts(now string) ([]form.Option, error) {
	rows, _, err := v.auth.ListServiceAccounts(v.ctx(), v.caller, v.at.Slug, authority.Page{Limit: 200})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range rows {
		if s.Active {
			names = append(names, s.Name)
		}
	}
	out := form.Same(names)
	if now != "" && !form.Offers(out, now) {
		out = append(out, form.Option{now, now})
	}
	return out, nil
}

func (v *visit) newTrust() error {
	return v.newTrustWith(form.TrustFrom(v.q("system"), v.q("account"), strings.TrimSuffix(v.BaseURL, "/")))
}

func (v *visit) newTrustWith(f form.Form) error {
	v.section = "service-accounts"
	p, err := v.offered(f)
	if err != nil {
		return err
	}
	accounts, err := v.trustAccounts(f.Get("service_account"))
	if err != nil {
		return err
	}
	body := newTrustPage(v, p, accounts)
	if f.Err != nil {
		return v.again("New trust rule", body)
	}
	return v.page("New trust rule", body)
}

func (v *visit) doNewTrust() error {
	f := v.typed()
	in, err := f.Trust(v.at.Reach())
	var r authority.Done[api.TrustRule]
	if err == nil {
		r, err = v.auth.CreateTrustRule(v.ctx(), v.once(f), v.at.Slug, api.CreateTrustRule{ServiceAccount: f.Get("service_account"), TrustRuleFields: in})
	}
	switch {
	case err == nil:
		return v.done(v.ws("trust-rules", r.Value.ID), "created")
	case sentBefore(err):
		return v.done(v.ws("trust-rules"), "sent")
	}
	if f, err = refused(f, err); err != nil {
		return err
	}
	return v.newTrustWith(f)
}

func (v *visit) trustRule() error {
	r, err := v.auth.GetTrustRule(v.ctx(), v.caller, v.at.Slug, v.r.PathValue("rule"))
	if err != nil {
		return err
	}
	return v.trustRuleWith(r, form.OfTrust(r))
}

func (v *visit) trustRuleWith(r api.TrustRule, f form.Form) error {
	v.section = "service-accounts"
	p, err := v.offered(f)
	if err != nil {
		return err
	}
	stored, _, err := v.auth.ListTokens(v.ctx(), v.caller, v.at.Slug, api.TokenFilter{
		Owner: api.Some(r.ServiceAccount), Kind: api.Some("service"), Status: api.Some(api.StatusActive),
	}, authority.Page{Limit: pageRows})
	if hidden(err) != nil {
		return err
	}
	body := trustRulePage(v, r, p, stored)
	if f.Err != nil {
		return v.again(r.Label, body)
	}
	return v.page(r.Label, body)
}

func (v *visit) doTrust() error {
	id, f := v.r.PathValue("rule"), v.edited()
	in, err := f.Trust(v.at.Reach())
	if err == nil {
		_, err = v.auth.EditTrustRule(v.ctx(), v.from(f), v.at.Slug, id, api.EditTrustRule{TrustRuleFields: in})
	}
	if err == nil {
		return v.done(v.ws("trust-rules", id), "saved")
	}
	if f, err = refused(f, err); err != nil {
		return err
	}
	r, err := v.auth.GetTrustRule(v.ctx(), v.caller, v.at.Slug, id)
	if err != nil {
		return err
	}
	return v.trustRuleWith(r, v.renewed(f, form.OfTrust(r), v.where(), "trust_rule:"+r.ID, "scope"))
}

// deleteTrust asks before a rule is taken away.
func (v *visit) deleteTrust() error {
	v.section = "service-accounts"
	r, err := v.auth.GetTrustRule(v.ctx(), v.caller, v.at.Slug, v.r.PathValue("rule"))
	if err != nil {
		return err
	}
	return v.page("Delete", confirmPage("Delete this trust rule?",
		"No ID token is exchanged by it any more, and the tokens that it gave end at once.",
		"Delete", v.ws("trust-rules", r.ID, "delete"), v.ws("trust-rules", r.ID)))
}

func (v *visit) doDeleteTrust() error {
	if _, err := v.auth.DeleteTrustRule(v.ctx(), v.caller, v.at.Slug, v.r.PathValue("rule")); err != nil {
		return err
	}
	return v.done(v.ws("trust-rules"), "deleted")
}

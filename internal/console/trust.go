package console

import (
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/reception"
)

// tried is the answer to whether an ID token would be taken. The token is not kept.
type tried struct {
	form.Form
	answer *api.TrustExplanation
}

func (v *visit) trustRules() error { return v.trustRulesWith(nil) }

func (v *visit) trustRulesWith(e *tried) error {
	v.Section = "service-accounts"
	rows, next, err := v.Office.ListTrustRules(v.Ctx(), v.Caller, v.At.Slug, v.Q("account"), v.Paged())
	if err != nil {
		return err
	}
	body := trustRulesPage(v, rows, v.After(next), e)
	if e != nil && e.Err != nil {
		return v.Again("Trust rules", body)
	}
	return v.Page("Trust rules", body)
}

// doTryTrust says which rules take an ID token, by POST because it is a secret.
func (v *visit) doTryTrust() error {
	e := &tried{Form: v.Typed()}
	answer, err := v.Office.ExplainTrust(v.Ctx(), v.Caller, v.At.Slug, api.ExplainTrust{Token: e.Get("token")})
	if err == nil {
		e.answer = &answer
	} else if e.Form, err = reception.Refused(e.Form, err); err != nil {
		return err
	}
	return v.trustRulesWith(e)
}

// trustAccounts are the names of the service accounts that a rule may be of, the first
// of them.
func (v *visit) trustAccounts(now string) ([]form.Option, error) {
	rows, _, err := v.Office.ListServiceAccounts(v.Ctx(), v.Caller, v.At.Slug, authority.Page{Limit: 200})
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
	return v.newTrustWith(form.TrustFrom(v.Q("system"), v.Q("account"), strings.TrimSuffix(v.BaseURL, "/")))
}

func (v *visit) newTrustWith(f form.Form) error {
	v.Section = "service-accounts"
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
		return v.Again("New trust rule", body)
	}
	return v.Page("New trust rule", body)
}

func (v *visit) doNewTrust() error {
	f := v.Typed()
	in, err := f.Trust(v.At.Reach())
	var r authority.Done[api.TrustRule]
	if err == nil {
		r, err = v.Office.CreateTrustRule(v.Ctx(), v.Once(f), v.At.Slug, api.CreateTrustRule{ServiceAccount: f.Get("service_account"), TrustRuleFields: in})
	}
	switch {
	case err == nil:
		return v.Done(v.WS("trust-rules", r.Value.ID), "created")
	case reception.SentBefore(err):
		return v.Done(v.WS("trust-rules"), "sent")
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	return v.newTrustWith(f)
}

func (v *visit) trustRule() error {
	r, err := v.Office.GetTrustRule(v.Ctx(), v.Caller, v.At.Slug, v.R.PathValue("rule"))
	if err != nil {
		return err
	}
	return v.trustRuleWith(r, form.OfTrust(r))
}

func (v *visit) trustRuleWith(r api.TrustRule, f form.Form) error {
	v.Section = "service-accounts"
	p, err := v.offered(f)
	if err != nil {
		return err
	}
	stored, _, err := v.Office.ListTokens(v.Ctx(), v.Caller, v.At.Slug, api.TokenFilter{
		Owner: api.Some(r.ServiceAccount), Kind: api.Some("service"), Status: api.Some(api.StatusActive),
	}, authority.Page{Limit: reception.PageRows})
	if reception.Hidden(err) != nil {
		return err
	}
	body := trustRulePage(v, r, p, stored)
	if f.Err != nil {
		return v.Again(r.Label, body)
	}
	return v.Page(r.Label, body)
}

func (v *visit) doTrust() error {
	id, f := v.R.PathValue("rule"), v.Edited()
	in, err := f.Trust(v.At.Reach())
	if err == nil {
		_, err = v.Office.EditTrustRule(v.Ctx(), v.From(f), v.At.Slug, id, api.EditTrustRule{TrustRuleFields: in})
	}
	if err == nil {
		return v.Done(v.WS("trust-rules", id), "saved")
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	r, err := v.Office.GetTrustRule(v.Ctx(), v.Caller, v.At.Slug, id)
	if err != nil {
		return err
	}
	return v.trustRuleWith(r, v.Renewed(f, form.OfTrust(r), v.Where(), "trust_rule:"+r.ID, "scope"))
}

// deleteTrust asks before a rule is taken away.
func (v *visit) deleteTrust() error {
	v.Section = "service-accounts"
	r, err := v.Office.GetTrustRule(v.Ctx(), v.Caller, v.At.Slug, v.R.PathValue("rule"))
	if err != nil {
		return err
	}
	return v.Page("Delete", confirmPage("Delete this trust rule?",
		"No ID token is exchanged by it any more, and the tokens that it gave end at once.",
		"Delete", v.WS("trust-rules", r.ID, "delete"), v.WS("trust-rules", r.ID)))
}

func (v *visit) doDeleteTrust() error {
	if _, err := v.Office.DeleteTrustRule(v.Ctx(), v.Caller, v.At.Slug, v.R.PathValue("rule")); err != nil {
		return err
	}
	return v.Done(v.WS("trust-rules"), "deleted")
}

package console

import (
	"context"
	"strconv"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office"
)

// approvalList are the tokens that wait for a second person.
type approvalList struct {
	rows []api.Token
	next string
	can  map[string]office.TokenAbilities
}

func waitingFilter() api.TokenFilter { return api.TokenFilter{Status: api.Some(api.StatusPending)} }

// approvals lists what waits, the newest first.
func (v *visit) approvals() error {
	v.Section = "approvals"
	rows, next, err := v.Office.ListTokens(v.Ctx(), v.Caller, v.At.Slug, waitingFilter(), v.Paged())
	if err != nil {
		return err
	}
	l := approvalList{rows: rows, next: v.After(next)}
	if l.can, err = v.Office.TokenAbilities(v.Ctx(), v.Caller, v.At.Slug, rows); err != nil {
		return err
	}
	return v.Page("Approvals", approvalsPage(v, l))
}

func (v *visit) doApprove() error { return v.decide(v.Office.ApproveToken, "token-approved") }

func (v *visit) doRefuse() error { return v.decide(v.Office.RefuseToken, "token-refused") }

// decide does what is decided about the token that the page showed.
func (v *visit) decide(verb func(context.Context, authority.Caller, string, string, api.DecideToken) (authority.Done[api.Token], error), did string) error {
	t, err := v.getToken()
	if err != nil {
		return err
	}
	f := v.Edited()
	if _, err = verb(v.Ctx(), v.From(f), v.At.Slug, t.Locator, api.DecideToken{Comment: f.Get("comment")}); err == nil {
		return v.Done(v.WS("approvals"), did)
	}
	return v.overtaken(err, f, v.Where(), t.ID, v.WS("approvals"))
}

// waitingHere says how many tokens wait in a section, for a menu; empty for none. Nobody looks
// where the policy lets nothing wait.
func (v *visit) waitingHere(section string) string {
	if v.At == nil || v.At.Policy == nil {
		return ""
	}
	switch p := v.At.Policy; {
	case section == "approvals" && len(p.RequireApproval) > 0:
		rows, more, err := v.Office.ListTokens(v.Ctx(), v.Caller, v.At.Slug, waitingFilter(), authority.Page{Limit: 9})
		if err == nil && len(rows) > 0 {
			return strconv.Itoa(len(rows)) + map[bool]string{true: "+"}[more != 0]
		}
	case section == "settings" && p.DisableUnusedAfter > 0 && v.May("policy:write"):
		if n, err := v.Office.CountWaiting(v.Ctx(), v.Caller, v.At.Slug); err == nil && n > 0 {
			return strconv.Itoa(n)
		}
	}
	return ""
}

package phrase_test

import (
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

func TestARuleOfApprovalIsSaid(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]api.ApprovalRule{
		"a service or workspace token that may use tickets:write or product:delete and reaches prod-* and lives longer than 90 days": {
			Kinds: []string{"service", "workspace"}, Scopes: []string{"tickets:write", "product:delete"}, Resources: []string{"prod-*"}, LongerThan: 90 * api.Day},
		"a personal token":                     {Kinds: []string{"personal"}},
		"a token that reaches all resources":   {Resources: []string{"*"}},
		"a token that lives longer than 1 day": {LongerThan: api.Day},
	} {
		if got := phrase.Rule(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestWhereATokenStandsWithTheSecondPerson(t *testing.T) {
	t.Parallel()
	eve := "eve@example.com"
	for want, a := range map[string]*api.Approval{
		"":                                 nil,
		"waits for approval":               {State: api.ApprovalPending},
		"approved by eve@example.com":      {State: api.ApprovalApproved, By: &eve},
		"refused by eve@example.com":       {State: api.ApprovalRefused, By: &eve},
		"not approved in time":             {State: api.ApprovalRefused},
		"ended before anybody approved it": {State: api.ApprovalEnded},
	} {
		if got := phrase.Waits(a); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

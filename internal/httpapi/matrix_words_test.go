package httpapi_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// TestWhoamiSaysWhatATokenMayDo: the effective grant, and not what the token says.
func TestWhoamiSaysWhatATokenMayDo(t *testing.T) {
	t.Parallel()
	w := newFirm(t).open(t)
	w.as(w.root, "PATCH", ws+"/members/bea@example.com", object{"resources": []string{"payments"}}).is(200)
	tok := w.issue("acme", onAll(object{"label": "x", "owner": "bea@example.com", "scopes": []string{"tickets:read", "tickets:write"}})).Secret
	var me api.Whoami
	w.as(tok, "GET", "/v1/whoami", nil).is(200).into(&me)
	if me.Principal.Address != "bea@example.com" || me.Workspace != "acme" || me.InstanceAdmin ||
		!slices.Equal(me.Scopes, []string{"tickets:read"}) || !slices.Equal(me.Resources, []string{"payments"}) {
		t.Errorf("whoami: %+v", me)
	}
	if me.Token == nil || !slices.Equal(me.Token.Scopes, []string{"tickets:read", "tickets:write"}) {
		t.Errorf("the token says %+v", me.Token)
	}
}

// TestRefusalsSayWhatWouldHaveToChange: the scope that is missing, what the
// caller has, and what to do.
func TestRefusalsSayWhatWouldHaveToChange(t *testing.T) {
	t.Parallel()
	w := newFirm(t).open(t)
	w.play([]step{
		{"PATCH", ws + "/members/team-member@example.com", object{"resources": []string{"payments"}}, 200, nil},
		{"PATCH", ws + "/members/administrator@example.com", object{"resources": []string{"payments"}}, 200, nil},
	})
	as := func(who string) string { return w.issue("acme", object{"label": "x", "owner": who}).Secret }
	for _, c := range []struct {
		who, method, path string
		body              object
		code              api.Code
		missing           []string
		says              []string
	}{
		{"viewer@example.com", "POST", ws + "/members", onAll(object{"email": "x@example.com", "role": "Viewer"}), api.CodeInsufficientScope,
			[]string{"members:write"}, []string{"members:write", "members:read", "product:read"}},
		{"workspace-manager@example.com", "POST", ws + "/tokens", object{"label": "x", "owner": "bea@example.com"}, api.CodeInsufficientScope,
			[]string{"tokens:impersonate"}, []string{"tokens:impersonate", "tokens:create"}},
		{"viewer@example.com", "GET", "/v1/users", nil, api.CodeInsufficientScope, []string{"instance:admin"}, []string{"instance:admin"}},
		{"administrator@example.com", "POST", ws + "/members", onAll(object{"email": "x@example.com", "role": "Viewer"}), api.CodeGrantExceedsOwn,
			nil, []string{"more than the caller's own", "members:*", "payments"}},
		{"team-member@example.com", "POST", ws + "/resources", object{"name": "billing"}, api.CodeOnboardingRestricted,
			nil, []string{"resources:create", "entire portfolio", "payments"}},
	} {
		p := w.as(as(c.who), c.method, c.path, present(c.body)).problem(c.code)
		if !slices.Equal(p.Missing, c.missing) {
			t.Errorf("%s %s as %s: missing %v, want %v", c.method, c.path, c.who, p.Missing, c.missing)
		}
		for _, words := range c.says {
			if !strings.Contains(p.Detail, words) {
				t.Errorf("%s %s as %s does not say %q: %s", c.method, c.path, c.who, words, p.Detail)
			}
		}
		if c.code.Info().Advice == "" {
			t.Errorf("%s gives no advice", c.code)
		}
	}
}

// TestWhoCan answers the question of an audit: which tokens may do this now.
func TestWhoCan(t *testing.T) {
	t.Parallel()
	w := newFirm(t).open(t)
	w.play([]step{
		{"POST", ws + "/members", object{"email": "pay@example.com", "role": "Team Member", "resources": []string{"payments"}}, 201, nil},
		{"POST", ws + "/service-accounts", onAll(object{"name": "off", "scopes": []string{"deploys:run"}}), 201, nil},
	})
	for label, in := range map[string]object{
		"pay": {"owner": "pay@example.com"}, "off": {"owner": "off"},
		"one": {"kind": "workspace", "scopes": []string{"deploys:run"}, "resources": []string{"pay*"}},
		"no":  onAll(object{"kind": "workspace", "scopes": []string{"deploys:list"}}),
	} {
		in["label"] = label
		w.issue("acme", in)
	}
	w.as(w.root, "POST", ws+"/service-accounts/off/disable", nil).is(200)
	can := func(query string) []string {
		var page api.List[api.Token]
		w.as(w.root, "GET", ws+"/tokens?limit=200&"+query, nil).is(200).into(&page)
		var labels []string
		for _, t := range page.Items {
			if slices.Contains([]string{"pay", "off", "one", "no"}, t.Label) {
				labels = append(labels, t.Label)
			}
		}
		slices.Sort(labels)
		return labels
	}
	for query, want := range map[string][]string{
		"can=deploys:run": {"one", "pay"}, "can=deploys:run&resource=payments": {"one", "pay"}, "can=deploys:run&resource=payroll": {"one"},
		"can=deploys:run&resource=billing": nil, "can=deploys:list": {"no", "pay"}, "can=workspace:delete": nil,
	} {
		if got := can(query); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}

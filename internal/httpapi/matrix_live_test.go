package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// law says what a change makes of tokens that were just verified. Before and
// after are the codes for, in this order: a personal token that inherits, one
// with a role of the instance, a service account's, and the workspace's own.
type law struct {
	change string
	first  []step // what was so before
	steps  []step // the change, as the instance's administrator
	ask    string // the scope; tickets:write when left out
	before string
	after  string
}

const (
	eve      = ws + "/members/eve@example.com"
	deployer = ws + "/service-accounts/deployer"
)

// change is a step that has to succeed.
func change(method, path string, body object) step {
	status := 200
	if method == "PUT" {
		status = 0
	}
	return step{method: method, path: path, body: body, status: status}
}

func peopleLaws() []law {
	return []law{
		{change: "a member's role is narrowed", steps: []step{change("PATCH", eve, object{"role": "Viewer"})},
			after: "insufficient_scope insufficient_scope ok ok"},
		{change: "a member's role is widened", first: []step{change("PATCH", eve, object{"role": "Viewer"})}, steps: []step{change("PATCH", eve, object{"role": "Team Member"})},
			before: "insufficient_scope insufficient_scope ok ok", after: "ok ok ok ok"},
		{change: "a member's resources are narrowed", steps: []step{change("PATCH", eve, object{"resources": []string{"billing"}})},
			after: "resource_denied insufficient_scope ok ok"}, // the second has payments alone
		{change: "a member gets other scopes", steps: []step{change("PATCH", eve, object{"scopes": []string{"assets:write"}})},
			after: "insufficient_scope insufficient_scope ok ok"},
		{change: "a member's grants are emptied", steps: []step{change("PATCH", eve, object{"grants": []string{}})},
			after: "insufficient_scope insufficient_scope ok ok"},
		{change: "a member is deactivated", steps: []step{change("POST", eve+"/deactivate", nil)}, after: "owner_inactive owner_inactive ok ok"},
		{change: "a member is activated", first: []step{change("POST", eve+"/deactivate", nil)}, steps: []step{change("POST", eve+"/activate", nil)},
			before: "owner_inactive owner_inactive ok ok", after: "ok ok ok ok"},
		{change: "a member is removed", steps: []step{change("DELETE", eve, nil)}, after: "revoked revoked ok ok"},
		{change: "a removed member comes back", first: []step{change("DELETE", eve, nil)}, steps: []step{change("PUT", eve, onAll(object{"role": "Owner"}))},
			before: "revoked revoked ok ok", after: "revoked revoked ok ok"},
		{change: "a user is deactivated", steps: []step{change("POST", "/v1/users/eve@example.com/deactivate", nil)}, after: "owner_inactive owner_inactive ok ok"},
		{change: "a user is activated", first: []step{change("POST", "/v1/users/eve@example.com/deactivate", nil)}, steps: []step{change("POST", "/v1/users/eve@example.com/activate", nil)},
			before: "owner_inactive owner_inactive ok ok", after: "ok ok ok ok"},
		{change: "an Owner is demoted", first: []step{change("PATCH", eve, object{"role": "Owner"})}, steps: []step{change("PATCH", eve, object{"role": "Administrator"})},
			ask: "workspace:delete", before: "ok insufficient_scope insufficient_scope insufficient_scope",
			after: "insufficient_scope insufficient_scope insufficient_scope insufficient_scope"},
		{change: "a service account is narrowed", steps: []step{change("PATCH", deployer, object{"scopes": []string{"tickets:read"}})}, after: "ok ok insufficient_scope ok"},
		{change: "a service account's resources are narrowed", steps: []step{change("PATCH", deployer, object{"resources": []string{"billing"}})}, after: "ok ok resource_denied ok"},
		{change: "a service account is disabled", steps: []step{change("POST", deployer+"/disable", nil)}, after: "ok ok owner_inactive ok"},
		{change: "a service account is enabled", first: []step{change("POST", deployer+"/disable", nil)}, steps: []step{change("POST", deployer+"/enable", nil)},
			before: "ok ok owner_inactive ok", after: "ok ok ok ok"},
		{change: "a service account is removed", steps: []step{change("DELETE", deployer, nil)}, after: "ok ok revoked ok"},
	}
}

func rightsLaws() []law {
	const agent, desk, write = ws + "/roles/Agent", "/v1/instance/roles/Desk", ws + "/scopes/tickets:write"
	none := object{"scopes": []string{}}
	return []law{
		{change: "a role is narrowed", steps: []step{change("PUT", agent, none)}, after: "ok ok ok insufficient_scope"},
		{change: "a role is renamed where it is shown", steps: []step{change("PUT", agent, object{"display_name": "Helper", "scopes": []string{"tickets:*"}})}, after: "ok ok ok ok"},
		{change: "a role is replaced by a weaker one", steps: []step{change("DELETE", agent+"?replacement=Viewer", nil)}, after: "ok ok ok insufficient_scope"},
		{change: "a role of the instance is narrowed", steps: []step{change("PUT", desk, none)}, after: "ok insufficient_scope ok ok"},
		{change: "a role of the instance is overridden", steps: []step{change("PUT", ws+"/roles/Desk", none)}, after: "ok insufficient_scope ok ok"},
		{change: "a role of the instance is replaced", steps: []step{change("DELETE", desk+"?replacement=Viewer", nil)}, after: "ok insufficient_scope ok ok"},
		{change: "a scope implies more", steps: []step{change("PUT", write, object{"implies": []string{"tickets:close"}})}, ask: "tickets:close",
			before: "ok insufficient_scope insufficient_scope insufficient_scope", after: "ok ok ok ok"},
		{change: "a scope implies less", first: []step{change("PUT", write, object{"implies": []string{"tickets:close"}})}, steps: []step{change("PUT", write, nil)}, ask: "tickets:close",
			before: "ok ok ok ok", after: "ok insufficient_scope insufficient_scope insufficient_scope"},
		{change: "a scope of the instance implies more", steps: []step{change("PUT", "/v1/instance/scopes/tickets:write", object{"implies": []string{"tickets:close"}})}, ask: "tickets:close",
			before: "ok insufficient_scope insufficient_scope insufficient_scope", after: "ok ok ok ok"},
		{change: "a scope is given to a role", steps: []step{change("PUT", ws+"/scopes/tickets:close", object{"roles": []string{"Agent"}})}, ask: "tickets:close",
			before: "ok insufficient_scope insufficient_scope insufficient_scope", after: "ok insufficient_scope insufficient_scope ok"},
		{change: "a scope is deleted", first: []step{change("PUT", write, nil)}, steps: []step{change("DELETE", write, nil)},
			after: "ok ok insufficient_scope insufficient_scope"},
		{change: "a resource is deleted", first: []step{change("PATCH", deployer, object{"resources": []string{"payments"}})},
			steps: []step{change("DELETE", ws+"/resources/payments", nil)}, after: "ok insufficient_scope insufficient_scope ok"}, // no scope is left on anything
	}
}

func placeLaws() []law {
	limit := object{"rate_limit": object{"requests": 1, "window": "24h"}}
	spent := "rate_limited rate_limited rate_limited rate_limited"
	return []law{
		{change: "the workspace is suspended", steps: []step{change("POST", ws+"/suspend", nil)},
			after: "workspace_suspended workspace_suspended workspace_suspended workspace_suspended"},
		{change: "the workspace is resumed", first: []step{change("POST", ws+"/suspend", nil)}, steps: []step{change("POST", ws+"/resume", nil)},
			before: "workspace_suspended workspace_suspended workspace_suspended workspace_suspended", after: "ok ok ok ok"},
		{change: "the workspace is deleted", steps: []step{change("DELETE", ws, nil)},
			after: "workspace_suspended workspace_suspended workspace_suspended workspace_suspended"},
		{change: "the policy gets a rate limit", steps: []step{change("PATCH", ws+"/policy", limit)}, after: spent},
		{change: "the instance's policy gets a rate limit", steps: []step{change("PATCH", "/v1/instance/policy", limit)}, after: spent},
		{change: "the policy allows nobody new personal tokens", steps: []step{change("PATCH", ws+"/policy", object{"personal_tokens": "nobody"})}, after: "ok ok ok ok"},
	}
}

// tokenLaws change each token itself: TOKEN in a path is replaced by each.
func tokenLaws() []law {
	const one = ws + "/tokens/TOKEN"
	all := func(code string) string { return strings.TrimSpace(strings.Repeat(code+" ", 4)) }
	return []law{
		{change: "a token is narrowed", steps: []step{change("PATCH", one, object{"scopes": []string{"tickets:read"}, "resources": []string{"*"}})}, after: all("insufficient_scope")},
		{change: "a token is restricted to resources", steps: []step{change("PATCH", one, object{"scopes": []string{"tickets:write"}, "resources": []string{"billing"}})}, after: all("resource_denied")},
		{change: "a token gets other addresses", steps: []step{change("PATCH", one, object{"allowed_ips": []string{"192.0.2.0/24"}})}, after: all("ip_denied")},
		{change: "a token is put off", steps: []step{change("PATCH", one, object{"not_before": "2026-04-01T00:00:00Z"})}, after: all("not_yet_valid")},
		{change: "a token is disabled", steps: []step{change("POST", one+"/disable", nil)}, after: all("disabled")},
		{change: "a token is enabled", first: []step{change("POST", one+"/disable", nil)}, steps: []step{change("POST", one+"/enable", nil)}, before: all("disabled"), after: all("ok")},
		{change: "a token is reset", steps: []step{change("POST", one+"/reset", nil)}, after: all("retired")},
		{change: "a token is rotated without overlap", steps: []step{change("POST", one+"/rotate", object{"overlap": "0"})}, after: all("retired")},
		{change: "a token is rotated with overlap", steps: []step{change("POST", one+"/rotate", object{"overlap": "1h"})}, after: all("ok")},
		{change: "a rotated token's old secret is retired", first: []step{change("POST", one+"/rotate", object{"overlap": "1h"})},
			steps: []step{change("POST", one+"/retire", nil)}, before: all("ok"), after: all("retired")},
		{change: "a token is transferred", steps: []step{change("POST", one+"/transfer", object{"owner": "heir"})}, after: all("retired")},
		{change: "a token is revoked", steps: []step{change("POST", one+"/revoke", nil)}, after: all("revoked")},
		{change: "a token is deleted", steps: []step{change("DELETE", one, nil)}, after: all("revoked")},
	}
}

// TestRightsAreLive: a verification that starts after a change was answered
// sees it, though it was asked just before and nothing was read again since.
func TestRightsAreLive(t *testing.T) {
	t.Parallel()
	o := newFirm(t)
	for _, l := range append(append(append(peopleLaws(), rightsLaws()...), placeLaws()...), tokenLaws()...) {
		t.Run(l.change, func(t *testing.T) {
			t.Parallel()
			w := o.open(t)
			tokens := w.holders()
			admin := w.elsewhere("instance:admin")
			w.apply(admin, l.first, tokens)
			if l.before == "" {
				l.before = "ok ok ok ok"
			}
			verifier := w.elsewhere("instance:verify")
			w.holds("before", verifier, tokens, l, l.before)
			w.apply(admin, l.steps, tokens)
			if strings.Contains(l.after, "rate_limited") {
				w.holds("with what is left of the limit", verifier, tokens, l, "ok ok ok ok")
			}
			w.holds("after", verifier, tokens, l, l.after)
		})
	}
}

// holders makes the tokens of a law.
func (w *world) holders() []api.Issued {
	w.Helper()
	w.play([]step{
		{"POST", ws + "/members", onAll(object{"email": "eve@example.com", "role": "Team Member"}), 201, nil},
		{"POST", ws + "/service-accounts", onAll(object{"name": "deployer", "scopes": []string{"tickets:write"}}), 201, nil},
		{"POST", ws + "/service-accounts", onAll(object{"name": "heir", "scopes": []string{"tickets:write"}}), 201, nil},
		{"PUT", "/v1/instance/roles/Desk", object{"scopes": []string{"tickets:write"}}, 201, nil},
		{"PUT", ws + "/roles/Agent", object{"scopes": []string{"tickets:write"}}, 201, nil},
	})
	return []api.Issued{
		w.issue("acme", object{"label": "x", "owner": "eve@example.com"}),
		w.issue("acme", object{"label": "x", "owner": "eve@example.com", "role": "Desk", "resources": []string{"payments"}}),
		w.issue("acme", object{"label": "x", "owner": "deployer"}),
		w.issue("acme", onAll(object{"label": "x", "kind": "workspace", "role": "Agent"})),
	}
}

// elsewhere is a token of globex with a scope of the instance, which stays
// whatever becomes of acme. Only a signed-in administrator can make it.
func (w *world) elsewhere(scope string) string {
	w.Helper()
	in := api.CreateToken{Kind: "workspace"}
	in.Label, in.Scopes = api.Some("x"), api.Some([]string{scope})
	i, err := w.CreateToken(w.Context(), w.person("ada@example.com"), "globex", in)
	w.must(err)
	return i.Secret.Reveal()
}

// apply makes a change, of each token where it names one.
func (w *world) apply(tok string, steps []step, tokens []api.Issued) {
	w.Helper()
	for _, s := range steps {
		targets := []string{""}
		if strings.Contains(s.path, "TOKEN") {
			targets = nil
			for _, i := range tokens {
				targets = append(targets, i.Token.Locator)
			}
		}
		for _, id := range targets {
			body := s.body
			if o, ok := body.(object); ok && o == nil {
				body = nil
			}
			if s.method == "PUT" && body == nil {
				body = object{}
			}
			if r := w.as(tok, s.method, strings.Replace(s.path, "TOKEN", id, 1), body); r.StatusCode > 201 {
				w.Fatalf("%s %s: %s\n%s", s.method, s.path, r.Status, r.body)
			}
		}
	}
}

// holds verifies every token, and asks the door for one too.
func (w *world) holds(when, verifier string, tokens []api.Issued, l law, want string) {
	w.Helper()
	var got []string
	for _, i := range tokens {
		ask := l.ask
		if ask == "" {
			ask = "tickets:write"
		}
		var v api.VerifyResult
		w.as(verifier, "POST", "/v1/verify", object{"token": i.Secret, "scopes": []string{ask}, "resource": "payments"}).is(200).into(&v)
		got = append(got, string(v.Code))
		if v.Code.Info().Status == http.StatusUnauthorized && w.as(i.Secret, "GET", "/v1/whoami", nil).StatusCode != http.StatusUnauthorized {
			w.Errorf("%s: %s is refused, and opens the door", when, v.Code)
		}
	}
	if have := strings.Join(got, " "); have != want {
		w.Errorf("%s\n%s, want\n%s", when, have, want)
	}
}

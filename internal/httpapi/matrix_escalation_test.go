package httpapi_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// TestBodiesCannotNameWhatTheServerDecides adds to every body what a careless
// server would take over into the row.
func TestBodiesCannotNameWhatTheServerDecides(t *testing.T) {
	t.Parallel()
	o := newFirm(t)
	w := o.open(t)
	stage := w.rehearse()
	fields := object{
		"owner_id": 1, "user_id": 1, "is_admin": true, "instance_admin": true, "standing": true, "created_by": "ada@example.com",
		"created_with": "x", "workspace": "globex", "workspace_id": 1, "id": "x", "locator": "000000000000", "revision": 1, "active": true,
		"status": "active", "effective": []string{"*"}, "secret": "x", "built_in": false, "__proto__": object{"role": "Owner"},
	}
	for _, s := range situations() {
		if s.body == "" || strings.Contains(s.route, "/oauth2/") || strings.Contains(s.route, "/leaks/") || strings.Contains(s.route, "/token-review/") { // what others send, in which what is not known is ignored
			continue
		}
		for name, value := range fields {
			body := object{}
			w.must(json.Unmarshal([]byte(s.content(o)), &body))
			if s.route == "POST /v1/verify" && name == "workspace" {
				continue // there it is a question
			}
			body[name] = value
			w.as(w.root, s.method(), s.path(o, o.callers[0]), body).field(api.CodeUnknownField, name)
		}
	}
	if n := stage.granted.Load(); n != 0 {
		t.Errorf("%d of the calls changed something", n)
	}
}

// refusal is an attempt to have more than one has.
type refusal struct {
	name, method, path string
	body               object
	code               api.Code
}

// present is a body, or none.
func present(body object) any {
	if body == nil {
		return nil
	}
	return body
}

func (w *world) refuse(tok string, attempts []refusal) {
	w.Helper()
	before := w.dump("acme")
	for _, a := range attempts {
		r := w.as(tok, a.method, a.path, present(a.body))
		var p api.Problem
		r.into(&p)
		if p.Code != a.code {
			w.Errorf("%s: %s %s, want %s", a.name, r.Status, r.body, a.code)
		}
	}
	if w.dump("acme") != before {
		w.Error("what was refused changed something")
	}
}

// TestATokenCannotWidenItselfOrLeaveASuccessor holds a token that may do all
// that tokens can do, for ten days, from one network, ten times an hour.
func TestATokenCannotWidenItselfOrLeaveASuccessor(t *testing.T) {
	t.Parallel()
	w := newFirm(t).open(t)
	limit := object{"requests": 10000, "window": "1h"}
	me := w.issue("acme", onAll(object{"label": "me", "expires_in": "10d", "allowed_ips": []string{"127.0.0.0/8"}, "rate_limit": limit,
		"scopes": []string{"tokens:*", "members:write", "service-accounts:write", "roles:write", "resources:create", "tickets:read"}}))
	const all, self = ws + "/tokens", ws + "/tokens/self"
	ask := func(more object) object {
		in := onAll(object{"label": "x", "scopes": []string{"tickets:read"}})
		maps.Copy(in, more)
		return in
	}
	exceeds := api.CodeGrantExceedsOwn
	w.refuse(me.Secret, []refusal{
		{"a successor with more scopes", "POST", all, ask(object{"scopes": []string{"tickets:write"}}), exceeds},
		{"a successor that inherits", "POST", all, object{"label": "x"}, exceeds},
		{"a successor that outlives it", "POST", all, ask(object{"expires_at": "2026-12-01T00:00:00Z"}), exceeds},
		{"a successor from anywhere", "POST", all, ask(object{"allowed_ips": nil}), exceeds},
		{"a successor from more addresses", "POST", all, ask(object{"allowed_ips": []string{"0.0.0.0/0"}}), exceeds},
		{"a successor without a limit", "POST", all, ask(object{"rate_limit": nil}), exceeds},
		{"a successor with a looser limit", "POST", all, ask(object{"rate_limit": object{"requests": 10001, "window": "1h"}}), exceeds},
		{"a successor of the instance", "POST", all, object{"label": "x", "scopes": []string{"instance:admin"}}, api.CodeInsufficientScope},
		{"more scopes for itself", "PATCH", self, object{"scopes": []string{"*"}}, exceeds},
		{"inheriting, itself", "PATCH", self, object{"grants": nil}, exceeds},
		{"a longer life for itself", "PATCH", self, object{"expires_at": "2026-12-01T00:00:00Z"}, exceeds},
		{"an endless life for itself", "PATCH", self, object{"never": true}, api.CodeOutsidePolicy},
		{"more addresses for itself", "PATCH", self, object{"allowed_ips": nil}, exceeds},
		{"no limit for itself", "PATCH", self, object{"rate_limit": nil}, exceeds},
		{"a longer life by rotation", "POST", self + "/rotate", object{"expires_in": "30d"}, exceeds},
		{"a stronger owner", "POST", self + "/transfer", object{"owner": "nobody"}, api.CodeInvalidField},
		{"more for its owner", "PATCH", ws + "/members/me", object{"role": "Administrator"}, exceeds},
		{"more for a service account", "PATCH", ws + "/service-accounts/robot", object{"scopes": []string{"*"}}, exceeds},
		{"a service account for more", "POST", ws + "/service-accounts", onAll(object{"name": "x", "scopes": []string{"*"}}), exceeds},
		{"a role for more", "PUT", ws + "/roles/Helper", object{"scopes": []string{"policy:write"}}, exceeds},
		{"a role for more by a scope", "PUT", ws + "/scopes/tickets:read", object{"implies": []string{"assets:write"}}, exceeds},
		{"the instance", "POST", "/v1/instance/admins", object{"user": "bea@example.com"}, api.CodeInsufficientScope},
	})
	w.shortened(me)
}

// shortened asks for successors without naming a moment: they end with their maker.
func (w *world) shortened(me api.Issued) {
	w.Helper()
	for _, in := range []object{{}, {"expires_in": "300d"}} {
		in["label"], in["scopes"] = "x", []string{"tickets:read"}
		i := w.as(me.Secret, "POST", ws+"/tokens", onAll(in)).is(201).issued()
		if !i.Token.ExpiresAt.Equal(*me.Token.ExpiresAt) || *i.Token.CreatedWith != me.Token.Locator {
			w.Errorf("a successor ends at %v, made with %v; its maker ends at %v", i.Token.ExpiresAt, i.Token.CreatedWith, me.Token.ExpiresAt)
		}
		if !slices.Equal(i.Token.AllowedIPs, me.Token.AllowedIPs) || *i.Token.RateLimit != *me.Token.RateLimit {
			w.Errorf("a successor has the addresses %v and the limit %v", i.Token.AllowedIPs, i.Token.RateLimit)
		}
	}
	w.as(me.Secret, "POST", ws+"/tokens/self/rotate", object{"overlap": "0"}).is(200)
	w.as(me.Secret, "GET", "/v1/whoami", nil).is(401)
}

// TestARestrictedAdministrator may do everything an Administrator may, on one
// resource: what reaches further is refused.
func TestARestrictedAdministrator(t *testing.T) {
	t.Parallel()
	w := newFirm(t).open(t)
	w.as(w.root, "POST", ws+"/members", object{"email": "pay@example.com", "role": "Administrator", "resources": []string{"payments"}}).is(201)
	tok := w.issue("acme", object{"label": "x", "owner": "pay@example.com"}).Secret
	on := func(resource string) object {
		return object{"name": "x", "scopes": []string{"tickets:read"}, "resources": []string{resource}}
	}
	exceeds := api.CodeGrantExceedsOwn
	w.refuse(tok, []refusal{
		{"more resources for oneself", "PATCH", ws + "/members/me", onAll(object{}), exceeds},
		{"Owner for oneself", "PATCH", ws + "/members/me", object{"role": "Owner"}, exceeds},
		{"the same by PUT", "PUT", ws + "/members/pay@example.com", onAll(object{"role": "Administrator"}), exceeds},
		{"a member on everything", "POST", ws + "/members", onAll(object{"email": "x@example.com", "role": "Viewer"}), exceeds},
		{"a member on another resource", "POST", ws + "/members", object{"email": "x@example.com", "role": "Viewer", "resources": []string{"billing"}}, exceeds},
		{"a service account on everything", "POST", ws + "/service-accounts", on("*"), exceeds},
		{"a service account on a prefix", "POST", ws + "/service-accounts", on("pay*"), exceeds},
		{"a role with a scope more", "PUT", ws + "/roles/Helper", object{"scopes": []string{"tickets:read", "tickets:write"}}, exceeds},
		{"a scope for a role", "PUT", ws + "/scopes/tickets:write", object{"roles": []string{"Viewer", "Helper"}}, exceeds},
		{"a stronger role as replacement", "DELETE", ws + "/roles/Helper?replacement=Administrator", nil, exceeds},
		{"on-boarding", "POST", ws + "/resources", object{"name": "billing"}, api.CodeOnboardingRestricted},
	})
	w.as(tok, "POST", ws+"/service-accounts", on("payments")).is(201)
	w.as(tok, "PUT", ws+"/roles/Helper", object{"scopes": []string{}}).is(200)
	w.as(tok, "PATCH", ws+"/members/me", object{"role": "Viewer"}).is(200)
	w.as(tok, "PATCH", ws+"/members/me", object{"role": "Administrator"}).problem(api.CodeInsufficientScope)
}

// duel lets two put each other out, with what puts them back.
type duel struct {
	name    string
	out, in func(who string) (method, path string, body object)
}

func duels() (ofInstance []duel, ofWorkspace duel) {
	role := func(name string) func(string) (string, string, object) {
		return func(who string) (string, string, object) {
			return "PATCH", ws + "/members/" + who, object{"role": name}
		}
	}
	post := func(path string) func(string) (string, string, object) {
		return func(who string) (string, string, object) { return "POST", "/v1/users/" + who + path, nil }
	}
	return []duel{
		{"administrators remove each other",
			func(who string) (string, string, object) { return "DELETE", "/v1/instance/admins/" + who, nil },
			func(who string) (string, string, object) { return "POST", "/v1/instance/admins", object{"user": who} }},
		{"administrators deactivate each other", post("/deactivate"), post("/activate")},
	}, duel{"Owners demote each other", role("Viewer"), role("Owner")}
}

// TestTheLastTwoRemoveEachOther lets the two administrators of an instance, and
// the two Owners of a workspace, put each other out at the same moment. One
// stays, each time.
func TestTheLastTwoRemoveEachOther(t *testing.T) {
	t.Parallel()
	w := newFirm(t).open(t)
	w.as(w.root, "DELETE", "/v1/instance/admins/root@example.com", nil).is(200)
	w.as(w.root, "PATCH", ws+"/members/owner@example.com", object{"role": "Viewer"}).is(200)
	with := func(who string, scopes ...string) string {
		return w.issue("acme", object{"label": "x", "owner": who, "grants": []object{onAll(object{"scopes": []string{"*"}}), {"scopes": scopes}}}).Secret
	}
	instance, workspace := duels()
	for _, d := range instance {
		w.fight(d, w.root, with("ida@example.com", "instance:admin"))
	}
	w.fight(workspace, with("ada@example.com", "*"), with("ida@example.com", "*"))
}

// fight has ada and ida, with these tokens, fight so many rounds.
func (w *world) fight(d duel, ada, ida string) {
	w.Helper()
	rounds := 100
	if testing.Short() {
		rounds = 10
	}
	do := func(tok, who string, what func(string) (string, string, object)) int {
		method, path, body := what(who)
		return w.as(tok, method, path, present(body)).StatusCode
	}
	for range rounds {
		var wg sync.WaitGroup
		var byAda, byIda int
		wg.Go(func() { byAda = do(ada, "ida@example.com", d.out) })
		wg.Go(func() { byIda = do(ida, "ada@example.com", d.out) })
		wg.Wait()
		winner, loser := ada, "ida@example.com"
		if byIda == http.StatusOK {
			winner, loser = ida, "ada@example.com"
		}
		if (byAda == http.StatusOK) == (byIda == http.StatusOK) || do(winner, loser, d.in) != http.StatusOK {
			w.Fatalf("%s: answered %d and %d; one has to win, and to stay", d.name, byAda, byIda)
		}
	}
}

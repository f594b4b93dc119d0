package httpapi_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/httpapi"
	"github.com/tokenry/tokenry/internal/issuer/issuertest"
)

// step is one call of a story that has to succeed.
type step struct {
	method, path string
	body         any
	status       int
	// want are members of the answer, compared when given.
	want map[string]any
}

type object = map[string]any

// play calls every step as root, and looks at what all answers have in common.
func (w *world) play(steps []step) {
	w.Helper()
	revision := ""
	for _, s := range steps {
		r := w.as(w.root, s.method, s.path, s.body).is(s.status)
		w.checkCommon(r)
		if now := r.Header.Get("Tokenry-Revision"); now != "" {
			if len(now) < len(revision) || len(now) == len(revision) && now < revision {
				w.Errorf("%s %s: revision %s after %s", s.method, s.path, now, revision)
			}
			revision = now
		} else if s.method != http.MethodGet && !strings.Contains(s.path, "dry_run") && s.status != http.StatusAccepted {
			w.Errorf("%s %s: no Tokenry-Revision", s.method, s.path)
		}
		var got object
		if len(s.want) > 0 {
			r.into(&got)
		}
		maps.DeleteFunc(got, func(k string, _ any) bool { _, asked := s.want[k]; return !asked })
		if len(s.want) > 0 && !cmp.Equal(s.want, got) {
			w.Errorf("%s %s: %s\n%s", s.method, s.path, cmp.Diff(s.want, got), r.body)
		}
	}
}

// checkCommon looks at the headers that every authenticated answer has.
func (w *world) checkCommon(r *reply) {
	w.Helper()
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Strict-Transport-Security": door.StrictTransport,
	} {
		if got := r.Header[name]; len(got) != 1 || got[0] != want {
			w.Errorf("%s %s: %s is %q, want %q", r.Request.Method, r.Request.URL.Path, name, got, want)
		}
	}
}

const ws = "/v1/workspaces/acme"

func workspaceStory() []step {
	return []step{
		{"POST", "/v1/workspaces", object{"slug": "globex", "name": "Globex", "external_id": "cust/7"}, 201, object{"slug": "globex", "external_id": "cust/7"}},
		{"GET", "/v1/workspaces", nil, 200, nil},
		{"GET", "/v1/workspaces/globex", nil, 200, object{"name": "Globex"}},
		{"GET", "/v1/workspaces/ext:cust%2F7", nil, 200, object{"slug": "globex"}},
		{"PUT", "/v1/workspaces/ext:cust%2F7", object{"name": "Globex Inc"}, 200, object{"slug": "globex", "name": "Globex Inc"}},
		{"PUT", "/v1/workspaces/ext:cust%2F8", object{"slug": "initech"}, 201, object{"slug": "initech", "external_id": "cust/8"}},
		{"PATCH", "/v1/workspaces/globex", object{"metadata": object{"plan": "gold"}}, 200, object{"metadata": object{"plan": "gold"}}},
		{"POST", "/v1/workspaces/globex/suspend?dry_run=true", nil, 200, object{"dry_run": true}},
		{"GET", "/v1/workspaces/globex", nil, 200, object{"suspended_at": nil}},
		{"POST", "/v1/workspaces/globex/suspend", nil, 200, nil},
		{"POST", "/v1/workspaces/globex/resume", nil, 200, object{"suspended_at": nil}},
		{"DELETE", "/v1/workspaces/globex", nil, 200, object{"slug": "globex"}},
		{"GET", ws + "/policy", nil, 200, object{"overlap": "24h"}},
		{"PATCH", ws + "/policy", object{"overlap": "1h", "support_contact": object{"email": "help@acme.test"}}, 200, object{"overlap": "1h", "overridden": []any{"overlap", "support_contact"}}},
		{"GET", ws + "/scopes", nil, 200, object{"next_cursor": nil}},
		{"PUT", ws + "/scopes/tickets:read", object{"description": "Read tickets"}, 201, object{"name": "tickets:read"}},
		{"PUT", ws + "/scopes/tickets:read", object{"description": "See tickets"}, 200, object{"description": "See tickets"}},
		{"PUT", ws + "/roles/Support", object{"scopes": []string{"tickets:*"}}, 201, object{"name": "Support", "built_in": false}},
		{"GET", ws + "/roles", nil, 200, object{"next_cursor": nil}},
		{"GET", ws + "/scopes/tickets:read", nil, 200, object{"description": "See tickets"}},
		{"GET", ws + "/roles/Support", nil, 200, object{"name": "Support", "built_in": false}},
		{"DELETE", ws + "/scopes/tickets:read", nil, 200, object{"name": "tickets:read"}},
		{"POST", ws + "/resources", object{"name": "payments"}, 201, object{"name": "payments"}},
		{"GET", ws + "/resources", nil, 200, object{"next_cursor": nil}},
		{"GET", ws + "/resources/payments", nil, 200, object{"created_by": "ada@example.com"}},
		{"DELETE", ws + "/resources/payments", nil, 200, object{"name": "payments"}},
	}
}

func peopleStory() []step {
	member := ws + "/members/bob@example.com"
	account := ws + "/service-accounts/ci"
	return []step{
		{"POST", ws + "/members", object{"email": "Bob@example.com", "role": "Support", "resources": []string{"*"}}, 201, object{"email": "bob@example.com", "role": "Support"}},
		{"GET", ws + "/members", nil, 200, object{"next_cursor": nil}},
		{"GET", member, nil, 200, object{"active": true}},
		{"GET", ws + "/members/me", nil, 200, object{"email": "ada@example.com"}},
		{"PUT", ws + "/members/ext:u%2F1", object{"name": "Cy", "role": "Viewer", "resources": []string{"*"}}, 201, object{"external_id": "u/1"}},
		{"PATCH", member, object{"name": "Bob"}, 200, object{"name": "Bob"}},
		{"POST", member + "/access-token/reset", nil, 200, nil},
		{"POST", member + "/invite", nil, 200, object{"sent": true, "can_sign_in": false}},
		{"GET", ws + "/members?only=invited", nil, 200, object{"next_cursor": nil}},
		{"POST", ws + "/members", object{"email": "dot@example.com", "role": "Viewer"}, 201, nil},
		{"DELETE", ws + "/members/dot@example.com/invite?dry_run=true", nil, 200, object{"dry_run": true}},
		{"DELETE", ws + "/members/dot@example.com/invite", nil, 200, object{"email": "dot@example.com"}},
		{"POST", member + "/portal-link", nil, 200, nil},
		{"POST", member + "/deactivate?dry_run=true", nil, 200, object{"dry_run": true}},
		{"POST", member + "/deactivate", nil, 200, object{"active": false}},
		{"POST", member + "/activate", nil, 200, object{"active": true}},
		{"DELETE", ws + "/roles/Support?replacement=Viewer", nil, 200, object{"name": "Support"}},
		{"GET", ws + "/removals", nil, 200, nil},
		{"GET", "/v1/instance/removals", nil, 200, nil},
		{"DELETE", member + "?dry_run=true", nil, 200, object{"dry_run": true}},
		{"DELETE", member, nil, 200, object{"email": "bob@example.com"}},
		{"POST", ws + "/service-accounts", object{"name": "ci", "scopes": []string{"builds:run"}, "resources": []string{"*"}}, 201, object{"address": "ci@acme.service"}},
		{"GET", ws + "/service-accounts", nil, 200, object{"next_cursor": nil}},
		{"GET", account, nil, 200, object{"name": "ci"}},
		{"PATCH", account, object{"description": "builds"}, 200, object{"description": "builds"}},
		{"POST", account + "/disable?dry_run=true", nil, 200, object{"dry_run": true, "tokens": []any{}}},
		{"POST", account + "/disable", nil, 200, object{"active": false}},
		{"POST", account + "/enable", nil, 200, object{"active": true}},
		{"DELETE", account, nil, 200, object{"name": "ci"}},
	}
}

func instanceStory() []step {
	return []step{
		{"GET", "/v1/instance/policy", nil, 200, object{"overridden": []any{}}},
		{"PATCH", "/v1/instance/policy", object{"retention": "30d"}, 200, object{"retention": "30d"}},
		{"GET", "/v1/instance/scopes", nil, 200, nil},
		{"PUT", "/v1/instance/scopes/pages:read", object{"locked": true}, 201, object{"locked": true}},
		{"GET", "/v1/instance/scopes/pages:read", nil, 200, object{"locked": true}},
		{"DELETE", "/v1/instance/scopes/pages:read", nil, 200, nil},
		{"GET", "/v1/instance/roles", nil, 200, nil},
		{"PUT", "/v1/instance/roles/Auditor", object{"scopes": []string{"audit:read"}}, 201, nil},
		{"GET", "/v1/instance/roles/Auditor", nil, 200, nil},
		{"DELETE", "/v1/instance/roles/Auditor", nil, 200, nil},
		{"GET", "/v1/instance/usage?bucket=day", nil, 200, object{"bucket": "day", "workspaces": []any{}}},
		{"GET", "/v1/instance/admins", nil, 200, nil},
		{"PUT", ws + "/members/eve@example.com", object{"role": "Viewer", "resources": []string{"*"}}, 201, nil},
		{"POST", "/v1/instance/admins", object{"user": "eve@example.com"}, 200, object{"instance_admin": true}},
		{"DELETE", "/v1/instance/admins/eve@example.com", nil, 200, object{"instance_admin": false}},
		{"GET", "/v1/users", nil, 200, object{"next_cursor": nil}},
		{"GET", "/v1/users/eve@example.com", nil, 200, object{"workspaces": []any{"acme"}}},
		{"POST", "/v1/users/eve@example.com/deactivate", nil, 200, object{"active": false}},
		{"POST", "/v1/users/eve@example.com/erase?dry_run=true", nil, 200, object{"dry_run": true, "memberships": 1.0}},
		{"POST", "/v1/users/eve@example.com/activate", nil, 200, object{"active": true}},
		{"GET", "/v1/instance/audit?action=policy.edited", nil, 200, object{"next_cursor": nil}},
		{"GET", "/v1/instance/audit/export", nil, 200, nil},
		{"GET", ws + "/audit?actor=ada@example.com&from=2026-01-01T00:00:00Z", nil, 200, nil},
		{"GET", ws + "/audit/export?format=csv", nil, 200, nil},
		{"GET", "/v1/whoami", nil, 200, object{"workspace": "acme", "instance_admin": true}},
	}
}

// tokenStory is told by hand, because each step needs the answer before.
func (w *world) tokenStory() {
	tokens := ws + "/tokens"
	i := w.issue("acme", object{"label": "Laptop", "metadata": object{"team": "blue"}, "expires_in": "30d"})
	w.as(w.root, "GET", tokens+"?metadata=team=blue&status=active&kind=personal&owner=me&q=lap&expiring_within=60d&can=tickets:read", nil).is(200)
	one := tokens + "/" + i.Token.ID
	w.play([]step{
		{"GET", one, nil, 200, object{"label": "Laptop", "metadata": object{"team": "blue"}}},
		{"GET", tokens + "/self", nil, 200, object{"label": "First token"}},
		{"PATCH", one, object{"label": "Desk", "description": nil}, 200, object{"label": "Desk"}},
		{"POST", one + "/disable", nil, 200, object{"status": "disabled"}},
		{"POST", one + "/enable", nil, 200, object{"status": "active"}},
		{"POST", one + "/rotate", nil, 200, nil},
		{"POST", one + "/retire", nil, 200, object{"overlap_ends_at": nil}},
		{"GET", one + "/strange-use", nil, 200, object{"open": false}},
		{"POST", one + "/strange-use", object{"answer": "me"}, 200, object{"open": false}},
		{"POST", one + "/rotate", object{"overlap": "0"}, 200, nil},
		{"POST", one + "/reset", nil, 200, nil},
		{"POST", one + "/transfer", object{"owner": "eve@example.com"}, 200, nil},
		{"POST", tokens + "/" + i.Token.Locator + "/revoke", object{"reason": "leaked"}, 200, object{"status": "revoked", "revoke_reason": "leaked"}},
		{"DELETE", tokens + "/" + i.Token.Locator, nil, 200, object{"revoke_reason": "leaked"}},
	})
}

// rehearsalStory says dry_run in the body: nothing happens, and no revision is told.
func (w *world) rehearsalStory() {
	w.as(w.root, "POST", ws+"/service-accounts", object{"name": "robot", "scopes": []string{"builds:run"}, "resources": []string{"*"}}).is(201)
	var hit api.Affected
	w.as(w.root, "POST", ws+"/service-accounts/robot/disable", object{"dry_run": true}).is(200).into(&hit)
	var robot api.ServiceAccount
	w.as(w.root, "GET", ws+"/service-accounts/robot", nil).is(200).into(&robot)
	if !hit.DryRun || !robot.Active {
		w.Errorf("rehearsed: %+v, then %+v", hit, robot)
	}
}

// lifeStory is told by hand, because it needs secrets.
func (w *world) lifeStory() {
	tokens := ws + "/tokens"
	w.as(w.root, "PATCH", ws+"/policy", object{"recoverable": true}).is(200)
	i := w.issue("acme", object{"label": "Kept"})
	var shown api.Issued
	w.as(w.root, "POST", tokens+"/"+i.Token.ID+"/reveal", nil).is(200).into(&shown)
	if shown.Secret != i.Secret {
		w.Error("another secret was revealed")
	}
	var found api.FoundTokens
	w.as(w.root, "POST", tokens+"/lookup", object{"text": "export TOKEN=" + i.Secret + "\n"}).is(200).into(&found)
	w.as(w.root, "POST", "/v1/leaks", object{"tokens": []object{{"token": "nothing"}}}).is(202)
	w.send("POST", "/v1/leaks/github", string(encoded(w, []object{{"token": "nothing", "type": "tokenry", "url": "https://github.com/acme/app/blob/main/.env", "source": "content"}}))).is(200)
	w.send("GET", "/v1/leaks/gitlab/types", "").is(200)
	w.send("POST", "/v1/leaks/gitlab", string(encoded(w, []object{{"type": "gitleaks_rule_id_tokenry-access-token", "token": "nothing", "location": "https://gitlab.example.com/acme/app"}}))).is(204)
	w.as(w.root, "POST", "/v1/token-review/tickets:read,tickets:write", json.RawMessage(reviewOf(i.Secret))).is(200)
	w.as(w.root, "POST", "/v1/token-review/tickets:read,tickets:write/store-1", json.RawMessage(reviewOf(i.Secret))).is(200)
	w.as(w.root, "POST", "/v1/leaks/trufflehog", object{"TokenryAccessToken": object{"token": []string{i.Secret}}}).is(200)
	if len(found.Items) != 1 || found.Items[0].Token == nil || found.Items[0].Token.ID != i.Token.ID {
		w.Errorf("found %+v", found.Items)
	}
	lines := w.as(w.root, "POST", tokens+"/bulk", object{"action": "rotate", "ids": []string{i.Token.ID, "self", "nobody"}}).is(200).body
	if n := strings.Count(string(lines), "\n"); n != 2 || !strings.Contains(string(lines), `"secret":"tky`) {
		w.Errorf("rotated %d lines: %s", n, lines)
	}
	w.play([]step{
		{"POST", tokens + "/bulk", object{"action": "disable", "filter": object{"q": "Kept"}, "dry_run": true}, 200, object{"matched": 1.0, "dry_run": true}},
		{"POST", tokens + "/bulk", object{"action": "disable", "filter": object{"q": "Kept"}}, 200, object{"matched": 1.0}},
		{"POST", tokens + "/bulk", object{"action": "disable", "filter": object{"q": "Kept", "metadata": object{"team": "none"}}, "dry_run": true}, 200, object{"matched": 0.0}},
		{"GET", tokens + "/" + i.Token.ID, nil, 200, object{"status": "disabled"}},
	})
	r := w.issue("acme", object{"label": "Rehearsed", "scopes": []string{"tickets:read", "tickets:write"}, "resources": []string{"*"}})
	var would, is api.Token
	w.as(w.root, "PATCH", ws+"/tokens/"+r.Token.ID+"?dry_run=true", object{"label": "Else", "scopes": []string{"tickets:read"}}).is(200).into(&would)
	w.as(w.root, "GET", ws+"/tokens/"+r.Token.ID, nil).is(200).into(&is)
	if would.Label != "Else" || len(would.Effective[0].Scopes) != 1 || is.Label != "Rehearsed" || is.Revision != r.Token.Revision || len(is.Effective[0].Scopes) != 2 {
		w.Errorf("rehearsed: %+v, then %+v", would, is)
	}
	w.as(w.root, "PATCH", ws+"/tokens/"+r.Token.ID+"?dry_run=true", object{"label": ""}).is(400)
}

// watchStory is told by hand, because looking asks for no revision.
func (w *world) watchStory() {
	i := w.issue("acme", object{"label": "Watched"})
	one := ws + "/tokens/" + i.Token.ID
	for _, path := range []string{one + "/usage", one + "/activity", one + "/denials", one + "/advice", one + "/descendants", ws + "/advice", ws + "/usage?bucket=day", ws + "/denials"} {
		w.as(w.root, "GET", path, nil).is(200)
	}
	var e api.Explanation
	w.as(w.root, "POST", ws+"/explain", object{"token": i.Secret, "scopes": []string{"tickets:read"}}).is(200).into(&e)
	if e.Token == nil || e.Token.ID != i.Token.ID || len(e.Checks) == 0 {
		w.Errorf("explained: %+v", e)
	}
}

// webhookStory makes, uses and deletes an endpoint.
func (w *world) webhookStory(at string) {
	var made api.WebhookSecret
	w.as(w.root, "POST", at, object{"url": "https://hooks.example.com/tokenry", "events": []string{"token.*"}}).is(201).into(&made)
	one := at + "/" + made.ID // the object itself, and the secret beside its fields
	var sent api.WebhookDelivery
	w.as(w.root, "POST", one+"/ping", nil).is(200).into(&sent)
	w.play([]step{
		{"GET", at, nil, 200, object{"next_cursor": nil}},
		{"GET", one, nil, 200, object{"enabled": true}},
		{"PATCH", one, object{"description": "pager"}, 200, object{"description": "pager"}},
		{"POST", one + "/rotate", nil, 200, nil},
		{"GET", one + "/deliveries", nil, 200, object{"next_cursor": nil}},
		{"GET", one + "/deliveries/" + sent.ID, nil, 200, object{"type": sent.Type}},
		{"POST", one + "/deliveries/" + sent.ID + "/resend", nil, 200, nil},
		{"DELETE", one, nil, 200, nil},
	})
}

// trustStory trusts a cluster whose keys came with the rule, and exchanges a token of it.
func (w *world) trustStory() {
	cluster := issuertest.New(w.TB)
	const account, audience = "cluster", "https://tokens.example.com"
	w.as(w.root, "POST", ws+"/service-accounts", object{"name": account, "scopes": []string{"tickets:read"}, "resources": []string{"*"}}).is(201)
	var made api.TrustRule
	w.as(w.root, "POST", trustPath, object{"service_account": account, "label": "deployer of ci", "system": "kubernetes", "issuer": "https://kubernetes.example.com",
		"audience": audience, "claims": object{"/kubernetes.io/serviceaccount/uid": []string{"u-1"}}, "keys": cluster.Public()}).is(201).into(&made)
	one := trustPath + "/" + made.ID
	now := w.clock.Now().Unix()
	idToken := cluster.Sign(w.TB, object{"iss": "https://kubernetes.example.com", "aud": []string{audience}, "sub": "system:serviceaccount:ci:deployer", "iat": now, "exp": now + 600,
		"kubernetes.io": object{"serviceaccount": object{"uid": "u-1"}}})
	w.as(w.root, "POST", trustPath+"/explain", object{"token": idToken}).is(200)
	w.send("POST", grantPath, form("grant_type", api.ExchangeGrantType, "client_id", account+"@acme.service", "subject_token", idToken, "subject_token_type", api.TypeIDToken)).is(200)
	w.play([]step{
		{"GET", trustPath, nil, 200, object{"next_cursor": nil}},
		{"GET", one, nil, 200, object{"label": "deployer of ci"}},
		{"PATCH", one, object{"label": "deployer"}, 200, object{"label": "deployer"}},
		{"DELETE", one, nil, 200, nil},
	})
}

// importStory brings a token over of which another system kept the SHA-256.
func (w *world) importStory() {
	const theirs = "acme_live_3fJ8sK2mQ9xT7vB1"
	sum := sha256.Sum256([]byte(theirs))
	in := object{
		"format": object{"name": "old-api", "prefix": "acme_live_", "min_length": 26, "max_length": 26, "alphabet": "base62", "hash": "sha256"},
		"tokens": []object{{"hash": hex.EncodeToString(sum[:]), "start": "acme_live_3f", "label": "nightly export", "scopes": []string{"tickets:read"}, "resources": []string{"*"}}},
	}
	var out api.ImportResults
	w.as(w.root, "POST", ws+"/tokens/import", in).is(200).into(&out)
	w.play([]step{
		{"GET", "/v1/instance/import-formats", nil, 200, object{"next_cursor": nil}},
		{"GET", ws + "/tokens/" + out.Results[0].TokenID, nil, 200, object{"masked": "acme_live_3f…"}},
		{"DELETE", "/v1/instance/import-formats/old-api", nil, 200, object{"name": "old-api"}},
	})
}

func (w *world) publicStory() {
	held := w.issue("acme", object{"label": "x", "scopes": []string{"tickets:read"}, "resources": []string{"payments"}}).Secret
	w.as(w.root, "POST", "/oauth2/introspect", form("token", held, "resource", "payments", "client_ip", "203.0.113.7")).is(200)
	w.send("POST", "/oauth2/revoke", form("token", held)).is(200)
	w.send("POST", device, form("client_id", "tokenry-cli", "device_name", "laptop")).is(200)
	w.send("POST", grantPath, form("client_id", "tokenry-cli", "grant_type", deviceGrant, "device_code", "approved")).is(200)
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource", "/.well-known/openid-configuration", "/healthz", "/readyz", "/.well-known/token-format", "/openapi.json", "/openapi-3.0.json", "/docs", "/errors", "/errors/expired"} {
		w.send("GET", path, "").is(200)
	}
	w.as(w.root, "POST", "/v1/verify", api.VerifyRequest{Token: w.root, Scopes: []string{"tickets:write"}, Resource: "payments", Workspace: "acme",
		Client: &api.Client{IP: "203.0.113.7", Method: "POST", Path: "/systems/payments/tickets", UserAgent: "curl/8.5"}}).is(200)
	w.as(w.root, "POST", "/v1/verify/batch", api.VerifyBatch{Requests: []api.VerifyRequest{{Token: w.root}}}).is(200)
	w.replicaStory()
	w.as(w.root, "DELETE", "/v1/forward-auth?workspace=acme", nil).is(200)
	w.as(w.root, "DELETE", "/v1/ext-authz/everyone/tickets/1", nil).is(200)
}

// stories plays all of them.
func (w *world) stories() {
	w.Helper()
	w.play(slices.Concat(workspaceStory(), peopleStory(), instanceStory()))
	w.rehearsalStory()
	w.tokenStory()
	w.approvalStory()
	w.unusedStory()
	w.lifeStory()
	w.watchStory()
	w.webhookStory(ws + "/webhooks")
	w.webhookStory("/v1/instance/webhooks")
	w.trustStory()
	w.importStory()
	w.publicStory()
}

func (w *world) replicaStory() {
	w.Helper()
	var told api.ReplicaTold
	var kept api.ReplicaResult
	w.as(w.root, "POST", "/v1/replica", api.ReplicaCall{}).is(200).into(&told)
	w.as(w.root, "POST", "/v1/replica/verify", api.ReplicaVerify{Replica: told.Replica, Request: api.VerifyRequest{Token: w.root}}).is(200).into(&kept)
	w.as(w.root, "POST", "/v1/replica/uses", api.ReplicaUses{Uses: []api.ReplicaUse{{Use: kept.Keep.Use, Count: 12, AgoMS: 300,
		Client: &api.Client{IP: "203.0.113.7", Method: "GET", Path: "/tickets/12"}}}}).is(200)
	w.as(w.root, "POST", "/v1/replica", api.ReplicaCall{Replica: told.Replica, Applied: told.Count}).is(200)
}

func TestEveryRouteHasAHappyPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stories()
	succeeded := w.successes()
	for _, rt := range httpapi.Routes() {
		if !succeeded[rt.Path+" "+rt.Method] && !(rt.Method == "" && succeeded[rt.Path+" DELETE"]) {
			t.Errorf("%s never succeeded in the stories", rt.Pattern())
		}
	}
}

// successes are the routes and methods that were answered with 2xx, as the
// metrics tell.
func (w *world) successes() map[string]bool {
	w.Helper()
	out := map[string]bool{}
	w.eachCount("tokenry_http_requests_total", func(labels map[string]string, _ float64) {
		if strings.HasPrefix(labels["status"], "2") {
			out[labels["route"]+" "+labels["method"]] = true
		}
	})
	return out
}

// eachCount calls f with every series of a metric.
func (w *world) eachCount(name string, f func(labels map[string]string, value float64)) {
	w.Helper()
	families, err := w.reg.Gather()
	w.must(err)
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			f(labelsOf(m), m.GetCounter().GetValue()+m.GetGauge().GetValue()+float64(m.GetHistogram().GetSampleCount()))
		}
	}
}

func labelsOf(m *dto.Metric) map[string]string {
	out := map[string]string{}
	for _, l := range m.GetLabel() {
		out[l.GetName()] = l.GetValue()
	}
	return out
}

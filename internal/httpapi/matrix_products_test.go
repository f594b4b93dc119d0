package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// The five products that the rights have to satisfy, each told as its people
// would tell it.

// secret creates a token as somebody and answers its secret.
func (w *world) secret(tok string, in object) string {
	w.Helper()
	if in["label"] == nil {
		in["label"] = "x"
	}
	return w.as(tok, "POST", ws+"/tokens", in).is(201).issued().Secret
}

// can asks as the product whether a token may do something.
func (w *world) can(product, tok, scope, resource string) api.Code {
	w.Helper()
	in := object{"token": tok, "resource": resource}
	if scope != "" {
		in["scopes"] = []string{scope}
	}
	var v api.VerifyResult
	w.as(product, "POST", "/v1/verify", in).is(200).into(&v)
	return v.Code
}

// says fails unless the product is answered this.
func (w *world) says(product, tok, scope, resource string, want api.Code) {
	w.Helper()
	if got := w.can(product, tok, scope, resource); got != want {
		w.Errorf("%s on %s: %s, want %s", scope, resource, got, want)
	}
}

// TestProductCodeQualityService: users' CI tokens inherit the user's rights over
// a portfolio of systems, where on-boarding a new system needs the entire
// portfolio, or, by policy, any user may on-board but needs an administrator's
// grant to see the results.
func TestProductCodeQualityService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	product := w.account("product", "tokens:verify")
	member := func(email string, systems ...string) string {
		w.as(w.root, "POST", ws+"/members", object{"email": email, "role": "Team Member", "resources": systems}).is(201)
		return w.secret(w.root, object{"owner": email, "label": "CI"})
	}
	onboard := func(tok, system string) *reply { return w.as(tok, "POST", ws+"/resources", object{"name": system}) }
	all, few := member("all@example.com", "*"), member("few@example.com", "web", "billing-*")

	onboard(all, "web").is(201)
	w.says(product, few, "findings:read", "web", api.CodeOK)
	w.says(product, few, "findings:read", "billing-eu", api.CodeOK)
	w.says(product, few, "findings:read", "search", api.CodeResourceDenied)
	w.as(w.root, "PATCH", ws+"/members/few@example.com", object{"resources": []string{"search"}}).is(200)
	w.says(product, few, "findings:read", "search", api.CodeOK) // inherited, live
	w.says(product, few, "findings:read", "web", api.CodeResourceDenied)

	onboard(few, "chat").problem(api.CodeOnboardingRestricted) // without the entire portfolio
	w.as(w.root, "PATCH", ws+"/policy", object{"onboarding": "any_member"}).is(200)
	onboard(few, "chat").is(201)
	w.says(product, few, "findings:read", "chat", api.CodeResourceDenied) // until an administrator grants it
	w.as(w.root, "PATCH", ws+"/members/few@example.com", object{"resources": []string{"search", "chat"}}).is(200)
	w.says(product, few, "findings:read", "chat", api.CodeOK)
	w.as(w.root, "POST", ws+"/members/few@example.com/deactivate", nil).is(200)
	onboard(few, "mail").problem(api.CodeOwnerInactive)
}

// TestProductSecurityScanner: super admins issue tokens that belong to the
// organisation, with the role "CI Token", and can invalidate and regenerate them.
func TestProductSecurityScanner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	product := w.account("product", "tokens:verify")
	w.as(w.root, "POST", ws+"/members", onAll(object{"email": "super@example.com", "role": "Administrator"})).is(201)
	w.as(w.root, "POST", ws+"/members", onAll(object{"email": "dev@example.com", "role": "Team Member"})).is(201)
	super, dev := w.secret(w.root, object{"owner": "super@example.com"}), w.secret(w.root, object{"owner": "dev@example.com"})
	ask := onAll(object{"label": "Pipeline", "kind": "workspace", "role": "CI Token"})
	w.as(dev, "POST", ws+"/tokens", ask).problem(api.CodeInsufficientScope)
	i := w.as(super, "POST", ws+"/tokens", ask).is(201).issued()
	if i.Token.Owner.Address != "acme@workspace" || i.Token.CreatedBy != "super@example.com" || *i.Token.Role != "CI Token" {
		t.Errorf("the token: %+v", i.Token)
	}
	w.says(product, i.Secret, "scans:create", "", api.CodeOK)
	w.says(product, i.Secret, "members:read", "", api.CodeInsufficientScope)

	one := ws + "/tokens/" + i.Token.Locator
	again := w.as(super, "POST", one+"/reset", nil).is(200).issued() // regenerate
	if again.Token.ID != i.Token.ID || again.Token.Label != "Pipeline" || *again.Token.Role != "CI Token" {
		t.Errorf("regenerated: %+v", again.Token)
	}
	w.says(product, i.Secret, "scans:create", "", api.CodeRetired)
	w.says(product, again.Secret, "scans:create", "", api.CodeOK)

	w.as(w.root, "DELETE", ws+"/members/super@example.com", nil).is(200) // it survives whoever made it
	w.says(product, again.Secret, "scans:create", "", api.CodeOK)
	var shown api.Token
	w.as(w.root, "GET", one, nil).is(200).into(&shown)
	if shown.CreatedBy != "super@example.com" {
		t.Errorf("nobody knows any more who made it: %+v", shown)
	}
	w.as(dev, "POST", one+"/revoke", nil).problem(api.CodeInsufficientScope)
	w.as(w.root, "POST", one+"/revoke", object{"reason": "superseded"}).is(200) // invalidate
	w.says(product, again.Secret, "scans:create", "", api.CodeRevoked)
}

// TestProductIncidentDesk: user tokens and service-account tokens, the scopes
// tickets:read tickets:write assets:read assets:write users:read users:write
// admin, and tokens scoped to specific entities.
func TestProductIncidentDesk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	product := w.account("product", "tokens:verify")
	var catalogue []string
	for _, noun := range []string{"tickets", "assets", "users"} {
		w.as(w.root, "PUT", ws+"/scopes/"+noun+":read", object{}).is(201)
		w.as(w.root, "PUT", ws+"/scopes/"+noun+":write", object{"implies": []string{noun + ":read"}}).is(201)
		catalogue = append(catalogue, noun+":read", noun+":write")
	}
	w.as(w.root, "POST", ws+"/members", onAll(object{"email": "agent@example.com", "role": "Team Member"})).is(201)
	w.as(w.root, "POST", ws+"/service-accounts", onAll(object{"name": "monitoring", "scopes": []string{"tickets:write", "assets:read"}})).is(201)
	agent := w.secret(w.root, object{"owner": "agent@example.com"})
	monitoring := w.secret(w.root, object{"owner": "monitoring"})
	admin := w.secret(w.root, onAll(object{"scopes": []string{"admin"}}))
	for _, scope := range catalogue {
		w.says(product, agent, scope, "", api.CodeOK)
		w.says(product, admin, scope, "", api.CodeOK)
		want := api.CodeInsufficientScope
		if slices.Contains([]string{"tickets:write", "tickets:read", "assets:read"}, scope) {
			want = api.CodeOK
		}
		w.says(product, monitoring, scope, "", want)
	}
	w.says(product, admin, "workspace:delete", "", api.CodeOK) // admin is another name for *
	w.says(product, admin, "instance:admin", "", api.CodeInsufficientScope)

	entity := w.secret(w.root, object{"owner": "agent@example.com", "scopes": []string{"tickets:write"}, "resources": []string{"site:berlin", "site:paris"}})
	w.says(product, entity, "tickets:read", "site:berlin", api.CodeOK)
	w.says(product, entity, "tickets:write", "site:rome", api.CodeResourceDenied)
	w.says(product, entity, "assets:read", "site:berlin", api.CodeInsufficientScope)
	w.says(product, entity, "tickets:read", "", api.CodeResourceDenied)
	w.says(product, entity, "tickets:read", "any", api.CodeOK)
}

// TestProductWorkspacePlatform: the roles Viewer, Team Member, Workspace
// Manager, Administrator, Owner. Viewers and Team Members view tokens, Managers
// also create and edit, Administrators and Owners also disable, enable, revoke,
// delete; only an Owner deletes the workspace or makes and unmakes Owners.
func TestProductWorkspacePlatform(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	target := func() string {
		return ws + "/tokens/" + w.issue("acme", onAll(object{"label": "x", "kind": "workspace", "role": "Viewer"})).Token.Locator
	}
	w.as(w.root, "PUT", ws+"/members/second@example.com", onAll(object{"role": "Owner"})).is(201)
	for _, c := range []struct {
		role                                   string
		view, create, edit, end, people, owner bool
	}{
		{role: "Viewer", view: true}, {role: "Team Member", view: true},
		{role: "Workspace Manager", view: true, create: true, edit: true},
		{role: "Administrator", view: true, create: true, edit: true, end: true, people: true},
		{role: "Owner", view: true, create: true, edit: true, end: true, people: true, owner: true},
	} {
		email := spelled(c.role) + "@example.com"
		w.as(w.root, "POST", ws+"/members", onAll(object{"email": email, "role": c.role})).is(201)
		tok := w.secret(w.root, object{"owner": email})
		try := func(want bool, method, path string, body object) {
			t.Helper()
			if r := w.as(tok, method, path, present(body)); (r.StatusCode < 300) != want || !want && r.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %s %s: %s, want allowed %v\n%s", c.role, method, path, r.Status, want, r.body)
			}
		}
		one := target()
		try(c.view, "GET", one, nil)
		try(c.create, "POST", ws+"/tokens", onAll(object{"label": "x", "kind": "workspace", "role": "Viewer"}))
		try(c.edit, "PATCH", one, object{"label": "y"})
		for _, verb := range []string{"/disable", "/enable", "/revoke"} {
			try(c.end, "POST", one+verb, nil)
		}
		try(c.end, "DELETE", one, nil)
		try(c.people, "PUT", ws+"/members/new@example.com", onAll(object{"role": "Viewer"}))
		try(c.people, "PATCH", ws+"/policy", object{"overlap": "1h"})
		try(c.owner, "PUT", ws+"/members/third@example.com", onAll(object{"role": "Owner"}))
		try(c.owner, "DELETE", ws+"/members/second@example.com", nil)
	}
	owner := w.secret(w.root, object{"owner": "owner@example.com"})
	w.as(owner, "DELETE", ws, nil).is(200)
}

// TestProductSaaS: a SaaS keeps 3,000 customer workspaces in Tokenry and shows
// tokens in its own account pages.
func TestProductSaaS(t *testing.T) {
	t.Parallel()
	w := newFirm(t).open(t)
	customers := 3000
	if testing.Short() {
		customers = 100
	}
	backEnd, product := w.elsewhere("instance:admin"), w.elsewhere("instance:verify")
	at := func(n int) string { return "/v1/workspaces/ext:" + url.PathEscape(fmt.Sprintf("cust/%d", n)) }
	for n := range customers {
		w.as(backEnd, "PUT", at(n), object{"slug": fmt.Sprintf("c-%d", n), "name": fmt.Sprintf("Customer %d", n)}).is(201)
	}
	last := at(customers - 1)
	w.as(backEnd, "PUT", last+"/members/ext:u-1", onAll(object{"name": "Mia", "role": "Team Member"})).is(201)
	w.as(backEnd, "PUT", last+"/members/ext:u-1", onAll(object{"name": "Mia", "role": "Team Member"})).is(200) // again, no harm
	mine := object{"label": "Laptop", "metadata": object{"page": "account"}}
	i := w.as(backEnd, "POST", last+"/tokens", mine, "Tokenry-Act-As", "ext:u-1").is(201).issued()

	var v api.VerifyResult
	w.as(product, "POST", "/v1/verify", object{"token": i.Secret, "scopes": []string{"reports:read"}, "resource": "r-1"}).is(200).into(&v)
	if !v.Allowed || v.Principal.ExternalID == nil || *v.Principal.ExternalID != "u-1" || *v.WorkspaceExternalID != fmt.Sprintf("cust/%d", customers-1) || v.Token.Metadata["page"] != "account" {
		t.Errorf("verify answers %+v", v)
	}
	var page api.List[api.Token] // the account page
	w.as(backEnd, "GET", last+"/tokens?owner=ext:u-1", nil, "Tokenry-Act-As", "ext:u-1").is(200).into(&page)
	if len(page.Items) != 1 || page.Items[0].Label != "Laptop" || page.Items[0].Owner.ExternalID == nil || *page.Items[0].Owner.ExternalID != "u-1" {
		t.Errorf("the account page lists %+v", page.Items)
	}
	w.as(backEnd, "DELETE", last+"/members/me", nil, "Tokenry-Act-As", "ext:u-1").problem(api.CodeInsufficientScope)
	w.as(backEnd, "GET", at(0)+"/tokens/"+i.Token.Locator, nil).problem(api.CodeNotFound)
	w.as(product, "GET", last+"/tokens", nil).problem(api.CodeNotFound) // it verifies, and no more

	w.as(backEnd, "POST", last+"/suspend", nil).is(200)
	w.says(product, i.Secret, "reports:read", "r-1", api.CodeWorkspaceSuspended)
	w.as(backEnd, "POST", last+"/resume", nil).is(200)
	w.says(product, i.Secret, "reports:read", "r-1", api.CodeOK)

	seen, cursor := 0, ""
	for more := true; more; {
		var page api.List[api.Workspace]
		w.as(backEnd, "GET", "/v1/workspaces?limit=200"+cursor, nil).is(200).into(&page)
		seen += len(page.Items)
		if more = page.NextCursor != nil; more {
			cursor = "&cursor=" + url.QueryEscape(*page.NextCursor)
		}
	}
	if seen != customers+2 {
		t.Errorf("%d workspaces are listed, want %d", seen, customers+2)
	}
}

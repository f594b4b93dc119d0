package console_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/console"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// ask opens the page of a row, or sends it an empty form.
func (w *world) ask(who string, r console.Row, names *strings.Replacer) answer {
	w.Helper()
	method, path, _ := strings.Cut(r.Pattern, " ")
	path = names.Replace(path)
	if method == http.MethodPost {
		return w.as(who, path, url.Values{})
	}
	return w.as(who, path)
}

// furniture puts things into acme that pages are about, and names them in patterns.
func (w *world) furniture() *strings.Replacer {
	w.Helper()
	at := authority.Where{Workspace: "acme"}
	w.member("eve@example.com", "Viewer")
	account := api.CreateServiceAccount{Name: "ci"}
	account.Role, account.Resources = api.Some("Viewer"), api.Some([]string{"*"})
	_, err := w.CreateServiceAccount(w.ctx, w.root, "acme", account)
	must(w.T, err)
	_, err = w.OnboardResource(w.ctx, w.root, "acme", api.CreateResource{Name: "shop"})
	must(w.T, err)
	_, err = w.PutRole(w.ctx, w.root, at, "Agent", api.PutRole{Scopes: []string{"tickets:read"}})
	must(w.T, err)
	_, err = w.PutScope(w.ctx, w.root, at, "tickets:read", api.PutScope{})
	must(w.T, err)
	h, err := w.CreateWebhook(w.ctx, w.root, at, api.CreateWebhook{URL: "https://example.com/x", Events: []string{"*"}})
	must(w.T, err)
	i := w.issue("service", "ci", "Nightly")
	return strings.NewReplacer("{ws}", "acme", "{$}", "", "/service-accounts/{name}", "/service-accounts/ci", "/resources/{name}", "/resources/shop",
		"{member}", w.people.users["eve@example.com"].UserPublicID, "{role}", "Agent", "{scope}", "tickets:read",
		"/webhooks/{id}", "/webhooks/"+h.Webhook.ID, "{delivery}", "none", "{id}", i.Token.Locator, "{verb}", "disable", "{user}", "eve@example.com", "{provider}", "corp", "{rule}", w.trusting().ID)
}

// TestAPageThatNamesScopesRefusesWhoeverLacksOne, and a page of a workspace that names
// none is one of those that are about one's own.
func TestAPageThatNamesScopesRefusesWhoeverLacksOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := w.furniture()
	made := map[string]bool{}
	for _, r := range console.Rows() {
		for _, lacking := range r.Scopes {
			who := strings.ReplaceAll(lacking, ":", ".") + "@example.com"
			if !made[who] {
				w.without(who, lacking)
				made[who] = true
			}
			a := w.status(w.ask(who, r, names), http.StatusForbidden)
			w.shows(a, lacking)
		}
		if len(r.Scopes) > 0 && w.ask("ada@example.com", r, names).StatusCode == http.StatusForbidden {
			t.Errorf("%s refuses an Owner", r.Pattern)
		}
	}
}

// without adds somebody who may do everything but one thing.
func (w *world) without(email, scope string) {
	w.Helper()
	scopes := slices.DeleteFunc(grant.BuiltIn(), func(s string) bool { return s == scope })
	in := api.CreateMember{Email: email}
	in.Scopes, in.Resources = api.Some(scopes), api.Some([]string{"*"})
	_, err := w.CreateMember(w.ctx, w.root, "acme", in)
	must(w.T, err)
	w.admit(email)
}

// TestAPageWithoutAScopeIsOnesOwn: a row of a workspace that asks for no scope is
// written down here, with the verb that asks instead.
func TestAPageWithoutAScopeIsOnesOwn(t *testing.T) {
	t.Parallel()
	const tokens = " /workspace/{ws}/access-tokens"
	own := []string{
		"GET /workspace/{ws}/{$}", "GET /workspace/{ws}", // lead to the list of tokens
		"GET" + tokens, "GET" + tokens + "/count", "GET" + tokens + "/export", // lists one's own at least, counted and as a file
		"POST" + tokens + "/columns", "POST" + tokens + "/summary", // how a list and a form are drawn
		"GET" + tokens + "/new", "POST" + tokens + "/new", "POST" + tokens + "/bulk", "POST" + tokens + "/bulk/undo", // a person's own tokens by the policy
		"POST /workspace/{ws}/resources", // the policy may let every member
	}
	for _, r := range console.Rows() {
		method, path, _ := strings.Cut(r.Pattern, " ")
		switch inWorkspace, about := strings.HasPrefix(path, "/workspace/{ws}"), strings.HasPrefix(path, "/workspace/{ws}/access-tokens/{id}"); {
		case r.Who == "holder" && (len(r.Scopes) == 0 || !inWorkspace):
			t.Errorf("%s asks for scopes and names none, or is in no workspace", r.Pattern)
		case r.Who != "holder" && inWorkspace && !about && !slices.Contains(own, r.Pattern):
			t.Errorf("%s asks for no scope, and nobody wrote down why", r.Pattern)
		case strings.HasPrefix(path, "/instance") && r.Who != "administrator":
			t.Errorf("%s is let in whom the instance does not know", r.Pattern)
		case strings.HasPrefix(path, "/instance") && method == http.MethodPost && r.Proof != "in place" && path != "/instance/system/test-mail":
			t.Errorf("%s changes the instance without a proof", r.Pattern)
		case r.Who == "anybody" && !strings.HasPrefix(path, "/signin") && !slices.Contains([]string{"/{$}", "/signout", "/setup", "/help", "/help/{page}", "/help/images/{name}"}, path):
			t.Errorf("%s is for anybody", r.Pattern)
		}
	}
}

// TestWhoIsNotLetInOpensNothing: nobody without a session, nobody of another workspace,
// no person beyond the instance's administrators.
func TestWhoIsNotLetInOpensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := w.furniture()
	_, err := w.CreateWorkspace(w.ctx, w.root, api.CreateWorkspace{Slug: "other"})
	must(t, err)
	in := api.CreateMember{Email: "mallory@example.com"}
	in.Role, in.Resources = api.Some("Owner"), api.Some([]string{"*"})
	_, err = w.CreateMember(w.ctx, w.root, "other", in)
	must(t, err)
	w.admit("mallory@example.com")
	for _, r := range console.Rows() {
		if r.Who == "anybody" {
			continue
		}
		if a := w.ask("", r, names); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/signin") {
			t.Errorf("%s answers %d to nobody", r.Pattern, a.StatusCode)
		}
		if r.Who != "somebody" {
			w.status(w.ask("mallory@example.com", r, names), http.StatusNotFound)
		}
	}
}

// TestAPortalLinkOpensItsRowsAlone, of its own workspace.
func TestAPortalLinkOpensItsRowsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := w.furniture()
	eve := w.people.users["eve@example.com"]
	eve.Portal, eve.ID = "acme", storetest.InPortal(t, w.store, eve.User, "acme").Session
	w.people.users["portal"] = eve
	var open []string
	for _, r := range console.Rows() {
		if r.Who == "anybody" {
			continue
		}
		switch a := w.ask("portal", r, names); {
		case !r.Portal:
			w.status(a, http.StatusNotFound)
		case a.StatusCode < http.StatusBadRequest:
			open = append(open, r.Pattern)
		}
	}
	for _, must := range []string{"GET /settings/tokens", "GET /workspace/{ws}/access-tokens/new"} {
		if !slices.Contains(open, must) {
			t.Errorf("%s is closed to a portal link", must)
		}
	}
}

// TestAPageThatAsksForAProofIsNotDrawnWithoutOne.
func TestAPageThatAsksForAProofIsNotDrawnWithoutOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := w.furniture()
	w.people.stale = true
	w.people.account = &door.Account{Password: true}
	for _, r := range console.Rows() {
		switch r.Proof {
		case "in place":
			w.shows(w.status(w.ask("ada@example.com", r, names), http.StatusOK), "Is it you?")
		case "led to":
			if to := w.status(w.ask("ada@example.com", r, names), http.StatusSeeOther).Header.Get("Location"); !strings.HasPrefix(to, "/settings/security/confirm") {
				t.Errorf("%s leads to %s", r.Pattern, to)
			}
		}
	}
}

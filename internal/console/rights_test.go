package console_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

func (w *world) roleOf(name string) api.Role {
	w.Helper()
	all, err := w.ListRoles(w.ctx, w.root, authority.Where{Workspace: "acme"})
	must(w.T, err)
	for _, o := range all {
		if o.Name == name {
			return o
		}
	}
	w.Fatalf("there is no role %s", name)
	return api.Role{}
}

// TestAFormKeepsEveryScope: a form that is sent as it was drawn changes no
// scope, also none that there is no box for: a pattern over a single scope, a
// pattern over built-in ones, one that nobody described.
func TestAFormKeepsEveryScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"letters:read", "tickets:read", "tickets:write"} {
		w.status(w.as("ada@example.com", scopesAt, url.Values{"name": {name}}), http.StatusSeeOther)
	}
	every := []string{"letters:*", "nobody:knows", "policy:read", "product:read", "tickets:*", "tokens:*"}

	in := api.CreateToken{Kind: "workspace"}
	in.Label, in.Scopes, in.Resources = api.Some("All sorts"), api.Some(every), api.Some([]string{"*"})
	i, err := w.CreateToken(w.ctx, w.root, "acme", in)
	must(t, err)
	at := "/workspace/acme/access-tokens/" + i.Token.Locator + "/edit"
	form := w.filled(w.status(w.as("ada@example.com", at), http.StatusOK), at)
	w.status(w.as("ada@example.com", at, with(form, "label", "Renamed")), http.StatusSeeOther)
	token, err := w.GetToken(w.ctx, w.root, "acme", i.Token.Locator)
	must(t, err)
	if got := slices.Sorted(slices.Values(token.Scopes)); token.Label != "Renamed" || !slices.Equal(got, every) {
		t.Errorf("the token %q has %v, want %v", token.Label, got, every)
	}

	_, err = w.PutRole(w.ctx, w.root, authority.Where{Workspace: "acme"}, "Night", api.PutRole{Scopes: every})
	must(t, err)
	at = rolesAt + "/Night"
	form = w.filled(w.status(w.as("ada@example.com", at), http.StatusOK), at)
	w.status(w.as("ada@example.com", at, with(form, "description", "Later")), http.StatusSeeOther)
	if o := w.roleOf("Night"); o.Description != "Later" || !slices.Equal(slices.Sorted(slices.Values(o.Scopes)), every) {
		t.Errorf("the role is %+v", o)
	}
}

// TestARoleIsPutTogetherFromBoxes: ticked and typed scopes come together, and a
// form that is refused comes back with both.
func TestARoleIsPutTogetherFromBoxes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.status(w.as("ada@example.com", scopesAt, url.Values{"name": {"tickets:read"}, "description": {"See <b>tickets</b>"}}), http.StatusSeeOther)
	page := w.status(w.as("ada@example.com", rolesAt), http.StatusOK)
	w.inert(page)
	w.shows(page, `value="tickets:read"`, `value="product:*"`, `value="tokens:read"`, "See &lt;b&gt;tickets")

	refused := w.status(w.as("ada@example.com", rolesAt, url.Values{"name": {"Mixed"}, "scope": {"tickets:read"}, "more_scopes": {"Wrong!"}}), http.StatusUnprocessableEntity)
	form := w.filled(refused, rolesAt)
	if !slices.Equal(form["scope"], []string{"tickets:read"}) || form.Get("more_scopes") != "Wrong!" {
		t.Errorf("the form comes back with %v", form)
	}
	w.status(w.as("ada@example.com", rolesAt, with(form, "more_scopes", "letters:* users:read")), http.StatusSeeOther)
	if o := w.roleOf("Mixed"); !slices.Equal(o.Scopes, []string{"tickets:read", "letters:*", "users:read"}) {
		t.Errorf("the role has %v", o.Scopes)
	}
}

// TestAResourceGoesAfterALook: what names it is told before.
func TestAResourceGoesAfterALook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const at, ask = "/workspace/acme/resources", "/workspace/acme/resources/payments/delete"
	w.status(w.as("ada@example.com", ask), http.StatusNotFound)
	w.status(w.as("ada@example.com", at, url.Values{"name": {"payments"}}), http.StatusSeeOther)
	w.shows(w.status(w.as("ada@example.com", ask), http.StatusOK), "Delete the resource payments?", "Nothing refers to it")
	w.member("eve@example.com", "Viewer", "payments")
	w.shows(w.status(w.as("ada@example.com", ask), http.StatusOK), "1 member")
	w.status(w.as("ada@example.com", ask, url.Values{}), http.StatusSeeOther)
	w.hides(w.status(w.as("ada@example.com", at), http.StatusOK), "payments")
}

// TestAMailedLinkSaysWhomItIsFor, or that it works no more, before anybody thinks
// of a password.
func TestAMailedLinkSaysWhomItIsFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, kind := range []string{"reset", "invitation"} {
		at := "/signin/" + kind
		page := w.status(w.as("", at+"?code="+url.QueryEscape(kind+" for Eve")), http.StatusOK)
		w.inert(page)
		w.shows(page, "For <bdi>eve@example.com</bdi>", `name="password"`)
		dead := w.status(w.as("", at+"?code=other"), http.StatusOK)
		w.shows(dead, "This link does not work any more")
		w.hides(dead, `name="password"`, "eve@example.com")
	}
	again := w.status(w.as("", "/signin/reset", url.Values{"code": {"reset for Eve"}, "password": {"short"}}), http.StatusUnprocessableEntity)
	w.shows(again, "eve@example.com", "Must have 15 characters", `value="reset for Eve"`)
}

func TestARefusalNamesItsFieldInWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := url.Values{"owner": {"me"}, "label": {"x"}, "what": {"inherit"}, "reach": {"all"}, "expires": {"default"}, "allowed_ips": {"here"}, "form": {"f"}}
	page := w.status(w.as("ada@example.com", "/workspace/acme/access-tokens/new", f), http.StatusUnprocessableEntity)
	w.shows(page, "Allowed ips: entries must be CIDRs", "Entries must be CIDRs")
	w.hides(page, "allowed_ips: ")
}

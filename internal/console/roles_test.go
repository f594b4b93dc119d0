package console_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

const (
	rolesAt  = "/workspace/acme/roles"
	scopesAt = "/workspace/acme/scopes"
)

func (w *world) scopeOf(at authority.Where, name string) api.Scope {
	w.Helper()
	all, err := w.ListScopes(w.ctx, w.root, at)
	must(w.T, err)
	for _, s := range all {
		if s.Name == name {
			return s
		}
	}
	w.Fatalf("there is no scope %s", name)
	return api.Scope{}
}

func TestAScopeIsMadeEditedAndTakenAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acme := authority.Where{Workspace: "acme"}
	w.status(w.as("ada@example.com", rolesAt, url.Values{"name": {"Support"}, "scope": {"tickets:read"}, "rate_limit_requests": {"60"}, "rate_limit_window": {"1m"}}), http.StatusSeeOther)
	w.status(w.as("ada@example.com", scopesAt, url.Values{"name": {"tickets:read"}, "description": {"See tickets"}}), http.StatusSeeOther)
	w.status(w.as("ada@example.com", scopesAt, url.Values{"name": {"tickets:close"}}), http.StatusSeeOther)
	page := w.status(w.as("ada@example.com", rolesAt), http.StatusOK)
	w.inert(page)
	w.shows(page, "At most 60 requests per minute for each token", scopesAt+"/tickets:close")

	one := scopesAt + "/tickets:close"
	w.shows(w.status(w.as("ada@example.com", one), http.StatusOK), `value="Support"`)
	edit := url.Values{"description": {"Close tickets"}, "implies": {"tickets:read"}, "role": {"Support", "Viewer"}}
	w.status(w.edits("ada@example.com", one, edit), http.StatusSeeOther)
	s := w.scopeOf(acme, "tickets:close")
	if s.Description != "Close tickets" || len(s.Implies) != 1 || len(s.Roles) != 2 {
		t.Errorf("after the edit: %+v", s)
	}
	form := w.filled(w.as("ada@example.com", one), one)
	if got := form["role"]; len(got) != 2 {
		t.Errorf("the form comes back with %v", form)
	}
	bad := w.status(w.edits("ada@example.com", one, with(edit, "implies", "tokens:read")), http.StatusUnprocessableEntity)
	w.shows(bad, "Close tickets", "Entries must be product scopes")
	again := w.status(w.as("ada@example.com", scopesAt, url.Values{"name": {"tickets:close"}}), http.StatusUnprocessableEntity)
	w.shows(again, "open it to change it")

	gone := w.status(w.as("ada@example.com", scopesAt+"/tickets:read/delete"), http.StatusOK)
	w.shows(gone, "Delete the scope tickets:read?", "The role Support", "The scope tickets:close")
	w.status(w.as("ada@example.com", scopesAt+"/tickets:read/delete", url.Values{}), http.StatusSeeOther)
	if s := w.scopeOf(acme, "tickets:close"); len(s.Implies) != 0 {
		t.Errorf("it still implies %v", s.Implies)
	}
}

func TestARoleInUseGoesOnlyWithAReplacement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.status(w.as("ada@example.com", rolesAt, url.Values{"name": {"Support"}, "more_scopes": {"tickets:read"}}), http.StatusSeeOther)
	w.shows(w.status(w.as("ada@example.com", rolesAt, url.Values{"name": {"Support"}, "more_scopes": {"*"}}), http.StatusUnprocessableEntity), "open it to change it")
	w.member("sue@example.com", "Support")
	one := rolesAt + "/Support"
	bad := w.status(w.edits("ada@example.com", one, url.Values{"more_scopes": {"Tickets!"}, "description": {"kept"}}), http.StatusUnprocessableEntity)
	w.shows(bad, "kept", "Entries must be scopes", `action="`+one+`"`)
	w.shows(w.status(w.as("ada@example.com", one+"/delete"), http.StatusOK), "1 member", "Whoever has it gets")
	w.shows(w.status(w.as("ada@example.com", one+"/delete", url.Values{}), http.StatusUnprocessableEntity), "name its replacement")
	w.status(w.as("ada@example.com", one+"/delete", url.Values{"replacement": {"Viewer"}}), http.StatusSeeOther)
	m, err := w.GetMember(w.ctx, w.root, "acme", "sue@example.com")
	must(t, err)
	if m.Role == nil || *m.Role != "Viewer" {
		t.Errorf("she has %v", m.Role)
	}
	w.status(w.as("ada@example.com", rolesAt+"/Viewer/delete"), http.StatusNotFound)
}

func TestWhatTheInstanceSaysIsShownOverriddenAndGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("adam@example.com", "Administrator")
	w.status(w.as("ada@example.com", "/instance/roles", url.Values{"name": {"Auditor"}, "scopes": {"reports:read"}, "locked": {"yes"}}), http.StatusSeeOther)
	w.status(w.as("ada@example.com", "/instance/scopes", url.Values{"name": {"reports:read"}, "description": {"See reports"}}), http.StatusSeeOther)
	page := w.status(w.as("ada@example.com", "/instance/roles"), http.StatusOK)
	w.inert(page)
	w.shows(page, "For all workspaces", "Locked", "/instance/scopes/reports:read")

	locked := w.status(w.as("adam@example.com", rolesAt+"/Auditor"), http.StatusOK)
	w.shows(locked, "From the instance", "Locked", "cannot be changed here")
	w.hides(locked, `action="`+rolesAt+`/Auditor"`, "Delete this role")
	w.status(w.as("adam@example.com", rolesAt+"/Auditor", url.Values{"scopes": {"reports:*"}}), http.StatusUnprocessableEntity)

	one := scopesAt + "/reports:read"
	w.shows(w.status(w.as("adam@example.com", one), http.StatusOK), "a version of this workspace")
	w.status(w.edits("adam@example.com", one, url.Values{"description": {"Look at reports"}}), http.StatusSeeOther)
	w.shows(w.status(w.as("adam@example.com", one), http.StatusOK), "Give up this version")
	w.shows(w.status(w.as("adam@example.com", one+"/delete"), http.StatusOK), "Give up this version of reports:read?")
	w.status(w.as("adam@example.com", one+"/delete", url.Values{}), http.StatusSeeOther)
	if s := w.scopeOf(authority.Where{Workspace: "acme"}, "reports:read"); !s.Inherited || s.Description != "See reports" {
		t.Errorf("after it was given up: %+v", s)
	}

	w.status(w.edits("ada@example.com", rolesAt+"/Viewer", url.Values{"scopes": {"reports:read\naudit:read"}, "description": {"ours"}}), http.StatusSeeOther)
	w.shows(w.status(w.as("ada@example.com", rolesAt), http.StatusOK), "Changed here")
	w.status(w.as("ada@example.com", "/instance/roles/Auditor/delete", url.Values{}), http.StatusSeeOther)
	for _, path := range []string{"/instance/roles", "/instance/roles/Viewer", "/instance/scopes/reports:read", "/instance/scopes/reports:read/delete"} {
		w.status(w.as("adam@example.com", path), http.StatusNotFound)
		w.status(w.as("ada@example.com", path), http.StatusOK)
	}
}

func TestAViewerReadsRolesAndScopesAndFindsNoForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("vera@example.com", "Viewer")
	w.status(w.as("ada@example.com", scopesAt, url.Values{"name": {"tickets:read"}}), http.StatusSeeOther)
	for _, path := range []string{rolesAt, rolesAt + "/CI Token", scopesAt + "/tickets:read"} {
		page := w.status(w.as("vera@example.com", (&url.URL{Path: path}).EscapedPath()), http.StatusOK)
		w.hides(page, "<textarea", "Delete this", "New role", "New scope")
	}
	w.status(w.as("vera@example.com", scopesAt+"/tickets:read/delete"), http.StatusForbidden)
}

package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
)

// Weakness: a session that was left open on a desk. Attack: change what holds for
// everybody. What is proved: every form of the instance asks who it is first, does
// nothing before it knows, and is then done as it was filled in.
func TestWhatHoldsForEverybodyAsksWhoItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("eve@example.com", "Viewer")
	eve := "/instance/users/" + w.userID("eve@example.com")
	w.people.stale = true
	revision, err := w.GetInstancePolicy(w.ctx, w.root)
	must(t, err)
	before, _, err := w.InstanceAudit(w.ctx, w.root, api.AuditFilter{}, pageOf())
	must(t, err)
	for path, fields := range map[string]url.Values{
		"/instance/workspaces":                        {"slug": {"globex"}},
		"/instance/workspaces/acme/suspend":           {},
		"/instance/workspaces/acme/resume":            {},
		"/instance/admins":                            {"user": {"eve@example.com"}},
		eve + "/deactivate":                           {},
		eve + "/activate":                             {},
		eve + "/reset-factors":                        {},
		eve + "/unadmin":                              {},
		eve + "/erase":                                {"confirm": {"eve@example.com"}},
		"/instance/defaults":                          {"max_lifetime": {"1d"}},
		"/instance/roles":                             {"name": {"Night"}, "scopes": {"*"}},
		"/instance/roles/Viewer":                      {"scopes": {"*"}},
		"/instance/roles/Viewer/delete":               {},
		"/instance/scopes":                            {"name": {"letters:read"}},
		"/instance/scopes/letters:read":               {"description": {"x"}},
		"/instance/scopes/x:y/delete":                 {},
		"/instance/webhooks":                          {"url": {"https://hooks.example.com"}},
		"/instance/webhooks/wh_1":                     {},
		"/instance/webhooks/wh_1/delete":              {},
		"/instance/webhooks/wh_1/deliveries/1/resend": {},
	} {
		ask := w.status(w.as("ada@example.com", path, fields), http.StatusOK)
		w.inert(ask)
		w.labelled(ask)
		w.shows(ask, "Is it you?", `action="`+path+`"`)
		for name, values := range fields {
			w.shows(ask, `name="kept-`+name+`" value="`+values[0]+`"`)
		}
		w.status(w.as("eve@example.com", path, fields), http.StatusNotFound)
	}
	after, _, err := w.InstanceAudit(w.ctx, w.root, api.AuditFilter{}, pageOf())
	must(t, err)
	if now, err := w.GetInstancePolicy(w.ctx, w.root); err != nil || len(after) != len(before) || now.MaxLifetime != revision.MaxLifetime {
		t.Errorf("something was changed: %d events, before %d; %v", len(after), len(before), err)
	}
	w.status(w.as("ada@example.com", "/instance/system/test-mail", url.Values{}), http.StatusNotFound) // there is no mail, and nothing to ask
}

func TestAFormWaitsForItsProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people.stale = true
	const roles = "/instance/roles"
	fields := url.Values{"name": {"Night"}, "description": {"<i>at night</i>"}, "scopes": {"tickets:read"}, "by": {"password"}, "password": {"mine"}}
	ask := w.status(w.as("ada@example.com", roles, fields), http.StatusOK)
	w.inert(ask)
	waits := url.Values{"kept-": {"1"}, "by": {"password"}, "password": {"wrong " + w.secret}, "next": {"/instance/roles?after=3"}}
	for name, values := range fields {
		waits["kept-"+name] = values
	}
	wrong := w.status(w.as("ada@example.com", roles, waits), http.StatusUnprocessableEntity)
	w.labelled(wrong)
	w.shows(wrong, "Is it you?", "not your password", `name="kept-name" value="Night"`, `href="/instance/roles?after=3"`)
	w.hides(wrong, w.secret)
	if strings.Contains(w.status(w.as("ada@example.com", roles), http.StatusOK).body, "Night") {
		t.Fatal("a wrong password made a role")
	}
	w.status(w.as("ada@example.com", roles, with(waits, "password", "correct horse battery")), http.StatusSeeOther)
	w.shows(w.as("ada@example.com", roles), "Night", "&lt;i&gt;at night")
	elsewhere := w.status(w.as("ada@example.com", roles, with(waits, "next", "https://evil.example")), http.StatusUnprocessableEntity)
	w.hides(elsewhere, "evil.example")
}

func TestCancellingLeadsBackToTheForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people.stale = true
	for from, want := range map[string]string{
		w.server.URL + "/instance/people?after=2": "/instance/people?after=2",
		w.server.URL + "/workspace/acme/settings": "/instance",
		"https://evil.example/instance/people":    "/instance",
		"":                                        "/instance",
	} {
		r, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.server.URL+"/instance/admins", strings.NewReader("user=eve"))
		must(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Referer", from)
		r.AddCookie(&http.Cookie{Name: "tokenry", Value: "ada@example.com"})
		w.shows(w.do(r), `<a href="`+want+`">Cancel</a>`)
	}
}

func TestWhoHasNothingToProveAnythingByIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people.stale, w.people.account = true, &door.Account{}
	const confirm = "/settings/security/confirm"
	nothing := w.status(w.as("ada@example.com", confirm), http.StatusOK)
	w.inert(nothing)
	w.shows(nothing, "You have no password here yet.", "Forgot your password?")
	w.hides(nothing, `type="password"`, "Sign in again with")
	w.people.account.Identities = []door.Identity{{Provider: "Corp"}}
	there := w.status(w.as("ada@example.com", confirm), http.StatusOK)
	w.shows(there, "Sign in again with Corp", `action="`+confirm+`/corp"`)
	w.hides(there, "You have no password here yet.", "send once more", `class="or"`)
	w.shows(w.status(w.as("ada@example.com", "/instance/admins", url.Values{"user": {"eve"}}), http.StatusOK), "Sign in again with Corp", "which you then send once more")
}

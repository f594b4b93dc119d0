package console_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
)

// TestTheFirstStepsTickThemselvesOff: each follows from what there is, also what was
// undone, and each names its command and its page.
func TestTheFirstStepsTickThemselvesOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("eve@example.com", "Viewer", "*")
	steps := func() answer { return w.status(w.as("ada@example.com", "/instance/start"), http.StatusOK) }
	page := steps()
	w.shows(page, "0 of 6 are done", "TOKENRY_SMTP_URL=", "TOKENRY_OIDC_ISSUER=", "tokenry backup", "tokenry scope put", "tokenry token create --owner", "TOKENRY_TRUSTED_PROXIES=",
		"/workspace/acme/roles", "/workspace/acme/integration-tokens", "/instance/system#mail", "/instance/system#sign-on")
	w.status(w.as("eve@example.com", "/instance/start"), http.StatusNotFound)
	w.status(w.as("eve@example.com", "/instance/start/keyring", url.Values{}), http.StatusNotFound)

	w.status(w.as("ada@example.com", "/instance/start/keyring", url.Values{}), http.StatusSeeOther)
	w.shows(steps(), "1 of 6 are done", "A copy was noted")
	if rows, _, err := w.InstanceAudit(t.Context(), w.caller("ada@example.com"), api.AuditFilter{Action: "keyring.copied"}, authority.Page{Limit: 5}); err != nil || len(rows) != 1 || string(rows[0].After) != `{"keys":[1]}` {
		t.Errorf("the audit has %v, %v", rows, err)
	}
	_, err := w.PutScope(t.Context(), w.caller("ada@example.com"), authority.Where{Workspace: "acme"}, "letters:read", api.PutScope{Description: "Read letters"})
	must(t, err)
	w.shows(steps(), "2 of 6 are done")
	_, err = w.DeleteScope(t.Context(), w.caller("ada@example.com"), authority.Where{Workspace: "acme"}, "letters:read")
	must(t, err)
	w.shows(steps(), "1 of 6 are done")

	in := api.CreateServiceAccount{Name: "nightly"}
	in.Role, in.Resources = api.Some("Viewer"), api.Some([]string{"*"})
	_, err = w.CreateServiceAccount(t.Context(), w.caller("ada@example.com"), "acme", in)
	must(t, err)
	ask := api.CreateToken{Owner: "nightly"}
	ask.Label = api.Some("Nightly")
	_, err = w.CreateToken(t.Context(), w.caller("ada@example.com"), "acme", ask)
	must(t, err)
	w.shows(steps(), "2 of 6 are done", "Made, and not presented yet")

	w.people.found = []door.ProviderState{{Provider: door.Provider{ID: "sso", Name: "Corp <IdP>"}, Issuer: "https://login.example.com", FoundAt: w.at, AskedAt: w.at}}
	w.shows(steps(), "3 of 6 are done", "Corp &lt;IdP&gt;")
	w.people.found[0].Trouble = "dial tcp: <refused>"
	page = steps()
	w.shows(page, "2 of 6 are done", "Cannot be reached", "dial tcp: &lt;refused&gt;")
	w.inert(page)
}

// TestSingleSignOnIsAskedAndTriedFromTheSystemPage: its state, the reason when it cannot be
// reached, and what a sign-in would have come to, hostile words included.
func TestSingleSignOnIsAskedAndTriedFromTheSystemPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("eve@example.com", "Viewer", "*")
	w.shows(w.status(w.as("ada@example.com", "/instance/system"), http.StatusOK), "Single sign-on", "TOKENRY_OIDC_ISSUER=", "/signin/oidc/sso/callback")
	w.people.found = []door.ProviderState{{
		Provider: door.Provider{ID: "sso", Name: "Corp"}, Issuer: "https://login.example.com", ClientID: "tokenry", Callback: "https://tokens.example.com/signin/oidc/sso/callback",
		Domains: []string{"example.com"}, Workspace: "acme", Role: "Viewer", RoleClaim: "groups",
	}}
	w.shows(w.status(w.as("ada@example.com", "/instance/system"), http.StatusOK), "Not asked yet", "become members of acme, with the role Viewer, or one that the claim groups gives", "Try a sign-in")
	w.people.checked = func(s *door.ProviderState) { s.AskedAt, s.Trouble = w.at.Add(-time.Minute), "404 Not Found: <html>" }
	page := w.status(w.as("ada@example.com", "/instance/system/sign-on/sso/check", url.Values{}), http.StatusOK)
	w.inert(page)
	w.shows(page, "Cannot be reached", "404 Not Found: &lt;html&gt;")
	w.shows(w.status(w.as("ada@example.com", "/instance/system/sign-on/sso/try", url.Values{}), http.StatusUnprocessableEntity), "Cannot be reached")
	w.people.checked = func(s *door.ProviderState) { s.AskedAt, s.FoundAt, s.Trouble = w.at.Add(time.Second), w.at, "" }
	w.shows(w.status(w.as("ada@example.com", "/instance/system/sign-on/sso/check", url.Values{}), http.StatusOK), "Found", "just now")
	tried := w.as("ada@example.com", "/instance/system/sign-on/sso/try", url.Values{})
	if w.shows(w.status(tried, http.StatusOK), "https://login.example.com/authorize"); !strings.Contains(tried.Header.Get("Set-Cookie"), "-state=") {
		t.Error("no state is kept for the way back")
	}
	for _, path := range []string{"/instance/system/sign-on/sso/try", "/instance/system/sign-on/sso/check"} {
		w.status(w.as("eve@example.com", path, url.Values{}), http.StatusNotFound)
	}
	for name, c := range map[string]struct {
		trial door.Trial
		says  []string
	}{
		"new":     {door.Trial{Subject: "u-1", Email: "n@example.com", Verified: true, Roles: []string{"ops"}, As: "n@example.com", New: true}, []string{"It works", "An account would have been made for", "ops", "verified there"}},
		"known":   {door.Trial{Subject: "u-1", As: "eve@example.com"}, []string{"They would have come in as", "eve@example.com", "not verified there"}},
		"refused": {door.Trial{Refused: "the answer was <bad>", Cause: "aud is <b>x"}, []string{"They would not have come in", "The answer was &lt;bad&gt;", "aud is &lt;b&gt;x"}},
	} {
		c.trial.Provider = door.Provider{ID: "sso", Name: "Corp"}
		w.people.tried = &c.trial
		page := w.status(w.back("ada@example.com"), http.StatusOK)
		w.inert(page)
		w.shows(page, append(c.says, "Nobody was signed in")...)
		if t.Failed() {
			t.Log(name)
		}
	}
}

// back is somebody who comes back from the identity provider in the browser that left.
func (w *world) back(who string) answer {
	w.Helper()
	r, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.server.URL+"/signin/oidc/sso/callback?code=c&state=s", http.NoBody)
	must(w.T, err)
	r.AddCookie(&http.Cookie{Name: "tokenry", Value: who})
	r.AddCookie(&http.Cookie{Name: "tokenry" + "-state", Value: "sealed"})
	return w.do(r)
}

func (p *people) States() []door.ProviderState { return p.found }

func (p *people) Check(_ context.Context, id string) (door.ProviderState, error) {
	if len(p.found) == 0 || p.found[0].ID != id {
		return door.ProviderState{}, api.Errorf(api.CodeNotFound, "there is no such identity provider")
	}
	p.checked(&p.found[0])
	return p.found[0], nil
}

func (p *people) Try(_ context.Context, s door.Session, _, _ string) (address, state string, err error) {
	if p.found[0].Trouble != "" {
		return "", "", api.Errorf(api.CodeUnavailable, "the identity provider cannot be reached now")
	}
	return p.found[0].Issuer + "/authorize?by=" + s.Email, "sealed", nil
}

func (p *people) OIDCFinish(context.Context, string, string, url.Values, door.Client) (door.Entry, string, error) {
	return door.Entry{Tried: p.tried}, "/instance/system", nil
}

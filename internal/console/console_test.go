package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// pages are those of the workspace that an Owner sees.
func pages() []string {
	return []string{"/workspaces", "/settings/tokens", "/settings/tokens/reset?workspace=acme", "/settings/security", "/settings/security/confirm",
		"/settings/security/password", "/settings/security/app", "/device", "/instance", "/instance/defaults", "/help",
		"/workspace/acme/access-tokens", "/workspace/acme/access-tokens/new", "/workspace/acme/access-tokens/new?owner=me",
		"/workspace/acme/access-tokens/new?owner=service", "/workspace/acme/access-tokens/new?owner=workspace",
		"/workspace/acme/integration-tokens", "/workspace/acme/service-accounts", "/workspace/acme/service-accounts/new",
		"/workspace/acme/trust-rules", "/workspace/acme/trust-rules/new",
		"/workspace/acme/members", "/workspace/acme/members/new", "/workspace/acme/members/invite", "/workspace/acme/resources", "/workspace/acme/roles",
		"/workspace/acme/roles/Viewer", "/instance/roles", "/instance/roles/Viewer", "/workspace/acme/audit", "/workspace/acme/approvals", "/workspace/acme/leak-desk", "/workspace/acme/developer-tools", "/workspace/acme/settings",
		"/workspace/acme/settings/delete", "/workspace/acme/settings/webhooks", "/instance/webhooks", "/instance/people", "/instance/audit",
		"/instance/system", "/instance/workspaces/acme/suspend"}
}

// hostile is a label that would like to be more than text.
const hostile = `<script>alert(1)</script>"><img src=x onerror=alert(1)> ` + "\u202egpj.exe 🚀🚀🚀🚀🚀🚀🚀🚀"

func TestEveryPageIsThereForAnOwnerAndHoldsNothingInline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("personal", "ada@example.com", hostile)
	at := "/workspace/acme/access-tokens/" + i.Token.Locator
	all := append(pages(), at, at+"?scope=tickets:read&resource=x", at+"/edit", at+"/rotate", at+"/reset", at+"/transfer", at+"/delete", at+"/first-use")
	for _, path := range all {
		a := w.status(w.as("ada@example.com", path), http.StatusOK)
		w.inert(a)
		w.labelled(a)
		w.hides(a, i.Secret.Reveal())
	}
	w.inert(w.status(w.as("", "/signin"), http.StatusOK))
	w.inert(w.status(w.as("", "/setup?code=x"), http.StatusOK))
}

// inert says that a page holds no inline script, style or handler, nothing of
// elsewhere, and the headers that would stop them.
func (w *world) inert(a answer) {
	w.Helper()
	for _, bad := range []string{`<script>`, `<style`, ` style="`, `javascript:`, `<img src=x`, `src="http`, `src="//`, `<iframe`} {
		w.hides(a, bad)
	}
	tags := regexp.MustCompile(`(?s)<[a-z][^<>"]*(?:"[^"]*"[^<>"]*)*>`)
	handler := regexp.MustCompile(`\son[a-z]+\s*=`)
	quoted := regexp.MustCompile(`"[^"]*"`)
	for _, tag := range tags.FindAllString(a.body, -1) {
		if handler.MatchString(quoted.ReplaceAllString(tag, `""`)) {
			w.Errorf("%s has an inline handler: %s", a.Request.URL, tag)
		}
	}
	if csp := a.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		w.Errorf("%s has the policy %q", a.Request.URL, csp)
	}
	if got := a.Header.Get("Cache-Control"); got != "no-store" {
		w.Errorf("%s may be stored: %q", a.Request.URL, got)
	}
}

// labelled says that each field of a page's forms has a name that is read out,
// and that no id stands twice.
func (w *world) labelled(a answer) {
	w.Helper()
	field := regexp.MustCompile(`(?s)<(input|select|textarea)\b[^>]*>`)
	id := regexp.MustCompile(`\sid="([^"]+)"`)
	body := regexp.MustCompile(`(?s)<label class="choice"[^>]*>.*?</label>`).ReplaceAllString(a.body, "")
	for _, f := range field.FindAllString(body, -1) {
		if strings.Contains(f, `type="hidden"`) || strings.Contains(f, "aria-label=") {
			continue
		}
		m := id.FindStringSubmatch(f)
		if m == nil || !strings.Contains(a.body, `for="`+m[1]+`"`) {
			w.Errorf("%s has a field without a label: %s", a.Request.URL, f)
		}
	}
	seen := map[string]bool{}
	for _, m := range id.FindAllStringSubmatch(a.body, -1) {
		if seen[m[1]] {
			w.Errorf("%s has the id %q twice", a.Request.URL, m[1])
		}
		seen[m[1]] = true
	}
}

func TestASecretStandsInOneAnswerAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const at = "/workspace/acme/access-tokens/new"
	form := url.Values{"owner": {"me"}, "label": {"Backup"}, "what": {"inherit"}, "reach": {"all"}, "expires": {"30d"},
		"form": {hidden(w.as("ada@example.com", at+"?owner=me"), "form")}}
	first := w.status(w.as("ada@example.com", at, form), http.StatusOK)
	secret := regexp.MustCompile(`tkyp_[0-9A-Za-z]+`).FindString(first.body)
	if strings.Count(first.body, secret) != 1 || secret == "" {
		t.Fatalf("the secret stands %d times in the answer", strings.Count(first.body, secret))
	}
	w.inert(first)
	w.shows(first, "Waiting for first use", "I have stored it")
	again := w.status(w.as("ada@example.com", at, form), http.StatusSeeOther)
	w.hides(again, secret)
	page := again.Header.Get("Location")
	if strings.Contains(page, secret) || !strings.HasSuffix(page, "?did=sent") {
		t.Errorf("sent again it leads to %s", page)
	}
	for _, path := range append(pages(), page) {
		w.hides(w.as("ada@example.com", path), secret, secret[20:])
	}
	ts, _, err := w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{Query: api.Some("Backup")}, pageOf())
	must(t, err)
	if len(ts) != 1 {
		t.Errorf("the form made %d tokens, want 1", len(ts))
	}
}

func TestARotationShowsTheNewSecretOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("personal", "ada@example.com", "Backup")
	at := "/workspace/acme/access-tokens/" + i.Token.Locator
	form := url.Values{"form": {hidden(w.as("ada@example.com", at+"/rotate"), "form")}, "overlap": {"1h"}}
	a := w.status(w.as("ada@example.com", at+"/rotate", form), http.StatusOK)
	w.shows(a, "tkyp_"+i.Token.Locator)
	w.status(w.as("ada@example.com", at+"/rotate", form), http.StatusSeeOther)
	w.shows(w.as("ada@example.com", at), "Two secrets work now")
}

func TestWhatOneMayNotUseIsAbsentAndRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("vera@example.com", "Viewer")
	w.member("manny@example.com", "Workspace Manager")
	i := w.issue("workspace", "", "Build system")
	at := "/workspace/acme/access-tokens"
	one := at + "/" + i.Token.Locator

	viewer := w.status(w.as("vera@example.com", one), http.StatusOK)
	w.hides(viewer, one+"/edit", one+"/rotate", one+"/disable", one+"/delete", "/workspace/acme/audit")
	w.shows(w.as("manny@example.com", one), one+"/edit")
	w.hides(w.as("manny@example.com", one), one+"/disable", one+"/delete")
	w.hides(w.as("vera@example.com", "/workspace/acme/members"), "members/new", "members/invite")
	w.status(w.as("vera@example.com", "/workspace/acme/members/invite"), http.StatusForbidden)
	w.hides(w.as("vera@example.com", "/workspace/acme/settings"), "Change the policy", "Delete the workspace")
	w.status(w.as("vera@example.com", at+"/new"), http.StatusOK) // the policy lets members hold their own

	for path, form := range map[string]url.Values{
		one + "/delete":                          {},
		one + "/disable":                         {},
		one + "/rotate":                          {"form": {"x"}},
		"/workspace/acme/settings":               {"max_lifetime": {"0"}},
		"/workspace/acme/members/new":            {"email": {"eve@example.com"}, "role": {"Owner"}},
		"/workspace/acme/members/invite":         {"csv": {"email,role\neve@example.com,Viewer"}, "confirmed": {"1"}},
		"/workspace/acme/service-accounts/new":   {"name": {"x"}, "role": {"Viewer"}},
		"/workspace/acme/settings/delete":        {"slug": {"acme"}},
		"/instance/admins":                       {"user": {"vera@example.com"}},
		"/instance/workspaces":                   {"slug": {"evil"}},
		"/instance/workspaces/acme/suspend":      {},
		"/workspace/acme/roles":                  {"name": {"Evil"}, "more_scopes": {"*"}},
		"/workspace/acme/scopes":                 {"name": {"a:b"}},
		"/workspace/acme/access-tokens/new":      {"owner": {"workspace"}, "label": {"x"}, "what": {"scopes"}, "scope": {"*"}, "form": {"y"}},
		"/workspace/acme/resources":              {"name": {"x"}},
		"/workspace/acme/resources/x/delete":     {},
		"/workspace/acme/service-accounts/x/nop": {},
	} {
		if a := w.as("vera@example.com", path, form); a.StatusCode < 400 {
			t.Errorf("POST %s as a Viewer: %d", path, a.StatusCode)
		}
	}
	w.status(w.as("vera@example.com", "/workspace/acme/audit"), http.StatusForbidden)
	w.status(w.as("vera@example.com", "/instance"), http.StatusNotFound)
	w.status(w.as("vera@example.com", "/workspace/other/access-tokens"), http.StatusNotFound)
}

func TestAFormFromElsewhereChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("personal", "ada@example.com", "Backup")
	for _, site := range []string{"cross-site", "same-site"} {
		r, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.server.URL+"/workspace/acme/access-tokens/"+i.Token.Locator+"/delete", nil)
		must(t, err)
		r.Header.Set("Sec-Fetch-Site", site)
		r.AddCookie(&http.Cookie{Name: "tokenry", Value: "ada@example.com"})
		w.status(w.do(r), http.StatusForbidden)
	}
	now, err := w.GetToken(w.ctx, w.root, "acme", i.Token.Locator)
	must(t, err)
	if now.Status != api.StatusActive {
		t.Errorf("the token is %s", now.Status)
	}
}

func TestAnAPITokenOpensNoPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range pages() {
		if path == "/help" {
			continue
		}
		a := w.as(w.secret, path)
		if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/signin") {
			t.Errorf("%s with an API token as the cookie: %d", path, a.StatusCode)
		}
		r, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.server.URL+path, nil)
		must(t, err)
		r.Header.Set("Authorization", "Bearer "+w.secret)
		w.status(w.do(r), http.StatusSeeOther)
	}
	a := w.as("", "/signin", url.Values{"email": {w.secret}, "password": {w.secret}})
	w.status(a, http.StatusUnprocessableEntity)
	w.shows(a, "API token")
	w.hides(a, w.secret)
}

func TestSignInKeepsWhatWasTypedButNoPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.as("", "/signin", url.Values{"email": {"ada@example.com"}, "password": {"wrong and secret"}})
	w.status(a, http.StatusUnprocessableEntity)
	w.shows(a, `value="ada@example.com"`, `role="alert"`)
	w.hides(a, "wrong and secret")
	in := w.as("", "/signin", url.Values{"email": {"ada@example.com"}, "password": {"correct horse battery"}, "next": {"/workspace/acme/audit"}})
	w.status(in, http.StatusSeeOther)
	if c := in.Cookies()[0]; c.Name != "tokenry" || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || in.Header.Get("Location") != "/workspace/acme/audit" {
		t.Errorf("cookie %v, location %s", c, in.Header.Get("Location"))
	}
}

func TestNobodyIsLedElsewhereAfterSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, next := range []string{"//evil.example", "https://evil.example", `/\evil.example`, "javascript:alert(1)", "/\t/evil.example", "evil", "/%0d%0aLocation:x", "http:evil"} {
		a := w.as("", "/signin", url.Values{"email": {"ada@example.com"}, "password": {"correct horse battery"}, "next": {next}})
		u, err := url.Parse(a.Header.Get("Location"))
		if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") {
			t.Errorf("next=%q leads to %q", next, a.Header.Get("Location"))
		}
	}
}

func TestOverPlainHTTPBeyondThisMachineNobodySignsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.server.URL+"/signin", nil)
	must(t, err)
	r.Host = "tokens.example.com"
	w.shows(w.do(r), "--base-url")
	body := url.Values{"email": {"ada@example.com"}, "password": {"correct horse battery"}}.Encode()
	r, err = http.NewRequestWithContext(w.ctx, http.MethodPost, w.server.URL+"/signin", strings.NewReader(body))
	must(t, err)
	r.Host = "tokens.example.com"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a := w.status(w.do(r), http.StatusForbidden)
	if len(a.Cookies()) > 0 {
		t.Error("a cookie was given over plain HTTP")
	}
}

func TestAPortalSessionSeesItsOwnTokensAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine, other := w.issue("personal", "ada@example.com", "Mine"), w.issue("workspace", "", "Other")
	s := w.people.users["ada@example.com"]
	s.ID, s.Portal = storetest.InPortal(w.T, w.store, s.User, "acme").Session, "acme"
	w.people.users["portal"] = s
	w.shows(w.status(w.as("portal", "/settings/tokens"), http.StatusOK), "Mine")
	w.status(w.as("portal", "/workspace/acme/access-tokens/"+mine.Token.Locator), http.StatusOK)
	w.status(w.as("portal", "/workspace/acme/access-tokens/"+other.Token.Locator), http.StatusNotFound)
	for _, path := range pages()[4:] {
		if strings.Contains(path, "/access-tokens/new") || path == "/help" {
			continue
		}
		w.status(w.as("portal", path), http.StatusNotFound)
	}
}

func TestAPortalSessionMakesTokensForItsPersonAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.issue("workspace", "", "Other")
	s := w.people.users["ada@example.com"]
	s.ID, s.Portal = storetest.InPortal(w.T, w.store, s.User, "acme").Session, "acme"
	w.people.users["portal"] = s
	const at = "/workspace/acme/access-tokens/new"
	w.status(w.as("portal", at+"?like="+other.Token.Locator), http.StatusNotFound)
	for i, owner := range []string{"workspace", "service"} {
		f := url.Values{"owner": {owner}, "account": {"robot"}, "label": {"Mine"}, "what": {"scopes"}, "scope": {"tickets:read"}, "reach": {"all"}}
		w.status(w.as("portal", at, with(f, "form", strconv.Itoa(i))), http.StatusOK)
	}
	all, _, err := w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{Query: api.Some("Mine")}, pageOf())
	must(t, err)
	for _, token := range all {
		if token.Kind != "personal" || token.Owner.Address != "ada@example.com" {
			t.Errorf("a portal link made a %s token of %s", token.Kind, token.Owner.Address)
		}
	}
	if len(all) != 2 {
		t.Errorf("%d tokens were made, want 2", len(all))
	}
}

func TestABrowserDoesNotNameItsRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("personal", "ada@example.com", "Mine")
	r, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.server.URL+"/workspace/acme/access-tokens/"+i.Token.Locator+"/disable", nil)
	must(t, err)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Tokenry-Request-Id", "req_of_somebody_else")
	r.AddCookie(&http.Cookie{Name: "tokenry", Value: "ada@example.com"})
	w.status(w.do(r), http.StatusSeeOther)
	rows, _, err := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{Token: i.Token.Locator}, pageOf())
	must(t, err)
	if rows[0].Action != "token.disabled" || rows[0].RequestID == "req_of_somebody_else" || rows[0].RequestID == "" {
		t.Errorf("the audit has %s under the request id %q", rows[0].Action, rows[0].RequestID)
	}
}

func TestRefusedFormsSayWhyAndKeepWhatWasTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const at = "/workspace/acme/access-tokens/new"
	a := w.as("ada@example.com", at, url.Values{"owner": {"workspace"}, "label": {"Kept label"}, "what": {"scopes"}, "scope": {"tickets:read"}, "reach": {"all"}, "expires": {"never"}, "form": {"f1"}})
	w.status(a, http.StatusUnprocessableEntity)
	w.shows(a, "Kept label", `role="alert"`, "does not allow tokens without expiry")
	a = w.as("ada@example.com", at, url.Values{"owner": {"me"}, "label": {""}, "what": {"inherit"}, "form": {"f1"}})
	w.status(a, http.StatusUnprocessableEntity)
	w.shows(a, `aria-invalid="true"`)
	w.shows(w.status(w.as("ada@example.com", at, url.Values{"owner": {"me"}, "label": {"x"}, "form": {"f2"}}), http.StatusUnprocessableEntity), "Choose at least one scope", "data-bad")
	_, err := w.CreateServiceAccount(w.ctx, w.root, "acme", api.CreateServiceAccount{Name: "bare", Rights: api.Rights{Grants: api.Some([]api.Statement{{Scopes: []string{"tickets:write"}, Resources: []string{"*"}}})}})
	must(t, err)
	powerless := url.Values{"owner": {"service"}, "account": {"bare"}, "label": {"x"}, "what": {"scopes"}, "scope": {"tickets:read"}, "reach": {"all"}, "form": {"f3"}}
	w.shows(w.status(w.as("ada@example.com", at, powerless), http.StatusUnprocessableEntity), "The token may do nothing now: its owner", "has none of the rights that it names")
	w.shows(w.status(w.as("ada@example.com", at, with(with(powerless, "scope", "tickets:write"), "reach", "none")), http.StatusUnprocessableEntity), "needs a resource, and it names none")
	own := url.Values{"owner": {"me"}, "label": {"x"}, "what": {"scopes"}, "scope": {"tokens:read"}, "reach": {"none"}, "form": {"f4"}}
	w.shows(w.status(w.as("ada@example.com", at, own), http.StatusOK), "No resource is named")
}

// Nothing is chosen for anybody that the page does not recommend, and what it recommends is.
func TestTheFormOfANewTokenRecommendsWhatItChooses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, owner := range []string{"me", "service", "workspace"} {
		f := w.filled(w.status(w.as("ada@example.com", list+"/new?owner="+owner), http.StatusOK), list+"/new")
		if f.Get("what") != "scopes" || f["scope"] != nil || f.Get("expires") != "90d" {
			t.Errorf("%s: %v is chosen", owner, f)
		}
		if owner != "service" && f.Get("reach") != "all" {
			t.Errorf("%s: there are no resources, and %q is chosen", owner, f.Get("reach"))
		}
	}
	_, err := w.OnboardResource(w.ctx, w.root, "acme", api.CreateResource{Name: "payments"})
	must(t, err)
	_, err = w.EditPolicy(w.ctx, w.root, "acme", api.PatchPolicy{MaxLifetime: api.Some(30 * api.Day), DefaultLifetime: api.Some(7 * api.Day)})
	must(t, err)
	page := w.status(w.as("ada@example.com", list+"/new?owner=me"), http.StatusOK)
	w.shows(page, "Recommended: 7 days, or less.", `name="not_before"`, `name="metadata"`)
	if f := w.filled(page, list+"/new"); f.Get("reach") != "" || f.Get("expires") != "7d" {
		t.Errorf("%v is chosen", f)
	}
}

// A service account takes scopes, and statements each with resources of its own.
func TestAnAccountTakesScopesAndStatements(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const at = "/workspace/acme/service-accounts"
	rights := func(f url.Values) []api.Statement {
		t.Helper()
		w.status(w.as("ada@example.com", at+"/new", with(f, "name", "robot")), http.StatusSeeOther)
		s, err := w.GetServiceAccount(w.ctx, w.root, "acme", "robot")
		must(t, err)
		_, err = w.RemoveServiceAccount(w.ctx, w.root, "acme", "robot", false)
		must(t, err)
		return s.Grants
	}
	if got := rights(url.Values{"what": {"scopes"}, "scope": {"tickets:read"}, "reach": {"all"}}); len(got) != 1 || !slices.Equal(got[0].Scopes, []string{"tickets:read"}) {
		t.Errorf("scopes gave %v", got)
	}
	several := url.Values{"what": {"several"}, "st_role": {"Viewer", "", ""}, "st_scopes": {"", "tickets:read", ""}, "st_resources": {"payments", "*", ""}}
	if got := rights(several); len(got) != 2 || got[0].Role != "Viewer" || !slices.Equal(got[1].Resources, []string{"*"}) {
		t.Errorf("statements gave %v", got)
	}
	w.shows(w.status(w.as("ada@example.com", at+"/new", url.Values{"name": {"x"}, "what": {"scopes"}}), http.StatusUnprocessableEntity), "Choose at least one scope")
}

func TestALinkOnlyFillsTheForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.status(w.as("ada@example.com", "/workspace/acme/access-tokens/new?owner=workspace&label=Tool&scopes=tickets:read&expires_in=30d"), http.StatusOK)
	w.shows(a, `value="Tool"`, "tickets:read", "Expires after 30 days")
	if ts, _, err := w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{}, pageOf()); err != nil || len(ts) != 1 {
		t.Errorf("%d tokens, %v", len(ts), err)
	}
}

func TestManyAreStoppedOnlyOnceConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.issue("workspace", "", "One"), w.issue("workspace", "", "Two")
	form := url.Values{"action": {"revoke"}, "id": {a.Token.Locator, b.Token.Locator}}
	ask := w.status(w.as("ada@example.com", "/workspace/acme/access-tokens/bulk", form), http.StatusOK)
	w.shows(ask, "Revoke 2 tokens", "One", "Two")
	w.status(w.as("ada@example.com", "/workspace/acme/access-tokens/bulk", with(form, "confirmed", "yes")), http.StatusSeeOther)
	now, err := w.GetToken(w.ctx, w.root, "acme", b.Token.Locator)
	must(t, err)
	if now.Status != api.StatusRevoked {
		t.Errorf("it is %s", now.Status)
	}
}

func TestADeletedTokenStopsAndLeavesTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("workspace", "", "Build system")
	at := "/workspace/acme/access-tokens/" + i.Token.Locator
	w.shows(w.as("ada@example.com", at+"/delete"), "Disable for 7 days, then revoke", "Build system")
	w.status(w.as("ada@example.com", at+"/delete", url.Values{"reason": {"unused"}}), http.StatusSeeOther)
	w.hides(w.as("ada@example.com", "/workspace/acme/integration-tokens"), i.Token.Locator)
	now, err := w.GetToken(w.ctx, w.root, "acme", i.Token.Locator)
	must(t, err)
	if now.Status != api.StatusRevoked {
		t.Errorf("it is %s", now.Status)
	}
}

func TestAnEditChangesWhatWasChangedAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("workspace", "", "Build system")
	at := "/workspace/acme/access-tokens/" + i.Token.Locator
	w.status(w.edits("ada@example.com", at+"/edit", url.Values{"label": {"Renamed"}}), http.StatusSeeOther)
	now, err := w.GetToken(w.ctx, w.root, "acme", i.Token.Locator)
	must(t, err)
	if now.Label != "Renamed" || len(now.Scopes) != 1 || !now.ExpiresAt.Equal(*i.Token.ExpiresAt) {
		t.Errorf("it is %q with %v until %v", now.Label, now.Scopes, now.ExpiresAt)
	}
}

func TestColumnsAreRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.as("ada@example.com", "/workspace/acme/access-tokens/columns", url.Values{"column": {"status", "evil"}, "next": {"/workspace/acme/access-tokens"}})
	w.status(a, http.StatusSeeOther)
	r, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.server.URL+a.Header.Get("Location"), nil)
	must(t, err)
	r.AddCookie(&http.Cookie{Name: "tokenry", Value: "ada@example.com"})
	r.AddCookie(a.Cookies()[0])
	page := w.do(r)
	w.shows(page, `data-name="Status"`)
	w.hides(page, `data-name="Created"`)
}

func TestTheFirstPageIsSmall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	total := 0
	for _, m := range regexp.MustCompile(`/assets/[^"]+`).FindAllString(w.as("", "/signin").body, -1) {
		r, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.server.URL+m, nil)
		must(t, err)
		r.Header.Set("Accept-Encoding", "gzip")
		a := w.status(w.do(r), http.StatusOK)
		if !strings.Contains(a.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s is not kept", m)
		}
		total += len(a.body)
	}
	if total == 0 || total > 80_000 {
		t.Errorf("what the first page refers to has %d bytes", total)
	}
}

func TestAFoundTokenIsNamedAndNotRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("workspace", "", "Build system")
	a := w.as("ada@example.com", "/workspace/acme/leak-desk", url.Values{"text": {"GET / token=" + i.Secret.Reveal() + " 200"}})
	w.shows(w.status(a, http.StatusOK), "Build system", "its current secret")
	w.hides(a, i.Secret.Reveal())
	w.inert(a)
}

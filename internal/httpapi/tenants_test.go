package httpapi_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// Two tenants that are full of the same names. What acme alone has is called
// mallard, and no answer to anybody of globex may ever hold that word.

// strangers are the strongest tokens of globex, one of each kind.
func (w *world) strangers() map[string]string {
	w.Helper()
	const at = "/v1/workspaces/globex"
	w.as(w.root, "POST", at+"/members", onAll(object{"email": "olga@example.com", "role": "Owner"})).is(201)
	w.as(w.root, "POST", at+"/service-accounts", onAll(object{"name": "strong", "scopes": []string{"*"}})).is(201)
	return map[string]string{
		"a person's":          w.issue("globex", object{"label": "x", "owner": "olga@example.com"}).Secret,
		"a service account's": w.issue("globex", object{"label": "x", "owner": "strong"}).Secret,
		"the workspace's":     w.issue("globex", onAll(object{"label": "x", "kind": "workspace", "scopes": []string{"*"}})).Secret,
	}
}

// hideMallard gives acme what only it has, and answers the ids of it.
func (w *world) hideMallard() map[string][]string {
	w.Helper()
	var member api.Member
	var account api.ServiceAccount
	w.as(w.root, "PATCH", ws, object{"name": "mallard", "external_id": "mallard", "metadata": object{"plan": "mallard"}}).is(200)
	w.as(w.root, "POST", ws+"/members", onAll(object{"email": "mallard@example.com", "name": "mallard", "role": "Viewer", "external_id": "mallard"})).is(201).into(&member)
	w.as(w.root, "POST", ws+"/service-accounts", onAll(object{"name": "mallard", "role": "Viewer"})).is(201).into(&account)
	w.play([]step{
		{"PUT", ws + "/scopes/mallard:read", object{"roles": []string{"Viewer"}}, 201, nil},
		{"PUT", ws + "/roles/mallard", object{"scopes": []string{"mallard:read"}}, 201, nil},
		{"POST", ws + "/resources", object{"name": "mallard"}, 201, nil},
	})
	var hook api.WebhookSecret
	w.as(w.root, "POST", ws+"/webhooks", object{"url": "https://mallard.example.com/x", "events": []string{"*"}}).is(201).into(&hook)
	i := w.issue("acme", object{"label": "mallard", "owner": "mallard", "metadata": object{"team": "mallard"}})
	mine := w.issue("acme", object{"label": "mallard", "owner": "mallard@example.com"})
	return map[string][]string{
		"{member}":                 {"mallard@example.com", "ext:mallard", member.ID},
		"/service-accounts/{name}": {"mallard", account.ID, "mallard@acme.service"},
		"/scopes/{name}":           {"mallard:read"},
		"/roles/{name}":            {"mallard"},
		"/resources/{name}":        {"mallard"},
		"{webhook}":                {hook.Webhook.ID},
		"{id}":                     {i.Token.ID, i.Token.Locator, mine.Token.ID, mine.Token.Locator},
	}
}

// dump is everything that an Owner sees of a workspace, byte for byte.
func (w *world) dump(ws string) string {
	w.Helper()
	at := "/v1/workspaces/" + ws
	var b strings.Builder
	for _, path := range []string{
		"", "/policy", "/scopes?limit=200", "/roles?limit=200", "/members?limit=200", "/service-accounts?limit=200",
		"/resources?limit=200", "/webhooks?limit=200", "/tokens?limit=200&deleted=true",
	} {
		b.Write(w.as(w.root, "GET", at+path, nil).is(200).body)
	}
	var events api.List[api.AuditEvent]
	w.as(w.root, "GET", at+"/audit?limit=200", nil).is(200).into(&events)
	for _, e := range events.Items {
		if e.Action != "denied" { // that somebody was refused is told, and changes nothing
			b.WriteString(e.Action + e.Hash)
		}
	}
	return b.String()
}

// same is an answer without what differs between any two.
func (r *reply) same() string {
	r.w.Helper()
	var v object
	if err := json.Unmarshal(r.body, &v); err != nil {
		return r.Status + string(r.body)
	}
	for _, name := range []string{"request_id", "revision", "instance"} {
		delete(v, name)
	}
	b, err := json.Marshal(v)
	r.w.must(err)
	return r.Status + string(b)
}

func (r *reply) leaksNothing() *reply {
	r.w.Helper()
	if strings.Contains(string(r.body), "mallard") || strings.Contains(r.Header.Get("Tokenry-Principal"), "mallard") {
		r.w.Errorf("%s %s tells another tenant:\n%s", r.Request.Method, r.Request.URL, r.body)
	}
	return r
}

func TestEveryRouteIsSealed(t *testing.T) {
	t.Parallel()
	o := newFirm(t)
	w := o.open(t)
	ids, strangers := w.hideMallard(), w.strangers()
	before := w.dump("acme")
	for _, s := range situations() {
		if !strings.Contains(s.route, "{ws}") {
			continue
		}
		for whose, tok := range strangers {
			theirs := w.as(tok, s.method(), s.path(o, o.callers[0]), s.content(o)).leaksNothing()
			theirs.problem(api.CodeNotFound)
			nowhere := strings.Replace(s.path(o, o.callers[0]), "/acme", "/nowhere", 1)
			if none := w.as(tok, s.method(), nowhere, s.content(o)); none.same() != theirs.same() {
				t.Errorf("%s with %s token: not yours\n%s\nand does not exist\n%s", s.title(), whose, theirs.same(), none.same())
			}
			w.tryForeignIDs(s, tok, ids)
		}
	}
	if after := w.dump("acme"); after != before {
		t.Errorf("somebody of globex changed acme:\n%s\nwas\n%s", after, before)
	}
}

// tryForeignIDs names what is acme's in globex; what it creates there by that
// name is globex's own, and not tried.
func (w *world) tryForeignIDs(s situation, tok string, ids map[string][]string) {
	w.Helper()
	if s.method() == "PUT" {
		return
	}
	for wildcard, names := range ids {
		if !strings.Contains(s.route, wildcard) {
			continue
		}
		_, path, _ := strings.Cut(s.route, " ")
		path = strings.Replace(path, "{ws}", "globex", 1)
		last := wildcard[strings.Index(wildcard, "{"):]
		want := api.CodeNotFound
		if strings.HasSuffix(s.route, "/portal-link") { // This case is special: nobody of a workspace may call it, whoever is named.
			want = api.CodeInsufficientScope
		}
		none := w.as(tok, s.method(), strings.Replace(path, last, madeUp(wildcard), 1), s.body)
		none.problem(want)
		for _, name := range names {
			r := w.as(tok, s.method(), strings.Replace(path, last, name, 1), s.body).leaksNothing()
			r.problem(want)
			if r.same() != none.same() {
				w.Errorf("%s: %s is answered\n%s\nand what does not exist\n%s", s.title(), name, r.same(), none.same())
			}
		}
	}
}

// madeUp is a name that nobody has.
func madeUp(wildcard string) string {
	switch wildcard {
	case "{id}":
		return "000000000000"
	case "{webhook}":
		return "whk_0000000000000000"
	case "{member}":
		return "nobody@example.com"
	case "/scopes/{name}":
		return "nothing:read"
	}
	return "nothing"
}

// TestReferencesAreSealed names what is acme's in bodies, filters and searches
// of globex: each is answered like a name that nobody has.
func TestReferencesAreSealed(t *testing.T) {
	t.Parallel()
	o := newFirm(t)
	w := o.open(t)
	ids, strangers := w.hideMallard(), w.strangers()
	const at = "/v1/workspaces/globex"
	ours := at + "/tokens/" + url.PathEscape(o.ids["globex/robot"])
	locator := ids["{id}"][1]
	for _, c := range []struct{ method, path, body, theirs, none string }{
		{"POST", at + "/tokens", `{"label":"x","owner":"NAME"}`, "mallard@example.com", "nobody@example.com"},
		{"POST", at + "/tokens", `{"label":"x","owner":"NAME"}`, "ext:mallard", "ext:nobody"},
		{"POST", at + "/tokens", `{"label":"x","owner":"NAME"}`, ids["{member}"][2], "usr_000000000000"},
		{"POST", at + "/tokens", `{"label":"x","owner":"NAME"}`, "mallard", "nobody"},
		{"POST", at + "/tokens", `{"label":"x","owner":"NAME"}`, "mallard@acme.service", "nobody@acme.service"},
		{"POST", at + "/tokens", `{"label":"x","owner":"NAME"}`, "acme@workspace", "nobody@workspace"},
		{"POST", at + "/tokens", `{"label":"x","kind":"workspace","role":"NAME","resources":["*"]}`, "mallard", "nobody"},
		{"POST", ours + "/transfer", `{"owner":"NAME"}`, "mallard@example.com", "nobody@example.com"},
		{"POST", ours + "/transfer", `{"owner":"NAME"}`, "mallard", "nobody"},
		{"PATCH", at + "/members/bea@example.com", `{"role":"NAME"}`, "mallard", "nobody"},
		{"PATCH", at + "/service-accounts/robot", `{"role":"NAME"}`, "mallard", "nobody"},
		{"PUT", at + "/scopes/mine:read", `{"roles":["NAME"]}`, "mallard", "nobody"},
		{"DELETE", at + "/roles/Helper?replacement=NAME", "", "mallard", "nobody"},
		{"GET", at + "/tokens?owner=NAME", "", "mallard@example.com", "nobody@example.com"},
		{"GET", at + "/tokens?owner=NAME", "", "mallard", "nobody"},
		{"GET", at + "/tokens?q=NAME", "", "mallard", "nobody"},
		{"GET", at + "/tokens?q=NAME", "", locator[:6], "000000"},
		{"GET", at + "/tokens?role=NAME", "", "mallard", "nobody"},
		{"GET", at + "/tokens?created_by=NAME", "", "mallard@example.com", "nobody@example.com"},
		{"GET", at + "/tokens?metadata.team=NAME", "", "mallard", "nobody"},
		{"GET", at + "/tokens?can=NAME:read&owner=robot", "", "mallard", "nothing"},
		{"GET", at + "/audit?token=NAME", "", locator, "000000000000"},
		{"GET", at + "/audit?actor=NAME", "", "mallard@example.com", "nobody@example.com"},
		{"POST", "/v1/verify", `{"token":"x","workspace":"NAME"}`, "acme", "nowhere"},
		{"POST", "/v1/verify", `{"token":"x","workspace":"NAME"}`, "ext:mallard", "ext:nobody"},
		{"GET", "/v1/users/NAME", "", "mallard@example.com", "nobody@example.com"},
	} {
		for whose, tok := range strangers {
			ask := func(name string) *reply {
				return w.as(tok, c.method, strings.Replace(c.path, "NAME", name, 1), strings.Replace(c.body, "NAME", name, 1)).leaksNothing()
			}
			if theirs, none := ask(c.theirs).same(), ask(c.none).same(); theirs != none {
				t.Errorf("%s %s with %s token: %q is answered\n%s\nand %q\n%s", c.method, c.path, whose, c.theirs, theirs, c.none, none)
			}
		}
	}
}

// TestListsLeakNothing reads all there is to read in globex, and goes on there
// with a cursor of acme's.
func TestListsLeakNothing(t *testing.T) {
	t.Parallel()
	w := newFirm(t).open(t)
	w.hideMallard()
	theirs := w.issue("acme", onAll(object{"label": "x", "kind": "workspace", "scopes": []string{"*"}})).Secret
	const at = "/v1/workspaces/globex"
	for _, tok := range w.strangers() {
		for _, list := range []string{"/members", "/service-accounts", "/resources", "/webhooks", "/tokens", "/roles", "/scopes", "/audit"} {
			w.as(tok, "GET", at+list+"?limit=200", nil).is(200).leaksNothing()
			w.as(tok, "GET", at+list+"?limit=1", nil).is(200).leaksNothing()
			var page api.List[object]
			w.as(theirs, "GET", ws+list+"?limit=1", nil).is(200).into(&page)
			if page.NextCursor == nil {
				t.Fatalf("%s of acme has one page", list)
			}
			w.as(tok, "GET", at+list+"?cursor="+url.QueryEscape(*page.NextCursor), nil).problem(api.CodeInvalidCursor)
			w.as(tok, "GET", ws+list+"?cursor="+url.QueryEscape(*page.NextCursor), nil).leaksNothing().problem(api.CodeNotFound)
		}
		for _, path := range []string{at + "/tokens?format=csv&deleted=true", at + "/audit/export", at + "/audit/export?format=csv", "/v1/workspaces", "/v1/whoami"} {
			w.as(tok, "GET", path, nil).is(200).leaksNothing()
		}
	}
}

// TestForeignTokensAreUnknown verifies acme's tokens as globex: the answer is
// that to a token that was never made.
func TestForeignTokensAreUnknown(t *testing.T) {
	t.Parallel()
	w := newFirm(t).open(t)
	w.hideMallard()
	victim := w.issue("acme", object{"label": "mallard", "owner": "mallard"})
	never := "tkys_" + "000000000000" + strings.Repeat("z", 32)
	never += checksum(never)
	for whose, tok := range w.strangers() {
		for _, body := range []object{{}, {"workspace": "globex"}, {"workspace": "acme"}, {"scopes": []string{"mallard:read"}}} {
			ask := func(presented string) string {
				body["token"] = presented
				return w.as(tok, "POST", "/v1/verify", body).is(200).leaksNothing().same()
			}
			if theirs, none := ask(victim.Secret), ask(never); theirs != none {
				t.Errorf("with %s token: acme's is answered\n%s\nand none\n%s", whose, theirs, none)
			}
		}
	}
	w.as(victim.Secret, "GET", "/v1/forward-auth?workspace=globex", nil).leaksNothing().is(401)
}

// TestNoAdministratorTouchesAnotherTenantsPeople invites a person of acme to
// globex: that gives globex the membership there, and nothing else of them.
func TestNoAdministratorTouchesAnotherTenantsPeople(t *testing.T) {
	t.Parallel()
	w := newFirm(t).open(t)
	w.hideMallard()
	eve := w.issue("acme", object{"label": "x", "owner": "mallard@example.com"})
	const at = "/v1/workspaces/globex/members"
	tok := w.strangers()["a person's"]
	var m api.Member
	w.as(tok, "POST", at, onAll(object{"email": "mallard@example.com", "role": "Viewer"})).is(201).into(&m)
	if m.Name != "" || m.ExternalID != nil {
		t.Errorf("globex is told what acme calls the person: %+v", m)
	}
	before := w.dump("acme")
	w.as(tok, "POST", at, onAll(object{"email": "new@example.com", "role": "Viewer", "password": "correct horse"})).problem(api.CodeInsufficientScope)
	w.as(tok, "PUT", at+"/mallard@example.com", onAll(object{"role": "Viewer", "password": "correct horse"})).problem(api.CodeInsufficientScope)
	w.as(tok, "PATCH", at+"/mallard@example.com", object{"name": "Duck", "external_id": "d-1", "role": "Owner"}).is(200)
	w.as(tok, "POST", at+"/mallard@example.com/access-token/reset", nil).is(200)
	w.as(tok, "POST", at+"/mallard@example.com/deactivate", nil).is(200)
	w.as(tok, "DELETE", at+"/mallard@example.com", nil).is(200)
	w.as(tok, "POST", "/v1/users/mallard@example.com/deactivate", nil).problem(api.CodeInsufficientScope)
	w.as(eve.Secret, "GET", "/v1/whoami", nil).is(200)
	if after := w.dump("acme"); after != before {
		t.Errorf("acme is changed:\n%s\nwas\n%s", after, before)
	}
}

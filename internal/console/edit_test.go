package console_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/console"
)

// edits opens a page, changes fields of the form that is sent to the same address,
// and sends it.
func (w *world) edits(who, at string, change url.Values) answer {
	w.Helper()
	form := w.filled(w.status(w.as(who, at), http.StatusOK), at)
	maps.Copy(form, change)
	return w.as(who, at, form)
}

// editing is one form that edits an object, and how another changes that meanwhile.
type editing struct {
	// page is where the form is, action where it is sent; empty is the page.
	page, action string
	// typed is the field that one person changes, other the one that another did.
	typed, other  string
	value, others string
	meanwhile     func(*world, authority.Caller) error
}

func (e editing) target() string {
	if e.action == "" {
		return e.page
	}
	return e.action
}

// editings are all forms of the console that edit an object that is there.
func (w *world) editings() map[string]editing {
	w.Helper()
	acme, instance := authority.Where{Workspace: "acme"}, authority.Where{Instance: true}
	tok := w.issue("workspace", "", "Build system").Token.Locator
	w.member("sue@example.com", "Administrator")
	sa := api.CreateServiceAccount{Name: "ci"}
	sa.Role, sa.Resources = api.Some("Viewer"), api.Some([]string{"*"})
	_, err := w.CreateServiceAccount(w.ctx, w.root, "acme", sa)
	must(w.T, err)
	hooks := map[authority.Where]string{}
	for _, at := range []authority.Where{acme, instance} {
		putRole(at, "Helper", "before")(w, w.root) //nolint:errcheck // the pages below would be missing
		putScope(at, "things:see", "")(w, w.root)  //nolint:errcheck // likewise
		h, err := w.CreateWebhook(w.ctx, w.root, at, api.CreateWebhook{URL: "https://hooks.example.com/a", Events: []string{"token.created"}})
		must(w.T, err)
		hooks[at] = h.Webhook.ID
	}
	rule := w.trusting().ID
	return map[string]editing{
		"trust rule": {
			page: trustAt + "/" + rule, typed: "label", value: "Ours", other: "audience", others: "elsewhere",
			meanwhile: func(w *world, c authority.Caller) error {
				var in api.EditTrustRule
				in.Audience = api.Some("elsewhere")
				_, err := w.EditTrustRule(w.ctx, c, "acme", rule, in)
				return err
			},
		},
		"member": {
			page: "/workspace/acme/members/sue@example.com", action: "/workspace/acme/members/" + w.people.users["sue@example.com"].UserPublicID,
			typed: "name", value: "Sue", other: "role", others: "Viewer", meanwhile: demote,
		},
		"service account": {
			page: "/workspace/acme/service-accounts/ci", typed: "description", value: "Builds", other: "role", others: "CI Token",
			meanwhile: func(w *world, c authority.Caller) error {
				in := api.EditServiceAccount{}
				in.Role, in.Resources = api.Some("CI Token"), api.Some([]string{"*"})
				_, err := w.EditServiceAccount(w.ctx, c, "acme", "ci", in)
				return err
			},
		},
		"role":           {page: rolesAt + "/Helper", typed: "display_name", value: "Helping", other: "description", others: "after", meanwhile: putRole(acme, "Helper", "after")},
		"default role":   {page: "/instance/roles/Helper", typed: "display_name", value: "Helping", other: "description", others: "after", meanwhile: putRole(instance, "Helper", "after")},
		"scope":          {page: scopesAt + "/things:see", typed: "implies", value: "things:list", other: "description", others: "after", meanwhile: putScope(acme, "things:see", "after")},
		"default scope":  {page: "/instance/scopes/things:see", typed: "implies", value: "things:list", other: "description", others: "after", meanwhile: putScope(instance, "things:see", "after")},
		"webhook":        {page: "/workspace/acme/settings/webhooks/" + hooks[acme], typed: "description", value: "Chat", other: "url", others: "https://hooks.example.com/b", meanwhile: moveHook(acme, hooks[acme])},
		"instance hook":  {page: "/instance/webhooks/" + hooks[instance], typed: "description", value: "Chat", other: "url", others: "https://hooks.example.com/b", meanwhile: moveHook(instance, hooks[instance])},
		"policy":         {page: "/workspace/acme/settings", typed: "max_lifetime", value: "80d", other: "overlap", others: "5h", meanwhile: overlap},
		"default policy": {page: "/instance/defaults", typed: "max_lifetime", value: "90d", other: "overlap", others: "5h", meanwhile: defaultOverlap},
		"workspace": {
			page: "/workspace/acme/settings", action: "/workspace/acme/settings/name", typed: "name", value: "Ours",
			meanwhile: func(w *world, c authority.Caller) error {
				_, err := w.EditWorkspace(w.ctx, c, "acme", api.EditWorkspace{Name: api.Some("Theirs")})
				return err
			},
		},
		"token": {
			page: "/workspace/acme/access-tokens/" + tok + "/edit", typed: "label", value: "Renamed", other: "allowed_ips", others: "192.0.2.7/32",
			meanwhile: func(w *world, c authority.Caller) error {
				in := api.EditToken{}
				in.AllowedIPs = api.Some([]string{"192.0.2.7"})
				_, err := w.EditToken(w.ctx, c, "acme", tok, in)
				return err
			},
		},
	}
}

func demote(w *world, c authority.Caller) error {
	in := api.EditMember{}
	in.Role, in.Resources = api.Some("Viewer"), api.Some([]string{"*"})
	_, err := w.EditMember(w.ctx, c, "acme", "sue@example.com", in)
	return err
}

func putRole(at authority.Where, name, description string) func(*world, authority.Caller) error {
	return func(w *world, c authority.Caller) error {
		_, err := w.PutRole(w.ctx, c, at, name, api.PutRole{Description: description, Scopes: []string{"things:read"}})
		return err
	}
}

func putScope(at authority.Where, name, description string) func(*world, authority.Caller) error {
	return func(w *world, c authority.Caller) error {
		for _, n := range []string{"things:list", name} {
			if _, err := w.PutScope(w.ctx, c, at, n, api.PutScope{Description: description}); err != nil {
				return err
			}
		}
		return nil
	}
}

func moveHook(at authority.Where, id string) func(*world, authority.Caller) error {
	return func(w *world, c authority.Caller) error {
		_, err := w.EditWebhook(w.ctx, c, at, id, api.EditWebhook{URL: api.Some("https://hooks.example.com/b")})
		return err
	}
}

func overlap(w *world, c authority.Caller) error {
	_, err := w.EditPolicy(w.ctx, c, "acme", api.PatchPolicy{Overlap: api.Some(api.Duration(5 * time.Hour))})
	return err
}

func defaultOverlap(w *world, c authority.Caller) error {
	_, err := w.EditInstancePolicy(w.ctx, c, api.PatchPolicy{Overlap: api.Some(api.Duration(5 * time.Hour))})
	return err
}

func TestAStaleFormUndoesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, e := range w.editings() {
		page := w.status(w.as("ada@example.com", e.page), http.StatusOK)
		form := w.filled(page, e.target())
		must(t, e.meanwhile(w, w.root))
		stale := w.status(w.as("ada@example.com", e.target(), with(form, e.typed, e.value)), http.StatusUnprocessableEntity)
		w.shows(stale, "This was changed after you opened it. Nothing was saved.", "by <bdi>ada@example.com</bdi>", `datetime="2026-03-14T09:26:53Z"`)
		w.inert(stale)
		w.labelled(stale)
		again := w.filled(stale, e.target())
		if e.other != "" && again.Get(e.other) != e.others || again.Get(e.typed) != e.value || again.Get("revision") == form.Get("revision") {
			t.Errorf("%s: the form comes back with %v", name, again)
		}
		if now := w.filled(w.as("ada@example.com", e.page), e.target()); now.Get(e.typed) == e.value {
			t.Errorf("%s: what was refused was saved: %v", name, now)
		}
		w.status(w.as("ada@example.com", e.target(), again), http.StatusSeeOther)
		now := w.filled(w.as("ada@example.com", e.page), e.target())
		if e.other != "" && now.Get(e.other) != e.others || now.Get(e.typed) != e.value {
			t.Errorf("%s: after it was saved on purpose: %v", name, now)
		}
	}
}

func TestAFormThatNobodyTouchedSaysNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, e := range w.editings() {
		form := w.filled(w.as("ada@example.com", e.page), e.target())
		drawn, err := url.ParseQuery(form.Get("drawn"))
		must(t, err)
		form["scope"] = append(form["scope"], form["more_scopes"]...)
		form.Del("more_scopes")
		for field := range form {
			if slices.Contains([]string{"revision", "drawn", "form"}, field) {
				continue
			}
			if strings.TrimSpace(strings.Join(form[field], "\n")) != strings.Join(drawn[field], "\n") {
				t.Errorf("%s: %s is sent as %q and was drawn as %q", name, field, form[field], drawn[field])
			}
			drawn.Del(field)
		}
		for field, values := range drawn {
			if strings.Join(values, "") != "" {
				t.Errorf("%s: %s was drawn as %q and is not sent", name, field, values)
			}
		}
	}
}

func TestARenamedMemberStaysDemoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("sue@example.com", "Administrator")
	at := "/workspace/acme/members/" + w.people.users["sue@example.com"].UserPublicID
	form := w.filled(w.as("ada@example.com", at), at)
	must(t, demote(w, w.root))
	stale := w.status(w.as("ada@example.com", at, with(form, "name", "Sue")), http.StatusUnprocessableEntity)
	w.shows(stale, "Member edited by", "Role: Administrator → Viewer", `value="Sue"`)
	w.status(w.as("ada@example.com", at, w.filled(stale, at)), http.StatusSeeOther)
	m, err := w.GetMember(w.ctx, w.root, "acme", "sue@example.com")
	must(t, err)
	if m.Name != "Sue" || m.Role == nil || *m.Role != "Viewer" {
		t.Errorf("she is %q with the role %v", m.Name, m.Role)
	}
}

func TestSavingANameSendsNoRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("adam@example.com", "Administrator")
	in := api.CreateMember{Email: "sue@example.com"}
	in.Grants = api.Some([]api.Statement{{Role: "Viewer", Resources: []string{"a"}}, {Role: "CI Token", Resources: []string{"b"}}})
	m, err := w.CreateMember(w.ctx, w.root, "acme", in)
	must(t, err)
	w.status(w.edits("adam@example.com", "/workspace/acme/members/"+m.Value.ID, url.Values{"name": {"Sue"}}), http.StatusSeeOther)
	after, err := w.GetMember(w.ctx, w.root, "acme", m.Value.ID)
	must(t, err)
	if after.Name != "Sue" || len(after.Grants) != 2 {
		t.Errorf("she is %q with %v", after.Name, after.Grants)
	}
}

func TestWhoMayNotReadTheAuditIsToldThatItWasChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, putRole(authority.Where{Workspace: "acme"}, "Helper", "")(w, w.root))
	_, err := w.PutRole(w.ctx, w.root, authority.Where{Workspace: "acme"}, "Editor", api.PutRole{Scopes: []string{"members:read", "members:write", "roles:read"}})
	must(t, err)
	w.member("eddi@example.com", "Editor")
	w.member("sue@example.com", "Viewer")
	at := "/workspace/acme/members/" + w.people.users["sue@example.com"].UserPublicID
	form := w.filled(w.as("eddi@example.com", at), at)
	_, err = w.EditMember(w.ctx, w.root, "acme", "sue@example.com", api.EditMember{Name: api.Some("Susan")})
	must(t, err)
	stale := w.status(w.as("eddi@example.com", at, with(form, "name", "Sue")), http.StatusUnprocessableEntity)
	w.shows(stale, "This was changed after you opened it", `value="Sue"`)
	w.hides(stale, "ada@example.com")
}

func TestBoxesOfOthersStayAsTheyMadeThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acme := authority.Where{Workspace: "acme"}
	put := func(scopes ...string) {
		t.Helper()
		_, err := w.PutRole(w.ctx, w.root, acme, "Helper", api.PutRole{Scopes: scopes})
		must(t, err)
	}
	put("audit:read", "members:read", "odd:thing")
	at := rolesAt + "/Helper"
	form := w.filled(w.as("ada@example.com", at), at)
	put("members:read", "odd:thing", "policy:read")
	stale := w.status(w.as("ada@example.com", at, with(form, "more_scopes", "odd:thing odd:other")), http.StatusUnprocessableEntity)
	w.status(w.as("ada@example.com", at, w.filled(stale, at)), http.StatusSeeOther)
	roles, err := w.ListRoles(w.ctx, w.root, acme)
	must(t, err)
	i := slices.IndexFunc(roles, func(r api.Role) bool { return r.Name == "Helper" })
	if got, want := slices.Sorted(slices.Values(roles[i].Scopes)), []string{"members:read", "odd:other", "odd:thing", "policy:read"}; !slices.Equal(got, want) {
		t.Errorf("it has %v, want %v", got, want)
	}
}

// making are the forms with fields that edit nothing that is there, by the end of
// their action: they make, end, or hand over, and say so.
func making() []string {
	return []string{"/new", "/invite", "/bulk", "/columns", "/summary", "/delete", "/erase", "/transfer", "/disable", "/advice", "/explain#explain", "/leak-desk", "/revoke",
		"/roles", "/scopes", "/resources", "/webhooks", "/instance/workspaces", "/instance/admins", "/retire", "/rotate", "/reset"}
}

func TestEveryFormThatEditsSaysWhatItWasDrawnFrom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := w.editings()
	tok, hook := part(all["token"].page, 4), part(all["webhook"].page, 5)
	fill := strings.NewReplacer("{ws}", "acme", "{$}", "", "{user}", w.people.users["sue@example.com"].UserPublicID, "{member}", "sue@example.com", "{role}", "Helper",
		"{scope}", "things:see", "{name}", "ci", "{page}", "members", "{rule}", part(all["trust rule"].page, 4))
	found := map[string]bool{}
	for _, pattern := range console.Pages() {
		path := fill.Replace(strings.TrimPrefix(pattern, "GET "))
		switch {
		case strings.Contains(path, "/signin"), strings.Contains(path, "/setup"), strings.Contains(path, "/settings/security"), path == "/device", strings.Contains(path, "{verb}"), strings.Contains(path, "{delivery}"):
			continue // no object of the authority is edited there
		case strings.HasPrefix(path, "/instance/webhooks"):
			path = strings.ReplaceAll(path, "{id}", part(all["instance hook"].page, 3))
		case strings.Contains(path, "webhooks"):
			path = strings.ReplaceAll(path, "{id}", hook)
		}
		path = strings.ReplaceAll(path, "{id}", tok)
		for action, says := range w.fieldForms(w.as("ada@example.com", path)) {
			makes := slices.ContainsFunc(making(), func(end string) bool { return strings.HasSuffix(action, end) })
			if !says && !makes {
				t.Errorf("the form for %s on %s does not say what it was drawn from", action, pattern)
			}
			found[action] = found[action] || says
		}
	}
	for name, e := range all {
		if !found[e.target()] {
			t.Errorf("%s: no form for %s says what it was drawn from", name, e.target())
		}
	}
}

func part(path string, n int) string { return strings.Split(path, "/")[n] }

// fieldForms are the posted forms of a page that have fields to fill in, and whether
// each says what it was drawn from.
func (w *world) fieldForms(a answer) map[string]bool {
	w.Helper()
	doc, err := html.Parse(strings.NewReader(a.body))
	must(w.T, err)
	out := map[string]bool{}
	for n := range doc.Descendants() {
		if n.Data != "form" || attr(n, "method") != "post" {
			continue
		}
		fields, says := false, false
		for c := range n.Descendants() {
			hidden := attr(c, "type") == "hidden"
			fields = fields || !hidden && attr(c, "name") != "" && slices.Contains([]string{"input", "select", "textarea"}, c.Data)
			says = says || hidden && attr(c, "name") == "revision" && attr(c, "value") != ""
		}
		if fields {
			out[attr(n, "action")] = says
		}
	}
	return out
}

// TestGrantsThatNoFormShowsStay: the form of a token with several grants keeps them
// until somebody chooses others, also when nothing of that choice is sent.
func TestGrantsThatNoFormShowsStay(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"workspace", "personal"} {
		w := newWorld(t)
		in := api.CreateToken{Kind: kind}
		in.Label = api.Some("Build system")
		in.Grants = api.Some([]api.Statement{{Scopes: []string{"tickets:read"}, Resources: []string{"a"}}, {Scopes: []string{"tickets:write"}, Resources: []string{"b"}}})
		i, err := w.CreateToken(w.ctx, w.root, "acme", in)
		must(t, err)
		at := list + "/" + i.Token.Locator + "/edit"
		w.shows(w.as("ada@example.com", at), "What it may now", "It has 2 grants", "Those of its grants")
		for name, without := range map[string][]string{"Shown": nil, "Unsaid": {"what"}, "Bare": {"what", "reach"}} {
			form := with(w.filled(w.as("ada@example.com", at), at), "label", name)
			for _, field := range without {
				form.Del(field)
			}
			if a := w.as("ada@example.com", at, form); a.StatusCode == http.StatusSeeOther && w.token(i.Token.ID).Label != name {
				t.Errorf("%s token, %s: the label was not saved", kind, name)
			}
			if got := w.token(i.Token.ID); len(got.Grants) != 2 || got.Grants[0].Scopes[0] != "tickets:read" || got.Grants[1].Resources[0] != "b" {
				t.Errorf("%s token, %s: it has %v", kind, name, got.Grants)
			}
		}
		form := w.filled(w.as("ada@example.com", at), at)
		w.shows(w.status(w.as("ada@example.com", at, with(with(form, "what", "scopes"), "scope", "tickets:read")), http.StatusUnprocessableEntity), "Choose the resources")
		w.shows(w.status(w.as("ada@example.com", at, with(with(form, "reach", "some"), "resources", "c")), http.StatusUnprocessableEntity), "Choose what it may do")
		chosen := with(with(with(with(form, "what", "scopes"), "scope", "tickets:read"), "reach", "some"), "resources", "c")
		w.status(w.as("ada@example.com", at, chosen), http.StatusSeeOther)
		if got := w.token(i.Token.ID); len(got.Grants) > 1 || len(got.Scopes) != 1 || got.Resources[0] != "c" {
			t.Errorf("%s token: it has %v on %v", kind, got.Scopes, got.Resources)
		}
	}
}

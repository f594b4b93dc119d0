package console_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// stage is a store in which, once it is on, every change is made, judged and answered
// as ever, and then taken back: the next form meets the same world.
type stage struct {
	ledger.Store
	on atomic.Bool
}

var errTakenBack = errors.New("taken back")

func (s *stage) Batch(ctx context.Context, mutations []func(ledger.Tx) error) ([]error, error) {
	if !s.on.Load() {
		return s.Store.Batch(ctx, mutations)
	}
	answers := make([]error, len(mutations))
	undone := make([]func(ledger.Tx) error, len(mutations))
	for i, m := range mutations {
		undone[i] = func(tx ledger.Tx) error {
			answers[i] = m(tx)
			return errTakenBack
		}
	}
	run, err := s.Store.Batch(ctx, undone)
	return answers[:len(run)], err
}

// BatchNext is Batch: what takes power away is taken back too.
func (s *stage) BatchNext(ctx context.Context, mutations []func(ledger.Tx) error) ([]error, error) {
	return s.Batch(ctx, mutations)
}

// offer is a form that a page shows: where it goes, and one way to fill it.
type offer struct {
	action string
	fields url.Values
}

// key is what an offer is, whoever is made it.
func (o offer) key() string {
	return o.action + " " + o.fields.Get("action") + o.fields.Get("role") + o.fields.Get("revoke_after")
}

// crowd are callers of acme by what they are: one of each role, one who keeps to a
// part, one by a portal link, and one who administers the instance and is no member.
func (w *world) crowd() []string {
	w.Helper()
	w.member("vera@example.com", "Viewer")
	w.member("tom@example.com", "Team Member")
	w.member("mia@example.com", "Workspace Manager")
	w.member("adam@example.com", "Administrator")
	w.member("pia@example.com", "Administrator", "shop")
	tom := w.people.users["tom@example.com"]
	tom.Portal, tom.ID = "acme", storetest.InPortal(w.T, w.store, tom.User, "acme").Session
	w.people.users["portal"] = tom
	_, err := w.CreateWorkspace(w.ctx, w.root, api.CreateWorkspace{Slug: "office"})
	must(w.T, err)
	in := api.CreateMember{Email: "root@example.com"}
	in.Role, in.Resources = api.Some("Owner"), api.Some([]string{"*"})
	_, err = w.CreateMember(w.ctx, w.root, "office", in)
	must(w.T, err)
	_, err = w.AddAdmin(w.ctx, w.root, api.AddAdmin{User: "root@example.com"})
	must(w.T, err)
	w.admit("root@example.com")
	return []string{"vera@example.com", "tom@example.com", "mia@example.com", "adam@example.com", "pia@example.com", "ada@example.com", "root@example.com", "portal"}
}

// things puts one of everything into acme, in each state that matters to who may do
// what with it.
func (w *world) things() {
	w.Helper()
	w.furniture()
	_, err := w.EditPolicy(w.ctx, w.root, "acme", api.PatchPolicy{Recoverable: api.Some(true)})
	must(w.T, err)
	root, tom := w.caller("root@example.com"), w.caller("tom@example.com")
	stop := func(by authority.Caller, kind, owner string) {
		w.Helper()
		_, err := w.DisableToken(w.ctx, by, "acme", w.issue(kind, owner, "Stopped").Token.ID, api.DisableToken{})
		must(w.T, err)
	}
	for _, owner := range []string{"vera@example.com", "tom@example.com", "ada@example.com"} {
		w.issue("personal", owner, "Mine")
	}
	stop(tom, "personal", "tom@example.com")
	stop(w.root, "personal", "tom@example.com")
	stop(root, "workspace", "")
	strong := api.CreateToken{Kind: "workspace"}
	strong.Label, strong.Scopes, strong.Resources = api.Some("Strong"), api.Some([]string{"*"}), api.Some([]string{"*"})
	_, err = w.CreateToken(w.ctx, w.root, "acme", strong)
	must(w.T, err)
	strong.Label, strong.ExpiresIn = api.Some("Over"), api.Some(api.Duration(time.Minute))
	_, err = w.CreateToken(w.ctx, w.root, "acme", strong)
	must(w.T, err)
	rotated := w.issue("workspace", "", "Rotated")
	_, err = w.RotateToken(w.ctx, w.root, "acme", rotated.Token.ID, api.RotateToken{})
	must(w.T, err)
	for email, by := range map[string]authority.Caller{"weak@example.com": w.root, "held@example.com": root} {
		w.member(email, "Viewer")
		_, err = w.DeactivateMember(w.ctx, by, "acme", email, false)
		must(w.T, err)
	}
	w.member("olga@example.com", "Owner")
	_, err = w.DeactivateMember(w.ctx, w.root, "acme", "olga@example.com", false)
	must(w.T, err)
	for name, role := range map[string]string{"boss": "Owner", "idle": "Viewer"} {
		account := api.CreateServiceAccount{Name: name}
		account.Role, account.Resources = api.Some(role), api.Some([]string{"*"})
		_, err = w.CreateServiceAccount(w.ctx, w.root, "acme", account)
		must(w.T, err)
		_, err = w.DisableServiceAccount(w.ctx, w.root, "acme", name, false)
		must(w.T, err)
	}
	at := authority.Where{Workspace: "acme"}
	h, err := w.CreateWebhook(w.ctx, w.root, at, api.CreateWebhook{URL: "https://example.com/held", Events: []string{"*"}})
	must(w.T, err)
	_, err = w.EditWebhook(w.ctx, root, at, h.Webhook.ID, api.EditWebhook{Enabled: api.Some(false)})
	must(w.T, err)
	_, err = w.PutRole(w.ctx, w.root, authority.Where{Instance: true}, "Fixed", api.PutRole{Scopes: []string{"tickets:read"}, Locked: true})
	must(w.T, err)
	w.at = w.at.Add(time.Hour)
}

// walk opens every page that somebody is led to and collects what the pages offer. A
// page that a link leads to is there.
func (w *world) walk(who string) []offer {
	w.Helper()
	var out []offer
	seen := map[string]bool{}
	for next := []string{"/", "/workspace/acme/access-tokens", "/settings/tokens"}; len(next) > 0; next = next[1:] {
		path := next[0]
		if seen[path] || elsewhere(path) {
			continue
		}
		seen[path] = true
		a := w.as(who, path)
		switch {
		case a.StatusCode == http.StatusSeeOther:
			next = append(next, a.Header.Get("Location"))
			continue
		case path == "/workspace/acme/access-tokens" && who == "portal": // where everybody is begun with
			continue
		case a.StatusCode != http.StatusOK:
			w.Errorf("%s is led to %s, and is answered %d: %s", who, path, a.StatusCode, between(a.body, `role="alert">`, "<"))
			continue
		}
		doc, err := html.Parse(strings.NewReader(a.body))
		must(w.T, err)
		for n := range doc.Descendants() {
			switch {
			case n.Data == "a" && attr(n, "href") != "":
				href, _, _ := strings.Cut(attr(n, "href"), "#")
				next = append(next, fromAnywhere(href))
			case n.Data == "form" && attr(n, "method") == "post":
				out = append(out, offersOf(doc, n)...)
			}
		}
	}
	return out
}

// elsewhere is what is nobody's to refuse, or the same page in another order.
func elsewhere(path string) bool {
	u, err := url.Parse(path)
	if err != nil || u.Host != "" || u.Path == "" || u.Scheme != "" {
		return true
	}
	for _, p := range []string{"/signout", "/signin", "/help", "/settings/security", "/device", "/assets", "/docs", "/workspace/office"} {
		if strings.HasPrefix(u.Path, p) {
			return true
		}
	}
	q := u.Query()
	return strings.HasSuffix(u.Path, "/export") || q.Has("sort") || q.Has("check") || q.Has("days") || q.Has("like") || q.Has("only") || q.Has("token") || q.Has("with") || q.Has("actor")
}

// fromAnywhere is an address without where its reader came from, which changes nothing of
// what it opens.
func fromAnywhere(path string) string {
	u, err := url.Parse(path)
	if err != nil || !u.Query().Has("from") {
		return path
	}
	q := u.Query()
	q.Del("from")
	u.RawQuery = q.Encode()
	return u.String()
}

// typedInto is what a person would type into a field.
func typedInto(n *html.Node) string {
	switch {
	case attr(n, "type") == "email":
		return "new@example.com"
	case attr(n, "type") == "url":
		return "https://example.com/new"
	case attr(n, "name") == "user":
		return "eve@example.com"
	}
	return "new"
}

// offersOf are the ways to send a form: each of its buttons, each of its roles.
func offersOf(doc, form *html.Node) []offer {
	action, _, _ := strings.Cut(fromAnywhere(attr(form, "action")), "#")
	if elsewhere(action) {
		return nil
	}
	f := url.Values{}
	readFields(form, f)
	var buttons, choices []url.Values
	for n := range doc.Descendants() {
		if n.Data == "input" && attr(n, "form") == attr(form, "id") && attr(n, "form") != "" && attr(n, "name") == "id" {
			f.Add("id", attr(n, "value"))
		}
	}
	for n := range form.Descendants() {
		switch _, required := find(n, "required"); {
		case n.Data == "button" && attr(n, "name") != "":
			buttons = append(buttons, with(f, attr(n, "name"), attr(n, "value")))
		case n.Data == "select" && required && f.Get(attr(n, "name")) == "":
			for o := range n.Descendants() {
				if o.Data == "option" && attr(o, "value") != "" {
					choices = append(choices, with(f, attr(n, "name"), attr(o, "value")))
				}
			}
		case n.Data == "input" && required && f.Get(attr(n, "name")) == "":
			f.Set(attr(n, "name"), typedInto(n))
		}
	}
	var out []offer
	for _, fields := range slices.Concat(buttons, choices) {
		for name := range f {
			if !fields.Has(name) {
				fields[name] = f[name]
			}
		}
		out = append(out, offer{action, fields})
	}
	if out == nil {
		out = []offer{{action, f}}
	}
	return out
}

// refused says whether the answer to a form is that its sender may not do this: it is
// not for them, or more than they have.
func refused(a answer) string {
	for _, code := range []api.Code{api.CodeInsufficientScope, api.CodeForbidden, api.CodeGrantExceedsOwn, api.CodeNotFound, api.CodeOnboardingRestricted, api.CodeLocked} {
		if a.StatusCode == code.Info().Status && a.StatusCode < 422 || strings.Contains(a.body, "<strong>"+code.Info().Title+"</strong>") {
			return string(code)
		}
	}
	return ""
}

// harmless says that a form changes nothing of anybody's: how a list is drawn, and a
// look at what could be done to several tokens, which leaves the others alone.
func harmless(action string) bool {
	return strings.HasSuffix(action, "/columns") || strings.HasSuffix(action, "/bulk")
}

// TestNoPageOffersWhatTheGateRefuses, and none keeps back what it lets through: every
// form that anybody is shown is sent by everybody, and taken back.
func TestNoPageOffersWhatTheGateRefuses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks every form as everybody")
	}
	var s *stage
	w := newWorldOver(t, storetest.SQLite(t), nil, func(below ledger.Store) ledger.Store {
		s = &stage{Store: below}
		return s
	})
	crowd := w.crowd()
	w.things()
	s.on.Store(true)
	made := map[string]map[string]offer{}
	all := map[string]offer{}
	for _, who := range crowd {
		made[who] = map[string]offer{}
		for _, o := range w.walk(who) {
			made[who][o.key()] = o
		}
		maps.Copy(all, made[who])
	}
	if len(all) < 100 {
		t.Errorf("only %d forms were found", len(all))
	}
	for _, who := range crowd {
		for key, o := range all {
			own, offered := made[who][key]
			if offered {
				o = own
			}
			if strings.Contains(o.action, "/roles/") && strings.HasSuffix(o.action, "/delete") {
				continue // goes on after its commit, which is taken back here
			}
			a := w.as(who, o.action, o.fields)
			switch why := refused(a); {
			case offered && why != "":
				t.Errorf("%s is offered %s, and is refused it (%s)", who, key, why)
			case !offered && why == "" && a.StatusCode < http.StatusBadRequest && !harmless(o.action):
				t.Errorf("%s is not offered %s, and could do it (%d)", who, key, a.StatusCode)
			}
		}
	}
}

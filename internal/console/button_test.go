package console_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// button is one that brings something back: where it is drawn, where it is sent, what
// changes meanwhile, and whether the thing is still stopped.
type button struct {
	page, action string
	meanwhile    func() error
	stopped      func() bool
}

// buttons are all of the console that give power back, each of something that ada stopped.
func (w *world) buttons() map[string]button {
	w.Helper()
	all := w.editings()
	locator := part(all["token"].page, 4)
	tok, sue := "/workspace/acme/access-tokens/"+locator, w.people.users["sue@example.com"].UserPublicID
	hook := all["webhook"].page
	_, err := w.DisableToken(w.ctx, w.root, "acme", locator, api.DisableToken{})
	must(w.T, err)
	_, err = w.DisableServiceAccount(w.ctx, w.root, "acme", "ci", false)
	must(w.T, err)
	_, err = w.EditWebhook(w.ctx, w.root, authority.Where{Workspace: "acme"}, part(hook, 5), api.EditWebhook{Enabled: api.Some(false)})
	must(w.T, err)
	_, err = w.DeactivateMember(w.ctx, w.root, "acme", sue, false)
	must(w.T, err)
	meanwhile := func(name string) func() error { return func() error { return all[name].meanwhile(w, w.root) } }
	return map[string]button{
		"token": {page: tok, action: tok + "/enable", meanwhile: meanwhile("token"), stopped: func() bool { return w.token(locator).DisabledAt != nil }},
		"member": {
			page: "/workspace/acme/members/" + sue, action: "/workspace/acme/members/" + sue + "/activate", meanwhile: meanwhile("member"),
			stopped: func() bool {
				m, err := w.GetMember(w.ctx, w.root, "acme", sue)
				must(w.T, err)
				return !m.Active
			},
		},
		"service account": {
			page: all["service account"].page, action: all["service account"].page + "/enable", meanwhile: meanwhile("service account"),
			stopped: func() bool {
				s, err := w.GetServiceAccount(w.ctx, w.root, "acme", "ci")
				must(w.T, err)
				return !s.Active
			},
		},
		"webhook": {
			page: hook, action: hook + "/enable", meanwhile: meanwhile("webhook"),
			stopped: func() bool {
				h, err := w.GetWebhook(w.ctx, w.root, authority.Where{Workspace: "acme"}, part(hook, 5))
				must(w.T, err)
				return !h.Enabled
			},
		},
	}
}

// press checks that a button brings back what its page showed, and nothing newer.
func (w *world) press(name string, b button) {
	w.Helper()
	seen := w.filled(w.status(w.as("ada@example.com", b.page), http.StatusOK), b.action)
	must(w.T, b.meanwhile())
	stale := w.status(w.as("ada@example.com", b.action, seen), http.StatusPreconditionFailed)
	w.shows(stale, "Nothing was done", "by <bdi>ada@example.com</bdi>", "See how it is now")
	w.status(w.as("ada@example.com", b.action, url.Values{}), http.StatusPreconditionFailed) // a page of an older version
	if !b.stopped() {
		w.Errorf("%s: a page of before brought it back as others made it", name)
	}
	w.status(w.as("ada@example.com", b.action, w.filled(w.as("ada@example.com", b.page), b.action)), http.StatusSeeOther)
	if b.stopped() {
		w.Errorf("%s: it does not come back", name)
	}
}

func TestAButtonBringsBackWhatItsPageShowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, b := range w.buttons() {
		w.press(name, b)
	}
}

// A row of a list has the same button as the page of the token.
func TestARowBringsBackWhatItShowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.buttons()["token"]
	b.page, b.action = list, b.action+"?from="+url.QueryEscape(list)
	w.press("row", b)
}

// TestARenewalIsOfWhatItsPageShowed: it gives life back, so it does not undo an end
// that somebody set meanwhile. A rotation alone gives none.
func TestARenewalIsOfWhatItsPageShowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("workspace", "", "Chat")
	at := list + "/" + i.Token.Locator + "/rotate"
	seen := w.filled(w.as("ada@example.com", at), at)
	_, err := w.EditToken(w.ctx, w.root, "acme", i.Token.ID, api.EditToken{TokenFields: api.TokenFields{ExpiresIn: api.Some(api.Day)}})
	must(t, err)
	end := w.token(i.Token.ID).ExpiresAt
	stale := w.status(w.as("ada@example.com", at, with(seen, "renew", "yes")), http.StatusPreconditionFailed)
	w.shows(stale, "Nothing was done", "by <bdi>ada@example.com</bdi>", "See how it is now")
	if now := w.token(i.Token.ID); now.RotatedAt != nil || !now.ExpiresAt.Equal(*end) {
		t.Errorf("a page of before renewed it: until %v, not %v", now.ExpiresAt, end)
	}
	w.shows(w.status(w.as("ada@example.com", at, with(seen, "form", "another")), http.StatusOK), "Token rotated")
	fresh := with(w.filled(w.as("ada@example.com", at), at), "renew", "yes")
	w.shows(w.status(w.as("ada@example.com", at, fresh), http.StatusOK), "Token rotated")
}

func TestAButtonOfTheInstanceBringsBackWhatItsPageShowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("eve@example.com", "Viewer")
	eve := "/instance/users/" + w.userID("eve@example.com")
	_, err := w.DeactivateUser(w.ctx, w.root, "eve@example.com")
	must(t, err)
	w.press("user", button{
		page: eve, action: eve + "/activate",
		meanwhile: func() error {
			_, err := w.AddAdmin(w.ctx, w.root, api.AddAdmin{User: "eve@example.com"})
			return err
		},
		stopped: func() bool {
			u, err := w.GetUser(w.ctx, w.root, "eve@example.com")
			must(t, err)
			return !u.Active
		},
	})
	_, err = w.SuspendWorkspace(w.ctx, w.root, "acme")
	must(t, err)
	ada := w.caller("ada@example.com")
	w.press("workspace", button{
		page: "/instance", action: "/instance/workspaces/acme/resume",
		meanwhile: func() error {
			_, err := w.EditWorkspace(w.ctx, ada, "acme", api.EditWorkspace{Name: api.Some("Theirs")})
			return err
		},
		stopped: func() bool {
			ws, err := w.GetWorkspace(w.ctx, ada, "acme")
			must(t, err)
			return ws.SuspendedAt != nil
		},
	})
}

func TestWhatTheInstanceStoppedIsToldAndNotOffered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("adam@example.com", "Administrator")
	w.member("eve@example.com", "Viewer")
	_, err := w.CreateWorkspace(w.ctx, w.root, api.CreateWorkspace{Slug: "office"})
	must(t, err)
	in := api.CreateMember{Email: "root@example.com"}
	in.Role, in.Resources = api.Some("Owner"), api.Some([]string{"*"})
	_, err = w.CreateMember(w.ctx, w.root, "office", in)
	must(t, err)
	_, err = w.AddAdmin(w.ctx, w.root, api.AddAdmin{User: "root@example.com"})
	must(t, err)
	w.admit("root@example.com")
	at := "/workspace/acme/members/" + w.people.users["eve@example.com"].UserPublicID
	w.status(w.as("root@example.com", at+"/deactivate", url.Values{}), http.StatusSeeOther)
	seen := w.status(w.as("adam@example.com", at), http.StatusOK)
	w.shows(seen, "by <bdi>root@example.com</bdi>", "Only an administrator of the instance brings it back.")
	w.hides(seen, "Activate<")
	m, err := w.GetMember(w.ctx, w.root, "acme", "eve@example.com")
	must(t, err)
	w.status(w.as("adam@example.com", at+"/activate", url.Values{"revision": {strconv.FormatInt(m.Revision, 10)}}), http.StatusForbidden)
	w.shows(w.status(w.as("root@example.com", at), http.StatusOK), "Activate<")
}

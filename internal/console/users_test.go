package console_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
)

func (w *world) userID(email string) string {
	w.Helper()
	u, err := w.GetUser(w.ctx, w.root, email)
	must(w.T, err)
	return u.ID
}

func TestAPersonIsDeactivatedAndErasedAfterALookAtWhatThatTakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("eve@example.com", "Team Member")
	in := api.CreateToken{Kind: "personal", Owner: "me"}
	in.Label = api.Some("Night job")
	_, err := w.CreateToken(w.ctx, w.caller("eve@example.com"), "acme", in)
	must(t, err)
	at := "/instance/users/" + w.userID("eve@example.com")

	page := w.status(w.as("ada@example.com", at), http.StatusOK)
	w.inert(page)
	w.shows(page, "Last sign-in", "Never, as far as", "they have chosen no password", at+"/deactivate")
	w.hides(page, at+"/erase")
	w.status(w.as("ada@example.com", at+"/erase"), http.StatusConflict)
	ask := w.status(w.as("ada@example.com", at+"/deactivate"), http.StatusOK)
	w.shows(ask, "Deactivate eve@example.com?", "Night job", "of acme")
	w.status(w.as("ada@example.com", at+"/deactivate", url.Values{}), http.StatusSeeOther)
	w.shows(w.status(w.as("ada@example.com", at), http.StatusOK), at+"/activate", at+"/erase")

	erase := w.status(w.as("ada@example.com", at+"/erase"), http.StatusOK)
	w.inert(erase)
	w.shows(erase, "1 token is revoked", "1 membership ends", "Type eve@example.com to confirm")
	wrong := w.status(w.as("ada@example.com", at+"/erase", url.Values{"confirm": {"eve"}}), http.StatusUnprocessableEntity)
	w.shows(wrong, "Type it exactly")
	if w.userID("eve@example.com") == "" {
		t.Error("a wrong word erased her")
	}
	w.status(w.as("ada@example.com", at+"/erase", url.Values{"confirm": {"eve@example.com"}}), http.StatusSeeOther)
	gone := w.status(w.as("ada@example.com", at), http.StatusOK)
	w.shows(gone, "Erased")
	w.hides(gone, "eve@example.com", at+"/activate", at+"/erase")
	w.status(w.as("ada@example.com", at+"/erase"), http.StatusNotFound)
}

func TestTheLastOwnerOfAWorkspaceIsNotOfferedToBeDeactivated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("adam@example.com", "Administrator")
	at := "/instance/users/" + w.userID("ada@example.com")
	page := w.status(w.as("ada@example.com", at), http.StatusOK)
	w.shows(page, "They cannot be deactivated")
	people := w.status(w.as("ada@example.com", "/instance/people"), http.StatusOK)
	w.shows(people, "The last administrator", "/instance/users/"+w.userID("adam@example.com")+"/deactivate")
	w.hides(people, at+"/deactivate")
	if to := w.status(w.as("ada@example.com", at+"/deactivate"), http.StatusSeeOther).Header.Get("Location"); to != at {
		t.Errorf("a question that has one answer leads to %s", to)
	}
	w.hides(page, at+"/deactivate")
	for _, path := range []string{at, at + "/deactivate", at + "/erase"} {
		w.status(w.as("adam@example.com", path), http.StatusNotFound)
		if a := w.as("adam@example.com", path, url.Values{"confirm": {"ada@example.com"}}); a.StatusCode < 400 {
			t.Errorf("POST %s as an administrator of a workspace: %d", path, a.StatusCode)
		}
	}
}

func TestTheAuditOfTheInstanceIsFilteredAndExported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("adam@example.com", "Administrator")
	_, err := w.AddAdmin(w.ctx, w.root, api.AddAdmin{User: "adam@example.com"})
	must(t, err)
	_, err = w.RemoveAdmin(w.ctx, w.root, "adam@example.com")
	must(t, err)
	page := w.status(w.as("ada@example.com", "/instance/audit?action=admin.added"), http.StatusOK)
	w.shows(page, "/instance/audit/export?action=admin.added&amp;format=csv", "format=ndjson")
	export := w.status(w.as("ada@example.com", "/instance/audit/export?action=admin.added&format=csv"), http.StatusOK)
	if rows := strings.Count(strings.TrimSpace(export.body), "\n"); rows < 1 || !strings.Contains(export.body, "admin.added") || strings.Contains(export.body, "admin.removed") {
		t.Errorf("%d rows: %s", rows, export.body)
	}
	if name := export.Header.Get("Content-Disposition"); !strings.Contains(name, "audit-instance-") {
		t.Errorf("it is called %s", name)
	}
	w.status(w.as("adam@example.com", "/instance/audit/export"), http.StatusNotFound)
	none := w.status(w.as("ada@example.com", "/instance/audit?action=no.such"), http.StatusOK)
	w.shows(none, "Nothing matches", "Show everything")
}

func TestFormsThatMakeASecretStaySentAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("eve@example.com", "Team Member")
	i := w.issue("workspace", "", "Chat")
	hook := w.status(w.as("ada@example.com", "/workspace/acme/settings/webhooks", url.Values{"url": {"https://hooks.example.com/x"}, "which": {"all"}, "form": {"h0"}}), http.StatusOK)
	id := between(hook.body, "/workspace/acme/settings/webhooks/", `"`)
	for path, form := range map[string]url.Values{
		list + "/" + i.Token.Locator + "/rotate":              {"form": {"r1"}},
		list + "/" + i.Token.Locator + "/transfer":            {"form": {"t1"}, "owner": {"eve@example.com"}},
		"/settings/tokens/reset":                              {"form": {"m1"}, "workspace": {"acme"}},
		list + "/bulk":                                        {"form": {"b1"}, "action": {"rotate"}, "id": {i.Token.Locator}, "confirmed": {"yes"}},
		"/workspace/acme/settings/webhooks/" + id + "/rotate": {"form": {"w1"}},
	} {
		w.status(w.as("ada@example.com", path, form), http.StatusOK)
		w.start()
		again := w.status(w.as("ada@example.com", path, form), http.StatusSeeOther)
		if !strings.HasSuffix(again.Header.Get("Location"), "did=sent") {
			t.Errorf("%s sent again leads to %s", path, again.Header.Get("Location"))
		}
	}
}

func TestAServiceAccountMadeOnTheWayLeadsBackToItsToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from := w.status(w.as("ada@example.com", list+"/new?owner=service"), http.StatusOK)
	w.shows(from, "/workspace/acme/service-accounts/new?for=token")
	const at = "/workspace/acme/service-accounts/new"
	form := w.filled(w.status(w.as("ada@example.com", at+"?for=token"), http.StatusOK), at)
	form.Set("name", "nightly")
	form.Set("role", "Viewer")
	made := w.status(w.as("ada@example.com", at, form), http.StatusSeeOther)
	page := w.status(w.as("ada@example.com", made.Header.Get("Location")), http.StatusOK)
	fields := w.filled(page, list+"/new")
	if fields.Get("account") != "nightly" || fields.Get("what") != "scopes" {
		t.Errorf("the token's form begins with %v", fields)
	}
	w.shows(w.as("ada@example.com", list+"/new", with(fields, "label", "Night")), "Choose at least one scope")
	broad := w.as("ada@example.com", list+"/summary", url.Values{"owner": {"service"}, "what": {"scopes"}, "scope": {"product:*"}, "reach": {"all"}, "expires": {"never"}})
	w.shows(broad, "every scope of the product", "It never expires and reaches every resource")
}

func TestAWrongClientAddressIsToldAtItsField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("workspace", "", "Chat")
	a := w.status(w.as("ada@example.com", "/workspace/acme/developer-tools/explain", url.Values{"what": {i.Token.ID}, "ip": {"nowhere"}}), http.StatusUnprocessableEntity)
	w.labelled(a)
	if field := between(a.body, `id="f-ip"`, "</div>"); !strings.Contains(field, `aria-invalid="true"`) || !strings.Contains(field, "not an IP address") {
		t.Errorf("the field says %q", field)
	}
}

// TestAnAdministratorOfTheInstanceHelpsWhoLostTheirPhone: where there is something to
// remove, for nobody who administers a workspace, and only once it is proved who asks.
func TestAnAdministratorOfTheInstanceHelpsWhoLostTheirPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("eve@example.com", "Team Member")
	w.member("adam@example.com", "Administrator")
	eve := w.userID("eve@example.com")
	at := "/instance/users/" + eve
	remove := at + "/reset-factors"
	w.hides(w.status(w.as("ada@example.com", at), http.StatusOK), remove)

	w.factor("eve@example.com", "totp")
	page := w.status(w.as("ada@example.com", at), http.StatusOK)
	w.inert(page)
	w.labelled(page)
	w.shows(page, "Authenticator app", remove, "Remove their second factors")
	w.status(w.as("adam@example.com", remove, url.Values{}), http.StatusNotFound)
	w.people.stale = true
	w.shows(w.status(w.as("ada@example.com", remove, url.Values{}), http.StatusOK), "Is it you?")
	if len(w.people.reset) != 0 {
		t.Fatalf("removed from %v before anybody proved anything", w.people.reset)
	}
	w.people.stale = false
	if to := w.status(w.as("ada@example.com", remove, url.Values{}), http.StatusSeeOther).Header.Get("Location"); to != at+"?did=factors-removed" {
		t.Errorf("it leads to %s", to)
	}
	if want := []string{eve}; !slices.Equal(w.people.reset, want) {
		t.Errorf("removed from %v, want %v", w.people.reset, want)
	}
	w.shows(w.status(w.as("ada@example.com", at+"?did=factors-removed"), http.StatusOK), "Their second factors are removed")
}

// TestAnAdministratorOfTheInstanceHandsALinkOut to who cannot get in: once it is proved
// who asks, to one person, on a page that is left with the link.
func TestAnAdministratorOfTheInstanceHandsALinkOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("eve@example.com", "Team Member")
	w.member("adam@example.com", "Administrator")
	eve := w.userID("eve@example.com")
	at := "/instance/users/" + eve
	page := w.status(w.as("ada@example.com", at), http.StatusOK)
	w.inert(page)
	w.labelled(page)
	w.shows(page, "A link to hand over", "Invitation, a link to choose a password")
	w.hides(page, `value="factors"`)

	form := url.Values{"link": {"link"}}
	w.status(w.as("adam@example.com", at+"/link", form), http.StatusNotFound)
	w.people.stale = true
	ask := w.status(w.as("ada@example.com", at+"/link", form), http.StatusOK)
	w.shows(ask, "Is it you?")
	if len(w.people.handed) != 0 {
		t.Fatalf("made %v before anybody proved anything", w.people.handed)
	}
	made := w.status(w.as("ada@example.com", at+"/link", with(w.filled(ask, at+"/link"), "password", "correct horse battery")), http.StatusOK)
	w.inert(made)
	w.shows(made, "Hand this link over", "https://tokens.example.com/signin/link?code=c0de", "data-secret-page", "told by mail", "eve@example.com")
	if want := []string{"ada@example.com link " + eve}; !slices.Equal(w.people.handed, want) {
		t.Errorf("made %v, want %v", w.people.handed, want)
	}
	if got := made.Header.Get("Cache-Control"); !strings.Contains(got, "no-store") {
		t.Errorf("the page with the link is kept: %q", got)
	}
	w.people.stale = false
	w.status(w.as("ada@example.com", at+"/link", url.Values{"link": {"keys"}}), http.StatusBadRequest)
}

// TestTheResetPageOfAServerWithoutMailSaysSo, the same whoever asks.
func TestTheResetPageOfAServerWithoutMailSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.shows(w.as("", "/signin/reset"), "Mail me a link")
	w.people.mailless = true
	page := w.status(w.as("", "/signin/reset"), http.StatusOK)
	w.inert(page)
	w.shows(page, "This server sends no mail", "tokenry user reset-password")
	w.hides(page, "Mail me a link", "<form method=\"post\" action=\"/signin/reset\"")
	ada := w.status(w.as("", "/signin/reset", url.Values{"email": {"ada@example.com"}}), http.StatusUnprocessableEntity)
	nobody := w.status(w.as("", "/signin/reset", url.Values{"email": {"nobody@example.com"}}), http.StatusUnprocessableEntity)
	w.shows(ada, "This server sends no mail")
	w.hides(ada, "ada@example.com")
	if ada.body != nobody.body {
		t.Error("the page tells who exists")
	}
	w.shows(w.as("", "/signin/link?code=x"), "This link does not work any more", "Whoever gave it to you can make another")
	w.shows(w.as("", "/signin/factors?code=factors+for+Eve"), "Your authenticator app, its recovery codes and your passkeys are removed", "current-password")
}

// factor lets a person have a second factor.
func (w *world) factor(email, kind string) {
	w.Helper()
	errs, err := w.store.Batch(w.ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
		u, err := tx.User(ledger.UserKey{Email: email})
		if err != nil {
			return err
		}
		return tx.PutFactor(ledger.Factor{ID: tx.NewID(), User: u.ID, Kind: kind, Name: kind, Key: 1, Sealed: []byte("x"), CreatedAt: w.at, ConfirmedAt: w.at})
	}})
	must(w.T, errors.Join(append(errs, err)...))
}

package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// TestAnOwnerResetsTheAccessTokenOfAMember: after a page that says what stops, once for one
// form, and the member is told. Who may not act as others is not offered it.
func TestAnOwnerResetsTheAccessTokenOfAMember(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("olga@example.com", "Owner")
	w.member("adam@example.com", "Administrator")
	w.member("vera@example.com", "Viewer")
	page := "/workspace/acme/members/" + w.userID("vera@example.com")
	at := page + "/access-token"
	w.hides(w.as("adam@example.com", page), "Reset their access token")
	w.status(w.as("adam@example.com", at), http.StatusForbidden)
	w.hides(w.as("olga@example.com", "/workspace/acme/members/"+w.userID("olga@example.com")), "Reset their access token")
	w.shows(w.as("olga@example.com", page), "Reset their access token")
	standing := func() (out []api.Token) {
		t.Helper()
		rows, _, err := w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{Owner: api.Some("vera@example.com")}, authority.Page{})
		must(t, err)
		return rows
	}
	w.shows(w.as("olga@example.com", at), "Make an access token for", "they are told")
	if n := len(standing()); n != 0 {
		t.Fatalf("looking made %d tokens", n)
	}
	form := w.filled(w.as("olga@example.com", at), at)
	first := w.status(w.as("olga@example.com", at, form), http.StatusOK)
	w.shows(first, "The access token of vera@example.com", "tkyp_")
	if again := w.status(w.as("olga@example.com", at, form), http.StatusSeeOther).Header.Get("Location"); !strings.HasSuffix(again, "did=sent") {
		t.Errorf("a form that was sent before leads to %s", again)
	}
	made := standing()
	if len(made) != 1 || !made[0].Standing {
		t.Fatalf("there are %+v", made)
	}
	ask := w.status(w.as("olga@example.com", at), http.StatusOK)
	w.inert(ask)
	w.labelled(ask)
	w.shows(ask, "Reset the access token of", made[0].Masked, "disable or revoke it")
	w.status(w.as("olga@example.com", at, w.filled(ask, at)), http.StatusOK)
	if now := standing(); len(now) != 1 || now[0].Locator != made[0].Locator || now[0].RotatedAt == nil {
		t.Errorf("after a reset there are %+v", now)
	}
	w.status(w.as("adam@example.com", at, url.Values{}), http.StatusForbidden)
	var actions []string
	rows, _, err := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{}, authority.Page{})
	must(t, err)
	for _, e := range rows {
		if e.Actor == "olga@example.com" {
			actions = append(actions, e.Action)
		}
	}
	if got := strings.Join(actions, " "); got != "token.reset token.created" {
		t.Errorf("the audit has %s of the Owner", got)
	}
}

package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// TestASecondPersonDecidesOnThePage: who asked sees that it waits, who may decides, and what the
// page showed is what is decided about.
func TestASecondPersonDecidesOnThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("olga@example.com", "Owner")
	w.member("vera@example.com", "Viewer")
	const at = "/workspace/acme/approvals"
	w.shows(w.as("ada@example.com", at), "No token needs approval", "Open the policy")
	_, err := w.EditPolicy(w.ctx, w.root, "acme", api.PatchPolicy{RequireApproval: api.Some([]api.ApprovalRule{{Kinds: []string{"personal"}}})})
	must(t, err)
	w.shows(w.as("ada@example.com", at), "Nothing waits")
	w.shows(w.as("ada@example.com", "/workspace/acme/settings"), "kinds=personal")
	good, bad := w.issue("personal", "ada@example.com", "good"), w.issue("personal", "ada@example.com", "bad")
	page := "/workspace/acme/access-tokens/" + good.Token.Locator
	mine := w.status(w.as("ada@example.com", at), http.StatusOK)
	w.shows(mine, "good", "bad", "Somebody else decides", ">2<")
	w.hides(mine, "<button type=\"submit\" formaction")
	w.shows(w.as("ada@example.com", page), "Waits for approval", "Token waits for approval")
	w.hides(w.as("ada@example.com", page), "Approve it?")
	w.shows(w.as("ada@example.com", "/workspace/acme/access-tokens?status=pending"), "Waits for approval")
	w.status(w.as("vera@example.com", at), http.StatusForbidden)
	look := w.status(w.as("olga@example.com", at), http.StatusOK)
	w.inert(look)
	w.labelled(look)
	w.shows(look, "good", "ada@example.com", "then it is refused", "Approve", "Refuse")
	w.shows(w.as("olga@example.com", page), "Approve it?")
	decide := func(who string, i api.Token, verb, revision string) answer {
		return w.as(who, at+"/"+i.Locator+"/"+verb, url.Values{"revision": {revision}, "comment": {"as agreed"}})
	}
	revision := func(i api.Token) string {
		return hidden(w.as("olga@example.com", "/workspace/acme/access-tokens/"+i.Locator), "revision")
	}
	w.status(decide("ada@example.com", good.Token, "approve", revision(good.Token)), http.StatusForbidden)
	w.status(decide("olga@example.com", good.Token, "approve", "1"), http.StatusPreconditionFailed)
	if to := w.status(decide("olga@example.com", good.Token, "approve", revision(good.Token)), http.StatusSeeOther).Header.Get("Location"); !strings.HasSuffix(to, "did=token-approved") {
		t.Errorf("an approval leads to %s", to)
	}
	w.status(decide("olga@example.com", bad.Token, "refuse", revision(bad.Token)), http.StatusSeeOther)
	w.shows(w.as("ada@example.com", page), "Active", "Approved by olga@example.com", "as agreed")
	w.shows(w.as("ada@example.com", "/workspace/acme/access-tokens/"+bad.Token.Locator), "Revoked", "Refused by olga@example.com")
	w.shows(w.as("olga@example.com", at), "Nothing waits")
}

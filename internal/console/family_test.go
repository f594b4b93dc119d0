package console_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// TestThePagesOfATokenSayWhatItMade, and its end takes that along where it is ticked.
func TestThePagesOfATokenSayWhatItMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	child := w.issue("workspace", "", "Chat") // made with the first token
	at := list + "/" + w.root.Token.String()
	page := w.status(w.as("ada@example.com", at), http.StatusOK)
	w.shows(page, "Made with it", "1, 1 active")
	ask := w.status(w.as("ada@example.com", at+"/delete?reason=leaked"), http.StatusOK)
	w.inert(ask)
	w.labelled(ask)
	w.shows(ask, "Made with this token: 1, 1 active", "Revoke these too", "Chat")
	form := w.filled(ask, at+"/delete")
	if form.Has("descendants") {
		t.Error("the choice is made already")
	}
	w.status(w.as("ada@example.com", at+"/delete", with(form, "descendants", "1")), http.StatusSeeOther)
	got, err := w.GetToken(w.ctx, w.caller("ada@example.com"), "acme", child.Token.ID)
	must(t, err)
	if got.Status != api.StatusRevoked || *got.RevokeReason != api.ReasonLeaked {
		t.Errorf("what it made is %s", got.Status)
	}
	w.hides(w.as("ada@example.com", list+"/"+child.Token.Locator+"/delete", url.Values{}), "Made with this token")
}

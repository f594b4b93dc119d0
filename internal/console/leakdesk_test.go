package console_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

const desk = "/workspace/acme/leak-desk"

// TestTheLeakDeskFindsTellsAndStops: from a Basic header to a report, and what was pasted
// is on no page of it.
func TestTheLeakDeskFindsTellsAndStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat, backup := w.issue("workspace", "", hostile), w.issue("workspace", "", "Backup")
	text := "a stranger's secret words\nAuthorization: Basic " + base64.StdEncoding.EncodeToString([]byte("ci:"+chat.Secret.Reveal())) + "\n+ " + backup.Secret.Reveal()
	list := w.status(w.as("ada@example.com", desk, url.Values{"text": {text}}), http.StatusOK)
	w.inert(list)
	w.labelled(list)
	w.shows(list, "2 tokens found", chat.Token.Masked, "Backup", "acme@workspace", "Made with it", "Not used, as far as you may see")
	w.hides(list, chat.Secret.Reveal(), backup.Secret.Reveal(), "stranger", "Y2k6")

	form := w.filled(list, desk+"/revoke")
	if got := form["ticked"]; len(got) != 2 {
		t.Fatalf("ticked are %q", got)
	}
	form.Set("ticked", chat.Token.Locator)
	ask := w.status(w.as("ada@example.com", desk+"/revoke", form), http.StatusOK)
	w.inert(ask)
	w.labelled(ask)
	w.shows(ask, "Revoke 1 token?", "never work again")
	if got, err := w.GetToken(w.ctx, w.root, "acme", chat.Token.ID); err != nil || got.Status != api.StatusActive {
		t.Fatalf("the preview did it: %s, %v", got.Status, err)
	}
	done := w.status(w.as("ada@example.com", desk+"/revoke", w.filled(ask, desk+"/revoke")), http.StatusOK)
	w.shows(done, "2 tokens found", "Revoked 2026-03-14", "(leaked)")
	form = w.filled(done, desk+"/revoke")
	if got := form["ticked"]; len(got) != 1 || got[0] != backup.Token.Locator {
		t.Errorf("ticked are %q", got)
	}
	stop := w.as("ada@example.com", desk+"/disable", with(form, "confirmed", "1"))
	w.shows(stop, "Disabled 2026-03-14")
	w.shows(w.as("ada@example.com", desk+"/disable", form), "Leave them disabled")

	report := w.status(w.as("ada@example.com", desk+"/report.md", form), http.StatusOK)
	w.shows(report, "# Tokens that leaked", "- Done: revoked", "- Done: disabled")
	if h := report.Header; !strings.HasPrefix(h.Get("Content-Type"), "text/markdown") || !strings.Contains(h.Get("Content-Disposition"), `"leak-2026-03-14.md"`) {
		t.Errorf("%v", h)
	}
	w.shows(w.as("ada@example.com", desk+"/report.csv", form), "token,id,label", backup.Token.ID)
	w.hides(report, chat.Secret.Reveal(), "stranger")
	w.shows(w.as("ada@example.com", desk, url.Values{"text": {"nothing"}}), "No token string is in it")
}

func TestTheLeakDeskStopsNothingForWhoMayNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("eve@example.com", "Viewer")
	i := w.issue("workspace", "", "Chat")
	list := w.status(w.as("eve@example.com", desk, url.Values{"text": {i.Secret.Reveal()}}), http.StatusOK)
	w.shows(list, "Chat")
	w.hides(list, "Revoke those ticked")
	forced := url.Values{"token": {i.Token.Locator + " current"}, "ticked": {i.Token.Locator}, "confirmed": {"1"}}
	w.shows(w.status(w.as("eve@example.com", desk+"/revoke", forced), http.StatusOK), "Not done:")
	if got, err := w.GetToken(w.ctx, w.root, "acme", i.Token.ID); err != nil || got.Status != api.StatusActive {
		t.Errorf("the token is %s, %v", got.Status, err)
	}
	w.status(w.as("eve@example.com", desk+"/burn", forced), http.StatusNotFound)
}

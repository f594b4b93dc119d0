package console_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/console"
	"github.com/tokenry/tokenry/internal/phrase"
)

// branded puts a console in front that has a name and mail of its own.
func (w *world) branded(send func(context.Context, string) (string, error)) {
	w.Helper()
	h, err := console.New(console.Options{
		Authority: w.Office, Rand: rand.Reader, People: allOf(w.people), Now: func() time.Time { return w.at }, Version: "1.2.3",
		Product: console.Product{Name: "Acme <Keys>", Logo: "data:image/png;base64,AA=="}, Mail: &console.Mail{From: "keys@example.com", Server: "mail.example.com:587", Test: send},
		Memory: func() phrase.Cache {
			return phrase.Cache{Tokens: 12, Bytes: 1 << 20, Room: 64 << 20, Verified: 100, Misses: 20}
		},
	})
	must(w.T, err)
	w.server = httptest.NewServer(h)
	w.Cleanup(w.server.Close)
}

func TestTheSystemPageTellsNameAndMailAndSendsATestToItsReaderAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.shows(w.status(w.as("ada@example.com", "/instance/system"), http.StatusOK), "Not set up", "TOKENRY_SMTP_URL=", "TOKENRY_BRAND_NAME=")
	w.status(w.as("ada@example.com", "/instance/system/test-mail", url.Values{}), http.StatusNotFound)
	var sent []string
	var answers error
	w.branded(func(_ context.Context, to string) (string, error) {
		sent = append(sent, to)
		return "250 <taken>", answers
	})
	page := w.status(w.as("ada@example.com", "/instance/system"), http.StatusOK)
	w.inert(page)
	w.shows(page, "Acme &lt;Keys&gt;", "data:image/png;base64,AA==", "keys@example.com", "mail.example.com:587", "Tokenry 1.2.3", "Memory of this server", "1 of 64 MiB", "80.00 %", "TOKENRY_CACHE_SIZE")
	took := w.as("ada@example.com", "/instance/system/test-mail", url.Values{"to": {"eve@evil.example"}})
	w.inert(took)
	w.shows(w.status(took, http.StatusOK), "took the test mail", "250 &lt;taken&gt;")
	answers = errors.New("dial tcp 10.0.0.1: connection refused")
	failed := w.status(w.as("ada@example.com", "/instance/system/test-mail", url.Values{}), http.StatusUnprocessableEntity)
	w.shows(failed, "The mail could not be sent")
	w.hides(failed, "10.0.0.1", "250")
	answers = api.Errorf(api.CodeUnavailable, "550 no such mailbox")
	w.shows(w.status(w.as("ada@example.com", "/instance/system/test-mail", url.Values{}), http.StatusUnprocessableEntity), "was not sent", "550 no such mailbox")
	if d := cmp.Diff([]string{"ada@example.com", "ada@example.com", "ada@example.com"}, sent); d != "" {
		t.Error(d)
	}
}

func TestTheInstanceIsForItsAdministratorsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("adam@example.com", "Administrator")
	for _, path := range []string{"/instance", "/instance/people", "/instance/defaults", "/instance/webhooks", "/instance/audit", "/instance/system", "/instance/workspaces/acme/suspend"} {
		w.status(w.as("adam@example.com", path), http.StatusNotFound)
		w.shows(w.status(w.as("ada@example.com", path), http.StatusOK), `href="/instance/system"`)
	}
}

func TestASuspensionListsWhatItStopsAndIsAudited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const resume = "/instance/workspaces/acme/resume"
	i := w.issue("workspace", "", "Chat")
	w.shows(w.status(w.as("ada@example.com", "/instance/workspaces/acme/suspend"), http.StatusOK), "Suspend acme?", "Chat", i.Token.Masked)
	w.status(w.as("ada@example.com", "/instance/workspaces/acme/suspend", url.Values{}), http.StatusSeeOther)
	w.shows(w.status(w.as("ada@example.com", "/instance"), http.StatusOK), "Suspended", "Resume")
	w.status(w.as("ada@example.com", resume, w.filled(w.as("ada@example.com", "/instance"), resume)), http.StatusSeeOther)
	w.hides(w.status(w.as("ada@example.com", "/instance"), http.StatusOK), "Suspended")
}

func TestTheSupportContactIsShownToWhoeverMayNeedIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.EditInstancePolicy(w.ctx, w.root, api.PatchPolicy{SupportContact: api.Some(api.SupportContact{Email: "help@example.com"})})
	must(t, err)
	w.shows(w.status(w.as("", "/signin"), http.StatusOK), "mailto:help@example.com")
	_, err = w.EditPolicy(w.ctx, w.root, "acme", api.PatchPolicy{SupportContact: api.Some(api.SupportContact{Email: "acme-help@example.com"})})
	must(t, err)
	w.shows(w.status(w.as("ada@example.com", list), http.StatusOK), "mailto:acme-help@example.com")
	w.shows(w.status(w.as("ada@example.com", "/workspaces"), http.StatusOK), "mailto:help@example.com")
	w.member("vera@example.com", "Viewer")
	for _, c := range []struct {
		who, path, contact string
		status             int
	}{
		{"", "/signin", "help", http.StatusOK}, {"", "/nowhere", "help", http.StatusNotFound}, {"", "/help/creating", "help", http.StatusOK},
		{"vera@example.com", "/help", "acme-help", http.StatusOK}, {"vera@example.com", list + "/nothing", "acme-help", http.StatusNotFound}, {"vera@example.com", "/nowhere", "acme-help", http.StatusNotFound},
	} {
		page := w.status(w.as(c.who, c.path), c.status)
		if asked := between(page.body, `<p class="support faint">`, "</p>"); !strings.Contains(asked, `"mailto:`+c.contact+`@example.com"`) {
			t.Errorf("%s says of whom to ask %q", c.path, asked)
		}
	}
}

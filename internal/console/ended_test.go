package console_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office"
)

// signedOutMeanwhile ends a person's sessions after the door let their request in:
// the cookie is taken, as it was when the request began.
func (w *world) signedOutMeanwhile(email string) {
	w.Helper()
	must(w.T, w.SignIn(w.ctx, authority.Caller{}, func(tx *office.SignInTx) error {
		return tx.DeleteSessionsOf(w.people.users[email].User, "")
	}))
}

// TestWhoWasSignedOutMeanwhileIsShownTheSignInPage, and no page with a secret:
// "sign out everywhere" is for what somebody else is about to do.
func TestWhoWasSignedOutMeanwhileIsShownTheSignInPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("personal", "ada@example.com", "Mine")
	at := "/workspace/acme/access-tokens/" + i.Token.Locator
	create := url.Values{"owner": {"me"}, "label": {"x"}, "what": {"scopes"}, "scope": {"*"}, "reach": {"all"}, "form": {"a"}}
	w.shows(w.status(w.as("ada@example.com", "/workspace/acme/access-tokens/new", with(create, "form", "b")), http.StatusOK), "tkyp_") // it would be shown
	forms := map[string]url.Values{
		"/workspace/acme/access-tokens/new":  create,
		at + "/rotate":                       {"form": {"r"}},
		at + "/reset":                        {"form": {"s"}},
		"/settings/tokens/reset":             {"workspace": {"acme"}, "form": {"t"}},
		"/workspace/acme/access-tokens/bulk": {"do": {"rotate"}, "token": {i.Token.ID}, "confirmed": {"yes"}, "form": {"u"}},
	}
	w.signedOutMeanwhile("ada@example.com")
	for path, f := range forms {
		a := w.status(w.as("ada@example.com", path, f), http.StatusUnauthorized)
		w.hides(a, "tkyp_")
		if kept := w.filled(a, path); !maps.EqualFunc(kept, f, slices.Equal) {
			t.Errorf("POST %s keeps %v of %v", path, kept, f)
		}
	}
	for name, f := range map[string]url.Values{"nothing": {}, "a password": {"password": {"correct horse battery"}}, "a token": {"comment": {i.Secret.Reveal()}}} {
		a := w.status(w.as("ada@example.com", at+"/delete", f), http.StatusSeeOther)
		if to := a.Header.Get("Location"); !strings.HasPrefix(to, "/signin?next=") {
			t.Errorf("a form with %s leads to %s", name, to)
		}
	}
	for _, path := range append(pages(), at) {
		if path == "/help" || path == "/instance/system" || strings.HasPrefix(path, "/settings/security") || path == "/device" {
			continue // they ask the sign-in, which a test of its own holds to the same, or nobody
		}
		a := w.as("ada@example.com", path)
		if to := a.Header.Get("Location"); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/signin?next=") {
			t.Errorf("GET %s: %d to %q", path, a.StatusCode, to)
		}
	}
	ts, _, err := w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{}, authority.Page{})
	must(t, err)
	if len(ts) != 3 || ts[1].RotatedAt != nil {
		t.Errorf("something was done: %d tokens", len(ts))
	}
}

// TestWhoNobodyCanTellIsNotTakenForSignedOut: the node lacks the key of the session, or
// the database is away. The cookie stays, and a moment later, or on another node, it opens
// what it opened.
func TestWhoNobodyCanTellIsNotTakenForSignedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people.unsaid = api.Errorf(api.CodeUnavailable, "this server cannot tell now whether that is right; try again")
	for _, path := range []string{"/workspaces", "/workspace/acme/access-tokens"} {
		a := w.status(w.as("ada@example.com", path), http.StatusServiceUnavailable)
		if set := a.Header.Values("Set-Cookie"); len(set) > 0 {
			t.Errorf("GET %s sets %v", path, set)
		}
	}
	w.people.unsaid = nil
	w.status(w.as("ada@example.com", "/workspace/acme/access-tokens"), http.StatusOK)
}

package console_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// password lets a person have one.
func (w *world) password(email string) {
	w.Helper()
	errs, err := w.store.Batch(w.ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
		u, err := tx.User(ledger.UserKey{Email: email})
		if err != nil {
			return err
		}
		u.PasswordHash = "$argon2id$"
		return tx.PutUser(u)
	}})
	must(w.T, errors.Join(append(errs, err)...))
}

// TestWhoNeedsASecondFactorIsLedToWhereItIsSetUp: from every page of the workspace, with a
// way back, and a form changes nothing; how one signs in stays open. The policy's page says
// beforehand how many will be asked.
func TestWhoNeedsASecondFactorIsLedToWhereItIsSetUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("vera@example.com", "Viewer")
	w.member("olga@example.com", "Owner")
	w.password("vera@example.com")
	w.shows(w.as("olga@example.com", "/workspace/acme/settings"), "1 member can sign in", "/workspace/acme/members?only=one_factor")
	w.shows(w.as("olga@example.com", "/workspace/acme/members?only=one_factor"), "vera@example.com")
	w.hides(w.as("vera@example.com", "/workspace/acme/members?only=one_factor"), "Password alone")
	w.shows(w.as("ada@example.com", "/instance/defaults"), "1 person can sign in", "/instance/people?only=one_factor")
	some := w.status(w.as("ada@example.com", "/instance/people?only=one_factor"), http.StatusOK)
	w.shows(some, "vera@example.com", `aria-current="page"`, "?from=%2Finstance%2Fpeople%3Fonly%3Done_factor")
	w.hides(some, "olga@example.com")
	_, err := w.EditPolicy(w.ctx, authority.Caller{Machine: "test"}, "acme", api.PatchPolicy{RequireSecondFactor: api.Some(true)})
	must(t, err)
	const at = "/settings/security/second-factor"
	for _, page := range []string{"/workspace/acme/access-tokens", "/workspace/acme/members?only=invited", "/workspace/acme/access-tokens/new"} {
		got := w.status(w.as("vera@example.com", page), http.StatusSeeOther).Header.Get("Location")
		if got != at+"?next="+url.QueryEscape(page) {
			t.Errorf("%s leads to %s", page, got)
		}
	}
	w.shows(w.status(w.as("vera@example.com", "/workspace/acme/access-tokens/new", url.Values{"label": {"x"}}), http.StatusForbidden), "set one up under Security")
	need := w.status(w.as("vera@example.com", at+"?next=%2Fworkspace%2Facme%2Fmembers"), http.StatusOK)
	w.inert(need)
	w.labelled(need)
	w.shows(need, "/settings/security/app", "A second factor is required")
	w.status(w.as("vera@example.com", "/settings/security"), http.StatusOK)
	w.factor("vera@example.com", "totp")
	if got := w.status(w.as("vera@example.com", at+"?next=%2Fworkspace%2Facme%2Fmembers"), http.StatusSeeOther).Header.Get("Location"); got != "/workspace/acme/members" {
		t.Errorf("with an app, she is led to %s", got)
	}
	if got := w.status(w.as("vera@example.com", at+"?next=https%3A%2F%2Fevil.example"), http.StatusSeeOther).Header.Get("Location"); !strings.HasPrefix(got, "/") || strings.Contains(got, "evil") {
		t.Errorf("another site's address leads to %s", got)
	}
	w.status(w.as("vera@example.com", "/workspace/acme/members"), http.StatusOK)
}

// TestWhoSetsASecondFactorUpGoesOnWhereTheyWanted: the recovery codes lead there, once, and
// never to another site.
func TestWhoSetsASecondFactorUpGoesOnWhereTheyWanted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("vera@example.com", "Viewer")
	w.password("vera@example.com")
	_, err := w.EditPolicy(w.ctx, authority.Caller{Machine: "test"}, "acme", api.PatchPolicy{RequireSecondFactor: api.Some(true)})
	must(t, err)
	need := w.status(w.as("vera@example.com", "/settings/security/second-factor?next=%2Fworkspace%2Facme%2Fmembers%3Fq%3Da%26b"), http.StatusOK)
	kept := need.Cookies()
	if len(kept) != 1 || !kept[0].HttpOnly || kept[0].MaxAge <= 0 {
		t.Fatalf("kept are %v", kept)
	}
	for value, to := range map[string]string{
		kept[0].Value: "/workspace/acme/members?q=a&amp;b", "https%3A%2F%2Fevil.example": "/workspaces", "%2F%2Fevil.example": "/workspaces", "%zz": "/settings/security", "": "/settings/security",
	} {
		r, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.server.URL+"/settings/security/app/confirm", strings.NewReader("code=123456"))
		must(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.AddCookie(&http.Cookie{Name: "tokenry", Value: "vera@example.com"})
		r.AddCookie(&http.Cookie{Name: kept[0].Name, Value: value})
		w.shows(w.status(w.do(r), http.StatusOK), `href="`+to+`">I have stored them`)
	}
}

func (p *people) ConfirmTOTP(context.Context, door.Session, string) ([]token.Secret, error) {
	return []token.Secret{token.NewSecret("one-code")}, nil
}

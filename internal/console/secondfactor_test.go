package console_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
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

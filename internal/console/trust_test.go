package console_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

const trustAt, jobIssuer = "/workspace/acme/trust-rules", "https://token.example.com"

// trusting makes a service account, and a rule by which it trusts jobs.
func (w *world) trusting() api.TrustRule {
	w.Helper()
	account := api.CreateServiceAccount{Name: "deploy"}
	account.Role, account.Resources = api.Some("Viewer"), api.Some([]string{"*"})
	_, err := w.CreateServiceAccount(w.ctx, w.root, "acme", account)
	must(w.T, err)
	in := api.CreateTrustRule{ServiceAccount: "deploy"}
	in.Label, in.Issuer, in.Audience, in.Claims = api.Some(hostile[:60]), api.Some(jobIssuer), api.Some("tokens"), api.Some(map[string][]string{"sub": {"main"}})
	r, err := w.CreateTrustRule(w.ctx, w.root, "acme", in)
	must(w.T, err)
	return r.Value
}

// TestARuleOfTrustIsMadeTriedChangedAndDeletedByItsPages, and a refusal keeps what was typed.
func TestARuleOfTrustIsMadeTriedChangedAndDeletedByItsPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const ada, form = "ada@example.com", trustAt + "/new"
	w.shows(w.status(w.as(ada, trustAt), http.StatusOK), "No trust rules yet")
	w.shows(w.status(w.as(ada, form), http.StatusOK), "There is no service account")
	old := w.trusting()
	began := w.status(w.as(ada, form+"?system=github&account=deploy"), http.StatusOK)
	w.inert(began)
	w.labelled(began)
	typed := w.filled(began, form)
	for name, want := range map[string]string{"issuer": "https://token.actions.githubusercontent.com", "claims": "repository_id = \nref = ", "of": "own", "expires_in": "15m", "service_account": "deploy"} {
		if got := strings.TrimRight(typed.Get(name), "\n"); got != strings.TrimRight(want, "\n") {
			t.Errorf("%s begins as %q, want %q", name, got, want)
		}
	}
	typed.Set("label", "main of api")
	typed.Set("audience", "tokens")
	typed["what"], typed["scope"], typed["reach"] = []string{"scopes"}, []string{"tokens:read"}, []string{"all"}
	for _, c := range []struct{ name, value, says string }{
		{"claims", "repository_id = ", "each line is NAME = VALUE"}, {"expires_in", "soon", "must be a time like 15m"}, {"keys", "{", "must be a JSON Web Key Set"},
		{"issuer", "", "is required"}, {"scope", "", "choose at least one scope"},
	} {
		bad := maps.Clone(typed)
		bad.Set("claims", "repository_id = 7001\nref = refs/heads/main\nref = refs/heads/rel-*")
		if bad.Set(c.name, c.value); c.value == "" {
			bad.Del(c.name)
		}
		a := w.status(w.as(ada, form, bad), http.StatusUnprocessableEntity)
		w.shows(a, c.says, "main of api")
	}
	typed.Set("claims", "repository_id = 7001\nref = refs/heads/main\nref = refs/heads/rel-*")
	made := w.status(w.as(ada, form, typed), http.StatusSeeOther)
	at, _, _ := strings.Cut(made.Header.Get("Location"), "?")
	w.status(w.as(ada, form, typed), http.StatusSeeOther) // sent twice it makes one
	rules, _, err := w.ListTrustRules(w.ctx, w.root, "acme", "", authority.Page{})
	must(t, err)
	if len(rules) != 2 {
		t.Fatalf("there are %d rules", len(rules))
	}
	stored := w.issue("service", "deploy", "In the CI")
	page := w.status(w.as(ada, at), http.StatusOK)
	w.shows(page, "Stored tokens of deploy", "In the CI", stored.Token.Masked)
	w.inert(page)
	w.labelled(page)
	w.shows(page, "main of api", "tokenry exchange", "deploy@acme.service")
	listed := w.status(w.as(ada, trustAt), http.StatusOK)
	w.inert(listed)
	w.shows(listed, "ref = refs/heads/rel-*, repository_id = 7001", "Active")

	// Tried, a token is told by each rule, and never drawn again.
	id := officetest.IDToken(jobIssuer, "tokens", "main", w.at)
	said := w.status(w.as(ada, trustAt+"/explain", url.Values{"token": {id}}), http.StatusOK)
	w.shows(said, "An exchange would give a token now.", "Fits.", "Does not fit.")
	w.hides(said, id)
	said = w.as(ada, trustAt+"/explain", url.Values{"token": {"nothing"}})
	w.status(said, http.StatusUnprocessableEntity)
	w.hides(said, ">nothing<")

	// What is saved unchanged changes nothing; what is changed, that alone.
	saved := w.filled(page, at)
	w.status(w.as(ada, at, saved), http.StatusSeeOther)
	saved = w.filled(w.as(ada, at), at)
	saved.Set("claims", "repository_id = 7002")
	saved["of"] = []string{"account"}
	w.status(w.as(ada, at, saved), http.StatusSeeOther)
	r, err := w.GetTrustRule(w.ctx, w.root, "acme", at[len(trustAt)+1:])
	must(t, err)
	if r.Grants != nil || len(r.Claims) != 1 || r.Claims["repository_id"][0] != "7002" || r.Label != "main of api" {
		t.Errorf("it is %+v", r)
	}
	w.shows(w.status(w.as(ada, at+"/delete"), http.StatusOK), "the tokens that it gave end at once")
	w.status(w.as(ada, at+"/delete", url.Values{}), http.StatusSeeOther)
	w.status(w.as(ada, at), http.StatusNotFound)

	// Who may only read sees the rule, and no way to change it.
	w.member("vera@example.com", "Viewer")
	w.without("reader@example.com", "service-accounts:write")
	seen := w.status(w.as("reader@example.com", trustAt+"/"+old.ID), http.StatusOK)
	w.inert(seen)
	w.hides(seen, "Delete…", "Save")
	w.shows(seen, "sub = main")
}

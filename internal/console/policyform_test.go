package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/policy"
)

// A field that has no place in the form could be set over the API alone, and locked
// by nobody.
func TestEachFieldOfThePolicyHasAPlaceInItsForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := w.status(w.as("ada@example.com", "/instance/defaults"), http.StatusOK)
	for _, name := range policy.Fields() {
		w.shows(page, `name="locked" value="`+name+`"`)
	}
}

// What a field is decides how it is drawn and read: whoever adds one draws it, and it
// is written as everything else of its kind.
func TestEachFieldOfThePolicyIsChangedByItsForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.factor("ada@example.com", "totp") // who requires one has one
	const at = "/workspace/acme/settings"
	page := w.status(w.as("ada@example.com", at), http.StatusOK)
	for _, name := range policy.Fields() {
		w.status(w.edits("ada@example.com", at, another(page.body, name)), http.StatusSeeOther)
		p, err := w.GetPolicy(w.ctx, w.root, "acme")
		must(t, err)
		if !slices.Equal(p.Overridden, []string{name}) {
			t.Errorf("%s was changed in the form, and what is set here is %v", name, p.Overridden)
		}
		w.status(w.edits("ada@example.com", at, url.Values{"inherit": {name}}), http.StatusSeeOther)
		p, err = w.GetPolicy(w.ctx, w.root, "acme")
		must(t, err)
		if len(p.Overridden) > 0 {
			t.Errorf("%s was returned to what is inherited, and %v is set here", name, p.Overridden)
		}
	}
}

// another is a value in the form that a field has not by itself.
func another(page, name string) url.Values {
	switch v := policy.Value(policy.Standard(), name).(type) {
	case bool:
		return url.Values{name: {map[bool]string{false: "yes"}[v]}}
	case api.Duration:
		return url.Values{name: {"33d"}}
	case []int:
		return url.Values{name: {"5 2"}}
	case []api.ApprovalRule:
		return url.Values{name: {"kinds=workspace"}}
	case *api.RateLimit:
		return url.Values{name + "_requests": {"7"}}
	case api.MaxTokens:
		return url.Values{"per_owner": {"7"}}
	case *api.SupportContact:
		return url.Values{"contact_email": {"help@example.com"}}
	}
	options := regexp.MustCompile(`(?s)<select id="f-` + name + `".*?</select>`).FindString(page)
	return url.Values{name: {regexp.MustCompile(`<option value="([^"]*)">`).FindStringSubmatch(options)[1]}}
}

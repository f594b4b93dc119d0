package form_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
)

// TestARoleIsReadAsItWasDrawn: it is put whole, so what the form forgot would be lost.
func TestARoleIsReadAsItWasDrawn(t *testing.T) {
	t.Parallel()
	for _, r := range []api.Role{
		{Description: "d", Scopes: []string{"a:read", "b:*"}, DisplayName: "Readers", Locked: true, RateLimit: &api.RateLimit{Requests: 5, Window: api.Duration(time.Hour)}},
		{Scopes: []string{}},
	} {
		got, err := form.Edited(sent(form.OfRole(r), nil)).Role()
		want := api.PutRole{Description: r.Description, Scopes: r.Scopes, DisplayName: r.DisplayName, Locked: r.Locked, RateLimit: r.RateLimit}
		if diff := cmp.Diff(unmarshalled(t, says(t, want)), unmarshalled(t, says(t, got))); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	}
}

// TestAScopeIsReadAsItWasDrawn, for the same reason.
func TestAScopeIsReadAsItWasDrawn(t *testing.T) {
	t.Parallel()
	s := api.Scope{Description: "d", Implies: []string{"a:read", "b:read"}, Roles: []string{"Viewer"}, Locked: true}
	want := api.PutScope{Description: "d", Implies: s.Implies, Roles: s.Roles, Locked: true}
	if diff := cmp.Diff(want, form.Edited(sent(form.OfScope(s), nil)).Scope()); diff != "" {
		t.Error(diff)
	}
}

// TestRightsThatAreMoreThanOneRoleAreLeftAlone: their form has no role to read, and an
// empty one would take all of them away.
func TestRightsThatAreMoreThanOneRoleAreLeftAlone(t *testing.T) {
	t.Parallel()
	m := api.Member{Resources: []string{"shop"}, Grants: []api.Statement{{Role: "Viewer"}, {Role: "Owner"}}}
	f := form.Edited(sent(form.OfMember(m), url.Values{"reach": {"all"}}))
	if got := says(t, f.EditRights([]string{"*"})); got != "{}" {
		t.Errorf("it says %s", got)
	}
}

// TestAllResourcesAreThoseThatTheGiverReaches: nobody hands on more than they have.
func TestAllResourcesAreThoseThatTheGiverReaches(t *testing.T) {
	t.Parallel()
	f := form.Typed(url.Values{"role": {"Viewer"}, "reach": {"all"}, "resources": {"other"}, "resource": {"another"}})
	if diff := cmp.Diff([]string{"shop"}, f.Rights([]string{"shop"}).Resources.Value); diff != "" {
		t.Error(diff)
	}
	f.Values.Set("reach", "some")
	if diff := cmp.Diff([]string{"other", "another"}, f.Rights([]string{"shop"}).Resources.Value); diff != "" {
		t.Error(diff)
	}
}

// TestAnEndpointIsSentAllEventsUnlessSomeAreChosen; some and none is for the API to
// refuse, and not taken for all.
func TestAnEndpointIsSentAllEventsUnlessSomeAreChosen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed url.Values
		want  []string
	}{
		{url.Values{"event": {"token.created"}}, []string{"*"}},
		{url.Values{"which": {"all"}}, []string{"*"}},
		{url.Values{"which": {"some"}, "event": {"token.created", "token.*"}}, []string{"token.created", "token.*"}},
		{url.Values{"which": {"some"}}, []string{}},
	} {
		if diff := cmp.Diff(c.want, form.Typed(c.typed).Webhook().Events); diff != "" {
			t.Errorf("%v: %s", c.typed, diff)
		}
	}
}

// TestAPatternOfEventsKeepsABoxOfItsOwn, or saving the form would drop it.
func TestAPatternOfEventsKeepsABoxOfItsOwn(t *testing.T) {
	t.Parallel()
	known := api.WebhookTypes()[0].Type
	f := form.OfWebhook(api.Webhook{Events: []string{"token.*", known}})
	if diff := cmp.Diff([]string{"token.*"}, f.Patterns()); diff != "" {
		t.Error(diff)
	}
}

package form

import (
	"maps"
	"net/url"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

// OfMember is the form that edits a member.
func OfMember(m api.Member) Form {
	f := holderFields(m.Role, m.Resources)
	f.Set("name", m.Name)
	return Of(m.Revision, f)
}

// OfAccount is the form that edits a service account.
func OfAccount(s api.ServiceAccount) Form {
	f := holderFields(s.Role, s.Resources)
	maps.Copy(f, accountFields(s.Role, s.Grants))
	f.Set("description", s.Description)
	f.Set("contacts", phrase.Lines(s.Contacts))
	return Of(s.Revision, f)
}

// holderFields writes existing rights into the fields of the form of who holds them.
func holderFields(role *string, resources []string) url.Values {
	f := url.Values{"role": {phrase.Text(role)}, "reach": {"all"}}
	if !slices.Contains(resources, "*") {
		f["reach"] = []string{"some"}
		f["resources"] = []string{phrase.Lines(resources)}
	}
	return f
}

// Rights reads the one statement of a person or service account. All are the
// resources that "all" stands for.
func (f Form) Rights(all []string) api.Rights {
	return api.Rights{Role: api.Some(f.Get("role")), Resources: api.Some(f.Resources(all))}
}

// EditRights are the rights that a form changed. Without a role there are none to
// read: those that are more than one role are left alone.
func (f Form) EditRights(all []string) api.Rights {
	if f.Get("role") == "" || !f.Changed("role", "reach", "resources") {
		return api.Rights{}
	}
	return f.Rights(all)
}

// OfRole is the form that edits a role.
func OfRole(r api.Role) Form {
	f := url.Values{"description": {r.Description}, "scope": r.Scopes, "display_name": {r.DisplayName}}
	f.Set("locked", map[bool]string{true: "yes"}[r.Locked])
	putLimit(f, "rate_limit", r.RateLimit)
	return Of(r.Revision, f)
}

// Role reads a role. Without a number it has no limit.
func (f Form) Role() (api.PutRole, error) {
	in := api.PutRole{Description: f.Get("description"), Scopes: Picker{Form: f}.Chosen(), DisplayName: f.Get("display_name"), Locked: f.Get("locked") != ""}
	if f.Get("rate_limit_requests") == "" {
		return in, nil
	}
	l, err := f.Limit("rate_limit_requests", "rate_limit_window", "rate_limit")
	in.RateLimit = &l
	return in, err
}

// OfScope is the form that edits a scope.
func OfScope(s api.Scope) Form {
	f := url.Values{"description": {s.Description}, "implies": {phrase.Lines(s.Implies)}, "role": s.Roles}
	f.Set("locked", map[bool]string{true: "yes"}[s.Locked])
	return Of(s.Revision, f)
}

// Scope reads a scope.
func (f Form) Scope() api.PutScope {
	return api.PutScope{Description: f.Get("description"), Implies: f.List("implies"), Roles: f.Values["role"], Locked: f.Get("locked") != ""}
}

// OfWebhook is the form that edits an endpoint of webhooks.
func OfWebhook(w api.Webhook) Form {
	f := url.Values{"url": {w.URL}, "description": {w.Description}, "which": {"all"}}
	if len(w.Events) != 1 || w.Events[0] != "*" {
		f["which"], f["event"] = []string{"some"}, w.Events
	}
	return Of(w.Revision, f)
}

// Webhook reads a new endpoint.
func (f Form) Webhook() api.CreateWebhook {
	return api.CreateWebhook{URL: f.Get("url"), Description: f.Optional("description"), Events: f.events()}
}

// EditWebhook reads a change of an endpoint.
func (f Form) EditWebhook() api.EditWebhook {
	in := api.EditWebhook{URL: f.Edit("url"), Description: f.Edit("description")}
	if f.Changed("which", "event") {
		in.Events = api.Some(f.events())
	}
	return in
}

// events are the types of events that are sent: all, unless some are chosen.
func (f Form) events() []string {
	if f.Get("which") != "some" {
		return []string{"*"}
	}
	return append([]string{}, f.Values["event"]...)
}

// Patterns are the chosen types of events that no box stands for, such as token.*.
func (f Form) Patterns() []string {
	return slices.DeleteFunc(slices.Clone(f.Values["event"]), func(e string) bool {
		return slices.ContainsFunc(api.WebhookTypes(), func(t api.WebhookType) bool { return t.Type == e })
	})
}

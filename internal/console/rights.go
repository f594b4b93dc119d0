package console

import (
	"net/url"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

func (v *visit) resources() error { return v.resourcesWith(form{fresh: true}) }

func (v *visit) resourcesWith(f form) error {
	v.section = "resources"
	rows, next, err := v.auth.ListResources(v.ctx(), v.caller, v.at.Slug, v.paged())
	if err != nil {
		return err
	}
	body := resourcesPage(v, rows, v.after(next), f)
	if f.err != nil {
		return v.again("Resources", body)
	}
	return v.page("Resources", body)
}

// mayOnboard says whether the form to add a resource is drawn.
func (v *visit) mayOnboard() bool {
	return v.at.rights.AllowsAll("resources:create") ||
		v.at.policy != nil && v.at.policy.Onboarding == api.OnboardAnyMember && v.at.member
}

func (v *visit) doResource() error {
	f := v.typed()
	_, _, err := v.auth.OnboardResource(v.ctx(), v.caller, v.at.Slug, api.CreateResource{Name: f.get("name"), Description: f.get("description")})
	if err == nil {
		return v.done(v.ws("resources"), "created")
	}
	if f, err = f.refused(err); err != nil {
		return err
	}
	return v.resourcesWith(f)
}

func (v *visit) deleteResource() error {
	v.section = "resources"
	r, err := v.auth.GetResource(v.ctx(), v.caller, v.at.Slug, v.r.PathValue("name"))
	if err != nil {
		return err
	}
	return v.page("Delete", confirmPage("Delete "+r.Name+"?",
		"Its name is taken out of every grant and token. A token that was restricted to it alone may then do nothing.",
		"Delete", v.ws("resources", r.Name, "delete"), v.ws("resources")))
}

func (v *visit) doDeleteResource() error {
	if _, _, err := v.auth.DeleteResource(v.ctx(), v.caller, v.at.Slug, v.r.PathValue("name")); err != nil {
		return err
	}
	return v.done(v.ws("resources"), "deleted")
}

func (v *visit) where() authority.Where { return authority.Where{Workspace: v.at.Slug} }

func (v *visit) roles() error {
	return v.rolesWith(form{fresh: true}, form{fresh: true})
}

// rolesWith draws the page with two forms: of a role and of a scope.
func (v *visit) rolesWith(role, scope form) error {
	v.section = "roles"
	roles, err := v.auth.ListRoles(v.ctx(), v.caller, v.where())
	if err != nil {
		return err
	}
	scopes, err := v.auth.ListScopes(v.ctx(), v.caller, v.where())
	if err != nil {
		return err
	}
	product := slices.DeleteFunc(slices.Clone(scopes), func(s api.Scope) bool { return s.BuiltIn })
	body := rolesPage(v, roles, product, role, scope)
	if role.err != nil || scope.err != nil {
		return v.again("Roles and scopes", body)
	}
	return v.page("Roles and scopes", body)
}

func (v *visit) role() error {
	v.section = "roles"
	roles, err := v.auth.ListRoles(v.ctx(), v.caller, v.where())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(roles, func(r api.Role) bool { return r.Name == v.r.PathValue("role") })
	if i < 0 {
		return v.missing()
	}
	f := form{fresh: true, values: map[string][]string{"name": {roles[i].Name}, "description": {roles[i].Description}, "scopes": {lines(roles[i].Scopes)},
		"display_name": {roles[i].DisplayName}}}
	putLimit(f.values, "rate_limit", roles[i].RateLimit)
	return v.page(roles[i].Name, rolePage(v, roles[i], roles, f))
}

func (v *visit) doRole() error {
	f := v.typed()
	in := api.PutRole{Description: f.get("description"), Scopes: f.list("scopes"), DisplayName: f.get("display_name")}
	err := f.roleLimit(&in)
	if err == nil {
		_, _, _, err = v.auth.PutRole(v.ctx(), v.caller, v.where(), f.get("name"), in)
	}
	if err == nil {
		return v.done(v.ws("roles"), "saved")
	}
	if f, err = f.refused(err); err != nil {
		return err
	}
	return v.rolesWith(f, form{fresh: true})
}

// roleLimit reads the limit of a role; without a number it has none.
func (f form) roleLimit(in *api.PutRole) error {
	if f.get("rate_limit_requests") == "" {
		return nil
	}
	l, err := f.limit("rate_limit_requests", "rate_limit_window", "rate_limit")
	in.RateLimit = &l
	return err
}

func (v *visit) doDeleteRole() error {
	f := v.typed()
	if _, _, err := v.auth.DeleteRole(v.ctx(), v.caller, v.where(), f.get("name"), f.get("replacement")); err != nil {
		return err
	}
	return v.done(v.ws("roles"), "deleted")
}

func (v *visit) doScope() error {
	f := v.typed()
	in := api.PutScope{Description: f.get("description"), Implies: f.list("implies")}
	_, _, _, err := v.auth.PutScope(v.ctx(), v.caller, v.where(), f.get("name"), in)
	if err == nil {
		return v.done(v.ws("roles"), "saved")
	}
	if f, err = f.refused(err); err != nil {
		return err
	}
	return v.rolesWith(form{fresh: true}, f)
}

func (v *visit) doDeleteScope() error {
	if _, _, err := v.auth.DeleteScope(v.ctx(), v.caller, v.where(), v.q("name")); err != nil {
		return err
	}
	return v.done(v.ws("roles"), "deleted")
}

// scopeDelete is where a scope is deleted: a page that warns, then the same by POST.
func (v *visit) scopeDelete(name string) string {
	return v.ws("roles", "scopes", "delete") + "?name=" + url.QueryEscape(name)
}

func (v *visit) deleteScope() error {
	v.section = "roles"
	name := v.q("name")
	return v.page("Delete", confirmPage("Delete the scope "+cut(name, 64)+"?",
		"It is taken out of every role, grant and token. What needs it is refused from then on.",
		"Delete", v.scopeDelete(name), v.ws("roles")))
}

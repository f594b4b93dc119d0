package console

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/insight"
	"github.com/tokenry/tokenry/internal/reception"
	rules "github.com/tokenry/tokenry/internal/rights"
)

// catalogue is whose roles and scopes a page is about: those of a workspace, or
// of the instance.
type catalogue struct {
	at authority.Where
	// base is the address that their pages stand under.
	base string
	// write says whether the visitor may change them.
	write bool
}

// catalogueOf tells the visitor's catalogue by the address of the page.
func (v *visit) catalogueOf() catalogue {
	if v.At == nil {
		v.Section = "instance-roles"
		return catalogue{authority.Where{Instance: true}, "/instance", true}
	}
	v.Section = "roles"
	return catalogue{v.Where(), v.WS(), v.May("roles:write")}
}

func (c catalogue) page(parts ...string) string {
	all := []string{c.base}
	for _, p := range parts {
		all = append(all, url.PathEscape(p))
	}
	return strings.Join(all, "/")
}

// rights is a catalogue as it was read.
type rights struct {
	catalogue
	roles []api.Role
	// scopes are those of the product.
	scopes []api.Scope
	// groups are all that a role can be made of.
	groups []form.ScopeGroup
	// removals are on their way yet.
	removals []api.Removal
}

func (v *visit) rights() (rights, error) {
	c := v.catalogueOf()
	roles, err := v.Office.ListRoles(v.Ctx(), v.Caller, c.at)
	if err != nil {
		return rights{}, err
	}
	scopes, err := v.Office.ListScopes(v.Ctx(), v.Caller, c.at)
	r := rights{catalogue: c, roles: roles, groups: slices.Insert(form.Grouped(scopes), 0, form.WholeProduct()), removals: v.removing(c.at)}
	r.scopes = slices.DeleteFunc(scopes, func(s api.Scope) bool { return s.BuiltIn })
	return r, err
}

func (r rights) role(name string) (api.Role, bool) {
	i := slices.IndexFunc(r.roles, func(o api.Role) bool { return o.Name == name })
	if i < 0 {
		return api.Role{}, false
	}
	return r.roles[i], true
}

func (r rights) scope(name string) (api.Scope, bool) {
	i := slices.IndexFunc(r.scopes, func(o api.Scope) bool { return o.Name == name })
	if i < 0 {
		return api.Scope{}, false
	}
	return r.scopes[i], true
}

func (v *visit) roles() error {
	r, err := v.rights()
	if err != nil {
		return err
	}
	return v.rolesWith(r, form.New(nil), form.New(nil))
}

// rolesWith draws the page with two forms: of a new role and of a new scope.
func (v *visit) rolesWith(r rights, role, scope form.Form) error {
	body := rolesPage(r, role, scope)
	if role.Err != nil || scope.Err != nil {
		return v.Again("Roles and scopes", body)
	}
	return v.Page("Roles and scopes", body)
}

// doRole makes a role. One that is there is not replaced by it unseen.
func (v *visit) doRole() error {
	r, err := v.rights()
	if err != nil {
		return err
	}
	f := v.Typed()
	if _, there := r.role(f.Get("name")); there {
		err = api.FieldError("name", "there is a role of this name already; open it to change it")
	} else {
		err = v.putRole(v.Making(), r, f, f.Get("name"))
	}
	if err == nil {
		return v.Done(r.page("roles"), "saved")
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	return v.rolesWith(r, f, form.New(nil))
}

func (v *visit) putRole(c authority.Caller, r rights, f form.Form, name string) error {
	in, err := f.Role()
	if err != nil {
		return err
	}
	_, err = v.Office.PutRole(v.Ctx(), c, r.at, name, in)
	return err
}

// roleAt is the role that the address names.
func (v *visit) roleAt() (rights, api.Role, error) {
	r, err := v.rights()
	if err != nil {
		return r, api.Role{}, err
	}
	o, ok := r.role(v.R.PathValue("role"))
	if !ok {
		return r, o, v.Missing()
	}
	return r, o, nil
}

func (v *visit) role() error {
	r, o, err := v.roleAt()
	if err != nil {
		return err
	}
	return v.roleWith(r, o, form.OfRole(o))
}

func (v *visit) roleWith(r rights, o api.Role, f form.Form) error {
	var uses insight.Uses
	if r.write {
		var err error
		if uses, err = v.Office.UsesOfRole(v.Ctx(), v.Caller, r.at, o.Name); err != nil {
			return err
		}
	}
	body := rolePage(r, o, uses, f)
	if f.Err != nil {
		return v.Again(o.Name, body)
	}
	return v.Page(o.Name, body)
}

// doEditRole saves a role, which is put whole: what the form does not hold is not part
// of it any more.
func (v *visit) doEditRole() error {
	r, o, err := v.roleAt()
	if err != nil {
		return err
	}
	f := v.Edited()
	if err = v.putRole(v.From(f), r, f, o.Name); err == nil {
		return v.Done(r.page("roles", o.Name), "saved")
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	if r, o, err = v.roleAt(); err != nil {
		return err
	}
	return v.roleWith(r, o, v.Renewed(f, form.OfRole(o), r.at, "role:"+o.Name, "scope"))
}

// deleteRole asks before a role goes, and tells who has it.
func (v *visit) deleteRole() error { return v.deleteRoleWith(form.New(nil)) }

func (v *visit) deleteRoleWith(f form.Form) error {
	r, err := v.rights()
	if err != nil {
		return err
	}
	name := v.R.PathValue("role")
	uses, err := v.Office.UsesOfRole(v.Ctx(), v.Caller, r.at, name)
	if err != nil {
		return err
	}
	if !uses.Written {
		return v.Missing()
	}
	d := removalOf("role", name, r.page("roles", name, "delete"), r.page("roles", name), uses)
	d.Instance = r.at.Instance
	if !uses.Inherits {
		d.replacements = slices.DeleteFunc(r.roles, func(o api.Role) bool { return o.Name == name })
	}
	if f.Err != nil {
		return v.Again(d.Title(), removalPage(d, f))
	}
	return v.Page(d.Title(), removalPage(d, f))
}

// doDeleteRole takes a role away. Where it is in use the form comes back, with the roles
// that can take its place.
func (v *visit) doDeleteRole() error {
	c, f := v.catalogueOf(), v.Typed()
	_, err := v.Office.DeleteRole(v.Ctx(), v.Caller, c.at, v.R.PathValue("role"), f.Get("replacement"))
	if err == nil {
		return v.Done(c.page("roles"), "taken-back")
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	return v.deleteRoleWith(f)
}

// roleState says where a role comes from.
func roleState(r api.Role) entryState {
	return entryState{builtIn: r.BuiltIn, inherited: r.Inherited, locked: r.Locked}
}

// scopeState says where a scope comes from.
func scopeState(s api.Scope) entryState {
	return entryState{inherited: s.Inherited, locked: s.Locked}
}

// entryState is where a role or scope comes from.
type entryState struct{ builtIn, inherited, locked bool }

// editableRole and editableScope say whether the visitor may write an entry here.
func (r rights) editableRole(o api.Role) bool {
	return r.write && rules.WritableRole(o, r.at.Instance) == nil
}

func (r rights) editableScope(s api.Scope) bool {
	return r.write && rules.WritableScope(s, r.at.Instance) == nil
}

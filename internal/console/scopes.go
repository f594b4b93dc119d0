package console

import (
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/insight"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
)

// doScope describes a scope. One that is there is not replaced by it unseen.
func (v *visit) doScope() error {
	r, err := v.rights()
	if err != nil {
		return err
	}
	f := v.Typed()
	if _, there := r.scope(f.Get("name")); there {
		err = api.FieldError("name", "there is a scope of this name already; open it to change it")
	} else {
		err = v.putScope(v.Making(), r, f, f.Get("name"))
	}
	if err == nil {
		return v.Done(r.page("roles"), "saved")
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	return v.rolesWith(r, form.New(nil), f)
}

func (v *visit) putScope(c authority.Caller, r rights, f form.Form, name string) error {
	_, err := v.Office.PutScope(v.Ctx(), c, r.at, name, f.Scope())
	return err
}

// scopeAt is the scope that the address names.
func (v *visit) scopeAt() (rights, api.Scope, error) {
	r, err := v.rights()
	if err != nil {
		return r, api.Scope{}, err
	}
	s, ok := r.scope(v.R.PathValue("scope"))
	if !ok {
		return r, s, v.Missing()
	}
	return r, s, nil
}

func (v *visit) scope() error {
	r, s, err := v.scopeAt()
	if err != nil {
		return err
	}
	return v.scopeWith(r, s, form.OfScope(s))
}

func (v *visit) scopeWith(r rights, s api.Scope, f form.Form) error {
	var uses insight.Uses
	if r.write {
		var err error
		if uses, err = v.Office.UsesOfScope(v.Ctx(), v.Caller, r.at, s.Name); err != nil {
			return err
		}
	}
	body := scopePage(r, s, uses, f)
	if f.Err != nil {
		return v.Again(s.Name, body)
	}
	return v.Page(s.Name, body)
}

// doEditScope saves what the form changed of a scope. Scopes are put whole, so the form
// carries all of one.
func (v *visit) doEditScope() error {
	r, s, err := v.scopeAt()
	if err != nil {
		return err
	}
	f := v.Edited()
	if err = v.putScope(v.From(f), r, f, s.Name); err == nil {
		return v.Done(r.page("scopes", s.Name), "saved")
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	if r, s, err = v.scopeAt(); err != nil {
		return err
	}
	return v.scopeWith(r, s, v.Renewed(f, form.OfScope(s), r.at, "scope:"+s.Name, "role"))
}

// deleteScope asks before a scope goes, and tells what names it.
func (v *visit) deleteScope() error {
	c := v.catalogueOf()
	name := v.R.PathValue("scope")
	uses, err := v.Office.UsesOfScope(v.Ctx(), v.Caller, c.at, name)
	if err != nil {
		return err
	}
	if !uses.Written {
		return v.Missing()
	}
	d := removal{what: "scope", name: name, action: c.page("scopes", name, "delete"), back: c.page("scopes", name), uses: uses, instance: c.at.Instance}
	return v.Page(d.title(), removalPage(d, form.New(nil)))
}

func (v *visit) doDeleteScope() error {
	c := v.catalogueOf()
	if _, err := v.Office.DeleteScope(v.Ctx(), v.Caller, c.at, v.R.PathValue("scope")); err != nil {
		return err
	}
	return v.Done(c.page("roles"), "taken-back")
}

// removal is a role, scope or resource that is about to go.
type removal struct {
	// what is "role", "scope" or "resource".
	what, name, action, back string
	instance                 bool
	uses                     insight.Uses
	// replacements are the roles that whoever has a role may get instead.
	replacements []api.Role
}

func (d removal) title() string {
	if d.uses.Inherits {
		return "Give up this version of " + d.name + "?"
	}
	return "Delete the " + d.what + " " + d.name + "?"
}

func (d removal) do() string {
	if d.uses.Inherits {
		return "Give it up"
	}
	return "Delete"
}

// text says what becomes of what names it.
func (d removal) text() string {
	switch {
	case d.uses.Inherits && d.what == "role":
		return "What it inherits holds again, at once and for everybody who has this role."
	case d.uses.Inherits:
		return "What the instance says about it holds again, at once."
	case d.what == "role":
		return "Whoever has it gets another role, or it stays."
	case d.what == "resource":
		return "Its name is taken out of every grant and token. What was restricted to it alone may then do nothing."
	}
	return "It is taken out of every role, grant and token. What needs it is refused from then on."
}

// used says whether anything that can do something names it.
func (d removal) used() bool { return d.uses.Members+d.uses.ServiceAccounts+d.uses.Tokens > 0 }

// affected is what names it, a sentence each.
func (d removal) affected() []string {
	var out []string
	u := d.uses
	for _, n := range []struct {
		n    int
		what string
	}{{u.Members, "member"}, {u.ServiceAccounts, "service account"}, {u.Tokens, "live token"}} {
		if n.n > 0 {
			out = append(out, phrase.Plural(n.n, n.what)+d.places())
		}
	}
	if u.More {
		out = append(out, "There are very many tokens, so not all were looked through")
	}
	for _, l := range []struct {
		names []string
		what  string
	}{{u.Roles, "role"}, {u.Scopes, "scope"}} {
		if len(l.names) > 0 {
			out = append(out, "The "+map[bool]string{true: l.what, false: l.what + "s"}[len(l.names) == 1]+" "+phrase.Listed(slices.Clone(l.names), 8))
		}
	}
	return out
}

// places says where, for the instance alone: a workspace's page is of one.
func (d removal) places() string {
	if !d.instance {
		return ""
	}
	return ", in " + phrase.Plural(d.uses.Workspaces, "workspace") + " that use it"
}

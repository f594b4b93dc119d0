package console

import (
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
	d := removalOf("scope", name, c.page("scopes", name, "delete"), c.page("scopes", name), uses)
	d.Instance = c.at.Instance
	return v.Page(d.Title(), removalPage(d, form.New(nil)))
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
	phrase.Removal
	action, back string
	// replacements are the roles that whoever has a role may get instead.
	replacements []api.Role
}

// removalOf describes it.
func removalOf(what, name, action, back string, uses insight.Uses) removal {
	return removal{Removal: phrase.Removal{What: what, Name: name, Uses: phrase.Uses(uses)}, action: action, back: back}
}

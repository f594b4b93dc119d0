package console

import (
	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/reception"
)

func (v *visit) resources() error { return v.resourcesWith(form.New(nil)) }

func (v *visit) resourcesWith(f form.Form) error {
	v.Section = "resources"
	rows, next, err := v.Office.ListResources(v.Ctx(), v.Caller, v.At.Slug, v.Paged())
	if err != nil {
		return err
	}
	body := resourcesPage(v, rows, v.Listed(len(rows), next), f)
	if f.Err != nil {
		return v.Again("Resources", body)
	}
	return v.Page("Resources", body)
}

func (v *visit) doResource() error {
	f := v.Typed()
	_, err := v.Office.OnboardResource(v.Ctx(), v.Caller, v.At.Slug, api.CreateResource{Name: f.Get("name"), Description: f.Get("description")})
	if err == nil {
		return v.Done(v.WS("resources"), "created")
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	return v.resourcesWith(f)
}

// deleteResource asks before the name of a resource is taken out of every grant, and
// says what refers to it.
func (v *visit) deleteResource() error {
	v.Section = "resources"
	name := v.R.PathValue("name")
	uses, err := v.Office.UsesOfResource(v.Ctx(), v.Caller, v.At.Slug, name)
	if err != nil {
		return err
	}
	d := removalOf("resource", name, v.WS("resources", name, "delete"), v.WS("resources"), uses)
	return v.Page(d.Title(), removalPage(d, form.New(nil)))
}

func (v *visit) doDeleteResource() error {
	if _, err := v.Office.DeleteResource(v.Ctx(), v.Caller, v.At.Slug, v.R.PathValue("name")); err != nil {
		return err
	}
	return v.Done(v.WS("resources"), "deleted")
}

// removing lists what was removed from where the visitor is and is being rewritten
// yet. It is beside the point of every page that shows it, so a page does without it
// where the visitor may not know.
func (v *visit) removing(at authority.Where) []api.Removal {
	rows, err := v.Office.ListRemovals(v.Ctx(), v.Caller, at)
	if err != nil {
		return nil
	}
	return rows
}

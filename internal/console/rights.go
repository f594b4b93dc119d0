package console

import (
	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
)

func (v *visit) resources() error { return v.resourcesWith(form.New(nil)) }

func (v *visit) resourcesWith(f form.Form) error {
	v.section = "resources"
	rows, next, err := v.auth.ListResources(v.ctx(), v.caller, v.at.Slug, v.paged())
	if err != nil {
		return err
	}
	body := resourcesPage(v, rows, v.listed(len(rows), next), f)
	if f.Err != nil {
		return v.again("Resources", body)
	}
	return v.page("Resources", body)
}

func (v *visit) doResource() error {
	f := v.typed()
	_, err := v.auth.OnboardResource(v.ctx(), v.caller, v.at.Slug, api.CreateResource{Name: f.Get("name"), Description: f.Get("description")})
	if err == nil {
		return v.done(v.ws("resources"), "created")
	}
	if f, err = refused(f, err); err != nil {
		return err
	}
	return v.resourcesWith(f)
}

// deleteResource asks before the name of a resource is taken out of every grant, and
// says what refers to it.
func (v *visit) deleteResource() error {
	v.section = "resources"
	name := v.r.PathValue("name")
	uses, err := v.auth.UsesOfResource(v.ctx(), v.caller, v.at.Slug, name)
	if err != nil {
		return err
	}
	d := removal{what: "resource", name: name, action: v.ws("resources", name, "delete"), back: v.ws("resources"), uses: uses}
	return v.page(d.title(), removalPage(d, form.New(nil)))
}

func (v *visit) doDeleteResource() error {
	if _, err := v.auth.DeleteResource(v.ctx(), v.caller, v.at.Slug, v.r.PathValue("name")); err != nil {
		return err
	}
	return v.done(v.ws("resources"), "deleted")
}

func (v *visit) where() authority.Where { return authority.Where{Workspace: v.at.Slug} }

// removing lists what was removed from where the visitor is and is being rewritten
// yet. It is beside the point of every page that shows it, so a page does without it
// where the visitor may not know.
func (v *visit) removing(at authority.Where) []api.Removal {
	rows, err := v.auth.ListRemovals(v.ctx(), v.caller, at)
	if err != nil {
		return nil
	}
	return rows
}

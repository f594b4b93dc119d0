package console

import (
	"net/url"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/reception"
)

func (v *visit) settings() error { return v.settingsWith(form.Form{}, form.Form{}) }

// settingsWith draws the page with its two forms: the policy, and the name. One that
// was not refused is drawn from what there is.
func (v *visit) settingsWith(f, name form.Form) error {
	v.Section = "settings"
	p, err := v.Office.GetPolicy(v.Ctx(), v.Caller, v.At.Slug)
	if err != nil {
		return err
	}
	if v.At.Workspace, err = v.Office.GetWorkspace(v.Ctx(), v.Caller, v.At.Slug); err != nil {
		return err
	}
	named := form.Of(v.At.Revision, url.Values{"name": {v.At.Name}})
	if name.Err != nil {
		named = v.Renewed(name, named, v.Where(), v.At.Slug)
	}
	policy := form.OfPolicy(p, p.Locked)
	if f.Err != nil {
		policy = v.Renewed(f, policy, v.Where(), "policy", "inherit")
	}
	asked, more, err := v.alone()
	if err != nil {
		return err
	}
	body := settingsPage(v, named, form.Policy{Form: policy, Policy: p}, asked, more)
	if f.Err != nil || name.Err != nil {
		return v.Again("Settings", body)
	}
	return v.Page("Settings", body)
}

// doSettings saves the policy. What is locked is read anew: a field that the instance
// locked since the form was drawn is not sent, so that the rest is saved.
func (v *visit) doSettings() error {
	f := v.Edited()
	now, err := v.Office.GetPolicy(v.Ctx(), v.Caller, v.At.Slug)
	if err != nil {
		return err
	}
	patch, err := form.PolicyPatch(f, now.Locked)
	if err == nil {
		_, err = v.Office.EditPolicy(v.Ctx(), v.From(f), v.At.Slug, patch)
	}
	if err == nil {
		return v.Done(v.WS("settings"), "saved")
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	return v.settingsWith(f, form.Form{})
}

func (v *visit) doRename() error {
	f := v.Edited()
	_, err := v.Office.EditWorkspace(v.Ctx(), v.From(f), v.At.Slug, api.EditWorkspace{Name: f.Edit("name")})
	if err == nil {
		return v.Done(v.WS("settings"), "saved")
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	return v.settingsWith(form.Form{}, f)
}

func (v *visit) deleteWorkspace() error {
	v.Section = "settings"
	return v.Page("Delete the workspace", deleteWorkspacePage(v, form.New(nil)))
}

// doDeleteWorkspace deletes it once its short name was typed, for the reason that
// doErase has.
func (v *visit) doDeleteWorkspace() error {
	f := v.Typed()
	err := error(api.FieldError("slug", "type the workspace's name exactly"))
	if f.Get("slug") == v.At.Slug {
		if _, err = v.Office.DeleteWorkspace(v.Ctx(), v.Caller, v.At.Slug); err == nil {
			return v.Done("/workspaces", "deleted")
		}
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	return v.Again("Delete the workspace", deleteWorkspacePage(v, f))
}

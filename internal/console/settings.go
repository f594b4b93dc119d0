package console

import (
	"net/url"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
)

func (v *visit) settings() error { return v.settingsWith(form.Form{}, form.Form{}) }

// settingsWith draws the page with its two forms: the policy, and the name. One that
// was not refused is drawn from what there is.
func (v *visit) settingsWith(f, name form.Form) error {
	v.section = "settings"
	p, err := v.auth.GetPolicy(v.ctx(), v.caller, v.at.Slug)
	if err != nil {
		return err
	}
	if v.at.Workspace, err = v.auth.GetWorkspace(v.ctx(), v.caller, v.at.Slug); err != nil {
		return err
	}
	named := form.Of(v.at.Revision, url.Values{"name": {v.at.Name}})
	if name.Err != nil {
		named = v.renewed(name, named, v.where(), v.at.Slug)
	}
	policy := form.OfPolicy(p, p.Locked)
	if f.Err != nil {
		policy = v.renewed(f, policy, v.where(), "policy", "inherit")
	}
	body := settingsPage(v, named, form.Policy{Form: policy, Policy: p})
	if f.Err != nil || name.Err != nil {
		return v.again("Settings", body)
	}
	return v.page("Settings", body)
}

// doSettings saves the policy. What is locked is read anew: a field that the instance
// locked since the form was drawn is not sent, so that the rest is saved.
func (v *visit) doSettings() error {
	f := v.edited()
	now, err := v.auth.GetPolicy(v.ctx(), v.caller, v.at.Slug)
	if err != nil {
		return err
	}
	patch, err := form.PolicyPatch(f, now.Locked)
	if err == nil {
		_, err = v.auth.EditPolicy(v.ctx(), v.from(f), v.at.Slug, patch)
	}
	if err == nil {
		return v.done(v.ws("settings"), "saved")
	}
	if f, err = refused(f, err); err != nil {
		return err
	}
	return v.settingsWith(f, form.Form{})
}

func (v *visit) doRename() error {
	f := v.edited()
	_, err := v.auth.EditWorkspace(v.ctx(), v.from(f), v.at.Slug, api.EditWorkspace{Name: f.Edit("name")})
	if err == nil {
		return v.done(v.ws("settings"), "saved")
	}
	if f, err = refused(f, err); err != nil {
		return err
	}
	return v.settingsWith(form.Form{}, f)
}

func (v *visit) deleteWorkspace() error {
	v.section = "settings"
	return v.page("Delete the workspace", deleteWorkspacePage(v, form.New(nil)))
}

// doDeleteWorkspace deletes it once its short name was typed, for the reason that
// doErase has.
func (v *visit) doDeleteWorkspace() error {
	f := v.typed()
	err := error(api.FieldError("slug", "type the workspace's name exactly"))
	if f.Get("slug") == v.at.Slug {
		if _, err = v.auth.DeleteWorkspace(v.ctx(), v.caller, v.at.Slug); err == nil {
			return v.done("/workspaces", "deleted")
		}
	}
	if f, err = refused(f, err); err != nil {
		return err
	}
	return v.again("Delete the workspace", deleteWorkspacePage(v, f))
}

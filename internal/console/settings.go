package console

import "github.com/tokenry/tokenry/api"

func (v *visit) settings() error { return v.settingsWith(form{}) }

func (v *visit) settingsWith(f form) error {
	v.section = "settings"
	p, err := v.auth.GetPolicy(v.ctx(), v.caller, v.at.Slug)
	if err != nil {
		return err
	}
	if f.err == nil {
		f = form{values: policyFields(p), fresh: true}
	}
	body := settingsPage(v, policyView{form: f, Policy: p})
	if f.err != nil {
		return v.again("Settings", body)
	}
	return v.page("Settings", body)
}

func (v *visit) doSettings() error {
	f := v.typed()
	now, err := v.auth.GetPolicy(v.ctx(), v.caller, v.at.Slug)
	if err != nil {
		return err
	}
	patch, err := policyPatch(f, now, now.Locked)
	if err == nil {
		_, _, err = v.auth.EditPolicy(v.ctx(), v.caller, v.at.Slug, patch)
	}
	if err == nil {
		return v.done(v.ws("settings"), "saved")
	}
	if f, err = f.refused(err); err != nil {
		return err
	}
	return v.settingsWith(f)
}

func (v *visit) doRename() error {
	_, _, err := v.auth.EditWorkspace(v.ctx(), v.caller, v.at.Slug, api.EditWorkspace{Name: api.Some(v.typed().get("name"))})
	if err != nil {
		return err
	}
	return v.done(v.ws("settings"), "saved")
}

func (v *visit) deleteWorkspace() error {
	v.section = "settings"
	return v.page("Delete the workspace", deleteWorkspacePage(v, form{fresh: true}))
}

func (v *visit) doDeleteWorkspace() error {
	f := v.typed()
	err := error(api.FieldError("slug", "type the workspace's name exactly"))
	if f.get("slug") == v.at.Slug {
		if _, _, err = v.auth.DeleteWorkspace(v.ctx(), v.caller, v.at.Slug); err == nil {
			return v.done("/workspaces", "deleted")
		}
	}
	if f, err = f.refused(err); err != nil {
		return err
	}
	return v.again("Delete the workspace", deleteWorkspacePage(v, f))
}

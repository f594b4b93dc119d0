package console

import (
	"errors"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// instanceData is what the administrators' page shows.
type instanceData struct {
	workspaces []api.Workspace
	users      []api.User
	next       string
	policy     api.Policy
	form
}

func (v *visit) instance() error { return v.instanceWith(form{fresh: true}) }

func (v *visit) instanceWith(f form) error {
	if !v.session.InstanceAdmin {
		return v.missing()
	}
	d := instanceData{form: f}
	var err error
	if d.workspaces, _, err = v.auth.ListWorkspaces(v.ctx(), v.caller, authority.Page{Limit: 200}); err != nil {
		return err
	}
	var next int64
	if d.users, next, err = v.auth.ListUsers(v.ctx(), v.caller, v.paged()); err != nil {
		return err
	}
	d.next = v.after(next)
	if d.policy, err = v.auth.GetInstancePolicy(v.ctx(), v.caller); err != nil {
		return err
	}
	if f.err != nil {
		return v.again("Instance", instancePage(v, d))
	}
	return v.page("Instance", instancePage(v, d))
}

// answered ends a change of the instance: back to its page, or the form again.
func (v *visit) answered(f form, err error) error {
	if err == nil {
		return v.done("/instance", "saved")
	}
	if errors.Is(err, api.CodeInsufficientScope) {
		return err
	}
	if f, err = f.refused(err); err != nil {
		return err
	}
	return v.instanceWith(f)
}

func (v *visit) doNewWorkspace() error {
	f := v.typed()
	_, _, err := v.auth.CreateWorkspace(v.ctx(), v.caller, api.CreateWorkspace{Slug: f.get("slug"), Name: f.optional("name")})
	return v.answered(f, err)
}

func (v *visit) doSuspend() error {
	var err error
	switch v.r.PathValue("verb") {
	case "suspend":
		_, _, err = v.auth.SuspendWorkspace(v.ctx(), v.caller, v.r.PathValue("ws"))
	case "resume":
		_, _, err = v.auth.ResumeWorkspace(v.ctx(), v.caller, v.r.PathValue("ws"))
	default:
		return v.missing()
	}
	return v.answered(form{}, err)
}

func (v *visit) doAdmin() error {
	f := v.typed()
	_, _, err := v.auth.AddAdmin(v.ctx(), v.caller, api.AddAdmin{User: f.get("user")})
	return v.answered(f, err)
}

func (v *visit) doUser() error {
	user := v.r.PathValue("user")
	var err error
	switch v.r.PathValue("verb") {
	case "deactivate":
		_, _, err = v.auth.DeactivateUser(v.ctx(), v.caller, user)
	case "activate":
		_, _, err = v.auth.ActivateUser(v.ctx(), v.caller, user)
	case "unadmin":
		_, _, err = v.auth.RemoveAdmin(v.ctx(), v.caller, user)
	default:
		return v.missing()
	}
	return v.answered(form{}, err)
}

func (v *visit) instanceDefaults() error { return v.defaultsWith(form{}) }

func (v *visit) defaultsWith(f form) error {
	p, err := v.auth.GetInstancePolicy(v.ctx(), v.caller)
	if errors.Is(err, api.CodeInsufficientScope) {
		return v.missing()
	}
	if err != nil {
		return err
	}
	if f.err != nil {
		return v.again("Defaults", defaultsPage(policyView{form: f, Policy: p, instance: true}))
	}
	return v.page("Defaults", defaultsPage(policyView{form: form{values: policyFields(p), fresh: true}, Policy: p, instance: true}))
}

func (v *visit) doInstanceDefaults() error {
	f := v.typed()
	now, err := v.auth.GetInstancePolicy(v.ctx(), v.caller)
	if err != nil {
		return err
	}
	patch, err := policyPatch(f, now, nil)
	if locked := f.values["locked"]; !slices.Equal(sortedCopy(locked), sortedCopy(now.Locked)) {
		patch.Locked = api.Some(append([]string{}, locked...))
	}
	if err == nil {
		_, _, err = v.auth.EditInstancePolicy(v.ctx(), v.caller, patch)
	}
	if err == nil {
		return v.done("/instance/defaults", "saved")
	}
	if f, err = f.refused(err); err != nil {
		return err
	}
	return v.defaultsWith(f)
}

func sortedCopy(s []string) []string { return slices.Sorted(slices.Values(s)) }

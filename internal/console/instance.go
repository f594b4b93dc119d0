package console

import (
	"errors"
	"net/url"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/phrase"
)

func (v *visit) instance() error { return v.instanceWith(form.New(nil)) }

func (v *visit) instanceWith(f form.Form) error {
	v.section = "instance"
	rows, next, err := v.auth.ListWorkspaces(v.ctx(), v.caller, v.paged())
	if err != nil {
		return err
	}
	body := instancePage(v, rows, v.listed(len(rows), next), f)
	if f.Err != nil {
		return v.again("Workspaces", body)
	}
	return v.page("Workspaces", body)
}

func (v *visit) instancePeople() error { return v.instancePeopleWith(form.New(nil)) }

// instancePeopleWith lists people, with what may be done with each: a button that would
// be refused is not drawn.
func (v *visit) instancePeopleWith(f form.Form) error {
	v.section = "people"
	rows, next, err := v.auth.ListUsers(v.ctx(), v.caller, v.paged())
	if err != nil {
		return err
	}
	admins, err := v.auth.ListAdmins(v.ctx(), v.caller)
	if err != nil {
		return err
	}
	can, err := v.auth.UserAbilities(v.ctx(), v.caller, slices.Concat(admins, rows))
	if err != nil {
		return err
	}
	body := instancePeoplePage(v, rows, admins, can, v.listed(len(rows), next), f)
	if f.Err != nil {
		return v.again("People", body)
	}
	return v.page("People", body)
}

// system shows how this deployment is set up: what it is called, and its mail.
func (v *visit) system() error {
	v.section = "system"
	return v.page("System", systemPage(v, form.Form{}, ""))
}

// doTestMail sends a mail to the administrator who asks, and to nobody else.
func (v *visit) doTestMail() error {
	v.section = "system"
	if v.Mail == nil || v.session.Email == "" {
		return v.missing()
	}
	answer, err := v.Mail.Test(v.ctx(), v.session.Email)
	if err != nil {
		v.Logger.WarnContext(v.ctx(), "test mail", "error", err)
		f := form.Form{}.Refused(err)
		if f.Err.Code == api.CodeInternal {
			f.Err = api.Errorf(api.CodeUnavailable, "the mail could not be sent; the log of the server says why")
		}
		return v.again("System", systemPage(v, f, ""))
	}
	return v.page("System", systemPage(v, form.Form{}, phrase.Named(answer, "accepted")))
}

// answered ends a change of the instance: back to its page, or the form again.
func (v *visit) answered(f form.Form, err error, to string, again func(form.Form) error) error {
	if err == nil {
		return v.done(to, "saved")
	}
	if errors.Is(err, api.CodeInsufficientScope) {
		return err
	}
	if f, err = refused(f, err); err != nil {
		return err
	}
	return again(f)
}

func (v *visit) doNewWorkspace() error {
	f := v.typed()
	_, err := v.auth.CreateWorkspace(v.ctx(), v.caller, api.CreateWorkspace{Slug: f.Get("slug"), Name: f.Optional("name")})
	return v.answered(f, err, "/instance", v.instanceWith)
}

// suspend asks before a workspace stops, and lists the tokens that stop with it.
func (v *visit) suspend() error {
	v.section = "instance"
	slug := v.r.PathValue("ws")
	hit, err := v.auth.SuspensionOf(v.ctx(), v.caller, slug)
	if err != nil {
		return err
	}
	return v.page("Suspend", stopPage(v, stop{
		title: "Suspend " + slug + "?", text: "Every token of it stops at once. They come back when it is resumed.", do: "Suspend",
		action: "/instance/workspaces/" + url.PathEscape(slug) + "/suspend", back: "/instance", hit: hit,
	}))
}

// doSuspend suspends a workspace, whatever became of it meanwhile, or resumes the one
// that the page showed.
func (v *visit) doSuspend() error {
	var err error
	switch v.r.PathValue("verb") {
	case "suspend":
		_, err = v.auth.SuspendWorkspace(v.ctx(), v.caller, v.r.PathValue("ws"))
	case "resume":
		f, slug := v.edited(), v.r.PathValue("ws")
		_, err = v.auth.ResumeWorkspace(v.ctx(), v.from(f), slug)
		if errors.Is(err, api.CodeChangedMeanwhile) {
			return v.overtaken(err, f, authority.Where{Workspace: slug}, slug, "/instance")
		}
	default:
		return v.missing()
	}
	return v.answered(form.Form{}, err, "/instance", v.instanceWith)
}

func (v *visit) doAdmin() error {
	f := v.typed()
	_, err := v.auth.AddAdmin(v.ctx(), v.caller, api.AddAdmin{User: f.Get("user")})
	return v.answered(f, err, "/instance/people", v.instancePeopleWith)
}

func (v *visit) instanceDefaults() error { return v.defaultsWith(form.Form{}) }

// defaultsWith draws the policy of the instance. That a field is locked is a field of
// its own, and says nothing of its value.
func (v *visit) defaultsWith(f form.Form) error {
	v.section = "defaults"
	p, err := v.auth.GetInstancePolicy(v.ctx(), v.caller)
	if err != nil {
		return err
	}
	now := form.OfPolicy(p, nil)
	if f.Err != nil {
		f = v.renewed(f, now, authority.Where{Instance: true}, "policy", "inherit", "locked")
		return v.again("Defaults", defaultsPage(form.Policy{Form: f, Policy: p, Instance: true}))
	}
	return v.page("Defaults", defaultsPage(form.Policy{Form: now, Policy: p, Instance: true}))
}

func (v *visit) doInstanceDefaults() error {
	f := v.edited()
	patch, err := form.PolicyPatch(f, nil)
	if f.Changed("locked") {
		patch.Locked = api.Some(append([]string{}, f.Values["locked"]...))
	}
	if err == nil {
		_, err = v.auth.EditInstancePolicy(v.ctx(), v.from(f), patch)
	}
	if err == nil {
		return v.done("/instance/defaults", "saved")
	}
	if f, err = refused(f, err); err != nil {
		return err
	}
	return v.defaultsWith(f)
}

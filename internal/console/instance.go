package console

import (
	"errors"
	"net/url"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
)

func (v *visit) instance() error { return v.instanceWith(form.New(nil)) }

func (v *visit) instanceWith(f form.Form) error {
	v.Section = "instance"
	rows, next, err := v.Office.ListWorkspaces(v.Ctx(), v.Caller, v.Paged())
	if err != nil {
		return err
	}
	body := instancePage(v, rows, v.Listed(len(rows), next), f)
	if f.Err != nil {
		return v.Again("Workspaces", body)
	}
	return v.Page("Workspaces", body)
}

func (v *visit) instancePeople() error { return v.instancePeopleWith(form.New(nil)) }

// onlyPeople are what the list of people is narrowed to.
func onlyPeople() []link {
	return []link{{"Everybody", "/instance/people", ""}, {"Password alone", "/instance/people?only=" + ledger.OnlyOneFactor, ledger.OnlyOneFactor}}
}

// instancePeopleWith lists people, with what may be done with each: a button that would
// be refused is not drawn.
func (v *visit) instancePeopleWith(f form.Form) error {
	v.Section = "people"
	page := v.Paged()
	if v.Q("only") == ledger.OnlyOneFactor {
		page.Only = ledger.OnlyOneFactor
	}
	rows, next, err := v.Office.ListUsers(v.Ctx(), v.Caller, page)
	if err != nil {
		return err
	}
	admins, err := v.Office.ListAdmins(v.Ctx(), v.Caller)
	if err != nil {
		return err
	}
	can, err := v.Office.UserAbilities(v.Ctx(), v.Caller, slices.Concat(admins, rows))
	if err != nil {
		return err
	}
	body := instancePeoplePage(v, rows, admins, can, v.Listed(len(rows), next), f)
	if f.Err != nil {
		return v.Again("People", body)
	}
	return v.Page("People", body)
}

// system shows how this deployment is set up: what it is called, and its mail.
func (v *visit) system() error {
	v.Section = "system"
	return v.Page("System", systemPage(v, form.Form{}, ""))
}

// doTestMail sends a mail to the administrator who asks, and to nobody else.
func (v *visit) doTestMail() error {
	v.Section = "system"
	if v.Mail == nil || v.Session.Email == "" {
		return v.Missing()
	}
	answer, err := v.Mail.Test(v.Ctx(), v.Session.Email)
	if err != nil {
		v.Logger.WarnContext(v.Ctx(), "test mail", "error", err)
		f := form.Form{}.Refused(err)
		if f.Err.Code == api.CodeInternal {
			f.Err = api.Errorf(api.CodeUnavailable, "the mail could not be sent; the log of the server says why")
		}
		return v.Again("System", systemPage(v, f, ""))
	}
	return v.Page("System", systemPage(v, form.Form{}, phrase.Named(answer, "accepted")))
}

// answered ends a change of the instance: back to its page, or the form again.
func (v *visit) answered(f form.Form, err error, to string, again func(form.Form) error) error {
	if err == nil {
		return v.Done(to, "saved")
	}
	if errors.Is(err, api.CodeInsufficientScope) {
		return err
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	return again(f)
}

func (v *visit) doNewWorkspace() error {
	f := v.Typed()
	_, err := v.Office.CreateWorkspace(v.Ctx(), v.Caller, api.CreateWorkspace{Slug: f.Get("slug"), Name: f.Optional("name")})
	return v.answered(f, err, "/instance", v.instanceWith)
}

// suspend asks before a workspace stops, and lists the tokens that stop with it.
func (v *visit) suspend() error {
	v.Section = "instance"
	slug := v.R.PathValue("ws")
	hit, err := v.Office.SuspensionOf(v.Ctx(), v.Caller, slug)
	if err != nil {
		return err
	}
	return v.Page("Suspend", stopPage(v, stop{
		title: "Suspend " + slug + "?", text: "Every token of it stops at once. They come back when it is resumed.", do: "Suspend",
		action: "/instance/workspaces/" + url.PathEscape(slug) + "/suspend", back: "/instance", hit: hit,
	}))
}

// doSuspend suspends a workspace, whatever became of it meanwhile, or resumes the one
// that the page showed.
func (v *visit) doSuspend() error {
	var err error
	switch v.R.PathValue("verb") {
	case "suspend":
		_, err = v.Office.SuspendWorkspace(v.Ctx(), v.Caller, v.R.PathValue("ws"))
	case "resume":
		f, slug := v.Edited(), v.R.PathValue("ws")
		_, err = v.Office.ResumeWorkspace(v.Ctx(), v.From(f), slug)
		if errors.Is(err, api.CodeChangedMeanwhile) {
			return v.overtaken(err, f, authority.Where{Workspace: slug}, slug, "/instance")
		}
	default:
		return v.Missing()
	}
	return v.answered(form.Form{}, err, "/instance", v.instanceWith)
}

func (v *visit) doAdmin() error {
	f := v.Typed()
	_, err := v.Office.AddAdmin(v.Ctx(), v.Caller, api.AddAdmin{User: f.Get("user")})
	return v.answered(f, err, "/instance/people", v.instancePeopleWith)
}

func (v *visit) instanceDefaults() error { return v.defaultsWith(form.Form{}) }

// defaultsWith draws the policy of the instance. That a field is locked is a field of
// its own, and says nothing of its value.
func (v *visit) defaultsWith(f form.Form) error {
	v.Section = "defaults"
	p, err := v.Office.GetInstancePolicy(v.Ctx(), v.Caller)
	if err != nil {
		return err
	}
	n, more := 0, false
	if !p.RequireSecondFactor {
		if n, more, err = asked(func(q authority.Page) ([]api.User, int64, error) { return v.Office.ListUsers(v.Ctx(), v.Caller, q) }); err != nil {
			return err
		}
	}
	now := form.OfPolicy(p, nil)
	if f.Err != nil {
		f = v.Renewed(f, now, authority.Where{Instance: true}, "policy", "inherit", "locked")
		return v.Again("Defaults", defaultsPage(form.Policy{Form: f, Policy: p, Instance: true}, n, more))
	}
	return v.Page("Defaults", defaultsPage(form.Policy{Form: now, Policy: p, Instance: true}, n, more))
}

func (v *visit) doInstanceDefaults() error {
	f := v.Edited()
	patch, err := form.PolicyPatch(f, nil)
	if f.Changed("locked") {
		patch.Locked = api.Some(append([]string{}, f.Values["locked"]...))
	}
	if err == nil {
		_, err = v.Office.EditInstancePolicy(v.Ctx(), v.From(f), patch)
	}
	if err == nil {
		return v.Done("/instance/defaults", "saved")
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	return v.defaultsWith(f)
}

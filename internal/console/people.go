package console

import (
	"errors"
	"net/url"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
)

// principalForm is the page on which a person or service account is made or edited.
type principalForm struct {
	form.Form
	roles  []api.Role
	known  []api.Resource
	groups []form.ScopeGroup
	// custom says that the rights are more than one role, so that the form
	// leaves them alone.
	custom []api.Statement
}

// offered are the roles that the visitor can give, and the resources.
func (v *visit) offered(f form.Form) (principalForm, error) {
	d, err := v.draft(f, "")
	return principalForm{Form: f, roles: d.roles, known: d.known, groups: d.Groups}, err
}

func (p principalForm) picker() form.Picker { return form.Picker{Form: p.Form, Groups: p.groups} }

func (v *visit) accounts() error {
	v.Section = "service-accounts"
	rows, next, err := v.Office.ListServiceAccounts(v.Ctx(), v.Caller, v.At.Slug, v.Paged())
	if err != nil {
		return err
	}
	return v.Page("Service accounts", accountsPage(v, rows, v.Listed(len(rows), next)))
}

func (v *visit) newAccount() error {
	v.Section = "service-accounts"
	p, err := v.offered(form.New(url.Values{"for": {v.Q("for")}}))
	if err != nil {
		return err
	}
	return v.Page("New service account", newAccountPage(v, p))
}

// doNewAccount makes a service account. Whoever came for one from the form of a token
// goes back there, with the new account chosen.
func (v *visit) doNewAccount() error {
	v.Section = "service-accounts"
	p, err := v.offered(v.Typed())
	if err != nil {
		return err
	}
	in := api.CreateServiceAccount{Name: p.Get("name"), Description: api.Some(p.Get("description")), Contacts: api.Some(p.List("contacts"))}
	var s authority.Done[api.ServiceAccount]
	if in.Rights, err = p.AccountRights(v.At.Reach()); err == nil {
		s, err = v.Office.CreateServiceAccount(v.Ctx(), v.Caller, v.At.Slug, in)
	}
	if err != nil {
		if p.Form, err = reception.Refused(p.Form, err); err != nil {
			return err
		}
		return v.Again("New service account", newAccountPage(v, p))
	}
	if p.Get("for") == "token" {
		return v.Done(v.accountBack(p.Form)+"&account="+url.QueryEscape(s.Value.Name), "created")
	}
	return v.Done(v.WS("service-accounts", s.Value.Name), "created")
}

// accountBack is the page from which somebody came to make a service account.
func (v *visit) accountBack(f form.Form) string {
	if f.Get("for") == "token" {
		return v.WS("access-tokens", "new") + "?owner=service"
	}
	return v.WS("service-accounts")
}

func (v *visit) account() error {
	s, err := v.Office.GetServiceAccount(v.Ctx(), v.Caller, v.At.Slug, v.R.PathValue("name"))
	if err != nil {
		return err
	}
	return v.accountWith(s, form.OfAccount(s))
}

// accountWith draws the page of a service account. Its tokens are left out for whoever
// may not list any.
func (v *visit) accountWith(s api.ServiceAccount, f form.Form) error {
	v.Section = "service-accounts"
	p, err := v.offered(f)
	if err != nil {
		return err
	}
	t, err := v.table(api.TokenFilter{Owner: api.Some(s.Name), Kind: api.Some("service")})
	if err != nil && !errors.Is(err, api.CodeInsufficientScope) {
		return err
	}
	t.bulk, t.mine = false, true
	body := accountPage(v, s, p, t)
	if f.Err != nil {
		return v.Again(s.Name, body)
	}
	return v.Page(s.Name, body)
}

func (v *visit) doAccount() error {
	name, f := v.R.PathValue("name"), v.Edited()
	in := api.EditServiceAccount{Description: f.Edit("description"), Contacts: f.EditList("contacts")}
	var err error
	if in.Rights, err = f.EditAccountRights(v.At.Reach()); err == nil {
		_, err = v.Office.EditServiceAccount(v.Ctx(), v.From(f), v.At.Slug, name, in)
	}
	if err == nil {
		return v.Done(v.Onward(v.WS("service-accounts", name)), "saved")
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	s, err := v.Office.GetServiceAccount(v.Ctx(), v.Caller, v.At.Slug, name)
	if err != nil {
		return err
	}
	return v.accountWith(s, v.Renewed(f, form.OfAccount(s), v.Where(), "service_account:"+s.Name, "scope"))
}

// stop is a suspension or removal that is asked for: the tokens it stops.
type stop struct {
	title, text, do, action, back string
	hit                           api.Affected
	// far says that the tokens are of more than one workspace.
	far bool
}

// affected is what a rehearsal found.
func affected[T any](done authority.Done[T], err error) (api.Affected, error) {
	return done.Affected, err
}

// stopAccount asks before a service account stops. It rehearses the verb itself, so the
// tokens that it lists are those that would stop, and a refusal is told before there is
// a button to press.
func (v *visit) stopAccount() error {
	v.Section = "service-accounts"
	name, verb := v.R.PathValue("name"), v.R.PathValue("verb")
	s := stop{action: v.Onward(v.WS("service-accounts", name, verb)), back: v.Onward(v.WS("service-accounts", name))}
	var err error
	switch verb {
	case "disable":
		s.title, s.do = "Disable "+name+"?", "Disable"
		s.text = "Its tokens stop at once and come back when it is enabled."
		s.hit, err = affected(v.Office.DisableServiceAccount(v.Ctx(), v.Caller, v.At.Slug, name, true))
	case "delete":
		s.title, s.do = "Delete "+name+"?", "Delete"
		s.text = "Its tokens are revoked for good. The same name later gets nothing back."
		s.hit, err = affected(v.Office.RemoveServiceAccount(v.Ctx(), v.Caller, v.At.Slug, name, true))
	default:
		return v.Missing()
	}
	if err != nil {
		return err
	}
	return v.Page(s.title, stopPage(v, s))
}

// doStopAccount does what the page before it said. Only bringing back is of the revision
// that the page showed: what takes power away always goes through.
func (v *visit) doStopAccount() error {
	name := v.R.PathValue("name")
	var err error
	switch v.R.PathValue("verb") {
	case "disable":
		if _, err = v.Office.DisableServiceAccount(v.Ctx(), v.Caller, v.At.Slug, name, false); err == nil {
			return v.Done(v.Onward(v.WS("service-accounts", name)), "deactivated")
		}
	case "enable":
		f, back := v.Edited(), v.Onward(v.WS("service-accounts", name))
		if _, err = v.Office.EnableServiceAccount(v.Ctx(), v.From(f), v.At.Slug, name); err == nil {
			return v.Done(back, "activated")
		}
		return v.overtaken(err, f, v.Where(), "service_account:"+name, back)
	case "delete":
		if _, err = v.Office.RemoveServiceAccount(v.Ctx(), v.Caller, v.At.Slug, name, false); err == nil {
			return v.Done(v.accountsBack().Href, "removed")
		}
	default:
		return v.Missing()
	}
	return err
}

func (v *visit) members() error {
	v.Section = "members"
	p := v.Paged()
	p.Only = v.only()
	rows, next, err := v.Office.ListMembers(v.Ctx(), v.Caller, v.At.Slug, p)
	if err != nil {
		return err
	}
	return v.Page("Members", membersPage(v, rows, v.Listed(len(rows), next)))
}

func (v *visit) newMember() error {
	v.Section = "members"
	p, err := v.offered(form.New(nil))
	if err != nil {
		return err
	}
	return v.Page("Add a member", newMemberPage(v, p))
}

// doNewMember adds a person and then invites them. They are a member all the same when
// no mail could be sent: the page says so, and nobody is taken out again.
func (v *visit) doNewMember() error {
	v.Section = "members"
	p, err := v.offered(v.Typed())
	if err != nil {
		return err
	}
	in := api.CreateMember{Email: p.Get("email"), Name: p.Optional("name"), ExternalID: p.Optional("external_id")}
	in.Rights = p.Rights(v.At.Reach())
	m, err := v.Office.CreateMember(v.Ctx(), v.Caller, v.At.Slug, in)
	if err != nil {
		if p.Form, err = reception.Refused(p.Form, err); err != nil {
			return err
		}
		return v.Again("Add a member", newMemberPage(v, p))
	}
	return v.invite(m.Value)
}

// invite mails the new member a link, or says who can hand one over.
func (v *visit) invite(m api.Member) error {
	if m.Email == nil {
		return v.Done(v.WS("members"), "created")
	}
	sent, err := v.Links.Invite(v.Ctx(), v.Caller, v.At.Slug, m.ID)
	switch {
	case err != nil:
		v.Logger.WarnContext(v.Ctx(), "invite a member", "error", err)
		return v.Done(v.WS("members"), "added-unsent")
	case sent.Sent:
		return v.Done(v.WS("members"), "invited")
	case sent.CanSignIn:
		return v.Done(v.WS("members"), "added-knows")
	case v.hands(m.ID):
		return v.Done(v.WS("members", m.ID), "added-hand")
	}
	return v.Done(v.WS("members"), "added-asks")
}

func (v *visit) member() error {
	m, err := v.Office.GetMember(v.Ctx(), v.Caller, v.At.Slug, v.R.PathValue("member"))
	if err != nil {
		return err
	}
	return v.memberWith(m, form.OfMember(m))
}

func (v *visit) memberWith(m api.Member, f form.Form) error {
	v.Section = "members"
	p, err := v.offered(f)
	if err != nil {
		return err
	}
	if m.Role == nil {
		p.custom = m.Grants
	}
	t, err := v.table(api.TokenFilter{Owner: api.Some(m.ID), Kind: api.Some("personal")})
	if err != nil && !errors.Is(err, api.CodeInsufficientScope) {
		return err
	}
	t.bulk, t.mine = false, true
	kept, err := v.kept(m)
	if err != nil {
		return err
	}
	body := memberPage(v, m, kept, v.resetsFor(m), v.invitedOf(m, kept), p, t)
	if f.Err != nil {
		return v.Again(m.Address, body)
	}
	return v.Page(m.Address, body)
}

// kept says why the visitor cannot stop a member, as a rehearsal tells it; empty
// when they can.
func (v *visit) kept(m api.Member) (string, error) {
	if !v.May("members:write") {
		return "", nil
	}
	_, err := v.Office.RemoveMember(v.Ctx(), v.Caller, v.At.Slug, m.ID, true)
	e := api.AsError(err)
	switch {
	case err == nil:
		return "", nil
	case e.Code == api.CodeInternal || api.NotNow(err):
		return "", err
	}
	return phrase.Sentence(e.Message), nil
}

func (v *visit) doMember() error {
	who, f := v.R.PathValue("member"), v.Edited()
	in := api.EditMember{Name: f.Edit("name"), Rights: f.EditRights(v.At.Reach())}
	_, err := v.Office.EditMember(v.Ctx(), v.From(f), v.At.Slug, who, in)
	if err == nil {
		return v.Done(v.Onward(v.WS("members", who)), "saved")
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	m, err := v.Office.GetMember(v.Ctx(), v.Caller, v.At.Slug, who)
	if err != nil {
		return err
	}
	return v.memberWith(m, v.Renewed(f, form.OfMember(m), v.Where(), "member:"+m.Address))
}

// stopMember asks before a member stops, by a rehearsal, as stopAccount does.
func (v *visit) stopMember() error {
	v.Section = "members"
	who, verb := v.R.PathValue("member"), v.R.PathValue("verb")
	m, err := v.Office.GetMember(v.Ctx(), v.Caller, v.At.Slug, who)
	if err != nil {
		return err
	}
	s := stop{action: v.Onward(v.WS("members", who, verb)), back: v.Onward(v.WS("members", who))}
	switch verb {
	case "deactivate":
		s.title, s.do = "Deactivate "+phrase.Named(m.Name, m.Address)+"?", "Deactivate"
		s.text = "Sessions end and tokens stop at once. Both can come back."
		s.hit, err = affected(v.Office.DeactivateMember(v.Ctx(), v.Caller, v.At.Slug, who, true))
	case "remove":
		s.title, s.do = "Remove "+phrase.Named(m.Name, m.Address)+"?", "Remove"
		s.text = "Their tokens are revoked for good. Added again later, they get nothing back."
		s.hit, err = affected(v.Office.RemoveMember(v.Ctx(), v.Caller, v.At.Slug, who, true))
	case "cancel":
		s.title, s.do = "Cancel the invitation of "+phrase.Named(m.Name, m.Address)+"?", "Cancel the invitation"
		s.text = "Their link is dead at once and they are a member no longer. If they accept before you confirm, they stay."
		s.hit, err = affected(v.Office.CancelInvitation(v.Ctx(), v.Caller, v.At.Slug, who, true))
	default:
		return v.Missing()
	}
	if err != nil {
		return err
	}
	return v.Page(s.title, stopPage(v, s))
}

// activateMember brings a member back as the page showed them: since then they may have
// been given rights that nobody looked at here.
func (v *visit) activateMember(who string) error {
	m, err := v.Office.GetMember(v.Ctx(), v.Caller, v.At.Slug, who)
	if err != nil {
		return err
	}
	f, back := v.Edited(), v.Onward(v.WS("members", who))
	if _, err = v.Office.ActivateMember(v.Ctx(), v.From(f), v.At.Slug, who); err == nil {
		return v.Done(back, "activated")
	}
	return v.overtaken(err, f, v.Where(), "member:"+m.Address, back)
}

func (v *visit) doStopMember() error {
	who := v.R.PathValue("member")
	var err error
	switch v.R.PathValue("verb") {
	case "deactivate":
		if _, err = v.Office.DeactivateMember(v.Ctx(), v.Caller, v.At.Slug, who, false); err == nil {
			return v.Done(v.Onward(v.WS("members", who)), "deactivated")
		}
	case "activate":
		return v.activateMember(who)
	case "remove":
		if _, err = v.Office.RemoveMember(v.Ctx(), v.Caller, v.At.Slug, who, false); err == nil {
			return v.Done(v.memberBack().Href, "removed")
		}
	case "cancel":
		if _, err = v.Office.CancelInvitation(v.Ctx(), v.Caller, v.At.Slug, who, false); err == nil {
			return v.Done(v.memberBack().Href, "cancelled")
		}
	default:
		return v.Missing()
	}
	return err
}

func hasRole(roles []api.Role, name string) bool {
	return slices.ContainsFunc(roles, func(r api.Role) bool { return r.Name == name })
}

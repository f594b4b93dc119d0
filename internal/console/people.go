package console

import (
	"errors"
	"net/url"
	"slices"
	"strconv"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/listing"
	"github.com/tokenry/tokenry/internal/phrase"
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
	v.section = "service-accounts"
	rows, next, err := v.auth.ListServiceAccounts(v.ctx(), v.caller, v.at.Slug, v.paged())
	if err != nil {
		return err
	}
	return v.page("Service accounts", accountsPage(v, rows, v.listed(len(rows), next)))
}

// paged reads which page of a list is asked for.
func (v *visit) paged() authority.Page {
	after, _ := strconv.ParseInt(v.q("after"), 10, 64) // what is no number begins anew
	return authority.Page{After: after, Limit: pageRows, Text: v.q("q")}
}

// listed describes a page of n rows after which next follows.
func (v *visit) listed(n int, next int64) listing.Names {
	return listing.NamesOf(n, v.q("q"), v.after(next), v.q("after") != "")
}

// after is the address of the next page; empty when there is none.
func (v *visit) after(next int64) string {
	if next == 0 {
		return ""
	}
	return listing.At(*v.r.URL).With("after", strconv.FormatInt(next, 10))
}

func (v *visit) newAccount() error {
	v.section = "service-accounts"
	p, err := v.offered(form.New(url.Values{"for": {v.q("for")}}))
	if err != nil {
		return err
	}
	return v.page("New service account", newAccountPage(v, p))
}

// doNewAccount makes a service account. Whoever came for one from the form of a token
// goes back there, with the new account chosen.
func (v *visit) doNewAccount() error {
	v.section = "service-accounts"
	p, err := v.offered(v.typed())
	if err != nil {
		return err
	}
	in := api.CreateServiceAccount{Name: p.Get("name"), Description: api.Some(p.Get("description")), Contacts: api.Some(p.List("contacts"))}
	var s authority.Done[api.ServiceAccount]
	if in.Rights, err = p.AccountRights(v.at.Reach()); err == nil {
		s, err = v.auth.CreateServiceAccount(v.ctx(), v.caller, v.at.Slug, in)
	}
	if err != nil {
		if p.Form, err = refused(p.Form, err); err != nil {
			return err
		}
		return v.again("New service account", newAccountPage(v, p))
	}
	if p.Get("for") == "token" {
		return v.done(v.accountBack(p.Form)+"&account="+url.QueryEscape(s.Value.Name), "created")
	}
	return v.done(v.ws("service-accounts", s.Value.Name), "created")
}

// accountBack is the page from which somebody came to make a service account.
func (v *visit) accountBack(f form.Form) string {
	if f.Get("for") == "token" {
		return v.ws("access-tokens", "new") + "?owner=service"
	}
	return v.ws("service-accounts")
}

func (v *visit) account() error {
	s, err := v.auth.GetServiceAccount(v.ctx(), v.caller, v.at.Slug, v.r.PathValue("name"))
	if err != nil {
		return err
	}
	return v.accountWith(s, form.OfAccount(s))
}

// accountWith draws the page of a service account. Its tokens are left out for whoever
// may not list any.
func (v *visit) accountWith(s api.ServiceAccount, f form.Form) error {
	v.section = "service-accounts"
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
		return v.again(s.Name, body)
	}
	return v.page(s.Name, body)
}

func (v *visit) doAccount() error {
	name, f := v.r.PathValue("name"), v.edited()
	in := api.EditServiceAccount{Description: f.Edit("description"), Contacts: f.EditList("contacts")}
	var err error
	if in.Rights, err = f.EditAccountRights(v.at.Reach()); err == nil {
		_, err = v.auth.EditServiceAccount(v.ctx(), v.from(f), v.at.Slug, name, in)
	}
	if err == nil {
		return v.done(v.ws("service-accounts", name), "saved")
	}
	if f, err = refused(f, err); err != nil {
		return err
	}
	s, err := v.auth.GetServiceAccount(v.ctx(), v.caller, v.at.Slug, name)
	if err != nil {
		return err
	}
	return v.accountWith(s, v.renewed(f, form.OfAccount(s), v.where(), "service_account:"+s.Name, "scope"))
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
	v.section = "service-accounts"
	name, verb := v.r.PathValue("name"), v.r.PathValue("verb")
	s := stop{action: v.ws("service-accounts", name, verb), back: v.ws("service-accounts", name)}
	var err error
	switch verb {
	case "disable":
		s.title, s.do = "Disable "+name+"?", "Disable"
		s.text = "Its tokens stop at once and come back when it is enabled."
		s.hit, err = affected(v.auth.DisableServiceAccount(v.ctx(), v.caller, v.at.Slug, name, true))
	case "delete":
		s.title, s.do = "Delete "+name+"?", "Delete"
		s.text = "Its tokens are revoked for good. The same name later gets nothing back."
		s.hit, err = affected(v.auth.RemoveServiceAccount(v.ctx(), v.caller, v.at.Slug, name, true))
	default:
		return v.missing()
	}
	if err != nil {
		return err
	}
	return v.page(s.title, stopPage(v, s))
}

// doStopAccount does what the page before it said. Only bringing back is of the revision
// that the page showed: what takes power away always goes through.
func (v *visit) doStopAccount() error {
	name := v.r.PathValue("name")
	var err error
	switch v.r.PathValue("verb") {
	case "disable":
		if _, err = v.auth.DisableServiceAccount(v.ctx(), v.caller, v.at.Slug, name, false); err == nil {
			return v.done(v.ws("service-accounts", name), "deactivated")
		}
	case "enable":
		f, back := v.edited(), v.ws("service-accounts", name)
		if _, err = v.auth.EnableServiceAccount(v.ctx(), v.from(f), v.at.Slug, name); err == nil {
			return v.done(back, "activated")
		}
		return v.overtaken(err, f, v.where(), "service_account:"+name, back)
	case "delete":
		if _, err = v.auth.RemoveServiceAccount(v.ctx(), v.caller, v.at.Slug, name, false); err == nil {
			return v.done(v.ws("service-accounts"), "removed")
		}
	default:
		return v.missing()
	}
	return err
}

func (v *visit) members() error {
	v.section = "members"
	rows, next, err := v.auth.ListMembers(v.ctx(), v.caller, v.at.Slug, v.paged())
	if err != nil {
		return err
	}
	return v.page("Members", membersPage(v, rows, v.listed(len(rows), next)))
}

func (v *visit) newMember() error {
	v.section = "members"
	p, err := v.offered(form.New(nil))
	if err != nil {
		return err
	}
	return v.page("Add a member", newMemberPage(v, p))
}

// doNewMember adds a person and then invites them. They are a member all the same when
// no mail could be sent: the page says so, and nobody is taken out again.
func (v *visit) doNewMember() error {
	v.section = "members"
	p, err := v.offered(v.typed())
	if err != nil {
		return err
	}
	in := api.CreateMember{Email: p.Get("email"), Name: p.Optional("name"), ExternalID: p.Optional("external_id")}
	in.Rights = p.Rights(v.at.Reach())
	m, err := v.auth.CreateMember(v.ctx(), v.caller, v.at.Slug, in)
	if err != nil {
		if p.Form, err = refused(p.Form, err); err != nil {
			return err
		}
		return v.again("Add a member", newMemberPage(v, p))
	}
	return v.invite(m.Value)
}

// invite mails the new member a link, or says who can hand one over.
func (v *visit) invite(m api.Member) error {
	if m.Email == nil {
		return v.done(v.ws("members"), "created")
	}
	sent, err := v.Links.Invite(v.ctx(), v.caller, v.at.Slug, m.ID)
	switch {
	case err != nil:
		v.Logger.WarnContext(v.ctx(), "invite a member", "error", err)
		return v.done(v.ws("members"), "added-unsent")
	case sent.Sent:
		return v.done(v.ws("members"), "invited")
	case sent.CanSignIn:
		return v.done(v.ws("members"), "added-knows")
	case v.session.InstanceAdmin:
		return v.done(userAt(m.ID), "added-hand")
	}
	return v.done(v.ws("members"), "added-asks")
}

func (v *visit) member() error {
	m, err := v.auth.GetMember(v.ctx(), v.caller, v.at.Slug, v.r.PathValue("member"))
	if err != nil {
		return err
	}
	return v.memberWith(m, form.OfMember(m))
}

func (v *visit) memberWith(m api.Member, f form.Form) error {
	v.section = "members"
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
	body := memberPage(v, m, kept, p, t)
	if f.Err != nil {
		return v.again(m.Address, body)
	}
	return v.page(m.Address, body)
}

// kept says why the visitor cannot stop a member, as a rehearsal tells it; empty
// when they can.
func (v *visit) kept(m api.Member) (string, error) {
	if !v.may("members:write") {
		return "", nil
	}
	_, err := v.auth.RemoveMember(v.ctx(), v.caller, v.at.Slug, m.ID, true)
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
	who, f := v.r.PathValue("member"), v.edited()
	in := api.EditMember{Name: f.Edit("name"), Rights: f.EditRights(v.at.Reach())}
	_, err := v.auth.EditMember(v.ctx(), v.from(f), v.at.Slug, who, in)
	if err == nil {
		return v.done(v.ws("members", who), "saved")
	}
	if f, err = refused(f, err); err != nil {
		return err
	}
	m, err := v.auth.GetMember(v.ctx(), v.caller, v.at.Slug, who)
	if err != nil {
		return err
	}
	return v.memberWith(m, v.renewed(f, form.OfMember(m), v.where(), "member:"+m.Address))
}

// stopMember asks before a member stops, by a rehearsal, as stopAccount does.
func (v *visit) stopMember() error {
	v.section = "members"
	who, verb := v.r.PathValue("member"), v.r.PathValue("verb")
	m, err := v.auth.GetMember(v.ctx(), v.caller, v.at.Slug, who)
	if err != nil {
		return err
	}
	s := stop{action: v.ws("members", who, verb), back: v.ws("members", who)}
	switch verb {
	case "deactivate":
		s.title, s.do = "Deactivate "+phrase.Named(m.Name, m.Address)+"?", "Deactivate"
		s.text = "Sessions end and tokens stop at once. Both can come back."
		s.hit, err = affected(v.auth.DeactivateMember(v.ctx(), v.caller, v.at.Slug, who, true))
	case "remove":
		s.title, s.do = "Remove "+phrase.Named(m.Name, m.Address)+"?", "Remove"
		s.text = "Their tokens are revoked for good. Added again later, they get nothing back."
		s.hit, err = affected(v.auth.RemoveMember(v.ctx(), v.caller, v.at.Slug, who, true))
	default:
		return v.missing()
	}
	if err != nil {
		return err
	}
	return v.page(s.title, stopPage(v, s))
}

// activateMember brings a member back as the page showed them: since then they may have
// been given rights that nobody looked at here.
func (v *visit) activateMember(who string) error {
	m, err := v.auth.GetMember(v.ctx(), v.caller, v.at.Slug, who)
	if err != nil {
		return err
	}
	f, back := v.edited(), v.ws("members", who)
	if _, err = v.auth.ActivateMember(v.ctx(), v.from(f), v.at.Slug, who); err == nil {
		return v.done(back, "activated")
	}
	return v.overtaken(err, f, v.where(), "member:"+m.Address, back)
}

func (v *visit) doStopMember() error {
	who := v.r.PathValue("member")
	var err error
	switch v.r.PathValue("verb") {
	case "deactivate":
		if _, err = v.auth.DeactivateMember(v.ctx(), v.caller, v.at.Slug, who, false); err == nil {
			return v.done(v.ws("members", who), "deactivated")
		}
	case "activate":
		return v.activateMember(who)
	case "remove":
		if _, err = v.auth.RemoveMember(v.ctx(), v.caller, v.at.Slug, who, false); err == nil {
			return v.done(v.ws("members"), "removed")
		}
	default:
		return v.missing()
	}
	return err
}

func hasRole(roles []api.Role, name string) bool {
	return slices.ContainsFunc(roles, func(r api.Role) bool { return r.Name == name })
}

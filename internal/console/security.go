package console

import (
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/reception"
	"github.com/tokenry/tokenry/token"
)

const securityHome = "/settings/security"

// securityData is what the page about a person's ways of signing in shows.
type securityData struct {
	door.Account
	sessions []door.Session
	// password and sso say which ways are open here, providers at whom.
	password, sso bool
	providers     []door.Provider
}

// linkable are the providers at which the person has no identity yet.
func (d securityData) linkable() []door.Provider {
	var out []door.Provider
	for _, p := range d.providers {
		taken := false
		for _, i := range d.Identities {
			taken = taken || i.Provider == p.Name
		}
		if !taken {
			out = append(out, p)
		}
	}
	return out
}

func (v *visit) securityData() (d securityData, err error) {
	d.password, d.sso = v.SignIn.Methods()
	if d.sso {
		d.providers = v.SignIn.OIDCProviders()
	}
	if d.Account, err = v.Authenticators.Account(v.Ctx(), v.Session.User); err != nil {
		return d, err
	}
	d.sessions, err = v.Sessions.Sessions(v.Ctx(), v.Session.User)
	return d, err
}

func (v *visit) security() error {
	d, err := v.securityData()
	if err != nil {
		return err
	}
	return v.Page("Security", securityPage(v, d))
}

// refusedOn answers a page of the security settings again, with what was wrong.
func (v *visit) refusedOn(err error, title string, page func(form.Form) templ.Component) error {
	f, err := reception.Refused(v.Typed(), err)
	if err != nil {
		return err
	}
	return v.Again(title, page(f))
}

// password draws the form of a new password. Who has none proves first who they are; who
// has one types it in the form itself.
func (v *visit) password() error {
	d, err := v.securityData()
	if err == nil && !d.Password {
		err = v.ledToProof(securityHome + "/password") // who has none sets their first
	}
	if err != nil {
		return err
	}
	return v.Page("Password", passwordPage(v, d, form.New(nil)))
}

// doPassword changes it. Passwords are read as they were sent: a form cuts the blanks at
// the ends of a field, and of a password they are part.
func (v *visit) doPassword() error {
	err := v.Authenticators.ChangePassword(v.Ctx(), v.Session, v.R.PostForm.Get("old"), v.R.PostForm.Get("password"))
	if err == nil {
		return v.Done(securityHome, "password")
	}
	d, failed := v.securityData()
	if failed != nil {
		return failed
	}
	return v.refusedOn(err, "Password", func(f form.Form) templ.Component { return passwordPage(v, d, f) })
}

func (v *visit) doEndSession() error {
	if err := v.Sessions.EndSession(v.Ctx(), v.Session, v.R.PostForm.Get("id")); err != nil {
		return err
	}
	return v.Done(securityHome, "ended")
}

func (v *visit) doEndAll() error {
	if err := v.Sessions.EndOthers(v.Ctx(), v.Session); err != nil {
		return err
	}
	return v.Done(securityHome, "all-ended")
}

// doEndEverything ends every session, this one too: for whoever no longer knows
// which of them is theirs.
func (v *visit) doEndEverything() error {
	if err := v.Sessions.EndOthers(v.Ctx(), v.Session); err != nil {
		return err
	}
	return v.signOut()
}

// app is the page of the authenticator app: to add one, or what can be done to it.
func (v *visit) app() error {
	d, err := v.securityData()
	if err != nil {
		return err
	}
	return v.Page("Authenticator app", appPage(v, d, form.New(nil)))
}

// doApp begins with an authenticator app. Until its first code was typed it is no factor
// yet, so nobody is locked out by a picture that they lost.
func (v *visit) doApp() error {
	e, err := v.Authenticators.EnrollTOTP(v.Ctx(), v.Session)
	if err != nil {
		return err
	}
	return v.Page("Authenticator app", enrollPage(e, form.New(nil)))
}

// doConfirmApp makes the app a factor. When the code is not right the picture is not
// drawn a second time: its secret was shown once, and who lost it begins anew.
func (v *visit) doConfirmApp() error {
	codes, err := v.Authenticators.ConfirmTOTP(v.Ctx(), v.Session, v.Typed().Get("code"))
	if err != nil {
		return v.refusedOn(err, "Authenticator app", func(f form.Form) templ.Component { return enrollPage(door.Enrollment{}, f) })
	}
	return v.Page("Recovery codes", codesPage(v, reveal(codes), "The app is your second factor from now on. Your other sessions are ended.", v.onward(securityHome)))
}

func (v *visit) doCodes() error {
	codes, err := v.Authenticators.RecoveryCodes(v.Ctx(), v.Session)
	if err != nil {
		return err
	}
	return v.Page("Recovery codes", codesPage(v, reveal(codes), "Your previous recovery codes no longer work.", securityHome))
}

func reveal(codes []token.Secret) []string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = c.Reveal()
	}
	return out
}

// download is the address of a file that holds the codes, within the page itself.
func download(codes []string) templ.SafeURL {
	return templ.SafeURL("data:text/plain;charset=utf-8," + url.PathEscape(strings.Join(codes, "\n")+"\n"))
}

func (v *visit) doRemoveApp() error {
	err := v.Authenticators.DisableTOTP(v.Ctx(), v.Session, v.R.PostForm.Get("password"))
	if err == nil {
		return v.Done(securityHome, "app-removed")
	}
	d, failed := v.securityData()
	if failed != nil {
		return failed
	}
	return v.refusedOn(err, "Authenticator app", func(f form.Form) templ.Component { return appPage(v, d, f) })
}

func (v *visit) newPasskey() error {
	return v.passkeyWith(form.New(nil))
}

// passkeyWith draws the page with a challenge of its own: each is answered once, also
// when the answer was refused.
func (v *visit) passkeyWith(f form.Form) error {
	c, err := v.Authenticators.PasskeyNew(v.Ctx(), v.Session)
	if err != nil {
		return err
	}
	if f.Err != nil {
		return v.Again("New passkey", newPasskeyPage(v, c, f))
	}
	return v.Page("New passkey", newPasskeyPage(v, c, f))
}

func (v *visit) doNewPasskey() error {
	f := v.Typed()
	err := v.Authenticators.PasskeyAdd(v.Ctx(), v.Session, v.R.PostForm.Get("state"), v.R.PostForm.Get("answer"), f.Get("name"))
	if err == nil {
		return v.Done(v.onward(securityHome), "passkey-added")
	}
	if f, err = reception.Refused(f, err); err != nil {
		return err
	}
	return v.passkeyWith(f)
}

func (v *visit) doRemovePasskey() error {
	if err := v.Authenticators.PasskeyRemove(v.Ctx(), v.Session, v.Typed().Get("id")); err != nil {
		return err
	}
	return v.Done(securityHome, "passkey-removed")
}

func (v *visit) doLink() error {
	address, state, err := v.Authenticators.OIDCLink(v.Ctx(), v.Session, v.R.PathValue("provider"), securityHome+"?did=linked")
	if err != nil {
		return err
	}
	return v.toProvider(address, state)
}

func (v *visit) doUnlink() error {
	if err := v.Authenticators.Unlink(v.Ctx(), v.Session, v.R.PostForm.Get("issuer"), v.R.PostForm.Get("subject")); err != nil {
		return err
	}
	return v.Done(securityHome, "unlinked")
}

// ifEver is a time that may be none.
func ifEver(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

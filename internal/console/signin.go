package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/token"
)

const (
	sessionAge = 400 * 24 * 60 * 60 // the server ends it long before
	stateAge   = 10 * 60
)

// home leads to where the visitor works.
func (v *visit) home() error {
	switch {
	case v.session.User == 0:
		return v.redirect("/signin")
	case v.session.Portal != "":
		return v.redirect("/settings/tokens")
	}
	return v.redirect("/workspaces")
}

func (v *visit) signIn() error {
	if v.session.User != 0 {
		return v.redirect(door.SafeNext(v.q("next")))
	}
	return v.signInWith(form.New(nil), door.SafeNext(v.q("next")))
}

// doors are the ways in that the sign-in page offers.
type doors struct {
	next          string
	password, sso bool
	// empty says that there is no Owner yet, so nobody can sign in.
	empty   bool
	passkey *door.Ceremony
}

func (v *visit) signInWith(f form.Form, next string) error {
	d := doors{next: next}
	done, err := v.auth.IsSetUp(v.ctx())
	if err != nil {
		return err
	}
	d.empty = !done
	d.password, d.sso = v.SignIn.Methods()
	if v.SignIn.Passkeys() {
		c, err := v.SignIn.PasskeyOffer()
		if err != nil {
			return err
		}
		d.passkey = &c
	}
	if f.Err != nil {
		return v.again("Sign in", signInPage(v, f, d))
	}
	return v.page("Sign in", signInPage(v, f, d))
}

// refuseClear refuses to give a cookie that the network could read.
func (v *visit) refuseClear() error {
	if v.keepable(v.r) {
		return nil
	}
	return api.Errorf(api.CodeForbidden, "signing in needs HTTPS; over plain HTTP the password and the session could be read on the way")
}

// doSignIn takes an e-mail and a password. The password is read as it was sent: blanks
// at its ends count.
func (v *visit) doSignIn() error {
	if err := v.refuseClear(); err != nil {
		return err
	}
	f, next := v.typed(), door.SafeNext(v.r.PostForm.Get("next"))
	r, err := v.SignIn.Password(v.ctx(), f.Get("email"), v.r.PostForm.Get("password"), v.by)
	if err != nil {
		if f, err = refused(f, err); err != nil {
			return err
		}
		return v.signInWith(f, next)
	}
	if r.SecondFactor != "" {
		return v.page("Second factor", secondFactorPage(form.New(nil), r.SecondFactor, next))
	}
	return v.welcome(r, next)
}

func (v *visit) doPasskey() error {
	if err := v.refuseClear(); err != nil {
		return err
	}
	f, next := v.typed(), door.SafeNext(v.r.PostForm.Get("next"))
	r, err := v.SignIn.PasskeySignIn(v.ctx(), v.r.PostForm.Get("state"), v.r.PostForm.Get("answer"), v.by)
	if err != nil {
		if f, err = refused(f, err); err != nil {
			return err
		}
		return v.signInWith(f, next)
	}
	return v.welcome(r, next)
}

func (v *visit) doSecondFactor() error {
	if err := v.refuseClear(); err != nil {
		return err
	}
	f, next := v.typed(), door.SafeNext(v.r.PostForm.Get("next"))
	r, err := v.SignIn.SecondFactor(v.ctx(), f.Get("ticket"), f.Get("code"), v.by)
	if err != nil {
		if f, err = refused(f, err); err != nil {
			return err
		}
		return v.again("Second factor", secondFactorPage(f, f.Get("ticket"), next))
	}
	return v.welcome(r, next)
}

// welcome gives the new session's cookie; the browser's old session, if any,
// ends, so that nobody goes on in a session that was planted.
func (v *visit) welcome(r door.Entry, next string) error {
	if old := v.cookie(v.r, v.cookieName(v.r)); old != "" {
		_ = v.Sessions.SignOut(v.ctx(), old) // it may have ended long ago
	}
	v.setCookie(v.w, v.r, v.cookieName(v.r), r.Cookie.Reveal(), sessionAge)
	return v.redirect(next)
}

// signOut ends the session here and tells the browser to forget what it keeps. Where the
// server cannot end its own record now, that is logged, and the browser forgets all the
// same.
func (v *visit) signOut() error {
	if value := v.cookie(v.r, v.cookieName(v.r)); value != "" {
		if err := v.Sessions.SignOut(v.ctx(), value); err != nil {
			v.Logger.WarnContext(v.ctx(), "sign out", "error", err)
		}
	}
	v.setCookie(v.w, v.r, v.cookieName(v.r), "", -1)
	v.w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return v.redirect("/signin?did=signed-out")
}

// reset asks for the e-mail that a link is mailed to, or draws the form that such a link
// leads to.
func (v *visit) reset() error {
	if v.q("code") != "" {
		return v.mailed(resetLink())
	}
	if !v.takesPasswords() {
		return v.page("Sign in", elsewherePasswordPage())
	}
	if !v.Links.MailsLinks() {
		return v.page("Reset your password", mailless(v))
	}
	return v.page("Reset your password", resetPage(form.New(nil), false))
}

// doReset mails a link or takes the new password. Its page says the same whether anybody
// has this e-mail: else it would tell strangers who works here.
func (v *visit) doReset() error {
	f := v.typed()
	if f.Get("code") != "" {
		return v.choosePassword(resetLink(), f, v.Links.FinishReset)
	}
	if !v.Links.MailsLinks() {
		return v.again("Reset your password", mailless(v))
	}
	if err := v.Links.RequestReset(v.ctx(), f.Get("email"), v.by); err != nil {
		if f, err = refused(f, err); err != nil {
			return err
		}
		return v.again("Reset your password", resetPage(f, false))
	}
	return v.page("Check your mail", resetPage(f, true))
}

// mailed draws the form that a link leads to, or says that it leads nowhere.
func (v *visit) mailed(l mailedLink) error {
	f := form.New(url.Values{"code": {v.q("code")}})
	var err error
	if l.email, err = v.Links.Addressee(v.ctx(), l.kind, f.Get("code")); err != nil {
		if f, err = refused(f, err); err != nil {
			return err
		}
	}
	return v.page(l.title, newPasswordPage(f, l))
}

// chosen is a verb that sets a password with the code of a mailed link.
type chosen func(ctx context.Context, code, password string, by door.Client) (door.Entry, error)

// choosePassword sets a password by a mailed link. A second factor stays due: whoever
// reads somebody's mail has not their phone.
func (v *visit) choosePassword(l mailedLink, f form.Form, set chosen) error {
	if err := v.refuseClear(); err != nil {
		return err
	}
	r, err := set(v.ctx(), f.Get("code"), v.r.PostForm.Get("password"), v.by)
	if err != nil {
		if f, err = refused(f, err); err != nil {
			return err
		}
		l.email, _ = v.Links.Addressee(v.ctx(), l.kind, f.Get("code")) // without it the page says the same
		return v.again(l.title, newPasswordPage(f, l))
	}
	if r.SecondFactor != "" {
		return v.page("Second factor", secondFactorPage(form.New(nil), r.SecondFactor, "/workspaces"))
	}
	if r.Cookie.Reveal() == "" {
		return v.done("/signin", "reset")
	}
	return v.welcome(r, "/workspaces")
}

func (v *visit) invitation() error { return v.mailed(invitationLink()) }

func (v *visit) doInvitation() error {
	return v.choosePassword(invitationLink(), v.typed(), v.Links.AcceptInvitation)
}

func (v *visit) handedLink() error { return v.mailed(passwordLink()) }

func (v *visit) doHandedLink() error {
	return v.choosePassword(passwordLink(), v.typed(), v.Handouts.ChoosePassword)
}

func (v *visit) handedFactors() error { return v.mailed(factorsLink()) }

func (v *visit) doHandedFactors() error {
	return v.choosePassword(factorsLink(), v.typed(), v.Handouts.RemoveFactors)
}

func (v *visit) setup() error {
	if done, err := v.auth.IsSetUp(v.ctx()); err != nil || done {
		return v.isSetUp(err)
	}
	return v.page("Set up", setupPage(v, form.New(nil), v.q("code")))
}

func (v *visit) takesPasswords() bool {
	password, _ := v.SignIn.Methods()
	return password
}

// doSetup makes the first Owner. Where somebody was faster, that is what it says, and
// not what was wrong with this form.
func (v *visit) doSetup() error {
	if err := v.refuseClear(); err != nil {
		return err
	}
	f := v.typed()
	r, err := v.Links.Setup(v.ctx(), f.Get("code"), f.Get("email"), v.r.PostForm.Get("password"), f.Get("workspace"), v.by)
	if err != nil {
		if done, failed := v.auth.IsSetUp(v.ctx()); failed != nil || done {
			return v.isSetUp(failed)
		}
		if f, err = refused(f, err); err != nil {
			return err
		}
		return v.again("Set up", setupPage(v, f, f.Get("code")))
	}
	return v.welcome(r, "/workspace/"+url.PathEscape(f.Get("workspace"))+"/access-tokens?did=set-up")
}

// isSetUp says that the first run is over.
func (v *visit) isSetUp(err error) error {
	if err != nil {
		return err
	}
	status := http.StatusOK
	if v.r.Method == http.MethodPost {
		status = http.StatusConflict
	}
	v.show(status, "Set up", problemPage(v, "This server is set up already",
		"The setup link worked once, for its first Owner. They can invite you.", v.back(), "Continue"))
	return nil
}

// portal shows a button and opens nothing: a program that looks at links ahead of their
// reader would use this one up.
func (v *visit) portal() error {
	return v.page("Your tokens", portalPage(v.q("code")))
}

func (v *visit) doPortal() error {
	if err := v.refuseClear(); err != nil {
		return err
	}
	r, err := v.Portals.OpenPortal(v.ctx(), v.r.PostForm.Get("code"), v.by)
	if errors.Is(err, api.CodeInvalidToken) {
		v.show(http.StatusUnauthorized, "Your tokens", problemPage(v, "This link does not work any more",
			"It works once, and for five minutes. Go back to where you got it and open a new one.", "/", "To the console"))
		return nil
	}
	if err != nil {
		return err
	}
	return v.welcome(r, "/settings/tokens")
}

func (v *visit) startOIDC() error {
	if err := v.refuseClear(); err != nil {
		return err
	}
	address, state, err := v.SignIn.OIDCStart(v.ctx(), v.r.PathValue("provider"), door.SafeNext(v.r.PostForm.Get("next")))
	if err != nil {
		return err
	}
	return v.toProvider(address, state)
}

// toProvider keeps the visit in a cookie and leads to the identity provider.
func (v *visit) toProvider(address, state string) error {
	v.setCookie(v.w, v.r, v.cookieName(v.r)+"-state", state, stateAge)
	// The CSP's form-action 'self' would stop a redirect to the provider, so the
	// page leads there.
	return v.page("Continue", elsewherePage(address))
}

// finishOIDC takes whoever comes back from the provider. Without the cookie of this
// browser's own start it takes nobody, so that no one can be signed in as somebody else
// by a link.
func (v *visit) finishOIDC() error {
	name := v.cookieName(v.r) + "-state"
	state := v.cookie(v.r, name)
	v.setCookie(v.w, v.r, name, "", -1)
	if state == "" {
		return api.Errorf(api.CodeForbidden, "this sign-in was not begun in this browser, or too long ago")
	}
	r, next, err := v.SignIn.OIDCFinish(v.ctx(), v.r.PathValue("provider"), state, v.r.URL.Query(), v.by)
	if err != nil {
		return v.ssoTrouble(err)
	}
	return v.welcome(r, door.SafeNext(next))
}

// ssoTrouble says why somebody who came back from the provider is not signed in.
func (v *visit) ssoTrouble(err error) error {
	e := api.AsError(err)
	if e.Code == api.CodeInternal {
		return err
	}
	href, to := "/signin", "Back to sign-in"
	if v.session.User != 0 {
		href, to = securityHome, "Back to Security"
	}
	v.show(e.Code.Info().Status, "Single sign-on", problemPage(v, "Signing in there did not work here", phrase.Sentence(e.Message), href, to))
	return nil
}

// signInHint says what an API token in the sign-in form means.
func signInHint(f form.Form) string {
	if f.Err != nil && !errors.Is(f.Err, api.CodeRateLimited) && (token.Contains(f.Get("email")) || token.Contains(f.Get("password"))) {
		return "That is an API token. Tokens open the API, never this console."
	}
	return ""
}

// keepEmail keeps the e-mail that was typed, but not a token that was pasted.
func keepEmail(f form.Form) string {
	if s := f.Get("email"); !token.Contains(s) {
		return s
	}
	return ""
}

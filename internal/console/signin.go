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
	"github.com/tokenry/tokenry/internal/reception"
	"github.com/tokenry/tokenry/token"
)

// stateAge is how long a browser keeps a visit to an identity provider, in seconds.
const stateAge = 10 * 60

// home leads to where the visitor works.
func (v *visit) home() error {
	switch {
	case v.Session.User == 0:
		return v.Redirect("/signin")
	case v.Session.Portal != "":
		return v.Redirect("/settings/tokens")
	}
	return v.Redirect("/workspaces")
}

func (v *visit) signIn() error {
	if v.Session.User != 0 {
		return v.Redirect(door.SafeNext(v.Q("next")))
	}
	return v.signInWith(form.New(nil), door.SafeNext(v.Q("next")))
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
	done, err := v.Office.IsSetUp(v.Ctx())
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
		return v.Again("Sign in", signInPage(v, f, d))
	}
	return v.Page("Sign in", signInPage(v, f, d))
}

// doSignIn takes an e-mail and a password. The password is read as it was sent: blanks
// at its ends count.
func (v *visit) doSignIn() error {
	if err := v.RefuseClear(); err != nil {
		return err
	}
	f, next := v.Typed(), door.SafeNext(v.R.PostForm.Get("next"))
	r, err := v.SignIn.Password(v.Ctx(), f.Get("email"), v.R.PostForm.Get("password"), v.By)
	if err != nil {
		if f, err = reception.Refused(f, err); err != nil {
			return err
		}
		return v.signInWith(f, next)
	}
	if r.SecondFactor != "" {
		return v.Page("Second factor", secondFactorPage(form.New(nil), r.SecondFactor, next))
	}
	return v.Welcome(r, next)
}

func (v *visit) doPasskey() error {
	if err := v.RefuseClear(); err != nil {
		return err
	}
	f, next := v.Typed(), door.SafeNext(v.R.PostForm.Get("next"))
	r, err := v.SignIn.PasskeySignIn(v.Ctx(), v.R.PostForm.Get("state"), v.R.PostForm.Get("answer"), v.By)
	if err != nil {
		if f, err = reception.Refused(f, err); err != nil {
			return err
		}
		return v.signInWith(f, next)
	}
	return v.Welcome(r, next)
}

func (v *visit) doSecondFactor() error {
	if err := v.RefuseClear(); err != nil {
		return err
	}
	f, next := v.Typed(), door.SafeNext(v.R.PostForm.Get("next"))
	r, err := v.SignIn.SecondFactor(v.Ctx(), f.Get("ticket"), f.Get("code"), v.By)
	if err != nil {
		if f, err = reception.Refused(f, err); err != nil {
			return err
		}
		return v.Again("Second factor", secondFactorPage(f, f.Get("ticket"), next))
	}
	return v.Welcome(r, next)
}

// signOut ends the session here and tells the browser to forget what it keeps. Where the
// server cannot end its own record now, that is logged, and the browser forgets all the
// same.
func (v *visit) signOut() error {
	if value := v.Cookie(v.CookieName()); value != "" {
		if err := v.Sessions.SignOut(v.Ctx(), value); err != nil {
			v.Logger.WarnContext(v.Ctx(), "sign out", "error", err)
		}
	}
	v.SetCookie(v.CookieName(), "", -1)
	v.W.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return v.Redirect("/signin?did=signed-out")
}

// reset asks for the e-mail that a link is mailed to, or draws the form that such a link
// leads to.
func (v *visit) reset() error {
	if v.Q("code") != "" {
		return v.mailed(resetLink())
	}
	if !v.takesPasswords() {
		return v.Page("Sign in", elsewherePasswordPage())
	}
	if !v.Links.MailsLinks() {
		return v.Page("Reset your password", mailless(v))
	}
	return v.Page("Reset your password", resetPage(form.New(nil), false))
}

// doReset mails a link or takes the new password. Its page says the same whether anybody
// has this e-mail: else it would tell strangers who works here.
func (v *visit) doReset() error {
	f := v.Typed()
	if f.Get("code") != "" {
		return v.choosePassword(resetLink(), f, v.Links.FinishReset)
	}
	if !v.Links.MailsLinks() {
		return v.Again("Reset your password", mailless(v))
	}
	if err := v.Links.RequestReset(v.Ctx(), f.Get("email"), v.By); err != nil {
		if f, err = reception.Refused(f, err); err != nil {
			return err
		}
		return v.Again("Reset your password", resetPage(f, false))
	}
	return v.Page("Check your mail", resetPage(f, true))
}

// mailed draws the form that a link leads to, or says that it leads nowhere.
func (v *visit) mailed(l mailedLink) error {
	f := form.New(url.Values{"code": {v.Q("code")}})
	var err error
	if l.email, err = v.Links.Addressee(v.Ctx(), l.kind, f.Get("code")); err != nil {
		if f, err = reception.Refused(f, err); err != nil {
			return err
		}
	}
	return v.Page(l.title, newPasswordPage(f, l))
}

// chosen is a verb that sets a password with the code of a mailed link.
type chosen func(ctx context.Context, code, password string, by door.Client) (door.Entry, error)

// choosePassword sets a password by a mailed link. A second factor stays due: whoever
// reads somebody's mail has not their phone.
func (v *visit) choosePassword(l mailedLink, f form.Form, set chosen) error {
	if err := v.RefuseClear(); err != nil {
		return err
	}
	r, err := set(v.Ctx(), f.Get("code"), v.R.PostForm.Get("password"), v.By)
	if err != nil {
		if f, err = reception.Refused(f, err); err != nil {
			return err
		}
		l.email, _ = v.Links.Addressee(v.Ctx(), l.kind, f.Get("code")) // without it the page says the same
		return v.Again(l.title, newPasswordPage(f, l))
	}
	if r.SecondFactor != "" {
		return v.Page("Second factor", secondFactorPage(form.New(nil), r.SecondFactor, "/workspaces"))
	}
	if r.Cookie.Reveal() == "" {
		return v.Done("/signin", "reset")
	}
	return v.Welcome(r, "/workspaces")
}

func (v *visit) invitation() error { return v.mailed(invitationLink()) }

func (v *visit) doInvitation() error {
	return v.choosePassword(invitationLink(), v.Typed(), v.Links.AcceptInvitation)
}

func (v *visit) handedLink() error { return v.mailed(passwordLink()) }

func (v *visit) doHandedLink() error {
	return v.choosePassword(passwordLink(), v.Typed(), v.Handouts.ChoosePassword)
}

func (v *visit) handedFactors() error { return v.mailed(factorsLink()) }

func (v *visit) doHandedFactors() error {
	return v.choosePassword(factorsLink(), v.Typed(), v.Handouts.RemoveFactors)
}

func (v *visit) setup() error {
	if done, err := v.Office.IsSetUp(v.Ctx()); err != nil || done {
		return v.isSetUp(err)
	}
	return v.Page("Set up", setupPage(v, form.New(nil), v.Q("code")))
}

func (v *visit) takesPasswords() bool {
	password, _ := v.SignIn.Methods()
	return password
}

// doSetup makes the first Owner. Where somebody was faster, that is what it says, and
// not what was wrong with this form.
func (v *visit) doSetup() error {
	if err := v.RefuseClear(); err != nil {
		return err
	}
	f := v.Typed()
	r, err := v.Links.Setup(v.Ctx(), f.Get("code"), f.Get("email"), v.R.PostForm.Get("password"), f.Get("workspace"), v.By)
	if err != nil {
		if done, failed := v.Office.IsSetUp(v.Ctx()); failed != nil || done {
			return v.isSetUp(failed)
		}
		if f, err = reception.Refused(f, err); err != nil {
			return err
		}
		return v.Again("Set up", setupPage(v, f, f.Get("code")))
	}
	return v.Welcome(r, "/workspace/"+url.PathEscape(f.Get("workspace"))+"/access-tokens?did=set-up")
}

// isSetUp says that the first run is over.
func (v *visit) isSetUp(err error) error {
	if err != nil {
		return err
	}
	status := http.StatusOK
	if v.R.Method == http.MethodPost {
		status = http.StatusConflict
	}
	v.Show(status, "Set up", problemPage(v, "This server is set up already",
		"The setup link worked once, for its first Owner. They can invite you.", v.Back(), "Continue"))
	return nil
}

// portal shows a button and opens nothing: a program that looks at links ahead of their
// reader would use this one up.
func (v *visit) portal() error {
	return v.Page("Your tokens", portalPage(v.Q("code")))
}

func (v *visit) doPortal() error {
	if err := v.RefuseClear(); err != nil {
		return err
	}
	r, err := v.Portals.OpenPortal(v.Ctx(), v.R.PostForm.Get("code"), v.By)
	if errors.Is(err, api.CodeInvalidToken) {
		v.Show(http.StatusUnauthorized, "Your tokens", problemPage(v, "This link does not work any more",
			"It works once, and for five minutes. Go back to where you got it and open a new one.", "/", "To the console"))
		return nil
	}
	if err != nil {
		return err
	}
	return v.Welcome(r, "/settings/tokens")
}

func (v *visit) startOIDC() error {
	if err := v.RefuseClear(); err != nil {
		return err
	}
	address, state, err := v.SignIn.OIDCStart(v.Ctx(), v.R.PathValue("provider"), door.SafeNext(v.R.PostForm.Get("next")))
	if err != nil {
		return err
	}
	return v.toProvider(address, state)
}

// toProvider keeps the visit in a cookie and leads to the identity provider.
func (v *visit) toProvider(address, state string) error {
	v.SetCookie(v.CookieName()+"-state", state, stateAge)
	// The CSP's form-action 'self' would stop a redirect to the provider, so the
	// page leads there.
	return v.Page("Continue", elsewherePage(address))
}

// finishOIDC takes whoever comes back from the provider. Without the cookie of this
// browser's own start it takes nobody, so that no one can be signed in as somebody else
// by a link.
func (v *visit) finishOIDC() error {
	name := v.CookieName() + "-state"
	state := v.Cookie(name)
	v.SetCookie(name, "", -1)
	if state == "" {
		return api.Errorf(api.CodeForbidden, "this sign-in was not begun in this browser, or too long ago")
	}
	r, next, err := v.SignIn.OIDCFinish(v.Ctx(), v.R.PathValue("provider"), state, v.R.URL.Query(), v.By)
	if err != nil {
		return v.ssoTrouble(err)
	}
	if r.Tried != nil {
		return v.Page("Single sign-on", trialPage(*r.Tried))
	}
	return v.Welcome(r, door.SafeNext(next))
}

// ssoTrouble says why somebody who came back from the provider is not signed in.
func (v *visit) ssoTrouble(err error) error {
	e := api.AsError(err)
	if e.Code == api.CodeInternal {
		return err
	}
	href, to := "/signin", "Back to sign-in"
	if v.Session.User != 0 {
		href, to = securityHome, "Back to Security"
	}
	v.Show(e.Code.Info().Status, "Single sign-on", problemPage(v, "Signing in there did not work here", phrase.Sentence(e.Message), href, to))
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

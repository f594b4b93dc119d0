package reception

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/token"
)

// ErrAnswered says that the page was answered already.
var ErrAnswered = errors.New("reception: answered")

// Serve makes a handler of a page.
func (c *Reception) Serve(a Access, show func(*Visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := c.visit(w, r)
		v.packs = a.packs && fromHere(r)
		defer v.panicked()
		err := v.admit(a)
		if err == nil && v.atOnce(a) {
			err = v.Sit(func() error {
				v.finish(v.draw(a, show))
				return ErrAnswered
			})
		} else if err == nil {
			err = v.draw(a, show)
		}
		v.finish(err)
		v.send()
	})
}

// atOnce says whether a page is drawn from one snapshot.
func (v *Visit) atOnce(a Access) bool {
	return v.R.Method == http.MethodGet && a.Who != Anybody && !a.apart
}

// Sit lets f ask of one snapshot, at one moment. Nobody waits for a reader of the
// answer meanwhile: it is kept until f is done.
func (v *Visit) Sit(f func() error) error {
	return v.desk.Office.Sit(v.Ctx(), v.Caller, v.R.PathValue("ws"), func(a *office.Office) error {
		v.Office, v.began = a, a.Now()
		defer func() { v.Office = v.desk.Office }()
		return f()
	})
}

// draw stands the visitor where the page is, as far as it needs, and draws it.
func (v *Visit) draw(a Access, show func(*Visit) error) error {
	switch a.Who {
	case Colleague, Holder:
		if err := v.EnterWorkspace(v.R.PathValue("ws")); err != nil {
			return err
		}
		if err := v.At.Need(a.Scopes...); err != nil {
			return err
		}
	case Administrator:
		if err := v.administers(); err != nil {
			return err
		}
	case Anybody, Somebody:
	}
	if err := v.desk.House.Proven(v, a); err != nil {
		return err
	}
	return show(v)
}

// administers refuses whoever does not administer the instance: for them there is no
// such page.
func (v *Visit) administers() error {
	err := v.Office.Administers(v.Ctx(), v.Caller)
	if errors.Is(err, api.CodeInsufficientScope) {
		return v.Missing()
	}
	return err
}

// finish answers what went wrong, if anything did.
func (v *Visit) finish(err error) {
	if errors.Is(err, authority.ErrNotAccepted) { // signed out since the page was asked for
		err = v.toSignIn()
	}
	if errors.Is(err, authority.ErrOneFactor) && v.R.Method == http.MethodGet {
		err = v.Redirect(SecondFactorAt + "?next=" + url.QueryEscape(v.R.URL.RequestURI()))
	}
	if err != nil && !errors.Is(err, ErrAnswered) {
		v.fail(err)
	}
}

// SecondFactorAt is where somebody is led who needs a second factor first.
const SecondFactorAt = "/settings/security/second-factor"

// panicked answers for a page that has a bug: with an error page in place of what
// was drawn, or by cutting what was half sent.
func (v *Visit) panicked() {
	p := recover()
	if p == nil {
		return
	}
	if !door.MayAnswer(v.Ctx(), v.desk.Logger, p, v.W.Begun(), slog.String("request_id", v.By.RequestID), slog.String("route", v.R.Pattern)) {
		door.Cut()
	}
	v.fail(api.Errorf(api.CodeInternal, "internal error"))
	v.send()
}

// admit establishes the visitor, as far as the page needs.
func (v *Visit) admit(a Access) error {
	err := v.recognise()
	if v.R.Method == http.MethodPost && !errors.Is(err, api.CodeUnavailable) {
		if err := v.R.ParseForm(); err != nil {
			return api.Errorf(api.CodeInvalidRequest, "the form could not be read")
		}
	}
	switch {
	case err == nil || a.Who == Anybody:
	case errors.Is(err, api.CodeUnavailable): // who it is may be known in a moment, or on another node
		return err
	default:
		return v.toSignIn()
	}
	if v.Session.Portal != "" && a.Who != Anybody && !a.Portal {
		return api.Errorf(api.CodeNotFound, "this page is not part of the portal")
	}
	return nil
}

// toSignIn sends a visitor to the sign-in page, and back afterwards. Whoever sent a form
// is not led away from it: the answer holds what they typed, to be sent again.
func (v *Visit) toSignIn() error {
	if v.R.Method == http.MethodPost && len(v.R.PostForm) > 0 && !secretForm(v.R.PostForm) {
		v.Session, v.At = door.Session{}, nil
		v.Show(http.StatusUnauthorized, "Signed out", v.desk.House.Kept(v, v.R.PostForm))
		return ErrAnswered
	}
	next := "/workspaces"
	if v.R.Method == http.MethodGet {
		next = v.R.URL.RequestURI()
	}
	return v.Redirect("/signin?next=" + url.QueryEscape(next))
}

// KeptAs stands before the names of a form that waits for its person's proof,
// which is posted with it to the same address.
const KeptAs = "kept-"

// Unwrapped are the fields of the form that waited.
func Unwrapped(all url.Values) url.Values {
	out := url.Values{}
	for name, values := range all {
		if was, ok := strings.CutPrefix(name, KeptAs); ok && was != "" {
			out[was] = values
		}
	}
	return out
}

// secretForm says that a form holds something that no page repeats: a password, a code, a
// token in a text.
func secretForm(f url.Values) bool {
	for name, values := range f {
		if slices.Contains([]string{"password", "old", "code", "answer", "state", "text"}, strings.TrimPrefix(name, KeptAs)) ||
			slices.ContainsFunc(values, token.Contains) {
			return true
		}
	}
	return false
}

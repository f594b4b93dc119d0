package console

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

// route is a page: where it is, who is let in, and what draws it.
type route struct {
	pattern string
	access  access
	show    func(*visit) error
}

// access is what a page asks of its visitor before it is drawn.
type access struct {
	who visitor
	// scopes are those that the gate asks for in the workspace of the page.
	scopes []string
	// portal says that the page is part of what a portal link opens.
	portal bool
	proof  proof
	// proofAt is where a proof that is led to leads afterwards.
	proofAt string
	// apart says that the page is not drawn from one snapshot: it rehearses a change,
	// which waits for its turn, or is longer than anybody should hold one.
	apart bool
	// packs says that the page may be compressed: it is a list, or a file of one.
	packs bool
}

// visitor is whom a page is for.
type visitor int

const (
	// anybody need not be signed in.
	anybody visitor = iota
	// somebody is signed in, and sees what is their own.
	somebody
	// colleague is in the workspace of the page, and sees what is their own there.
	colleague
	// holder is a colleague with scopes.
	holder
	// administrator is one of the instance.
	administrator
)

// proof is how a page asks a person to show once more who they are, unless they did a
// short while ago.
type proof int

const (
	unproven proof = iota
	// inPlace asks in place of the page and keeps the form that was sent.
	inPlace
	// ledTo leads to the confirmation, and from there on.
	ledTo
)

func open() access                  { return access{who: anybody} }
func mine() access                  { return access{who: somebody} }
func person() access                { return access{who: somebody, apart: true} }
func mineHere() access              { return access{who: colleague} }
func needs(scopes ...string) access { return access{who: holder, scopes: scopes} }
func ofInstance() access            { return access{who: administrator} }

func (a access) inPortal() access  { a.portal = true; return a }
func (a access) notAtOnce() access { a.apart = true; return a }
func (a access) packed() access    { a.packs = true; return a }
func (a access) proven() access    { a.proof = inPlace; return a }

func (a access) provenFor(next string) access {
	a.proof, a.proofAt = ledTo, next
	return a
}

// errAnswered says that the page was answered already.
var errAnswered = errors.New("console: answered")

// serve makes a handler of a page.
func (c *console) serve(a access, show func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := c.visit(w, r)
		v.packs = a.packs && fromHere(r)
		defer v.panicked()
		err := v.admit(a)
		if err == nil && v.atOnce(a) {
			err = v.sit(func() error {
				v.finish(v.draw(a, show))
				return errAnswered
			})
		} else if err == nil {
			err = v.draw(a, show)
		}
		v.finish(err)
		v.send()
	})
}

// visit begins one. The browser does not name its request: the audit is searched by
// that name.
func (c *console) visit(w http.ResponseWriter, r *http.Request) *visit {
	by := c.TrustedProxies.ClientOf(r, door.RequestID(c.Rand, door.Pages, nil))
	w.Header().Set(door.HeaderRequestID, by.RequestID)
	return &visit{console: c, auth: c.auth, began: c.Now().UTC(), w: &door.Answer{ResponseWriter: w}, r: r, by: by}
}

// atOnce says whether a page is drawn from one snapshot.
func (v *visit) atOnce(a access) bool {
	return v.r.Method == http.MethodGet && a.who != anybody && !a.apart
}

// sit lets f ask of one snapshot, at one moment. Nobody waits for a reader of the
// answer meanwhile: it is kept until f is done.
func (v *visit) sit(f func() error) error {
	return v.console.auth.Sit(v.ctx(), v.caller, v.r.PathValue("ws"), func(a *office.Office) error {
		v.auth, v.began = a, a.Now()
		defer func() { v.auth = v.console.auth }()
		return f()
	})
}

// draw stands the visitor where the page is, as far as it needs, and draws it.
func (v *visit) draw(a access, show func(*visit) error) error {
	switch a.who {
	case colleague, holder:
		if err := v.enterWorkspace(v.r.PathValue("ws")); err != nil {
			return err
		}
		if err := v.at.Need(a.scopes...); err != nil {
			return err
		}
	case administrator:
		if err := v.administers(); err != nil {
			return err
		}
	case anybody, somebody:
	}
	if err := v.proven(a); err != nil {
		return err
	}
	return show(v)
}

// administers refuses whoever does not administer the instance: for them there is no
// such page.
func (v *visit) administers() error {
	err := v.auth.Administers(v.ctx(), v.caller)
	if errors.Is(err, api.CodeInsufficientScope) {
		return v.missing()
	}
	return err
}

// finish answers what went wrong, if anything did.
func (v *visit) finish(err error) {
	if errors.Is(err, authority.ErrNotAccepted) { // signed out since the page was asked for
		err = v.toSignIn()
	}
	if err != nil && !errors.Is(err, errAnswered) {
		v.fail(err)
	}
}

// panicked answers for a page that has a bug: with an error page in place of what
// was drawn, or by cutting what was half sent.
func (v *visit) panicked() {
	p := recover()
	if p == nil {
		return
	}
	if !door.MayAnswer(v.ctx(), v.Logger, p, v.w.Begun(), slog.String("request_id", v.by.RequestID), slog.String("route", v.r.Pattern)) {
		door.Cut()
	}
	v.fail(api.Errorf(api.CodeInternal, "internal error"))
	v.send()
}

// admit establishes the visitor, as far as the page needs.
func (v *visit) admit(a access) error {
	err := v.recognise()
	if v.r.Method == http.MethodPost && !errors.Is(err, api.CodeUnavailable) {
		if err := v.r.ParseForm(); err != nil {
			return api.Errorf(api.CodeInvalidRequest, "the form could not be read")
		}
	}
	switch {
	case err == nil || a.who == anybody:
	case errors.Is(err, api.CodeUnavailable): // who it is may be known in a moment, or on another node
		return err
	default:
		return v.toSignIn()
	}
	if v.session.Portal != "" && a.who != anybody && !a.portal {
		return api.Errorf(api.CodeNotFound, "this page is not part of the portal")
	}
	return nil
}

// toSignIn sends a visitor to the sign-in page, and back afterwards. Whoever sent a form
// is not led away from it: the answer holds what they typed, to be sent again.
func (v *visit) toSignIn() error {
	if v.r.Method == http.MethodPost && len(v.r.PostForm) > 0 && !secretForm(v.r.PostForm) {
		v.session, v.at = door.Session{}, nil
		v.show(http.StatusUnauthorized, "Signed out", keptForm(v, v.r.URL.Path, v.r.PostForm))
		return errAnswered
	}
	next := "/workspaces"
	if v.r.Method == http.MethodGet {
		next = v.r.URL.RequestURI()
	}
	return v.redirect("/signin?next=" + url.QueryEscape(next))
}

// secretForm says that a form holds something that no page repeats: a password, a code, a
// token in a text.
func secretForm(f url.Values) bool {
	for name, values := range f {
		if slices.Contains([]string{"password", "old", "code", "answer", "state", "text"}, strings.TrimPrefix(name, keptAs)) ||
			slices.ContainsFunc(values, token.Contains) {
			return true
		}
	}
	return false
}

// opens says whether the visitor is let into a page of the workspace they are in.
func (v *visit) opens(pattern string) bool {
	i := slices.IndexFunc(v.pages, func(r route) bool { return r.pattern == pattern })
	return i >= 0 && v.at != nil && v.at.May(v.pages[i].access.scopes...)
}

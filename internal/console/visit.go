package console

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/a-h/templ"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/phrase"
)

// visit is one request being answered: who asks, where, and what they may do.
type visit struct {
	*console
	// auth answers what the page asks: while it is drawn, from one snapshot.
	auth *office.Office
	// began is the moment that the page counts from.
	began time.Time
	w     *door.Answer
	r     *http.Request
	// by is where the request comes from, with the name that it has in the log and
	// in the audit.
	by door.Client
	// drawn is the answer until it is sent.
	drawn drawn
	// packs says that the answer may be compressed, by whatever of it is known so far.
	packs bool
	// file is the answer that an export writes piece by piece.
	file door.File
	// session is the visitor's; zero for nobody.
	session door.Session
	caller  authority.Caller
	// at is the workspace of the page; nil outside of any.
	at *office.Desk
	// section is the entry of the navigation that the page belongs to.
	section string
}

// recognise finds the session of the cookie.
func (v *visit) recognise() error {
	value := v.cookie(v.r, v.cookieName(v.r))
	if value == "" {
		return errors.New("console: no cookie")
	}
	s, err := v.Sessions.Authenticate(v.ctx(), value, v.by)
	if err != nil {
		return err
	}
	v.session = s
	v.caller = authority.Caller{User: s.User, Session: s.ID, Portal: s.Portal, Addr: v.by.Addr, Agent: v.by.Agent, RequestID: v.by.RequestID, Call: v.r.Pattern}
	return nil
}

// enterWorkspace reads where the visitor stands in a workspace.
func (v *visit) enterWorkspace(slug string) (err error) {
	v.at, err = v.auth.Desk(v.r.Context(), v.caller, slug)
	return err
}

// may says whether the visitor passes with a scope in the workspace of the page.
func (v *visit) may(scope string) bool { return v.at != nil && v.at.May(scope) }

// ws is the address of a page of the workspace.
func (v *visit) ws(parts ...string) string {
	all := []string{"/workspace", url.PathEscape(v.at.Slug)}
	for _, p := range parts {
		all = append(all, url.PathEscape(p))
	}
	return strings.Join(all, "/")
}

func (v *visit) redirect(to string) error {
	http.Redirect(v.w, v.r, to, http.StatusSeeOther) //nolint:gosec // every address is one of ours: door.SafeNext lets no other through
	return errAnswered
}

// done ends a change: the page to go to, and what to say there.
func (v *visit) done(to, what string) error {
	sep := "?"
	if strings.Contains(to, "?") {
		sep = "&"
	}
	return v.redirect(to + sep + "did=" + url.QueryEscape(what))
}

// show answers a page inside the layout.
func (v *visit) show(status int, title string, body templ.Component) {
	v.write(status, layout(v, title, body))
}

// fragment answers a part of a page, for a script that asked for it.
func (v *visit) fragment(body templ.Component) error {
	v.write(http.StatusOK, body)
	return nil
}

// write draws before it answers, so that a page is whole or an error.
func (v *visit) write(status int, body templ.Component) {
	var b bytes.Buffer
	if err := body.Render(context.WithoutCancel(v.r.Context()), &b); err != nil {
		v.Logger.ErrorContext(v.r.Context(), "draw a page", "path", v.r.URL.Path, "error", err)
		v.drawn = drawn{status: http.StatusInternalServerError}
		return
	}
	v.drawn = drawn{status, b.Bytes()}
}

// drawn is a page that waits to be sent; its status is 0 when there is none.
type drawn struct {
	status int
	body   []byte
}

// send answers what was drawn.
func (v *visit) send() {
	if v.drawn.status == 0 {
		return
	}
	h, body := v.w.Header(), v.drawn.body
	h.Set("Content-Type", "text/html; charset=utf-8")
	if v.packs && v.drawn.status == http.StatusOK && len(h.Values("Set-Cookie")) == 0 {
		body = v.packer.Whole(h, v.r, body)
	}
	v.w.WriteHeader(v.drawn.status)
	_, _ = v.w.Write(body) // whoever left does not want it
}

// page answers a page that is well.
func (v *visit) page(title string, body templ.Component) error {
	v.show(http.StatusOK, title, body)
	return nil
}

// again answers a form that was refused: what was typed is kept.
func (v *visit) again(title string, body templ.Component) error {
	v.show(http.StatusUnprocessableEntity, title, body)
	return nil
}

// fail answers a page about what went wrong. What is not one of ours is told to
// the log alone.
func (v *visit) fail(err error) {
	e := api.AsError(err)
	info := e.Code.Info()
	if e.Code == api.CodeInternal {
		v.Logger.ErrorContext(v.r.Context(), "page failed", "path", v.r.URL.Path, "error", err, "cause", errors.Unwrap(e))
	}
	text := phrase.Sentence(e.Message)
	if e.Code == api.CodeInternal {
		text = "This is our mistake. It was written down; try again shortly. Request " + v.by.RequestID + "."
	}
	v.show(info.Status, info.Title, problemPage(v, info.Title, text, v.back(), "Back"))
}

// back is a page that surely exists.
func (v *visit) back() string {
	switch {
	case v.session.Portal != "":
		return "/settings/tokens"
	case v.at != nil:
		return v.ws("access-tokens")
	case v.session.User != 0:
		return "/workspaces"
	}
	return "/signin"
}

func (v *visit) missing() error {
	return api.Errorf(api.CodeNotFound, "there is no such page")
}

// now is the moment the page counts from.
func (v *visit) now() time.Time { return v.began }

// maxParameter bounds what a parameter of an address may hold, in characters.
const maxParameter = 2000

// q is one parameter of the address: text without control characters.
func (v *visit) q(name string) string {
	s := strings.ToValidUTF8(v.r.URL.Query().Get(name), "")
	return phrase.Cut(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s), maxParameter)
}

// ctx is the request's.
func (v *visit) ctx() context.Context { return v.r.Context() }

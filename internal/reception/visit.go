package reception

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

// Visit is one request being answered: who asks, where, and what they may do.
type Visit struct {
	desk *Reception
	// Office answers what the page asks: while it is drawn, from one snapshot.
	Office *office.Office
	// began is the moment that the page counts from.
	began time.Time
	W     *door.Answer
	R     *http.Request
	// By is where the request comes from, with the name that it has in the log and
	// in the audit.
	By door.Client
	// drawn is the answer until it is sent.
	drawn drawn
	// packs says that the answer may be compressed, by whatever of it is known so far.
	packs bool
	// File is the answer that an export writes piece by piece.
	File door.File
	// Session is the visitor's; zero for nobody.
	Session door.Session
	Caller  authority.Caller
	// At is the workspace of the page; nil outside of any.
	At *office.Desk
	// Section is the entry of the navigation that the page belongs to.
	Section string
}

// recognise finds the session of the cookie.
func (v *Visit) recognise() error {
	value := v.Cookie(v.CookieName())
	if value == "" {
		return errors.New("reception: no cookie")
	}
	s, err := v.desk.Sessions.Authenticate(v.Ctx(), value, v.By)
	if err != nil {
		return err
	}
	v.Session = s
	v.Caller = authority.Caller{User: s.User, Session: s.ID, Portal: s.Portal, Addr: v.By.Addr, Agent: v.By.Agent, RequestID: v.By.RequestID, Call: v.R.Pattern}
	return nil
}

// EnterWorkspace reads where the visitor stands in a workspace.
func (v *Visit) EnterWorkspace(slug string) (err error) {
	v.At, err = v.Office.Desk(v.R.Context(), v.Caller, slug)
	return err
}

// May says whether the visitor passes with a scope in the workspace of the page.
func (v *Visit) May(scope string) bool { return v.At != nil && v.At.May(scope) }

// WS is the address of a page of the workspace.
func (v *Visit) WS(parts ...string) string {
	all := []string{"/workspace", url.PathEscape(v.At.Slug)}
	for _, p := range parts {
		all = append(all, url.PathEscape(p))
	}
	return strings.Join(all, "/")
}

// Redirect leads to another page of ours.
func (v *Visit) Redirect(to string) error {
	http.Redirect(v.W, v.R, to, http.StatusSeeOther) // every address is one of ours: door.SafeNext lets no other through
	return ErrAnswered
}

// Done ends a change: the page to go to, and what to say there.
func (v *Visit) Done(to, what string) error {
	sep := "?"
	if strings.Contains(to, "?") {
		sep = "&"
	}
	return v.Redirect(to + sep + "did=" + url.QueryEscape(what))
}

// Show answers a page inside the layout.
func (v *Visit) Show(status int, title string, body templ.Component) {
	v.write(status, v.desk.House.Layout(v, title, body))
}

// Fragment answers a part of a page, for a script that asked for it.
func (v *Visit) Fragment(body templ.Component) error {
	v.write(http.StatusOK, body)
	return nil
}

// write draws before it answers, so that a page is whole or an error.
func (v *Visit) write(status int, body templ.Component) {
	var b bytes.Buffer
	if err := body.Render(context.WithoutCancel(v.R.Context()), &b); err != nil {
		v.desk.Logger.ErrorContext(v.R.Context(), "draw a page", "path", v.R.URL.Path, "error", err)
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
func (v *Visit) send() {
	if v.drawn.status == 0 {
		return
	}
	h, body := v.W.Header(), v.drawn.body
	h.Set("Content-Type", "text/html; charset=utf-8")
	if v.packs && v.drawn.status == http.StatusOK && len(h.Values("Set-Cookie")) == 0 {
		body = v.desk.packer.Whole(h, v.R, body)
	}
	v.W.WriteHeader(v.drawn.status)
	_, _ = v.W.Write(body) // whoever left does not want it
}

// Page answers a page that is well.
func (v *Visit) Page(title string, body templ.Component) error {
	v.Show(http.StatusOK, title, body)
	return nil
}

// Again answers a form that was refused: what was typed is kept.
func (v *Visit) Again(title string, body templ.Component) error {
	v.Show(http.StatusUnprocessableEntity, title, body)
	return nil
}

// fail answers a page about what went wrong. What is not one of ours is told to
// the log alone.
func (v *Visit) fail(err error) {
	e := api.AsError(err)
	info := e.Code.Info()
	if e.Code == api.CodeInternal {
		v.desk.Logger.ErrorContext(v.R.Context(), "page failed", "path", v.R.URL.Path, "error", err, "cause", errors.Unwrap(e))
	}
	text := phrase.Sentence(e.Message)
	if e.Code == api.CodeInternal {
		text = "This is our mistake. It was written down; try again shortly. Request " + v.By.RequestID + "."
	}
	v.Show(info.Status, info.Title, v.desk.House.Problem(v, info.Title, text, v.Back(), "Back"))
}

// Back is a page that surely exists.
func (v *Visit) Back() string {
	switch {
	case v.Session.Portal != "":
		return "/settings/tokens"
	case v.At != nil:
		return v.WS("access-tokens")
	case v.Session.User != 0:
		return "/workspaces"
	}
	return "/signin"
}

// Missing is the refusal of a page that is not there.
func (v *Visit) Missing() error {
	return api.Errorf(api.CodeNotFound, "there is no such page")
}

// Now is the moment the page counts from.
func (v *Visit) Now() time.Time { return v.began }

// maxParameter bounds what a parameter of an address may hold, in characters.
const maxParameter = 2000

// Q is one parameter of the address: text without control characters.
func (v *Visit) Q(name string) string {
	s := strings.ToValidUTF8(v.R.URL.Query().Get(name), "")
	return phrase.Cut(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s), maxParameter)
}

// Ctx is the request's.
func (v *Visit) Ctx() context.Context { return v.R.Context() }

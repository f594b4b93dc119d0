package console

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
	"unicode"

	"github.com/a-h/templ"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/grant"
)

// visit is one request being answered: who asks, where, and what they may do.
type visit struct {
	*console
	w http.ResponseWriter
	r *http.Request
	// session is the visitor's; zero for nobody.
	session door.Session
	caller  authority.Caller
	// at is the workspace of the page; nil outside of any.
	at *place
	// section is the entry of the navigation that the page belongs to.
	section string
}

// place is a workspace as the visitor stands in it. What it says about rights
// only decides what is drawn.
type place struct {
	api.Workspace
	rights grant.Grant
	// member says whether the visitor is one; an instance administrator need not be.
	member bool
	policy *api.Policy
}

// errAnswered says that the page was answered already.
var errAnswered = errors.New("console: answered")

// serve makes a handler of a page.
func (c *console) serve(needs access, show func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{console: c, w: w, r: r}
		defer v.panicked()
		err := v.enter(needs)
		if err == nil {
			err = show(v)
		}
		if errors.Is(err, authority.ErrNotAccepted) { // signed out since the page was asked for
			err = v.toSignIn()
		}
		if err != nil && !errors.Is(err, errAnswered) {
			v.fail(err)
		}
	})
}

// panicked tells the log of a panic, and cuts the connection, so that half a page
// is not taken for a whole one. The value is told only when the runtime made it:
// another may hold a secret.
func (v *visit) panicked() {
	p := recover()
	if p == nil {
		return
	}
	if p != http.ErrAbortHandler { //nolint:errorlint // the sentinel is compared so by net/http
		what := fmt.Sprintf("%T", p)
		if err, ok := p.(runtime.Error); ok {
			what = err.Error()
		}
		v.Logger.ErrorContext(v.r.Context(), "a page panicked", "page", v.r.Pattern, "request_id", v.caller.RequestID,
			"panic", what, "stack", string(debug.Stack()))
	}
	panic(http.ErrAbortHandler)
}

// enter establishes the visitor and the workspace, as far as the page needs.
func (v *visit) enter(needs access) error {
	if err := v.recognise(); err != nil && needs != anybody {
		return v.toSignIn()
	}
	if v.r.Method == http.MethodPost {
		if err := v.r.ParseForm(); err != nil {
			return api.Errorf(api.CodeInvalidRequest, "the form could not be read")
		}
	}
	if needs == anybody {
		return nil
	}
	if err := v.withinPortal(); err != nil {
		return err
	}
	switch needs {
	case inWorkspace:
		return v.enterWorkspace(v.r.PathValue("ws"))
	case provenAnew:
		return v.provenWith()
	case anybody, signedIn:
	}
	return nil
}

// recognise finds the session of the cookie.
func (v *visit) recognise() error {
	value := v.cookie(v.r, v.cookieName(v.r))
	if value == "" {
		return errors.New("console: no cookie")
	}
	s, err := v.Sessions.Authenticate(v.r.Context(), value, v.client(v.r))
	if err != nil {
		return err
	}
	at := v.client(v.r)
	v.session = s
	v.caller = authority.Caller{User: s.User, Session: s.ID, Portal: s.Portal, Addr: at.Addr, Agent: at.Agent, RequestID: requestID(v.w), Call: v.r.Pattern}
	return nil
}

// requestID is what the server named the request, or a new name. The browser
// names none: the audit is searched by it.
func requestID(w http.ResponseWriter) string {
	if id := w.Header().Get("Tokenry-Request-Id"); id != "" {
		return id
	}
	return "con_" + rand.Text()[:16] //nolint:forbidigo // it only tells requests apart in the log
}

// toSignIn sends a visitor to the sign-in page, and back afterwards.
func (v *visit) toSignIn() error {
	next := "/workspaces"
	if v.r.Method == http.MethodGet {
		next = v.r.URL.RequestURI()
	}
	return v.redirect("/signin?next=" + url.QueryEscape(next))
}

// withinPortal keeps a portal session to the person's own tokens.
func (v *visit) withinPortal() error {
	if v.session.Portal == "" {
		return nil
	}
	p := v.r.URL.Path
	own := "/workspace/" + v.session.Portal + "/access-tokens/"
	if strings.HasPrefix(p, "/settings/tokens") || strings.HasPrefix(p, own) && !strings.HasSuffix(p, "/bulk") && !strings.HasSuffix(p, "/transfer") {
		return nil
	}
	return api.Errorf(api.CodeNotFound, "this page is not part of the portal")
}

// enterWorkspace reads the workspace and what the visitor may do there.
func (v *visit) enterWorkspace(slug string) error {
	ctx := v.r.Context()
	p := &place{}
	ws, err := v.auth.GetWorkspace(ctx, v.caller, slug)
	if err != nil {
		return err
	}
	p.Workspace = ws
	m, err := v.auth.GetMember(ctx, v.caller, slug, "me")
	p.member = err == nil && m.Active
	if err != nil && !errors.Is(err, api.CodeNotFound) {
		return err
	}
	if p.member {
		p.rights = compile(m.Effective)
	}
	if v.administers() {
		p.rights = compile([]api.Statement{{Scopes: []string{"*"}, Resources: []string{"*"}}})
	}
	if pol, err := v.auth.GetPolicy(ctx, v.caller, slug); err == nil {
		p.policy = &pol
	}
	v.at = p
	return nil
}

func compile(sts []api.Statement) grant.Grant {
	out := make([]grant.Statement, len(sts))
	for i, s := range sts {
		out[i] = grant.Statement(s)
	}
	var b grant.Book
	return b.Compile(out)
}

// may says whether the visitor holds a scope in the workspace of the page.
func (v *visit) may(scope string) bool {
	return v.at != nil && v.session.Portal == "" && v.at.rights.AllowsAny(scope)
}

// owns says whether a token is the visitor's own personal one.
func (v *visit) owns(t api.Token) bool {
	return t.Kind == "personal" && t.Owner.ID == v.session.UserPublicID
}

// mayHold says whether the visitor may have a personal token here by the policy.
func (v *visit) mayHold() bool {
	switch {
	case v.at == nil || !v.at.member:
		return false
	case v.at.policy == nil:
		return true
	case v.at.policy.PersonalTokens == api.PersonalNobody:
		return false
	case v.at.policy.PersonalTokens == api.PersonalManagers:
		return v.at.rights.AllowsAny("tokens:create")
	}
	return true
}

// ws is the address of a page of the workspace.
func (v *visit) ws(parts ...string) string {
	all := []string{"/workspace", url.PathEscape(v.at.Slug)}
	for _, p := range parts {
		all = append(all, url.PathEscape(p))
	}
	return strings.Join(all, "/")
}

func (v *visit) redirect(to string) error {
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
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
		v.w.WriteHeader(http.StatusInternalServerError)
		return
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(b.Bytes()) // whoever left does not want it
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
	text := sentence(e.Message)
	if e.Code == api.CodeInternal {
		text = "This is our mistake. It was written down; try again shortly. Request " + v.caller.RequestID + "."
	}
	v.show(info.Status, info.Title, problemPage(info.Title, text, v.back(), "Back"))
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
func (v *visit) now() time.Time { return v.Now().UTC() }

// maxParameter bounds what a parameter of an address may hold, in characters.
const maxParameter = 2000

// q is one parameter of the address: text without control characters.
func (v *visit) q(name string) string {
	s := strings.ToValidUTF8(v.r.URL.Query().Get(name), "")
	return cut(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s), maxParameter)
}

// ctx is the request's.
func (v *visit) ctx() context.Context { return v.r.Context() }

package console_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/console"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/entrance"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/usage"
	"github.com/tokenry/tokenry/token"
)

// chapters are all that the pages ask of whoever signs people in.
type chapters interface {
	entrance.Sessions
	entrance.SignIn
	entrance.Links
	entrance.Proofs
	entrance.Authenticators
	entrance.Handouts
	entrance.Portals
	entrance.Providers
	entrance.Devices
}

func allOf(c chapters) entrance.People {
	return entrance.People{Sessions: c, SignIn: c, Links: c, Proofs: c, Authenticators: c, Handouts: c, Portals: c, Providers: c, Devices: c}
}

// unanswered are the calls that no test makes.
type unanswered = chapters

// people sign in with their e-mail for a cookie.
type people struct {
	unanswered
	office *office.Office
	at     time.Time
	store  ledger.Store
	users  map[string]door.Session
	ended  []string
	// reset are those whose second factors were removed.
	reset []string
	// handed are the links that were made: by whom, what for, and for whom.
	handed []string
	// mailless says that nothing is mailed.
	mailless bool
	// unsaid, when set, is why nobody can tell who a cookie is.
	unsaid error
	// stale says that nobody proved lately who they are.
	stale bool
	// account, when set, is how everybody signs in.
	account *door.Account
	// found are the identity providers, checked changes the first, tried is what a sign-in
	// that was tried came to.
	found   []door.ProviderState
	checked func(*door.ProviderState)
	tried   *door.Trial
}

// Authenticate reads what a real one reads.
func (p *people) Authenticate(ctx context.Context, cookie string, _ door.Client) (door.Session, error) {
	s, ok := p.users[cookie]
	if p.unsaid != nil {
		return s, p.unsaid
	}
	if !ok {
		return s, api.Errorf(api.CodeInvalidToken, "signed out")
	}
	return s, p.store.Read(ctx, func(r ledger.Reader) error {
		if _, _, err := r.SignedIn(s.ID); err != nil && !errors.Is(err, ledger.ErrNoRow) {
			return err
		}
		return nil
	})
}

func (p *people) Password(_ context.Context, email, password string, _ door.Client) (door.Entry, error) {
	s, ok := p.users[email]
	if !ok || password != "correct horse battery" {
		return door.Entry{}, api.Errorf(api.CodeForbidden, "the e-mail or the password is not right")
	}
	return door.Entry{Cookie: token.NewSecret(email), Session: s}, nil
}

func (p *people) SignOut(_ context.Context, cookie string) error {
	p.ended = append(p.ended, cookie)
	return nil
}

func (p *people) Sessions(_ context.Context, user int64) ([]door.Session, error) {
	var out []door.Session
	for _, s := range p.users {
		if s.User == user {
			out = append(out, s)
		}
	}
	return out, nil
}

func (p *people) Methods() (password, sso bool) { return true, true }

func (p *people) Addressee(_ context.Context, kind, code string) (string, error) {
	if code != kind+" for Eve" {
		return "", api.Errorf(api.CodeInvalidToken, "this link does not work any more; ask for a new one")
	}
	return "eve@example.com", nil
}

func (p *people) FinishReset(context.Context, string, string, door.Client) (door.Entry, error) {
	return door.Entry{}, api.FieldError("password", "must have 15 characters or more")
}

func (p *people) Passkeys() bool { return false }

func (p *people) ResetFactors(_ context.Context, _ authority.Caller, user string) error {
	p.reset = append(p.reset, user)
	return nil
}

func (p *people) Fresh(context.Context, door.Session) (bool, error) { return !p.stale, nil }

func (p *people) Confirm(_ context.Context, _ door.Session, password string, _ door.Client) error {
	if password != "correct horse battery" {
		return api.FieldError("password", "that is not your password")
	}
	return nil
}

func (p *people) Account(context.Context, int64) (door.Account, error) {
	if p.account != nil {
		return *p.account, nil
	}
	return door.Account{Password: true, App: true, AppSince: p.at, RecoveryCodes: 10,
		Identities: []door.Identity{{Issuer: "https://id.example.com", Subject: "u-1", Email: "ada@example.com", Provider: "Corp", LinkedAt: p.at}},
		Passkeys:   []door.Passkey{{ID: "1", Name: hostile, CreatedAt: p.at}}}, nil
}

func (p *people) OIDCProviders() []door.Provider {
	return []door.Provider{{ID: "corp", Name: "Corp"}}
}

func (p *people) Invite(ctx context.Context, c authority.Caller, workspace, member string) (door.Invitation, error) {
	_, err := p.office.MayInvite(ctx, c, workspace, member)
	return door.Invitation{Sent: err == nil}, err
}

func (p *people) MailsLinks() bool { return !p.mailless }

func (p *people) HandOut(_ context.Context, s door.Session, user, what string) (door.Handed, error) {
	p.handed = append(p.handed, s.Email+" "+what+" "+user)
	if what != "link" && what != "factors" && what != "invitation" {
		return door.Handed{}, api.Errorf(api.CodeInvalidRequest, "a link is made to choose a password, or to remove second factors")
	}
	return door.Handed{Link: token.NewSecret("https://tokens.example.com/signin/" + what + "?code=c0de"), Expires: p.at.Add(15 * time.Minute), Told: !p.mailless}, nil
}

func (p *people) HandInvitation(ctx context.Context, s door.Session, workspace, member string) (door.Handed, error) {
	if err := p.office.MayHandInvitation(ctx, authority.Caller{User: s.User, Session: s.ID, Portal: s.Portal}, workspace, member); err != nil {
		return door.Handed{}, err
	}
	p.handed = append(p.handed, s.Email+" invitation "+workspace+" "+member)
	return door.Handed{Link: token.NewSecret("https://tokens.example.com/signin/invitation?code=c0de"), Expires: p.at.Add(15 * time.Minute), Told: !p.mailless}, nil
}

// world is a console over an authority with the workspace acme, its Owner
// ada, and whoever is added.
type world struct {
	*testing.T
	*office.Office
	ctx context.Context
	at  time.Time
	// url is where the store is.
	url   string
	store ledger.Store
	usage *store.Usage
	// recorder is told what was done with tokens; see used.
	recorder *usage.Recorder
	people   *people
	root     authority.Caller
	secret   string
	server   *httptest.Server
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, storetest.SQLite(t), nil)
}

// newWorldOn is a world in a database, whose statements are told to trace.
func newWorldOn(t *testing.T, url string, trace func(string)) *world {
	t.Helper()
	return newWorldOver(t, url, trace, func(s ledger.Store) ledger.Store { return s })
}

// newWorldOver is a world whose authority changes another store than the database.
func newWorldOver(t *testing.T, url string, trace func(string), over func(ledger.Store) ledger.Store) *world {
	t.Helper()
	ctx := t.Context()
	options := store.Options{URL: url, Holder: t.Name(), Trace: trace}
	s, err := store.Open(ctx, options)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	w := &world{T: t, ctx: context.Background(), url: options.URL, store: s, at: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)}
	w.usage, err = store.OpenUsage(ctx, options)
	must(t, err)
	t.Cleanup(func() { _ = w.usage.Close() })
	w.recorder = usage.New(usage.Config{Store: w.usage, Now: func() time.Time { return w.at }, Node: "test"})
	keys, err := token.GenerateKeyring(rand.Reader, w.at)
	must(t, err)
	w.Office = office.New(authority.Options{Store: over(s), Keys: keys, Now: func() time.Time { return w.at }, Rand: rand.Reader, Usage: w.usage, Decisions: w.recorder, Issuers: officetest.AllSigned{}})
	must(t, w.Prepare(ctx, token.DefaultPrefix))
	started, err := w.Bootstrap(ctx, office.Bootstrap{Email: "ada@example.com", Workspace: "acme"})
	must(t, err)
	w.secret = started.Secret.Reveal()
	w.root = storetest.Presenting(t, s, started.Token.Locator)
	w.people = &people{office: w.Office, at: w.at, store: s, users: map[string]door.Session{}}
	w.admit("ada@example.com")
	w.start()
	return w
}

// start puts a console in front, which knows of no form that one before it saw.
func (w *world) start() {
	w.Helper()
	h, err := console.New(console.Options{Authority: w.Office, Rand: rand.Reader, People: allOf(w.people), Now: func() time.Time { return w.at }})
	must(w.T, err)
	w.server = httptest.NewServer(h)
	w.Cleanup(w.server.Close)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// admit signs a person in: their cookie is their e-mail.
func (w *world) admit(email string) {
	w.Helper()
	var u ledger.User
	must(w.T, w.store.Read(w.ctx, func(r ledger.Reader) (err error) {
		u, err = r.User(ledger.UserKey{Email: email})
		return err
	}))
	w.people.users[email] = door.Session{ID: storetest.SignedIn(w.T, w.store, u.ID).Session, User: u.ID, UserPublicID: u.PublicID, Email: email, Name: u.Name,
		InstanceAdmin: u.InstanceAdmin, CreatedAt: w.at, LastSeenAt: w.at, ExpiresAt: w.at.Add(time.Hour), Address: "192.0.2.7", Agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
}

// caller is a person who was admitted, as the authority knows them.
func (w *world) caller(email string) authority.Caller {
	return storetest.SignedIn(w.T, w.store, w.people.users[email].User)
}

// member adds a person with a role, signed in.
func (w *world) member(email, role string, resources ...string) {
	w.Helper()
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	in := api.CreateMember{Email: email}
	in.Role, in.Resources = api.Some(role), api.Some(resources)
	_, err := w.CreateMember(w.ctx, w.root, "acme", in)
	must(w.T, err)
	w.admit(email)
}

// issue makes a token by its owner's kind.
func (w *world) issue(kind, owner, label string) authority.Issued {
	w.Helper()
	in := api.CreateToken{Kind: kind, Owner: owner}
	in.Label = api.Some(label)
	if kind == "workspace" {
		in.Scopes, in.Resources = api.Some([]string{"tickets:read"}), api.Some([]string{"*"})
	}
	i, err := w.CreateToken(w.ctx, w.root, "acme", in)
	must(w.T, err)
	return i
}

// answer is a page as a browser gets it.
type answer struct {
	*http.Response
	body string
}

// as asks for a page as somebody; "" is nobody. A form makes it a POST.
func (w *world) as(who, path string, fields ...url.Values) answer {
	w.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if len(fields) > 0 {
		method, body = http.MethodPost, strings.NewReader(fields[0].Encode())
	}
	r, err := http.NewRequestWithContext(w.ctx, method, w.server.URL+path, body)
	must(w.T, err)
	if len(fields) > 0 {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if who != "" {
		r.AddCookie(&http.Cookie{Name: "tokenry", Value: who})
	}
	return w.do(r)
}

func (w *world) do(r *http.Request) answer {
	w.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	must(w.T, err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	must(w.T, err)
	return answer{resp, string(b)}
}

// status says what a page must be answered with.
func (w *world) status(a answer, want int) answer {
	w.Helper()
	if a.StatusCode != want {
		w.Fatalf("%s %s: %d, want %d\n%s", a.Request.Method, a.Request.URL.Path, a.StatusCode, want, cutTo(a.body, 1500))
	}
	return a
}

func cutTo(s string, n int) string {
	if i := strings.Index(s, "<main"); i > 0 {
		s = s[i:]
	}
	return s[:min(len(s), n)]
}

// shows and hides say what stands in a page.
func (w *world) shows(a answer, texts ...string) {
	w.Helper()
	for _, s := range texts {
		if !strings.Contains(a.body, s) {
			w.Errorf("%s does not show %q", a.Request.URL, s)
		}
	}
}

func (w *world) hides(a answer, texts ...string) {
	w.Helper()
	for _, s := range texts {
		if strings.Contains(a.body, s) {
			w.Errorf("%s shows %q", a.Request.URL, s)
		}
	}
}

// hidden reads a hidden field of a page.
func hidden(a answer, name string) string {
	_, rest, _ := strings.Cut(a.body, `name="`+name+`" value="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

func with(f url.Values, name string, values ...string) url.Values {
	out := url.Values{}
	for k, v := range f {
		out[k] = slices.Clone(v)
	}
	out[name] = values
	return out
}

func pageOf() authority.Page { return authority.Page{Limit: 100} }

// between is what stands between two texts; empty when they are not there.
func between(s, before, after string) string {
	_, rest, ok := strings.Cut(s, before)
	if !ok {
		return ""
	}
	out, _, _ := strings.Cut(rest, after)
	return out
}

// filled reads the fields of the form with an action as a browser would send
// them: what is disabled is not.
func (w *world) filled(a answer, action string) url.Values {
	w.Helper()
	doc, err := html.Parse(strings.NewReader(a.body))
	must(w.T, err)
	out := url.Values{}
	for n := range doc.Descendants() {
		if n.Data == "form" && attr(n, "action") == action {
			readFields(n, out)
		}
	}
	if len(out) == 0 {
		w.Fatalf("%s has no form for %s", a.Request.URL, action)
	}
	return out
}

func readFields(form *html.Node, out url.Values) {
	for n := range form.Descendants() {
		name := attr(n, "name")
		_, disabled := find(n, "disabled")
		_, checked := find(n, "checked")
		box := attr(n, "type") == "checkbox" || attr(n, "type") == "radio"
		switch {
		case name == "" || disabled || box && !checked:
		case n.Data == "input":
			out.Add(name, attr(n, "value"))
		case n.Data == "textarea" && n.FirstChild != nil:
			out.Add(name, n.FirstChild.Data)
		case n.Data == "select":
			for o := range n.Descendants() {
				if _, ok := find(o, "selected"); ok {
					out.Add(name, attr(o, "value"))
				}
			}
		}
	}
}

func attr(n *html.Node, name string) string {
	v, _ := find(n, name)
	return v
}

func find(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

package reception_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/entrance"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/reception"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

// house draws pages as a line of text each.
type house struct{ stale bool }

func (h *house) Layout(_ *reception.Visit, title string, body templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		_, _ = io.WriteString(w, title+": ")
		return body.Render(ctx, w)
	})
}

func (h *house) Problem(_ *reception.Visit, _, text, href, _ string) templ.Component {
	return templ.Raw(text + " -> " + href)
}

func (h *house) Kept(_ *reception.Visit, fields url.Values) templ.Component {
	return templ.Raw("kept " + fields.Encode())
}

func (h *house) Proven(v *reception.Visit, a reception.Access) error {
	if a.Proof == reception.Unproven || !h.stale {
		return nil
	}
	_ = v.Page("Is it you?", templ.Raw("prove"))
	return reception.ErrAnswered
}

// unanswered are the calls that no test makes.
type unanswered = entrance.Sessions

// sessions know people by their e-mail; away says that nobody can tell who anybody is.
type sessions struct {
	unanswered
	of    map[string]door.Session
	ended []string
	away  bool
}

func (s *sessions) Authenticate(_ context.Context, cookie string, _ door.Client) (door.Session, error) {
	found, ok := s.of[cookie]
	switch {
	case s.away:
		return found, api.Errorf(api.CodeUnavailable, "nobody can tell now")
	case !ok:
		return found, api.Errorf(api.CodeInvalidToken, "signed out")
	}
	return found, nil
}

func (s *sessions) SignOut(_ context.Context, cookie string) error {
	s.ended = append(s.ended, cookie)
	return nil
}

// world is a reception over an office with the workspace acme: its Owner ada, who
// administers the instance too, its Viewer vera, and mallory, who is in another.
type world struct {
	*testing.T
	*office.Office
	root     authority.Caller
	house    *house
	sessions *sessions
	at       *reception.Reception
	log      strings.Builder
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx, now := t.Context(), time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	s, err := store.Open(ctx, store.Options{URL: storetest.SQLite(t), Holder: t.Name()})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	keys, err := token.GenerateKeyring(rand.Reader, now)
	must(t, err)
	w := &world{T: t, house: &house{}, sessions: &sessions{of: map[string]door.Session{}}}
	w.Office = office.New(authority.Options{Store: s, Keys: keys, Now: func() time.Time { return now }, Rand: rand.Reader})
	must(t, w.Prepare(ctx, token.DefaultPrefix))
	started, err := w.Bootstrap(ctx, office.Bootstrap{Email: "ada@example.com", Workspace: "acme"})
	must(t, err)
	w.root = storetest.Presenting(t, s, started.Token.Locator)
	_, err = w.CreateWorkspace(ctx, w.root, api.CreateWorkspace{Slug: "other"})
	must(t, err)
	for email, ws := range map[string]string{"vera@example.com": "acme", "mallory@example.com": "other"} {
		in := api.CreateMember{Email: email}
		in.Role, in.Resources = api.Some("Viewer"), api.Some([]string{"*"})
		_, err = w.CreateMember(ctx, w.root, ws, in)
		must(t, err)
	}
	for _, email := range []string{"ada@example.com", "vera@example.com", "mallory@example.com"} {
		must(t, s.Read(ctx, func(r ledger.Reader) error {
			u, err := r.User(ledger.UserKey{Email: email})
			w.sessions.of[email] = door.Session{User: u.ID, Email: email}
			return err
		}))
		entry := w.sessions.of[email]
		entry.ID = storetest.SignedIn(t, s, entry.User).Session
		w.sessions.of[email] = entry
	}
	base, _ := url.Parse("http://localhost")
	w.at = &reception.Reception{Office: w.Office, Sessions: w.sessions, Base: base, Logger: slog.New(slog.NewTextHandler(&w.log, nil)),
		Now: func() time.Time { return now }, Rand: rand.Reader, House: w.house}
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ask visits a page as somebody; a form makes it a POST, and headers are pairs.
func (w *world) ask(a reception.Access, show func(*reception.Visit) error, who, path string, f url.Values, headers ...string) *httptest.ResponseRecorder {
	mux := http.NewServeMux()
	mux.Handle("/workspace/{ws}/{page}", w.at.Serve(a, show))
	mux.Handle("/page", w.at.Serve(a, show))
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	if f != nil {
		r = httptest.NewRequest(http.MethodPost, path, strings.NewReader(f.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.RemoteAddr, r.Host = "127.0.0.1:4711", "localhost"
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if who != "" {
		r.AddCookie(&http.Cookie{Name: door.CookieName(false), Value: who})
	}
	out := httptest.NewRecorder()
	w.at.Guard(mux).ServeHTTP(out, r)
	return out
}

func drawn(v *reception.Visit) error { return v.Page("Page", templ.Raw("drawn")) }

const here = "/workspace/acme/page"

// TestAPageLetsInWhomItsRowNames, and tells others no more than that it is not there.
func TestAPageLetsInWhomItsRowNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const ok, away, no, missing = http.StatusOK, http.StatusSeeOther, http.StatusForbidden, http.StatusNotFound
	for name, c := range map[string]struct {
		a reception.Access
		// want is of nobody, mallory, vera and ada.
		want [4]int
	}{
		"anybody":       {reception.Open(), [4]int{ok, ok, ok, ok}},
		"somebody":      {reception.Mine(), [4]int{away, ok, ok, ok}},
		"a person":      {reception.Person(), [4]int{away, ok, ok, ok}},
		"a colleague":   {reception.MineHere(), [4]int{away, missing, ok, ok}},
		"a reader":      {reception.Needs("tokens:read"), [4]int{away, missing, ok, ok}},
		"a writer":      {reception.Needs("tokens:read", "members:write"), [4]int{away, missing, no, ok}},
		"administrator": {reception.OfInstance(), [4]int{away, missing, missing, ok}},
	} {
		for i, who := range []string{"", "mallory@example.com", "vera@example.com", "ada@example.com"} {
			if got := w.ask(c.a, drawn, who, here, nil); got.Code != c.want[i] || (got.Body.String() == "Page: drawn") != (c.want[i] == ok) {
				t.Errorf("a page for %s answers %d to %q: %s", name, got.Code, who, got.Body)
			}
		}
	}
	vera := w.sessions.of["vera@example.com"]
	vera.Portal = "acme"
	w.sessions.of["portal"] = vera
	for _, a := range []reception.Access{reception.Mine(), reception.MineHere().Packed()} {
		if closed, open := w.ask(a, drawn, "portal", here, nil).Code, w.ask(reception.Open(), drawn, "portal", here, nil).Code; closed != missing || open != ok {
			t.Errorf("a portal link opens %+v: %d, and what is for anybody: %d", a, closed, open)
		}
	}
	w.house.stale = true
	if got := w.ask(reception.OfInstance().Proven(), drawn, "ada@example.com", here, nil); got.Body.String() != "Is it you?: prove" {
		t.Errorf("without a proof: %s", got.Body)
	}
}

// TestWhoWasSignedOutKeepsTheForm, but for what no page repeats.
func TestWhoWasSignedOutKeepsTheForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.ask(reception.Mine(), drawn, "gone", "/page", url.Values{"label": {"CI"}}); got.Code != http.StatusUnauthorized || got.Body.String() != "Signed out: kept label=CI" {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	for _, f := range []url.Values{{}, {"password": {"x"}}, {reception.KeptAs + "password": {"x"}}, {"comment": {"tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7"}}} {
		if got := w.ask(reception.Mine(), drawn, "gone", "/page", f); got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/signin?next=%2Fworkspaces" {
			t.Errorf("%v: %d to %s", f, got.Code, got.Header().Get("Location"))
		}
	}
	if got := w.ask(reception.Mine(), drawn, "gone", "/page?a=b", nil).Header().Get("Location"); got != "/signin?next=%2Fpage%3Fa%3Db" {
		t.Errorf("a page leads to %s", got)
	}
	w.sessions.away = true
	if got := w.ask(reception.Mine(), drawn, "vera@example.com", "/page", url.Values{"label": {"CI"}}); got.Code != http.StatusServiceUnavailable {
		t.Errorf("while nobody can tell: %d", got.Code)
	}
	if got := reception.Unwrapped(url.Values{"kept-user": {"u"}, "kept-": {"1"}, "password": {"x"}}); len(got) != 1 || got.Get("user") != "u" {
		t.Errorf("%v", got)
	}
}

// TestNothingComesFromElsewhere: no change of another site, and no address with a token.
func TestNothingComesFromElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	changed := false
	change := func(v *reception.Visit) error { changed = true; return v.Done("/page?x=1", "saved") }
	if got := w.ask(reception.Mine(), change, "vera@example.com", "/page", url.Values{}, "Sec-Fetch-Site", "cross-site"); got.Code != http.StatusForbidden || changed {
		t.Errorf("another site: %d, changed %v", got.Code, changed)
	}
	got := w.ask(reception.Mine(), change, "vera@example.com", "/page", url.Values{}, "Sec-Fetch-Site", "same-origin")
	if !changed || got.Header().Get("Location") != "/page?x=1&did=saved" {
		t.Errorf("this site: changed %v, to %s", changed, got.Header().Get("Location"))
	}
	for _, h := range []string{"Content-Security-Policy", "Referrer-Policy", "X-Frame-Options", "Cache-Control"} {
		if got.Header().Get(h) == "" {
			t.Errorf("no %s", h)
		}
	}
	if got := w.ask(reception.Open(), drawn, "", "/page?q=tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7", nil); got.Code != http.StatusBadRequest {
		t.Errorf("an address with a token: %d", got.Code)
	}
}

// TestAPageIsWholeOrAnError, and what went wrong is told to the log alone.
func TestAPageIsWholeOrAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	broken := templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, _ = io.WriteString(w, "half a page")
		return errors.New("sour")
	})
	for name, show := range map[string]func(*reception.Visit) error{
		"half drawn": func(v *reception.Visit) error { return v.Page("Page", broken) },
		"failed":     func(*reception.Visit) error { return errors.New("sour") },
		"panicked":   func(*reception.Visit) error { panic("sour") },
	} {
		w.log.Reset()
		got := w.ask(reception.MineHere(), show, "vera@example.com", here, nil)
		if body := got.Body.String(); got.Code != http.StatusInternalServerError || strings.Contains(body, "sour") || strings.Contains(body, "half") || !strings.Contains(w.log.String(), map[bool]string{true: "panicked", false: "sour"}[name == "panicked"]) {
			t.Errorf("%s: %d %s; logged %s", name, got.Code, body, w.log.String())
		}
	}
	got := w.ask(reception.MineHere(), func(v *reception.Visit) error { return v.Again("Form", templ.Raw(v.Q("q"))) }, "vera@example.com", here+"?q=a%00b%ff", nil)
	if got.Code != http.StatusUnprocessableEntity || got.Body.String() != "Form: ab" {
		t.Errorf("%d %q", got.Code, got.Body)
	}
}

// TestLengthsTellOtherSitesNothing: a list is compressed for its own reader, and never a page
// that holds the name of a form.
func TestLengthsTellOtherSitesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := func(v *reception.Visit) error { return v.Page("Page", templ.Raw(strings.Repeat("row ", 4000))) }
	named := func(v *reception.Visit) error {
		if v.NewFormID() == "" {
			return errors.New("no name")
		}
		return long(v)
	}
	for _, c := range []struct {
		a    reception.Access
		show func(*reception.Visit) error
		site string
		want string
	}{
		{reception.MineHere().Packed(), long, "same-origin", "gzip"}, {reception.MineHere().Packed(), long, "none", "gzip"},
		{reception.MineHere().Packed(), long, "cross-site", ""}, {reception.MineHere().Packed(), long, "", ""},
		{reception.MineHere(), long, "same-origin", ""}, {reception.MineHere().Packed(), named, "same-origin", ""},
	} {
		if got := w.ask(c.a, c.show, "vera@example.com", here, nil, "Accept-Encoding", "gzip", "Sec-Fetch-Site", c.site); got.Code != http.StatusOK || got.Header().Get("Content-Encoding") != c.want {
			t.Errorf("%+v from %q: %d, %q", c.a, c.site, got.Code, got.Header().Get("Content-Encoding"))
		}
	}
}

// TestHalfAFileNeverLooksWhole: what fails behind the first row breaks the answer off.
func TestHalfAFileNeverLooksWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := func(pages iter.Seq2[[]string, error]) func(*reception.Visit) error {
		return func(v *reception.Visit) error {
			return reception.Export(v, pages, func() func(string) error {
				v.Attach(door.CSV, "rows.csv")
				return reception.InTable(v, []string{"row"}, func(s string) []string { return []string{s} })
			})
		}
	}
	whole := func(yield func([]string, error) bool) { _ = yield([]string{"a"}, nil) && yield([]string{"b"}, nil) }
	if got := w.ask(reception.MineHere().NotAtOnce(), file(whole), "vera@example.com", here, nil); got.Body.String() != "row\r\na\r\nb\r\n" && got.Body.String() != "row\na\nb\n" {
		t.Errorf("%q", got.Body)
	}
	at := file(func(yield func([]string, error) bool) { yield(nil, api.Errorf(api.CodeForbidden, "no")) })
	if got := w.ask(reception.MineHere().NotAtOnce(), at, "vera@example.com", here, nil); got.Code != http.StatusForbidden {
		t.Errorf("refused at once: %d", got.Code)
	}
	defer func() {
		if recover() == nil {
			t.Error("half a file was ended as a whole one")
		}
	}()
	half := file(func(yield func([]string, error) bool) {
		_ = yield([]string{"a"}, nil) && yield(nil, errors.New("away"))
	})
	w.ask(reception.MineHere().NotAtOnce(), half, "vera@example.com", here, nil)
}

// TestACookieIsGivenWhereNobodyReadsIt, and ends the session that it replaces.
func TestACookieIsGivenWhereNobodyReadsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	enter := func(v *reception.Visit) error {
		if err := v.RefuseClear(); err != nil {
			return err
		}
		return v.Welcome(door.Entry{Cookie: token.NewSecret("new")}, "/workspaces")
	}
	got := w.ask(reception.Open(), enter, "vera@example.com", "/page", url.Values{})
	if got.Code != http.StatusSeeOther || !strings.Contains(got.Header().Get("Set-Cookie"), "=new") || len(w.sessions.ended) != 1 {
		t.Errorf("%d, %q, ended %v", got.Code, got.Header().Get("Set-Cookie"), w.sessions.ended)
	}
	far := httptest.NewRequest(http.MethodGet, "http://tokens.example.com/page", http.NoBody)
	far.RemoteAddr = "198.51.100.7:4711"
	out := httptest.NewRecorder()
	w.at.Serve(reception.Open(), enter).ServeHTTP(out, far)
	if out.Code != http.StatusForbidden || out.Header().Get("Set-Cookie") != "" {
		t.Errorf("over plain HTTP: %d, %q", out.Code, out.Header().Get("Set-Cookie"))
	}
}

// TestAChangeIsOfWhatItsFormWasDrawnFrom, and made once for a form that has a name.
func TestAChangeIsOfWhatItsFormWasDrawnFrom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ask(reception.MineHere(), func(v *reception.Visit) error {
		f := form.Of(7, url.Values{"form": {"f"}})
		once, from := v.Once(f), v.From(f)
		if !once.Retry.Once || once.Retry.Key != "f" || v.Once(form.New(nil)).Retry.Once {
			t.Errorf("%+v", once.Retry)
		}
		if !reflect.DeepEqual(from.Expected, authority.At(7)) || !v.Making().Expected.Absent || v.Where().Workspace != "acme" {
			t.Errorf("%+v", from.Expected)
		}
		if p := v.Paged(); p.After != 0 || p.Limit != reception.PageRows || p.Text != "x" {
			t.Errorf("%+v", p)
		}
		return v.Fragment(templ.Raw("ok"))
	}, "vera@example.com", here+"?after=many&q=x", nil)
	for _, c := range []struct {
		err          error
		form, hidden bool
	}{
		{api.FieldError("label", "too long"), true, false}, {api.Errorf(api.CodeInternal, "x"), false, false},
		{api.Errorf(api.CodeUnavailable, "later"), false, false}, {authority.ErrNotAccepted, false, false}, {api.Errorf(api.CodeNotFound, "x"), true, true},
	} {
		f, err := reception.Refused(form.New(nil), c.err)
		if (err == nil && f.Err != nil) != c.form || (reception.Hidden(c.err) == nil) != c.hidden {
			t.Errorf("%v: %v, %v", c.err, f.Err, err)
		}
	}
	if reception.Unseen(api.Errorf(api.CodeUnavailable, "later")) != nil || !reception.SentBefore(api.Errorf(api.CodeIdempotencyKeyUsed, "x")) {
		t.Error("what is not counted now fails a page, or a second sending is not told")
	}
}

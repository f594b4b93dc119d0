package reception_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/a-h/templ"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/listing"
	"github.com/tokenry/tokenry/internal/reception"
	"github.com/tokenry/tokenry/token"
)

// TestAPageIsDrawnFromOneSnapshot: what changes meanwhile is on the next page. One that
// rehearses a change sees it at once.
func TestAPageIsDrawnFromOneSnapshot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := 0
	meanwhile := func(v *reception.Visit) error {
		before, err := v.Office.Homes(v.Ctx(), v.Caller)
		must(t, err)
		n++
		_, err = w.EditWorkspace(t.Context(), w.root, "acme", api.EditWorkspace{Name: api.Some(fmt.Sprint("Name ", n))})
		must(t, err)
		after, err := v.Office.Homes(v.Ctx(), v.Caller)
		must(t, err)
		return v.Page("Page", templ.Raw(fmt.Sprint(before[0].Name == after[0].Name, v.Now().Equal(w.at.Now()))))
	}
	for want, a := range map[string]reception.Access{"Page: true true": reception.MineHere(), "Page: false true": reception.MineHere().NotAtOnce()} {
		if got := w.ask(a, meanwhile, "ada@example.com", here, nil); got.Body.String() != want {
			t.Errorf("%d %s, want %s", got.Code, got.Body, want)
		}
	}
	for name, err := range map[string]error{"a page": authority.ErrNotAccepted, "a page, told so further in": fmt.Errorf("read: %w", authority.ErrNotAccepted)} {
		signedOut := func(*reception.Visit) error { return err }
		if got := w.ask(reception.MineHere(), signedOut, "vera@example.com", here, nil); got.Code != http.StatusSeeOther || !strings.HasPrefix(got.Header().Get("Location"), "/signin?next=") {
			t.Errorf("%s of who was signed out meanwhile: %d to %s", name, got.Code, got.Header().Get("Location"))
		}
	}
}

// TestAFormIsOfTheSizeOfForms, and one that cannot be read changes nothing.
func TestAFormIsOfTheSizeOfForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"as large as any":  {"label=" + strings.Repeat("a", reception.MaxForm-6), http.StatusOK},
		"larger":           {"label=" + strings.Repeat("a", reception.MaxForm-5), http.StatusBadRequest},
		"quoted in no way": {"label=%zz", http.StatusBadRequest},
	} {
		changed := false
		r := httptest.NewRequest(http.MethodPost, "/page", strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.AddCookie(&http.Cookie{Name: door.CookieName(false), Value: "vera@example.com"})
		out := httptest.NewRecorder()
		w.at.Guard(w.at.Serve(reception.Mine(), func(v *reception.Visit) error { changed = true; return drawn(v) })).ServeHTTP(out, r)
		if out.Code != c.want || changed != (c.want == http.StatusOK) {
			t.Errorf("%s: %d, changed %v: %s", name, out.Code, changed, out.Body)
		}
	}
	bearer := w.ask(reception.Mine(), drawn, "", "/page", nil, "Authorization", "Bearer vera@example.com")
	if bearer.Code != http.StatusSeeOther {
		t.Errorf("what an API call shows opens a page: %d", bearer.Code)
	}
}

// TestWhatFailsLeadsToAPageThatExists for whoever asked.
func TestWhatFailsLeadsToAPageThatExists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	vera := w.sessions.of["vera@example.com"]
	vera.Portal = "acme"
	w.sessions.of["portal"] = vera
	for _, c := range []struct {
		a               reception.Access
		who, path, back string
	}{
		{reception.Open(), "", "/page", "/signin"},
		{reception.Mine(), "vera@example.com", "/page", "/workspaces"},
		{reception.MineHere(), "vera@example.com", here, "/workspace/acme/access-tokens"},
		{reception.MineHere(), "mallory@example.com", here, "/workspaces"},
		{reception.Person().InPortal(), "portal", "/page", "/settings/tokens"},
	} {
		got := w.ask(c.a, func(v *reception.Visit) error { return v.Missing() }, c.who, c.path, nil)
		if got.Code != http.StatusNotFound || !strings.HasSuffix(got.Body.String(), " -> "+c.back) {
			t.Errorf("%q at %s: %d %s", c.who, c.path, got.Code, got.Body)
		}
	}
}

// TestAListLeadsOnAndBack: to the rows behind the last one with what narrows the list, and
// to where its reader came from, if that is a page of ours.
func TestAListLeadsOnAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const members = "/workspace/acme/members"
	otherwise := listing.Place{Href: "/workspaces", Name: "Workspaces"}
	for query, want := range map[string][4]string{
		"":                            {here + "?after=9", "/workspaces", "/x", "/x"},
		"?q=a%26b&after=4":            {here + "?after=9&q=a%26b", "/workspaces", "/x", "/x"},
		"?from=" + members:            {here + "?after=9&from=%2Fworkspace%2Facme%2Fmembers", members, "/x?from=%2Fworkspace%2Facme%2Fmembers", "/x"},
		"?from=//elsewhere.example/":  {"", "/workspaces", "/x", "/x"},
		"?from=/workspace/acme/other": {"", "/workspaces", "/x", "/x"},
	} {
		w.ask(reception.MineHere(), func(v *reception.Visit) error {
			if got := v.After(9); want[0] != "" && got != want[0] || v.After(0) != "" {
				t.Errorf("%q goes on at %s", query, got)
			}
			if got := v.BackTo(otherwise).Href; got != want[1] {
				t.Errorf("%q leads back to %s", query, got)
			}
			if got := v.Onward("/x"); got != want[2] {
				t.Errorf("%q leads on to %s", query, got)
			}
			if got := v.Deeper("/x"); got != want[3] {
				t.Errorf("%q leads deeper to %s", query, got)
			}
			if got := v.Listed(3, 0); got.Long != (query == "?q=a%26b&after=4") || got.N != 3 {
				t.Errorf("%q is listed as %+v", query, got)
			}
			return drawn(v)
		}, "vera@example.com", here+query, nil)
	}
	w.ask(reception.MineHere(), func(v *reception.Visit) error {
		want := "/x?from=" + url.QueryEscape(members+"?from="+url.QueryEscape("/workspace/acme/advice"))
		if got := v.Deeper("/x"); got != want {
			t.Errorf("from a page that was come to, it leads deeper to %s", got)
		}
		return drawn(v)
	}, "vera@example.com", members+"?from=/workspace/acme/advice", nil)
	w.ask(reception.MineHere(), func(v *reception.Visit) error {
		if got := utf8.RuneCountInString(v.Q("q")); got != 2000 || v.Paged().After != 7 {
			t.Errorf("a text of %d characters, after %d", got, v.Paged().After)
		}
		if got := v.WS("access-tokens", "a/b?c"); got != "/workspace/acme/access-tokens/a%2Fb%3Fc" {
			t.Errorf("a name with a slash is at %s", got)
		}
		if !v.May("tokens:read") || v.May("members:write") {
			t.Error("a Viewer may what an Editor may, or not what a Viewer may")
		}
		return drawn(v)
	}, "vera@example.com", here+"?after=7&q="+strings.Repeat("%C3%A9", 3000), nil)
}

// TestOneFormMakesOneChange: sent again it is the same, with another field it is not; a
// name of anybody's making is cut.
func TestOneFormMakesOneChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	retry := func(path string, f url.Values) (r authority.Retry) {
		w.ask(reception.MineHere(), func(v *reception.Visit) error { r = v.Once(v.Typed()).Retry; return drawn(v) }, "vera@example.com", path, f)
		return r
	}
	first := retry(here, url.Values{"form": {"f"}, "label": {"CI"}})
	for name, c := range map[string]struct {
		other authority.Retry
		same  bool
	}{
		"sent again":    {retry(here+"?did=x", url.Values{"label": {"CI"}, "form": {"f"}}), true},
		"another text":  {retry(here, url.Values{"form": {"f"}, "label": {"CD"}}), false},
		"another form":  {retry(here, url.Values{"form": {"g"}, "label": {"CI"}}), false},
		"another page":  {retry("/workspace/other/page", url.Values{"form": {"f"}, "label": {"CI"}}), false},
		"without names": {retry(here, url.Values{"label": {"CI"}}), false},
	} {
		if reflect.DeepEqual(first, c.other) != c.same {
			t.Errorf("%s: %+v", name, c.other)
		}
	}
	if got := len(retry(here, url.Values{"form": {strings.Repeat("f", 10000)}}).Key); got > 64 {
		t.Errorf("a name of %d characters is kept", got)
	}
	unchanged := form.Of(3, url.Values{"name": {"mine"}}).Refused(api.FieldError("name", "too long"))
	w.ask(reception.MineHere(), func(v *reception.Visit) error {
		if got := v.Renewed(unchanged, form.Of(5, url.Values{"name": {"theirs"}}), v.Where(), "acme"); got.Get("name") != "mine" || got.Revision != 3 {
			t.Errorf("a form that nobody overtook became %q of %d", got.Get("name"), got.Revision)
		}
		overtaken := unchanged.Refused(api.Errorf(api.CodeChangedMeanwhile, "changed"))
		if got := v.Renewed(overtaken, form.Of(5, url.Values{"name": {"theirs"}}), v.Where(), "acme"); !got.Stale || got.Revision != 5 {
			t.Errorf("a form that was overtaken is of %d, stale %v", got.Revision, got.Stale)
		}
		return drawn(v)
	}, "vera@example.com", here, nil)
}

// TestEncryptionIsWhatTheConnectionOrATrustedProxySays: a stranger's header gives no cookie
// over plain HTTP, and a cookie that was given over HTTPS is for HTTPS alone.
func TestEncryptionIsWhatTheConnectionOrATrustedProxySays(t *testing.T) {
	t.Parallel()
	at := reception.Reception{TrustedProxies: door.Proxies{netip.MustParsePrefix("10.0.0.0/8")}, Base: &url.URL{Scheme: "http", Host: "tokens.example.com"}}
	w := newWorld(t)
	at.Office, at.Sessions, at.Logger, at.Now, at.Rand, at.House = w.at.Office, w.at.Sessions, w.at.Logger, w.at.Now, w.at.Rand, w.at.House
	enter := func(v *reception.Visit) error {
		if err := v.RefuseClear(); err != nil {
			return err
		}
		return v.Welcome(door.Entry{Cookie: token.NewSecret("new")}, "/workspaces")
	}
	for from, secure := range map[string]bool{"10.1.2.3:4711": true, "198.51.100.7:4711": false} {
		r := httptest.NewRequest(http.MethodGet, "http://tokens.example.com/page", http.NoBody)
		r.RemoteAddr = from
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		out := httptest.NewRecorder()
		at.Guard(at.Serve(reception.Open(), enter)).ServeHTTP(out, r)
		cookie := out.Header().Get("Set-Cookie")
		if (out.Code == http.StatusSeeOther) != secure || strings.Contains(cookie, "Secure") != secure || (out.Header().Get("Strict-Transport-Security") != "") != secure {
			t.Errorf("from %s: %d, cookie %q, %q", from, out.Code, cookie, out.Header().Get("Strict-Transport-Security"))
		}
		if secure && (!strings.Contains(cookie, "HttpOnly") || !strings.HasPrefix(cookie, door.CookieName(true)+"=")) {
			t.Errorf("a script, or another site, has the cookie %q", cookie)
		}
	}
	packed := reception.MineHere().Packed()
	withCookie := func(v *reception.Visit) error {
		v.SetCookie("a", "b", 60)
		return v.Page("Page", templ.Raw(strings.Repeat("row ", 4000)))
	}
	if got := w.ask(packed, withCookie, "vera@example.com", here, nil, "Accept-Encoding", "gzip", "Sec-Fetch-Site", "none"); got.Header().Get("Content-Encoding") != "" {
		t.Error("a page that gives a cookie is compressed")
	}
}

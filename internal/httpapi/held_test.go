package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/httpapi"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

// held is a body that is sent in two parts, with something between them: its
// sender was let in by then.
type held struct {
	parts []string
	then  func()
}

func (h *held) Read(b []byte) (int, error) {
	if len(h.parts) == 0 {
		return 0, io.EOF
	}
	if len(h.parts) == 1 {
		h.then()
	}
	n := copy(b, h.parts[0])
	h.parts = h.parts[1:]
	return n, nil
}

// holding sends a request whose body is held while then happens.
func (w *world) holding(secret, method, path, body string, then func()) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), method, path, &held{parts: []string{body[:1], body[1:]}, then: then})
	r.ContentLength = int64(len(body))
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Content-Type", "application/json")
	a := httptest.NewRecorder()
	w.door.ServeHTTP(a, r)
	return a
}

// caller makes a token that may do everything.
func (w *world) caller() authority.Issued {
	w.Helper()
	in := api.CreateToken{Kind: "personal"}
	in.Label, in.Scopes, in.Resources = api.Some("caller"), api.Some([]string{"*", "instance:admin"}), api.Some([]string{"*"})
	i, err := w.CreateToken(w.Context(), storetest.Presenting(w.TB, w.db, w.locator(w.root)), "acme", in)
	w.must(err)
	return i
}

func (w *world) locator(secret string) string {
	w.Helper()
	p, err := token.Parse(secret)
	w.must(err)
	return p.Locator.String()
}

// TestACallWhoseBodyWasHeldIsJudgedByTheSecretOfNow: every call that takes a body
// was let in by its header. What happens to its secret until the body is there
// counts, at each of them.
func TestACallWhoseBodyWasHeldIsJudgedByTheSecretOfNow(t *testing.T) {
	t.Parallel()
	var d diary
	w := newWorld(t, d.option)
	root := storetest.Presenting(w.TB, w.db, w.locator(w.root))
	for _, rt := range httpapi.Routes() {
		if rt.Request == nil || rt.OAuth || rt.Method == "" || rt.Path == "/v1/leaks/github" { // that is signed, and has no caller
			continue
		}
		i := w.caller()
		d.read()
		path := strings.NewReplacer("{ws}", "acme", "{id}", "self", "{name}", "thing", "{member}", "me").Replace(rt.Path)
		a := w.holding(i.Secret.Reveal(), rt.Method, path, bodyOf(rt), func() {
			_, err := w.ResetToken(w.Context(), root, "acme", i.Token.ID)
			w.must(err)
		})
		var p api.Problem
		_ = json.Unmarshal(a.Body.Bytes(), &p)
		if a.Code != http.StatusUnauthorized || p.Code != api.CodeRetired || !strings.Contains(a.Header().Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("%s: %d %s", rt.Pattern(), a.Code, a.Body)
		}
		uses := d.read()
		if n := len(uses); n == 0 || uses[n-1].code != string(api.CodeRetired) || uses[n-1].door != httpapi.DoorAPI {
			t.Errorf("%s: told %+v", rt.Pattern(), uses)
		}
	}
}

// bodyOf is a body that a route decodes.
func bodyOf(rt httpapi.Route) string {
	if rt.Request.Kind() == reflect.Slice {
		return `[]`
	}
	switch rt.Path {
	case "/v1/workspaces/{ws}/tokens/bulk":
		return `{"action":"revoke","ids":["x"]}`
	case "/v1/token-review/{scopes}", "/v1/token-review/{scopes}/{resource}":
		return reviewOf("x")
	case "/v1/verify/batch":
		return `{"requests":[{"token":"x"}]}`
	}
	body, err := json.Marshal(least(rt.Request))
	if err != nil {
		panic(err)
	}
	return string(body)
}

// TestACallThatWasHeldIsJudgedByTheAddressesOfNow.
func TestACallThatWasHeldIsJudgedByTheAddressesOfNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := storetest.Presenting(w.TB, w.db, w.locator(w.root))
	i := w.caller()
	a := w.holding(i.Secret.Reveal(), "POST", ws+"/tokens", `{"label":"more","scopes":["*"]}`, func() {
		in := api.EditToken{}
		in.AllowedIPs = api.Some([]string{"198.51.100.0/24"})
		_, err := w.EditToken(w.Context(), root, "acme", i.Token.ID, in)
		w.must(err)
	})
	if a.Code != http.StatusForbidden || !strings.Contains(a.Body.String(), `"ip_denied"`) || !strings.Contains(a.Header().Get("WWW-Authenticate"), `error="insufficient_scope"`) {
		t.Errorf("%d %s %s", a.Code, a.Header().Get("WWW-Authenticate"), a.Body)
	}
}

// reader is a client that does something when the first piece of an answer is there.
type reader struct {
	http.ResponseWriter
	got   bytes.Buffer
	first func()
}

func (r *reader) Write(b []byte) (int, error) {
	if r.got.Len() == 0 {
		r.first()
	}
	return r.got.Write(b)
}

// TestAnExportEndsWithWhatItsCallerMayNoMore: its pages are judged one by one. What
// was sent is not more than a page, and the connection is cut, so that nobody takes
// it for the whole.
func TestAnExportEndsWithWhatItsCallerMayNoMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := storetest.Presenting(w.TB, w.db, w.locator(w.root))
	for n := range 401 {
		in := api.CreateToken{Kind: "workspace"}
		in.Label, in.Scopes = api.Some(fmt.Sprint("token ", n)), api.Some([]string{"tickets:read"})
		_, err := w.CreateToken(w.Context(), root, "acme", in)
		w.must(err)
	}
	exports := []string{ws + "/audit/export", ws + "/audit/export?format=csv", ws + "/tokens?format=csv", "/v1/instance/audit/export"}
	for why, lose := range map[string]func(i authority.Issued) error{
		"its secret is reset": func(i authority.Issued) error {
			_, err := w.ResetToken(w.Context(), root, "acme", i.Token.ID)
			return err
		},
		"its right is taken": func(i authority.Issued) error {
			in := api.EditToken{}
			in.Scopes, in.Resources = api.Some([]string{"members:read"}), api.Some([]string{"*"})
			_, err := w.EditToken(w.Context(), root, "acme", i.Token.ID, in)
			return err
		},
	} {
		for _, path := range exports {
			if path == "/v1/instance/audit/export" {
				continue // the instance has few events here; its pages are judged by the same loop
			}
			i := w.caller()
			r := httptest.NewRequestWithContext(w.Context(), "GET", path, nil)
			r.Header.Set("Authorization", "Bearer "+i.Secret.Reveal())
			a := &reader{ResponseWriter: httptest.NewRecorder(), first: func() { w.must(lose(i)) }}
			cut := func() (cut any) {
				defer func() { cut = recover() }()
				w.door.ServeHTTP(a, r)
				return nil
			}()
			if lines := bytes.Count(a.got.Bytes(), []byte("\n")); cut != http.ErrAbortHandler || lines < 200 || lines > 202 { //nolint:errorlint // the sentinel is compared so by net/http
				t.Errorf("%s, when %s: %d lines, cut %v", path, why, lines, cut)
			}
		}
	}
}

// TestARotationOfManyEndsWithItsCallersSecret: no secret is handed to whoever has
// none.
func TestARotationOfManyEndsWithItsCallersSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := storetest.Presenting(w.TB, w.db, w.locator(w.root))
	for range 5 {
		in := api.CreateToken{Kind: "workspace"}
		in.Label, in.Scopes = api.Some("fleet"), api.Some([]string{"tickets:read"})
		_, err := w.CreateToken(w.Context(), root, "acme", in)
		w.must(err)
	}
	i := w.caller()
	r := httptest.NewRequestWithContext(w.Context(), "POST", ws+"/tokens/bulk", strings.NewReader(`{"action":"rotate","filter":{"kind":"workspace"}}`))
	r.Header.Set("Authorization", "Bearer "+i.Secret.Reveal())
	r.Header.Set("Content-Type", "application/json")
	a := &reader{ResponseWriter: httptest.NewRecorder(), first: func() {
		_, err := w.ResetToken(w.Context(), root, "acme", i.Token.ID)
		w.must(err)
	}}
	w.door.ServeHTTP(a, r)
	if got := a.got.String(); strings.Count(got, `"secret"`) != 1 || strings.Count(got, `"code":"retired"`) != 4 {
		t.Errorf("answered %s", got)
	}
}

package reception_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/reception"
)

// TestNoSecretIsShownAgainToWhoWasSignedOut: a form is kept, unless it holds a password, a
// code, or a token, under its own name or that of a form which waited for a proof.
func TestNoSecretIsShownAgainToWhoWasSignedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const live = "tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7"
	for name, kept := range map[string]bool{
		"name": true, "comment": true, "email": true, "passwords": true, "codes": true, "Password": true,
		"password": false, "old": false, "code": false, "answer": false, "state": false, "text": false,
	} {
		for _, before := range []string{"", reception.KeptAs} {
			got := w.ask(reception.Mine(), drawn, "gone", "/page", url.Values{before + name: {"sesame"}, "label": {"CI"}})
			if shown := strings.Contains(got.Body.String(), "sesame"); shown != kept || (got.Code == http.StatusUnauthorized) != kept {
				t.Errorf("%s%s is kept %t: %d %s", before, name, shown, got.Code, got.Body)
			}
		}
	}
	for _, value := range []string{live, "see " + live, "x" + live} {
		if got := w.ask(reception.Mine(), drawn, "gone", "/page", url.Values{"label": {"CI", value}}); got.Code != http.StatusSeeOther || strings.Contains(got.Body.String(), live) {
			t.Errorf("%q: %d %s", value, got.Code, got.Body)
		}
	}
	for in, want := range map[string]string{"kept-user=u&kept-=1&password=x": "user=u", "kept-kept-a=1": "kept-a=1", "user=u": "", "kept-a=1&kept-a=2": "a=1&a=2"} {
		typed, err := url.ParseQuery(in)
		must(t, err)
		if got := reception.Unwrapped(typed).Encode(); got != want {
			t.Errorf("of %s waited %q, want %q", in, got, want)
		}
	}
}

// TestEveryAnswerIsGuarded: a page, one that is not there, one that fails, a refusal at the
// door. What is answered is kept nowhere, framed by nobody and runs nothing but ours.
func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	broken := func(*reception.Visit) error { return errors.New("broken") }
	panics := func(*reception.Visit) error { panic("a bug") }
	for what, got := range map[string]http.Header{
		"a page":                w.ask(reception.Open(), drawn, "", "/page", nil).Header(),
		"the way to sign in":    w.ask(reception.Mine(), drawn, "", "/page", nil).Header(),
		"nothing":               w.ask(reception.Open(), drawn, "", "/nothing", nil).Header(),
		"what fails":            w.ask(reception.Open(), broken, "", "/page", nil).Header(),
		"what has a bug":        w.ask(reception.Open(), panics, "", "/page", nil).Header(),
		"a form of another":     w.ask(reception.Open(), drawn, "", "/page", url.Values{}, "Sec-Fetch-Site", "cross-site").Header(),
		"an address of a token": w.ask(reception.Open(), drawn, "", "/page?t=tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7", nil).Header(),
	} {
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store", "Strict-Transport-Security": "",
		} {
			if got.Get(name) != want {
				t.Errorf("%s has %s %q, want %q", what, name, got.Get(name), want)
			}
		}
		csp := got.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, part) || strings.Contains(csp, "unsafe") {
				t.Errorf("%s may do more: %q", what, csp)
			}
		}
	}
	w.at.Base.Scheme = "https"
	if got := w.ask(reception.Open(), drawn, "", "/page", nil).Header().Get("Strict-Transport-Security"); got != door.StrictTransport {
		t.Errorf("over https: %q", got)
	}
}

// TestWhatBrokeIsToldToTheLogAlone: a person reads that it was ours, and the name of
// the request, which the log has too.
func TestWhatBrokeIsToldToTheLogAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.ask(reception.Open(), func(*reception.Visit) error { return fmt.Errorf("the disk: %w", errors.New("sesame")) }, "", "/page", nil)
	id := got.Header().Get(door.HeaderRequestID)
	if got.Code != http.StatusInternalServerError || strings.Contains(got.Body.String(), "sesame") || id == "" || !strings.Contains(got.Body.String(), id) || !strings.Contains(w.log.String(), "sesame") {
		t.Errorf("%d %s\nlogged %s", got.Code, got.Body, w.log.String())
	}
	got = w.ask(reception.Open(), func(*reception.Visit) error { return api.FieldError("label", "is too long") }, "", "/page", nil, door.HeaderRequestID, "req-mine")
	if got.Code != http.StatusBadRequest && got.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Body.String(), "s too long") || got.Header().Get(door.HeaderRequestID) == "req-mine" {
		t.Errorf("%d %s of %q", got.Code, got.Body, got.Header().Get(door.HeaderRequestID))
	}
}

// TestAParameterIsTextOfABoundedLength: without what a terminal or a log would take for more.
func TestAParameterIsTextOfABoundedLength(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for raw, want := range map[string]string{
		"a b": "a b", "\x00a\nb\x7f\u0085c": "abc", "a\xffb": "ab", "é𝄞": "é𝄞", "": "",
		strings.Repeat("é", 2000): strings.Repeat("é", 2000),
	} {
		got := ""
		w.ask(reception.Open(), func(v *reception.Visit) error { got = v.Q("q"); return drawn(v) }, "", "/page?q="+url.QueryEscape(raw), nil)
		if got != want {
			t.Errorf("%.40q is read as %.40q", raw, got)
		}
	}
	long := 0
	w.ask(reception.Open(), func(v *reception.Visit) error { long = len([]rune(v.Q("q"))); return drawn(v) }, "", "/page?q="+strings.Repeat("x", 9000), nil)
	if long > 2001 {
		t.Errorf("%d characters are read", long)
	}
	for raw, want := range map[string]int64{"7": 7, "": 0, "x": 0, "-1": -1, "99999999999999999999": 9223372036854775807} {
		var page authority.Page
		w.ask(reception.Open(), func(v *reception.Visit) error { page = v.Paged(); return drawn(v) }, "", "/page?after="+raw, nil)
		if page.After != want || page.Limit != reception.PageRows {
			t.Errorf("after %q: %+v", raw, page)
		}
	}
}

// TestWhatAPageForgives is that its visitor may not see something, or that it is not counted
// now; and never that something went wrong.
func TestWhatAPageForgives(t *testing.T) {
	t.Parallel()
	for code, c := range map[api.Code]struct{ hidden, unseen, form bool }{
		api.CodeNotFound:          {true, true, true},
		api.CodeInsufficientScope: {true, true, true},
		api.CodeUnavailable:       {false, true, false},
		api.CodeBusy:              {false, true, false},
		api.CodeInternal:          {false, false, false},
		api.CodeInvalidField:      {false, false, true},
		api.CodeChangedMeanwhile:  {false, false, true},
		api.CodeLastOwner:         {false, false, true},
	} {
		err := api.Errorf(code, "x")
		f, rest := reception.Refused(form.Form{}, err)
		if (reception.Hidden(err) == nil) != c.hidden || (reception.Unseen(err) == nil) != c.unseen || (rest == nil) != c.form || (f.Err != nil) != c.form {
			t.Errorf("%s: hidden %v, unseen %v, on the form %v", code, reception.Hidden(err), reception.Unseen(err), rest)
		}
	}
	if reception.Hidden(nil) != nil || reception.Unseen(nil) != nil {
		t.Error("nothing went wrong, and that is not forgiven")
	}
	if _, rest := reception.Refused(form.Form{}, authority.SignedOut()); !errors.Is(rest, authority.ErrNotAccepted) {
		t.Errorf("who was signed out sees the form: %v", rest)
	}
	for code, sent := range map[api.Code]bool{api.CodeIdempotencyKeyUsed: true, api.CodeIdempotencyKeyReused: true, api.CodeAlreadyExists: false} {
		if reception.SentBefore(api.Errorf(code, "x")) != sent {
			t.Errorf("%s means that the form was sent before: %t", code, !sent)
		}
	}
}

// TestAChangeEndsOnAPageThatSaysSo, by an address that goes on with what it had.
func TestAChangeEndsOnAPageThatSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for to, want := range map[string]string{"/workspaces": "/workspaces?did=made", "/workspaces?q=a": "/workspaces?q=a&did=made"} {
		got := w.ask(reception.Mine(), func(v *reception.Visit) error { return v.Done(to, "made") }, "vera@example.com", "/page", url.Values{})
		if got.Code != http.StatusSeeOther || got.Header().Get("Location") != want {
			t.Errorf("%d to %q, want %q", got.Code, got.Header().Get("Location"), want)
		}
	}
	got := w.ask(reception.MineHere(), func(v *reception.Visit) error { return v.Page("Page", templ.Raw(v.WS("a/b", "c d"))) }, "vera@example.com", "/workspace/acme/x", nil)
	if !strings.Contains(got.Body.String(), "/workspace/acme/a%2Fb/c%20d") {
		t.Errorf("an address of the workspace: %s", got.Body)
	}
	if may := w.ask(reception.MineHere(), func(v *reception.Visit) error {
		return v.Page("Page", templ.Raw(fmt.Sprint(v.May("tokens:read"), v.May("policy:write"), v.Where().Workspace)))
	}, "vera@example.com", "/workspace/acme/x", nil); !strings.Contains(may.Body.String(), "true falseacme") {
		t.Errorf("a Viewer may: %s", may.Body)
	}
}

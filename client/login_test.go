package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/client"
)

const begun = `{"device_code":"d-1","user_code":"BCDF-GHJK","verification_uri":"http://x/device","expires_in":600,"interval":3}`

// asks signs in at a server that gives these answers to the polls, one after the
// other, and tells how long was waited between them.
func asks(t *testing.T, answers ...func(http.ResponseWriter)) (token string, waited []time.Duration, err error) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth2/device_authorization" {
			_, _ = io.WriteString(w, begun)
			return
		}
		if r.PostFormValue("device_code") != "d-1" || r.PostFormValue("client_id") != "tokenry-cli" || len(answers) == 0 {
			t.Errorf("it asks with %v", r.PostForm)
			return
		}
		answer := answers[0]
		answers = answers[1:]
		answer(w)
	}))
	defer s.Close()
	d, err := client.BeginLogin(t.Context(), s.URL, "laptop")
	if err != nil {
		t.Fatal(err)
	}
	d.SetSleep(func(_ context.Context, d time.Duration) error {
		waited = append(waited, d)
		return nil
	})
	tok, err := d.Wait(t.Context())
	return tok.AccessToken, waited, err
}

func says(status int, body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func refuses(word string) func(http.ResponseWriter) { return says(400, `{"error":"`+word+`"}`) }

// RFC 8628, section 3.5: pending waits the interval, slow_down five seconds more
// from then on, trouble twice as long.
func TestAProgramWaitsForItsPerson(t *testing.T) {
	t.Parallel()
	cut := func(http.ResponseWriter) { panic(http.ErrAbortHandler) }
	tok, waited, err := asks(t, refuses("authorization_pending"), refuses("slow_down"), refuses("authorization_pending"), cut, says(503, `<html>`),
		says(200, `{"access_token":"t","token_type":"Bearer"}`))
	want := []time.Duration{3 * time.Second, 8 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second}
	if err != nil || tok != "t" || !slices.Equal(waited, want) {
		t.Errorf("%q after %v, %v", tok, waited, err)
	}
}

func TestAProgramGivesUp(t *testing.T) {
	t.Parallel()
	if _, _, err := asks(t, says(400, `{"error":"access_denied","error_description":"the policy does not let you"}`)); !errors.Is(err, client.ErrLoginDenied) ||
		err.Error() != client.ErrLoginDenied.Error()+": the policy does not let you" {
		t.Errorf("denied: %v", err)
	}
	if _, _, err := asks(t, refuses("expired_token")); !errors.Is(err, client.ErrLoginExpired) {
		t.Errorf("expired: %v", err)
	}
	if _, _, err := asks(t, says(404, `<html>`)); err == nil || errors.Is(err, client.ErrLoginDenied) {
		t.Errorf("no such server: %v", err)
	}
	if _, waited, err := asks(t, slices.Repeat([]func(http.ResponseWriter){refuses("authorization_pending")}, 201)...); !errors.Is(err, client.ErrLoginExpired) || len(waited) != 200 {
		t.Errorf("ten minutes of three seconds: %d, %v", len(waited), err)
	}
}

func TestWhatIsNoTokenryServerBeginsNothing(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) }))
	defer s.Close()
	if _, err := client.BeginLogin(t.Context(), s.URL, ""); err == nil {
		t.Error("an empty answer is taken")
	}
}

// A program says how the server is reached and who it is, as with New.
func TestAProgramSignsInWithOptions(t *testing.T) {
	t.Parallel()
	agents := make(chan string, 2)
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agents <- r.UserAgent()
		if r.URL.Path == "/oauth2/token" {
			_, _ = io.WriteString(w, `{"access_token":"tkyp_x","scope":"tickets:read"}`)
			return
		}
		_, _ = io.WriteString(w, begun)
	}))
	defer s.Close()
	if _, err := client.BeginLogin(t.Context(), s.URL, "laptop"); err == nil {
		t.Error("a certificate that nobody vouches for is taken")
	}
	d, err := client.BeginLogin(t.Context(), s.URL, "laptop", client.WithHTTPClient(s.Client()), client.WithUserAgent("ledger/1.4"))
	if err != nil {
		t.Fatal(err)
	}
	tok, err := d.Wait(t.Context())
	if err != nil || tok.Scope != "tickets:read" {
		t.Errorf("%v %v", tok, err)
	}
	for range 2 {
		if agent := <-agents; !strings.Contains(agent, "ledger/1.4") {
			t.Errorf("it says that it is %q", agent)
		}
	}
}

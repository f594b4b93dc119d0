package console_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/console"
	"github.com/tokenry/tokenry/internal/door"
)

// brokenPeople have a bug.
type brokenPeople struct{ *people }

func (brokenPeople) Authenticate(context.Context, string, door.Client) (door.Session, error) {
	panic("a bug, and the cookie c00k1e")
}

// TestAPanicIsAnErrorPage that names the request under which the log has it; what
// it was panicked with is told nowhere.
func TestAPanicIsAnErrorPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var log bytes.Buffer
	h, err := console.New(console.Options{Authority: w.Office, Rand: rand.Reader, People: allOf(brokenPeople{w.people}), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	must(t, err)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/workspaces", http.NoBody)
	r.AddCookie(&http.Cookie{Name: "tokenry", Value: "c00k1e"})
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	id := answer.Header().Get(door.HeaderRequestID)
	if page := answer.Body.String(); answer.Code != http.StatusInternalServerError || !strings.HasPrefix(id, door.Pages) || !strings.Contains(page, id) {
		t.Errorf("the visitor is answered %d, request %q: %s", answer.Code, id, page)
	}
	said := log.String()
	for _, want := range []string{"level=ERROR", "GET /workspaces", id} {
		if !strings.Contains(said, want) {
			t.Errorf("the log does not say %q: %s", want, said)
		}
	}
	if strings.Contains(said+answer.Body.String(), "c00k1e") {
		t.Errorf("what it panicked with is told: %s", said)
	}
}

// half is a browser's connection that breaks the handler amid a page.
type half struct{ *httptest.ResponseRecorder }

func (h half) Write([]byte) (int, error) { panic("a bug amid a page") }

func TestHalfAPageIsCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/signin", http.NoBody)
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // net/http knows it so
			t.Errorf("the connection is not cut: %v", p)
		}
	}()
	w.server.Config.Handler.ServeHTTP(half{httptest.NewRecorder()}, r)
}

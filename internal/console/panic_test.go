package console_test

import (
	"bytes"
	"context"
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

// TestAPanicIsToldToTheLog: what net/http writes of one is for debugging, and
// shows what it was panicked with.
func TestAPanicIsToldToTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var log bytes.Buffer
	h, err := console.New(console.Options{Authority: w.Authority, People: allOf(brokenPeople{w.people}), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	must(t, err)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/workspaces", http.NoBody)
	r.AddCookie(&http.Cookie{Name: "tokenry", Value: "c00k1e"})
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // net/http knows it so
			t.Errorf("the connection is not cut: %v", p)
		}
		if said := log.String(); !strings.Contains(said, "level=ERROR") || !strings.Contains(said, "GET /workspaces") || strings.Contains(said, "c00k1e") {
			t.Errorf("the log says: %s", said)
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), r)
}

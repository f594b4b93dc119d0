package door_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/input"
)

// hand is a handler as a door is: it answers for a panic by the policy.
func hand(log *slog.Logger, f http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &door.Answer{ResponseWriter: w}
		defer func() {
			if v := recover(); v != nil {
				if !door.MayAnswer(r.Context(), log, v, a.Begun(), slog.String("request_id", "req_1")) {
					door.Cut()
				}
				a.WriteHeader(http.StatusInternalServerError)
			}
		}()
		f(a, r)
	})
}

const hidden = "the cookie c00k1e"

func TestAPanicIsAnsweredOnceOrCut(t *testing.T) {
	t.Parallel()
	begin := func(w http.ResponseWriter, status int, body string) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		_ = http.NewResponseController(w).Flush()
	}
	for _, c := range []struct {
		name   string
		f      http.HandlerFunc
		status int // 0 where nothing whole arrives
		level  string
		says   string
	}{
		{"before anything was answered", func(http.ResponseWriter, *http.Request) { panic(hidden) }, 500, "ERROR", "panic=string"},
		{"with headers set and not sent", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Etag", "1")
			panic(errors.New(hidden))
		}, 500, "ERROR", "*errors.errorString"},
		{"after the status", func(w http.ResponseWriter, _ *http.Request) { begin(w, 200, ""); panic(hidden) }, 0, "ERROR", "panic=string"},
		{"amid the body", func(w http.ResponseWriter, _ *http.Request) { begin(w, 200, "half"); panic(hidden) }, 0, "ERROR", "panic=string"},
		{"after a refusal", func(w http.ResponseWriter, _ *http.Request) { begin(w, 404, "half"); panic(hidden) }, 0, "ERROR", "panic=string"},
		{"by a body alone", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "half"); panic(hidden) }, 0, "ERROR", "panic=string"},
		{"after early hints", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusEarlyHints); panic(hidden) }, 500, "ERROR", "panic=string"},
		{"of the runtime", func(http.ResponseWriter, *http.Request) { _ = [3]int{}[len(os.Args)+9] }, 500, "ERROR", "index out of range"},
		{"with nil", func(http.ResponseWriter, *http.Request) { panic(nil) }, 500, "ERROR", "panic called with nil"}, //nolint:govet // an older program does
		{"with what cannot be compared", func(http.ResponseWriter, *http.Request) { panic([]string{hidden}) }, 500, "ERROR", "[]string"},
		{"with an error that says secrets", func(http.ResponseWriter, *http.Request) { panic(fmt.Errorf("wrapped: %w", errors.New(hidden))) }, 500, "ERROR", "*fmt.wrapError"},
		{"to be cut", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, "WARN", "cut short"},
		{"to be cut amid the body", func(w http.ResponseWriter, _ *http.Request) { begin(w, 200, "half"); panic(http.ErrAbortHandler) }, 0, "WARN", "cut short"},
		{"with the sign for it wrapped", func(http.ResponseWriter, *http.Request) { panic(fmt.Errorf("x: %w", http.ErrAbortHandler)) }, 500, "ERROR", "*fmt.wrapError"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var log, outer bytes.Buffer
			s := httptest.NewUnstartedServer(door.Guarded(slog.New(slog.NewTextHandler(&outer, nil)), hand(slog.New(slog.NewTextHandler(&log, nil)), c.f)))
			s.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(&outer, nil), slog.LevelError)
			s.Start()
			status := whole(t, s.URL)
			s.Close()
			if status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			said := log.String()
			if !strings.Contains(said, "level="+c.level) || !strings.Contains(said, c.says) || !strings.Contains(said, "request_id=req_1") {
				t.Errorf("the log says %s", said)
			}
			if strings.Contains(said, "c00k1e") || outer.Len() > 0 {
				t.Errorf("too much is told: %s%s", said, outer.String())
			}
		})
	}
}

// whole is the status of an answer that arrived to its end, and 0 for any other.
func whole(t *testing.T, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}

func TestWhatPanicsOutsideOfADoorIsToldWithoutItsValueAndCut(t *testing.T) {
	t.Parallel()
	var log, outer bytes.Buffer
	s := httptest.NewUnstartedServer(door.Guarded(slog.New(slog.NewTextHandler(&log, nil)), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(hidden)
	})))
	s.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(&outer, nil), slog.LevelError)
	s.Start()
	if got := whole(t, s.URL); got != 0 {
		t.Errorf("it was answered %d", got)
	}
	s.Close()
	if said := log.String(); strings.Count(said, "a handler panicked") != 1 || strings.Contains(said, "c00k1e") || !strings.Contains(said, "panic_test.go") {
		t.Errorf("the log says %s", said)
	}
	if outer.Len() > 0 {
		t.Errorf("net/http tells of it, too: %s", outer.String())
	}
}

// sender is a server's writer as far as upgrades go.
type sender struct{ http.ResponseWriter }

func (sender) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, io.ErrClosedPipe }

func TestAnAnswerHidesNothingOfItsWriter(t *testing.T) {
	t.Parallel()
	a := &door.Answer{ResponseWriter: sender{httptest.NewRecorder()}}
	if _, _, err := http.NewResponseController(a).Hijack(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the controller does not reach the writer: %v", err)
	}
	if a.Begun() {
		t.Error("nothing was answered, and it began")
	}
}

func TestARequestIsNamedByTheServerAlone(t *testing.T) {
	t.Parallel()
	r := &http.Request{RemoteAddr: "203.0.113.7:5", Header: http.Header{
		door.HeaderRequestID: {"req_of_somebody_else"}, "User-Agent": {"curl/8\x80" + strings.Repeat("x", 2*door.MaxAgent)}, "X-Forwarded-For": {"198.51.100.1"},
	}}
	id := door.RequestID(bytes.NewReader(make([]byte, 16)), door.API, nil)
	if id != "req_0000000000000000" {
		t.Errorf("the request is called %q", id)
	}
	from := proxies.ClientOf(r, id)
	if from.RequestID != id || from.Addr.String() != "203.0.113.7" {
		t.Errorf("a stranger's word counts: %+v", from)
	}
	if len(from.Agent) > door.MaxAgent || from.Agent != input.Clip(from.Agent, door.MaxAgent) || !strings.HasPrefix(from.Agent, "curl/8x") {
		t.Errorf("its agent is %q", from.Agent)
	}
	if got := door.RequestID(strings.NewReader(""), door.Pages, nil); got != "con_unknown" {
		t.Errorf("without randomness a page is called %q", got)
	}
}

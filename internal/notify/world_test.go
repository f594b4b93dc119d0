package notify_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/notify"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

const day = 24 * time.Hour

// still is randomness without jitter, for the service alone.
type still struct{}

func (still) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// world is an instance with the workspace acme, its Owner ada, a post box in
// place of a mail server, and an endpoint that keeps what it is sent.
type world struct {
	*testing.T
	*office.Office
	ctx    context.Context
	clock  *clocktest.Clock
	store  ledger.Store
	root   authority.Caller
	box    *box
	hook   *endpoint
	notify *notify.Service
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		f(newWorld(t, url))
	})
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: url, Holder: t.Name()})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	w := &world{T: t, ctx: ctx, store: s, box: &box{}, clock: clocktest.New(time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC))}
	keys, err := token.GenerateKeyring(rand.Reader, w.clock.Now())
	must(t, err)
	egress := notify.Egress{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, AllowHTTP: true}
	w.Office = office.New(authority.Options{
		Store: s, Keys: keys, Now: w.clock.Now, Rand: rand.Reader, Mail: true, CheckWebhookURL: egress.Check,
	})
	must(t, w.Prepare(ctx, token.DefaultPrefix))
	started, err := w.Bootstrap(ctx, office.Bootstrap{Email: "ada@example.com", Workspace: "acme"})
	must(t, err)
	w.root = storetest.Presenting(t, s, started.Token.Locator)
	w.hook = newEndpoint(t)
	w.restart(egress)
	return w
}

// restart makes the service anew, as after a crash: what it knew is gone.
func (w *world) restart(egress notify.Egress) {
	w.Helper()
	s, err := notify.New(notify.Options{
		Authority: w.Office, Mailer: w.box, Egress: egress, Now: w.clock.Now, Rand: still{},
		BaseURL: "https://tokens.example.com", Product: "Acme Cloud",
	})
	must(w.T, err)
	w.notify = s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v (cause: %v)", err, errors.Unwrap(err))
	}
}

func here() authority.Where { return authority.Where{Workspace: "acme"} }

// listen makes a webhook of acme for the endpoint.
func (w *world) listen(events ...string) (api.Webhook, token.Secret) {
	w.Helper()
	out, err := w.CreateWebhook(w.ctx, w.root, here(), api.CreateWebhook{URL: w.hook.URL, Events: events})
	must(w.T, err)
	return out.Webhook, out.Secret
}

// create makes a token of acme; its owner "" is ada, who then tells nobody.
func (w *world) create(owner, label string, lifetime time.Duration) api.Token {
	w.Helper()
	in := api.CreateToken{Owner: owner}
	in.Label, in.ExpiresIn = api.Some(label), api.Some(api.Duration(lifetime))
	i, err := w.CreateToken(w.ctx, w.root, "acme", in)
	must(w.T, err)
	return i.Token
}

func (w *world) member(email, role string) {
	w.Helper()
	in := api.CreateMember{Email: email}
	in.Role, in.Resources = api.Some(role), api.Some([]string{"*"})
	_, err := w.CreateMember(w.ctx, w.root, "acme", in)
	must(w.T, err)
}

// work lets a tick and whatever is due happen.
func (w *world) work() {
	w.Helper()
	must(w.T, w.notify.Tick(w.ctx, w.clock.Now()))
	must(w.T, w.notify.Deliver(w.ctx))
}

func (w *world) deliver() {
	w.Helper()
	must(w.T, w.notify.Deliver(w.ctx))
}

// box is a Mailer that keeps what it is given, or fails.
type box struct {
	mu   sync.Mutex
	sent []notify.Message
	fail error
	// tried counts the attempts.
	tried int
}

func (b *box) Send(_ context.Context, m notify.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tried++
	if b.fail != nil {
		return b.fail
	}
	b.sent = append(b.sent, m)
	return nil
}

func (b *box) set(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

// take answers what was sent since the last call.
func (b *box) take() []notify.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.sent
	b.sent = nil
	return m
}

// to lists the recipients of what was sent since the last call.
func (b *box) to() []string {
	var out []string
	for _, m := range b.take() {
		out = append(out, m.To)
	}
	return out
}

// post is one request that an endpoint got.
type post struct {
	header http.Header
	body   []byte
}

// endpoint is a receiver of webhooks.
type endpoint struct {
	URL    string
	mu     sync.Mutex
	got    []post
	answer func(w http.ResponseWriter)
}

func newEndpoint(t *testing.T) *endpoint {
	t.Helper()
	e := &endpoint{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		e.got = append(e.got, post{r.Header, body})
		answer := e.answer
		e.mu.Unlock()
		if answer != nil {
			answer(w)
		}
	}))
	t.Cleanup(server.Close)
	e.URL = server.URL + "/hook"
	return e
}

func (e *endpoint) reply(f func(w http.ResponseWriter)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = f
}

func status(code int) func(w http.ResponseWriter) {
	return func(w http.ResponseWriter) { w.WriteHeader(code) }
}

func (e *endpoint) take() []post {
	e.mu.Lock()
	defer e.mu.Unlock()
	got := e.got
	e.got = nil
	return got
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is missing in:\n%s", p, text)
		}
	}
}

func lacks(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(text, p) {
			t.Errorf("%q is in:\n%s", p, text)
		}
	}
}

func page() authority.Page { return authority.Page{} }

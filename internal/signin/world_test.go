package signin_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/signin"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

// post is a mailbox for everybody.
type post struct {
	mu    sync.Mutex
	mails []signin.MailMessage
}

func (p *post) send(_ context.Context, m signin.MailMessage) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, m)
	return nil
}

// take answers what arrived since the last call.
func (p *post) take() []signin.MailMessage {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.mails
	p.mails = nil
	return got
}

// world is an instance with the workspace acme, its Owner ada (with the
// password good), and Eve, a Team Member with the password hers.
type world struct {
	*testing.T
	*signin.Service
	ctx       context.Context
	auth      *office.Office
	store     ledger.Store
	passwords *signin.Passwords
	keys      *token.Keyring
	clock     *clocktest.Clock
	post      *post
	log       *bytes.Buffer
	options   signin.Options
}

const hers = "nine llamas sing at midnight"

// each runs f in a fresh world on each engine.
func each(t *testing.T, f func(w *world)) {
	t.Helper()
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) { t.Helper(); f(newWorld(t, url)) })
}

// alone runs f in a fresh world on SQLite.
func alone(t *testing.T, f func(w *world)) {
	t.Helper()
	t.Parallel()
	f(newWorld(t, storetest.SQLite(t)))
}

func empty(t *testing.T, url string) *world {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: url, Holder: t.Name()})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	w := &world{T: t, ctx: t.Context(), store: s, clock: clocktest.New(time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC))}
	w.post, w.log = &post{}, &bytes.Buffer{}
	w.keys, err = token.GenerateKeyring(rand.Reader, w.clock.Now())
	must(t, err)
	w.passwords = signin.Cheap(signin.NewPasswords(rand.Reader))
	w.auth = office.New(authority.Options{Store: s, Keys: w.keys, Now: w.clock.Now, Rand: rand.Reader, HashPassword: w.passwords.Hash,
		Recorded: s.KeyRecorded})
	must(t, w.auth.Prepare(w.ctx, token.DefaultPrefix))
	w.options = signin.Options{
		Authority: w.auth, Keys: w.keys, Passwords: w.passwords, Now: w.clock.Now, Rand: rand.Reader,
		BaseURL: "https://tokens.example.com", Mail: w.post.send, Logger: slog.New(slog.NewTextHandler(w.log, nil)),
	}
	w.Service = signin.New(w.options)
	t.Cleanup(func() { w.Close() })
	return w
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	w := empty(t, url)
	h, err := w.passwords.Hash(good)
	must(t, err)
	_, err = w.auth.Bootstrap(w.ctx, office.Bootstrap{Email: "ada@example.com", Workspace: "acme", PasswordHash: h})
	must(t, err)
	w.member("eve@example.com", hers)
	return w
}

// again is the same service on another node, or after a restart: nothing but
// the database is shared.
func (w *world) again(change func(*signin.Options)) *world {
	o := w.options
	o.Authority = office.New(authority.Options{Store: w.store, Keys: w.keys, Now: w.clock.Now, Rand: rand.Reader})
	if change != nil {
		change(&o)
	}
	other := *w
	other.Service = signin.New(o)
	w.Cleanup(other.Service.Close)
	return &other
}

func (w *world) root() authority.Caller { return w.person("ada@example.com") }

// person is a caller who is signed in.
func (w *world) person(email string) authority.Caller {
	w.Helper()
	c := storetest.SignedIn(w.T, w.store, w.user(email).ID)
	c.RequestID = ""
	return c
}

func (w *world) member(email, password string) {
	w.Helper()
	in := api.CreateMember{Email: email, Password: password}
	in.Role, in.Resources = api.Some("Team Member"), api.Some([]string{"*"})
	_, err := w.auth.CreateMember(w.ctx, w.root(), "acme", in)
	must(w.T, err)
}

func (w *world) user(email string) (u ledger.User) {
	w.Helper()
	must(w.T, w.store.Read(w.ctx, func(r ledger.Reader) (err error) {
		u, err = r.User(ledger.UserKey{Email: email})
		return err
	}))
	return u
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v (cause: %v)", err, errors.Unwrap(err))
	}
}

func at(addr string) door.Client {
	return door.Client{Addr: netip.MustParseAddr(addr), Agent: "Firefox/140"}
}

func home() door.Client  { return at("203.0.113.7") }
func evils() door.Client { return at("198.51.100.66") }

// enters signs somebody in who must be let in.
func (w *world) enters(email, password string, from door.Client) door.Entry {
	w.Helper()
	r, err := w.Password(w.ctx, email, password, from)
	must(w.T, err)
	if r.Cookie.IsZero() == (r.SecondFactor == "") {
		w.Fatalf("neither a session nor a second factor, or both: %+v", r)
	}
	return r
}

// refused wants an error with a code.
func (w *world) refused(err error, want api.Code) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Errorf("error %v, want code %s", err, want)
	}
}

// guess is a password that is not right; it answers the code of the refusal.
func (w *world) guess(email string, from door.Client) api.Code {
	w.Helper()
	_, err := w.Password(w.ctx, email, "three wrong words in a row", from)
	if err == nil {
		w.Fatal("a wrong password was taken")
	}
	return api.AsError(err).Code
}

func (w *world) misses(email string, from door.Client) {
	w.Helper()
	_ = w.guess(email, from)
}

// opens says whether a cookie opens a session now.
func (w *world) opens(r door.Entry) bool {
	w.Helper()
	s, err := w.Authenticate(w.ctx, r.Cookie.Reveal(), home())
	if err != nil {
		w.refused(err, api.CodeInvalidToken)
		return false
	}
	return s.User != 0
}

func (w *world) open(want bool, r door.Entry, when string) {
	w.Helper()
	if w.opens(r) != want {
		w.Errorf("%s, the session opens: %v, want %v", when, !want, want)
	}
}

var linkIn = regexp.MustCompile(`https://tokens\.example\.com/signin/(reset|invitation)\?code=(\S+)`)

// mailed answers the code in the last mail to somebody; "" when there is none.
func (w *world) mailed(to string) string {
	w.Helper()
	w.Close()
	w.post.mu.Lock()
	defer w.post.mu.Unlock()
	for _, m := range slices.Backward(w.post.mails) {
		if m.To == to {
			if found := linkIn.FindStringSubmatch(m.Link); found != nil {
				code, err := url.QueryUnescape(found[2])
				must(w.T, err)
				return code
			}
		}
	}
	return ""
}

// audit lists the instance's actions, oldest first, as "action actor target".
func (w *world) audit() (out []string) {
	w.Helper()
	must(w.T, w.store.Read(w.ctx, func(r ledger.Reader) error {
		rows, err := r.AuditChain(0, 0, 1000)
		for _, row := range rows {
			out = append(out, row.Action+" "+row.Actor+" "+row.Target)
		}
		return err
	}))
	return out
}

// payloads returns what the instance's audit says of an action.
func (w *world) payloads(action string) (out string) {
	w.Helper()
	must(w.T, w.store.Read(w.ctx, func(r ledger.Reader) error {
		rows, err := r.AuditChain(0, 0, 1000)
		for _, row := range rows {
			if row.Action == action {
				out += string(row.Payload)
			}
		}
		return err
	}))
	return out
}

// nowhere fails when a secret stands in the log or in the audit.
func (w *world) nowhere(secrets ...string) {
	w.Helper()
	text := w.log.String()
	must(w.T, w.store.Read(w.ctx, func(r ledger.Reader) error {
		rows, err := r.AuditChain(0, 0, 1000)
		for _, row := range rows {
			text += string(row.Payload)
		}
		return err
	}))
	for _, s := range secrets {
		if s == "" || strings.Contains(text, s) {
			w.Errorf("a secret stands in the log or the audit: %q", s)
		}
	}
}

// eachEmpty runs f on a database in which nobody is.
func eachEmpty(t *testing.T, f func(w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, url string) { t.Helper(); f(empty(t, url)) })
}

package httpapi_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"hash/crc32"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/cluster"
	"github.com/tokenry/tokenry/internal/httpapi"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/metrics"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/reference/referencetest"
	"github.com/tokenry/tokenry/internal/ruleset"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

const baseURL = "https://tokens.example.com"

// safeBuffer is a log that requests write to at the same time.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// world is a running door over a real authority, engine and SQLite store: an
// instance with the workspace acme, whose Owner ada is its administrator.
type world struct {
	testing.TB
	*office.Office
	engine *verify.Engine
	db     ledger.Store
	keys   *token.Keyring
	clock  *clocktest.Clock
	reg    *prometheus.Registry
	log    *safeBuffer
	door   http.Handler
	server *httptest.Server
	at     string // by which the server is spoken to
	ready  error
	stuck  error // what keeps changes from being committed
	// root is the first token: * and instance:admin.
	root string
	// listed are the issuers that may be on this machine.
	listed []string
	// sent notes what was sent and answered; nil does not.
	sent *examples
}

// option changes how the door of a world is made.
type option func(*httpapi.Options)

func behind(prefixes ...string) option {
	return func(o *httpapi.Options) {
		for _, p := range prefixes {
			o.TrustedProxies = append(o.TrustedProxies, netip.MustParsePrefix(p))
		}
	}
}

// rules adds a file of rules to those that the door knows.
func rules(name, text string) option {
	return func(o *httpapi.Options) {
		known := o.Rules
		set, err := ruleset.Parse(name, []byte(text))
		o.Rules = func(asked string) *ruleset.Set {
			switch {
			case err != nil:
				panic(err)
			case asked == name:
				return set
			case known != nil:
				return known(asked)
			}
			return nil
		}
	}
}

func newWorld(t testing.TB, options ...option) *world {
	t.Helper()
	return newWorldTrusting(t, "", options...)
}

// newWorldTrusting lists an issuer.
func newWorldTrusting(t testing.TB, listed string, options ...option) *world {
	t.Helper()
	w := &world{TB: t, listed: []string{listed}, clock: clocktest.New(time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)), reg: prometheus.NewRegistry(), log: &safeBuffer{}}
	var err error
	w.keys, err = token.GenerateKeyring(rand.Reader, w.clock.Now())
	w.must(err)
	observe, err := metrics.Database(w.reg)
	w.must(err)
	db, err := store.Open(t.Context(), store.Options{URL: storetest.SQLite(t), Observe: observe})
	w.must(err)
	t.Cleanup(func() { _ = db.Close() })
	w.db = db
	w.Office = office.New(authority.Options{Store: db, Keys: w.keys, Now: w.clock.Now, Rand: rand.Reader, Recorded: db.KeyRecorded,
		HashPassword: func(string) (string, error) { return "hash", nil }, Issuers: w.trusted()})
	config := verify.Config{Now: w.clock.Now}
	if listed != "" {
		config.FirstUse = w.FirstUse
	}
	w.engine = verify.New(w.Office, w.keys, config)
	w.Observe(w.engine)
	w.must(w.Prepare(t.Context(), token.DefaultPrefix))
	w.must(w.engine.Prepare(t.Context()))
	started, err := w.Bootstrap(t.Context(), office.Bootstrap{Email: "ada@example.com", Workspace: "acme"})
	w.must(err)
	w.root = started.Secret.Reveal()
	w.open(options...)
	return w
}

// shortLease is that of replicas, so that a call is not held long.
const shortLease = 100 * time.Millisecond

func (w *world) open(options ...option) {
	w.Helper()
	refused, err := metrics.Refusals(w.reg)
	w.must(err)
	w.must(metrics.Engine(w.reg, w.engine))
	timer := func(d time.Duration) (<-chan time.Time, func() bool) { t := time.NewTimer(d); return t.C, t.Stop }
	replicas, err := cluster.NewReplicas(cluster.ReplicasConfig{Rand: rand.Reader, Timer: timer, Length: shortLease})
	w.must(err)
	w.Observe(replicas)
	o := httpapi.Options{
		Replicas: replicas, Authority: w.Office, Engine: w.engine, Keys: w.keys, BaseURL: baseURL, Metrics: w.reg, Now: time.Now,
		Rand: rand.Reader, Version: "test", Logger: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Refused: refused, GitHub: unsigned{},
		Ready: func(ctx context.Context, changes bool) (why []httpapi.Unready) {
			if w.ready != nil {
				why = append(why, httpapi.Unready{Reason: httpapi.NoDatabase, Err: w.ready})
			} else if err := w.Ping(ctx); err != nil {
				why = append(why, httpapi.Unready{Reason: httpapi.NoDatabase, Err: err})
			}
			if changes && w.stuck != nil {
				why = append(why, httpapi.Unready{Reason: httpapi.NoChanges, Err: w.stuck})
			}
			return why
		},
		Devices: machines{},
		PortalLink: func(ctx context.Context, c authority.Caller, ws, member string) (done authority.Done[api.PortalLink], err error) {
			in, err := w.MayLinkPortal(ctx, c, ws, member)
			if err != nil {
				return done, err
			}
			done.Value = api.PortalLink{URL: baseURL + "/signin/portal?code=" + in.User.PublicID, ExpiresAt: w.clock.Now()}
			err = w.SignIn(ctx, c, func(tx *office.SignInTx) error {
				done.Revision = tx.Revision()
				return tx.Note("portal.link_made", ledger.User{}, in.User, nil)
			})
			return done, err
		},
	}
	o.Invite = func(ctx context.Context, c authority.Caller, ws, member string) (done authority.Done[api.Invitation], err error) {
		in, err := w.MayInvite(ctx, c, ws, member)
		if err != nil {
			return done, err
		}
		done.Value.Sent = true
		err = w.SignIn(ctx, c, func(tx *office.SignInTx) error {
			done.Revision = tx.Revision()
			return tx.Note("invitation.made", ledger.User{}, in.User, nil)
		})
		return done, err
	}
	rules("everyone", "workspace: '*'\nrules:\n  - {match: ANY /**, scopes: []}\n")(&o)
	for _, change := range options {
		change(&o)
	}
	w.door, err = httpapi.New(o)
	w.must(err)
	w.server = httptest.NewServer(w.door)
	w.Cleanup(w.server.Close)
	w.at, err = referencetest.Through(w.server.URL)
	w.must(err)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("unexpected error: %v", err)
	}
}

// reply is an answer with its body read.
type reply struct {
	*http.Response
	w    *world
	body []byte
}

// send sends a request as it is. Headers are pairs of name and value.
func (w *world) send(method, path, body string, headers ...string) *reply {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), method, w.at+path, strings.NewReader(body))
	w.must(err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
		if strings.HasPrefix(path, "/oauth2/") {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
		if headers[i] == "Content-Type" {
			r.Header["Content-Type"] = []string{headers[i+1]}
		}
	}
	resp, err := w.server.Client().Transport.RoundTrip(r)
	w.must(err)
	b, err := io.ReadAll(resp.Body)
	w.must(err)
	w.must(resp.Body.Close())
	w.sent.note(method, path, body, resp, b)
	return &reply{resp, w, b}
}

// as sends a request with a token.
func (w *world) as(tok, method, path string, body any, headers ...string) *reply {
	w.Helper()
	text := ""
	switch b := body.(type) {
	case nil:
	case string:
		text = b
	default:
		raw, err := json.Marshal(b)
		w.must(err)
		text = string(raw)
	}
	return w.send(method, path, text, append([]string{"Authorization", "Bearer " + tok}, headers...)...)
}

// titled is a test whose failures say which case of a table they are about.
type titled struct {
	testing.TB
	title string
}

func (t titled) Errorf(format string, args ...any) {
	t.Helper()
	t.TB.Errorf(t.title+": "+format, args...)
}

func (t titled) Fatalf(format string, args ...any) {
	t.Helper()
	t.TB.Fatalf(t.title+": "+format, args...)
}

// titled lets what is said about the answer begin with a title.
func (r *reply) titled(title string) *reply {
	w := *r.w
	w.TB = titled{w.TB, title}
	r.w = &w
	return r
}

// is fails the test unless the status is want.
func (r *reply) is(want int) *reply {
	r.w.Helper()
	if r.StatusCode != want {
		r.w.Fatalf("%s %s: status %d, want %d\n%s", r.Request.Method, r.Request.URL.Path, r.StatusCode, want, r.body)
	}
	return r
}

// into decodes the body.
func (r *reply) into(v any) {
	r.w.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		r.w.Fatalf("%v\n%s", err, r.body)
	}
}

// problem wants a problem with a code, and returns it.
func (r *reply) problem(code api.Code) api.Problem {
	r.w.Helper()
	var p api.Problem
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		r.w.Fatalf("%s %s: content type %q, want a problem\n%s", r.Request.Method, r.Request.URL.Path, got, r.body)
	}
	r.into(&p)
	if p.Code != code || p.Status != r.StatusCode || p.Type != baseURL+"/errors/"+string(code) || p.RequestID == "" || p.Title == "" {
		r.w.Fatalf("%s %s: status %d, problem %+v; want code %s", r.Request.Method, r.Request.URL.Path, r.StatusCode, p, code)
	}
	return p
}

// field wants a problem with a code about a field.
func (r *reply) field(code api.Code, field string) {
	r.w.Helper()
	if p := r.problem(code); p.Field != field {
		r.w.Errorf("%s %s: field %q, want %q (%s)", r.Request.Method, r.Request.URL.Path, p.Field, field, p.Detail)
	}
}

// issued is the answer of the calls that hand over a secret.
func (r *reply) issued() api.Issued {
	r.w.Helper()
	var v api.Issued
	r.into(&v)
	if v.Secret == "" {
		r.w.Fatalf("no secret in %s", r.body)
	}
	return v
}

// account makes a service account with scopes on the entire portfolio, and a
// token of it that inherits them.
func (w *world) account(name string, scopes ...string) string {
	w.Helper()
	return w.accountIn("acme", name, scopes...)
}

func (w *world) accountIn(ws, name string, scopes ...string) string {
	w.Helper()
	w.as(w.root, "POST", "/v1/workspaces/"+ws+"/service-accounts",
		map[string]any{"name": name, "scopes": scopes, "resources": []string{"*"}}).is(201)
	return w.issue(ws, map[string]any{"label": name, "owner": name}).Secret
}

// issue creates a token as root.
func (w *world) issue(ws string, fields map[string]any) api.Issued {
	w.Helper()
	return w.as(w.root, "POST", "/v1/workspaces/"+ws+"/tokens", fields).is(201).issued()
}

// verifier is the token of a product's API, which verifies tokens of all
// workspaces.
func (w *world) verifier() string {
	w.Helper()
	return w.issue("acme", object{"label": "api", "scopes": []string{"instance:verify"}}).Secret
}

// checksum is the check of a token string, worked out here once more.
func checksum(body string) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	n := crc32.ChecksumIEEE([]byte(body))
	var out [6]byte
	for i := len(out) - 1; i >= 0; i-- {
		out[i], n = digits[n%62], n/62
	}
	return string(out[:])
}

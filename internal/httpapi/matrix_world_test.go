package httpapi_test

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// A firm is an instance that was set up once and is kept as files, so that
// every question can be asked of a fresh copy of it. Its workspace acme has a
// member, a service account and a workspace token of each role, and the people
// and things that they try to touch; globex has all of the same names.
type firm struct {
	folder string
	keys   *token.Keyring
	root   string
	// secret is each caller's, in the order of the columns; none has none.
	callers []caller
	// ids are the tokens that a path can name.
	ids map[string]string
	// own are the ids of the persons' own tokens, by e-mail.
	own map[string]string
}

// caller is a column of the matrix.
type caller struct {
	name, secret string
	// peer is another token of the same owner.
	peer string
}

// roles are the built-in ones in their order, as e-mails and names spell them.
func roles() []string {
	var out []string
	for _, d := range grant.BuiltInRoles() {
		out = append(out, d.Name)
	}
	return out
}

func spelled(role string) string { return strings.ReplaceAll(strings.ToLower(role), " ", "-") }

// newFirm sets a firm up.
func newFirm(t *testing.T) *firm {
	t.Helper()
	o := &firm{folder: t.TempDir(), ids: map[string]string{}, own: map[string]string{}}
	w := worldIn(t, o.folder, nil)
	started, err := w.Bootstrap(t.Context(), office.Bootstrap{Email: "ada@example.com", Workspace: "acme"})
	w.must(err)
	w.root, o.keys = started.Secret.Reveal(), w.keys
	o.root = w.root
	w.as(w.root, "POST", "/v1/workspaces", object{"slug": "globex"}).is(201)
	for _, ws := range []string{"acme", "globex"} {
		w.furnish(ws)
		o.ids[ws+"/bea"] = w.issue(ws, object{"label": "bea", "owner": "bea@example.com"}).Token.ID
		var rule api.TrustRule
		w.as(w.root, "POST", "/v1/workspaces/"+ws+"/trust-rules", onAll(object{"service_account": "robot", "label": "ci", "issuer": "https://token.example.com",
			"audience": "a", "claims": object{"sub": []string{"x"}}, "scopes": []string{"tickets:read"}})).is(201).into(&rule)
		o.ids[ws+"/rule"] = rule.ID
		o.ids[ws+"/robot"] = w.issue(ws, object{"label": "robot", "owner": "robot"}).Token.ID
		org := w.issue(ws, onAll(object{"label": "org", "kind": "workspace", "scopes": []string{"tickets:read"}}))
		o.ids[ws+"/org"], o.ids[ws+"/org's secret"] = org.Token.ID, org.Secret
	}
	w.unusedWaits()
	w.play([]step{{"PATCH", ws + "/policy", object{"require_approval": []object{{"kinds": []string{"workspace"}}}}, 200, nil}})
	o.ids["acme/asked"] = w.issue("acme", onAll(object{"label": "asked", "kind": "workspace", "scopes": []string{"tickets:read"}})).Token.ID
	w.play([]step{
		{"PATCH", ws + "/policy", object{"require_approval": nil}, 200, nil},
		{"PUT", "/v1/instance/scopes/pages:read", object{}, 201, nil},
		{"PUT", "/v1/instance/roles/Auditor", object{"scopes": []string{"audit:read"}}, 201, nil},
		{"POST", "/v1/instance/admins", object{"user": "ida@example.com"}, 200, nil},
	})
	for _, at := range []string{"workspaces/acme", "workspaces/globex", "instance"} {
		o.listen(w, at)
	}
	o.employ(w)
	o.hire(w)
	w.must(w.db.(interface{ Close() error }).Close())
	return o
}

func onAll(fields object) object { fields["resources"] = []string{"*"}; return fields }

// furnish gives a workspace the people and things that are touched.
func (w *world) furnish(ws string) {
	w.Helper()
	at := "/v1/workspaces/" + ws
	w.play([]step{
		{"PATCH", at + "/policy", object{"recoverable": true}, 200, nil},
		{"POST", at + "/members", onAll(object{"email": "bea@example.com", "name": "Bea", "role": "Viewer", "external_id": "u-1"}), 201, nil},
		{"POST", at + "/members", onAll(object{"email": "ida@example.com", "role": "Owner"}), 201, nil},
		{"POST", at + "/service-accounts", onAll(object{"name": "robot", "scopes": []string{"tickets:read"}}), 201, nil},
		{"PUT", at + "/scopes/tickets:read", object{"description": "See tickets"}, 201, nil},
		{"PUT", at + "/roles/Helper", object{"scopes": []string{"tickets:read"}}, 201, nil},
		{"POST", at + "/resources", object{"name": "payments"}, 201, nil},
	})
}

// listen makes an endpoint that was sent something.
func (o *firm) listen(w *world, at string) {
	w.Helper()
	var made api.WebhookSecret
	var sent api.WebhookDelivery
	w.as(w.root, "POST", "/v1/"+at+"/webhooks", object{"url": "https://hooks.example.com/x", "events": []string{"token.*"}}).is(201).into(&made)
	w.as(w.root, "POST", "/v1/"+at+"/webhooks/"+made.Webhook.ID+"/ping", nil).is(200).into(&sent)
	name := strings.TrimPrefix(at, "workspaces/")
	o.ids[name+"/webhook"], o.ids[name+"/delivery"] = made.Webhook.ID, sent.ID
}

// employ makes the callers: of each role a person's, a service account's and a
// workspace's token, then those who stand apart.
func (o *firm) employ(w *world) {
	w.Helper()
	for _, role := range roles() {
		name := spelled(role)
		w.as(w.root, "POST", ws+"/members", onAll(object{"email": name + "@example.com", "role": role})).is(201)
		w.as(w.root, "POST", ws+"/service-accounts", onAll(object{"name": name, "role": role})).is(201)
	}
	for _, kind := range []string{"personal", "service", "workspace"} {
		for _, role := range roles() {
			in := object{"label": role, "kind": kind}
			switch kind {
			case "personal":
				in["owner"] = spelled(role) + "@example.com"
			case "service":
				in["owner"] = spelled(role)
			default:
				in["role"], in = role, onAll(in)
			}
			o.callers = append(o.callers, caller{kind + " " + role, w.issue("acme", in).Secret, w.issue("acme", in).Token.ID})
		}
	}
	o.standApart(w)
}

func (o *firm) standApart(w *world) {
	w.Helper()
	admin := w.issue("acme", object{"label": "back end", "kind": "workspace", "scopes": []string{"instance:admin"}})
	w.as(w.root, "POST", "/v1/workspaces/globex/members", onAll(object{"email": "gil@example.com", "role": "Owner"})).is(201)
	w.as(w.root, "POST", "/v1/workspaces/globex/members", onAll(object{"email": "left@example.com", "role": "Viewer"})).is(201)
	w.as(w.root, "DELETE", "/v1/workspaces/globex/members/left@example.com", nil).is(200)
	gil := w.issue("globex", object{"label": "gil", "owner": "gil@example.com"})
	org := o.ids["acme/org"]
	o.callers = append(o.callers,
		caller{"instance:admin", admin.Secret, org}, caller{"instance:verify", w.verifier(), org},
		caller{"no credentials", "", org}, caller{"foreign Owner", gil.Secret, org})
}

// worldIn opens an instance whose database is in a folder; it is new when keys
// is nil.
func worldIn(t *testing.T, folder string, keys *token.Keyring) *world {
	t.Helper()
	w := &world{TB: t, keys: keys, clock: clocktest.New(time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)), reg: prometheus.NewRegistry(), log: &safeBuffer{}}
	var err error
	if keys == nil {
		w.keys, err = token.GenerateKeyring(rand.Reader, w.clock.Now())
		w.must(err)
	}
	db, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + folder + "/tokenry.db"})
	w.must(err)
	stage := &rehearsal{Store: db}
	w.db = stage
	w.Office = office.New(authority.Options{Store: stage, Keys: w.keys, Now: w.clock.Now, Rand: rand.Reader,
		HashPassword: func(string) (string, error) { return "hash", nil }, Issuers: w.trusted()})
	w.engine = verify.New(w.Office, w.keys, verify.Config{Now: w.clock.Now})
	stage.engine = w.engine
	w.Observe(stage)
	w.must(w.Prepare(t.Context(), token.DefaultPrefix))
	w.open()
	t.Cleanup(func() { _ = db.Close() })
	return w
}

// open answers a fresh copy of the office.
func (o *firm) open(t *testing.T) *world {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(o.folder)); err != nil {
		t.Fatal(err)
	}
	w := worldIn(t, folder, o.keys)
	w.root = o.root
	return w
}

// person is a caller who is signed in.
func (w *world) person(email string) authority.Caller {
	w.Helper()
	var u ledger.User
	w.must(w.db.Read(w.Context(), func(r ledger.Reader) (err error) {
		u, err = r.User(ledger.UserKey{Email: email})
		return err
	}))
	db := w.db
	if s, ok := db.(*rehearsal); ok {
		db = s.Store // a session is no change that is taken back
	}
	return storetest.SignedIn(w.TB, db, u.ID)
}

// verdict is one sign for how a call was answered.
//
//   - done   - a scope is missing   ^ more than the caller's own rights
//     0 not found   ? credentials are missing   ! forbidden by policy
//     o an owner has to be named
func verdict(code api.Code, field string) string {
	if code == api.CodeInvalidField && field == "owner" {
		return "o"
	}
	switch code { //nolint:exhaustive // the rest is a request that should not have been made
	case "", api.CodeOK:
		return "+"
	case api.CodeInsufficientScope:
		return "-"
	case api.CodeGrantExceedsOwn:
		return "^"
	case api.CodeNotFound:
		return "0"
	case api.CodeMissingToken, api.CodeInvalidToken:
		return "?"
	case api.CodeForbidden, api.CodeOnboardingRestricted:
		return "!"
	}
	return "(" + string(code) + ")"
}

// verdict reads an answer's sign.
func (r *reply) verdict() string {
	if r.StatusCode < 300 {
		return r.outcome()
	}
	var p api.Problem
	if err := json.Unmarshal(r.body, &p); err != nil {
		return "(" + r.Status + ")"
	}
	return verdict(p.Code, p.Field)
}

// outcome is what became of the one token that a bulk call was about; all other
// answers of success are that.
func (r *reply) outcome() string {
	if !strings.HasSuffix(r.Request.URL.Path, "/bulk") {
		return "+"
	}
	_, rest, _ := strings.Cut(string(r.body), `"code":"`)
	code, _, _ := strings.Cut(rest, `"`)
	return verdict(api.Code(code), "")
}

package store_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/token"
)

// What follows was written by a release and is in databases. It is never edited: a
// line is added where a record gets a field, and a line that does not hold any more
// is answered with a migration.
const (
	keptOverrides = `{"default_lifetime":"90d","max_lifetime":"24h","allow_never":true,"overlap":"36h","require_ip_allow_list":true,` +
		`"personal_tokens":"managers","max_tokens":{"per_owner":1,"total":2},"notice_days":[14,1],"onboarding":"any_member","recoverable":true,` +
		`"revoke_on_reuse":true,"notice_strange_use":true,"disable_unused_after":"60d","verifiers_may_revoke":true,"rate_limit":{"requests":3,"window":"1s"},"workspace_rate_limit":{"requests":4,"window":"90m"},"retention":"400d",` +
		`"introspection_max_cache":"5m","leak_action":"notify","leak_descendants":true,"require_second_factor":true,` +
		`"require_approval":[{"kinds":["service"],"scopes":["tickets:*"],"resources":["prod-*"],"longer_than":"30d"}],` +
		`"support_contact":{"email":"help@example.com","phone":"+49 30 1","url":"https://help.example.com/?a=1\u0026b=2"},"locked":["overlap","retention"]}`
	keptGrants   = `[{"role":"Viewer","scopes":["tickets:read"],"resources":["pay*"]},{"scopes":[],"resources":["*"]},{"resources":["a"]}]`
	keptMetadata = `{"big":9007199254740993,"on":true,"team":"core"}`
	keptFacts    = `{"workspace":"acme","workspace_name":"Acme","token_id":"ci@acme/x","locator":"x","label":"l","mask":"m","kind":"personal",` +
		`"owner":"o","action":"token.created","actor":"a","at":"2026-02-03T04:05:06.123456Z","count":5,"address":"192.0.2.1","agent":"curl","revoked":true,` +
		`"leak":{"secret":"current","effect":"revoked","url":"https://x.example","source":"commit","descendants":6},"strange":` + keptSigns + `,"unused":[` + keptNote + `],"more_unused":7,` +
		`"webhook_url":"https://h.example","webhook_id":"whk_1","reason":"gone","support":{"email":"e","phone":"p","url":"u"}}`
	keptNote = `{"what":"warned","workspace":"acme","workspace_name":"Acme","token_id":"t","locator":"x","label":"l","mask":"m","owner":"o",` +
		`"since":"2026-02-03T04:05:06.123456Z","at":"2026-02-03T04:05:06.123456Z","n":3}`
	keptUnused = `{"since":"2026-02-03T04:05:06.123456Z","warned_at":"2026-02-03T04:05:06.123456Z","owner":7,"disabled_at":"2026-02-03T04:05:06.123456Z","after":5184000000000000}`
	keptState  = `{"done":[{"at":"2026-02-03T04:05:06.123456Z","n":2}],"waits":{"n":3,"up_to":"2026-02-03T04:05:06.123456Z","since":"2026-02-03T04:05:06.123456Z","told_at":"2026-02-03T04:05:06.123456Z"},` +
		`"yes":{"at":"2026-02-03T04:05:06.123456Z","by":"usr_1","n":4,"left":3,"up_to":"2026-02-03T04:05:06.123456Z","until":"2026-02-03T04:05:06.123456Z"}}`
	keptSigns  = `{"networks":["203.0.113.0/24"],"more":3,"many":true,"quiet_since":"2026-02-03T04:05:06.123456Z","denied":20,"address":"203.0.113.9","agent":"curl"}`
	keptAsked  = `{"asked_at":"2026-02-03T04:05:06.123456Z","askers":[2],"decided_at":"2026-02-03T04:05:06.123456Z","by":"eve@example.com","approved":true,"comment":"fine"}`
	keptLog    = `[{"at":"2026-02-03T04:05:06.123456Z","status":500,"error":"e","response":"r","took_ms":20}]`
	keptLimit  = `{"requests":100,"window":"1m"}`
	keptClaims = `{"/kubernetes.io/serviceaccount/uid":["1"],"ref":["refs/heads/main","refs/heads/r-*"]}`
	keptIPs    = `["10.0.0.0/8","2001:db8::/32"]`
)

func overridesKept() policy.Overrides {
	return policy.Overrides{
		DefaultLifetime: api.Some(90 * api.Day), MaxLifetime: api.Some(api.Day), AllowNever: api.Some(true), Overlap: api.Some(api.Duration(36 * time.Hour)),
		RequireIPAllowList: api.Some(true), PersonalTokens: api.Some("managers"), MaxTokens: api.Some(api.MaxTokens{PerOwner: 1, Total: 2}),
		NoticeDays: api.Some([]int{14, 1}), Onboarding: api.Some("any_member"), Recoverable: api.Some(true), RevokeOnReuse: api.Some(true), NoticeStrangeUse: api.Some(true), DisableUnusedAfter: api.Some(60 * api.Day), VerifiersMayRevoke: api.Some(true),
		RateLimit:             api.Some(api.RateLimit{Requests: 3, Window: api.Duration(time.Second)}),
		WorkspaceRateLimit:    api.Some(api.RateLimit{Requests: 4, Window: api.Duration(90 * time.Minute)}),
		Retention:             api.Some(400 * api.Day),
		IntrospectionMaxCache: api.Some(api.Duration(5 * time.Minute)), LeakAction: api.Some("notify"), LeakDescendants: api.Some(true), RequireSecondFactor: api.Some(true),
		RequireApproval: api.Some([]api.ApprovalRule{{Kinds: []string{"service"}, Scopes: []string{"tickets:*"}, Resources: []string{"prod-*"}, LongerThan: 30 * api.Day}}),
		SupportContact:  api.Some(api.SupportContact{Email: "help@example.com", Phone: "+49 30 1", URL: "https://help.example.com/?a=1&b=2"}),
		Locked:          api.Some([]string{"overlap", "retention"}),
	}
}

func grantsKept() []grant.Statement {
	return []grant.Statement{
		{Role: "Viewer", Scopes: []string{"tickets:read"}, Resources: []string{"pay*"}}, {Scopes: []string{}, Resources: []string{"*"}}, {Resources: []string{"a"}},
	}
}

func metadataKept() ledger.Metadata {
	return ledger.Metadata{"team": "core", "on": true, "big": json.Number("9007199254740993")}
}

func factsKept(at time.Time) ledger.MailFacts {
	signs := signsKept(at)
	return ledger.MailFacts{
		Workspace: "acme", WorkspaceName: "Acme", TokenID: "ci@acme/x", Locator: "x", Label: "l", Mask: "m", Kind: "personal", Owner: "o",
		Action: "token.created", Actor: "a", At: at, Count: 5, Address: "192.0.2.1", Agent: "curl", Revoked: true,
		Leak: &ledger.Leak{Secret: "current", Effect: "revoked", URL: "https://x.example", Source: "commit", Descendants: 6}, Strange: &signs, MoreUnused: 7,
		Unused:     []ledger.UnusedNote{{What: "warned", Workspace: "acme", WorkspaceName: "Acme", TokenID: "t", Locator: "x", Label: "l", Mask: "m", Owner: "o", Since: at, At: at, N: 3}},
		WebhookURL: "https://h.example", WebhookID: "whk_1", Reason: "gone", Support: &policy.KeptContact{Email: "e", Phone: "p", URL: "u"},
	}
}

func signsKept(at time.Time) ledger.StrangeSigns {
	return ledger.StrangeSigns{Networks: []string{"203.0.113.0/24"}, More: 3, Many: true, QuietSince: at, Denied: 20, Address: "203.0.113.9", Agent: "curl"}
}

// keptRow is a record of which some columns are documents.
type keptRow struct {
	table, where string
	// columns are the documents, each with what a release wrote there.
	columns map[string]string
	// bare stores the record without them, put stores what was read, and read answers
	// the record, and what of it was read from the documents.
	bare func(ledger.Tx) error
	put  func(ledger.Tx) error
	read func(ledger.Reader) ([]any, error)
	want []any
}

// row is of a record that put writes and get reads; of are its documents.
func row[T any](table, where string, columns map[string]string, bare T, put func(ledger.Tx, T) error, get func(ledger.Reader) (T, error), of func(T) []any, want ...any) keptRow {
	r := keptRow{table: table, where: where, columns: columns, want: want}
	last := bare
	r.bare = func(tx ledger.Tx) error { return put(tx, bare) }
	r.put = func(tx ledger.Tx) error { return put(tx, last) }
	r.read = func(rd ledger.Reader) (_ []any, err error) {
		last, err = get(rd)
		return of(last), err
	}
	return r
}

func keptRows() []keptRow {
	at := time.Date(2026, 2, 3, 4, 5, 6, 123456000, time.UTC)
	prefixes := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}
	limit := &policy.KeptLimit{Requests: 100, Window: api.Duration(time.Minute)}
	return []keptRow{
		row("instance", "TRUE", map[string]string{"policy": keptOverrides, "prefixes": `["acme","tky"]`}, ledger.Instance{}, ledger.Tx.PutInstance, ledger.Reader.Instance,
			func(i ledger.Instance) []any { return []any{i.Policy, i.Prefixes} }, overridesKept(), []token.Prefix{"acme", "tky"}),
		row("workspaces", "id = 1", map[string]string{"policy": keptOverrides, "metadata": keptMetadata}, ledger.Workspace{ID: 1, Slug: "acme", CreatedAt: at}, ledger.Tx.PutWorkspace,
			func(r ledger.Reader) (ledger.Workspace, error) { return r.Workspace(ledger.WorkspaceKey{ID: 1}) },
			func(w ledger.Workspace) []any { return []any{w.Policy, w.Metadata} }, overridesKept(), metadataKept()),
		row("members", "id = 3", map[string]string{"grants": keptGrants}, ledger.Member{ID: 3, Workspace: 1, User: 2, CreatedAt: at}, ledger.Tx.PutMember,
			func(r ledger.Reader) (ledger.Member, error) { return r.Member(1, ledger.MemberKey{ID: 3}) },
			func(m ledger.Member) []any { return []any{m.Grants} }, grantsKept()),
		row("service_accounts", "id = 4", map[string]string{"grants": keptGrants, "contacts": `["ops@example.com"]`}, ledger.ServiceAccount{ID: 4, Workspace: 1, PublicID: "s", Name: "ci", CreatedAt: at},
			ledger.Tx.PutServiceAccount, func(r ledger.Reader) (ledger.ServiceAccount, error) {
				return r.ServiceAccount(1, ledger.ServiceAccountKey{ID: 4})
			},
			func(s ledger.ServiceAccount) []any { return []any{s.Grants, s.Contacts} }, grantsKept(), []string{"ops@example.com"}),
		row("tokens", "id = 5", map[string]string{"grants": keptGrants, "allowed_ips": keptIPs, "rate_limit": keptLimit, "metadata": keptMetadata, "approval": keptAsked, "unused": keptUnused},
			ledger.Token{ID: 5, Locator: token.Locator([]byte("Lc0000000005")), Prefix: "tky", Kind: token.Workspace, Workspace: 1, CreatedAt: at}, ledger.Tx.PutToken,
			func(r ledger.Reader) (ledger.Token, error) { return r.Token(token.Locator([]byte("Lc0000000005"))) },
			func(t ledger.Token) []any {
				return []any{t.Grants, t.AllowedIPs, t.RateLimit, t.Metadata, t.Approval, t.Unused}
			}, grantsKept(), prefixes, limit, metadataKept(),
			&ledger.Approval{AskedAt: at, Askers: []ledger.ID{2}, DecidedAt: at, By: "eve@example.com", Approved: true, Comment: "fine"}, &ledger.Unused{Since: at, WarnedAt: at, Owner: 7, DisabledAt: at, After: 60 * 24 * time.Hour}),
		row("unused", "workspace = 1", map[string]string{"facts": keptState}, ledger.UnusedState{Workspace: 1}, ledger.Tx.PutUnusedState,
			func(r ledger.Reader) (ledger.UnusedState, error) { return r.UnusedState(1) }, func(x ledger.UnusedState) []any { return []any{x.Facts} },
			ledger.UnusedFacts{Done: []ledger.UnusedDone{{At: at, N: 2}}, Waits: &ledger.UnusedWaits{N: 3, UpTo: at, Since: at, ToldAt: at},
				Yes: &ledger.UnusedYes{At: at, By: "usr_1", N: 4, Left: 3, UpTo: at, Until: at}}),
		row("strange", "token = 5", map[string]string{"signs": keptSigns}, ledger.Strange{Token: 5, Workspace: 1, First: at, Last: at}, ledger.Tx.PutStrange,
			func(r ledger.Reader) (ledger.Strange, error) { return r.Strange(5) }, func(x ledger.Strange) []any { return []any{x.Signs} }, signsKept(at)),
		row("roles", "name = 'R'", map[string]string{"scopes": `["a:b","a:*"]`, "rate_limit": keptLimit}, ledger.Role{Workspace: 1, Name: "R", Scopes: []string{}}, ledger.Tx.PutRole,
			func(r ledger.Reader) (ledger.Role, error) { return one(r.Roles(1)) },
			func(x ledger.Role) []any { return []any{x.Scopes, x.RateLimit} }, []string{"a:b", "a:*"}, limit),
		row("scopes", "name = 'a:b'", map[string]string{"implies": `["c:d"]`, "roles": `["Viewer"]`}, ledger.Scope{Workspace: 1, Name: "a:b"}, ledger.Tx.PutScope,
			func(r ledger.Reader) (ledger.Scope, error) { return one(r.Scopes(1)) },
			func(x ledger.Scope) []any { return []any{x.Implies, x.Roles} }, []string{"c:d"}, []string{"Viewer"}),
		row("webhooks", "id = 6", map[string]string{"events": `["token.*"]`}, ledger.Webhook{ID: 6, Workspace: 1, PublicID: "w", Secret: []byte{1}, CreatedAt: at}, ledger.Tx.PutWebhook,
			func(r ledger.Reader) (ledger.Webhook, error) { return r.WebhookByID(6) }, func(h ledger.Webhook) []any { return []any{h.Events} }, []string{"token.*"}),
		row("deliveries", "id = 7", map[string]string{"log": keptLog}, ledger.Delivery{ID: 7, PublicID: "d", Webhook: 6, Payload: json.RawMessage(`{}`), CreatedAt: at}, ledger.Tx.PutDelivery,
			func(r ledger.Reader) (ledger.Delivery, error) { return r.DeliveryByID(7) }, func(d ledger.Delivery) []any { return []any{d.Log} },
			[]ledger.Attempt{{At: at, Status: 500, Error: "e", Response: "r", TookMS: 20}}),
		row("trust_rules", "id = 9", map[string]string{"claims": keptClaims, "grants": keptGrants, "allowed_ips": keptIPs, "rate_limit": keptLimit},
			ledger.TrustRule{ID: 9, Workspace: 1, ServiceAccount: 4, PublicID: "trl_1", Claims: map[string][]string{}, CreatedAt: at}, ledger.Tx.PutTrustRule,
			func(r ledger.Reader) (ledger.TrustRule, error) { return r.TrustRule(1, "trl_1") },
			func(x ledger.TrustRule) []any { return []any{x.Claims, x.Grants, x.AllowedIPs, x.RateLimit} },
			map[string][]string{"/kubernetes.io/serviceaccount/uid": {"1"}, "ref": {"refs/heads/main", "refs/heads/r-*"}}, grantsKept(), prefixes, limit),
		row("mails", "id = 8", map[string]string{"facts": keptFacts}, ledger.Mail{ID: 8, PublicID: "m", CreatedAt: at}, ledger.Tx.PutMail,
			func(r ledger.Reader) (ledger.Mail, error) { return r.Mail(8) }, func(m ledger.Mail) []any { return []any{m.Facts} }, factsKept(at)),
	}
}

// one is the row of a list of one.
func one[T any](rows []T, err error) (x T, _ error) {
	if len(rows) == 1 {
		x = rows[0]
	}
	return x, err
}

// TestWhatIsStoredKeepsItsMeaning: a document that a release wrote is read as what it
// was then, and is written again as it was, whatever the API calls its fields now.
func TestWhatIsStoredKeepsItsMeaning(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		s, db := open(on.T, store.Options{URL: on.url}), beside(on.T, on.url)
		batch(on.T, s, func(tx ledger.Tx) error {
			return tx.PutUser(ledger.User{ID: 2, PublicID: "u", CreatedAt: time.Unix(1, 0)})
		})
		for _, r := range keptRows() {
			r.hold(on, s, db)
		}
	})
}

func (r keptRow) hold(on engine, s *store.Store, db *sql.DB) {
	on.Helper()
	batch(on.T, s, r.bare)
	for column, text := range r.columns {
		insert(on, db, fmt.Sprintf(`UPDATE %s SET %s = '%s' WHERE %s`, r.table, column, text, r.where))
	}
	var got []any
	if err := s.Read(on.Context(), func(rd ledger.Reader) (err error) {
		got, err = r.read(rd)
		return err
	}); err != nil {
		on.Fatalf("%s: %v", r.table, err)
	}
	if diff := cmp.Diff(r.want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		on.Errorf("%s means something else (-then +now):\n%s", r.table, diff)
	}
	for _, v := range got {
		allOf(on.T, r.table, reflect.ValueOf(v))
	}
	for column := range r.columns {
		insert(on, db, fmt.Sprintf(`UPDATE %s SET %s = '{}' WHERE %s`, r.table, column, r.where))
	}
	batch(on.T, s, r.put)
	for column, text := range r.columns {
		if diff := cmp.Diff([]string{text}, texts(on.T, db, fmt.Sprintf(`SELECT %s FROM %s WHERE %s`, column, r.table, r.where))); diff != "" {
			on.Errorf("%s.%s is written otherwise (-then +now):\n%s", r.table, column, diff)
		}
	}
}

// allOf wants every field of what was read to hold something, so that a field that
// is added is added above too.
func allOf(t *testing.T, what string, v reflect.Value) {
	t.Helper()
	v = reflect.Indirect(v)
	if v.Kind() == reflect.Slice && v.Len() > 0 {
		allOf(t, what, v.Index(0))
	}
	if v.Kind() != reflect.Struct {
		return
	}
	for f, x := range v.Fields() {
		if f.Name == "Null" || !f.IsExported() {
			continue
		}
		if x.IsZero() {
			t.Errorf("%s: nothing was kept of %s.%s", what, v.Type(), f.Name)
		}
		allOf(t, what, x)
	}
}

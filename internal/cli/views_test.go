package cli_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/cli"
)

// noon is the time of every view below.
var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// views runs a command at noon against a server that answers all with one body.
func views(t *testing.T, body, line string) string {
	t.Helper()
	s := answering(t, http.StatusOK, "application/json", body)
	env := map[string]string{"TOKENRY_SERVER": s.URL, "TOKENRY_TOKEN": "tkyp_x", "TOKENRY_WORKSPACE": "acme"}
	var out, errs strings.Builder
	err := cli.Run(t.Context(), words(line), cli.Stdio{
		Out: &out, Err: &errs, Now: func() time.Time { return noon }, Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	})
	if err != nil {
		t.Fatalf("tokenry %s: %v", line, err)
	}
	return out.String()
}

// shows asks that a view has these lines, blanks between name and value aside.
func shows(t *testing.T, view string, want ...string) {
	t.Helper()
	flat := regexp.MustCompile(` {2,}`).ReplaceAllString(view, " | ")
	for _, line := range want {
		if !strings.Contains("\n"+flat, "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, flat)
		}
	}
}

// Whatever keeps a token from working, or will, is told where a person looks at it,
// with when and by whom.
func TestEverythingAboutATokenIsShown(t *testing.T) {
	t.Parallel()
	view := views(t, `{"id":"ci_1","label":"CI","description":"builds","masked":"tkys_0…","kind":"service","workspace":"acme","owner":{"address":"ci@acme.service"},
		"status":"disabled","blocked_by":"owner_inactive","grants":[{"role":"Viewer","resources":["*"]},{"scopes":["a:b","c:d"],"resources":["x","y"]}],"effective":[],
		"created_at":"2026-05-31T12:00:00Z","created_by":"ada@example.com","expires_at":"2026-06-11T12:00:00Z","not_before":"2026-06-01T13:00:00Z","last_used_at":"2026-06-01T11:59:00Z",
		"rotated_at":"2026-05-01T12:00:00Z","overlap_ends_at":"2026-06-02T12:00:00Z","disabled_at":"2026-06-01T11:00:00Z","disabled_by":"eve@example.com","revoke_at":"2026-06-04T12:00:00Z",
		"held":{"fields":["grants","expires_at"],"by":"root@example.com"},"allowed_ips":["192.0.2.0/24","::1/128"],"rate_limit":{"requests":5,"window":"1h"},"metadata":{"team":"core"},"outside_policy":true}`,
		"token show ci_1")
	shows(t, view,
		"status | disabled (owner_inactive)", "rights | Viewer on everything; a:b c:d on x y", "effective | nothing", "created | 2026-05-31 12:00Z (24h ago) by ada@example.com",
		"expires | 2026-06-11 12:00Z (in 10d)", "valid from | 2026-06-01 13:00Z (in 60m)", "last used | 2026-06-01 11:59Z (1m ago)", "rotated | 2026-05-01 12:00Z (31d ago)",
		"old secret ends | 2026-06-02 12:00Z (in 24h)", "disabled | 2026-06-01 11:00Z (60m ago) by eve@example.com", "will be revoked | 2026-06-04 12:00Z (in 3d)",
		"held | grants expires_at by root@example.com; its owner alone does not undo it", "allowed addresses | 192.0.2.0/24 ::1/128", "rate limit | 5/1h", `metadata | {"team":"core"}`,
		"policy | outside what the policy allows now")
	view = views(t, `{"id":"x","label":"L","kind":"personal","status":"revoked","grants":null,"created_at":"2026-06-01T12:00:00Z","created_by":"a","revoked_at":"2026-06-01T12:00:10Z","revoke_reason":"leaked","revoke_comment":"in a log"}`, "token show x")
	shows(t, view, "rights | inherited", "expires | never", "revoked | 2026-06-01 12:00Z (now)", "reason | leaked", "comment | in a log")
}

// Who was stopped by an administrator of the instance is told that nobody else
// brings them back.
func TestWhoWasStoppedIsToldByWhom(t *testing.T) {
	t.Parallel()
	const stopped = `"active":false,"created_at":"2026-05-01T12:00:00Z","deactivated_at":"2026-05-31T12:00:00Z","deactivated_by":"root@example.com","disabled_at":"2026-05-31T12:00:00Z","disabled_by":"root@example.com","held_by_instance":true`
	const held, by = "held | by an administrator of the instance, who alone brings it back", "2026-05-31 12:00Z (24h ago) by root@example.com"
	view := views(t, `{"address":"ada@example.com","id":"mem_1","name":"Ada","external_id":"crm-7","grants":[{"role":"Owner","resources":["*"]}],`+stopped+`}`, "member show ada@example.com")
	shows(t, view, "member | ada@example.com", "external id | crm-7", "status | inactive", "rights | Owner on everything", "deactivated | "+by, held)
	view = views(t, `{"name":"bot","address":"bot@acme.service","contacts":["a@b.c","d@e.f"],"grants":[{"resources":["x"]}],`+stopped+`}`, "service-account show bot")
	shows(t, view, "contacts | a@b.c d@e.f", "rights | all of the owner's on x", "disabled | "+by, held)
	view = views(t, `{"id":"wh_1","url":"https://h","events":["token.*","member.*"],"enabled":false,"disabled_reason":"failed for 3 days","former_secrets_until":["2026-06-02T12:00:00Z","2026-06-01T13:00:00Z"],`+stopped+`}`, "webhook show wh_1")
	shows(t, view, "events | token.*, member.*", "state | disabled failed for 3 days", "disabled | "+by, held, "former secret 1 | signs until 2026-06-02 12:00Z (in 24h)", "former secret 2 | signs until 2026-06-01 13:00Z (in 60m)")
	view = views(t, `{"id":"usr_1","email":"ada@example.com","active":false,"instance_admin":true,"workspaces":["acme","globex"],"deactivated_at":"2026-05-31T12:00:00Z","deactivated_by":"root@example.com"}`, "user show ada@example.com")
	shows(t, view, "status | inactive", "administrator | yes", "workspaces | acme globex", "deactivated | "+by)
	view = views(t, `{"slug":"acme","name":"Acme","created_at":"2026-05-01T12:00:00Z","suspended_at":"2026-05-31T12:00:00Z","suspended_by":"root@example.com"}`, "workspace show acme")
	shows(t, view, "status | inactive", "suspended | "+by)
}

// A list tells the same of each as its own page does, in one line; nothing is a dash.
func TestListsHaveALineForEach(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ line, body, want string }{
		{"token list", `{"label":"CI","masked":"tkys_0…","id":"ci_1","kind":"service","status":"active","grants":[{"role":"Viewer","resources":[]}],"created_at":"2026-06-01T12:00:00Z"}`,
			"CI | tkys_0… | ci_1 | service | active | Viewer | 2026-06-01 12:00Z (now) | never | –"},
		{"token list --effective", `{"label":"CI","grants":[{"role":"Viewer"}],"effective":[{"scopes":["a:b"],"resources":["x"]}],"created_at":"2026-06-01T12:00:00Z","expires_at":"2036-06-01T12:00:00Z"}`,
			"CI | a:b on x | 2026-06-01 12:00Z (now) | 2036-06-01 12:00Z (in 10y) | –"},
		{"member list", `{"address":"a@b.c","grants":[],"active":true,"created_at":"2026-05-29T12:00:00Z"}`, "a@b.c | – | nothing | active | – | 2026-05-29 12:00Z (3d ago)"},
		{"service-account list", `{"name":"bot","grants":null,"active":false,"created_at":"2026-05-29T12:00:00Z"}`, "bot | – | inherited | inactive | 2026-05-29 12:00Z (3d ago)"},
		{"user list", `{"id":"usr_1","email":null,"active":true,"workspaces":[]}`, "– | usr_1 | – | active | no | –"},
		{"role list", `{"name":"Support","scopes":["a:b","c:*"],"rate_limit":{"requests":60,"window":"1m"},"inherited":true}`, "Support | – | a:b c:* | 60/1m | instance"},
		{"scope list", `{"name":"a:b","implies":["a:c"],"roles":["Viewer","Owner"],"built_in":true}`, "a:b | – | a:c | Viewer, Owner | built in"},
		{"removal list", `{"kind":"scope","name":"a:b","done":7,"total":40,"removed_at":"2026-06-01T11:58:00Z","removed_by":"ada@example.com"}`, "scope | a:b | 7 of 40 | 2026-06-01 11:58Z (2m ago) | ada@example.com"},
		{"removal list", `{"kind":"role","name":"X","done":7,"removed_at":"2026-06-01T12:00:00Z","removed_by":"a"}`, "role | X | 7 | 2026-06-01 12:00Z (now) | a"},
		{"resource list", `{"name":"payments","created_at":"2026-06-01T12:00:00Z","created_by":"ada@example.com"}`, "payments | – | 2026-06-01 12:00Z (now) by ada@example.com"},
		{"workspace list", `{"slug":"acme","name":"","external_id":"c-1","created_at":"2026-06-01T12:00:00Z","suspended_at":"2026-06-01T12:00:00Z"}`, "acme | – | c-1 | inactive | 2026-06-01 12:00Z (now)"},
		{"webhook list", `{"id":"wh_1","url":"https://h","events":["a","b"],"enabled":true,"failing_since":"2026-05-30T12:00:00Z"}`, "wh_1 | https://h | a,b | true | 2026-05-30 12:00Z (2d ago)"},
		{"webhook deliveries wh_1", `{"id":"msg_1","type":"token.revoked","state":"failed","created_at":"2026-06-01T11:00:00Z","next_attempt_at":"2026-06-01T12:30:00Z"}`,
			"msg_1 | token.revoked | failed | 2026-06-01 11:00Z (60m ago) | 2026-06-01 12:30Z (in 30m) | –"},
		{"audit list", `{"sequence":9,"at":"2026-06-01T12:00:00Z","action":"token.created","target":"ci_1","actor":"ada@example.com","on_behalf":null,"ip":"192.0.2.1"}`,
			"9 | 2026-06-01 12:00Z (now) | token.created | ci_1 | ada@example.com | – | 192.0.2.1"},
		{"token activity x", `{"day":"2026-06-01T00:00:00Z","ip":"192.0.2.1","user_agent":"curl","method":"GET","path":"/t","outcome":"ok","count":3,"last_at":"2026-06-01T12:00:00Z"}`,
			"2026-06-01 | 192.0.2.1 | curl | GET /t | ok | 3 | 2026-06-01 12:00Z (now)"},
		{"token advise", `{"token":"ci_1","label":"CI","code":"unused","explanation":"unused for 90 days"}`, "ci_1 | CI | unused | unused for 90 days"},
	} {
		shows(t, views(t, `{"items":[`+tt.body+`]}`, tt.line), tt.want)
	}
}

// What the instance settled and what was set here is seen at a policy's fields.
func TestAPolicyTellsWhereItsFieldsComeFrom(t *testing.T) {
	t.Parallel()
	view := views(t, `{"max_lifetime":"90d","overlap":"1d","allow_never":false,"onboarding":"portfolio","overridden":["max_lifetime","overlap"],"locked":["overlap","allow_never"]}`, "policy show")
	shows(t, view, "max_lifetime | 90d | (set here)", "overlap | 24h | (set here, locked by the instance)", "allow_never | false | (locked by the instance)", "onboarding | portfolio")
	if strings.Contains(view, "overridden") {
		t.Errorf("a list of fields is shown as one:\n%s", view)
	}
}

// Usage is told by what happened, and hours in which nothing did are left out.
func TestUsageLeavesOutWhatDidNotHappen(t *testing.T) {
	t.Parallel()
	view := views(t, `{"token":"ci_1","last_used_at":"2026-06-01T11:00:00Z","last_used_ip":"192.0.2.1","allowed":5,"denied":1,"buckets":[{"start":"2026-06-01T10:00:00Z","allowed":0,"denied":0},{"start":"2026-06-01T11:00:00Z","allowed":5,"denied":1}],
		"scopes":[{"scope":"a:b","count":5,"last_used_at":"2026-06-01T11:00:00Z"}],"reuses":[{"secret":2,"count":3,"last_used_at":"2026-06-01T11:30:00Z","last_used_ip":null}]}`, "token usage ci_1")
	shows(t, view, "token | ci_1", "from | 192.0.2.1", "allowed | 5", "denied | 1", "2026-06-01 11:00Z (60m ago) | 5 allowed, 1 denied", "scope a:b | 5 times, last 2026-06-01 11:00Z (60m ago)",
		"RETIRED secret | number 2, 3 times, last 2026-06-01 11:30Z (30m ago) from –")
	if strings.Contains(view, "10:00Z") {
		t.Errorf("an hour without anything is told:\n%s", view)
	}
	view = views(t, `{"workspace":"acme","allowed":0,"denied":1,"buckets":[],"denials":[{"at":"2026-06-01T12:00:00Z","token":null,"code":"unknown","request_id":"req_1"}]}`, "workspace usage")
	shows(t, view, "workspace | acme", "2026-06-01 12:00Z (now) | – refused: unknown (req_1)")
}

// An explanation names each check with its result, and what would mend it below.
func TestAnExplanationTellsWhatWouldMendIt(t *testing.T) {
	t.Parallel()
	view := views(t, `{"code":"insufficient_scope","token":{"id":"ci_1","label":"CI"},"checks":[{"check":"status","result":"ok","detail":"active"},{"check":"scopes","result":"failed","detail":"it lacks a:b","remedy":"give it a:b"},{"check":"resource","result":"skipped"}]}`, "explain ci_1")
	shows(t, view, "decision | insufficient_scope", "token | ci_1", "label | CI", "status | ok: active", "scopes | failed: it lacks a:b", " | → give it a:b", "resource | skipped")
}

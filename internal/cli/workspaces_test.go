package cli_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

func TestAWorkspaceComesAndGoes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	slug := o.slug + "-b"
	o.has(o.does("workspace create "+slug+" --name 'Globex Inc.' --external-id c-"+slug+" --metadata tier=gold"),
		`^workspace +`+slug+`$`, `^name +Globex Inc\.$`, `^external id +c-`+slug, `^metadata +\{"tier":"gold"\}`, `^status +active`)
	o.refuses(1, "code already_exists", "workspace create "+slug)
	o.refuses(1, "field slug", "workspace create Globex")
	o.has(o.does("workspace list --query "+slug), `^WORKSPACE +NAME +EXTERNAL ID +STATUS +SINCE$`, `^`+slug+` +Globex Inc\. +c-\S+ +active`)
	o.does("workspace edit " + slug + " --name Initech --clear external-id,metadata")
	text := o.does("workspace show " + slug)
	o.has(text, `^name +Initech$`)
	o.lacks(text, `^external id`, `^metadata`)
	o.has(o.does("workspace suspend "+slug), `^status +inactive`, `^suspended .* by `)
	o.has(o.does("workspace tokens "+slug), `^LABEL +TOKEN`)
	o.has(o.does("workspace resume "+slug), `^status +active`)
	o.does("workspace delete " + slug)
	o.refuses(1, "code not_found", "workspace show "+slug)
	o.refuses(1, "tokenry: ", "workspace create "+slug) // a slug is never used again
}

// Which workspace is meant: the flag, else the variable, else the token's own.
func TestTheFlagChoosesBeforeTheVariable(t *testing.T) {
	t.Parallel()
	o, other := newOffice(t), newOffice(t)
	o.has(o.does("workspace show"), `^workspace +`+o.slug+`$`)
	o.has(o.does("-w "+other.slug+" workspace show"), `^workspace +`+other.slug+`$`)
	o.has(o.does("workspace show "+other.slug), `^workspace +`+other.slug+`$`)
	delete(o.env, "TOKENRY_WORKSPACE")
	o.has(o.does("workspace show"), `^workspace +acme$`)
	o.refuses(1, "code not_found", "-w nowhere workspace show")
}

func TestAPolicyIsChangedFieldByField(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.has(o.does("policy show"), `^max_lifetime +365d$`, `^allow_never +false$`, `^notice_days +\[30,14,7,3,1,0\]$`)
	text := o.does(`policy edit max_lifetime=90d default_lifetime=30d allow_never=true notice_days=[14,3] rate_limit='{"requests":5,"window":"1m"}'`)
	o.has(text, `^max_lifetime +90d +\(set here\)$`, `^allow_never +true +\(set here\)$`, `^notice_days +\[14,3\] +\(set here\)$`, `^rate_limit +\{"requests":5,"window":"1m"\} +\(set here\)$`)
	o.has(o.does("policy edit max_lifetime=null"), `^max_lifetime +365d$`, `^default_lifetime +30d +\(set here\)$`)
	o.refuses(1, "field onboarding", "policy edit onboarding=everybody")
	o.refuses(1, "field onboarding", "policy edit onboarding=")
	o.refuses(1, "field locked", `policy edit locked='["overlap"]'`)
	if p := asked[api.Policy](o, "policy show"); p.DefaultLifetime != 30*api.Day || !p.AllowNever {
		t.Errorf("%+v", p)
	}
	o.has(o.does("policy show --instance"), `^default_lifetime +365d`)
}

func TestTheCatalogueIsWritten(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.has(o.does("scope put assets:write --description 'change assets' --implies tickets:read --role Viewer"), `^scope +assets:write$`, `^implies +tickets:read$`, `^roles +.*Viewer`, `^origin +here$`)
	o.has(o.does("scope list"), `^SCOPE +DESCRIPTION +IMPLIES +ROLES +ORIGIN$`, `^assets:write +change assets +tickets:read .* here$`, `^tokens:create .* built in$`)
	o.refuses(1, "code built_in", "scope put tokens:create --description x")
	o.refuses(1, "tokenry: ", "scope put Assets --description x")
	o.has(o.does("role put Support --scope tickets:* --description 'answers' --rate-limit 60/1m"), `^role +Support$`, `^scopes +tickets:\*$`, `^rate limit +60/1m$`, `^origin +here$`)
	o.has(o.does("role list"), `^ROLE +DESCRIPTION +SCOPES +RATE LIMIT +ORIGIN$`, `^Support +answers +tickets:\* +60/1m +here$`, `^Owner .* built in$`)
	o.has(o.does("role show Support"), `^description +answers$`)
	o.does("member create " + o.email("ada") + " --role Support --resource payments")
	o.refuses(1, "code role_in_use", "role delete Support")
	o.does("role delete Support --replacement Viewer")
	o.has(o.tells("member show "+o.email("ada"), `^rights +Viewer`), `^rights +Viewer on payments$`)
	o.refuses(1, "code not_found", "role show Support")
	o.does("scope delete assets:write")
	o.refuses(1, "code not_found", "scope show assets:write")
	o.has(o.tells("removal list", `^KIND`), `^KIND +NAME +REWRITTEN +REMOVED +BY$`)
}

func TestResourcesAreOnBoard(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.has(o.does("resource create ledger --description 'books and balances'"), `^resource +ledger$`, `^description +books and balances$`, `^created .* by `)
	o.refuses(1, "code already_exists", "resource create ledger")
	o.refuses(1, "tokenry: ", "resource create any")
	o.has(o.does("resource list --query book"), `^RESOURCE +DESCRIPTION +CREATED$`, `^ledger +books and balances `)
	o.lacks(o.does("resource list --query book"), "payments")
	o.has(o.does("resource show ledger"), `^resource +ledger$`)
	id, _ := o.token("--kind workspace --label x --scope tickets:read --resource ledger --resource payments")
	o.does("resource delete ledger")
	o.has(o.tells("token show "+id, `^rights +tickets:read on payments$`), `^status +active`)
}

// Standard output of an export is the export alone, in the order newest first.
func TestTheAuditIsListedAndExported(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, _ := o.token("--kind workspace --label x --scope tickets:read --resource payments")
	o.does("token revoke " + id + " --comment 'x,\"y\"'")
	o.has(o.does("audit list"), `^NUMBER +WHEN +ACTION +TARGET +ACTOR +ON BEHALF OF +FROM$`, `^\d+ .* token\.revoked +\S+ +`+o.server.Email)
	o.lacks(o.does("audit list --action token.created"), `token\.revoked`)
	o.has(o.does("audit list --action 'token.*' --limit 1"), `token\.revoked`)
	o.lacks(o.does("audit list --about "+id), `workspace\.created`)
	o.lacks(o.does("audit list --actor nobody@example.com"), `token`)
	o.lacks(o.does("audit list --to 2020-01-01"), `token`)
	o.has(o.does("audit list --from 2020-01-01"), `token\.created`)
	lines := strings.Split(strings.TrimSpace(o.does("audit export --action 'token.*'")), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	for i, want := range []string{"token.revoked", "token.created"} {
		var e api.AuditEvent
		if err := json.Unmarshal([]byte(lines[i]), &e); err != nil || e.Action != want {
			t.Errorf("line %d: %s, %v", i+1, e.Action, err)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(o.does("audit export --format csv --action token.revoked"))).ReadAll()
	if err != nil || len(rows) != 2 || len(rows[0]) != len(rows[1]) {
		t.Errorf("%q, %v", rows, err)
	}
	o.has(o.does("audit list --instance --limit 0"), `workspace\.created|instance\.|webhook|user`)
}

func TestAnEndpointIsToldOfEvents(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.runs("webhook create --url https://hooks.example.com/t --event token.* --event member.created --description 'to chat'")
	if r.code != 0 || strings.Count(r.out, "\n") != 1 || strings.Contains(r.err, strings.TrimSpace(r.out)) {
		t.Fatalf("%+v", r)
	}
	o.has(r.err, `^url +https://hooks\.example\.com/t$`, `^events +token\.\*, member\.created$`, `^state +enabled`)
	list := asked[api.List[api.Webhook]](o, "webhook list").Items
	if len(list) != 1 {
		t.Fatalf("%+v", list)
	}
	id := list[0].ID
	o.has(o.does("webhook list"), `^ID +URL +EVENTS +ENABLED +FAILING SINCE$`, `^`+id+` .* true `)
	o.has(o.does("webhook edit "+id+" --enabled=false --event token.revoked"), `^state +disabled`, `^events +token\.revoked$`)
	o.refuses(1, "code inactive", "webhook ping "+id)
	o.does("webhook edit " + id + " --enabled")
	o.has(o.does("webhook ping "+id), `^delivery +\S+$`, `^state +pending`)
	o.has(o.does("webhook deliveries "+id), `^ID +EVENT +STATE +CREATED +NEXT ATTEMPT +DELIVERED$`, `ping`)
	if again := strings.TrimSpace(o.does("webhook rotate " + id)); again == "" || again == strings.TrimSpace(r.out) {
		t.Error("a rotation gives the same secret")
	}
	o.has(o.does("webhook show "+id), `^former secret 1 +signs until .*\(in 24h\)$`)
	o.does("webhook delete " + id)
	o.refuses(1, "code not_found", "webhook show "+id)
	o.refuses(1, "field url", "webhook create --url http://127.0.0.1/x --event token.*")
	o.refuses(1, "field events", "webhook create --url https://h.example.com --event weather.*")
}

// The decision is the answer and the exit code. A script reads one of them.
func TestAVerificationIsItsExitCode(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, secret := o.token("--kind workspace --label x --scope tickets:read --resource payments --rate-limit 50/1h")
	_, product := o.token("--kind workspace --label product --scope tokens:verify --resource '*'")
	_, helper := o.token("--kind workspace --label helper --scope tokens:verify,tokens:read --resource '*'")
	o.env["TOKENRY_TOKEN"] = product
	o.env["PRESENTED"] = secret
	r := o.runs("verify '$PRESENTED' --scope tickets:read --resource payments --ip 192.0.2.1")
	if r.code != 0 || strings.Contains(r.out, secret) {
		t.Fatalf("%+v", r)
	}
	o.has(r.out, `^allowed +yes$`, `^code +ok$`, `^token id +`+id, `^owner +`+o.slug+`@workspace$`, `^rate limit +49 of 50 left`)
	o.has(o.does("verify '$PRESENTED' --peek"), `^rate limit +49 of 50 left`)
	r = o.runs("verify '$PRESENTED' --scope tickets:write --resource payments")
	if r.code != 1 || !strings.Contains(r.err, "refused: Missing scope") {
		t.Errorf("%+v", r)
	}
	o.has(r.out, `^allowed +no$`, `^code +insufficient_scope$`, `^missing +tickets:write$`)
	if r := o.reads(nobodys+"\n", "verify --json"); r.code != 1 || r.err != "" || !strings.Contains(r.out, `"code": "unknown"`) {
		t.Errorf("as JSON: %+v", r)
	}
	o.env["TOKENRY_TOKEN"] = helper
	o.has(o.does("explain "+id+" --scope tickets:write --resource payments"), `^decision +insufficient_scope$`, `^token +`+id+`$`, `→ `)
	o.has(o.does("explain --token-from '$PRESENTED' --scope tickets:read --resource website --from 192.0.2.1"), `^decision +resource_denied$`)
	o.refuses(1, "tokenry: ", "explain req_nothing")
}

// A caller who may verify tokens of all workspaces names the one that is meant; the
// variable counts like the flag.
func TestAVerificationKeepsToTheWorkspaceOfTheVariable(t *testing.T) {
	t.Parallel()
	var asked api.VerifyRequest
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&asked) // what is not read is seen below
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"allowed":true,"code":"ok"}`))
	}))
	t.Cleanup(s.Close)
	for line, want := range map[string]string{"verify": "acme", "verify -w globex": "globex"} {
		env := map[string]string{"TOKENRY_SERVER": s.URL, "TOKENRY_TOKEN": "tkyp_x", "TOKENRY_WORKSPACE": "acme"}
		if r := run(t, env, nobodys, false, words(line)...); r.code != 0 || asked.Workspace != want {
			t.Errorf("tokenry %s asks about %q, want %q: %+v", line, asked.Workspace, want, r)
		}
	}
}

package cli_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
)

// Each flag of a creation is the field of the request that its name says.
func TestATokenIsWhatItsFlagsSay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, secret := o.token("--label CI --description 'for builds' --kind workspace --scope tickets:read,tickets:write --resource payments " +
		"--expires-in 30d --allowed-ip 192.0.2.0/24 --allowed-ip 2001:db8::1 --rate-limit 100/1m --metadata team=core --metadata note=a=b")
	v, err := o.client().GetToken(t.Context(), o.slug, id)
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(*v.ExpiresAt); left > 30*24*time.Hour || left < 30*24*time.Hour-time.Minute {
		t.Errorf("it lives %v", left)
	}
	got := map[string]any{
		"label": v.Label, "description": v.Description, "kind": v.Kind, "grants": v.Grants, "ips": v.AllowedIPs, "limit": v.RateLimit, "metadata": v.Metadata,
	}
	want := map[string]any{
		"label": "CI", "description": "for builds", "kind": "workspace",
		"grants": []api.Statement{{Scopes: []string{"tickets:read", "tickets:write"}, Resources: []string{"payments"}}},
		"ips":    []string{"192.0.2.0/24", "2001:db8::1/128"},
		"limit":  &api.RateLimit{Requests: 100, Window: api.Duration(time.Minute)}, "metadata": api.Metadata{"team": "core", "note": "a=b"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !strings.HasPrefix(secret, "tkyw_") {
		t.Errorf("the secret is %.5s…", secret)
	}
}

// A secret is all that goes to standard output, so that $(tokenry token create …)
// is one; everything about it goes to standard error.
func TestASecretStandsAloneOnStandardOutput(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, _ := o.token("--label x --kind workspace --scope tickets:read --resource payments")
	for _, line := range []string{
		"token create --label y --kind workspace --scope tickets:read --resource payments", "token rotate " + id, "token reset " + id,
	} {
		r := o.runs(line)
		if r.code != 0 || !strings.HasPrefix(r.out, "tkyw_") || strings.Count(r.out, "\n") != 1 {
			t.Errorf("tokenry %s: %+v", line, r)
		}
		if strings.Contains(r.err, strings.TrimSpace(r.out)) || strings.Contains(r.err, "shown this once") {
			t.Errorf("tokenry %s says %q", line, r.err)
		}
		o.has(r.err, `^id +\S+`, `^status +active$`)
	}
}

func TestRightsWithoutAResourceAreNoted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for line, noted := range map[string]bool{
		"--scope tickets:read":                             true,
		"--role Viewer":                                    true,
		"--scope tickets:read --resource '*'":              false,
		"--role Viewer --resource payments":                false,
		`--grants '[{"scopes":["tickets:read"]}]'`:         true,
		`--grants '[{"role":"Viewer","resources":["*"]}]'`: false,
	} {
		r := o.runs("token create --kind workspace --label x " + line)
		if r.code != 0 || strings.Contains(r.err, "note: no --resource") != noted {
			t.Errorf("%s: %+v", line, r)
		}
	}
}

// What flags cannot mean is told before anything is sent, with the flag's name.
func TestFlagsThatMeanNothingAreRefusedWithoutAServer(t *testing.T) {
	t.Parallel()
	env := map[string]string{"TOKENRY_SERVER": "http://127.0.0.1:1", "TOKENRY_TOKEN": "tkyp_x"}
	for line, said := range map[string]string{
		"token create":                                             "tokenry token create LABEL",
		"token create --label x extra":                             "give the label once",
		"token create --label x --expires-in soon":                 "--expires-in",
		"token create --label x --expires-in -1d":                  "--expires-in",
		"token create --label x --expires-at tomorrow":             "2026-12-31",
		"token create --label x --expires-at 2026-02-30":           "2026-12-31",
		"token create --label x --rate-limit 100":                  "REQUESTS/WINDOW",
		"token create --label x --rate-limit many/1m":              "REQUESTS/WINDOW",
		"token create --label x --rate-limit 100/often":            "REQUESTS/WINDOW",
		"token create --label x --metadata team":                   "KEY=VALUE",
		"token create --label x --grants [{]":                      "--grants: must be JSON",
		"token create --label x --grants @/nowhere/g.json":         "no such file",
		`token create --label x --grants '{"role":"Viewer"}'`:      "the flags do not make a request",
		`token create --label x --grants '[{"rule":"Viewer"}]'`:    "the flags do not make a request",
		"token edit x --clear label":                               "--clear takes description",
		"token edit x --if-revision first":                         "--if-revision",
		"token list --expiring-within later":                       "--expiring-within",
		"token list --metadata team":                               "--metadata: must be KEY=VALUE",
		"token list --metadata =core":                              "neither of them empty",
		"token list --metadata team=":                              "neither of them empty",
		"token revoke":                                             "name the token by its ID, or give --secret",
		"token revoke x --secret -":                                "name the token by its ID, or give --secret",
		"token revoke --secret x":                                  "takes no secret itself",
		"token transfer x":                                         `"owner" not set`,
		"token rotate":                                             "say which token",
		"token rotate x --filter owner=ci --exec true":             "either a token's ID, or a filter",
		"token rotate --exec true":                                 "say which tokens: --filter",
		"token rotate --filter owner=ci":                           "say with --exec",
		"token rotate --filter owner":                              "--filter takes WORD=VALUE",
		"token rotate --filter colour=red --exec true":             `"colour=red" is none`,
		"token rotate --filter unused_for=ages --exec true":        "--filter unused-for",
		"token rotate --filter owner=ci --exec true --parallel 65": "--parallel takes 1 to 64",
		"token bulk":                      "requires at least 1 arg",
		"token bulk edit x":               "edited over the API",
		"token shwo x":                    "there is no command",
		"token":                           "say which of these commands",
		"audit export --format xml":       "ndjson or csv",
		"audit list --from yesterday":     "2026-12-31",
		"policy edit max_lifetime":        "want FIELD=VALUE",
		"policy edit max_lifetime=soon":   "no change of a policy",
		"policy edit colour=red":          "no change of a policy",
		"policy edit allow_never=perhaps": "no change of a policy",
		"member invite":                   "say whom",
		"member invite x --csv y":         "either a member or a file",
		"verify x":                        "takes no secret itself",
		"webhook create --url https://h":  `"event" not set`,
		"scan":                            "say what to scan",
		"scan . --format xml":             "text, json or sarif",
		"scan . --prefix Acme":            "a prefix is 2 to 10",
		"scan . --exclude [":              "--exclude",
		"scanner-rules --format nmap":     "github, gitlab, gitleaks, trufflehog",
		"rules test":                      "requires at least 1 arg",
	} {
		r := run(t, env, "", false, words(line)...)
		if r.code != 2 || r.out != "" || !strings.Contains(r.err, said) {
			t.Errorf("tokenry %s: want %q, got %+v", line, said, r)
		}
	}
}

func TestAListKeepsToItsConditions(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.does("token create --kind workspace --label 'CI one' --scope tickets:read --resource payments --metadata team=core --expires-in 5d")
	o.does("token create --kind workspace --label 'CI two' --scope tickets:write --resource website --expires-in 300d")
	gone, _ := o.token("--kind workspace --label gone --scope tickets:read --resource '*'")
	o.does("token revoke " + gone + " --reason unused --comment 'nobody needs it'")
	for line, want := range map[string][]string{
		"":                                 {"gone", "CI two", "CI one"},
		"--query ci":                       {"CI two", "CI one"},
		"--status revoked":                 {"gone"},
		"--status active":                  {"CI two", "CI one"},
		"--scope tickets:write":            {"CI two"},
		"--resource payments":              {"CI one"},
		"--metadata team=core":             {"CI one"},
		"--metadata team=other":            {},
		"--expiring-within 7d":             {"CI one"},
		"--kind personal":                  {},
		"--owner " + o.slug + "@workspace": {"gone", "CI two", "CI one"},
		"--can tickets:read":               {"CI one"},
		"--limit 1":                        {"gone"},
	} {
		labels := []string{}
		for _, v := range asked[api.List[api.Token]](o, "token list "+line).Items {
			labels = append(labels, v.Label)
		}
		if d := cmp.Diff(want, labels); d != "" {
			t.Errorf("token list %s: %s", line, d)
		}
	}
	o.refuses(1, "field status", "token list --status asleep")
	table := o.does("token list")
	o.has(table, `^LABEL +TOKEN +ID +KIND +STATUS +RIGHTS +CREATED +EXPIRES +LAST USED$`, `^CI one +tkyw_.* active +tickets:read on payments .*\(in 5d\)`, `^gone .* revoked `)
	if r := o.runs("token list --limit 1"); !strings.Contains(r.err, "more than 1; --limit 0 shows all") {
		t.Errorf("a list that was cut says %q", r.err)
	}
}

func TestATokenIsDescribedByWhatItHas(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, _ := o.token("--kind workspace --label x --scope tickets:read --resource payments --rate-limit 5/1h --metadata team=core")
	text := o.does("token show " + id)
	o.has(text, `^id +`+id+`$`, `^rights +tickets:read on payments$`, `^rate limit +5/1h$`, `^metadata +\{"team":"core"\}$`, `^created +.* \(now\) by `)
	o.lacks(text, "disabled", "revoked", "rotated", "comment", "–")
	o.has(o.does("token disable "+id+" --revoke-after 3d"), `^status +disabled`, `^disabled .* by `, `^will be revoked .*\(in 3d\)`)
	o.has(o.does("token enable "+id), `^status +active`)
	o.has(o.does("token revoke "+id+" --reason leaked --comment 'in a log'"), `^status +revoked`, `^reason +leaked$`, `^comment +in a log$`)
	o.refuses(1, "code token_revoked", "token enable "+id)
	o.does("token delete " + id)
	o.lacks(o.does("token list"), id)
	o.has(o.does("token list --deleted"), id)
}

// --revoke-after that was given is meant, also when it is nothing.
func TestAGivenTimeOfNothingIsNotLeftOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, _ := o.token("--kind workspace --label x --scope tickets:read --resource payments")
	o.has(o.does("token disable "+id+" --revoke-after 0s"), `^will be revoked `)
}

func TestAnEditChangesWhatWasSaidAndNothingElse(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, _ := o.token("--kind workspace --label x --description old --scope tickets:read --resource payments --rate-limit 5/1h --metadata team=core --allowed-ip 192.0.2.1")
	o.does("token edit " + id + " --label y --rate-limit 7/1m")
	o.has(o.does("token show "+id), `^label +y$`, `^description +old$`, `^rate limit +7/1m$`, `^metadata +.*core`, `^rights +tickets:read on payments`)
	o.does("token edit " + id + " --clear description,rate-limit --clear metadata --clear allowed_ips")
	o.lacks(o.does("token show "+id), `^description`, `^rate limit`, `^metadata`, `^allowed addresses`)
	o.refuses(1, "must name a role or scopes", "token edit "+id+" --clear grants")
	o.has(o.does("token show "+id), `^rights +tickets:read on payments$`)
}

// Whoever read an older revision changes nothing, and is told who was faster.
func TestAnEditOfWhatChangedMeanwhileIsRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, _ := o.token("--kind workspace --label x --scope tickets:read --resource payments")
	was := asked[api.Token](o, "token show "+id).Revision
	o.does(fmt.Sprintf("token edit %s --label y --if-revision %d", id, was))
	o.refuses(1, "code changed_meanwhile", fmt.Sprintf("token edit %s --label z --if-revision %d", id, was))
	if v := asked[api.Token](o, "token show "+id); v.Label != "y" {
		t.Errorf("it is called %s", v.Label)
	}
}

// The same key makes one token.
func TestANamedCreationHappensOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const line = "token create --kind workspace --label once --scope tickets:read --resource payments --idempotency-key k1"
	o.does(line)
	o.does(line)
	if n := len(asked[api.List[api.Token]](o, "token list").Items); n != 1 {
		t.Errorf("there are %d tokens", n)
	}
	o.refuses(1, "code idempotency_key_reused", strings.Replace(line, "once", "twice", 1))
}

func TestARotationKeepsTheOldSecretForItsOverlap(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, old := o.token("--kind workspace --label x --scope tickets:read --resource payments --expires-in 10d")
	fresh := strings.TrimSpace(o.does("token rotate " + id + " --overlap 2h"))
	o.decided(old, api.CodeOK)
	o.decided(fresh, api.CodeOK)
	o.has(o.does("token show "+id), `^old secret ends .*\(in 2h\)`, `^rotated `)
	o.does("token retire " + id)
	o.decided(old, api.CodeRetired)
	reset := strings.TrimSpace(o.does("token reset " + id))
	o.decided(fresh, api.CodeRetired)
	o.decided(reset, api.CodeOK)
	o.does("token rotate " + id + " --overlap 0s --expires-in 20d")
	o.decided(reset, api.CodeRetired)
	o.has(o.does("token show "+id), `^expires .*\(in 20d\)`)
}

func TestATransferGoesToTheNewOwnerAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.does("service-account create bot --scope tickets:read --resource payments")
	id, old := o.token("--kind workspace --label x --scope tickets:read --resource payments")
	moved := strings.TrimSpace(o.does("token transfer " + id + " --owner bot"))
	if v := o.decided(moved, api.CodeOK); v.Principal == nil || v.Principal.Address != "bot@"+o.slug+".service" {
		t.Errorf("%+v", v)
	}
	o.decided(old, api.CodeRetired)
	o.refuses(1, "tokenry: ", "token transfer "+id+" --owner nobody")
}

func TestARecoverableSecretIsShownAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, _ := o.token("--kind workspace --label x --scope tickets:read --resource payments")
	o.refuses(1, "code not_recoverable", "token reveal "+id)
	o.does("policy edit recoverable=true")
	kept, secret := o.token("--kind workspace --label y --scope tickets:read --resource payments --recoverable")
	if again := strings.TrimSpace(o.does("token reveal " + kept)); again != secret {
		t.Error("another secret is shown")
	}
}

// Who pastes secrets learns of their own tokens, and nothing of others.
func TestALookUpReadsStandardInput(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, secret := o.token("--kind workspace --label x --scope tickets:read --resource payments")
	r := o.reads("key="+secret+"\nother="+nobodys+"\n", "token lookup")
	if r.code != 0 || strings.Contains(r.out+r.err, secret) {
		t.Fatalf("%+v", r)
	}
	o.has(r.out, `^TOKEN +SECRET +ID +OWNER +STATUS$`, `^tkyw_\S+ +current +`+id+` +\S+ +active$`, `^tkyp_\S+ +unknown +`)
	if r := o.reads(strings.Repeat("x", 1<<20+1), "token lookup"); r.code != 2 || !strings.Contains(r.err, "1 MiB") {
		t.Errorf("too much: %+v", r)
	}
}

// A leak is acted on by the policy, and the answer says only how many were sent.
func TestALeakIsReported(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, secret := o.token("--kind workspace --label x --scope tickets:read --resource payments")
	r := o.reads("leaked: "+secret+" and "+nobodys, "token leak --url https://example.com/log --source log")
	if r.code != 0 || strings.Contains(r.out+r.err, secret) {
		t.Fatalf("%+v", r)
	}
	o.has(r.out, `^received +2$`)
	o.has(o.does("token show "+id), `^status +revoked`, `^reason +leaked`)
	for _, in := range []string{"", "nothing of ours", strings.Repeat(nobodys+" ", api.MaxLeaks+1)} {
		if r := o.reads(in, "token leak"); r.code != 2 || !strings.Contains(r.err, "1 to 1000 token strings") {
			t.Errorf("%d bytes: %+v", len(in), r)
		}
	}
}

// By having a secret alone its token is ended, whoever asks.
func TestASecretEndsItsOwnToken(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, secret := o.token("--kind workspace --label x --scope tickets:read --resource payments")
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	alone := &office{T: t, server: o.server, slug: o.slug, env: map[string]string{"TOKENRY_SERVER": o.server.URL, "LOST": secret}}
	for _, line := range []string{"token revoke --secret @" + file, "token revoke --secret '$LOST'"} { // the second time it is none
		if r := alone.runs(line); r.code != 0 || r.out != "" || !strings.Contains(r.err, "if this was the secret of a token") {
			t.Errorf("%s: %+v", line, r)
		}
	}
	if _, err := o.server.As(t, secret).Whoami(t.Context()); !errors.Is(err, api.CodeRevoked) {
		t.Errorf("it still works: %v", err)
	}
	o.has(o.does("token show "+id), `^status +revoked`)
	alone.refuses(2, "the variable GONE is not set", "token revoke --secret '$GONE'")
}

// What the server did not do is no misuse of the command: a script that tells the
// two apart must not give up on a server that is away.
func TestARevocationThatFailedIsNoMisuse(t *testing.T) {
	t.Parallel()
	env := map[string]string{"TOKENRY_SERVER": "http://127.0.0.1:1", "LOST": nobodys}
	if r := run(t, env, "", false, "token", "revoke", "--secret", "$LOST"); r.code != 1 || !strings.Contains(r.err, "cannot be reached") {
		t.Errorf("%+v", r)
	}
}

func TestManyTokensAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var ids []string
	for i := range 3 {
		id, _ := o.token(fmt.Sprintf("--kind workspace --label 'job %d' --scope tickets:read --resource payments", i))
		ids = append(ids, id)
	}
	o.refuses(1, "code invalid_field", "token bulk revoke")
	o.refuses(1, "field action", "token bulk praise "+ids[0])
	o.has(o.does("token bulk revoke --query job --dry-run"), `^ID +RESULT +WHY$`, ids[0]+` +ok`, ids[1]+` +ok`, ids[2]+` +ok`)
	if n := len(asked[api.List[api.Token]](o, "token list --status active").Items); n != 3 {
		t.Fatalf("a dry run left %d", n)
	}
	results := asked[api.BulkResults](o, "token bulk disable "+ids[0])
	if results.Matched != 1 || results.Action != "disable" || results.Results[0].Code != api.CodeOK {
		t.Errorf("%+v", results)
	}
	r := o.runs("token bulk rotate " + ids[1] + " " + ids[2])
	if r.code != 0 || strings.Count(r.out, `"secret": "tkyw_`) != 2 {
		t.Errorf("%+v", r)
	}
	o.does("token bulk revoke --query job --reason superseded --comment 'new ones'")
	o.has(o.does("token show "+ids[2]), `^reason +superseded$`, `^comment +new ones$`)
	if r := o.runs("token bulk disable " + ids[2]); r.code != 1 || !strings.Contains(r.err, "some tokens were left as they were") || !strings.Contains(r.out, "token_revoked") {
		t.Errorf("of what is gone: %+v", r)
	}
}

func TestUsageIsCounted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, secret := o.token("--kind workspace --label x --scope tickets:read --resource payments")
	for range 3 {
		o.decided(secret, api.CodeOK, client.Scope("tickets:read"), client.Resource("payments"), client.From(api.Client{IP: "192.0.2.1", Method: "GET", Path: "/t", UserAgent: "curl"}))
	}
	o.decided(secret, api.CodeInsufficientScope, client.Scope("tickets:write"), client.Resource("payments"))
	text := o.tells("token usage "+id, `^denied +1$`) // usage is written behind
	o.has(text, `^token +`+id, `^allowed +3$`, `^denied +1$`, `^scope tickets:read +3 times`)
	o.has(o.does("token activity "+id), `^DAY +FROM +AGENT +REQUEST +OUTCOME +COUNT +LAST$`, ` 192\.0\.2\.1 +curl +GET /t +ok +3 `)
	o.has(o.does("workspace usage"), `^workspace +`+o.slug+`$`, `^allowed +[1-9]`, `^denied +1$`, ` refused: insufficient_scope \(req_`)
	o.has(o.does("workspace usage --instance"), `^workspace `+o.slug+` +[1-9][0-9]* allowed, 1 denied$`)
	o.refuses(1, "field bucket", "token usage "+id+" --bucket week")
}

package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/client/clienttest"
)

// ticketRules is a file of rules with tests of its own.
const ticketRules = `workspace: acme
rules:
  - match: GET /tickets/{id}
    scopes: [tickets:read]
  - match: ANY /systems/{system}/**
    scopes: [tickets:read, tickets:write]
    resource: "{system}"
  - {match: GET /health, public: true}
  - {match: GET /me, scopes: []}
tests:
  - {request: GET /tickets/7, scopes: [tickets:read]}
  - {request: GET /elsewhere, refused: true}
`

// A file of rules says what a request needs without any server.
func TestRulesSayWhatARequestNeeds(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "tickets.yaml", ticketRules, 0o600)
	line := "rules test " + file + " GET /tickets/7?x=1 PUT /systems/payments/a/b GET /health GET /me DELETE /tickets/7"
	r := run(t, nil, "", false, words(line)...)
	if r.code != 0 || !strings.Contains(r.err, "4 rules, 2 tests, tokens of workspace acme") {
		t.Fatalf("%+v", r)
	}
	for _, want := range []string{
		`^METHOD +PATH +NEEDS +RULE +TEST$`, `^GET +/tickets/7 +tickets:read +line 3: GET /tickets/\{id\} +met$`, `^GET +/elsewhere +refused: no rule matches +met$`,
		`^PUT +/systems/payments/a/b +tickets:read tickets:write on payments +line 5`, `^GET +/health +nothing: public`, `^GET +/me +a valid token`,
		`^DELETE +/tickets/7 +refused: no rule matches`,
	} {
		if !regexp.MustCompile("(?m)" + want).MatchString(r.out) {
			t.Errorf("nothing matches %s in\n%s", want, r.out)
		}
	}
	r = run(t, nil, "GET /tickets/7\n\n  \nGET /systems/a/b?c=d\n", false, "rules", "test", file, "-", "--json")
	var answer struct {
		Items []struct{ Method, Path, Resource, Refused string }
	}
	if err := json.Unmarshal([]byte(r.out), &answer); err != nil || len(answer.Items) != 4 || answer.Items[3].Resource != "a" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRulesThatAreWrongOrNotMet(t *testing.T) {
	t.Parallel()
	unmet := writeFile(t, "a.yaml", strings.Replace(ticketRules, "scopes: [tickets:read]}", "scopes: [tickets:write]}", 1), 0o600)
	if r := run(t, nil, "", false, "rules", "test", unmet); r.code != 1 || !strings.Contains(r.out, "NOT MET, line 11") || !strings.Contains(r.err, "do not do what their tests expect") {
		t.Errorf("a test that is not met: %+v", r)
	}
	wrong := writeFile(t, "b.yaml", "workspace: acme\nrules:\n  - match: get /a\n", 0o600)
	if r := run(t, nil, "", false, "rules", "test", wrong); r.code != 1 || r.out != "" || !strings.Contains(r.err, "b.yaml:3: match has methods") || !strings.Contains(r.err, "scopes is missing") {
		t.Errorf("a file that is wrong: %+v", r)
	}
	good := writeFile(t, "c.yaml", ticketRules, 0o600)
	for line, code := range map[string]int{"rules test " + good + " GET": 2, "rules test /nowhere.yaml": 1} {
		if r := run(t, nil, "", false, words(line)...); r.code != code || r.out != "" {
			t.Errorf("%s: %+v", line, r)
		}
	}
	if r := run(t, nil, "GET /a\nnonsense\n", false, "rules", "test", good, "-"); r.code != 1 || !strings.Contains(r.err, "request 2 of standard input is not METHOD PATH") {
		t.Errorf("%+v", r)
	}
}

// A keyring is never written over, and never shown.
func TestAKeyringIsMadeRotatedAndListed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	if r := run(t, nil, "", false, "keys", "generate", "--out", path); r.code != 0 || !strings.Contains(r.err, "wrote "+path) {
		t.Fatalf("%+v", r)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if r := run(t, nil, "", false, "keys", "generate", "--out", path); r.code != 1 || !strings.Contains(r.err, "never written over") {
		t.Errorf("once more: %+v", r)
	}
	if again, err := os.ReadFile(path); err != nil || string(again) != string(before) {
		t.Errorf("it was changed (%v)", err)
	}
	r := run(t, nil, "", false, "keys", "rotate", "--keys", path)
	if r.code != 0 || !strings.Contains(r.err, "key 2 is current now; restart the server") {
		t.Errorf("%+v", r)
	}
	r = run(t, map[string]string{"TOKENRY_KEYS": path}, "", false, "keys", "list")
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	if r.code != 0 || len(lines) != 3 || !strings.HasSuffix(strings.TrimSpace(lines[1]), "no") && !strings.HasSuffix(strings.TrimSpace(lines[2]), "yes") {
		t.Errorf("%+v", r)
	}
	var ring map[string]any
	if err := json.Unmarshal(before, &ring); err != nil {
		t.Fatal(err)
	}
	for _, secret := range regexp.MustCompile(`[A-Za-z0-9+/_-]{40,}`).FindAllString(string(before), -1) {
		if strings.Contains(r.out+r.err, secret) {
			t.Error("a key is printed")
		}
	}
	for line, code := range map[string]int{
		"keys list --keys /nowhere/keys.json": 1, "keys rotate --keys /nowhere/keys.json": 1, "keys generate": 2, "keys generate --out ''": 2,
		"keys list --database mysql://h": 2, "keys list --database ''": 2, "keys generate --out " + path + "/keys.json": 1,
	} {
		if r := run(t, nil, "", false, words(line)...); r.code != code || r.out != "" {
			t.Errorf("%s: %+v", line, r)
		}
	}
}

// A scan's exit code tells a script apart what was found from what was not read.
func TestAScanEndsByWhatItFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	clean := writeFile(t, "clean.txt", "nothing\n", 0o600)
	leaky := writeFile(t, "leaky.txt", "a\nkey="+nobodys+"\n", 0o600)
	for line, code := range map[string]int{
		"scan " + clean: 0, "scan " + leaky: 1, "scan " + clean + " " + leaky: 1, "scan " + leaky + " /nowhere": 2, "scan " + dir: 0,
		"scan " + leaky + " --prefix acme": 0, "scan " + leaky + " --exclude leaky.txt": 1, "scan " + filepath.Dir(leaky) + " --exclude *.txt": 0,
		"scan --git " + dir: 2, "scan " + leaky + " --live --server http://127.0.0.1:1": 2,
	} {
		r := run(t, nil, "", false, words(line)...)
		if r.code != code || strings.Contains(r.out+r.err, nobodys) {
			t.Errorf("%s: want %d, got %+v", line, code, r)
		}
	}
	r := run(t, nil, "x "+nobodys, false, "scan", "-", "--format", "json")
	var report struct {
		Items []struct {
			Path, Masked, Locator string
			Line, Column          int
		}
		Files int
	}
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || r.code != 1 || len(report.Items) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if one := report.Items[0]; one.Path != "-" || one.Line != 1 || one.Column != 3 || !strings.Contains(nobodys, one.Locator) {
		t.Errorf("%+v", one)
	}
	if r := run(t, nil, "nothing", false, "scan", "-", "--format", "json"); r.code != 0 || !strings.Contains(r.out, `"items": []`) {
		t.Errorf("%+v", r)
	}
}

// With --live each token is said to be live, or why not; none is used by that.
func TestALiveScanAsksTheServer(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, live := o.token("--kind workspace --label a --scope tickets:read --resource payments")
	id, stopped := o.token("--kind workspace --label b --scope tickets:read --resource payments")
	o.does("token disable " + id)
	rid, retired := o.token("--kind workspace --label c --scope tickets:read --resource payments")
	o.does("token reset " + rid)
	file := writeFile(t, "log", strings.Join([]string{live, stopped, retired, nobodys, live}, "\n"), 0o600)
	r := o.runs("scan --live " + file)
	if r.code != 1 {
		t.Fatalf("%+v", r)
	}
	var states []string
	for line := range strings.Lines(r.out) {
		states = append(states, strings.TrimSpace(line[strings.LastIndex(line, ", ")+2:]))
	}
	if d := cmp.Diff([]string{"live", "disabled", "retired", "unknown", "live"}, states); d != "" {
		t.Error(d, r.out)
	}
	if tok := asked[struct{ LastUsedAt *time.Time }](o, "token show "+id); tok.LastUsedAt != nil {
		t.Error("the scan used a token")
	}
}

// Advice is told, and followed only when that is asked for.
func TestAdviceIsFollowed(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t) // a clock of its own
	env := map[string]string{"TOKENRY_SERVER": s.URL, "TOKENRY_TOKEN": s.Token}
	o := &office{T: t, server: s, slug: "acme", env: env}
	o.does("scope put tickets:read --description a")
	o.does("scope put tickets:write --description b")
	o.does("resource create payments")
	unused, _ := o.token("--kind workspace --label unused --scope tickets:read --resource payments")
	used, secret := o.token("--kind workspace --label used --scope tickets:read,tickets:write --resource payments")
	s.Advance(100 * 24 * time.Hour)
	if v, err := s.Client.Verify(t.Context(), secret, client.Scope("tickets:read"), client.Resource("payments")); err != nil || !v.Allowed {
		t.Fatalf("%+v, %v", v, err)
	}
	o.tells("token usage "+used, `^allowed +1$`)
	text := o.does("token advise")
	o.has(text, `^TOKEN +LABEL +ADVICE +WHY$`, `^`+unused+` +unused +unused`)
	o.has(o.does("token show "+unused), `^status +active`)
	r := o.runs("token advise " + unused + " --apply")
	if r.code != 0 || !strings.Contains(r.err, "unused: done (unused)") {
		t.Fatalf("%+v", r)
	}
	o.has(o.does("token show "+unused), `^status +revoked`, `^reason +unused`)
	o.has(o.does("token show "+used), `^status +active`)
}

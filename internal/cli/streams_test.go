package cli_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/cli"
	"github.com/tokenry/tokenry/internal/terminal"
)

// full is a stream that takes nothing, as a full disk or a closed pipe.
type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

// Weakness: a secret is shown once. Where it cannot be written, and the command says
// that all is well, it is lost and nobody knows. Proved: whatever prints and cannot
// is an error.
func TestWhatCannotBePrintedIsAnError(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, _ := o.token("--kind workspace --label x --scope tickets:read --resource payments")
	o.does("member create " + o.email("ada") + " --role Viewer --resource '*'")
	file := writeFile(t, "leaky", nobodys, 0o600)
	for _, line := range []string{
		"token create --kind workspace --label y --scope tickets:read --resource payments", "token rotate " + id, "token reset " + id, "token bulk rotate " + id,
		"member portal-link " + o.email("ada"), "webhook create --url https://h.example.com --event token.*", "token list", "token show " + id, "policy show", "whoami", "audit list",
		"audit export", "audit export --format csv", "scan " + file, "scan --format sarif " + file, "scanner-rules --format gitleaks", "version", "role list", "workspace list",
	} {
		for _, form := range []string{"", " --json"} {
			var errs strings.Builder
			err := cli.Run(t.Context(), words(line+form), cli.Stdio{Out: full{}, Err: &errs, Env: func(name string) (string, bool) { v, ok := o.env[name]; return v, ok }})
			if code := cli.ExitCode(err); err == nil || code == 0 || !errors.Is(err, errFull) && !strings.HasPrefix(line, "scan ") {
				t.Errorf("tokenry %s%s: %v, %s", line, form, err, errs.String())
			}
		}
	}
}

// Programs read every answer as one JSON value, in which nothing is left that steers
// a terminal; and what is said besides goes to standard error.
func TestEveryAnswerAsJSONIsOneValue(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, secret := o.token("--kind workspace --label x --scope tickets:read --resource payments")
	o.env["PRESENTED"] = secret
	o.does("member create " + o.email("ada") + " --role Viewer --resource '*'")
	o.does("service-account create bot --scope tickets:read --resource payments")
	hook := strings.Fields(o.runs("webhook create --url https://h.example.com --event token.*").err)[1]
	for _, line := range []string{
		"whoami", "version", "token list", "token list --limit 1", "token show " + id, "token edit " + id + " --label y", "token usage " + id, "token activity " + id, "token advise " + id,
		"token disable " + id, "token enable " + id, "token rotate " + id, "token retire " + id, "token bulk disable " + id + " --dry-run", "token lookup",
		"member list", "member show " + o.email("ada"), "member tokens " + o.email("ada"), "member reset-access-token " + o.email("ada"), "service-account list", "service-account show bot",
		"service-account tokens bot", "user list", "user show " + o.email("ada"), "admin list", "role list", "role show Viewer", "scope list", "scope show tickets:read", "removal list",
		"resource list", "resource show payments", "policy show", "policy show --instance", "workspace list", "workspace show", "workspace usage", "workspace usage --instance",
		"webhook list", "webhook show " + hook, "webhook deliveries " + hook, "webhook ping " + hook, "audit list", "audit list --instance --limit 3", "token revoke " + id + " --comment 'a\u202eb'", "token delete " + id,
	} {
		r := o.reads(nobodys, line+" --json")
		var v map[string]any
		if err := json.Unmarshal([]byte(r.out), &v); r.code != 0 || err != nil || len(v) == 0 {
			t.Errorf("tokenry %s --json: %v, %+v", line, err, r)
		}
		if strings.ContainsFunc(r.out, func(c rune) bool { return c != '\n' && unicode.In(c, unicode.Cc, unicode.Cf) }) {
			t.Errorf("tokenry %s --json prints what steers: %q", line, r.out)
		}
	}
}

// What cleaning shows of a text is one line of printable characters, the same when it
// is cleaned again, and of a harmless text the text.
func TestLawACleanTextStaysOneLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "text")
		c := terminal.Clean(s)
		if strings.ContainsFunc(c, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }) || terminal.Clean(c) != c {
			t.Fatalf("%q is shown as %q", s, c)
		}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var before, after string
		if err := errors.Join(json.Unmarshal(b, &before), json.Unmarshal(terminal.CleanJSON(b), &after)); err != nil || before != after {
			t.Fatalf("%q says %q, %v", s, after, err)
		}
	})
}

// CMD is told of the token in its environment, and of the secret on its standard
// input alone. What it says reaches the person without any secret.
func TestADeliveryIsToldWhatItNeeds(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.does("token create --kind workspace --label 'job $(id) 1' --scope tickets:read --resource payments")
	out := filepath.Join(t.TempDir(), "out")
	o.env["XDG_STATE_HOME"] = t.TempDir()
	const script = `read s; echo "$TOKENRY_LABEL|$TOKENRY_OWNER|$TOKENRY_LOCATOR|$TOKENRY_TOKEN_ID" > "$OUT"; printf %s "$s" >> "$OUT"; env | grep -c "$s" >> "$OUT"; echo "complains of $s" >&2; echo fine`
	r := run(t, o.env, "", false, "token", "rotate", "--filter", "q=job", "--exec", "OUT='"+out+"'; "+script)
	if r.code != 0 || r.out != "fine\n" {
		t.Fatalf("%+v", r)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(b), "\n")
	if !strings.HasPrefix(lines[0], "job $(id) 1|"+o.slug+"@workspace|") || !strings.HasPrefix(lines[1], "tkyw_") || !strings.HasSuffix(lines[1], "0") {
		t.Errorf("CMD was told %q", lines)
	}
	if strings.Contains(r.err, lines[1][:len(lines[1])-1]) || !strings.Contains(r.err, "complains of tkyw_") || !strings.Contains(r.err, "1 done, 0 failed, 0 left") {
		t.Errorf("it is told %q", r.err)
	}
}

// A token that is left out is named with why, and is not counted as done.
func TestWhatARotationLeavesOutIsTold(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.env["XDG_STATE_HOME"] = t.TempDir()
	revoked, _ := o.token("--kind workspace --label 'job revoked' --scope tickets:read --resource payments")
	o.does("token revoke " + revoked)
	overlap, _ := o.token("--kind workspace --label 'job overlap' --scope tickets:read --resource payments")
	o.does("token rotate " + overlap)
	fresh, _ := o.token("--kind workspace --label 'job fresh' --scope tickets:read --resource payments")
	r := o.runs("token rotate --filter q=job --dry-run")
	if r.code != 0 || !strings.Contains(r.out, fresh) || strings.Contains(r.out, revoked) || strings.Contains(r.out, overlap) {
		t.Errorf("%+v", r)
	}
	o.has(r.err, `left out `+revoked+` .*: it is revoked`, `left out `+overlap+` .*: the overlap of its last rotation runs until`)
	if r := o.runs("token rotate --filter q=job --json --exec true"); r.code != 0 || !strings.Contains(r.out, `"done": 1`) || !strings.Contains(r.out, `"left_out": 2`) {
		t.Errorf("%+v", r)
	}
	if r := o.runs("token rotate --filter q=job --in-overlap --dry-run"); !strings.Contains(r.out, overlap) {
		t.Errorf("with --in-overlap: %+v", r)
	}
	if r := o.runs("token rotate --filter q=nothing --exec true"); r.code != 0 || !strings.Contains(r.err, "0 done, 0 failed, 0 left, 0 left out") {
		t.Errorf("nothing to do: %+v", r)
	}
}

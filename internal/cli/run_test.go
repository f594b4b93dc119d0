package cli_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client/clienttest"
	"github.com/tokenry/tokenry/internal/cli"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// ran is how a run of the program ended.
type ran struct {
	out, err string
	code     int
}

// run runs the program in this process, with an environment and an input.
func run(t *testing.T, env map[string]string, in string, atTerminal bool, args ...string) ran {
	t.Helper()
	var out, errs strings.Builder
	err := cli.Run(t.Context(), args, cli.Stdio{
		In: strings.NewReader(in), Out: &out, Err: &errs,
		Env:      func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		Terminal: func(any) bool { return atTerminal },
	})
	return ran{out.String(), errs.String(), cli.ExitCode(err)}
}

func TestBootstrapOnPostgres(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	env := map[string]string{"TOKENRY_DATABASE": storetest.Postgres(t), "TOKENRY_KEYS": keys}
	begin := []string{"bootstrap", "--email", "ada@example.com", "--workspace", "acme", "--json"}
	if r := run(t, env, "", false, begin...); r.code != 1 || !strings.Contains(r.err, keys) {
		t.Errorf("without its keyring: %+v", r)
	}
	if r := run(t, env, "", false, "keys", "generate", "--out", keys); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	r := run(t, env, "", false, begin...)
	var made map[string]json.RawMessage
	if err := json.Unmarshal([]byte(r.out), &made); err != nil || r.code != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, name := range []string{"workspace", "user", "token", "secret", "password_link"} {
		if made[name] == nil {
			t.Errorf("the answer lacks %s", name)
		}
	}
	if len(made) != 5 {
		t.Errorf("the answer has %d members", len(made))
	}
	clocktest.Until(t, func() bool {
		r = run(t, env, "", false, begin...)
		return !strings.Contains(r.err, "just starting or stopping") // PostgreSQL ends a session, and gives its lock back, a moment after it was closed
	})
	if r.code != 1 || r.out != "" || !strings.Contains(r.err, string(api.CodeAlreadyDone)) {
		t.Errorf("the second time: %+v", r)
	}
}

// At a terminal people are told what is asked of them, and which line is the
// secret; standard output still holds the secret alone.
func TestAtATerminal(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	r := run(t, map[string]string{"TOKENRY_SERVER": s.URL}, s.Token+"\r\n", true, "token", "create", "--label", "x", "--scope", "tickets:read", "--token", "-")
	if r.code != 0 || strings.Count(r.out, "\n") != 1 || !strings.HasPrefix(r.out, "tkyp_") {
		t.Fatalf("%+v", r)
	}
	for _, want := range []string{"token, on standard input: ", "shown this once", "note: no --resource was named"} {
		if !strings.Contains(r.err, want) {
			t.Errorf("nothing says %q: %s", want, r.err)
		}
	}
}

// Who says no scope is asked for them at a terminal, and told elsewhere what the token may do without.
func TestRightsAreAskedForAtATerminal(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	env := map[string]string{"TOKENRY_SERVER": s.URL, "TOKENRY_TOKEN": s.Token}
	create := []string{"token", "create", "--label", "x"}
	asked := run(t, env, "tickets:read, tickets:write\n*\n", true, create...)
	if asked.code != 0 || !strings.Contains(asked.err, "Scopes that it may use") || !strings.Contains(asked.err, "tickets:read tickets:write on everything") || strings.Contains(asked.err, "note:") {
		t.Errorf("%+v", asked)
	}
	for answers, want := range map[string]string{"\n": "may do everything its owner may", "": "may do everything its owner may", "tickets:read\n\n": "no --resource was named"} {
		if r := run(t, env, answers, true, create...); r.code != 0 || !strings.Contains(r.err, want) {
			t.Errorf("%q: %+v", answers, r)
		}
	}
	silent := run(t, env, "tickets:read\n*\n", false, create...)
	if silent.code != 0 || strings.Contains(silent.err, "Scopes that") || !strings.Contains(silent.err, "note: no --scope was named, so the token may do everything its owner may") {
		t.Errorf("%+v", silent)
	}
	if r := run(t, env, "", false, append(create, "--grants", "[]")...); r.code != 2 || !strings.Contains(r.err, "could do nothing") {
		t.Errorf("%+v", r)
	}
}

func TestRunWithNothingAround(t *testing.T) {
	t.Parallel()
	if code := cli.ExitCode(cli.Run(t.Context(), []string{"whoami"}, cli.Stdio{})); code != 2 {
		t.Errorf("ended with %d", code)
	}
}

// At a terminal a bar says how far a rotation is, and the lines of what went
// well are left out.
func TestRotationAtATerminal(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t)
	env := map[string]string{"TOKENRY_SERVER": s.URL, "TOKENRY_TOKEN": s.Token, "XDG_STATE_HOME": t.TempDir()}
	for _, label := range []string{"a", "b", "c"} {
		if r := run(t, env, "", false, "token", "create", "--label", "fleet "+label); r.code != 0 {
			t.Fatalf("%+v", r)
		}
	}
	r := run(t, env, "", true, "token", "rotate", "--filter", "q=fleet", "--exec", "cat")
	if r.code != 0 || strings.Count(r.out, "tkyp_") != 3 || strings.Count(r.out, "\n") != 3 {
		t.Fatalf("%+v", r)
	}
	if !strings.Contains(r.err, "rotating") || strings.Contains(r.err, "delivered") || !strings.Contains(r.err, "3 done, 0 failed, 0 left") {
		t.Errorf("it said %q", r.err)
	}
	env["XDG_STATE_HOME"] = ""
	if r := run(t, env, "", false, "token", "rotate", "--filter", "q=fleet", "--exec", "cat"); r.code != 2 || !strings.Contains(r.err, "--journal") {
		t.Errorf("without a folder for its state: %+v", r)
	}
	if r := run(t, env, "", false, "token", "rotate", "--filter", "q=fleet", "--in-overlap", "--no-newline", "--journal", t.TempDir()+"/j", "--exec", "cat"); r.code != 0 ||
		strings.Contains(r.out, "\n") || strings.Count(r.out, "tkyp_") != 3 {
		t.Errorf("without line ends: %+v", r)
	}
}

// PostgreSQL has better tools than ours: the command names them, and what else
// has to be kept. What pg_restore brought back is settled like any other.
func TestBackupOfPostgres(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	env := map[string]string{"TOKENRY_DATABASE": storetest.Postgres(t), "TOKENRY_KEYS": keys}
	if r := run(t, env, "", false, "keys", "generate", "--out", keys); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	out := filepath.Join(t.TempDir(), "b")
	r := run(t, env, "", false, "backup", "--out", out)
	if r.code != 2 || r.out != "" || !strings.Contains(r.err, "pg_dump --format=custom") || !strings.Contains(r.err, keys) {
		t.Errorf("%+v", r)
	}
	if r := run(t, env, "", false, "bootstrap", "--email", "ada@example.com", "--workspace", "acme"); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	clocktest.Until(t, func() bool {
		r = run(t, env, "", false, "restore", "--disable-all")
		return !strings.Contains(r.err, "just starting or stopping") // see TestBootstrapOnPostgres
	})
	if r.code != 0 || !strings.HasPrefix(r.out, "tkyp_") || !strings.Contains(r.err, "tokens stopped  1") {
		t.Errorf("%+v", r)
	}
}

// The names of the commands are part of what is promised.
func TestCommandsThereAre(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"serve", "demo", "bootstrap", "backup", "restore", "login", "logout", "whoami", "explain", "verify", "scan", "scanner-rules",
		"rules test", "keys generate", "keys rotate", "keys list", "audit verify", "audit list", "audit export",
		"token create", "token list", "token show", "token edit", "token rotate", "token reset", "token disable", "token enable",
		"token revoke", "token delete", "token transfer", "token lookup", "token usage", "token activity", "token advise", "token bulk",
		"approval list", "approval approve", "approval refuse",
		"workspace list", "workspace show", "workspace create", "workspace edit", "workspace suspend", "workspace resume",
		"workspace delete", "workspace tokens", "workspace usage", "member list", "member create", "member edit", "member remove", "member delete",
		"service-account list", "service-account create", "service-account edit", "service-account delete",
		"role list", "role put", "role delete", "scope list", "scope put", "scope delete", "resource list", "resource create",
		"resource delete", "policy show", "policy edit", "webhook list", "webhook create", "webhook show", "webhook edit", "webhook delete",
	} {
		words := strings.Fields(line)
		r := run(t, nil, "", false, append(words, "--help")...)
		last := words[len(words)-1]
		if r.code != 0 || !strings.Contains(r.out, last) || !strings.Contains(r.out, "--json") {
			t.Errorf("%s: %+v", line, r)
		}
		if r := run(t, nil, "", false, append(words[:len(words)-1], last+"x")...); r.code != 2 {
			t.Errorf("%sx: %+v", line, r)
		}
	}
}

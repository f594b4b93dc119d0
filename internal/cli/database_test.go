package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/cli"
)

// vault is a folder with a database of its own, and a clock.
type vault struct {
	*testing.T
	dir string
	now time.Time
}

// newVault begins a database at noon.
func newVault(t *testing.T) (v *vault, secret string) {
	t.Helper()
	v = &vault{T: t, dir: filepath.Join(t.TempDir(), "data"), now: time.Now()}
	r := v.runs("", false, "bootstrap --email ada@example.com --workspace acme")
	if r.code != 0 || strings.Count(r.out, "\n") != 1 || !strings.HasPrefix(r.out, "tkyp_") {
		t.Fatalf("%+v", r)
	}
	return v, strings.TrimSpace(r.out)
}

// runs runs a command on the vault's database at its time.
func (v *vault) runs(in string, terminal bool, line string) ran {
	v.Helper()
	var out, errs strings.Builder
	err := cli.Run(v.Context(), words(line), cli.Stdio{
		In: strings.NewReader(in), Out: &out, Err: &errs, Now: func() time.Time { return v.now }, Terminal: func(any) bool { return terminal },
		Env: func(name string) (string, bool) {
			s, ok := map[string]string{"TOKENRY_DATA": v.dir}[name]
			return s, ok
		},
	})
	return ran{out.String(), errs.String(), cli.ExitCode(err)}
}

func (v *vault) expect(code int, said, line string) ran {
	v.Helper()
	r := v.runs("", false, line)
	if r.code != code || !strings.Contains(r.err+r.out, said) {
		v.Errorf("tokenry %s: want %d and %q, got %+v", line, code, said, r)
	}
	return r
}

// The first Owner is made once, with a password that is read and never typed.
func TestABeginningHappensOnce(t *testing.T) {
	t.Parallel()
	v, _ := newVault(t)
	v.expect(1, "code already_done", "bootstrap --email eve@example.com --workspace evil")
	v.expect(2, `"email", "workspace" not set`, "bootstrap")
	other := &vault{T: t, dir: filepath.Join(t.TempDir(), "other"), now: v.now}
	if r := other.runs("short\n", false, "bootstrap --email ada@example.com --workspace acme --password-stdin"); r.code == 0 || r.out != "" || !strings.Contains(r.err, "15") {
		t.Errorf("a short password: %+v", r)
	}
	if r := other.runs("nine llamas sing\n", true, "bootstrap --email ada@example.com --workspace acme --password-stdin --json"); r.code != 0 || !strings.Contains(r.out, `"workspace": "acme"`) {
		t.Errorf("%+v", r)
	}
	v.expect(1, "field slug", "bootstrap --email ada@example.com --workspace Acme --data "+filepath.Join(t.TempDir(), "x"))
	v.expect(2, "host:port", "serve --listen nowhere")
}

// A backup is one new file for its owner alone, and is restored where nothing is;
// whoever restores it says what is done about the time since.
func TestABackupIsRestoredWhereNothingIs(t *testing.T) {
	t.Parallel()
	v, _ := newVault(t)
	file := filepath.Join(t.TempDir(), "backup")
	r := v.expect(0, "keyring in it  no", "backup --out "+file)
	if !strings.Contains(r.err, "keep a copy of that apart") {
		t.Errorf("nothing is said of the keyring: %s", r.err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	v.expect(1, "exist", "backup --out "+file)
	v.expect(2, `"out" not set`, "backup")
	for _, flags := range []string{"", " --keep-all --disable-all", " --keep-all --replay x"} {
		v.expect(2, "Say what is to be done about that, with one of", "restore --in "+file+flags)
	}
	v.expect(1, "tokenry: ", "restore --keep-all --in "+file) // a database is there
	v.expect(1, "tokenry: ", "restore --keep-all --in "+filepath.Join(v.dir, "keys.json"))
	keys := filepath.Join(v.dir, "keys.json")
	there := &vault{T: t, dir: filepath.Join(t.TempDir(), "there"), now: v.now}
	there.expect(1, "tokenry: ", "restore --keep-all --in "+file) // without the keyring
	r = there.expect(0, "restored", "restore --disable-all --in "+file+" --keys "+keys)
	if !strings.HasPrefix(r.out, "tkyp_") || !strings.Contains(r.err, "tokens stopped") || !strings.Contains(r.err, "may do everything until") {
		t.Errorf("the way back in: %+v", r)
	}
	with := filepath.Join(t.TempDir(), "with")
	v.expect(0, "keyring in it  yes", "backup --with-keys --out "+with)
	alone := &vault{T: t, dir: filepath.Join(t.TempDir(), "alone"), now: v.now}
	r = alone.expect(0, `"since": "keep-all"`, "restore --keep-all --json --in "+with)
	var answer map[string]any
	if err := json.Unmarshal([]byte(r.out), &answer); err != nil || answer["secret"] != nil {
		t.Errorf("%v, %v", answer, err)
	}
	if r := alone.expect(0, "CHAIN", "audit verify"); !strings.Contains(r.out, "instance") {
		t.Errorf("%+v", r)
	}
}

// The head of an audit that was noted is still there, and one that was not is told.
func TestAnAuditHasTheHeadsThatWereNoted(t *testing.T) {
	t.Parallel()
	v, _ := newVault(t)
	var chains []struct {
		Name, Head string
		Rows       int
	}
	r := v.expect(0, "head", "audit verify --json")
	if err := json.Unmarshal([]byte(r.out), &chains); err != nil || len(chains) == 0 {
		t.Fatalf("%s, %v", r.out, err)
	}
	for _, c := range chains {
		if c.Rows > 0 {
			v.expect(0, c.Name, "audit verify --expect "+c.Head)
		}
	}
	v.expect(1, "", "audit verify --expect acme:9:"+strings.Repeat("0", 64))
	v.expect(2, "given and is empty", "audit verify --expect ''")
}

// A clock that is far behind what was committed is shown, with exit 1, and settled
// by who says which of the two is right.
func TestAClockThatIsFarBehindIsSettledByAPerson(t *testing.T) {
	t.Parallel()
	v, _ := newVault(t)
	v.expect(0, "settled", "clock")
	at := v.now
	v.now = at.Add(-48 * time.Hour)
	if r := v.expect(1, "far behind the latest time", "clock"); !strings.Contains(r.out, "settled           no") {
		t.Errorf("%+v", r)
	}
	v.expect(1, `"settled": false`, "clock --json")
	v.expect(2, "say which time is right", "clock settle")
	v.expect(1, "set it right first", "clock settle --at "+at.UTC().Format(time.RFC3339))
	for answer, code := range map[string]int{"no\n": 1, "": 1, "y\n": 1} {
		if r := v.runs(answer, true, "clock settle"); r.code != code || !strings.Contains(r.err, "nothing was changed") || !strings.Contains(r.err, "Is the machine's clock right?") {
			t.Errorf("answered %q: %+v", answer, r)
		}
	}
	v.expect(1, "far behind", "clock")
	if r := v.runs("yes\n", true, "clock settle"); r.code != 0 || !strings.Contains(r.err, "settled; a running server") {
		t.Errorf("answered yes: %+v", r)
	}
	v.expect(0, "settled           yes", "clock")
	v.expect(0, "settled", "clock settle --at "+v.now.UTC().Format(time.RFC3339))
	v.expect(2, "2026-12-31", "clock settle --at noon")
}

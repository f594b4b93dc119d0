package terminal_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/terminal"
)

// said is the body that a command line of an edit makes, as JSON.
func said(t *testing.T, args ...string) (string, error) {
	t.Helper()
	fs := pflag.NewFlagSet("edit", pflag.ContinueOnError)
	f := terminal.NewFields(fs).
		Text("label", "its name").
		Rights().
		Value("expires_in", new(terminal.Lifetime), "its life").
		Value("not_before", new(terminal.Moment), "its beginning").
		Value("rate_limit", new(terminal.Rate), "its rate").
		Texts("allowed_ips", "allowed-ip", "addresses").
		Yes("never", "no end").
		Lists("claims", "claim", "claims").
		Metadata().
		Clearing("expires_at", "allowed_ips")
	if err := fs.Parse(args); err != nil {
		return "", err
	}
	b, err := f.Body()
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(b)
	return string(text), err
}

// TestOnlyWhatWasSaidIsInARequest: a PATCH must not set what nobody named.
func TestOnlyWhatWasSaidIsInARequest(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                                    `{}`,
		"--label CI":                          `{"label":"CI"}`,
		"--label=":                            `{"label":""}`,
		"--never=false":                       `{"never":false}`,
		"--role Viewer --resource a,b":        `{"resources":["a","b"],"role":"Viewer"}`,
		"--scope a:b --scope c:d":             `{"scopes":["a:b","c:d"]}`,
		"--allowed-ip 192.0.2.0/24":           `{"allowed_ips":["192.0.2.0/24"]}`,
		"--expires-in 90d":                    `{"expires_in":"90d"}`,
		"--not-before 2026-12-31":             `{"not_before":"2026-12-31T00:00:00Z"}`,
		"--rate-limit 100/1m":                 `{"rate_limit":{"requests":100,"window":"1m"}}`,
		"--metadata a=b=c --metadata d=":      `{"metadata":{"a":"b=c","d":""}}`,
		"--claim ref=x --claim ref=y":         `{"claims":{"ref":["x","y"]}}`,
		`--grants [{"role":"Viewer"}]`:        `{"grants":[{"role":"Viewer"}]}`,
		"--clear expires-at,allowed_ips":      `{"allowed_ips":null,"expires_at":null}`,
		"--clear expires_at --label x":        `{"expires_at":null,"label":"x"}`,
		"--allowed-ip ::1 --clear expires_at": `{"allowed_ips":["::1"],"expires_at":null}`,
	} {
		if got, err := said(t, strings.Fields(args)...); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", args, got, err, want)
		}
	}
}

// TestAFlagThatIsNotUnderstoodIsNamed: and it is a misuse, which ends with another exit
// code than what a server refused.
func TestAFlagThatIsNotUnderstoodIsNamed(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--metadata a":         "--metadata: must be KEY=VALUE",
		"--claim ref":          "--claim: must be NAME=VALUE",
		"--grants [{]":         "--grants: must be JSON",
		"--grants @no/such":    "--grants: open no/such",
		"--clear label":        "--clear takes expires_at, allowed_ips",
		"--clear expires_at,x": "--clear takes expires_at, allowed_ips",
	} {
		_, err := said(t, strings.Fields(args)...)
		if _, misuse := errors.AsType[*terminal.MisuseError](err); !misuse || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
	for _, args := range []string{"--expires-in soon", "--not-before tomorrow", "--rate-limit 100", "--rate-limit x/1m", "--rate-limit 1/x", "--never=perhaps"} {
		if got, err := said(t, strings.Fields(args)...); err == nil {
			t.Errorf("%s is taken: %s", args, got)
		}
	}
	if _, err := said(t, "--grants", "@no/such"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the cause is lost: %v", err)
	}
}

// TestAFlagNamesAFileOfJSON: so that a long grant need not be quoted for a shell.
func TestAFlagNamesAFileOfJSON(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "grants.json")
	if err := os.WriteFile(path, []byte(`[{"role":"Viewer","resources":["*"]}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := said(t, "--grants", "@"+path); err != nil || got != `{"grants":[{"role":"Viewer","resources":["*"]}]}` {
		t.Errorf("%s, %v", got, err)
	}
	if err := os.WriteFile(path, []byte(`[{`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := said(t, "--grants", "@"+path); err == nil || !strings.Contains(err.Error(), "must be JSON") {
		t.Errorf("%v", err)
	}
}

// TestFlagsBecomeTheTypeOfTheWire: what it does not have is refused before anything is
// sent.
func TestFlagsBecomeTheTypeOfTheWire(t *testing.T) {
	t.Parallel()
	fs := pflag.NewFlagSet("create", pflag.ContinueOnError)
	f := terminal.NewFields(fs).Text("label", "").Text("owner", "").Value("expires_in", new(terminal.Lifetime), "").Metadata()
	if err := fs.Parse([]string{"--label", "CI", "--expires-in", "30d", "--metadata", "team=core"}); err != nil {
		t.Fatal(err)
	}
	var in api.CreateToken
	if err := f.Into(&in); err != nil || in.Label.Value != "CI" || in.ExpiresIn.Value.String() != "30d" || in.Metadata.Value["team"] != "core" || in.Owner != "" || in.Never.Set {
		t.Errorf("%+v, %v", in, err)
	}
	var role api.RevokeToken
	_, misuse := errors.AsType[*terminal.MisuseError](f.Into(&role))
	if !misuse {
		t.Error("a label revokes a token")
	}
	if name := terminal.FlagName("allowed_ips"); name != "allowed-ips" {
		t.Error(name)
	}
}

// TestAnEmptyFlagSaysNothing: a variable that a script forgot to set must not widen what
// is asked for.
func TestAnEmptyFlagSaysNothing(t *testing.T) {
	t.Parallel()
	fs := pflag.NewFlagSet("x", pflag.ContinueOnError)
	fs.String("text", "", "")
	fs.StringSlice("list", nil, "")
	fs.Bool("yes", false, "")
	fs.Var(new(terminal.Lifetime), "life", "")
	for args, nothing := range map[string]bool{
		"--text=": true, "--text= ": true, "--text=x": false, "--list=": true, "--list=a,": true, "--list=a, ,b": true, "--list=a,b": false, "--yes": false, "--life=1d": false,
	} {
		name, _, _ := strings.Cut(strings.TrimPrefix(args, "--"), "=")
		flag := fs.Lookup(name)
		if list, many := flag.Value.(pflag.SliceValue); many {
			if err := list.Replace(nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := fs.Parse([]string{args}); err != nil {
			t.Fatal(err)
		}
		if got := terminal.SaysNothing(flag.Value); got != nothing {
			t.Errorf("%q says nothing: %t", args, got)
		}
	}
	for text, blank := range map[string]bool{"": true, " \t\n": true, "\u00a0": true, "x": false, " x ": false} {
		if terminal.Blank(text) != blank {
			t.Errorf("%q is blank: %t", text, !blank)
		}
	}
}

// TestAValueIsPrintedAsItIsTaken: so that what help and lists show can be typed again; and
// before it is set, help shows no default.
func TestAValueIsPrintedAsItIsTaken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value             pflag.Value
		kind, takes, says string
	}{
		{new(terminal.Lifetime), "duration", "90d", "90d"}, {new(terminal.Lifetime), "duration", "36h", "36h"},
		{new(terminal.Moment), "time", "2026-12-31", "2026-12-31T00:00:00Z"}, {new(terminal.Moment), "time", "2026-12-31T23:00:00+01:00", "2026-12-31T23:00:00+01:00"},
		{new(terminal.Rate), "rate", "100/1m", "100/1m"}, {new(terminal.Use), "use", "mcp", "mcp"},
	} {
		if c.value.String() != "" || c.value.Type() != c.kind {
			t.Errorf("%s is %q before it is set", c.value.Type(), c.value)
		}
		if err := c.value.Set(c.takes); err != nil || c.value.String() != c.says {
			t.Errorf("%s says %q, %v", c.takes, c.value, err)
		}
		if err := c.value.Set(c.value.String()); err != nil || c.value.String() != c.says {
			t.Errorf("%s is not taken again: %q, %v", c.says, c.value, err)
		}
	}
}

package command

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
)

type thing struct {
	ID     string `json:"id"`
	Label  string `json:"label"`
	Count  int64  `json:"count"`
	Secret string `json:"secret,omitempty"`
}

// runs has a command answer, with these arguments.
func runs(t *testing.T, v any, args ...string) (out, errs string, code int) {
	t.Helper()
	var o, e strings.Builder
	a := New(Stdio{Out: &o, Err: &e})
	a.answer.patience = 20 * time.Millisecond
	cmd := Answers[thing](a, a.Command("show", "", cobra.NoArgs, func(*cobra.Command, []string) error { return a.PrintJSON(v) }))
	a.AnswerFlags(cmd.Flags())
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(append([]string{}, args...))
	err := cmd.ExecuteContext(t.Context())
	if err != nil && !a.Began {
		err = Misused(err)
	}
	if err != nil {
		a.Report(err)
	}
	return o.String(), e.String(), ExitCode(err)
}

// TestWhatIsTakenFromAnAnswer: all of it, some fields, or what an expression makes of it, a
// line each, in which nothing steers a terminal. Numbers stay as they are.
func TestWhatIsTakenFromAnAnswer(t *testing.T) {
	t.Parallel()
	one := thing{ID: "a", Label: "x\x1b[2J", Count: 9007199254740993}
	list := api.List[thing]{Items: []thing{one, {ID: "b"}}}
	for _, c := range []struct {
		v    any
		args []string
		want string
	}{
		{one, []string{"--json=count,id,secret"}, "{\n  \"count\": 9007199254740993,\n  \"id\": \"a\",\n  \"secret\": null\n}\n"},
		{list, []string{"--json=id"}, "{\n  \"items\": [\n    {\n      \"id\": \"a\"\n    },\n    {\n      \"id\": \"b\"\n    }\n  ]\n}\n"},
		{list, []string{"-q", ".items[].id"}, "a\nb\n"},
		{list, []string{"--json=id", "--jq", ".items[]"}, "{\"id\":\"a\"}\n{\"id\":\"b\"}\n"},
		{one, []string{"--jq", ".count, .label, empty, null"}, "9007199254740993\nx\\x1b[2J\nnull\n"},
		{one, []string{"--jq", `[.id, "b"] | @tsv`}, "a\tb\n"},
		{one, []string{"--jq", "env | length"}, "0\n"},
		{one, []string{"--jq", ".id, halt, .label"}, "a\n"},
	} {
		if out, errs, code := runs(t, c.v, c.args...); out != c.want || code != 0 {
			t.Errorf("%q: code %d, %q, and %s", c.args, code, out, errs)
		}
	}
	if _, errs, code := runs(t, list, "-q", ".[].id"); code != 2 || !strings.Contains(errs, "the rows of a list are .items[]") {
		t.Errorf("a list that is taken for its rows: code %d, %s", code, errs)
	}
	if out, _, _ := runs(t, one, "--json"); !strings.Contains(out, `"label": "x\u001b[2J"`) {
		t.Error(out)
	}
}

// TestWhatCannotBeTaken: what is not there is refused before anything is done, and an
// expression that fails, that does not end or that grows without an end, is ended.
func TestWhatCannotBeTaken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		said string
	}{
		{[]string{"--json=id,colour"}, `no field "colour"; it has id, label, count, secret`}, {[]string{"--json="}, "--json"}, {[]string{"--jq", ".items["}, "--jq"},
		{[]string{"--jq", "nosuch"}, "--jq: function not defined"}, {[]string{"--jq", ".id | keys"}, "--jq"}, {[]string{"--jq", `.id, error("no")`}, "no"},
		{[]string{"--jq", "def f: f; f"}, "had not ended"}, {[]string{"--jq", "range(infinite) | select(false)"}, "had not ended"},
	} {
		if out, errs, code := runs(t, thing{ID: "a"}, c.args...); code != 2 || !strings.Contains(errs, c.said) || strings.Contains(out, "{") {
			t.Errorf("%q: code %d, %q, and %s", c.args, code, out, errs)
		}
	}
}

// TestAnExpressionCostsNoSecret: what was made and is told this once follows whole, and
// nothing of it stands in the error.
func TestAnExpressionCostsNoSecret(t *testing.T) {
	t.Parallel()
	out, errs, code := runs(t, thing{ID: "a", Secret: "the-secret"}, "--jq", ".secret | tonumber")
	if code != 2 || !strings.Contains(out, "the-secret") || strings.Contains(errs, "the-sec") {
		t.Errorf("code %d, %q, and %q", code, out, errs)
	}
}

// TestChosenWordsAreNotOfferedAgain, and what was typed stays in front.
func TestChosenWordsAreNotOfferedAgain(t *testing.T) {
	t.Parallel()
	if got := AfterComma("id,la", []string{"id", "label"}); !slices.Equal(got, []string{"id,label"}) {
		t.Error(got)
	}
	if got := AfterComma("la", []string{"id", "label"}); !slices.Equal(got, []string{"id", "label"}) {
		t.Error(got)
	}
}

// TestBashCompletesBehindAComma: the script, read by a real bash, leaves a comma as it was
// typed and quotes what the shell would read otherwise.
func TestBashCompletesBehindAComma(t *testing.T) {
	t.Parallel()
	root := &cobra.Command{Use: "tokenry", Run: func(*cobra.Command, []string) {}}
	var script strings.Builder
	if err := WriteBash(root, &script, true); err != nil {
		t.Fatal(err)
	}
	bash, err := exec.LookPath("bash")
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("there is no bash")
	}
	for typed, want := range map[string]string{
		"tickets:read,tickets:w": "write", "tickets:read,$": `read,\$\(touch\ x\)`, // behind the last colon, where bash begins a word
	} {
		said := typed[:strings.LastIndexByte(typed, ',')+1]
		stand := `
tokenry() { printf '%s\t%s\n' '` + said + `tickets:write' 'Change $(false)' '` + said + `$(touch x)' 'b'; echo ':36'; }
_get_comp_words_by_ref() { cur='` + strings.ReplaceAll(typed, "$", `\$`) + `'; prev=--scope; words=(tokenry --scope "$cur"); cword=2; }
compopt() { :; }
COMP_TYPE=9; __start_tokenry; printf '%s' "${COMPREPLY[*]}"`
		out, err := exec.CommandContext(t.Context(), bash, "--norc", "-c", script.String()+stand).CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("%s: %v, %q", typed, err, out)
		}
	}
}

package cli

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/journal"
	"github.com/tokenry/tokenry/internal/terminal"
)

// TestWhatIsAskedOfAnObject: the revision that a script read, else the one that it has
// now; who may not read it asks nothing, and what fails otherwise is not taken for that.
func TestWhatIsAskedOfAnObject(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		flag     string
		revision int64
		err      error
		reads    bool
		options  int
		want     error
	}{
		"as a script read it":   {"7", 0, broken, false, 1, nil},
		"of before any change":  {"0", 0, broken, false, 1, nil},
		"as it is now":          {"", 9, nil, true, 1, nil},
		"it cannot be read":     {"", 0, api.Errorf(api.CodeInsufficientScope, "no"), true, 0, nil},
		"it is not there yet":   {"", 0, api.Errorf(api.CodeNotFound, "no"), true, 0, nil},
		"nobody knows":          {"", 0, broken, true, 0, broken},
		"whoever asks is none":  {"", 0, api.Errorf(api.CodeInvalidToken, "no"), true, 0, api.CodeInvalidToken},
		"the server is too old": {"", 0, api.Errorf(api.CodeUnavailable, "no"), true, 0, api.CodeUnavailable},
	} {
		cmd := &cobra.Command{}
		condition := conditionFlag(cmd)
		if c.flag != "" {
			if err := cmd.Flags().Set("if-revision", c.flag); err != nil {
				t.Fatal(err)
			}
		}
		read := false
		options, err := condition.options(t.Context(), func(context.Context) (int64, error) { read = true; return c.revision, c.err })
		if read != c.reads || len(options) != c.options || !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: read %v, asks %d, %v", name, read, len(options), err)
		}
	}
}

// streams is a run whose streams are kept.
func streams(json, sits bool) (a *app, out, errs *strings.Builder) {
	out, errs = new(strings.Builder), new(strings.Builder)
	a = newApp(Stdio{Out: out, Err: errs, Terminal: func(any) bool { return sits }, Now: func() time.Time { return time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC) }})
	a.JSON = json
	return a, out, errs
}

func counted(n int, then error) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for range n {
			if !yield("x\x1b[2J\ty\nz", nil) {
				return
			}
		}
		if then != nil {
			yield("", then)
		}
	}
}

// TestAListSaysWhereItWasCut, and prints nothing of one that broke off: half a list reads
// like a whole one. No cell makes a line, a column or an order to the terminal.
func TestAListSaysWhereItWasCut(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		items, most int
		then        error
		lines       int
		cut         bool
	}{
		"none": {0, 3, nil, 0, false}, "fewer than may be": {2, 3, nil, 2, false}, "as many": {3, 3, nil, 3, false}, "more": {4, 3, nil, 3, true},
		"without a bound": {9, 0, nil, 9, false}, "it breaks off": {2, 3, broken, 0, false}, "it breaks off behind the bound": {3, 3, broken, 0, false}, "what is behind is not asked": {4, 3, broken, 3, true},
	} {
		for _, json := range []bool{false, true} {
			a, out, errs := streams(json, false)
			err := command.Table(a.App, counted(c.items, c.then), c.most, "A,B", func(s string) []string { return []string{s, s} })
			if breaks := c.then != nil && !c.cut; errors.Is(err, broken) != breaks || breaks && out.Len() > 0 {
				t.Errorf("%s: %v, and printed %q", name, err, out)
				continue
			}
			if strings.Contains(errs.String(), "more than") != c.cut {
				t.Errorf("%s: it says %q", name, errs)
			}
			if strings.Contains(out.String(), "\x1b") || !json && c.then == nil && strings.Count(out.String(), "\n") != c.lines+1 {
				t.Errorf("%s: %q", name, out)
			}
		}
	}
}

// TestASecretIsAloneOnStandardOutput, whatever it belongs to; and that it does not work now
// is said, to people.
func TestASecretIsAloneOnStandardOutput(t *testing.T) {
	t.Parallel()
	blocked := string(api.CodeOwnerInactive)
	for name, c := range map[string]struct {
		json, sits  bool
		blocked     *string
		note, shown bool
	}{
		"in a script": {false, false, nil, false, false}, "at a terminal": {false, true, nil, false, true}, "one that does not work": {false, false, &blocked, true, false}, "as JSON": {true, true, &blocked, false, false},
	} {
		a, out, errs := streams(c.json, c.sits)
		err := a.issued(api.Issued{Token: api.Token{ID: "acme@workspace_abcDEF012345", BlockedBy: c.blocked}, Secret: "the-secret"})
		if err != nil || !c.json && out.String() != "the-secret\n" || c.json && !strings.HasPrefix(out.String(), "{") {
			t.Errorf("%s: %v, %q", name, err, out)
		}
		if strings.Contains(errs.String(), "the-secret") || strings.Contains(errs.String(), "does not work now") != c.note || strings.Contains(errs.String(), "shown this once") != c.shown {
			t.Errorf("%s: beside it stands %q", name, errs)
		}
	}
}

// TestNobodyIsAskedWhoCannotAnswer: what a token may do is asked where a person sits and no
// flag said it; and a grant of no statement is no answer.
func TestNobodyIsAskedWhoCannotAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags      []string
		json, sits bool
		taken      bool
		grants     api.Opt[[]api.Statement]
		wrong      bool
	}{
		"in a script": {}, "as JSON": {json: true, sits: true}, "with scopes": {flags: []string{"--scope=a:b"}, sits: true}, "with resources alone": {flags: []string{"--resource=x"}, sits: true},
		"with a role": {flags: []string{"--role=Viewer"}, sits: true}, "where the secret comes from there": {sits: true, taken: true},
		"with no statement": {grants: api.Some([]api.Statement{}), wrong: true}, "with no statement, at a terminal": {sits: true, grants: api.Some([]api.Statement{}), wrong: true},
		"with a statement": {flags: []string{"--grants=x"}, sits: true, grants: api.Some([]api.Statement{{Role: "Viewer"}})},
	} {
		a, _, errs := streams(c.json, c.sits)
		a.StdinTaken = c.taken
		fs := pflag.NewFlagSet("x", pflag.ContinueOnError)
		terminal.NewFields(fs).Rights()
		if err := fs.Parse(c.flags); err != nil {
			t.Fatal(err)
		}
		in := api.CreateToken{}
		in.Grants = c.grants
		err := a.askRights(t.Context(), nil, fs, &in) // a server that is asked would be none
		if (err != nil) != c.wrong || err != nil && ExitCode(err) != 2 || errs.Len() > 0 || in.Scopes.Set {
			t.Errorf("%s: %v, asked %q", name, err, errs)
		}
	}
}

// TestARotationTellsWhatWentWrong: a line for each token, in which nothing steers a
// terminal; standard output is for what deliveries print.
func TestARotationTellsWhatWentWrong(t *testing.T) {
	t.Parallel()
	for _, json := range []bool{false, true} {
		a, out, errs := streams(json, false)
		p := newProgress(a, 2)
		f := &fleet{app: a}
		p.told(f, &journal.Record{ID: "one\x1b[31m", Label: "ci", State: "done"}, nil)
		p.told(f, &journal.Record{ID: "two", Locator: "l2", State: "asked", Note: "late"}, errors.New("no\nroute"))
		lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
		if len(lines) != 2 || strings.Contains(errs.String(), "\x1b") || !strings.Contains(lines[1], "failed: no") || p.failed["l2"] == "" || len(p.failed) != 1 {
			t.Errorf("JSON %v: told %q, failed %v", json, errs, p.failed)
		}
		if p.already(); out.Len() > 0 {
			t.Errorf("JSON %v: standard output has %q", json, out)
		}
		p.close()
	}
}

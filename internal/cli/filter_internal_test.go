package cli

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/journal"
	"github.com/tokenry/tokenry/internal/terminal"
)

// filtered reads flags, and the words of --filter, as a filter.
func filtered(flags, filter []string) (api.TokenFilter, error) {
	fs := pflag.NewFlagSet("x", pflag.ContinueOnError)
	read := terminal.TokenFilter(fs)
	if err := fs.Parse(flags); err != nil {
		return api.TokenFilter{}, err
	}
	if err := terminal.FilterWords(fs, filter); err != nil {
		return api.TokenFilter{}, err
	}
	return read()
}

// TestEveryConditionOfTheAPICanBeSaid, by a flag and by a word of --filter alike, and each
// of them narrows. What nobody said is no condition.
func TestEveryConditionOfTheAPICanBeSaid(t *testing.T) {
	t.Parallel()
	said := map[string]string{"expiring_within": "7d", "unused_for": "90d", "outside_policy": "false", "metadata": "team=x", "deleted": "true"}
	fields := reflect.TypeFor[api.TokenFilter]()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		value, word := said[name], name
		if value == "" {
			value = "x"
		}
		flag := terminal.FlagName(name)
		if name == "q" {
			flag = "query"
		}
		f, err := filtered([]string{"--" + flag + "=" + value}, nil)
		if name == "metadata" {
			word, value = "metadata.team", "x"
		}
		w, failed := filtered(nil, []string{word + "=" + value})
		if err != nil || failed != nil {
			t.Errorf("%s cannot be said: %v, as a word %v", name, err, failed)
			continue
		}
		if d := cmp.Diff(f, w); d != "" {
			t.Errorf("%s as a flag, and as a word:\n%s", name, d)
		}
		for other := range fields.NumField() {
			if set := !reflect.ValueOf(f).Field(other).IsZero(); set != (other == i) {
				t.Errorf("who says %s says %s: %v", name, fields.Field(other).Name, set)
			}
		}
		if terminal.Narrows(f) != (name != "deleted") {
			t.Errorf("%s narrows: %v", name, terminal.Narrows(f))
		}
	}
	if f, err := filtered(nil, nil); err != nil || terminal.Narrows(f) || !reflect.ValueOf(f).IsZero() {
		t.Errorf("nobody said anything, and the filter is %+v, %v", f, err)
	}
}

// TestAWordThatIsNoConditionIsRefused: what cannot be understood of a filter must not be
// left out of it, since what it would have left out is touched.
func TestAWordThatIsNoConditionIsRefused(t *testing.T) {
	t.Parallel()
	for word, ok := range map[string]bool{
		"owner=ci": true, "owner=ci&status=active": true, "created_by=a@b.c": true, "created-by=a@b.c": true, "q=x": true, "query=x": true, "metadata.team=x&metadata.tier=y": true,
		"metadata.a=b=c": true, "owner=a=b": true, "unused-for=90d": true, "deleted=true": true,
		"owner": false, "owner=": false, "owner= ": false, "=ci": false, "": false, "&": false, "owner=ci&": false, "ownr=ci": false, "Owner=ci": false, "if-revision=1": false, "limit=1": false,
		"metadata.=x": false, "metadata.team=": false, "metadata=team": false, "metadata.team=x&metadata.team=y": false, "unused-for=soon": false, "outside-policy=perhaps": false, "owner=ci;status=active&x": false,
	} {
		_, err := filtered(nil, []string{word})
		if (err == nil) != ok || err != nil && ExitCode(err) != 2 {
			t.Errorf("--filter %q: %v", word, err)
		}
	}
	for _, pairs := range [][]string{{"team"}, {"=x"}, {"team="}, {"team=x", "team=x"}, {"team=x", "team=y"}} {
		var flags []string
		for _, p := range pairs {
			flags = append(flags, "--metadata="+p)
		}
		if f, err := filtered(flags, nil); err == nil || ExitCode(err) != 2 {
			t.Errorf("--metadata %v is %+v", pairs, f.Metadata)
		}
	}
	f, err := filtered([]string{"--metadata=a=b=c", "--metadata=tier=1"}, nil)
	if d := cmp.Diff(map[string]string{"a": "b=c", "tier": "1"}, f.Metadata.Value); err != nil || d != "" {
		t.Errorf("%v\n%s", err, d)
	}
}

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
	a = &app{Stdio: Stdio{Out: out, Err: errs, Terminal: func(any) bool { return sits }, Now: func() time.Time { return time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC) }}.withDefaults()}
	a.flags.json = json
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
			err := table(a, counted(c.items, c.then), c.most, "A,B", func(s string) []string { return []string{s, s} })
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
		a.stdinTaken = c.taken
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

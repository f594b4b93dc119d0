package intake_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/intake"
)

// server answers as the route does: what it has already exists, and it refuses what has
// no owner.
type server struct {
	calls []api.ImportTokens
	has   map[string]bool
	// fails is the call that is not answered, from 1; 0 for none.
	fails int
}

var errAway = errors.New("nobody answers")

func (s *server) send(_ context.Context, in api.ImportTokens) (out api.ImportResults, err error) {
	s.calls = append(s.calls, in)
	if len(s.calls) == s.fails {
		return out, errAway
	}
	for _, t := range in.Tokens {
		r := api.ImportResult{Status: api.ImportMade, TokenID: "tok_" + t.Hash[:6]}
		switch {
		case t.Owner == "":
			r = api.ImportResult{Status: api.ImportRefused, Code: api.CodeInvalidField, Field: "owner", Detail: "is required"}
		case s.has[t.Hash]:
			r.Status = api.ImportThere
		case !in.DryRun:
			s.has[t.Hash] = true
		}
		out.Results = append(out.Results, r)
	}
	return out, nil
}

// did is what a run printed and how it ended.
type did struct {
	out, err string
	failed   error
}

// imports runs the command's working part as a shell would.
func (s *server) imports(t *testing.T, input string, args ...string) did {
	t.Helper()
	if s.has == nil {
		s.has = map[string]bool{}
	}
	var job intake.Job
	fs := pflag.NewFlagSet("import", pflag.ContinueOnError)
	job.Flags(fs)
	fs.Bool("json", false, "")
	fs.Bool("person", false, "")
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	asJSON, _ := fs.GetBool("json")
	person, _ := fs.GetBool("person")
	d := intake.Desk{In: strings.NewReader(input), Out: &out, Err: &errs, JSON: asJSON, Person: person, Now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), Send: s.send}
	err := job.Run(t.Context(), "-", d)
	return did{out.String(), errs.String(), err}
}

// file writes a file that a flag names.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const format = `{"name":"legacy","prefix":"leg_","min_length":24,"max_length":24,"alphabet":"hex","hash":"sha256"}`

// table has so many tokens.
func table(n int) string {
	out := "hash,label\n"
	for i := range n {
		sum := sha256.Sum256(fmt.Append(nil, i))
		out += hex.EncodeToString(sum[:]) + fmt.Sprintf(",token %d\n", i)
	}
	return out
}

// TestNothingIsImportedUnlessItIsSaid: without --yes the server is only asked.
func TestNothingIsImportedUnlessItIsSaid(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--dry-run"}} {
		s := &server{}
		d := s.imports(t, table(3), append(args, "--format", file(t, format), "--owner", "ci")...)
		if d.failed != nil || len(s.calls) != 1 || !s.calls[0].DryRun || !strings.Contains(d.err, "3 would be imported, 0 exist, 0 refused, 0 left out\n") || !strings.Contains(d.err, "--yes does it") {
			t.Errorf("%v: %+v", args, d)
		}
	}
}

// TestAHundredACall: in the order of the file; and again, nothing is done twice.
func TestAHundredACall(t *testing.T) {
	t.Parallel()
	s := &server{}
	args := []string{"--format", file(t, format), "--owner", "ci", "--yes"}
	if d := s.imports(t, table(250), args...); d.failed != nil || d.out != "" || !strings.Contains(d.err, "250 imported, 0 exist") {
		t.Fatalf("%+v", d)
	}
	var sizes []int
	for _, c := range s.calls {
		sizes = append(sizes, len(c.Tokens))
		if c.DryRun || c.Format.Name != "legacy" {
			t.Errorf("%+v", c.Format)
		}
	}
	if got := fmt.Sprint(sizes); got != "[100 100 50]" || s.calls[2].Tokens[49].Label.Value != "token 249" {
		t.Errorf("calls of %s", got)
	}
	if d := s.imports(t, table(250), args...); d.failed != nil || !strings.Contains(d.err, "0 imported, 250 exist") {
		t.Errorf("again: %+v", d)
	}
}

// TestWhatIsRefusedIsToldWithItsLine: by the server or before it, and the exit says so.
func TestWhatIsRefusedIsToldWithItsLine(t *testing.T) {
	t.Parallel()
	s := &server{}
	text := "hash,owner,expires_at\naabbccdd,ci,\naabbccee,,\naabbccff,ci,soon\naabbcc00,ci,2020-01-01\n"
	d := s.imports(t, text, "--format", file(t, format), "--yes", "--role", "Viewer", "--expires-in", "30d")
	want := "line 4: the column expires_at is no time that is understood\nline 3: owner: is required\n"
	if d.out != want || d.failed == nil || !strings.Contains(d.failed.Error(), "2 tokens were refused") || !strings.Contains(d.err, "1 imported, 0 exist, 2 refused, 1 left out\n  1 left out: it has expired\n") {
		t.Errorf("%+v", d)
	}
	if strings.Contains(d.err, "note:") {
		t.Errorf("rights and an end were named, and still: %s", d.err)
	}
	if got := s.calls[0].Tokens[0]; got.Role.Value != "Viewer" || got.ExpiresIn.Value.String() != "30d" {
		t.Errorf("%+v", got)
	}
}

// TestAsJSONEveryRowIsALine: that a program reads, with the line of the file.
func TestAsJSONEveryRowIsALine(t *testing.T) {
	t.Parallel()
	s := &server{}
	d := s.imports(t, "hash,owner,expires_at\naabbccdd,ci,\naabbccee,,\naabbcc00,ci,2020-01-01\n", "--format", file(t, format), "--yes", "--json")
	got := map[int]string{}
	for text := range strings.Lines(d.out) {
		var r intake.Result
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		got[r.Line] = r.Status
	}
	if fmt.Sprint(got) != "map[2:imported 3:refused 4:left_out]" || d.failed == nil {
		t.Errorf("%v, %v", got, d.failed)
	}
}

// TestWhatBreaksOffSaysHowItGoesOn: nothing is counted that was not answered.
func TestWhatBreaksOffSaysHowItGoesOn(t *testing.T) {
	t.Parallel()
	s := &server{fails: 2}
	d := s.imports(t, table(250), "--format", file(t, format), "--owner", "ci", "--yes")
	if !errors.Is(d.failed, errAway) || !strings.Contains(d.err, "100 tokens were sent before that; run it again") {
		t.Errorf("%+v", d)
	}
	s = &server{}
	d = s.imports(t, table(150)+"\"cut", "--format", file(t, format), "--owner", "ci", "--yes")
	if d.failed == nil || len(s.calls) != 1 || !strings.Contains(d.err, "100 tokens were sent before that") {
		t.Errorf("a file that is cut off: %d calls, %+v", len(s.calls), d)
	}
}

// TestAnAnswerAboutOthersIsRefused: its results would be told of the wrong lines.
func TestAnAnswerAboutOthersIsRefused(t *testing.T) {
	t.Parallel()
	var job intake.Job
	fs := pflag.NewFlagSet("import", pflag.ContinueOnError)
	job.Flags(fs)
	if err := fs.Parse([]string{"--format", file(t, format)}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := job.Run(t.Context(), "-", intake.Desk{In: strings.NewReader(table(2)), Out: &out, Err: &out, Send: func(context.Context, api.ImportTokens) (api.ImportResults, error) {
		return api.ImportResults{Results: make([]api.ImportResult, 1)}, nil
	}})
	if err == nil || !strings.Contains(err.Error(), "different number") {
		t.Error(err)
	}
}

// TestWhoeverImportsIsToldWhatTheyMayNotThink: before anything is sent.
func TestWhoeverImportsIsToldWhatTheyMayNotThink(t *testing.T) {
	t.Parallel()
	s := &server{}
	d := s.imports(t, "token,status,id\nInv3nted-static-token,active,1\n", "--from", "directus", "--owner", "ci")
	for _, want := range []string{"the export holds live secrets", "may do everything their owner may", "the policy's default lifetime"} {
		if !strings.Contains(d.err, want) {
			t.Errorf("not told: %s\n%s", want, d.err)
		}
	}
	d = s.imports(t, "token_hash,token_salt,token_last_eight\naabbcc,Salt567890,7f6a5b4c\n", "--from", "gitea", "--owner", "ci", "--expires-in", "never")
	if !strings.Contains(d.err, "slow on purpose") || strings.Contains(d.err, "default lifetime") || !s.calls[1].Tokens[0].Never.Value {
		t.Error(d.err)
	}
}

// TestWhatIsPrintedIsReadAgain: as if it came from the system, and holds no secret of it.
func TestWhatIsPrintedIsReadAgain(t *testing.T) {
	t.Parallel()
	key := file(t, "an invented db_key_base, 32 bytes of which count\n")
	s := &server{}
	rows := "token_digest,expires_at,revoked,name,user_id\naabbccdd,,f,deploy,3\naabbccee,,t,old,3\naabbccff,soon,f,odd,3\n"
	d := s.imports(t, rows, "--from", "gitlab", "--key-file", key, "--owners", file(t, "id,owner\n3,ada@example.com\n"), "--scope", "tickets:read", "--print")
	if len(s.calls) > 0 || d.failed == nil || !strings.Contains(d.err, "line 4: the column expires_at") || !strings.Contains(d.err, "1 left out, 1 wrong") {
		t.Errorf("%+v", d)
	}
	if strings.Contains(d.out, "invented") || strings.Count(d.out, "\n") != 2 {
		t.Errorf("printed: %s", d.out)
	}
	again := s.imports(t, d.out, "--key-file", key, "--yes")
	if again.failed != nil || len(s.calls) != 1 || s.calls[0].Format.Suffix != "an invented db_key_base, 32 byte" {
		t.Fatalf("%+v", again)
	}
	if got := s.calls[0].Tokens[0]; got.Owner != "ada@example.com" || got.Scopes.Value[0] != "tickets:read" || got.Label.Value != "deploy" {
		t.Errorf("%+v", got)
	}
	if d := s.imports(t, d.out); d.failed == nil || !strings.Contains(d.failed.Error(), "db_key_base") {
		t.Errorf("without the key: %+v", d)
	}
}

// TestFlagsThatDoNotGoTogether: nothing is sent.
func TestFlagsThatDoNotGoTogether(t *testing.T) {
	t.Parallel()
	big := file(t, strings.Repeat("k", 65<<10))
	for _, c := range []struct {
		want string
		args []string
	}{
		{"--from takes", []string{"--from", "jira"}},
		{"not both", []string{"--dry-run", "--yes"}},
		{"a file of your own", []string{"--from", "gitea", "--format", "f"}},
		{"no JSON object", []string{"--format", file(t, `{"title":"x"}`)}},
		{"64 KiB", []string{"--from", "strapi", "--key-file", big}},
		{"is empty", []string{"--from", "strapi", "--key-file", file(t, "\n")}},
		{"API_TOKEN_SALT", []string{"--from", "strapi"}},
		{"id,owner", []string{"--from", "gitea", "--owners", file(t, "3,ada\n")}},
		{"no such file", []string{"--from", "gitea", "--owners", "missing"}},
		{"no such file", []string{"--key-file", "missing"}},
		{"no token", []string{"--format", file(t, format)}},
	} {
		s := &server{}
		d := s.imports(t, "hash\n", c.args...)
		if d.failed == nil || !strings.Contains(d.failed.Error(), c.want) || len(s.calls) > 0 {
			t.Errorf("%v: %v", c.args, d.failed)
		}
	}
	var l intake.Job
	fs := pflag.NewFlagSet("import", pflag.ContinueOnError)
	l.Flags(fs)
	if err := fs.Parse([]string{"--expires-in", "soon"}); err == nil {
		t.Error("soon is taken for a lifetime")
	}
}

// TestAPersonSeesHowFarItIs: on one line, which a refusal does not run into.
func TestAPersonSeesHowFarItIs(t *testing.T) {
	t.Parallel()
	d := (&server{}).imports(t, table(250), "--format", file(t, format), "--owner", "ci", "--person")
	if !strings.Contains(d.err, "\r\x1b[K200 read") && !strings.Contains(d.err, "\r\x1b[K201 read") {
		t.Errorf("%q", d.err)
	}
	d = (&server{}).imports(t, table(2100), "--format", file(t, format), "--owner", "ci", "--yes")
	if strings.Count(d.err, "read: ") != 2 || strings.Contains(d.err, "\x1b") {
		t.Errorf("%q", d.err)
	}
}

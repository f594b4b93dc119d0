package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/client/clienttest"
	"github.com/tokenry/tokenry/internal/cli"
)

// rotation is one rotation of the tokens that are labelled fleet, which several
// runs work at.
type rotation struct {
	t       *testing.T
	env     map[string]string
	dir     string
	journal string
}

// newRotation makes so many tokens.
func newRotation(t *testing.T, s *clienttest.Server, tokens int) *rotation {
	t.Helper()
	dir := t.TempDir()
	r := &rotation{t: t, dir: dir, journal: filepath.Join(dir, "j"), env: map[string]string{"TOKENRY_SERVER": s.URL, "TOKENRY_TOKEN": s.Token}}
	for range tokens {
		if out := run(t, r.env, "", false, "token", "create", "--label", "fleet"); out.code != 0 {
			t.Fatalf("%+v", out)
		}
	}
	return r
}

// run goes on with the rotation at a time.
func (r *rotation) run(now time.Time, exec string, more ...string) ran {
	r.t.Helper()
	var out, errs strings.Builder
	args := append([]string{"token", "rotate", "--filter", "q=fleet", "--journal", r.journal, "--exec", "cd '" + r.dir + "'; " + exec}, more...)
	err := cli.Run(r.t.Context(), args, cli.Stdio{
		Out: &out, Err: &errs, Now: func() time.Time { return now },
		Env: func(name string) (string, bool) { v, ok := r.env[name]; return v, ok },
	})
	return ran{out.String(), errs.String(), cli.ExitCode(err)}
}

// expect asks how a run ended and what it said.
func (r *rotation) expect(got ran, code int, said string) {
	r.t.Helper()
	if got.code != code || !strings.Contains(got.err, said) {
		r.t.Fatalf("ended with %d, want %d and %q: %s", got.code, code, said, got.err)
	}
}

// records are the steps of the journal, the head left out.
func (r *rotation) records() []map[string]any {
	r.t.Helper()
	b, err := os.ReadFile(r.journal)
	if err != nil {
		r.t.Fatal(err)
	}
	var all []map[string]any
	for _, line := range bytes.Split(bytes.TrimSpace(b), []byte("\n"))[1:] {
		var v map[string]any
		if err := json.Unmarshal(line, &v); err != nil {
			r.t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// step adds a step as a run writes it that was cut off after it.
func (r *rotation) step(record map[string]any, state string, at time.Time) {
	r.t.Helper()
	record["state"], record["at"] = state, at
	b, err := json.Marshal(record)
	if err != nil {
		r.t.Fatal(err)
	}
	f, err := os.OpenFile(r.journal, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := f.Write(append(b, '\n')); err != nil {
		r.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		r.t.Fatal(err)
	}
}

// use uses the secret that a delivery left in a file.
func (r *rotation) use(s *clienttest.Server, name string) {
	r.t.Helper()
	b, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		r.t.Fatal(err)
	}
	c, err := client.New(s.URL, s.Token)
	if err != nil {
		r.t.Fatal(err)
	}
	if v, err := c.Verify(r.t.Context(), strings.TrimSpace(string(b))); err != nil || !v.Allowed {
		r.t.Fatalf("%+v, %v", v, err)
	}
}

// A secret that was used although its delivery failed is not replaced behind
// anybody's back; somebody who rotates by hand settles it.
func TestRotationOfASecretInUse(t *testing.T) {
	t.Parallel()
	s, now := clienttest.New(t), time.Now()
	r := newRotation(t, s, 1)
	r.expect(r.run(now, "cat > got; exit 7"), 1, "0 done, 1 failed, 0 left")
	r.use(s, "got")
	r.expect(r.run(now, "cat > got"), 1, "CMD failed with its new secret, which was used nevertheless")
	id, _ := r.records()[0]["id"].(string)
	if out := run(t, r.env, "", false, "token", "rotate", id); out.code != 0 {
		t.Fatalf("%+v", out)
	}
	r.expect(r.run(now, "exit 9"), 0, "somebody else rotated it since")
	if _, err := os.Stat(r.journal); !os.IsNotExist(err) {
		t.Errorf("the journal is there: %v", err)
	}
}

// A run that was cut off after the delivery finds the secret in use.
func TestRotationThatArrived(t *testing.T) {
	t.Parallel()
	s, now := clienttest.New(t), time.Now()
	r := newRotation(t, s, 1)
	r.expect(r.run(now, "cat > got; exit 7"), 1, "1 failed")
	all := r.records()
	r.step(all[len(all)-1], "rotated", now)
	r.use(s, "got")
	r.expect(r.run(now, "exit 9"), 0, "its new secret is in use already")
}

// After a day the server knows the request no more. What was never sent is sent
// anew; what was answered and lost is left to a person.
func TestRotationGoesOnTooLate(t *testing.T) {
	t.Parallel()
	s, now := clienttest.New(t), time.Now()
	r := newRotation(t, s, 2)
	r.expect(r.run(now, "exit 7"), 1, "0 done, 1 failed, 1 left")
	all := r.records()
	r.step(all[1], "rotating", now)
	late := now.Add(48 * time.Hour)
	r.expect(r.run(late, "cat >> got", "--keep-going"), 1, "1 done, 1 failed, 0 left")
	r.expect(r.run(late, "cat >> got"), 1, "it was rotated more than 23h0m0s ago")
	b, err := os.ReadFile(filepath.Join(r.dir, "got"))
	if err != nil || bytes.Count(b, []byte("tkyp_")) != 1 {
		t.Errorf("delivered %d bytes, %v", len(b), err)
	}
}

// A journal that is not what it should be is told, and a torn line is cut.
func TestJournalOfSomethingElse(t *testing.T) {
	t.Parallel()
	s, now := clienttest.New(t), time.Now()
	r := newRotation(t, s, 2)
	r.expect(r.run(now, "exit 7"), 1, "1 failed, 1 left")
	b, err := os.ReadFile(r.journal)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte("tkyp_")) {
		t.Error("the journal holds a secret")
	}
	if info, err := os.Stat(r.journal); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the journal: %v, %v", info, err)
	}
	other := run(t, r.env, "", false, "token", "create", "--label", "other", "--scope", "*", "--resource", "*")
	r.env["TOKENRY_TOKEN"] = strings.TrimSpace(other.out)
	r.expect(r.run(now, "true"), 2, "begun with another calling token")
	r.env["TOKENRY_TOKEN"] = s.Token
	if err := os.WriteFile(r.journal, append(b, `{"locator":"torn`...), 0o600); err != nil {
		t.Fatal(err)
	}
	r.expect(r.run(now, "true"), 0, "2 done, 0 failed, 0 left")
	if err := os.WriteFile(r.journal, []byte("a diary\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.expect(r.run(now, "true"), 1, "none of this version")
	for _, words := range [][]string{{"--parallel", "0"}, {"--idempotency-key", "x"}, {"--filter", "status=?&"}} {
		if got := r.run(now, "true", words...); got.code != 2 {
			t.Errorf("%v: %+v", words, got)
		}
	}
}

// A token that was revoked before its turn is no failure.
func TestRotationOfWhatIsGone(t *testing.T) {
	t.Parallel()
	s, now := clienttest.New(t), time.Now()
	r := newRotation(t, s, 2)
	r.expect(r.run(now, "exit 7"), 1, "1 failed, 1 left")
	for _, record := range r.records()[:2] {
		id, _ := record["id"].(string)
		if out := run(t, r.env, "", false, "token", "revoke", id); out.code != 0 {
			t.Fatalf("%+v", out)
		}
	}
	r.expect(r.run(now, "exit 7", "--keep-going", "--parallel", "2"), 0, "gone: revoked or deleted before its turn")
}

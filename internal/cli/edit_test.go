package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/client/clienttest"
	"github.com/tokenry/tokenry/internal/cli"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
)

// TestAnEditSaysWhatItTakes: a scope that was used in the last 90 days is named before it is
// taken; a person is asked, and a script is told. What was not used, or long ago, goes in silence.
func TestAnEditSaysWhatItTakes(t *testing.T) {
	t.Parallel()
	s := clienttest.New(t) // a clock of its own
	o := &office{T: t, server: s, slug: "acme", env: map[string]string{"TOKENRY_SERVER": s.URL, "TOKENRY_TOKEN": s.Token}}
	o.does("scope put tickets:read --description a")
	o.does("scope put tickets:write --description b")
	o.does("resource create payments")
	id, secret := o.token("--kind workspace --label ci --scope tickets:read,tickets:write --resource payments")
	if v, err := s.Client.Verify(t.Context(), secret, client.Scope("tickets:write"), client.Resource("payments")); err != nil || !v.Allowed {
		t.Fatalf("%+v, %v", v, err)
	}
	const told, narrow = "this takes what the token used in the last 90 days:\n  tickets:write  once, last now", " --scope tickets:read --resource payments"
	clocktest.Until(t, func() bool { return strings.Contains(o.does("token usage "+id), "tickets:write") })
	edit := func(terminal bool, answer, more string) ran {
		t.Helper()
		return run(t, o.env, answer, terminal, words("token edit "+id+more)...)
	}
	has := func(what, scope string, want bool) {
		t.Helper()
		if strings.Contains(o.does("token show "+id), scope) != want {
			t.Errorf("%s: %s stands there: %v", what, scope, !want)
		}
	}
	for _, answer := range []string{"n\n", "", "\n", "perhaps\n"} {
		if r := edit(true, answer, narrow); r.code != 1 || !strings.Contains(r.err, told) || !strings.Contains(r.err, "nothing was changed") {
			t.Errorf("%q: %+v", answer, r)
		}
	}
	has("nobody said yes", "tickets:write", true)
	if r := edit(true, "", narrow+" --dry-run"); r.code != 0 || !strings.Contains(r.err, told) || strings.Contains(r.err, "[y/N]") || strings.Contains(r.out, "tickets:write") {
		t.Errorf("rehearsed: %+v", r)
	}
	has("it was rehearsed", "tickets:write", true)
	if r := edit(true, "", " --label 'CI of acme'"); r.code != 0 || strings.Contains(r.err, "takes") {
		t.Errorf("no rights: %+v", r)
	}
	if r := edit(true, "", " --scope tickets:write --resource payments"); r.code != 0 || r.err != "" {
		t.Errorf("what is not in use: %+v", r)
	}
	if r := edit(true, "y\n", narrow); r.code != 0 || !strings.Contains(r.err, told) {
		t.Errorf("yes: %+v", r)
	}
	has("yes", "tickets:write", false)
	for _, quiet := range []bool{false, true} {
		if r := edit(quiet, "", " --yes --scope tickets:read,tickets:write --resource payments"); r.code != 0 || r.err != "" {
			t.Errorf("--yes: %+v", r)
		}
	}
	if r := edit(false, "", narrow+" --json"); r.code != 0 || !strings.Contains(r.err, told) || strings.Contains(r.err, "[y/N]") {
		t.Errorf("in a script: %+v", r)
	}
	o.does("token edit " + id + " --scope tickets:read,tickets:write --resource payments")
	s.Advance(91 * 24 * time.Hour)
	var errs strings.Builder
	err := cli.Run(t.Context(), words("token edit "+id+narrow), cli.Stdio{
		Err: &errs, Env: func(name string) (string, bool) { v, ok := o.env[name]; return v, ok }, Terminal: func(any) bool { return true },
		Now: func() time.Time { return time.Now().Add(91 * 24 * time.Hour) },
	})
	if err != nil || errs.Len() > 0 {
		t.Errorf("long ago: %v, %s", err, errs.String())
	}
}

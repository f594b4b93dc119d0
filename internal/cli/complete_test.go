package cli_test

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/cli"
)

// completed are the words that a shell is offered, without what is said of them.
func (o *office) completed(words ...string) []string {
	o.Helper()
	r := run(o.T, o.env, "", false, append([]string{"__complete"}, words...)...)
	var out []string
	for line := range strings.Lines(r.out) {
		word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if strings.HasPrefix(word, ":") {
			break
		}
		out = append(out, word)
	}
	return out
}

// TestAShellIsOfferedWhatThereIs: what the server has, newest or most wanted first, and the
// words that a flag takes.
func TestAShellIsOfferedWhatThereIs(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, _ := o.token("--kind workspace --label a --scope tickets:read --resource payments")
	stopped, _ := o.token("--kind workspace --label b --scope tickets:read --resource payments")
	o.does("token disable " + stopped)
	o.does("service-account create ci --description 'for builds'")
	o.does("role put 'Night Shift' --scope tickets:read")
	for _, c := range []struct {
		typed string
		want  []string
		only  bool
	}{
		{"token show ", []string{id, stopped}, false}, {"token rm ", []string{id, stopped}, false}, {"token enable ", []string{stopped}, true}, {"token bulk revoke ", []string{id}, false},
		{"token bulk revoke " + id + " ", []string{stopped}, true}, {"token show " + id + " ", nil, true}, {"token create x --owner ", []string{"ci"}, false}, {"token create ", nil, true},
		{"token create x --role ", []string{"Night Shift", "Viewer"}, false}, {"token create x --scope tickets:read,", []string{"tickets:read,tickets:write"}, false},
		{"token create x --resource ", []string{"payments", "website"}, true}, {"token list --kind ", []string{"personal", "service", "workspace"}, true},
		{"token list --status=", []string{"active", "pending", "disabled", "expired", "revoked"}, true}, {"token list --columns id,", []string{"id,label"}, false}, {"token list --json=id,", []string{"id,label"}, false},
		{"token edit x --clear ", []string{"description", "not_before"}, false}, {"service-account show ", []string{"ci"}, true}, {"role show ", []string{"Night Shift"}, false}, {"workspace show ", []string{o.slug}, false},
		{"token list -w ", []string{o.slug}, false}, {"webhook create --event ", []string{"token.*", "token.revoked"}, false}, {"policy edit ", []string{"max_lifetime="}, false},
		{"token rotate --filter ", []string{"owner=", "metadata."}, false}, {"scanner-rules --format ", []string{"github", "gitlab", "gitleaks", "trufflehog"}, true}, {"trust explain --service-account ", []string{"ci"}, true},
		{"audit list --about ", []string{id, stopped}, false}, {"resource delete ", []string{"payments", "website"}, true}, {"trust show ", nil, true}, {"webhook show ", nil, true},
	} {
		words := strings.Split(c.typed, " ")
		got := o.completed(words...)
		for _, want := range c.want {
			if !slices.Contains(got, want) {
				t.Errorf("%q: %q is missing in %q", c.typed, want, got)
			}
		}
		if c.only && len(got) != len(c.want) {
			t.Errorf("%q: offered are %q", c.typed, got)
		}
	}
	if got := o.completed("token", "create", "x", "--scope", ""); !strings.HasPrefix(got[0], "tickets:") {
		t.Errorf("the product's scopes do not come first: %q", got)
	}
}

// TestAShellIsNeverToldOfTrouble: without a server, with one that does not answer, without a
// token, with one on standard input, and of names that would steer a terminal, there is
// nothing beside the words, and soon.
func TestAShellIsNeverToldOfTrouble(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	for name, env := range map[string]map[string]string{
		"no server": {"TOKENRY_SERVER": "http://127.0.0.1:1", "TOKENRY_TOKEN": "tky_x"}, "a silent one": {"TOKENRY_SERVER": "http://" + silent.Addr().String(), "TOKENRY_TOKEN": "x"},
		"no token": {"HOME": t.TempDir()}, "an empty variable": {"TOKENRY_SERVER": "", "TOKENRY_TOKEN": "x"}, "no address": {"TOKENRY_SERVER": "::", "TOKENRY_TOKEN": "x"},
	} {
		began := time.Now()
		r := run(t, env, "", false, "__complete", "token", "show", "")
		if r.code != 0 || r.out != ":36\n" || strings.Contains(r.err, "tokenry:") || time.Since(began) > 5*time.Second {
			t.Errorf("%s: after %v, %+v", name, time.Since(began), r)
		}
	}
	o := newOffice(t)
	o.does("service-account create ci --description 'a\u2066 b'")
	if r := run(t, o.env, "", false, "__complete", "service-account", "show", ""); strings.Contains(r.out, "\u2066") || !strings.Contains(r.out, "ci\ta\\u2066 b\n") {
		t.Errorf("%+v", r)
	}
	if r := run(t, o.env, o.server.Token, false, "__complete", "--token", "-", "service-account", "show", ""); r.out != ":36\n" {
		t.Errorf("%+v", r)
	}
}

// TestATableFitsWhereAPersonSits, and a program reads all of it.
func TestATableFitsWhereAPersonSits(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	long := strings.Repeat("日本語 ", 20) + "end"
	id, _ := o.token("--kind workspace --label '" + long + "' --scope tickets:read,tickets:write --resource payments,website")
	o.env["COLUMNS"] = "72"
	at := func(terminal bool, line string) ran { return run(t, o.env, "", terminal, words(line)...) }
	whole := at(false, "token ls")
	if whole.out != at(true, "token ls --wide").out || !strings.Contains(whole.out, "end") || whole.err != "" {
		t.Errorf("%+v", whole)
	}
	r := at(true, "token list")
	if strings.Contains(r.out, "end") || !strings.Contains(r.out, id) || !strings.Contains(r.out, "…") || !strings.Contains(r.err, "left out: TOKEN, CREATED") {
		t.Errorf("%+v", r)
	}
	if r := at(true, "token list --columns id,last_used"); r.code != 0 || !strings.HasPrefix(r.out, "ID ") || strings.Contains(r.out, "LABEL") || r.err != "" {
		t.Errorf("%+v", r)
	}
	for line, said := range map[string]string{"token list --columns id,colour": `no column "colour"; there are label, token, id`, "token list --columns id --json": "--json=FIELDS chooses"} {
		if r := at(false, line); r.code != 2 || r.out != "" || !strings.Contains(r.err, said) {
			t.Errorf("%s: %+v", line, r)
		}
	}
}

// TestEveryArgumentIsCompletedOrNew: no command asks for what a shell could know and is not
// told; and what lists and ends has the short name.
func TestEveryArgumentIsCompletedOrNew(t *testing.T) {
	t.Parallel()
	commands := 0
	all := []string{}
	tree := cli.Tree()
	for queue := tree.Commands(); len(queue) > 0; queue = queue[1:] {
		cmd := queue[0]
		queue = append(queue, cmd.Commands()...)
		if cmd.HasSubCommands() {
			continue
		}
		commands++
		if short := map[string]string{"list": "ls", "delete": "rm", "remove": "rm"}[cmd.Name()]; short != "" && !slices.Contains(cmd.Aliases, short) {
			t.Errorf("%s has no %s", cmd.CommandPath(), short)
		}
		if _, use, some := strings.Cut(cmd.Use, " "); some && cmd.ValidArgsFunction == nil && !strings.Contains(use, "FILE") && !strings.Contains(use, "PATH") {
			all = append(all, cmd.CommandPath())
		}
	}
	if commands < 90 || len(all) > 0 {
		t.Errorf("of %d commands nothing is offered to %q", commands, all)
	}
}

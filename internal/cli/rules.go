package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/internal/ruleset"
	"github.com/tokenry/tokenry/internal/terminal"
)

// rules are the commands about files of rules.
func (a *app) rules() *cobra.Command {
	return a.group("rules", "Try files of rules for /v1/ext-authz", a.rulesTest())
}

// rulesTest tries a file of rules without any server, as a check before it is
// deployed: exit 1 says that the file is wrong or a test of its own is not met.
func (a *app) rulesTest() *cobra.Command {
	cmd := a.command("test FILE [METHOD PATH …|-]", "Check a file of rules, and say what requests need by it", cobra.MinimumNArgs(1), func(_ *cobra.Command, args []string) error {
		data, err := os.ReadFile(args[0])
		if err != nil {
			return err
		}
		set, err := ruleset.Parse(filepath.Base(args[0]), data)
		if err != nil {
			return err
		}
		requests, err := a.requests(args[1:])
		if err != nil {
			return err
		}
		return a.tryRules(set, requests)
	})
	cmd.Long = `Check a file of rules, try the tests that it holds, and say which rule decides
about other requests: METHOD PATH, any number of them, or with - one in each line
of standard input. No server is needed. The exit code is 1 when the file is wrong
or one of its tests fails.`
	cmd.Example = `  tokenry rules test tickets.yaml
  tokenry rules test tickets.yaml GET /systems/payments/tickets/7`
	return cmd
}

// requests reads those that were given, each a method and a path.
func (a *app) requests(args []string) ([][2]string, error) {
	var out [][2]string
	if len(args) == 1 && args[0] == "-" {
		lines := bufio.NewScanner(a.In)
		for lines.Scan() {
			if strings.TrimSpace(lines.Text()) == "" {
				continue
			}
			method, path, ok := ruleset.Request(lines.Text())
			if !ok {
				return nil, fmt.Errorf("request %d of standard input is not METHOD PATH, like GET /tickets/7", len(out)+1)
			}
			out = append(out, [2]string{method, path})
		}
		return out, lines.Err()
	}
	if len(args)%2 != 0 {
		return nil, usagef("after the file stand a method and a path, like GET /tickets/7, or pairs of them, or - for standard input")
	}
	for i := 0; i < len(args); i += 2 {
		path, _, _ := strings.Cut(args[i+1], "?")
		out = append(out, [2]string{args[i], path})
	}
	return out, nil
}

// trial is a request and what a file of rules says about it.
type trial struct {
	Method  string   `json:"method"`
	Path    string   `json:"path"`
	Refused string   `json:"refused,omitempty"`
	Rule    string   `json:"rule,omitempty"`
	Line    int      `json:"line,omitempty"`
	Public  bool     `json:"public,omitempty"`
	Scopes  []string `json:"scopes,omitempty"`
	// Resource is what the request touches; any accepts a token restricted to any.
	Resource string `json:"resource,omitempty"`
	// Test is the line of the test that asks; Met says whether it got what it expects.
	Test int   `json:"test,omitempty"`
	Met  *bool `json:"met,omitempty"`
}

// try asks a set about one request, and writes down what it says as a program reads
// it.
func try(set *ruleset.Set, method, path string) (trial, ruleset.Needs) {
	n := set.Match(method, path)
	t := trial{Method: method, Path: path, Refused: n.Refused, Resource: n.Resource}
	if n.Rule != nil {
		t.Rule, t.Line, t.Public, t.Scopes = n.Rule.Match, n.Rule.Line, n.Rule.Public, n.Rule.Scopes
	}
	return t, n
}

var errRulesTest = errors.New("the rules do not do what their tests expect")

// tryRules prints what a file says about requests, those of its tests first.
func (a *app) tryRules(set *ruleset.Set, requests [][2]string) error {
	var trials []trial
	failed := false
	for _, test := range set.Tests {
		t, n := try(set, test.Method, test.Path)
		met := test.Met(n)
		t.Test, t.Met = test.Line, &met
		failed = failed || !met
		trials = append(trials, t)
	}
	for _, r := range requests {
		t, _ := try(set, r[0], r[1])
		trials = append(trials, t)
	}
	fmt.Fprintf(a.Err, "%d rules, %d tests, tokens of workspace %s\n", set.Len(), len(set.Tests), terminal.Clean(set.Workspace))
	if len(trials) > 0 || a.flags.json {
		if err := table(a, each(trials, nil), 0, "METHOD,PATH,NEEDS,RULE,TEST", trial.cells); err != nil {
			return err
		}
	}
	if failed {
		return errRulesTest
	}
	return nil
}

// cells are a trial in a table. What no token is needed for is said in words, and not
// left empty.
func (t trial) cells() []string {
	var needs, rule, test string
	switch {
	case t.Rule == "":
		needs = "refused: " + t.Refused
	case t.Public:
		needs = "nothing: public"
	case len(t.Scopes) == 0:
		needs = "a valid token"
	default:
		needs = strings.Join(t.Scopes, " ")
	}
	if t.Resource != "" {
		needs += " on " + t.Resource
	}
	if t.Rule != "" {
		rule = fmt.Sprintf("line %d: %s", t.Line, t.Rule)
	}
	if t.Met != nil {
		test = "met"
		if !*t.Met {
			test = fmt.Sprintf("NOT MET, line %d", t.Test)
		}
	}
	return []string{t.Method, t.Path, needs, rule, test}
}

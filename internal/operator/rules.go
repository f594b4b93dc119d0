package operator

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/ruleset"
	"github.com/tokenry/tokenry/internal/terminal"
)

// rules are the commands about files of rules.
func (a *operator) rules() *cobra.Command {
	return a.Group("rules", "Try files of rules for /v1/ext-authz", a.rulesTest())
}

// rulesTest tries a file of rules without any server, as a check before it is
// deployed: exit 1 says that the file is wrong or a test of its own is not met.
func (a *operator) rulesTest() *cobra.Command {
	cmd := a.Command("test FILE [METHOD PATH …|-]", "Check a file of rules, and say what requests need by it", cobra.MinimumNArgs(1), func(_ *cobra.Command, args []string) error {
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
	return cmd
}

// requests reads those that were given, each a method and a path.
func (a *operator) requests(args []string) ([][2]string, error) {
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
		return nil, command.Usagef("after the file stand a method and a path, like GET /tickets/7, or pairs of them, or - for standard input")
	}
	for i := 0; i < len(args); i += 2 {
		path, _, _ := strings.Cut(args[i+1], "?")
		out = append(out, [2]string{args[i], path})
	}
	return out, nil
}

var errRulesTest = errors.New("the rules do not do what their tests expect")

// tryRules prints what a file says about requests, those of its tests first.
func (a *operator) tryRules(set *ruleset.Set, requests [][2]string) error {
	var trials []ruleset.Trial
	failed := false
	for _, test := range set.Tests {
		t, n := set.Try(test.Method, test.Path)
		met := test.Met(n)
		t.Test, t.Met = test.Line, &met
		failed = failed || !met
		trials = append(trials, t)
	}
	for _, r := range requests {
		t, _ := set.Try(r[0], r[1])
		trials = append(trials, t)
	}
	fmt.Fprintf(a.Err, "%d rules, %d tests, tokens of workspace %s\n", set.Len(), len(set.Tests), terminal.Clean(set.Workspace))
	if len(trials) > 0 || a.JSON {
		if err := command.Table(a.App, command.Each(trials, nil), 0, "METHOD,PATH,NEEDS,RULE,TEST", ruleset.Trial.Cells); err != nil {
			return err
		}
	}
	if failed {
		return errRulesTest
	}
	return nil
}

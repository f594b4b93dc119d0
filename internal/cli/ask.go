package cli

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/terminal"
)

// askRights asks at a terminal what a token may do, where no flag says it. Where nobody
// can be asked, the token gets what the API gives: everything its owner may.
func (a *app) askRights(ctx context.Context, c *client.Client, fs *pflag.FlagSet, in *api.CreateToken) error {
	named := slices.ContainsFunc([]string{"scope", "role", "grants", "resource"}, fs.Changed)
	if in.Grants.Has() && len(in.Grants.Value) == 0 {
		return command.Usagef("--grants has no statement, so the token could do nothing; leave it out and the token may do everything its owner may")
	}
	if named || !a.asksPeople() {
		return nil
	}
	if known, err := c.ListScopes(ctx, ""); err == nil { // to whom they are not told, they are not shown
		fmt.Fprint(a.Err, terminal.Scopes(known))
	}
	lines := bufio.NewReader(a.In)
	scopes := a.asks(lines, "Scopes that it may use, apart by blanks (empty: everything its owner may): ")
	if len(scopes) == 0 {
		return nil
	}
	in.Scopes = api.Some(scopes)
	in.Resources = api.Some(a.asks(lines, "Resources that it may use them on (* is all, empty is none): "))
	return nil
}

// asksPeople says whether somebody sits there who can be asked, and no program.
func (a *app) asksPeople() bool {
	return !a.JSON && !a.StdinTaken && a.Terminal(a.In) && a.Terminal(a.Err)
}

// asks reads one line of words.
func (a *app) asks(lines *bufio.Reader, question string) []string {
	fmt.Fprint(a.Err, question)
	line, _ := lines.ReadString('\n')
	return append([]string{}, strings.Fields(strings.ReplaceAll(line, ",", " "))...)
}

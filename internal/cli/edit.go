package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/terminal"
)

// lately is how long ago a scope was used that is said to be in use.
const lately = 90 * 24 * time.Hour

// tokenEdit merges flags into a token: one that was not given leaves its field alone,
// and --clear sets it to null, which inherits or removes. It asks that the token is as
// it was read, see [condition], and tells before it takes what was in use.
func (a *app) tokenEdit() *cobra.Command {
	var f *terminal.Fields
	var when *condition
	var yes, dryRun bool
	cmd := a.Command("edit ID", "Change a token", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		var in api.EditToken
		if err := f.Into(&in); err != nil {
			return err
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		if narrows(cmd.Flags()) && !yes {
			if err := a.tellTaken(cmd.Context(), c, args[0], in, !dryRun); err != nil {
				return err
			}
		}
		if dryRun {
			t, err := c.RehearseEditToken(cmd.Context(), "", args[0], in)
			if err != nil {
				return err
			}
			return a.Show(t, a.tokenRows(t))
		}
		opts, err := when.options(cmd.Context(), func(ctx context.Context) (int64, error) {
			t, err := c.GetToken(ctx, "", args[0])
			return t.Revision, err
		})
		if err != nil {
			return err
		}
		t, err := c.EditToken(cmd.Context(), "", args[0], in, opts...)
		if err != nil {
			return err
		}
		return a.Show(t, a.tokenRows(t))
	})
	cmd.Long = `Change a token: what no flag names stays as it is, and --clear empties a field.

An edit that takes a scope which the token used in the last 90 days says so, and
asks at a terminal. Elsewhere it says so on standard error and goes on, as scripts
expect of it. --dry-run changes nothing and shows what the token would be.`
	when = conditionFlag(cmd)
	f = tokenFields(cmd.Flags()).Clearing("description", "role", "scopes", "resources", "grants", "not_before", "allowed_ips", "rate_limit", "metadata")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "ask nothing, and do not look at what it used")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "change nothing, and show what it would become")
	return command.Answers[api.Token](a.App, cmd)
}

// narrows says whether flags say anything about what a token may do.
func narrows(fs *pflag.FlagSet) bool {
	cleared, _ := fs.GetStringSlice("clear")
	rights := []string{"role", "scopes", "resources", "grants"}
	return slices.ContainsFunc([]string{"role", "scope", "resource", "grants"}, fs.Changed) ||
		slices.ContainsFunc(cleared, func(name string) bool { return slices.Contains(rights, name) })
}

// tellTaken says which scopes an edit would take that were used lately, and asks a person
// whether it shall.
func (a *app) tellTaken(ctx context.Context, c *client.Client, id string, in api.EditToken, ask bool) error {
	taken, err := a.taken(ctx, c, id, in)
	if err != nil || len(taken) == 0 {
		return err
	}
	fmt.Fprintf(a.Err, "this takes what the token used in the last 90 days:\n")
	for _, s := range taken {
		fmt.Fprintf(a.Err, "  %s  %s, last %s\n", terminal.Clean(s.Scope), terminal.Times(s.Count), terminal.Relative(s.LastUsedAt.Sub(a.Now())))
	}
	if !ask || !a.asksPeople() {
		return nil
	}
	fmt.Fprint(a.Err, "Whatever still needs it is refused from then on. Change the token? [y/N] ")
	line, _ := bufio.NewReader(a.In).ReadString('\n') // an end is no answer
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return errors.New("nothing was changed")
	}
	return nil
}

// taken are the scopes that the token can be used with now and not after the edit, of those
// that were used lately: by a rehearsal of the edit itself. What it would be refused for, it
// is when it is made. Who may not see what was used is not told.
func (a *app) taken(ctx context.Context, c *client.Client, id string, in api.EditToken) ([]api.ScopeUse, error) {
	now := a.Now()
	used, err := c.TokenUsage(ctx, "", id, client.Span{From: now.Add(-lately), To: now, Bucket: api.BucketDay})
	if err != nil || len(used.Scopes) == 0 {
		if errors.Is(err, api.CodeInsufficientScope) || errors.Is(err, api.CodeNotFound) {
			return nil, nil
		}
		return nil, err
	}
	before, err := c.GetToken(ctx, "", id)
	if err != nil {
		return nil, err
	}
	after, err := c.RehearseEditToken(ctx, "", id, in)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(used.Scopes, func(s api.ScopeUse) bool {
		return now.Sub(s.LastUsedAt) >= lately || !terminal.Reaches(before.Effective, s.Scope) || terminal.Reaches(after.Effective, s.Scope)
	}), nil
}

package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/terminal"
)

// spanFlags adds the flags that say a time of usage.
func spanFlags(fs *pflag.FlagSet) func() client.Span {
	var span client.Span
	from, to := new(terminal.Moment), new(terminal.Moment)
	fs.Var(from, "from", "only since then (default a day ago)")
	fs.Var(to, "to", "only until then (default now)")
	fs.StringVar(&span.Bucket, "bucket", "", "hour or day")
	return func() client.Span {
		span.From, span.To = from.Time, to.Time
		return span
	}
}

// tokenUsage counts what was done with a token.
func (a *app) tokenUsage() *cobra.Command {
	var span func() client.Span
	cmd := a.Command("usage ID", "Count what was done with a token", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		u, err := c.TokenUsage(cmd.Context(), "", args[0], span())
		if err != nil {
			return err
		}
		return a.Show(u, a.usageRows(u))
	})
	span = spanFlags(cmd.Flags())
	return cmd
}

// workspaceUsage counts what was done with all tokens of a workspace.
func (a *app) workspaceUsage() *cobra.Command {
	var span func() client.Span
	var everywhere bool
	cmd := a.Command("usage [WORKSPACE]", "Count what was done with all tokens, and list the last refusals", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		if everywhere {
			return a.instanceUsage(cmd, c, span())
		}
		u, err := c.WorkspaceUsage(cmd.Context(), strings.Join(args, ""), span())
		if err != nil {
			return err
		}
		rows := append([]row{{"workspace", u.Workspace}}, a.seriesRows(u.UsageSeries)...)
		for _, d := range u.Denials {
			rows = append(rows, row{a.When(&d.At), fmt.Sprintf("%s refused: %s (%s)", terminal.Optional(d.Token), d.Code, d.RequestID)})
		}
		return a.Show(u, rows)
	})
	span = spanFlags(cmd.Flags())
	cmd.Flags().BoolVar(&everywhere, "instance", false, "of all workspaces; it needs instance:admin")
	return cmd
}

// instanceUsage counts what was done in all workspaces, together and in each.
func (a *app) instanceUsage(cmd *cobra.Command, c *client.Client, span client.Span) error {
	u, err := c.InstanceUsage(cmd.Context(), span)
	if err != nil {
		return err
	}
	rows := a.seriesRows(u.UsageSeries)
	for _, w := range u.Workspaces {
		rows = append(rows, row{"workspace " + w.Workspace, fmt.Sprintf("%d allowed, %d denied", w.Allowed, w.Denied)})
	}
	return a.Show(u, rows)
}

// usageRows describe what was done with a token. A retired secret that was used again
// is told in capitals: somebody has it who should not.
func (a *app) usageRows(u api.TokenUsage) []row {
	rows := []row{{"token", u.Token}, {"last used", a.When(u.LastUsedAt)}, {"from", terminal.Optional(u.LastUsedIP)}}
	rows = append(rows, a.seriesRows(u.UsageSeries)...)
	for _, s := range u.Scopes {
		rows = append(rows, row{"scope " + s.Scope, fmt.Sprintf("%d times, last %s", s.Count, a.When(&s.LastUsedAt))})
	}
	for _, r := range u.Reuses {
		rows = append(rows, row{"RETIRED secret", fmt.Sprintf("number %d, %d times, last %s from %s", r.Secret, r.Count, a.When(&r.LastUsedAt), terminal.Optional(r.LastUsedIP))})
	}
	return rows
}

// seriesRows are the counts of a time, hours or days in which nothing happened left
// out. Times are in UTC.
func (a *app) seriesRows(u api.UsageSeries) []row {
	rows := []row{{"allowed", fmt.Sprint(u.Allowed)}, {"denied", fmt.Sprint(u.Denied)}}
	for _, b := range u.Buckets {
		if b.Allowed+b.Denied > 0 {
			rows = append(rows, row{a.When(&b.Start), fmt.Sprintf("%d allowed, %d denied", b.Allowed, b.Denied)})
		}
	}
	return rows
}

const activityHead = "DAY,FROM,AGENT,REQUEST,OUTCOME,COUNT,LAST"

// tokenActivity tells from where and for what a token was used.
func (a *app) tokenActivity() *cobra.Command {
	var most int
	cmd := a.Command("activity ID", "Say from where and for what a token was used", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		return command.Table(a.App, c.Activity(cmd.Context(), "", args[0]), most, activityHead, func(v api.Activity) []string {
			return []string{v.Day.Format("2006-01-02"), terminal.Optional(v.IP), v.UserAgent, strings.TrimSpace(v.Method + " " + v.Path),
				string(v.Outcome), fmt.Sprint(v.Count), a.When(&v.LastAt)}
		})
	})
	limitFlag(cmd.Flags(), &most, 50)
	return command.List[api.Activity](a.App, cmd, activityHead)
}

const adviceHead = "TOKEN,LABEL,ADVICE,WHY"

// tokenAdvise says what to narrow or end, and with --apply does it.
func (a *app) tokenAdvise() *cobra.Command {
	var apply bool
	cmd := a.Command("advise [ID]", "Say what to narrow or end about a token, or about all", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		id := strings.Join(args, "")
		counts := map[string]int{}
		advice := func(yield func(api.Advice, error) bool) {
			c.Advice(cmd.Context(), "", id)(func(v api.Advice, err error) bool {
				if err == nil {
					counts[v.Code]++
				}
				return yield(v, err)
			})
		}
		err = command.Table(a.App, advice, 0, adviceHead, func(v api.Advice) []string {
			return []string{v.Token, v.Label, v.Code, v.Explanation}
		})
		for _, code := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(a.Err, "%s: %d\n", code, counts[code])
		}
		if err != nil || !apply {
			return err
		}
		return a.follow(cmd, c, id)
	})
	cmd.Flags().BoolVar(&apply, "apply", false, "follow the advice: narrow and revoke. What needs a new secret is left to you")
	return command.List[api.Advice](a.App, cmd, adviceHead)
}

// follow applies each piece of advice, but nothing more to a token once it is
// revoked. A rotation is never done by itself: its secret has to go somewhere.
// What fails is told, and the rest is done.
func (a *app) follow(cmd *cobra.Command, c *client.Client, id string) error {
	revoked, failed := "", 0
	for v, err := range c.Advice(cmd.Context(), "", id) {
		if err != nil {
			return err
		}
		if v.Token == revoked { // all advice about a token comes in one piece
			continue
		}
		switch ch := v.Change; {
		case ch.Edit != nil:
			_, err = c.EditToken(cmd.Context(), "", v.Token, *ch.Edit)
		case ch.Revoke != nil:
			revoked = v.Token
			_, err = c.RevokeToken(cmd.Context(), "", v.Token, *ch.Revoke)
		default:
			fmt.Fprintf(a.Err, "%s: rotate it yourself: tokenry token rotate %s\n", terminal.Clean(v.Label), v.Token)
			continue
		}
		if err != nil {
			failed++
			fmt.Fprintf(a.Err, "%s: not done (%s): %s\n", terminal.Clean(v.Label), v.Code, terminal.Clean(err.Error()))
			continue
		}
		fmt.Fprintf(a.Err, "%s: done (%s)\n", terminal.Clean(v.Label), v.Code)
	}
	if failed > 0 {
		return fmt.Errorf("%d pieces of advice could not be followed", failed)
	}
	return nil
}

// explain says which check a token or a request failed.
func (a *app) explain() *cobra.Command {
	var in api.ExplainRequest
	var from, address string
	cmd := a.Command("explain [TOKEN-ID | REQUEST-ID]", "Say which check a token or a request failed, and what would fix it", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) (err error) {
		in.Token = strings.Join(args, "")
		if strings.HasPrefix(in.Token, "req_") { // as answers and logs name a request
			in.Token, in.RequestID = "", in.Token
		}
		if from != "" {
			if in.Token, err = a.ReadSecret(from, "--token-from"); err != nil {
				return err
			}
		}
		if address != "" {
			in.Client = &api.Client{IP: address}
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		e, err := c.Explain(cmd.Context(), "", in)
		if err != nil {
			return err
		}
		return a.showExplanation(e)
	})
	fs := cmd.Flags()
	fs.StringVar(&from, "token-from", "", "the token string: - for standard input, @FILE, or '$NAME' for a variable")
	fs.StringVar(&in.RequestID, "request-id", "", "a request that was decided, by its id")
	fs.StringSliceVar(&in.Scopes, "scope", nil, "what the request needs (repeatable)")
	fs.StringVar(&in.Resource, "resource", "", "what the request touches")
	fs.StringVar(&address, "from", "", "the address that the request comes from")
	return cmd
}

// showExplanation prints each check in the order in which it is made, and below it
// what would mend it.
func (a *app) showExplanation(e api.Explanation) error {
	if a.JSON {
		return a.PrintJSON(e)
	}
	rows := []row{{"decision", string(e.Code)}}
	if e.Token != nil {
		rows = append(rows, row{"token", e.Token.ID}, row{"label", e.Token.Label})
	}
	for _, c := range e.Checks {
		rows = append(rows, row{string(c.Check), strings.Trim(c.Result+": "+c.Detail, ": ")})
		if c.Remedy != "" {
			rows = append(rows, row{"", "→ " + c.Remedy})
		}
	}
	return command.Describe(a.Out, rows)
}

package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/terminal"
)

// tokens are the commands about tokens. ID is a token ID, its locator, or self.
func (a *app) tokens() *cobra.Command {
	return a.Group("token", "Create, list, rotate and revoke tokens",
		a.tokenCreate(), a.tokenList(),
		a.tokenShow(), a.tokenDescendants(),
		a.tokenEdit(), a.tokenRotate(), a.tokenDerive(),
		a.tokenIssue("reset ID", "Give a token a new secret; the old one is dead at once", func(ctx context.Context, c *client.Client, id string) (api.Issued, error) {
			return c.ResetToken(ctx, "", id)
		}),
		a.tokenAct("retire ID", "End the overlap of a rotation now: the new secret alone works", (*client.Client).RetireSecrets),
		a.tokenIssue("reveal ID", "Show the secret of a recoverable token again", func(ctx context.Context, c *client.Client, id string) (api.Issued, error) {
			return c.RevealToken(ctx, "", id)
		}),
		a.tokenDisable(),
		a.tokenAct("enable ID", "Bring a disabled token back", (*client.Client).EnableToken),
		a.tokenRevoke(),
		a.tokenAct("delete ID", "Revoke a token and hide it from lists", (*client.Client).DeleteToken),
		a.tokenTransfer(), a.tokenLookup(), a.tokenLeak(), a.tokenBulk(),
		a.tokenUsage(), a.tokenStrange(), a.tokenActivity(), a.tokenAdvise(),
	)
}

// tokenAct makes a command that does one thing to a token and shows it.
func (a *app) tokenAct(use, short string, act func(*client.Client, context.Context, string, string) (api.Token, error)) *cobra.Command {
	return command.Answers[api.Token](a.App, a.Command(use, short, cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		t, err := act(c, cmd.Context(), "", args[0])
		if err != nil {
			return err
		}
		return a.Show(t, a.tokenRows(t))
	}))
}

// tokenIssue makes a command that hands over a secret.
func (a *app) tokenIssue(use, short string, issue func(context.Context, *client.Client, string) (api.Issued, error)) *cobra.Command {
	return command.Answers[api.Issued](a.App, a.Command(use, short, cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		v, err := issue(cmd.Context(), c, args[0])
		if err != nil {
			return err
		}
		return a.issued(v)
	}))
}

// tokenFields adds the flags of what a token's creator writes.
func tokenFields(fs *pflag.FlagSet) *terminal.Fields {
	return terminal.NewFields(fs).
		Text("label", "name of the token, for people").
		Text("description", "what it is for").
		Rights().
		Value("expires_in", new(terminal.Lifetime), "lifetime from now, like 90d, 24h or 30m").
		Value("expires_at", new(terminal.Moment), "when it expires").
		Yes("never", "it never expires, if the policy allows that").
		Value("not_before", new(terminal.Moment), "when it begins to be valid").
		Texts("allowed_ips", "allowed-ip", "CIDR or address that it is accepted from").
		Value("rate_limit", new(terminal.Rate), "so many requests in a window, like 100/1m").
		Yes("recoverable", "its secret can be shown again, if the policy allows that").
		Metadata()
}

// tokenCreate makes a token. The label is required: a token that nobody can name is
// one that nobody dares to revoke. It needs tokens:create.
func (a *app) tokenCreate() *cobra.Command {
	var in api.CreateToken
	var f *terminal.Fields
	use := new(terminal.Use)
	cmd := a.Command("create LABEL", "Create a token and print its secret, this once", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		if err := labelled(cmd.Flags(), args); err != nil {
			return err
		}
		if err := f.Into(&in); err != nil {
			return err
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		if err := a.askRights(cmd.Context(), c, cmd.Flags(), &in); err != nil {
			return err
		}
		v, err := c.CreateToken(cmd.Context(), "", in, keyOption(cmd.Flags())...)
		if err != nil {
			return err
		}
		for _, note := range terminal.Created(v) {
			fmt.Fprintln(a.Err, "note: "+note)
		}
		a.tellUse(*use)
		return a.issued(v)
	})
	cmd.Long = `Create a token and print its secret on standard output; it is never shown again.

Without --role, --scope or --grants a terminal is asked; elsewhere the token
may do everything its owner may, and that is said. --resource '*' is the entire
portfolio; rights without a resource reach none. A lifetime that is left out is
the policy's.`
	f = tokenFields(cmd.Flags()).
		Text("kind", "personal, service or workspace; left out it follows from the owner").
		Text("owner", "e-mail or id of a member, or name of a service account; left out it is you")
	addKey(cmd.Flags())
	cmd.Flags().Var(use, "for", "mcp, or mcp=URL: print what clients of that MCP server are told, without the secret")
	return command.Answers[api.Issued](a.App, cmd)
}

// labelled takes the label from the argument or from --label: one of them.
func labelled(fs *pflag.FlagSet, args []string) error {
	switch given := fs.Changed("label"); {
	case given && len(args) > 0:
		return command.Usagef("give the label once: as LABEL or with --label")
	case !given && len(args) == 0:
		return command.Usagef("give the token a label, by which people know it: tokenry token create LABEL")
	case !given:
		return fs.Set("label", args[0])
	}
	return nil
}

// tellUse prints how programs of a kind present a token.
func (a *app) tellUse(use terminal.Use) {
	if !use.MCP {
		return
	}
	for _, s := range phrase.MCPClients(cmp.Or(use.Server, phrase.ExampleMCP)) {
		fmt.Fprintf(a.Err, "# %s\n%s\n\n", s.Title, s.Text)
	}
}

// addKey adds --idempotency-key.
func addKey(fs *pflag.FlagSet) {
	fs.String("idempotency-key", "", "name of this request, so that sending it again does not do it twice")
}

// keyOption is the name that makes it safe to send a creation again; without one a
// script that lost the answer may make two tokens.
func keyOption(fs *pflag.FlagSet) []client.CallOption {
	if key, err := fs.GetString("idempotency-key"); err == nil && key != "" {
		return []client.CallOption{client.IdempotencyKey(key)}
	}
	return nil
}

// tokenDisable suspends a token. --revoke-after that was given is sent, also when it
// is 0: a flag that was given is never taken for none.
func (a *app) tokenDisable() *cobra.Command {
	after := new(terminal.Lifetime)
	var cmd *cobra.Command
	cmd = a.tokenAct("disable ID", "Suspend a token until it is enabled", func(c *client.Client, ctx context.Context, ws, id string) (api.Token, error) {
		var in api.DisableToken
		if cmd.Flags().Changed("revoke-after") {
			in.RevokeAfter = api.Some(after.Duration)
		}
		return c.DisableToken(ctx, ws, id, in)
	})
	cmd.Flags().Var(after, "revoke-after", "revoke it once it was disabled for so long")
	return cmd
}

// tokenRevoke ends a token in one of two ways that need different rights: by its ID,
// with tokens:delete, or by its secret, with nothing but that.
func (a *app) tokenRevoke() *cobra.Command {
	var in api.RevokeToken
	var secret string
	cmd := a.tokenAct("revoke ID", "End a token for good", func(c *client.Client, ctx context.Context, ws, id string) (api.Token, error) {
		return c.RevokeToken(ctx, ws, id, in)
	})
	byID := cmd.RunE
	cmd.Args = cobra.MaximumNArgs(1)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := command.NothingEmpty(cmd, args); err != nil {
			return err
		}
		if secret == "" && len(args) == 1 {
			return byID(cmd, args)
		}
		if secret == "" || len(args) == 1 {
			return command.Usagef("name the token by its ID, or give --secret and no ID")
		}
		if err := a.Begin(cmd, args); err != nil {
			return err
		}
		return a.revokeSecret(cmd.Context(), secret)
	}
	cmd.Long = `End a token for good: by its ID, with the right to, or by its secret alone, which
needs no other token. --secret is - for standard input, @FILE or '$NAME'.`
	cmd.Flags().StringVar(&secret, "secret", "", "end the token of this secret: -, @FILE or '$NAME'")
	cmd.Flags().StringVar(&in.Reason, "reason", "", "unused, superseded, leaked, owner_left or other")
	cmd.Flags().StringVar(&in.Comment, "comment", "", "what happened")
	descendantsFlag(cmd, &in.Descendants)
	return cmd
}

// revokeSecret gives a token up by having its secret. The server does not say
// whether there was one.
func (a *app) revokeSecret(ctx context.Context, from string) error {
	server, err := a.Address()
	if err != nil {
		return err
	}
	secret, err := a.ReadSecret(from, "--secret")
	if err != nil {
		return err
	}
	c, err := client.New(server, secret, client.WithUserAgent("tokenry-cli"))
	if err != nil {
		return command.Misused(err)
	}
	if err := c.RevokeSecret(ctx, secret); err != nil {
		return err
	}
	fmt.Fprintln(a.Err, "if this was the secret of a token, that token is revoked")
	return nil
}

// tokenTransfer hands a token to another owner. The former secret is dead at once,
// because its holder is not the new owner.
func (a *app) tokenTransfer() *cobra.Command {
	var in api.TransferToken
	cmd := a.tokenIssue("transfer ID --owner OWNER", "Move a token to another owner and give it a new secret", func(ctx context.Context, c *client.Client, id string) (api.Issued, error) {
		return c.TransferToken(ctx, "", id, in)
	})
	cmd.Flags().StringVar(&in.Owner, "owner", "", "e-mail or id of a member, name of a service account, or slug@workspace")
	_ = cmd.MarkFlagRequired("owner") // it was added above
	return cmd
}

// tokenList prints tokens as the server has them, page by page; --limit ends it early,
// and that it was ended is said on standard error.
func (a *app) tokenList() *cobra.Command {
	var filter func() (api.TokenFilter, error)
	var most int
	var now effective
	cmd := a.Command("list", "List tokens, newest first", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		f, err := filter()
		if err != nil {
			return err
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		return command.Table(a.App, c.Tokens(cmd.Context(), "", f, now.include()...), most, tokenHead, func(t api.Token) []string {
			t.Grants = now.of(t.Grants, t.Effective)
			return a.tokenLine(t)
		})
	})
	filter = terminal.TokenFilter(cmd.Flags())
	limitFlag(cmd.Flags(), &most, 0)
	now.flag(cmd.Flags())
	return command.List[api.Token](a.App, cmd, tokenHead)
}

// effective says that a list tells what each may do now, in place of what it was given.
type effective bool

func (e *effective) flag(fs *pflag.FlagSet) {
	fs.BoolVar((*bool)(e), "effective", false, "show the rights that each has now, which is worked out for each")
}

// include is what the server is asked for besides: working out what each may do now
// costs it time, so it is asked for by name.
func (e *effective) include() []string {
	if *e {
		return []string{"effective"}
	}
	return nil
}

// of are the rights to show: what a token was given, or what that comes to now with
// its owner, the catalogue and the roles as they are.
func (e *effective) of(given, now []api.Statement) []api.Statement {
	if *e {
		return now
	}
	return given
}

// limitFlag adds --limit.
func limitFlag(fs *pflag.FlagSet, most *int, def int) {
	fs.IntVar(most, "limit", def, "print at most so many; 0 is all")
}

// queryFlag narrows a list of what has a name.
func queryFlag(fs *pflag.FlagSet, f *api.ListFilter, in string) {
	fs.StringVar(&f.Query, "query", "", "only those with this text in their "+in)
}

const tokenHead = "LABEL,TOKEN,ID,KIND,STATUS,RIGHTS,CREATED,EXPIRES,LAST USED|TOKEN,CREATED,KIND,RIGHTS,LAST USED"

// tokenLine is a token in a table.
func (a *app) tokenLine(t api.Token) []string {
	created := t.CreatedAt
	return []string{t.Label, t.Masked, t.ID, t.Kind, terminal.Status(t), terminal.Rights(t.Grants), a.When(&created), a.Expiry(t), a.When(t.LastUsedAt)}
}

// tokenRows describe a token; what it does not have is left out.
func (a *app) tokenRows(t api.Token) []row {
	created, effective := t.CreatedAt, terminal.Rights(t.Effective)
	if t.BlockedBy != nil && len(t.Effective) > 0 {
		effective = "nothing now"
	}
	rows := []row{
		{"id", t.ID}, {"label", t.Label}, {"description", t.Description}, {"token", t.Masked}, {"kind", t.Kind},
		{"workspace", t.Workspace}, {"owner", t.Owner.Address}, {"status", terminal.Status(t)}, {"approval", phrase.Waits(t.Approval)}, {"unused", phrase.Disuse(t.Unused)}, {"rights", terminal.Rights(t.Grants)},
		{"effective", effective}, {"created", a.When(&created) + " by " + t.CreatedBy}, {"expires", a.Expiry(t)},
		{"valid from", a.When(t.NotBefore)}, {"last used", a.When(t.LastUsedAt)}, {"rotated", a.When(t.RotatedAt)},
		{"old secret ends", a.When(t.OverlapEndsAt)}, {"disabled", a.by(t.DisabledAt, t.DisabledBy)}, {"held", terminal.Held(t.Held)}, {"will be revoked", a.When(t.RevokeAt)},
		{"revoked", a.When(t.RevokedAt)}, {"reason", terminal.Optional(t.RevokeReason)}, {"comment", terminal.Optional(t.RevokeComment)},
		{"allowed addresses", strings.Join(t.AllowedIPs, " ")}, {"rate limit", terminal.RateLimit(t.RateLimit)}, {"metadata", terminal.Metadata(t.Metadata)},
	}
	if t.OutsidePolicy {
		rows = append(rows, row{"policy", "outside what the policy allows now"})
	}
	return said(rows)
}

// by is when something was done, and by whom.
func (a *app) by(at *time.Time, who *string) string {
	if at == nil || who == nil {
		return a.When(at)
	}
	return a.When(at) + " by " + *who
}

// said leaves out the rows that say nothing.
func said(rows []row) []row {
	out := rows[:0]
	for _, r := range rows {
		if r[1] != "" && r[1] != terminal.None {
			out = append(out, r)
		}
	}
	return out
}

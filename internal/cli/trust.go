package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/terminal"
	"github.com/tokenry/tokenry/token"
)

// trust are the commands about rules by which service accounts take the ID tokens of CI
// jobs and clusters, so that no secret has to be stored there.
func (a *app) trust() *cobra.Command {
	return a.Group("trust", "Let CI jobs and clusters get tokens for their ID tokens",
		a.trustCreate(), a.trustList(), a.trustAct("show ID", "Show a rule of trust", client.TrustCalls.GetTrustRule), a.trustEdit(),
		a.trustAct("delete ID", "Delete a rule of trust; tokens that it gave end", client.TrustCalls.DeleteTrustRule), a.trustExplain())
}

// trustFields are the flags of what a rule says.
func trustFields(fs *pflag.FlagSet) *terminal.Fields {
	return terminal.NewFields(fs).
		Text("label", "name of the rule, for people").
		Text("system", "github, gitlab, buildkite, circleci, terraform, kubernetes or oidc; left out, the one whose issuer it is").
		Text("issuer", "who signs the ID tokens, like https://token.actions.githubusercontent.com").
		Text("audience", "whom they are made out to; your server's address is a good one").
		Lists("claims", "claim", "NAME=VALUE that must hold, like repository_id=7001; values of one name are alternatives, * is characters but / and :").
		JSON("keys", "the issuer's public keys as a JSON Web Key Set, or @FILE, for one that does not tell them to strangers").
		Rights().
		Texts("allowed_ips", "allowed-ip", "CIDR or address that the tokens are accepted from").
		Value("expires_in", new(terminal.Lifetime), "how long a token lives, 1m to 1h")
}

// trustCreate makes a rule. What may be meant otherwise is said at once.
func (a *app) trustCreate() *cobra.Command {
	var in api.CreateTrustRule
	var account string
	var f *terminal.Fields
	cmd := a.Command("create --service-account NAME --label LABEL --issuer URL --audience URL --claim NAME=VALUE", "Let a service account trust ID tokens", cobra.NoArgs,
		func(cmd *cobra.Command, _ []string) error {
			if err := f.Into(&in); err != nil {
				return err
			}
			in.ServiceAccount = account
			c, err := a.client()
			if err != nil {
				return err
			}
			r, err := c.CreateTrustRule(cmd.Context(), "", in, keyOption(cmd.Flags())...)
			return a.showTrust(r, err)
		})
	f = trustFields(cmd.Flags())
	addKey(cmd.Flags())
	cmd.Flags().StringVar(&account, "service-account", "", "whose tokens it gives")
	for _, name := range []string{"service-account", "label", "issuer", "audience", "claim"} {
		_ = cmd.MarkFlagRequired(name) // it was added above
	}
	return command.Answers[api.TrustRule](a.App, cmd)
}

const trustHead = "ID,LABEL,SERVICE ACCOUNT,ISSUER,CLAIMS,RIGHTS,STATUS|RIGHTS,ISSUER"

// trustList prints the rules, one line for each.
func (a *app) trustList() *cobra.Command {
	var account string
	cmd := a.Command("list", "List the rules of trust", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		return command.Table(a.App, c.TrustRules(cmd.Context(), "", account), 0, trustHead, func(r api.TrustRule) []string {
			return []string{r.ID, r.Label, r.ServiceAccount, r.Issuer, terminal.Claims(r.Claims), terminal.Rights(r.Grants), terminal.TrustStatus(r)}
		})
	})
	cmd.Flags().StringVar(&account, "service-account", "", "the rules of this one alone")
	return command.List[api.TrustRule](a.App, cmd, trustHead)
}

// trustAct makes a command that does one thing to a rule and shows it.
func (a *app) trustAct(use, short string, act func(client.TrustCalls, context.Context, string, string) (api.TrustRule, error)) *cobra.Command {
	return command.Answers[api.TrustRule](a.App, a.Command(use, short, cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		r, err := act(c.TrustCalls, cmd.Context(), "", args[0])
		return a.showTrust(r, err)
	}))
}

// trustEdit merges flags into a rule, see [tokenEdit].
func (a *app) trustEdit() *cobra.Command {
	var f *terminal.Fields
	var when *condition
	cmd := a.Command("edit ID", "Change a rule of trust; tokens that it gave end, unless only the label is changed", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		var in api.EditTrustRule
		if err := f.Into(&in); err != nil {
			return err
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		opts, err := when.options(cmd.Context(), func(ctx context.Context) (int64, error) {
			r, err := c.GetTrustRule(ctx, "", args[0])
			return r.Revision, err
		})
		if err != nil {
			return err
		}
		r, err := c.EditTrustRule(cmd.Context(), "", args[0], in, opts...)
		return a.showTrust(r, err)
	})
	when = conditionFlag(cmd)
	f = trustFields(cmd.Flags()).Clearing("keys", "grants", "allowed_ips")
	return command.Answers[api.TrustRule](a.App, cmd)
}

// showTrust prints a rule, and on standard error what may be meant otherwise.
func (a *app) showTrust(r api.TrustRule, err error) error {
	if err != nil {
		return err
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(a.Err, "note: %s\n", terminal.Clean(w.Detail))
	}
	keys := "asked of the issuer"
	if r.Keys != nil {
		keys = fmt.Sprintf("%d, uploaded", len(r.Keys.Keys))
	}
	return a.Show(r, said([]row{
		{"id", r.ID}, {"label", r.Label}, {"service account", r.ServiceAccount}, {"system", r.System}, {"issuer", r.Issuer}, {"audience", r.Audience},
		{"claims", terminal.Claims(r.Claims)}, {"keys", keys}, {"rights", terminal.Rights(r.Grants)}, {"allowed ips", strings.Join(r.AllowedIPs, " ")},
		{"lifetime", r.ExpiresIn.String()}, {"status", terminal.TrustStatus(r)}, {"by", r.CreatedBy}, {"since", a.When(&r.CreatedAt)},
	}))
}

// trustExplain says which rules take an ID token. Nothing is exchanged by it.
func (a *app) trustExplain() *cobra.Command {
	var in api.ExplainTrust
	var claims string
	cmd := a.Command("explain [-|@FILE|'$NAME'] | --claims JSON", "Say which rules take an ID token, and why the others do not", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) (err error) {
		switch {
		case claims != "" && len(args) > 0:
			return command.Usagef("give either an ID token or --claims")
		case claims != "":
			text, err := terminal.JSONOrFile(claims)
			if err != nil || json.Unmarshal(text, &in.Claims) != nil {
				return command.Usagef("--claims: must be a JSON object, or @FILE of one")
			}
		default:
			if in.Token, err = a.ReadSecret(append(args, "-")[0], "the ID token"); err != nil {
				return err
			}
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		e, err := c.ExplainTrust(cmd.Context(), "", in)
		if err != nil {
			return err
		}
		return a.showTrusted(e)
	})
	cmd.Long = `Say which rules of trust take an ID token, and why the others do not. The token
is read from standard input (-, the default), a file (@FILE) or a variable
('$NAME'), never from an argument; --claims describes one that you do not have.
Nothing is exchanged, and the token is not used up. The exit code is 0 when an
exchange would give a token now, and 1 when not.`
	cmd.Flags().StringVar(&in.ServiceAccount, "service-account", "", "ask the rules of this one alone")
	cmd.Flags().StringVar(&claims, "claims", "", `claims of a token, like {"iss":"…","sub":"…"}, or @FILE`)
	return cmd
}

// showTrusted prints each rule's verdict, and why it is one.
func (a *app) showTrusted(e api.TrustExplanation) error {
	problems := func(list []api.TrustProblem) (out []string) {
		for _, p := range list {
			out = append(out, p.Claim+": "+p.Detail)
		}
		return out
	}
	var err error
	if a.JSON {
		err = a.PrintJSON(e)
	} else {
		for _, p := range problems(e.Times) {
			fmt.Fprintf(a.Err, "note: %s\n", terminal.Clean(p))
		}
		err = command.Table(a.App, command.Each(e.Rules, nil), 0, "RULE,LABEL,SERVICE ACCOUNT,FITS,SIGNATURE,WHY NOT", func(v api.TrustVerdict) []string {
			return []string{v.Rule, v.Label, v.ServiceAccount, terminal.YesNo(v.Fits), v.Signature, strings.Join(problems(v.Problems), "; ")}
		})
	}
	if err == nil && !e.Accepted {
		return errors.New("an exchange would give no token now")
	}
	return err
}

// exchange gets a token for an ID token. It needs no token of its own: this is how a job
// that has none gets one.
func (a *app) exchange() *cobra.Command {
	var account string
	cmd := a.Command("exchange --as ACCOUNT [-|@FILE|'$NAME']", "Get a token of a service account for an ID token, and print it", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		id, err := a.ReadSecret(append(args, "-")[0], "the ID token")
		if err != nil {
			return err
		}
		server, err := a.Address()
		if err != nil {
			return err
		}
		got, err := client.Exchange(cmd.Context(), server, account, token.NewSecret(id), client.WithUserAgent("tokenry-cli"))
		if err != nil {
			return err
		}
		if a.JSON {
			return a.PrintJSON(got)
		}
		lasts := ""
		if got.ExpiresIn != nil {
			lasts = fmt.Sprintf("%d seconds", *got.ExpiresIn)
		}
		if err := command.Describe(a.Err, said([]row{{"locator", got.Locator}, {"workspace", got.Workspace}, {"scopes", got.Scope}, {"lasts", lasts}})); err != nil {
			return err
		}
		a.SecretFollows()
		_, err = fmt.Fprintln(a.Out, got.AccessToken)
		return err
	})
	cmd.Long = `Get an ephemeral token of a service account for the ID token of a CI job or a
cluster, by a rule of trust (tokenry trust), and print it on standard output.
The ID token is read from standard input (-, the default), a file (@FILE) or a
variable ('$NAME'). It is exchanged once. No other token is needed.`
	cmd.Flags().StringVar(&account, "as", "", "address of the service account, like deploy@acme.service")
	_ = cmd.MarkFlagRequired("as") // it was added above
	return cmd
}

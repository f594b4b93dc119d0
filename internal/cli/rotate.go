package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/terminal"
)

// tokenRotate gives one token a new secret, or each of those that a filter finds.
func (a *app) tokenRotate() *cobra.Command {
	var f *terminal.Fields
	var cmd *cobra.Command
	var fleet fleetFlags
	var filter func() (api.TokenFilter, error)
	one := a.tokenIssue("rotate ID", "", func(ctx context.Context, c *client.Client, id string) (api.Issued, error) {
		var in api.RotateToken
		if err := f.Into(&in); err != nil {
			return api.Issued{}, err
		}
		return c.RotateToken(ctx, "", id, in, keyOption(cmd.Flags())...)
	})
	cmd = a.Command("rotate ID | --filter WORD=VALUE --exec CMD", "Give a token, or all that a filter finds, a new secret", cobra.MaximumNArgs(1),
		func(cmd *cobra.Command, args []string) error {
			if err := terminal.FilterWords(cmd.Flags(), fleet.words); err != nil {
				return err
			}
			found, err := filter()
			if err != nil {
				return err
			}
			var in api.RotateToken
			if err := f.Into(&in); err != nil {
				return err
			}
			switch many := terminal.Narrows(found) || fleet.used(cmd.Flags()); {
			case many && len(args) > 0:
				return command.Usagef("give either a token's ID, or a filter and --exec")
			case many:
				return a.rotateFleet(cmd, fleet, found, in)
			case len(args) == 0:
				return command.Usagef("say which token, by its ID, or which tokens, with --filter and --exec")
			}
			one.SetContext(cmd.Context())
			return one.RunE(one, args)
		})
	cmd.Long = rotateHelp
	f = terminal.NewFields(cmd.Flags()).
		Value("overlap", new(terminal.Lifetime), "how long the old secret still works; left out, the policy's").
		Yes("retire_on_first_use", "the old secret ends when the new one is first used").
		Yes("renew", "the original lifetime begins again, as far as the policy allows; also for an expired token").
		Value("expires_in", new(terminal.Lifetime), "new lifetime from now")
	addKey(cmd.Flags())
	fleet.add(cmd.Flags())
	filter = terminal.TokenFilter(cmd.Flags())
	return cmd
}

const rotateHelp = `Give a token a new secret; the old one works until the overlap ends.

With --filter and --exec, every token that the filter finds is rotated, except
your own. CMD is run by the shell, once for each token, with the new secret and a
line end on its standard input, and TOKENRY_TOKEN_ID, TOKENRY_LOCATOR,
TOKENRY_LABEL and TOKENRY_OWNER in its environment. When it ends with 0, the
secret is delivered.

What was done is kept in a journal, without secrets. Whatever ends the command
(Ctrl-C, a power cut, a CMD that fails), the same command goes on where it ended:
a secret that was lost on the way is replaced by a fresh one, and no token is
rotated twice. Tokens whose last overlap still runs are left out, because their
oldest secret would end at once.`

// fleetFlags say how many tokens are rotated.
type fleetFlags struct {
	words                                   []string
	exec, journal                           string
	parallel                                int
	keepGoing, dryRun, inOverlap, noNewline bool
}

func (o *fleetFlags) add(fs *pflag.FlagSet) {
	fs.StringArrayVar(&o.words, "filter", nil, "rotate every token with WORD=VALUE, with the words of token list; may be repeated")
	fs.StringVar(&o.exec, "exec", "", "command that reads a token's new secret on its standard input")
	fs.StringVar(&o.journal, "journal", "", "file that says what was done (default one in the state folder for this server and filter)")
	fs.IntVar(&o.parallel, "parallel", 1, "tokens at the same time")
	fs.BoolVar(&o.keepGoing, "keep-going", false, "go on with the other tokens after one failed")
	fs.BoolVar(&o.dryRun, "dry-run", false, "only list the tokens that would be rotated")
	fs.BoolVar(&o.inOverlap, "in-overlap", false, "also tokens whose last overlap still runs; their oldest secret ends at once")
	fs.BoolVar(&o.noNewline, "no-newline", false, "no line end after the secret")
}

// used says whether a flag was given that makes sense for many tokens alone.
func (o *fleetFlags) used(fs *pflag.FlagSet) bool {
	return slices.ContainsFunc([]string{"filter", "exec", "journal", "parallel", "keep-going", "dry-run", "in-overlap", "no-newline"}, fs.Changed)
}

func (o *fleetFlags) check(fs *pflag.FlagSet, f api.TokenFilter) error {
	switch {
	case !terminal.Narrows(f):
		return command.Usagef("say which tokens: --filter WORD=VALUE, like --filter owner=ci")
	case o.exec == "" && !o.dryRun:
		return command.Usagef("say with --exec what is to be done with each secret; --dry-run lists the tokens")
	case o.parallel < 1 || o.parallel > 64:
		return command.Usagef("--parallel takes 1 to 64")
	case fs.Changed("idempotency-key"):
		return command.Usagef("--idempotency-key is for one token; each of many has its own, which the journal keeps")
	}
	return nil
}

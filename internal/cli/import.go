package cli

import (
	"context"
	"sync"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/intake"
)

// imports brings tokens of another system over.
func (a *app) imports() *cobra.Command {
	var job intake.Job
	cmd := a.Command("import FILE", "Bring tokens of another system over, so that their strings keep working", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		if args[0] == "-" && a.flags.token == "-" {
			return command.Usagef("standard input is the token or the file, not both")
		}
		server := sync.OnceValues(func() (*client.Client, error) { return a.client() })
		return job.Run(cmd.Context(), args[0], intake.Desk{
			In: a.In, Out: a.Out, Err: a.Err, JSON: a.JSON, Person: a.Terminal(a.Err), Now: a.Now(),
			Send: func(ctx context.Context, in api.ImportTokens) (api.ImportResults, error) {
				c, err := server()
				if err != nil {
					return api.ImportResults{}, err
				}
				return c.ImportTokens(ctx, "", in)
			},
		})
	})
	cmd.Long = intake.Help
	job.Flags(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("from", cobra.FixedCompletions(intake.Systems(), cobra.ShellCompDirectiveNoFileComp)) // it was added above
	return cmd
}

// importFormats are the commands about what strings of other systems are looked up by.
func (a *app) importFormats() *cobra.Command {
	run := func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		var fs []api.ImportedFormat
		if len(args) == 0 {
			fs, err = c.ImportFormats(cmd.Context())
		} else {
			fs, err = intake.Alone(c.DeleteImportFormat(cmd.Context(), args[0]))
		}
		return command.Table(a.App, command.Each(fs, err), 0, intake.FormatHead, intake.FormatLine)
	}
	return a.Group("import-format", "Show and end what strings of other systems are looked up by (needs instance:admin)",
		command.List[api.ImportedFormat](a.App, a.Command("list", "List the formats of imports", cobra.NoArgs, run), intake.FormatHead),
		command.List[api.ImportedFormat](a.App, a.Command("delete NAME", "End the strings of a format, whatever became of their tokens", cobra.ExactArgs(1), run), intake.FormatHead))
}

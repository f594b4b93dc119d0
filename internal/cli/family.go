package cli

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/phrase"
)

// tokenShow shows a token, and to people how many were made with it.
func (a *app) tokenShow() *cobra.Command {
	return command.Answers[api.Token](a.App, a.Command("show ID", "Show a token", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		t, err := c.GetToken(cmd.Context(), "", args[0])
		if err != nil {
			return err
		}
		rows := a.tokenRows(t)
		if !a.JSON {
			made, err := c.TokenDescendants(cmd.Context(), "", args[0])
			if err != nil {
				return err
			}
			if made.Total > 0 {
				rows = append(rows, row{"made with it", phrase.MadeWith(made)})
			}
		}
		return a.Show(t, rows)
	}))
}

// tokenDescendants lists what was made with a token.
func (a *app) tokenDescendants() *cobra.Command {
	cmd := a.Command("descendants ID", "List what was made with a token, and with what was made with it", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		made, err := c.TokenDescendants(cmd.Context(), "", args[0])
		if err != nil {
			return err
		}
		if a.JSON {
			return a.PrintJSON(made)
		}
		return command.Table(a.App, command.Each(made.Items, nil), 0, tokenHead, a.tokenLine)
	})
	cmd.Long = `List what was made with a token, and with what was made with that, in its workspace:
the first 200, active ones first. A revocation takes them along with --descendants.`
	return cmd
}

// descendantsFlag says yes, no, or nothing, which leaves it to the policy.
func descendantsFlag(cmd *cobra.Command, to *api.Opt[bool]) {
	cmd.Flags().BoolFunc("descendants", "also revoke what was made with it (left out, and the reason is leaked: as the policy says)", func(s string) error {
		v, err := strconv.ParseBool(s)
		*to = api.Some(v)
		return err
	})
}

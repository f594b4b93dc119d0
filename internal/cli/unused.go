package cli

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/terminal"
)

// policyUnused shows how far disabling what nobody uses has come, and says yes to what waits.
func (a *app) policyUnused() *cobra.Command {
	var after terminal.Lifetime
	var confirm int
	cmd := a.Command("unused", "Show what is disabled because nobody uses it, and say yes to what waits", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		v, err := c.UnusedTokens(cmd.Context(), "", after.Duration)
		if err != nil {
			return err
		}
		if cmd.Flags().Changed("confirm") {
			in := api.ConfirmUnused{Count: confirm}
			if v.Waiting != nil {
				in.UpTo = v.Waiting.UpTo
			}
			if v, err = c.ConfirmUnused(cmd.Context(), "", in); err != nil {
				return err
			}
		}
		return a.Show(v, a.unusedRows(v))
	})
	cmd.Long = `Show how far the policy disable_unused_after has come: how many tokens have a day on
which they are disabled if nobody uses them, and how many have reached it and wait, because
a tenth of a workspace's tokens is disabled in a day, and one at least. --confirm says yes to
these, if they are as many as you say; --after shows what another policy would mean.`
	cmd.Flags().Var(&after, "after", "what a policy of so long would mean now, like 90d")
	cmd.Flags().IntVar(&confirm, "confirm", 0, "say yes to disabling the tokens that wait, which are so many")
	return command.Answers[api.UnusedTokens](a.App, cmd)
}

// unusedRows describe it.
func (a *app) unusedRows(v api.UnusedTokens) []row {
	rows := []row{{"disable unused after", never(v.After)}, {"usage recorded since", a.When(v.RecordedSince)}, {"warned", strconv.Itoa(v.Warned)}}
	if w := v.Waiting; w != nil {
		rows = append(rows, row{"waiting", strconv.Itoa(w.Count)}, row{"waiting since", a.When(&w.Since)})
	}
	for _, t := range v.Next {
		rows = append(rows, row{"disabled on " + a.When(&t.DisableAt), t.Label + " (" + t.ID + ")"})
	}
	return said(append(rows, row{"confirmed", phrase.UnusedYes(v.Confirmed)}, row{"preview", phrase.UnusedPreview(v.Preview)}))
}

func never(d api.Duration) string {
	if d == 0 {
		return "never"
	}
	return d.String()
}

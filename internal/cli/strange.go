package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/terminal"
)

// tokenStrange shows what was strange about the use of a token, or answers who it was.
func (a *app) tokenStrange() *cobra.Command {
	var me, notMe bool
	var comment string
	cmd := a.Command("strange ID", "Show what was strange about the use of a token, or answer who it was", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		v, err := c.StrangeUse(cmd.Context(), "", args[0])
		if err != nil {
			return err
		}
		if !me && !notMe {
			return a.Show(v, a.strangeRows(v))
		}
		in := api.AnswerStrangeUse{Answer: api.StrangeMe, Comment: comment, Seen: v.LastAt}
		if notMe {
			in.Answer = api.StrangeNotMe
		}
		v, err = c.AnswerStrangeUse(cmd.Context(), "", args[0], in)
		if err != nil {
			return err
		}
		if notMe {
			fmt.Fprintf(a.Err, "Somebody else has this token. Give it another secret now (tokenry token reset %[1]s), or end it (tokenry token revoke %[1]s --reason leaked).\n", args[0])
		}
		return a.Show(v, a.strangeRows(v))
	})
	cmd.Long = `Show what was strange about the use of a token: that it came from a network it never
came from, after 90 quiet days, or was refused many times when it never was. --me ends
the notice; --not-me keeps it until the token has another secret or an end.`
	cmd.Flags().BoolVar(&me, "me", false, "it was you, or something of yours")
	cmd.Flags().BoolVar(&notMe, "not-me", false, "it was somebody else")
	cmd.Flags().StringVar(&comment, "comment", "", "for the audit")
	cmd.MarkFlagsMutuallyExclusive("me", "not-me")
	return cmd
}

// strangeRows describe what is open about a token.
func (a *app) strangeRows(v api.StrangeUse) []row {
	if !v.Open {
		return []row{{"strange", "nothing"}}
	}
	rows := []row{{"strange since", a.When(v.FirstAt)}, {"last", a.When(v.LastAt)}}
	for _, n := range v.Networks {
		rows = append(rows, row{"new network", n})
	}
	if v.MoreNetworks > 0 {
		rows = append(rows, row{"more networks", fmt.Sprint(v.MoreNetworks)})
	}
	if v.ManyNetworks {
		rows = append(rows, row{"networks", "so many that new ones are not told any more"})
	}
	if v.QuietSince != nil {
		rows = append(rows, row{"quiet since", a.When(v.QuietSince)})
	}
	if v.Denied > 0 {
		rows = append(rows, row{"refused", fmt.Sprintf("%d times in an hour", v.Denied)})
	}
	rows = append(rows, row{"from", terminal.Optional(v.LastIP)}, row{"with", v.LastUserAgent})
	if v.DisownedAt != nil {
		rows = append(rows, row{"NOT the owner's", "said " + a.When(v.DisownedAt)})
	}
	return rows
}

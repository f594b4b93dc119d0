package cli

import (
	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/terminal"
)

// approval are the commands of the second person whom a policy asks for.
func (a *app) approval() *cobra.Command {
	return a.Group("approval", "List, approve and refuse tokens that need a second person", a.approvalList(), a.approvalApprove(), a.approvalRefuse())
}

const approvalHead = "LABEL,ID,KIND,RIGHTS,EXPIRES,ASKED BY,ASKED,WAITS UNTIL,WHY|KIND,ASKED,WHY"

// approvalList prints what waits, the newest first.
func (a *app) approvalList() *cobra.Command {
	cmd := a.Command("list", "List the tokens that wait for approval", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		waiting := api.TokenFilter{Status: api.Some(api.StatusPending)}
		return command.Table(a.App, c.Tokens(cmd.Context(), "", waiting), 0, approvalHead, func(t api.Token) []string {
			asked := &api.Approval{AskedAt: t.CreatedAt}
			if t.Approval != nil {
				asked = t.Approval
			}
			return []string{t.Label, t.ID, t.Kind, terminal.Rights(t.Grants), a.Expiry(t), t.CreatedBy, a.When(&asked.AskedAt), a.When(asked.Until), t.Description}
		})
	})
	return command.List[api.Token](a.App, cmd, approvalHead)
}

// approvalApprove approves a token as it is when the command looks: what somebody changes
// meanwhile is not approved with it.
func (a *app) approvalApprove() *cobra.Command {
	var in api.DecideToken
	cmd := a.Command("approve ID", "Let a token that waits work", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		t, err := c.GetToken(cmd.Context(), "", args[0])
		if err != nil {
			return err
		}
		if t, err = c.ApproveToken(cmd.Context(), "", t.ID, in, client.IfMatch(t.Revision)); err != nil {
			return err
		}
		return a.Show(t, a.tokenRows(t))
	})
	cmd.Long = `Let a token that waits work, from now on. It needs tokens:disable and all that the token
may do, and a token of yours that nobody else was ever handed. Nobody approves what they
asked for, or what is theirs.`
	commentFlag(cmd, &in)
	return command.Answers[api.Token](a.App, cmd)
}

// approvalRefuse ends a token that waits.
func (a *app) approvalRefuse() *cobra.Command {
	var in api.DecideToken
	cmd := a.Command("refuse ID", "Refuse a token that waits; it is revoked", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		t, err := c.RefuseToken(cmd.Context(), "", args[0], in)
		if err != nil {
			return err
		}
		return a.Show(t, a.tokenRows(t))
	})
	commentFlag(cmd, &in)
	return command.Answers[api.Token](a.App, cmd)
}

func commentFlag(cmd *cobra.Command, in *api.DecideToken) {
	cmd.Flags().StringVar(&in.Comment, "comment", "", "why, which whoever asked is told")
}

package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/terminal"
)

// whoami shows what the token is and may do, which any valid token may ask.
func (a *app) whoami() *cobra.Command {
	return command.Answers[api.Whoami](a.App, a.Command("whoami", "Show who the token is and what it may do", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		who, err := c.Whoami(cmd.Context())
		if err != nil {
			return err
		}
		rows := []row{
			{"you are", who.Principal.Address}, {"name", who.Principal.Name}, {"workspace", who.Workspace}, {"may", terminal.Rights(who.Effective)},
		}
		if who.InstanceAdmin {
			rows = append(rows, row{"besides", "administrator of the instance"})
		}
		if who.Token != nil {
			rows = append(rows, row{"token", who.Token.Masked}, row{"token id", who.Token.ID}, row{"expires", a.Expiry(*who.Token)})
		}
		return a.Show(who, said(rows))
	}))
}

// verify asks about a token that is not the caller's.
func (a *app) verify() *cobra.Command {
	var scopes []string
	var q api.VerifyRequest
	var ip string
	cmd := a.Command("verify [-|@FILE|'$NAME']", "Ask whether a token may do something now", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		tok, err := a.ReadGiven(args, "the token to verify")
		if err != nil {
			return err
		}
		need := []client.Need{client.Scope(scopes...), client.Resource(q.Resource), client.Workspace(a.Setting(a.flags.workspace, "TOKENRY_WORKSPACE", ""))}
		if ip != "" {
			need = append(need, client.From(api.Client{IP: ip}))
		}
		if q.Peek {
			need = append(need, client.Peek(), client.Cost(0))
		}
		r, err := c.Verify(cmd.Context(), tok, need...)
		if err != nil {
			return err
		}
		if err := a.Show(r.VerifyResult, a.decisionRows(r.VerifyResult)); err != nil {
			return err
		}
		return refusal(r)
	})
	cmd.Long = `Ask whether a token may do something now. The token is read from standard input
(-, the default), a file (@FILE) or a variable ('$NAME'), never from an argument.
The exit code is 0 when it may, and 1 when not.`
	cmd.Flags().StringSliceVar(&scopes, "scope", nil, "scope that is needed; may be repeated")
	cmd.Flags().StringVar(&q.Resource, "resource", "", "resource that is touched; any accepts those of the token")
	cmd.Flags().StringVar(&ip, "ip", "", "address of the client that presented it")
	cmd.Flags().BoolVar(&q.Peek, "peek", false, "decide without being counted as a use")
	return cmd
}

// refusal is the error of a decision that said no, so that the exit code is 1 and a
// script need not read the answer.
func refusal(r client.Result) error {
	if r.Allowed {
		return nil
	}
	return &command.ShownError{Err: errors.New("refused: " + r.Code.Info().Title), JSONOnly: true}
}

// decisionRows describe a decision; of a token that is not the caller's to see nothing
// but the code is known.
func (a *app) decisionRows(v api.VerifyResult) []row {
	rows := []row{{"allowed", terminal.YesNo(v.Allowed)}, {"code", string(v.Code)}, {"why", v.Detail}, {"missing", strings.Join(v.Missing, " ")}}
	if v.Token != nil {
		rows = append(rows, row{"token", v.Token.Masked}, row{"token id", v.Token.ID}, row{"label", v.Token.Label})
	}
	if v.Principal != nil {
		rows = append(rows, row{"owner", v.Principal.Address})
	}
	rows = append(rows, row{"workspace", v.Workspace}, row{"scopes", strings.Join(v.Scopes, " ")},
		row{"resources", strings.Join(v.Resources, " ")}, row{"expires", a.When(v.ExpiresAt)})
	if v.RateLimit != nil {
		rows = append(rows, row{"rate limit", fmt.Sprintf("%d of %d left, full again in %ds", v.RateLimit.Remaining, v.RateLimit.Limit, v.RateLimit.Reset)})
	}
	return said(rows)
}

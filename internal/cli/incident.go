package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/terminal"
	"github.com/tokenry/tokenry/token"
)

// maxLookup is what one look-up sends at the most.
const maxLookup = 1 << 20

// tokenLookup tells whose the token strings in a text are. The text is read from
// standard input, because it holds secrets.
func (a *app) tokenLookup() *cobra.Command {
	cmd := a.Command("lookup", "Say whose the token strings on standard input are", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		text, err := a.pasted()
		if err != nil {
			return err
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		found, err := c.LookupTokens(cmd.Context(), "", string(text))
		if err != nil {
			return err
		}
		return a.showFound(found)
	})
	cmd.Long = `Say whose the token strings on standard input are, and in what state, as far as
you may see. It counts as no use of them.`
	return cmd
}

// tokenLeak reports token strings that were found. They are read from standard
// input, because they are secrets.
func (a *app) tokenLeak() *cobra.Command {
	var url, source string
	cmd := a.Command("leak", "Report the token strings on standard input as leaked", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		text, err := a.pasted()
		if err != nil {
			return err
		}
		var in api.ReportLeaks
		for _, w := range token.FindWrapped(text) {
			in.Tokens = append(in.Tokens, api.LeakedToken{Token: w.Secret.Reveal(), URL: url, Source: source})
		}
		if n := len(in.Tokens); n == 0 || n > api.MaxLeaks {
			return command.Usagef("standard input must hold 1 to %d token strings; send many in parts", api.MaxLeaks)
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		got, err := c.ReportLeaks(cmd.Context(), in)
		if err != nil {
			return err
		}
		return a.Show(got, []row{{"received", fmt.Sprint(got.Received)}})
	})
	cmd.Long = `Report the token strings on standard input as leaked, of whatever workspace. The
server does to each what the workspace's policy says (leak_action: revoke, disable
or notify), and tells its owner and the administrators. It does not say which of
the strings it knows; for that see tokenry token lookup.`
	cmd.Flags().StringVar(&url, "url", "", "address of the place where they were found")
	cmd.Flags().StringVar(&source, "source", "", "kind of the place, like commit or log")
	return cmd
}

// pasted reads a text from standard input.
func (a *app) pasted() ([]byte, error) { return atMost(a.In) }

// atMost reads what one look-up takes.
func atMost(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxLookup+1))
	if err != nil {
		return nil, fmt.Errorf("read the text: %w", err)
	}
	if len(text) > maxLookup {
		return nil, command.Usagef("1 MiB is taken at the most; tokenry scan finds the parts that matter")
	}
	return text, nil
}

func (a *app) showFound(found api.FoundTokens) error {
	if a.JSON {
		return a.PrintJSON(found)
	}
	return command.Table(a.App, command.Each(found.Items, nil), 0, "TOKEN,SECRET,ID,OWNER,STATUS", func(f api.FoundToken) []string {
		if f.Token == nil {
			return []string{f.Masked, f.Secret, "", "", ""}
		}
		return []string{f.Masked, f.Secret, f.Token.ID, f.Token.Owner.Address, f.Token.Status}
	})
}

// tokenBulk does one thing to many tokens.
func (a *app) tokenBulk() *cobra.Command {
	var in api.BulkTokens
	var filter func() (api.TokenFilter, error)
	cmd := a.Command("bulk ACTION [ID...]", "Revoke, disable or rotate many tokens", cobra.MinimumNArgs(1), func(cmd *cobra.Command, args []string) error {
		in.Action, in.IDs = args[0], args[1:]
		f, err := filter()
		if err != nil {
			return err
		}
		if len(in.IDs) == 0 || terminal.Narrows(f) {
			in.Filter = &f
		}
		if in.Action == api.BulkEdit {
			return command.Usagef("many tokens are edited over the API; here it is revoke, disable or rotate")
		}
		return a.bulk(cmd, in)
	})
	cmd.Long = `Revoke, disable or rotate many tokens: those named, or those that the filters
find; at least one filter then. Your own token is never touched. A rotation prints
a line of JSON for each token, with its new secret, on standard output.`
	fs := cmd.Flags()
	fs.BoolVar(&in.DryRun, "dry-run", false, "only say which tokens would be touched")
	fs.StringVar(&in.Reason, "reason", "", "with revoke: unused, superseded, leaked, owner_left or other")
	fs.StringVar(&in.Comment, "comment", "", "with revoke: a note for the audit")
	descendantsFlag(cmd, &in.Descendants)
	filter = terminal.TokenFilter(fs)
	return cmd
}

func (a *app) bulk(cmd *cobra.Command, in api.BulkTokens) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	if in.Action == api.BulkRotate && !in.DryRun {
		for r, err := range c.RotateTokens(cmd.Context(), "", in) {
			if err != nil {
				return err
			}
			if err := a.PrintJSON(r); err != nil {
				return err
			}
		}
		return nil
	}
	out := api.BulkResults{Action: in.Action, DryRun: in.DryRun, Results: []api.BulkResult{}}
	for r, err := range c.EachOfBulk(cmd.Context(), "", in) {
		if err != nil {
			fmt.Fprintf(a.Err, "%d tokens were done before that; run it again for the rest\n", len(out.Results))
			return err
		}
		if out.Results = append(out.Results, r); len(out.Results)%1000 == 0 {
			fmt.Fprintf(a.Err, "%d tokens so far\n", len(out.Results))
		}
	}
	if out.Matched = len(out.Results); a.JSON {
		return a.PrintJSON(out)
	}
	err = command.Table(a.App, command.Each(out.Results, nil), 0, "ID,RESULT,WHY", func(r api.BulkResult) []string { return []string{r.ID, string(r.Code), r.Detail} })
	if err == nil && slices.ContainsFunc(out.Results, func(r api.BulkResult) bool { return r.Code != api.CodeOK }) {
		return errors.New("some tokens were left as they were")
	}
	return err
}

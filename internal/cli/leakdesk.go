package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/incident"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/terminal"
)

// desk is one run of the command incident.
type desk struct {
	*app
	c               *client.Client
	revoke, disable bool
	yes             bool
	format          string
	in              api.RevokeToken
	after           terminal.Lifetime
}

// incident says of every token in what leaked what the console's leak desk says, and
// stops those that are to be stopped.
func (a *app) incident() *cobra.Command {
	d := &desk{app: a, in: api.RevokeToken{Reason: api.ReasonLeaked, Comment: "tokenry incident"}}
	cmd := a.Command("incident FILE", "Tell of the tokens in what leaked, and stop them", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		return d.run(cmd.Context(), args[0])
	})
	cmd.Long = `Find the tokens in a file, or with - on standard input, also within base64 and
escapes, and say of each whose it is, in what state, from where it was used in the
last 7 days, and what was made with it. The text is sent to the server, which neither
stores nor logs it. With --format md or csv it is a report to keep.

--revoke or --disable says what would stop; with --yes it is done. The exit code is 1
when a token that was found still works.`
	fs := cmd.Flags()
	fs.BoolVar(&d.revoke, "revoke", false, "revoke those that still work")
	fs.BoolVar(&d.disable, "disable", false, "disable those that still work")
	fs.BoolVar(&d.yes, "yes", false, "do it; without, only say what would be done")
	fs.Var(&d.after, "revoke-after", "with --disable: revoke them once they were disabled for so long")
	fs.StringVar(&d.format, "format", "text", "text, md or csv")
	descendantsFlag(cmd, &d.in.Descendants)
	return cmd
}

func (d *desk) run(ctx context.Context, path string) error {
	if d.revoke && d.disable || !slices.Contains([]string{"text", "md", "csv"}, d.format) {
		return command.Usagef("give --revoke or --disable, not both, and --format text, md or csv")
	}
	text, err := d.text(path)
	if err != nil {
		return err
	}
	if d.c, err = d.client(); err != nil {
		return err
	}
	found, err := d.c.LookupTokens(ctx, "", string(text))
	if err != nil {
		return err
	}
	r := incident.Report{At: d.Now(), Entries: make([]incident.Entry, len(found.Items))}
	if me, err := d.c.Whoami(ctx); err == nil {
		r.By, r.Workspace = me.Principal.Address, me.Workspace
	}
	live := 0
	for i, f := range found.Items {
		if r.Entries[i], err = incident.Gather(ctx, d.c, f, d.action(), d.Now()); err != nil {
			return err
		}
		if r.Entries[i].Live() && r.Entries[i].Token.DisabledAt == nil {
			live++
		}
	}
	if err := d.print(r); err != nil || live == 0 {
		return err
	}
	if (d.revoke || d.disable) && !d.yes {
		fmt.Fprintf(d.Err, "nothing was done; run it again with --yes to stop %s\n", phrase.Plural(live, "token"))
	}
	return errors.New(phrase.Plural(live, "token") + " of those that were found still work")
}

// action is what is done to those that still work.
func (d *desk) action() (do incident.Action) {
	switch {
	case d.yes && d.revoke:
		do.Revoke = &d.in
	case d.yes && d.disable:
		do.Disable = &api.DisableToken{RevokeAfter: api.Opt[api.Duration]{Value: d.after.Duration, Set: d.after.Duration > 0}}
	}
	return do
}

func (d *desk) text(path string) ([]byte, error) {
	if path == "-" {
		return d.pasted()
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return atMost(f)
}

func (d *desk) print(r incident.Report) error {
	switch {
	case d.JSON:
		return d.PrintJSON(r)
	case d.format != "text":
		return map[string]func(io.Writer, incident.Report) error{"md": incident.Markdown, "csv": incident.CSV}[d.format](d.Out, r)
	}
	return command.Table(d.App, command.Each(r.Entries, nil), 0, "TOKEN,ID,OWNER,STATUS,SECRET,ALLOWED 7D,REFUSED 7D,FROM,MADE,DONE", func(e incident.Entry) []string {
		if e.Token == nil {
			e.Token = &api.Token{ID: "unknown here"}
		}
		allowed, denied := e.Calls()
		return []string{e.Masked, e.Token.ID, e.Token.Owner.Address, terminal.Status(*e.Token), e.Secret, fmt.Sprint(allowed), fmt.Sprint(denied),
			phrase.Plural(len(e.Uses), "address"), phrase.MadeWith(e.Made), terminal.OrNone(e.Done)}
	})
}

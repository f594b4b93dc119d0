package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/roster"
	"github.com/tokenry/tokenry/internal/terminal"
)

// What became of a row of a list.
const (
	rowReady   = "ready"
	rowAdded   = "added"
	rowExists  = "exists"
	rowWrong   = "wrong"
	rowRefused = "refused"
	rowLeft    = "left"
)

// inviteOutcome is what a run answers: a count for each of the states above.
type inviteOutcome struct {
	DryRun  bool        `json:"dry_run"`
	Ready   int         `json:"ready"`
	Added   int         `json:"added"`
	Exists  int         `json:"exists"`
	Wrong   int         `json:"wrong"`
	Refused int         `json:"refused"`
	Left    int         `json:"left"`
	Rows    []inviteRow `json:"rows"`
	// mail says that whoever is added is invited by mail.
	mail bool
}

// inviteRow is one row of the list.
type inviteRow struct {
	Line  int    `json:"line"`
	Email string `json:"email"`
	State string `json:"state"`
	Note  string `json:"note,omitempty"`
	row   roster.Row
}

// memberInvite takes many people into the workspace, from a list.
func (a *app) memberInvite() *cobra.Command {
	var path string
	var skipBad, dryRun, mail bool
	cmd := a.Command("invite MEMBER | --csv FILE", "Mail a member an invitation, or take the people of a CSV file into the workspace", cobra.MaximumNArgs(1), func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			if path != "" || skipBad || dryRun {
				return command.Usagef("give either a member or a file")
			}
			return a.inviteOne(cmd.Context(), args[0])
		}
		rows, err := a.roster(path)
		if err != nil {
			return err
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		o := inviteOutcome{DryRun: dryRun, mail: mail}
		if o.Rows, err = compare(cmd.Context(), c, rows); err != nil {
			return err
		}
		if bad := o.count().Wrong > 0 && !skipBad; !bad && !dryRun {
			o.create(cmd.Context(), c)
		}
		return a.showInvited(o.count())
	})
	cmd.Long = `With MEMBER, mail them an invitation: who cannot sign in yet gets a link to choose
a password by, which ends the one before; everybody else is told of the workspace. Where the server sends no
mail, an Owner or an administrator of the instance hands out a link in the console.

With --csv, take the people of a CSV file into the workspace. The first line of the file is
` + roster.Header + `; name and resources may be left out. Resources stand
apart by blanks, a trailing * matches what begins like that, * alone is everything,
and without any the role is given on none. 1,000 people and 1 MiB are taken at the
most, in UTF-8.

All rows are looked at before anybody is added: when one is wrong nobody is, unless
--skip-bad leaves such rows out. Members who exist already are left as they are. It
needs members:read and members:write. The exit code is 1 when anybody of the list
is no member afterwards. Nobody is mailed unless --mail is given.`
	cmd.Flags().StringVar(&path, "csv", "", "the file, - for standard input")
	cmd.Flags().BoolVar(&skipBad, "skip-bad", false, "leave out rows that are wrong, and add the others")
	cmd.Flags().BoolVar(&mail, "mail", false, "mail an invitation to everybody who is added")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "add nobody, and say who would be")
	return cmd
}

// inviteOne invites somebody who is a member.
func (a *app) inviteOne(ctx context.Context, member string) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	i, err := c.InviteMember(ctx, "", member)
	switch {
	case err != nil:
		return err
	case a.JSON:
		return a.PrintJSON(i)
	case i.Sent:
		fmt.Fprintln(a.Err, "an invitation was mailed")
		return nil
	}
	return errors.New("nothing was mailed: " + terminal.Unmailed(i))
}

// roster reads the list.
func (a *app) roster(path string) ([]roster.Row, error) {
	var from io.Reader = a.In
	switch {
	case path == "":
		return nil, command.Usagef("say whom: a member, or --csv FILE, or --csv - for standard input")
	case path == "-" && a.flags.token == "-":
		return nil, command.Usagef("standard input is the token or the list, not both")
	case path != "-":
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		from = f
	}
	text, err := io.ReadAll(io.LimitReader(from, roster.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the list: %w", err)
	}
	return roster.Parse(text)
}

// compare says of each row what is to be done with it.
func compare(ctx context.Context, c *client.Client, rows []roster.Row) ([]inviteRow, error) {
	there := map[string]bool{}
	for m, err := range c.Members(ctx, "", api.ListFilter{}) {
		if err != nil {
			return nil, err
		}
		if m.Email != nil {
			there[*m.Email] = true
		}
	}
	out := make([]inviteRow, len(rows))
	for i, r := range rows {
		out[i] = inviteRow{Line: r.Line, Email: r.Email, State: rowReady, Note: r.Wrong, row: r}
		switch {
		case r.Wrong != "":
			out[i].State = rowWrong
		case there[r.Email]:
			out[i].State, out[i].Note = rowExists, "a member already, left as it is"
		}
	}
	return out, nil
}

// create adds whoever is ready, one after the other. What is refused is told and
// the rest goes on; what would fail for everybody ends it.
func (o *inviteOutcome) create(ctx context.Context, c *client.Client) {
	var over bool
	for i := range o.Rows {
		r := &o.Rows[i]
		switch {
		case r.State != rowReady:
		case over:
			r.State = rowLeft
		default:
			in := api.CreateMember{Email: r.Email}
			if r.row.Name != "" {
				in.Name = api.Some(r.row.Name)
			}
			in.Role, in.Resources = api.Some(r.row.Role), api.Some(append([]string{}, r.row.Resources...))
			_, err := c.CreateMember(ctx, "", in)
			r.settle(err)
			over = doomed(ctx, err)
			if err == nil && o.mail {
				i, err := c.InviteMember(ctx, "", r.Email)
				r.settleMail(i, err)
			}
		}
	}
}

// settle writes how the creation of a row went.
func (r *inviteRow) settle(err error) {
	switch e := api.AsError(err); {
	case err == nil:
		r.State = rowAdded
	case e.Code == api.CodeAlreadyExists && e.Field == "email":
		r.State, r.Note = rowExists, "a member already, left as it is"
	case e.Code == api.CodeInternal:
		r.State, r.Note = rowRefused, err.Error()
	default:
		r.State, r.Note = rowRefused, e.Message
	}
}

// settleMail writes how the mail to who was added went: a mail that is not sent
// makes nobody less a member.
func (r *inviteRow) settleMail(i api.Invitation, err error) {
	switch {
	case err != nil:
		r.Note = "no mail was sent (" + api.AsError(err).Message + "); try: tokenry member invite " + r.Email
	case !i.Sent:
		r.Note = "no mail was sent: " + terminal.Unmailed(i)
	}
}

// doomed says that no other row would fare better: nobody answers, or nobody
// knows the caller.
func doomed(ctx context.Context, err error) bool {
	_, answered := command.Known(err)
	return err != nil && (!answered || ctx.Err() != nil || hopeless(err))
}

// count sums the rows up.
func (o *inviteOutcome) count() *inviteOutcome {
	n := map[string]int{}
	for _, r := range o.Rows {
		n[r.State]++
	}
	o.Ready, o.Added, o.Exists, o.Wrong, o.Refused, o.Left = n[rowReady], n[rowAdded], n[rowExists], n[rowWrong], n[rowRefused], n[rowLeft]
	return o
}

// showInvited prints what became of each row, and the sums on standard error; the
// error is that not everybody of the list is a member.
func (a *app) showInvited(o *inviteOutcome) error {
	var err error
	if a.JSON {
		err = a.PrintJSON(o)
	} else {
		err = command.Table(a.App, command.Each(o.Rows, nil), 0, "LINE,EMAIL,STATE,NOTE", func(r inviteRow) []string {
			return []string{strconv.Itoa(r.Line), terminal.OrNone(r.Email), r.State, terminal.OrNone(r.Note)}
		})
		fmt.Fprintf(a.Err, "%d added, %d ready, %d existed, %d wrong, %d refused, %d left\n", o.Added, o.Ready, o.Exists, o.Wrong, o.Refused, o.Left)
	}
	if err == nil {
		err = o.failure()
	}
	return err
}

// failure is why the list is not done; nil when everybody is a member.
func (o *inviteOutcome) failure() error {
	switch {
	case o.Refused+o.Left > 0:
		return errors.New("not everybody was added; mend those rows and run it again, who was added is left alone")
	case o.Wrong > 0 && o.DryRun:
		return errors.New("rows are wrong; mend them before anybody is added")
	case o.Wrong > 0 && o.Ready > 0:
		return errors.New("rows are wrong, so nobody was added; mend them, or leave them out with --skip-bad")
	case o.Wrong > 0:
		return errors.New("rows that are wrong were left out; mend them and run it again")
	}
	return nil
}

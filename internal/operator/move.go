package operator

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/move"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/internal/terminal"
)

// move brings a SQLite database into a PostgreSQL one.
func (a *operator) move() *cobra.Command {
	var m moveFlags
	cmd := a.Command("move --from sqlite:FILE --to postgres://…", "Move everything from a SQLite database to an empty PostgreSQL one", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		from, to, err := a.sides(m)
		if err != nil {
			return err
		}
		if m.to != "" && to.Database.HasPassword() {
			fmt.Fprintln(a.Err, "warning: the password in --to can be seen by every user of this machine; leave --to out, and the variable TOKENRY_DATABASE or the configuration file keeps it")
		}
		from.LogLevel = slog.LevelWarn
		told := &moveProgress{a: a}
		o := server.MoveOptions{Options: server.Options{Logger: server.NewLogger(from, a.Err), Now: a.Now}, Tell: told.tell}
		if m.abandon {
			o.Unreached = func(err error) { a.unreached(to, err) }
			if err := server.AbandonMove(cmd.Context(), from, to, o); err != nil {
				return inUse(err)
			}
			fmt.Fprintf(a.Err, "given up: %s takes changes again\n", terminal.Clean(from.Database.String()))
			return nil
		}
		out, err := server.Move(cmd.Context(), from, to, o)
		if err != nil {
			return inUse(err)
		}
		return a.moved(out, from, to)
	})
	cmd.Long = `Move everything that a SQLite database holds, and what is kept of usage beside it,
into an empty PostgreSQL database: the same tokens and secrets, people, audit and
webhooks. No server may run on either. From its beginning on the old database takes
no changes, and servers refuse it, older ones too; at the end it says where it went.

What was interrupted goes on when the same command is run again. --abandon gives the
move up instead and takes the old database back into use; once the new one was
opened, it is refused. The keyring is not moved: the new servers use the same file.

Without --to, the new database is that of TOKENRY_DATABASE or of the configuration
file, where other users of the machine do not read its password.`
	config.Flags(cmd.Flags(), "keys")
	cmd.Flags().StringVar(&m.from, "from", "", "the database to move, sqlite:FILE")
	cmd.Flags().StringVar(&m.to, "to", "", "the empty database, postgres://… (default $TOKENRY_DATABASE)")
	cmd.Flags().BoolVar(&m.abandon, "abandon", false, "give a move up that shall not go on")
	_ = cmd.MarkFlagRequired("from") // it was added above
	cmd.PreRun = func(cmd *cobra.Command, _ []string) { m.given = cmd.Flags() }
	return cmd
}

type moveFlags struct {
	from, to string
	abandon  bool
	given    *pflag.FlagSet
}

// sides are the settings of a server on either.
func (a *operator) sides(m moveFlags) (from, to config.Config, err error) {
	if config.NewURL(m.from).Scheme() != "sqlite" {
		return from, to, command.Usagef("--from is no SQLite database: a move is from sqlite:FILE to postgres://…")
	}
	var given []string
	for _, name := range []string{"keys", "config"} {
		if f := m.given.Lookup(name); f.Changed {
			given = append(given, "--"+name, f.Value.String())
		}
	}
	if from, err = a.side(append(slices.Clone(given), "--database", m.from)...); err != nil {
		return from, to, err
	}
	there := append(given, "--keys", from.Keys)
	if m.to != "" {
		there = append(there, "--database", m.to)
	}
	if to, err = a.side(there...); err != nil {
		return from, to, err
	}
	if to.SQLitePath() != "" {
		return from, to, command.Usagef("say where to: --to postgres://…, or TOKENRY_DATABASE with such an address")
	}
	return from, to, nil
}

func (a *operator) side(flags ...string) (config.Config, error) {
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.Flags(fs, "keys", "database")
	if err := fs.Parse(flags); err != nil {
		return config.Config{}, command.Misused(err)
	}
	return config.Load(fs, a.Env)
}

func (a *operator) unreached(to config.Config, err error) {
	why := "it is not of this move"
	if err != nil {
		why = err.Error()
	}
	fmt.Fprintf(a.Err, "%s was not marked as given up (%s); if a part of this move is there, drop that database\n", terminal.Clean(to.Database.String()), terminal.Clean(why))
}

// moved says what was done, and what is next.
func (a *operator) moved(out server.Moved, from, to config.Config) error {
	fmt.Fprintf(a.Err, `Done. Next:
  1. start the servers on the new database:
       TOKENRY_DATABASE='%s' tokenry serve --keys %s
     with its password, and the same keyring on every node: without it no token is verified
  2. look at it: verify a token you have, and run tokenry audit verify there
  3. keep %s and the file of usage beside it as long as you keep a backup; nothing serves or changes them any more
Backups are made with pg_dump from now on, which begins with: tokenry backup --help
`, terminal.Clean(to.Database.String()), terminal.Clean(from.Keys), terminal.Clean(from.SQLitePath()))
	rows := []command.Row{{"moved to", out.To}, {"tables", fmt.Sprint(out.Tables)}, {"rows", fmt.Sprint(out.Rows)}}
	for _, head := range out.Heads {
		rows = append(rows, command.Row{"audit head", head})
	}
	return a.Show(out, rows)
}

// moveProgress tells how far a move is: each table that has rows, and, of a large one, every few
// seconds.
type moveProgress struct {
	a    *operator
	told time.Time
}

func (p *moveProgress) tell(m move.Progress) {
	const often = 2 * time.Second
	ended := m.Rows == m.Of
	if !ended && p.a.Now().Sub(p.told) < often {
		return
	}
	p.told = p.a.Now()
	switch {
	case m.Of == 0:
	case m.Before:
		fmt.Fprintf(p.a.Err, "%s: %d rows, copied before\n", m.Table, m.Rows)
	case ended:
		fmt.Fprintf(p.a.Err, "%s: %d rows, %s\n", m.Table, m.Rows, m.Step)
	default:
		fmt.Fprintf(p.a.Err, "%s: %d of %d rows\n", m.Table, m.Rows, m.Of)
	}
}

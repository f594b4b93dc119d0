package operator

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/internal/stamp"
	"github.com/tokenry/tokenry/internal/terminal"
)

// backup copies a database into a file, beside a running server.
func (a *operator) backup() *cobra.Command {
	var o server.BackupOptions
	cmd := a.Command("backup --out FILE", "Copy the database and the usage into a file, beside a running server", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		cfg, err := config.Load(cmd.Flags(), a.Env)
		if err != nil {
			return err
		}
		o.Version, o.Now = stamp.Read().Version, a.Now()
		m, err := server.Backup(cmd.Context(), cfg, o)
		if errors.Is(err, server.ErrOwnTools) {
			return command.Usagef(postgresBackup, terminal.Clean(o.Out), terminal.Clean(cfg.Keys))
		}
		if err != nil {
			return err
		}
		if !m.WithKeys() {
			fmt.Fprintf(a.Err, "the keyring %s is not in it; keep a copy of that apart: without it no token in the backup can be verified\n", terminal.Clean(cfg.Keys))
		}
		return a.Show(m, append([]command.Row{{"backup", o.Out}}, a.manifestRows(m)...))
	})
	cmd.Long = `Copy the SQLite database, and what is kept of usage, of this moment into one new
file of mode 0600. The server may run. The keyring is not in it, unless
--with-keys is given: whoever has both can forge tokens and the audit.`
	config.Flags(cmd.Flags(), "data", "database", "keys")
	cmd.Flags().StringVar(&o.Out, "out", "", "file to write; it must not exist")
	cmd.Flags().BoolVar(&o.WithKeys, "with-keys", false, "also pack the keyring; guard the file as you guard that")
	_ = cmd.MarkFlagRequired("out") // it was added above
	return cmd
}

const postgresBackup = `a PostgreSQL database is backed up with its own tools, while the server runs:
    pg_dump --format=custom --file=%s "$TOKENRY_DATABASE"
Besides it, keep a copy of the keyring %s apart from the dump: without it no token can be verified. After a pg_restore, before the servers start, run
    tokenry restore --database … --keys … --disable-all   (or --replay, --revoke-all, --keep-all)`

// manifestRows describe what a backup says of itself. The audit heads are to be kept
// apart: with audit verify --expect they prove later that nothing before them was
// changed.
func (a *operator) manifestRows(m server.Manifest) []command.Row {
	rows := []command.Row{{"taken", a.When(&m.TakenAt)}, {"by version", m.Version}, {"revision", fmt.Sprint(m.Revision)},
		{"keys it needs", strings.Trim(fmt.Sprint(m.Keys), "[]")}, {"keyring in it", terminal.YesNo(m.WithKeys())}}
	for _, head := range m.Heads {
		rows = append(rows, command.Row{"audit head", head})
	}
	return rows
}

// sinceFlags say what is done about the time after the backup.
type sinceFlags struct {
	replay                         []string
	disableAll, revokeAll, keepAll bool
}

// choice is the one that was made.
func (s sinceFlags) choice() (server.Since, error) {
	var chosen []server.Since
	for _, c := range []struct {
		on   bool
		what server.Since
	}{
		{len(s.replay) > 0, server.SinceReplay}, {s.disableAll, server.SinceDisable},
		{s.revokeAll, server.SinceRevoke}, {s.keepAll, server.SinceKeep},
	} {
		if c.on {
			chosen = append(chosen, c.what)
		}
	}
	if len(chosen) != 1 {
		return "", command.Usagef("%s", sinceHelp)
	}
	return chosen[0], nil
}

const sinceHelp = `what was revoked, disabled or removed after the backup was taken is not in it, and would work again. Say what is to be done about that, with one of:
    --replay FILE    do it again, from an export of the audit (tokenry audit export, with and without --instance)
    --disable-all    disable every token; an administrator enables those that are wanted
    --revoke-all     revoke every token for good
    --keep-all       accept it, because nothing was taken away since`

// restore brings a backup back.
func (a *operator) restore() *cobra.Command {
	var o server.RestoreOptions
	var s sinceFlags
	cmd := a.Command("restore --in FILE", "Bring a backup back where no database is", cobra.NoArgs, func(cmd *cobra.Command, _ []string) (err error) {
		if err := a.tellBackup(o.In); err != nil {
			return err
		}
		if o.Since, err = s.choice(); err != nil {
			return err
		}
		cfg, err := config.Load(cmd.Flags(), a.Env)
		if err != nil {
			return err
		}
		for _, path := range s.replay {
			f, err := os.Open(path)
			if err != nil {
				return command.Misused(err)
			}
			defer func() { _ = f.Close() }() // it was only read
			o.Replay = append(o.Replay, io.Reader(f))
		}
		cfg.LogLevel = slog.LevelWarn // what is done is told by restored
		o.Server = server.Options{Logger: server.NewLogger(cfg, a.Err), Now: a.Now}
		out, err := server.Restore(cmd.Context(), cfg, o)
		if errors.Is(err, server.ErrOwnTools) {
			return command.Usagef("a PostgreSQL database is brought back with pg_restore; run this after it, without --in")
		}
		if err != nil {
			return inUse(err)
		}
		return a.restored(out)
	})
	cmd.Long = `Bring a backup back to where --data or --database say, and where there must be
none. The keyring must be there, or in the backup. The content is compared with
what the backup says of itself, and the file and its audit are read as a whole;
what fails leaves nothing. Every session ends, and the audit records the restore.

Without --in, a database that was brought back with other tools (pg_restore, a
copy of the disk) is treated the same; no server may run on it.

` + strings.ToUpper(sinceHelp[:1]) + sinceHelp[1:] + `

After --disable-all and --revoke-all a token of the first administrator is printed
on standard output, which may do everything for a day.`
	config.Flags(cmd.Flags(), "data", "database", "keys")
	fs := cmd.Flags()
	fs.StringVar(&o.In, "in", "", "the backup")
	fs.StringArrayVar(&s.replay, "replay", nil, "export of the audit to do again; may be repeated")
	fs.BoolVar(&s.disableAll, "disable-all", false, "disable every token")
	fs.BoolVar(&s.revokeAll, "revoke-all", false, "revoke every token for good")
	fs.BoolVar(&s.keepAll, "keep-all", false, "let what was revoked since work again")
	return cmd
}

// tellBackup says what is about to be restored.
func (a *operator) tellBackup(path string) error {
	if path == "" {
		return nil
	}
	m, err := server.ReadManifest(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.Err, "the backup was taken %s\n", a.When(&m.TakenAt))
	return nil
}

// restored prints what was done, and the way back in.
func (a *operator) restored(out server.Restored) error {
	if a.JSON {
		answer := struct {
			server.Restored
			Token  *api.Token `json:"token,omitempty"`
			Secret string     `json:"secret,omitempty"`
		}{Restored: out}
		if out.Recovery != nil {
			answer.Token, answer.Secret = &out.Recovery.Token, out.Recovery.Secret.Reveal()
		}
		return a.PrintJSON(answer)
	}
	rows := []command.Row{{"restored", "what happened after the backup: " + string(out.Since)}}
	if out.Recovery != nil {
		rows = append(rows, command.Row{"tokens stopped", fmt.Sprint(out.Stopped)})
	}
	if n := out.NotSent; n.Webhooks+n.Mails > 0 {
		rows = append(rows, command.Row{"not sent again", fmt.Sprintf("events to webhooks: %d, mails: %d; they were on their way when the backup was taken, and the logs of the endpoints say which", n.Webhooks, n.Mails)})
	}
	if err := command.Describe(a.Err, append(rows, replayRows(out.Replayed)...)); err != nil || out.Recovery == nil {
		return err
	}
	fmt.Fprintln(a.Err, "the token on standard output may do everything until", a.Expiry(out.Recovery.Token))
	a.SecretFollows()
	_, err := fmt.Fprintln(a.Out, out.Recovery.Secret.Reveal())
	return err
}

// replayRows tell what was done again after a restore. What was refused, not done or
// missing is in capitals: it is for a person to look at.
func replayRows(r *server.Replayed) []command.Row {
	if r == nil {
		return nil
	}
	var rows []command.Row
	for _, action := range slices.Sorted(maps.Keys(r.Done)) {
		rows = append(rows, command.Row{"done again", fmt.Sprintf("%s: %d", action, r.Done[action])})
	}
	for _, id := range r.Rotated {
		rows = append(rows, command.Row{"disabled", id + " had a new secret, which is lost; rotate it and enable it"})
	}
	for _, why := range r.Failed {
		rows = append(rows, command.Row{"REFUSED", why})
	}
	for _, action := range slices.Sorted(maps.Keys(r.NotDone)) {
		rows = append(rows, command.Row{"NOT done again", fmt.Sprintf("%s: %d; see whether it took rights away", action, r.NotDone[action])})
	}
	for _, gap := range r.Missing {
		rows = append(rows, command.Row{"MISSING", gap})
	}
	return rows
}

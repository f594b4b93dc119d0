package operator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/filelock"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/internal/signin"
	"github.com/tokenry/tokenry/internal/stamp"
	"github.com/tokenry/tokenry/internal/terminal"
)

// serve runs a server until it is told to stop.
func (a *operator) serve() *cobra.Command {
	cmd := a.Command("serve", "Run the server", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		cfg, err := config.Load(cmd.Flags(), a.Env)
		if err != nil {
			return err
		}
		for name, u := range map[string]config.URL{"database": cfg.Database, "smtp-url": cfg.SMTPURL, "limits": cfg.Limits} {
			if cmd.Flags().Changed(name) && u.HasPassword() {
				fmt.Fprintf(a.Err, "warning: the password in --%s can be seen by every user of this machine; a variable or the configuration file keeps it\n", name)
			}
		}
		return server.Run(cmd.Context(), cfg, a.Err, stamp.Read().Version)
	})
	cmd.Long = `Run the server until it is interrupted. Every setting is a flag, a variable
(TOKENRY_…) or a key in the YAML file of --config; a flag wins over the variable,
the variable over the file. The log goes to standard error.`
	config.Flags(cmd.Flags())
	return cmd
}

// bootstrap makes the first Owner of a database that no server has open.
func (a *operator) bootstrap() *cobra.Command {
	var b office.Bootstrap
	var password bool
	cmd := a.Command("bootstrap --email EMAIL --workspace SLUG", "Make the first workspace, its Owner and a first token", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		cfg, err := config.Load(cmd.Flags(), a.Env)
		if err != nil {
			return err
		}
		if password {
			if b.PasswordHash, err = a.hashPassword(); err != nil {
				return err
			}
		}
		started, link, err := a.begin(cmd.Context(), cfg, b)
		if err != nil {
			return err
		}
		return a.begun(cfg, started, link)
	})
	cmd.Long = `Make the first workspace, its Owner, who is the first administrator of the
instance, and a first token that may do everything. On SQLite no server may be
running; on PostgreSQL one may. The database is made when there is none. It works
once. Without --password-stdin it ends with a one-time link, on standard error, by
which the Owner chooses a password; tokenry user reset-password makes another.`
	config.Flags(cmd.Flags(), "data", "database", "keys", "prefix", "base_url", "sign_in")
	cmd.Flags().StringVar(&b.Email, "email", "", "e-mail of the Owner")
	cmd.Flags().StringVar(&b.Workspace, "workspace", "", "slug of the workspace")
	cmd.Flags().BoolVar(&password, "password-stdin", false, "read the Owner's password, at least 15 characters, from standard input")
	for _, name := range []string{"email", "workspace"} {
		_ = cmd.MarkFlagRequired(name) // it was added above
	}
	return cmd
}

// hashPassword reads the first Owner's password from standard input; the rules for
// passwords are those of the pages.
func (a *operator) hashPassword() (string, error) {
	password, err := a.ReadStdin("password")
	if err != nil {
		return "", err
	}
	return signin.NewPasswords(randomness()).Hash(password)
}

// begin opens the database as a server does, with its lock: a bootstrap beside a
// running server would not be seen by it.
func (a *operator) begin(ctx context.Context, cfg config.Config, b office.Bootstrap) (out office.Started, link door.Handed, err error) {
	cfg.LogLevel = slog.LevelWarn // what is made is told by begun
	core, err := server.Open(ctx, cfg, server.Options{Logger: server.NewLogger(cfg, a.Err), Now: a.Now})
	if err != nil {
		return out, link, inUse(err)
	}
	defer func() { err = errors.Join(err, core.Close()) }()
	if out, err = core.Authority.Bootstrap(ctx, b); err == nil && b.PasswordHash == "" && cfg.SignIn != "sso" {
		link, err = core.HandOut(ctx, out.User.ID, false)
	}
	return out, link, err
}

// inUse tells of a database that a server holds who that is, as an error that
// programs can tell from others.
func inUse(err error) error {
	held, ok := errors.AsType[*filelock.HeldError](err)
	if !ok {
		return err
	}
	holder := held.Holder
	if holder == "" {
		holder = "it is just starting or stopping"
	}
	return api.Errorf(api.CodeDatabaseInUse, "a server is running on this database (%s); stop it, run this again, and start it after that", holder).Wrap(err)
}

// begun prints what was made.
func (a *operator) begun(cfg config.Config, s office.Started, link door.Handed) error {
	out := api.Bootstrapped{Workspace: s.Workspace, User: s.User, Token: s.Token, Secret: s.Secret.Reveal(), PasswordLink: link.Link.Reveal()}
	if a.JSON {
		return a.PrintJSON(out)
	}
	err := command.Describe(a.Err, []command.Row{
		{"workspace", out.Workspace}, {"owner", terminal.Optional(out.User.Email)}, {"token", out.Token.Masked}, {"token id", out.Token.ID},
		{"may", terminal.Rights(out.Token.Effective)}, {"expires", a.Expiry(out.Token)}, {"keyring", cfg.Keys + " (keep a copy apart from the database)"},
	})
	if err != nil {
		return err
	}
	a.SecretFollows()
	if _, err = fmt.Fprintln(a.Out, out.Secret); err != nil || out.PasswordLink == "" {
		return err
	}
	fmt.Fprint(a.Err, "\nTo sign in to the console, start the server and choose a password ", a.within(link), ":\n\n", out.PasswordLink, "\n")
	return nil
}

// within says how long a link works.
func (a *operator) within(h door.Handed) string {
	return fmt.Sprintf("once, within %d minutes", h.Expires.Sub(a.Now()).Round(time.Minute)/time.Minute)
}

// resetPassword makes a link for whoever cannot get in, beside the database. A link is
// a secret, so it is all that goes to standard output.
func (a *operator) resetPassword() *cobra.Command {
	var factors bool
	cmd := a.Command("reset-password USER", "Make a one-time link by which a person chooses a password, without a server", cobra.ExactArgs(1), func(cmd *cobra.Command, args []string) error {
		cfg, err := config.Load(cmd.Flags(), a.Env)
		if err != nil {
			return err
		}
		cfg.LogLevel = slog.LevelWarn
		h, err := server.HandOut(cmd.Context(), cfg, server.Options{Logger: server.NewLogger(cfg, a.Err), Now: a.Now}, args[0], factors)
		if err != nil {
			return err
		}
		if a.JSON {
			return a.PrintJSON(map[string]any{"email": h.Email, "url": h.Link.Reveal(), "expires_at": h.Expires})
		}
		fmt.Fprintf(a.Err, "hand this link to %s; it works %s, and ends their sessions\n", terminal.Clean(h.Email), a.within(h))
		_, err = fmt.Fprintln(a.Out, h.Link.Reveal())
		return err
	})
	cmd.Long = `Make a one-time link by which a person chooses a new password. It works on the data
folder or the database itself, as root would: no token and no mail is needed, and a
server may be running. The link works once, within an hour, and ends the person's
sessions. A second factor stays due, unless --second-factors removes those the person
has, at once. The audit of the instance records both.`
	config.Flags(cmd.Flags(), "data", "database", "keys", "base_url", "listen", "sign_in", "oidc_issuer", "oidc_client_id")
	cmd.Flags().BoolVar(&factors, "second-factors", false, "also remove the person's second factors, passkeys included")
	return cmd
}

package operator

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/fill"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/token"
)

// fill writes very many tokens into a database that is thrown away; it is not shown,
// since nobody needs it who does not measure.
func (a *operator) fill() *cobra.Command {
	var o fill.Options
	var secrets string
	cmd := a.Command("fill --tokens N", "Write very many sample tokens into a database that is thrown away", cobra.NoArgs, func(cmd *cobra.Command, _ []string) (err error) {
		if o.Tokens < 1 {
			return command.Usagef("--tokens takes how many tokens to make, from 1 on")
		}
		cfg, err := config.Load(cmd.Flags(), a.Env)
		if err != nil {
			return err
		}
		if secrets != "" {
			f, err := os.OpenFile(secrets, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				return command.Misused(err)
			}
			lines := bufio.NewWriter(f)
			o.Secret = func(s token.Secret) error { _, err := fmt.Fprintln(lines, s.Reveal()); return err }
			defer func() { err = errors.Join(err, lines.Flush(), f.Close()) }()
		}
		began := a.Now()
		o.Told = a.filled(o.Tokens)
		if err := server.Fill(cmd.Context(), cfg, server.Options{Logger: server.NewLogger(cfg, a.Err)}, o); err != nil {
			return inUse(err)
		}
		fmt.Fprintf(a.Err, "%d tokens in %v; %d of them in the workspace %s\n", o.Tokens, a.Now().Sub(began).Round(time.Millisecond), fill.Large(o.Tokens), fill.Slug(o.Seed, 0))
		return nil
	})
	cmd.Hidden = true
	cmd.Long = `Write sample tokens, their owners and their audit into a database, to measure at a
size. No server may run on it. What is written follows from --seed; three tenths of
the tokens are in one workspace. Anybody who knows the seed knows the tokens, so
nothing of it may be reachable by others.`
	config.Flags(cmd.Flags(), "data", "database", "keys")
	fs := cmd.Flags()
	fs.IntVar(&o.Tokens, "tokens", 0, "how many tokens")
	fs.Uint64Var(&o.Seed, "seed", 1, "what the tokens follow from")
	fs.StringVar(&secrets, "secrets", "", "file to write each token to, a line each; it must not exist")
	return cmd
}

// filled tells how far it is: a bar where a person sits, else nothing until the end.
func (a *operator) filled(tokens int) func(int) {
	if !a.Terminal(a.Err) {
		return nil
	}
	bar := progressbar.NewOptions(tokens, progressbar.OptionSetWriter(a.Err), progressbar.OptionSetDescription("filling"),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionClearOnFinish())
	return func(n int) { _ = bar.Set(n) } // a terminal that is gone is told nothing
}

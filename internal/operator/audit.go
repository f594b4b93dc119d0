package operator

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/server"
)

// auditVerify reads the audit of a database and says whether it is whole. It
// works beside a running server.
func (a *operator) auditVerify() *cobra.Command {
	var expect, streams []string
	cmd := a.Command("verify", "Prove that nobody changed the audit of a database", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		cfg, err := config.Load(cmd.Flags(), a.Env)
		if err != nil {
			return err
		}
		if len(streams) > 0 {
			chains, torn, err := server.VerifyStreams(cfg, a.In, streams, expect...)
			if torn > 0 {
				fmt.Fprintf(a.Err, "warning: %d lines are no rows of the audit\n", torn)
			}
			return errors.Join(a.showChains(chains), err)
		}
		chains, err := server.VerifyAudit(cmd.Context(), cfg, expect...)
		judged := errors.Is(err, audit.ErrBroken) || errors.Is(err, audit.ErrUnsure)
		if errors.Is(err, server.ErrUnconfirmed) {
			fmt.Fprintln(a.Err, "warning:", err)
		} else if err != nil && !judged {
			return err
		}
		if !judged {
			err = nil
		}
		return errors.Join(a.showChains(chains), err)
	})
	cmd.Long = `Read every row of the audit of a database and say whether a row was changed,
removed, reordered or cut; the first wrong row is named, and the exit code is 1.
Rows that Tokenry purged or erased are told from those that somebody removed. A
keyring that lacks a key which rows are under cannot tell; that is exit code 1 too.
Keep the HEAD that is printed somewhere else: with --expect it must still be there.
With --stream it reads what --audit-stream sent, and needs the keyring alone.`
	config.Flags(cmd.Flags(), "data", "database", "keys")
	cmd.Flags().StringArrayVar(&expect, "expect", nil, "a HEAD that was printed before (repeatable)")
	cmd.Flags().StringArrayVar(&streams, "stream", nil, "read rows as they were streamed from this file, - for standard input (repeatable)")
	return cmd
}

func (a *operator) showChains(chains []audit.Chain) error {
	if a.JSON {
		return a.PrintJSON(chains)
	}
	return command.Table(a.App, command.Each(chains, nil), 0, "CHAIN,ROWS,PURGED,HEAD,BROKEN", func(c audit.Chain) []string {
		wrong := c.Broken
		if c.Unsure != "" {
			wrong = "cannot tell: " + c.Unsure
		}
		return []string{c.Name, fmt.Sprint(c.Rows), fmt.Sprint(c.Purged), c.Head, wrong}
	})
}

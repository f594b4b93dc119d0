package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/operator"
	"github.com/tokenry/tokenry/internal/terminal"
)

// audit are the commands about what was done by whom.
func (a *app) audit() *cobra.Command {
	var instance bool
	return instanceFlag(a.Group("audit", "Read what was done, by whom", a.auditList(&instance), a.auditExport(&instance), operator.AuditVerify(a.App)), &instance)
}

// auditFilter adds the flags that narrow the audit.
func auditFilter(fs *pflag.FlagSet) func() api.AuditFilter {
	var f api.AuditFilter
	from, to := new(terminal.Moment), new(terminal.Moment)
	fs.StringVar(&f.Token, "about", "", "only what was done to this token, by ID or locator")
	fs.StringVar(&f.With, "with", "", "only what was done with this token, by ID or locator")
	fs.StringVar(&f.Actor, "actor", "", "only what this address did")
	fs.StringVar(&f.Action, "action", "", "only this action, like token.revoked, or token.* for all of them")
	fs.Var(from, "from", "only since then")
	fs.Var(to, "to", "only until then")
	return func() api.AuditFilter {
		f.From, f.To = from.Time, to.Time
		return f
	}
}

const auditHead = "NUMBER,WHEN,ACTION,TARGET,ACTOR,ON BEHALF OF,FROM|ON BEHALF OF,FROM"

// auditList prints events, newest first; 50 unless --limit says otherwise. It needs
// audit:read.
func (a *app) auditList(instance *bool) *cobra.Command {
	var most int
	var filter func() api.AuditFilter
	cmd := a.Command("list", "List what was done, newest first", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		return command.Table(a.App, c.Audit(cmd.Context(), at(*instance), filter()), most, auditHead, func(e api.AuditEvent) []string {
			return []string{fmt.Sprint(e.Sequence), a.When(&e.At), e.Action, e.Target, e.Actor, terminal.Optional(e.OnBehalf), terminal.Optional(e.IP)}
		})
	})
	filter = auditFilter(cmd.Flags())
	limitFlag(cmd.Flags(), &most, 50)
	return command.List[api.AuditEvent](a.App, cmd, auditHead)
}

// auditExport streams the whole audit to standard output. An export that breaks off
// ends with 1, also when the disk is full: half an export must not pass for one.
func (a *app) auditExport(instance *bool) *cobra.Command {
	var format string
	var filter func() api.AuditFilter
	cmd := a.Command("export", "Write the audit to standard output", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		if format != string(client.NDJSON) && format != string(client.CSV) {
			return command.Usagef("--format takes ndjson or csv")
		}
		c, err := a.client()
		if err != nil {
			return err
		}
		export, err := c.ExportAudit(cmd.Context(), at(*instance), filter(), client.AuditFormat(format))
		if err != nil {
			return err
		}
		_, err = io.Copy(a.Out, export)
		return errors.Join(err, export.Close())
	})
	filter = auditFilter(cmd.Flags())
	cmd.Flags().StringVar(&format, "format", "ndjson", "ndjson or csv")
	return cmd
}

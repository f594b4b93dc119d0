// Package operator has the commands for whoever runs a server: serve, demo, bootstrap, keys,
// backup, restore, move and the rest that opens what a server opens, on this machine.
//
// No command here has a token or speaks to a server by its API; who needs that is in the
// room of the command line. What is opened is opened by the room of the server, with its locks.
package operator

import (
	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/internal/command"
)

// operator is one run of one of these commands.
type operator struct{ *command.App }

// Commands are those that stand by themselves.
func Commands(a *command.App) []*cobra.Command {
	o := &operator{a}
	return []*cobra.Command{
		o.serve(), o.demo(), o.bootstrap(), o.keys(), o.rules(), o.backup(), o.restore(), o.move(), o.clock(), o.fill(), o.version(),
	}
}

// AuditVerify proves that nobody changed the audit of a database.
func AuditVerify(a *command.App) *cobra.Command { return (&operator{a}).auditVerify() }

// ResetPassword makes a link for whoever cannot get in, beside the database.
func ResetPassword(a *command.App) *cobra.Command { return (&operator{a}).resetPassword() }

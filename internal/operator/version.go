package operator

import (
	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/stamp"
)

// version says what the build knows of itself.
func (a *operator) version() *cobra.Command {
	return a.Command("version", "Print the version, and what was built", cobra.NoArgs, func(*cobra.Command, []string) error {
		b := stamp.Read()
		return a.Show(b, []command.Row{{"tokenry", b.Version}, {"from", b.Source()}, {"go", b.Go}, {"platform", b.Platform}})
	})
}

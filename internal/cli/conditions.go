package cli

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/terminal"
)

// An argument or flag that was given and says nothing is a shell variable that was
// not set. It never means all, nor the default: the command is refused before it
// does anything.

// mayBeEmpty are the flags whose value is a text that is kept as it is, and where
// an empty one says to keep none.
func mayBeEmpty() []string { return []string{"description", "display-name", "comment"} }

// nothingEmpty refuses what was given and is empty.
func nothingEmpty(cmd *cobra.Command, args []string) (err error) {
	if slices.ContainsFunc(args, terminal.Blank) {
		return usagef("an argument is empty; is a variable not set? %s --help tells what it takes", cmd.CommandPath())
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if err == nil && !slices.Contains(keptAsTheyAre(), f.Name) && terminal.SaysNothing(f.Value) {
			err = emptyFlag("--" + f.Name)
		}
	})
	return err
}

func emptyFlag(name string) error {
	return usagef("%s was given and is empty; is a variable not set? Leave it out if it shall say nothing", name)
}

// keptAsTheyAre are mayBeEmpty and the settings of a server, of which an empty one
// takes back what a file says; but for those that choose what the server works on.
func keptAsTheyAre() []string {
	names := mayBeEmpty()
	for _, s := range config.Settings() {
		if !slices.Contains([]string{"database", "data", "keys"}, s.Key) {
			names = append(names, s.Flag)
		}
	}
	return names
}

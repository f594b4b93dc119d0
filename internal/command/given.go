package command

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

// MayBeEmpty are the flags whose value is a text that is kept as it is, and where
// an empty one says to keep none.
func MayBeEmpty() []string { return []string{"description", "display-name", "comment"} }

// NothingEmpty refuses what was given and is empty.
func NothingEmpty(cmd *cobra.Command, args []string) (err error) {
	if slices.ContainsFunc(args, terminal.Blank) {
		return Usagef("an argument is empty; is a variable not set? %s --help tells what it takes", cmd.CommandPath())
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if err == nil && !slices.Contains(keptAsTheyAre(), f.Name) && terminal.SaysNothing(f.Value) {
			err = EmptyFlag("--" + f.Name)
		}
	})
	return err
}

// EmptyFlag refuses a flag, or a variable of a filter, that was given and is empty.
func EmptyFlag(name string) error {
	return Usagef("%s was given and is empty; is a variable not set? Leave it out if it shall say nothing", name)
}

// keptAsTheyAre are mayBeEmpty and the settings of a server, of which an empty one
// takes back what a file says; but for those that choose what the server works on.
func keptAsTheyAre() []string {
	names := MayBeEmpty()
	for _, s := range config.Settings() {
		if !slices.Contains([]string{"database", "data", "keys"}, s.Key) {
			names = append(names, s.Flag)
		}
	}
	return names
}

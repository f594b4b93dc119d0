package command

import (
	"github.com/spf13/cobra"
)

// Command makes a command whose function is told that it was understood.
func (a *App) Command(use, short string, args cobra.PositionalArgs, run func(*cobra.Command, []string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: args, DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.Begin(cmd, args); err != nil {
				return err
			}
			return run(cmd, args)
		},
	}
}

// Begin refuses what cannot be meant before anything is done, and notes that the command
// was understood.
func (a *App) Begin(cmd *cobra.Command, args []string) error {
	if err := NothingEmpty(cmd, args); err != nil {
		return err
	}
	if err := a.prepare(cmd); err != nil {
		return err
	}
	if err := a.choose(cmd); err != nil {
		return err
	}
	a.Began = true
	return nil
}

// Alias gives a command a second name, under which people look for it.
func Alias(name string, cmd *cobra.Command) *cobra.Command {
	cmd.Aliases = append(cmd.Aliases, name)
	return cmd
}

// Group makes a command that only has others below it.
func (a *App) Group(use, short string, below ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use: use, Short: short, DisableFlagsInUseLine: true, Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return Usagef("there is no command %q; %s lists those there are", args[0], cmd.CommandPath()+" --help")
			}
			cmd.SetOut(a.Err)
			_ = cmd.Help() // a stream that is closed cannot be told so
			return Usagef("say which of these commands you mean")
		},
	}
	g.AddCommand(below...)
	return g
}

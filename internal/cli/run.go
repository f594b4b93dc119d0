package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/manual"
	"github.com/tokenry/tokenry/internal/terminal"
	"github.com/tokenry/tokenry/token"
)

// Stdio is what surrounds the program.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
	// Env looks a variable up; nil is an empty environment.
	Env func(string) (string, bool)
	// Terminal says whether a stream is one that a person sits at; nil looks.
	Terminal func(stream any) bool
	// Now is the clock of what is printed; nil is the machine's.
	Now func() time.Time
}

func (s Stdio) withDefaults() Stdio {
	if s.In == nil {
		s.In = strings.NewReader("")
	}
	if s.Out == nil {
		s.Out = io.Discard
	}
	if s.Err == nil {
		s.Err = io.Discard
	}
	if s.Env == nil {
		s.Env = func(string) (string, bool) { return "", false }
	}
	if s.Terminal == nil {
		s.Terminal = isTerminal
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	return s
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// app is one run of the program.
type app struct {
	Stdio
	flags globals
	// began says that a command was understood and runs.
	began bool
	// stdinTaken says that something was read from standard input already.
	stdinTaken bool
}

// globals are the flags that every command that speaks to a server has.
type globals struct {
	server, token, tokenFile, workspace string
	json                                bool
}

// Run runs the program with these arguments, without its name. It has told the
// error when it returns one; [ExitCode] is what the process ends with.
func Run(ctx context.Context, args []string, s Stdio) error {
	a := &app{Stdio: s.withDefaults()}
	root := a.root()
	root.SetArgs(append([]string{}, args...)) // cobra takes nil for the process's own
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	err := noSecrets(args)
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	if err != nil && !a.began {
		err = usage(err)
	}
	if err != nil {
		a.report(err)
	}
	return err
}

// usageError is a command that was not understood.
type usageError struct{ err error }

// Error is that of what was not understood.
func (e *usageError) Error() string { return e.err.Error() }

// Unwrap returns what was not understood.
func (e *usageError) Unwrap() error { return e.err }

func usage(err error) error {
	if _, ok := errors.AsType[*usageError](err); ok {
		return err
	}
	return &usageError{err}
}

func usagef(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }

// ExitCode is what a process ends with after an error of [Run].
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	_, misused := errors.AsType[*usageError](err)
	_, misread := errors.AsType[*terminal.MisuseError](err)
	_, misset := errors.AsType[*config.Error](err)
	_, troubled := errors.AsType[*troubleError](err)
	if misused || misread || misset || troubled {
		return 2
	}
	return 1
}

// noSecrets refuses arguments that hold a token. It does not repeat them.
func noSecrets(args []string) error {
	if slices.ContainsFunc(args, token.Contains) {
		return errSecretArgument
	}
	return nil
}

var errSecretArgument = errors.New("an argument holds a token. Arguments are seen by every user of this machine (ps) and kept in the shell's history, so it was not used. " +
	"Give it on standard input (-), in a file (@FILE), or in the variable TOKENRY_TOKEN; and rotate it, because it was seen now")

// command makes a command whose function is told that it was understood.
func (a *app) command(use, short string, args cobra.PositionalArgs, run func(*cobra.Command, []string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: args, DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := nothingEmpty(cmd, args); err != nil {
				return err
			}
			a.began = true
			return run(cmd, args)
		},
	}
}

// alias gives a command a second name, under which people look for it.
func alias(name string, cmd *cobra.Command) *cobra.Command {
	cmd.Aliases = append(cmd.Aliases, name)
	return cmd
}

// group makes a command that only has others below it.
func (a *app) group(use, short string, below ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use: use, Short: short, DisableFlagsInUseLine: true, Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("there is no command %q; %s lists those there are", args[0], cmd.CommandPath()+" --help")
			}
			cmd.SetOut(a.Err)
			_ = cmd.Help() // a stream that is closed cannot be told so
			return usagef("say which of these commands you mean")
		},
	}
	g.AddCommand(below...)
	return g
}

// root is the whole tree of commands.
func (a *app) root() *cobra.Command {
	root := a.group("tokenry", "The token office for an API", append(a.local(), a.remote()...)...)
	root.Long, root.Version = rootHelp, version()
	root.SetVersionTemplate("tokenry {{.Version}}\n")
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = false
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usagef("there is no command %q; tokenry --help lists those there are%s", args[0], suggestion(cmd, args[0]))
		}
		a.began = true
		return cmd.Help()
	}
	fs := root.PersistentFlags()
	fs.StringVar(&a.flags.server, "server", "", "address of the server ($TOKENRY_SERVER, default "+defaultServer+")")
	fs.StringVar(&a.flags.token, "token", "", "where the token is: - for standard input, @FILE for a file ($TOKENRY_TOKEN holds one)")
	fs.StringVar(&a.flags.tokenFile, "token-file", "", "file that holds the token, like --token @FILE")
	fs.StringVarP(&a.flags.workspace, "workspace", "w", "", "slug or ext:ID of the workspace ($TOKENRY_WORKSPACE, default the token's own)")
	fs.BoolVar(&a.flags.json, "json", false, "print JSON, as the API answers it")
	manual.Teach(root)
	return root
}

// Tree is every command with its help, for whoever writes that down.
func Tree() *cobra.Command {
	root := (&app{Stdio: Stdio{}.withDefaults()}).root()
	root.InitDefaultCompletionCmd()
	manual.Teach(root)
	return root
}

func suggestion(cmd *cobra.Command, typed string) string {
	cmd.SuggestionsMinimumDistance = 2
	if like := cmd.SuggestionsFor(typed); len(like) > 0 {
		return "; did you mean " + strings.Join(like, " or ") + "?"
	}
	return ""
}

const rootHelp = `Tokenry issues access tokens for an API, verifies them on every request, and
watches, limits, rotates and revokes them.

Begin with:

    tokenry demo                      a throw-away server that prints what to try
    tokenry bootstrap, tokenry serve  a server of your own

Commands that speak to a server take its address from --server or
TOKENRY_SERVER, and a token from TOKENRY_TOKEN, from a file (--token @FILE),
from standard input (--token -), or as tokenry login kept it.`

// local are the commands that can do without a server.
func (a *app) local() []*cobra.Command {
	return []*cobra.Command{a.serve(), a.demo(), a.bootstrap(), a.keys(), a.rules(), a.backup(), a.restore(), a.move(), a.clock(), a.fill(), a.scan(), a.scannerRules(), a.version()}
}

// remote are the commands that speak to a server.
func (a *app) remote() []*cobra.Command {
	return []*cobra.Command{
		a.login(), a.logout(), a.whoami(), a.verify(), a.explain(), a.incident(), a.tokens(), a.imports(), a.importFormats(), a.webhooks(), a.workspaces(), a.members(), a.serviceAccounts(), a.trust(), a.exchange(), a.roles(), a.scopes(), a.removals(),
		a.resources(), a.policy(), a.audit(), a.users(), a.admins(),
	}
}

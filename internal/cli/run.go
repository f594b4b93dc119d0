package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/manual"
	"github.com/tokenry/tokenry/internal/operator"
	"github.com/tokenry/tokenry/internal/stamp"
	"github.com/tokenry/tokenry/token"
)

// app is one run of the program against a server.
type app struct {
	*command.App
	flags globals
}

// globals are the flags that every command that speaks to a server has.
type globals struct{ token, tokenFile, workspace string }

// Stdio is what surrounds the program.
type Stdio = command.Stdio

// row is a line of a description.
type row = command.Row

func newApp(s Stdio) *app { return &app{App: command.New(s)} }

// Run runs the program with these arguments, without its name. It has told the
// error when it returns one; [ExitCode] is what the process ends with.
func Run(ctx context.Context, args []string, s Stdio) error {
	a := newApp(s)
	root := a.root()
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		a.teach(root)
	}
	root.SetArgs(append([]string{}, args...)) // cobra takes nil for the process's own
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	err := noSecrets(args)
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	if err != nil && !a.Began {
		err = command.Misused(err)
	}
	if err != nil {
		a.Report(err)
	}
	return err
}

// ExitCode is what a process ends with after an error of [Run].
func ExitCode(err error) int { return command.ExitCode(err) }

// noSecrets refuses arguments that hold a token. It does not repeat them.
func noSecrets(args []string) error {
	if slices.ContainsFunc(args, token.Contains) {
		return errSecretArgument
	}
	return nil
}

var errSecretArgument = errors.New("an argument holds a token. Arguments are seen by every user of this machine (ps) and kept in the shell's history, so it was not used. " +
	"Give it on standard input (-), in a file (@FILE), or in the variable TOKENRY_TOKEN; and rotate it, because it was seen now")

// root is the whole tree of commands.
func (a *app) root() *cobra.Command {
	root := a.Group("tokenry", "The token office for an API", append(operator.Commands(a.App), a.remote()...)...)
	root.Long, root.Version = rootHelp, stamp.Read().Version
	root.SetVersionTemplate("tokenry {{.Version}}\n")
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = false
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return command.Usagef("there is no command %q; tokenry --help lists those there are%s", args[0], suggestion(cmd, args[0]))
		}
		a.Began = true
		return cmd.Help()
	}
	fs := root.PersistentFlags()
	fs.StringVar(&a.Server, "server", "", "address of the server ($TOKENRY_SERVER, default "+command.DefaultServer+")")
	fs.StringVar(&a.flags.token, "token", "", "where the token is: - for standard input, @FILE for a file ($TOKENRY_TOKEN holds one)")
	fs.StringVar(&a.flags.tokenFile, "token-file", "", "file that holds the token, like --token @FILE")
	fs.StringVarP(&a.flags.workspace, "workspace", "w", "", "slug or ext:ID of the workspace ($TOKENRY_WORKSPACE, default the token's own)")
	a.AnswerFlags(fs)
	root.InitDefaultCompletionCmd()
	a.bashScript(root)
	manual.Teach(root)
	short(root)
	return root
}

// bashScript has completion bash print our script.
func (a *app) bashScript(root *cobra.Command) {
	if bash, _, err := root.Find([]string{"completion", "bash"}); err == nil {
		bash.RunE = func(cmd *cobra.Command, _ []string) error {
			bare, _ := cmd.Flags().GetBool("no-descriptions")
			return command.WriteBash(root, a.Out, !bare)
		}
	}
}

// short gives what lists and what ends the names that a shell has for that.
func short(cmd *cobra.Command) {
	for _, below := range cmd.Commands() {
		short(below)
		switch {
		case below.Name() == "list":
			command.Alias("ls", below)
		case below.Name() == "delete", below.Name() == "remove":
			command.Alias("rm", below)
		}
	}
}

// Tree is every command with its help, for whoever writes that down.
func Tree() *cobra.Command {
	a := newApp(Stdio{})
	root := a.root()
	a.teach(root)
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

// remote are the commands that speak to a server.
func (a *app) remote() []*cobra.Command {
	return []*cobra.Command{
		a.login(), a.logout(), a.whoami(), a.verify(), a.explain(), a.incident(), a.tokens(), a.approval(), a.imports(), a.importFormats(), a.webhooks(), a.workspaces(), a.members(), a.serviceAccounts(), a.trust(), a.exchange(), a.roles(), a.scopes(), a.removals(), a.scan(), a.scannerRules(),
		a.resources(), a.policy(), a.audit(), a.users(), a.admins(),
	}
}

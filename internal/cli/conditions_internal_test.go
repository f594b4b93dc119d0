package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/config"
)

// Weakness: --owner "$UNSET" is read as no --owner, and the command is about all.
// What is proved: each flag of each command that takes a text or a list, also one
// that somebody adds, is refused when it was given and says nothing.
func TestNoFlagMayBeEmpty(t *testing.T) {
	t.Parallel()
	free := command.MayBeEmpty()
	for _, s := range config.Settings() {
		free = append(free, s.Flag)
	}
	tried := 0
	var walk func(path []string)
	walk = func(path []string) {
		cmd := commandAt(t, path)
		for _, below := range cmd.Commands() {
			if below.Name() != "help" && below.Name() != "completion" {
				walk(append(slices.Clone(path), below.Name()))
			}
		}
		if !cmd.Runnable() || cmd.HasSubCommands() {
			return
		}
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			_, many := f.Value.(pflag.SliceValue)
			if (many || f.Value.Type() == "string") && !slices.Contains(free, f.Name) {
				names = append(names, f.Name)
			}
		})
		for _, name := range append(names, "an argument") {
			for _, empty := range []string{"", " "} {
				tried++
				if err := given(t, path, name, empty); err == nil || ExitCode(err) != 2 || !strings.Contains(err.Error(), name) {
					t.Errorf("tokenry %s, %s %q: %v", strings.Join(path, " "), name, empty, err)
				}
			}
		}
	}
	walk(nil)
	if tried < 400 {
		t.Errorf("%d flags were tried", tried)
	}
}

func commandAt(t *testing.T, path []string) *cobra.Command {
	t.Helper()
	a := newApp(Stdio{})
	cmd, _, err := a.root().Find(path)
	if err != nil {
		t.Fatal(err)
	}
	cmd.InheritedFlags() // are among its flags from now on
	return cmd
}

// given runs a command with one flag, or its argument, empty; it has to be refused
// before it looks at anything else.
func given(t *testing.T, path []string, name, empty string) error {
	t.Helper()
	cmd := commandAt(t, path)
	if name == "an argument" {
		return cmd.RunE(cmd, []string{empty})
	}
	if err := cmd.Flags().Set(name, empty); err != nil {
		t.Fatal(err)
	}
	return cmd.RunE(cmd, nil)
}

func TestAnEmptyVariableChoosesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ variable, command string }{
		{"TOKENRY_WORKSPACE", "whoami"}, {"TOKENRY_SERVER", "whoami"}, {"TOKENRY_SERVER", "login"}, {"TOKENRY_SERVER", "logout"},
		{"TOKENRY_SERVER", "token revoke --secret $TOKENRY_TOKEN"}, {"TOKENRY_SERVER", "scan --live ."},
	} {
		env := map[string]string{"TOKENRY_TOKEN": "x", c.variable: "", "HOME": t.TempDir()}
		err := Run(t.Context(), strings.Fields(c.command), Stdio{Env: func(n string) (string, bool) { v, ok := env[n]; return v, ok }})
		if err == nil || ExitCode(err) != 2 || !strings.Contains(err.Error(), c.variable) {
			t.Errorf("%s: %v", c.command, err)
		}
	}
	for _, words := range [][]string{{"owner="}, {"metadata.team="}, {"owner=x&status="}} {
		args := []string{"token", "rotate", "--exec", "true"}
		for _, w := range words {
			args = append(args, "--filter", w)
		}
		if err := Run(t.Context(), args, Stdio{}); err == nil || ExitCode(err) != 2 || !strings.Contains(err.Error(), "empty") {
			t.Errorf("%v: %v", words, err)
		}
	}
}

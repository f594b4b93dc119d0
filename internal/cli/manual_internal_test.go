package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/internal/manual"
)

// What is proved: every command, also one that somebody adds, has an example, and each
// example is one that the program understands: its flags are there and take what they
// are given, its arguments are as many as it wants.
func TestEveryCommandHasExamplesThatItUnderstands(t *testing.T) {
	t.Parallel()
	told := map[string]bool{}
	for _, e := range manual.Entries() {
		if told[e.Path] || len(e.Lines) == 0 {
			t.Errorf("%s stands twice in the table, or without an example", e.Path)
		}
		told[e.Path] = true
		for _, line := range e.Lines {
			root := Tree()
			args := ours(line)
			cmd, rest, err := root.Find(args)
			if err != nil || cmd.CommandPath() != e.Path {
				t.Errorf("%s: %q is of %q, %v", e.Path, line, cmd.CommandPath(), err)
				continue
			}
			if err := understood(cmd, rest); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
	commands := 0
	for cmd := range tree(Tree()) {
		commands++
		path := cmd.CommandPath()
		if cmd.Example == "" && cmd.HasParent() {
			t.Errorf("%s has no example (internal/manual/examples.txt)", path)
		}
		if cmd.HasSubCommands() && told[path] {
			t.Errorf("%s is a group, which shows those of its commands", path)
		}
		delete(told, path)
	}
	if len(told) > 0 || commands < 100 {
		t.Errorf("of %d commands none is %v", commands, told)
	}
}

// An example that is not understood is found out.
func TestAnExampleThatIsWrongIsFoundOut(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"tokenry whoami now", "tokenry token show", "tokenry token list --owned ci", "tokenry token create --label x --expires-in soon", "tokenry bootstrap --email ada@example.com"} {
		cmd, rest, err := Tree().Find(ours(line))
		if err == nil && understood(cmd, rest) == nil {
			t.Errorf("%s is understood", line)
		}
	}
	for line, want := range map[string]string{
		`X=$(tokenry exchange --as a '$T')`:          "exchange --as a $T",
		`cat x | tokenry scan - > y`:                 "scan -",
		`tokenry role put "A b" --scope 'c:d' < in`:  "role put A b --scope c:d",
		`tokenry policy edit rate='{"a":1}' b=[1,2]`: `policy edit rate={"a":1} b=[1,2]`,
	} {
		if got := strings.Join(ours(line), " "); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func understood(cmd *cobra.Command, args []string) error {
	if err := cmd.ParseFlags(args); err != nil {
		return err
	}
	if err := cmd.ValidateRequiredFlags(); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// ours are the words that a shell would give the program in a line.
func ours(line string) (words []string) {
	_, line, _ = strings.Cut(line, "tokenry ")
	word, quote, some := strings.Builder{}, rune(0), false
	flush := func() {
		if some {
			words = append(words, word.String())
		}
		word.Reset()
		some = false
	}
	for _, c := range line {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, some = c, true
		case quote == 0 && c == ' ':
			flush()
		case quote == 0 && strings.ContainsRune("|<>)", c):
			flush()
			return words
		default:
			word.WriteRune(c)
			some = true
		}
	}
	flush()
	return words
}

// tree is a command and all below it.
func tree(root *cobra.Command) func(yield func(*cobra.Command) bool) {
	all := []*cobra.Command{root}
	for i := 0; i < len(all); i++ {
		all = append(all, all[i].Commands()...)
	}
	return slices.Values(all)
}

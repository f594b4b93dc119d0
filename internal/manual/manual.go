// Package manual has what a reader of a command's help wants most: a line to paste. Its
// laws:
//
//   - Every command has an example, in one table (examples.txt), and no example stands
//     elsewhere; a test reads each as the program would.
//   - A group of commands shows the first examples that the table has of what is below it.
//   - Examples tell no secret: IDs are "$ID" or short, hosts those that are reserved, but for
//     the issuer of GitHub's jobs, which is the same for everybody.
package manual

import (
	_ "embed"
	"strings"

	"github.com/spf13/cobra"
)

// table is the path of a command on a line, and below it, indented, its examples.
//
//go:embed examples.txt
var table string

// shown is how many examples a group shows.
const shown = 3

// Entry is what the table has of one command.
type Entry struct {
	// Path is the command with those above it; each of Lines is a line of a shell.
	Path  string
	Lines []string
}

// Entries are the examples of every command, in the order of the table.
func Entries() (all []Entry) {
	for line := range strings.Lines(table) {
		line = strings.TrimRight(line, "\n")
		if example, indented := strings.CutPrefix(line, "  "); indented {
			last := &all[len(all)-1]
			last.Lines = append(last.Lines, example)
			continue
		}
		all = append(all, Entry{Path: line})
	}
	return all
}

// Teach gives each command below this one its examples.
func Teach(root *cobra.Command) {
	own, below := map[string][]string{}, map[string][]string{}
	for _, e := range Entries() {
		own[e.Path] = e.Lines
		group := e.Path[:strings.LastIndexByte(e.Path, ' ')]
		if len(below[group]) < shown {
			below[group] = append(below[group], e.Lines[0])
		}
	}
	teach(root, own, below)
}

func teach(cmd *cobra.Command, own, below map[string][]string) {
	for _, c := range cmd.Commands() {
		lines := own[c.CommandPath()]
		if c.HasSubCommands() {
			lines = below[c.CommandPath()]
		}
		if len(lines) > 0 {
			c.Example = "  " + strings.Join(lines, "\n  ")
		}
		teach(c, own, below)
	}
}

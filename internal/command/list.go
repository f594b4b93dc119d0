package command

import (
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/tokenry/tokenry/internal/terminal"
)

// columnsKey is the annotation of a command that prints a table.
const columnsKey = "columns"

// List makes a command one that prints items of T as a table with this head: at a
// terminal it fits, --wide shows all of it and --columns chooses.
func List[T any](a *App, cmd *cobra.Command, head terminal.Head) *cobra.Command {
	annotate(cmd, columnsKey, string(head))
	fs := cmd.Flags()
	fs.BoolVar(&a.wide, "wide", false, "all columns in full, also where the terminal is narrower")
	fs.StringSliceVar(&a.columns, "columns", nil, "only these columns, of "+strings.Join(named(head), ", "))
	_ = cmd.RegisterFlagCompletionFunc("columns", Listed(func() []string { return named(head) })) // it was added above
	return Answers[T](a, cmd)
}

// named are the columns as --columns takes them.
func named(head terminal.Head) []string {
	out := head.Columns()
	for i := range out {
		out[i] = terminal.ColumnName(out[i])
	}
	return out
}

func annotate(cmd *cobra.Command, key, value string) {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[key] = value
}

// choose reads --columns before anything is done.
func (a *App) choose(cmd *cobra.Command) (err error) {
	head, ok := cmd.Annotations[columnsKey]
	if !ok {
		a.wide = true
		return nil
	}
	if len(a.columns) > 0 && a.JSON {
		return Usagef("--columns is for tables; --json=FIELDS chooses what JSON has")
	}
	if len(a.columns) > 0 {
		a.pick, err = terminal.Head(head).Pick(a.columns)
	}
	return err
}

// width is how many columns a table may have; 0 is as many as it needs: where nobody sits, a
// program reads.
func (a *App) width() int {
	if a.wide || !a.Terminal(a.Out) {
		return 0
	}
	if text, ok := a.Env("COLUMNS"); ok {
		if n, err := strconv.Atoi(text); err == nil && n > 0 {
			return n
		}
	}
	if f, ok := a.Out.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil {
			return max(n, 0)
		}
	}
	return 0
}

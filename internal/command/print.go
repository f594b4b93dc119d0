package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/terminal"
)

// PrintJSON writes a value as the API answers it.
func (a *App) PrintJSON(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := a.Out.Write(terminal.CleanJSON(b.Bytes()))
	return err
}

// Row is a line of a description: a name and what it says.
type Row [2]string

// Show prints one object on standard output: its rows, or itself as JSON.
func (a *App) Show(v any, rows []Row) error {
	if a.JSON {
		return a.PrintJSON(v)
	}
	return Describe(a.Out, rows)
}

// Describe prints rows under each other.
func Describe(to io.Writer, rows []Row) error {
	w := tabwriter.NewWriter(to, 0, 8, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\n", r[0], terminal.Clean(r[1]))
	}
	return w.Flush()
}

// Table prints a list on standard output: a line for each item under a head, or
// the items as JSON. It stops after most items, 0 for none, and says so.
func Table[T any](a *App, items iter.Seq2[T, error], most int, head string, line func(T) []string) error {
	all := []T{}
	for item, err := range items {
		if err != nil {
			return err
		}
		if most > 0 && len(all) == most {
			fmt.Fprintf(a.Err, "there are more than %d; --limit 0 shows all\n", most)
			break
		}
		all = append(all, item)
	}
	if a.JSON {
		return a.PrintJSON(api.List[T]{Items: all})
	}
	w := tabwriter.NewWriter(a.Out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, strings.ReplaceAll(head, ",", "\t"))
	for _, item := range all {
		cells := line(item)
		for i := range cells {
			cells[i] = terminal.Clean(cells[i])
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// Each gives a slice the form of a list that is walked through.
func Each[T any](items []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err != nil {
			yield(*new(T), err)
			return
		}
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// SecretFollows is for people alone: where standard output goes into a file or a
// variable, nothing stands before the secret.
func (a *App) SecretFollows() {
	if a.Terminal(a.Out) {
		fmt.Fprint(a.Err, "\nThe secret, shown this once:\n\n")
	}
}

// When prints a moment absolutely and relative to now.
func (a *App) When(t *time.Time) string {
	if t == nil {
		return terminal.None
	}
	return t.UTC().Format("2006-01-02 15:04Z") + " (" + terminal.Relative(t.Sub(a.Now())) + ")"
}

// Expiry is the end of a token. Never is a word of its own: a dash would read as
// unknown.
func (a *App) Expiry(t api.Token) string {
	if t.ExpiresAt == nil {
		return "never"
	}
	return a.When(t.ExpiresAt)
}

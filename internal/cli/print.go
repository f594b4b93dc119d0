package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
	"text/tabwriter"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/terminal"
)

// printJSON writes a value as the API answers it.
func (a *app) printJSON(v any) error {
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

// row is a line of a description: a name and what it says.
type row struct{ name, value string }

// show prints one object on standard output: its rows, or itself as JSON.
func (a *app) show(v any, rows []row) error {
	if a.flags.json {
		return a.printJSON(v)
	}
	return describe(a.Out, rows)
}

// describe prints rows under each other.
func describe(to io.Writer, rows []row) error {
	w := tabwriter.NewWriter(to, 0, 8, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\n", r.name, terminal.Clean(r.value))
	}
	return w.Flush()
}

// table prints a list on standard output: a line for each item under a head, or
// the items as JSON. It stops after most items, 0 for none, and says so.
func table[T any](a *app, items iter.Seq2[T, error], most int, head string, line func(T) []string) error {
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
	if a.flags.json {
		return a.printJSON(api.List[T]{Items: all})
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

// each gives a slice the form of a list that is walked through.
func each[T any](items []T, err error) iter.Seq2[T, error] {
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

// issued hands over a secret: alone on standard output, with what it belongs to
// on standard error; or as the API answers it.
func (a *app) issued(v api.Issued) error {
	if a.flags.json {
		return a.printJSON(v)
	}
	if err := describe(a.Err, a.tokenRows(v.Token)); err != nil {
		return err
	}
	if v.Token.BlockedBy != nil {
		info := api.Code(*v.Token.BlockedBy).Info()
		fmt.Fprintf(a.Err, "note: this secret does not work now: %s. %s\n", info.Title, info.Advice)
	}
	a.secretFollows()
	_, err := fmt.Fprintln(a.Out, v.Secret)
	return err
}

// secretFollows is for people alone: where standard output goes into a file or a
// variable, nothing stands before the secret.
func (a *app) secretFollows() {
	if a.Terminal(a.Out) {
		fmt.Fprint(a.Err, "\nThe secret, shown this once:\n\n")
	}
}

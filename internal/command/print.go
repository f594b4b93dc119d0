package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/terminal"
)

// PrintJSON writes a value as the API answers it, or what --json=FIELDS and --jq make of it.
// An expression that fails costs no secret: the answer that has one follows whole.
func (a *App) PrintJSON(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	doc, err := a.answer.chosen(b.Bytes())
	if err != nil {
		return err
	}
	if a.answer.code != nil {
		out, wrong := a.answer.results(doc)
		if wrong == nil || !hasSecret(v) {
			_, err := a.Out.Write(out)
			return errors.Join(wrong, err)
		}
		err = Usagef("--jq: the expression does not fit the answer, which follows whole") // its own words may have a part of the secret
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, doc, "", "  "); err != nil {
		return err
	}
	_, full := a.Out.Write(terminal.CleanJSON(append(bytes.TrimRight(indented.Bytes(), "\n"), '\n')))
	return errors.Join(err, full)
}

// hasSecret says whether an answer has what is told this once.
func hasSecret(v any) bool {
	of := reflect.Indirect(reflect.ValueOf(v))
	if of.Kind() != reflect.Struct {
		return false
	}
	secret := of.FieldByName("Secret")
	return secret.Kind() == reflect.String && secret.Len() > 0
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
// the items as JSON. It stops after most items, 0 for none, and says so. At a terminal
// the table of a command of [List] fits it, see [terminal.Grid].
func Table[T any](a *App, items iter.Seq2[T, error], most int, head terminal.Head, line func(T) []string) error {
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
	rows := func() [][]string {
		out := make([][]string, len(all))
		for n, item := range all {
			out[n] = line(item)
			for i := range out[n] {
				out[n][i] = terminal.Clean(out[n][i])
			}
		}
		return out
	}
	return a.grid(terminal.Grid{Head: head, Rows: rows(), Pick: a.pick}, rows)
}

// grid prints a table; where it is wider than the terminal, the rows are asked for again
// with short times.
func (a *App) grid(g terminal.Grid, again func() [][]string) error {
	width := a.width()
	text, left := g.Fit(0)
	if width > 0 && !fits(text, width) {
		a.brief = true
		g.Rows = again()
		a.brief = false
		text, left = g.Fit(width)
	}
	if _, err := io.WriteString(a.Out, text); err != nil {
		return err
	}
	if len(left) > 0 {
		fmt.Fprintf(a.Err, "left out: %s; --wide shows all, --columns chooses\n", strings.Join(left, ", "))
	}
	return nil
}

// fits says whether no line of a text is wider than a terminal.
func fits(text string, width int) bool {
	for line := range strings.Lines(text) {
		if terminal.Width(strings.TrimRight(line, " \n")) > width {
			return false
		}
	}
	return true
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

// When prints a moment absolutely and relative to now; relative alone where there is little room.
func (a *App) When(t *time.Time) string {
	if t == nil {
		return terminal.None
	}
	if a.brief {
		return terminal.Relative(t.Sub(a.Now()))
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

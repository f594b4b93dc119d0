package command

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/itchyny/gojq"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/internal/terminal"
)

// Answers makes a command one whose answer is a T, or a list of T: --json=FIELDS chooses
// among its fields.
func Answers[T any](a *App, cmd *cobra.Command) *cobra.Command {
	a.answers[cmd] = reflect.TypeFor[T]()
	return cmd
}

// fieldsOf are the fields of a struct as JSON names them, in their order.
func fieldsOf(t reflect.Type) (names []string) {
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// plain says that JSON was asked for as the API answers it: a program reads, errors too.
func (a *App) plain() bool { return a.JSON && a.answer.fields == nil && a.answer.jq == "" }

// answer is how a command's answer is printed as JSON.
type answer struct {
	fields []string
	jq     string
	code   *gojq.Code
	// patience is how long the expression may take; 0 is [maxJQTime].
	patience time.Duration
}

// AnswerFlags adds --json and --jq.
func (a *App) AnswerFlags(fs *pflag.FlagSet) {
	fs.Var((*jsonFlag)(a), "json", "print JSON, as the API answers it; --json=FIELD,FIELD only these fields")
	fs.Lookup("json").NoOptDefVal = "true"
	fs.StringVarP(&a.answer.jq, "jq", "q", "", "print what this jq expression makes of the JSON, a line each, like '.items[].id'")
}

// jsonFlag is --json: alone, or with the fields that are wanted.
type jsonFlag App

// Set takes true, false, or fields.
func (j *jsonFlag) Set(s string) error {
	switch s {
	case "":
		return errors.New("want nothing, or fields as in --json=id,label")
	case "true", "false":
		j.JSON, j.answer.fields = s == "true", nil
	default:
		j.JSON, j.answer.fields = true, strings.Split(s, ",")
	}
	return nil
}

// String is what was chosen.
func (j *jsonFlag) String() string {
	switch {
	case !j.JSON:
		return "false"
	case j.answer.fields == nil:
		return "true"
	}
	return strings.Join(j.answer.fields, ",")
}

// Type is that of a flag that is given without a value, as most do.
func (*jsonFlag) Type() string { return "bool" }

// Fields are what --json=FIELDS takes for a command; none where its answer has no fields to
// choose from.
func (a *App) Fields(cmd *cobra.Command) []string {
	if t, ok := a.answers[cmd]; ok {
		return fieldsOf(t)
	}
	return nil
}

// prepare checks the fields and the expression before anything is done: what was done
// could not be told any more.
func (a *App) prepare(cmd *cobra.Command) error {
	if len(a.answer.fields) > 0 {
		known := a.Fields(cmd)
		if known == nil {
			return Usagef("the answer of %s has no fields to choose from; --json prints it, and --jq takes from it", cmd.CommandPath())
		}
		for _, name := range a.answer.fields {
			if !slices.Contains(known, name) {
				return Usagef("--json: the answer has no field %q; it has %s", name, strings.Join(known, ", "))
			}
		}
	}
	if a.answer.jq == "" {
		return nil
	}
	a.JSON = true
	query, err := gojq.Parse(a.answer.jq)
	if err == nil {
		a.answer.code, err = gojq.Compile(query)
	}
	if err != nil {
		return Usagef("--jq: %w", err)
	}
	return nil
}

// chosen is an answer, or the items of a list, with the fields that were asked for alone,
// in their order.
func (n answer) chosen(doc []byte) ([]byte, error) {
	if len(n.fields) == 0 {
		return doc, nil
	}
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(doc, &whole); err != nil {
		return nil, err
	}
	items, list := whole["items"]
	if !list || slices.Contains(n.fields, "items") {
		return n.narrowed(whole), nil
	}
	var each []map[string]json.RawMessage
	if err := json.Unmarshal(items, &each); err != nil {
		return nil, err
	}
	out := make([]json.RawMessage, len(each))
	for i, item := range each {
		out[i] = n.narrowed(item)
	}
	return json.Marshal(map[string][]json.RawMessage{"items": out})
}

func (n answer) narrowed(of map[string]json.RawMessage) []byte {
	var b bytes.Buffer
	sep := "{"
	for _, name := range n.fields {
		value, ok := of[name]
		if !ok {
			value = json.RawMessage("null") // left out where it is empty
		}
		fmt.Fprintf(&b, "%s%q:%s", sep, name, value)
		sep = ","
	}
	b.WriteByte('}')
	return b.Bytes()
}

// An expression that does not end is ended; one that prints without an end, too.
const (
	maxJQTime  = 10 * time.Second
	maxJQBytes = 64 << 20
)

// results are what the expression makes of an answer, a line each: a text as it is, anything
// else as JSON.
func (n answer) results(doc []byte) ([]byte, error) {
	var in any
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	if err := dec.Decode(&in); err != nil {
		return nil, err
	}
	patience := cmp.Or(n.patience, maxJQTime)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var b bytes.Buffer
	for it := n.code.RunWithContext(ctx, in); ; {
		v, more := it.Next()
		if !more {
			return b.Bytes(), nil
		}
		if halt, ok := errors.AsType[*gojq.HaltError](asError(v)); ok && halt.Value() == nil {
			return b.Bytes(), nil
		}
		if err := asError(v); errors.Is(err, context.DeadlineExceeded) {
			return b.Bytes(), Usagef("--jq: the expression had not ended after %v", patience)
		} else if err != nil {
			return b.Bytes(), Usagef("--jq: %w%s", err, rowsAt(in))
		}
		if text, ok := v.(string); ok {
			b.WriteString(terminal.CleanLines(text))
		} else if line, err := gojq.Marshal(v); err == nil {
			b.Write(terminal.CleanJSON(line))
		}
		if b.WriteByte('\n'); b.Len() > maxJQBytes {
			return nil, Usagef("--jq: the expression makes more than %d MiB", maxJQBytes>>20)
		}
	}
}

// rowsAt tells whoever takes a list for its rows where these are.
func rowsAt(in any) string {
	if doc, ok := in.(map[string]any); ok && doc["items"] != nil {
		return "; the rows of a list are .items[]"
	}
	return ""
}

func asError(v any) error {
	err, _ := v.(error)
	return err
}

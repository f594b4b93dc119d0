package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/exports"
	"github.com/tokenry/tokenry/internal/foreign"
	"github.com/tokenry/tokenry/internal/terminal"
)

// Desk is where an import is read, sent and told.
type Desk struct {
	In       io.Reader // for the path -
	Out, Err io.Writer
	// JSON tells what became of each row as a line of JSON.
	JSON bool
	// Person says that somebody sits at Err.
	Person bool
	Now    time.Time
	// Send has the server import tokens of a workspace. It may be called again with the
	// same tokens.
	Send func(context.Context, api.ImportTokens) (api.ImportResults, error)
}

// The most that one call sends: tokens, and bytes of them.
const (
	maxCall  = 100
	maxBytes = 256 << 10
)

// leftOut is the status of a row that the other system accepts no more.
const leftOut = "left_out"

// Result is what became of a row of the file.
type Result struct {
	Line int `json:"line"`
	api.ImportResult
}

// run is one run of a job.
type run struct {
	Desk
	yes     bool
	format  api.ImportFormat
	pending []exports.Row
	size    int            // bytes of these
	read    int            // rows
	sent    int            // tokens that were answered about
	count   map[string]int // by status
	left    map[string]int // by why
}

// Run imports a file, or what stands on standard input for the path -.
func (j *Job) Run(ctx context.Context, path string, d Desk) error {
	w, err := j.wish(d.Now)
	if err != nil {
		return err
	}
	in := io.NopCloser(d.In)
	if path != "-" {
		if in, err = os.Open(path); err != nil {
			return err
		}
	}
	defer func() { _ = in.Close() }()
	e, err := exports.Open(in, w)
	if err != nil {
		return err
	}
	if j.print {
		return j.printed(e, d)
	}
	r := &run{Desk: d, yes: j.yes, format: e.Format, count: map[string]int{}, left: map[string]int{}}
	j.announce(w, e.Format, d.Err)
	if err := r.rows(ctx, e); err != nil {
		r.clear()
		if r.sent > 0 && r.yes {
			fmt.Fprintf(d.Err, "%d tokens were sent before that; run it again for the rest, what is there already is left as it is\n", r.sent)
		}
		return err
	}
	return r.sum()
}

// announce says what the tokens will be that whoever imports them may not think they are.
func (j *Job) announce(w exports.Wish, f api.ImportFormat, to io.Writer) {
	say := func(format string, args ...any) { fmt.Fprintf(to, "note: "+format+"\n", args...) }
	if w.System != nil && w.System.Warn != "" {
		say("%s", w.System.Warn)
	}
	if j.role == "" && len(j.scopes) == 0 {
		say("no --role or --scope was named, so tokens that name no rights themselves may do everything their owner may, now and later")
	}
	if j.life.String() == "" {
		say("tokens that have no end there get the policy's default lifetime; --expires-in says another, or never")
	}
	if foreign.Slow(f.Hash) {
		say("%s is slow on purpose: the first use of each string takes longer than those after it", f.Hash)
	}
}

// rows sends them all.
func (r *run) rows(ctx context.Context, e *exports.Export) error {
	for row, err := range e.Rows() {
		if err != nil {
			return err
		}
		r.read++
		switch {
		case row.Left != "":
			r.left[row.Left]++
			r.tell(Result{row.Line, api.ImportResult{Status: leftOut, Detail: row.Left}})
			continue
		case row.Wrong != "":
			r.tell(Result{row.Line, api.ImportResult{Status: api.ImportRefused, Detail: row.Wrong}})
			continue
		}
		n := size(*row.Token)
		if len(r.pending) == maxCall || r.size+n > maxBytes && r.size > 0 {
			if err := r.send(ctx); err != nil {
				return err
			}
		}
		r.pending, r.size = append(r.pending, row), r.size+n
	}
	if len(r.pending) == 0 {
		return nil
	}
	return r.send(ctx)
}

func size(t api.ImportToken) int {
	b, _ := json.Marshal(t) // it was written once already
	return len(b)
}

// send has the server take what is pending. Results are in the order of the tokens, and
// another number of them is refused: one that slipped would be told of the wrong line.
func (r *run) send(ctx context.Context) error {
	in := api.ImportTokens{Format: r.format, DryRun: !r.yes}
	for _, row := range r.pending {
		in.Tokens = append(in.Tokens, *row.Token)
	}
	out, err := r.Send(ctx, in)
	if err != nil {
		return err
	}
	if len(out.Results) != len(in.Tokens) {
		return api.Errorf(api.CodeInternal, "the server answered about a different number of tokens than it was sent")
	}
	r.sent += len(in.Tokens)
	for i, result := range out.Results {
		r.tell(Result{r.pending[i].Line, result})
	}
	r.pending, r.size = r.pending[:0], 0
	r.progress()
	return nil
}

// tell counts what became of a row; as text, refusals alone are printed.
func (r *run) tell(one Result) {
	r.count[one.Status]++
	switch {
	case r.JSON:
		_ = line(r.Out, one) // a stream that is closed cannot be told so
	case one.Status == api.ImportRefused:
		r.clear()
		why := one.Detail
		if one.Field != "" && !strings.HasPrefix(why, one.Field) {
			why = one.Field + ": " + why
		}
		fmt.Fprintf(r.Out, "line %d: %s\n", one.Line, terminal.Clean(why))
	}
}

// every is after how many rows something is told where nobody sits.
const every = 1000

func (r *run) progress() {
	switch {
	case r.Person:
		fmt.Fprintf(r.Err, "\r\x1b[K%d read: %s", r.read, r.counts())
	case r.sent%every == 0:
		fmt.Fprintf(r.Err, "%d read: %s\n", r.read, r.counts())
	}
}

// clear takes the progress off a terminal's line.
func (r *run) clear() {
	if r.Person {
		fmt.Fprint(r.Err, "\r\x1b[K")
	}
}

func (r *run) counts() string {
	made := "imported"
	if !r.yes {
		made = "would be imported"
	}
	return fmt.Sprintf("%d %s, %d exist, %d refused, %d left out", r.count[api.ImportMade], made, r.count[api.ImportThere], r.count[api.ImportRefused], r.count[leftOut])
}

// sum ends a run that read the file to its end. The error is that not every token of it
// is here.
func (r *run) sum() error {
	r.clear()
	fmt.Fprintln(r.Err, r.counts())
	for _, why := range slices.Sorted(maps.Keys(r.left)) {
		fmt.Fprintf(r.Err, "  %d left out: %s\n", r.left[why], why)
	}
	switch n := r.count[api.ImportRefused]; {
	case r.read == 0:
		return errors.New("the export has no token")
	case n > 0 && r.yes:
		return fmt.Errorf("%d tokens were refused; mend those rows and run it again, what is there already is left as it is", n)
	case n > 0:
		return fmt.Errorf("%d tokens would be refused; nothing was imported", n)
	case !r.yes:
		fmt.Fprintln(r.Err, "nothing was imported; --yes does it")
	}
	return nil
}

// line prints a value as one line of JSON.
func line(to io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := to.Write(terminal.CleanJSON(b.Bytes()))
	return err
}

// printed writes an export as a file of Tokenry's own, without the secrets of its format.
func (j *Job) printed(e *exports.Export, d Desk) error {
	lead := exports.Lead{System: j.from, Format: e.Format}
	if lead.Format.Key+lead.Format.Suffix != "" {
		lead.Format.Key, lead.Format.Suffix = "", ""
		fmt.Fprintln(d.Err, "note: the key is not in it; give --key-file again when it is imported")
	}
	if err := line(d.Out, lead); err != nil {
		return err
	}
	wrong, left := 0, 0
	for row, err := range e.Rows() {
		switch {
		case err != nil:
			return err
		case row.Left != "":
			left++
		case row.Wrong != "":
			wrong++
			fmt.Fprintf(d.Err, "line %d: %s\n", row.Line, terminal.Clean(row.Wrong))
		default:
			if err := line(d.Out, row.Token); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(d.Err, "%d left out, %d wrong\n", left, wrong)
	if wrong > 0 {
		return fmt.Errorf("%d rows could not be read", wrong)
	}
	return nil
}

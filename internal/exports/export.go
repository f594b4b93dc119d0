package exports

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/foreign"
)

// Wish is what whoever imports says of all tokens of an export.
type Wish struct {
	// System is whose export it is; nil for a table or lines of Tokenry's own.
	System *System
	// Format is that of such a file where its first line does not say it; else nil.
	Format *api.ImportFormat
	// Name and Prefix are those of the format in place of the system's own; empty leaves
	// these.
	Name, Prefix string
	// Secret is what the system, or the HMAC of the format, hashes along; else it is what is
	// appended to what is hashed.
	Secret string
	// Owner is whose the tokens become; Owners says it by the id that their user has there.
	Owner  string
	Owners map[string]string
	// Kind and Rights are those of every token that names none itself.
	Kind   string
	Rights api.Rights
	// Life and Never are for tokens that have no end there. Neither leaves it to the policy.
	Life  api.Duration
	Never bool
	// Now is what has an end before it was over then.
	Now time.Time
}

// Row is what became of one row of an export: exactly one of its last three says it.
type Row struct {
	// Line is where it begins in the file, counted from 1.
	Line int
	// Token is what is to be imported; nil for a row that is left out or wrong.
	Token *api.ImportToken
	// Left says why it is left out, Wrong why it cannot be read.
	Left, Wrong string
}

// Export is a file that is being read. Its rows are read once.
type Export struct {
	// Format is that of all of its tokens.
	Format api.ImportFormat

	wish   Wish
	source *source
	first  *record // of which the format was read
}

// Open begins to read a file: its format, and that the columns are there which must be.
func Open(r io.Reader, w Wish) (*Export, error) {
	s, err := open(r)
	if err != nil {
		return nil, err
	}
	e := &Export{wish: w, source: s}
	if w.System == nil {
		return e, e.own()
	}
	if e.Format, err = w.System.Format(w.Name, w.Prefix, w.Secret); err != nil {
		return nil, err
	}
	if s.head == nil {
		return e, nil
	}
	for i, name := range s.head {
		s.head[i] = fold(name)
	}
	return e, e.headed()
}

// headed says what is wrong with the first line of a table.
func (e *Export) headed() error {
	seen := cells{}
	for _, name := range e.source.head {
		if _, twice := seen[name]; twice {
			return fmt.Errorf("line 1 names the column %s twice", shown(name))
		}
		seen[name] = ""
	}
	if e.wish.System == nil {
		return nil
	}
	return e.wish.System.missing(seen)
}

// fold makes names of columns alike that an ORM and its database write differently.
func fold(name string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(name), "_", ""))
}

// Rows reads them in the order of the file. An error ends it: what stands behind it is
// not read.
func (e *Export) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for {
			rec, err := e.next()
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(Row{}, err)
				return
			}
			row, err := e.row(rec)
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

func (e *Export) next() (record, error) {
	if rec := e.first; rec != nil {
		e.first = nil
		return *rec, nil
	}
	return e.source.next()
}

// row makes a token of a record, or says why not. The error is that no row can be read.
func (e *Export) row(rec record) (Row, error) {
	out := Row{Line: rec.line}
	var t api.ImportToken
	switch column, ok := rec.cells.clean(); {
	case !ok:
		out.Wrong = "the column " + shown(column) + " is not UTF-8"
		return out, nil
	case e.wish.System != nil:
		c := rec.cells
		if e.source.head == nil {
			c = make(cells, len(rec.cells))
			for name, text := range rec.cells {
				c[fold(name)] = text
			}
			if err := e.wish.System.missing(c); err != nil {
				return out, fmt.Errorf("line %d: %w", rec.line, err)
			}
		}
		t, out.Left, out.Wrong = e.wish.System.read(c, e.wish)
	case rec.raw != nil:
		t, out.Wrong = ownObject(rec.raw)
	default:
		t, out.Wrong = ownRow(rec.cells)
	}
	if out.Left == "" && out.Wrong == "" {
		out.Left, out.Wrong = e.finish(&t)
	}
	if out.Left == "" && out.Wrong == "" {
		out.Token = &t
	}
	return out, nil
}

// finish fills in what the wish says, and refuses what no import takes.
func (e *Export) finish(t *api.ImportToken) (left, wrong string) {
	w := e.wish
	if t.ExpiresAt.Has() && !t.ExpiresAt.Value.After(w.Now) {
		return "it has expired", ""
	}
	if !t.ExpiresAt.Set && !t.ExpiresIn.Set && !t.Never.Set {
		switch {
		case w.Never:
			t.Never = api.Some(true)
		case w.Life > 0:
			t.ExpiresIn = api.Some(w.Life)
		}
	}
	if !t.Role.Set && !t.Scopes.Set && !t.Resources.Set && !t.Grants.Set {
		t.Rights = w.Rights
	}
	if t.Kind == "" {
		t.Kind = w.Kind
	}
	if t.Owner == "" {
		t.Owner = w.Owner
	}
	switch b, err := json.Marshal(t); {
	case t.Hash == "":
		return "", "it has no hash"
	case err != nil || len(b) > maxToken:
		return "", "it says more than a token may have"
	}
	return "", ""
}

// maxToken is how many bytes a token has on the wire at the most.
const maxToken = 16 << 10

// missing says which columns are not there that must be.
func (s System) missing(c cells) error {
	cols := s.columns
	need := []string{cols.hash, cols.salt, cols.hint, cols.user, cols.expires}
	for _, r := range s.rules {
		need = append(need, r.column)
	}
	for _, names := range need {
		if names == "" || names[0] == '?' {
			continue
		}
		there := func(name string) bool { _, ok := c[fold(name)]; return ok }
		if all := strings.Split(names, ","); !slices.ContainsFunc(all, there) {
			return fmt.Errorf("the column %s is missing: without it, an import could bring back what has ended there, or not be told from others. Export the whole table of %s", all[0], s.Title)
		}
	}
	return nil
}

// cell is what a column of the system says.
func (c cells) cell(names string) string {
	_, text := c.said(names)
	return text
}

// said is also which of several columns says it.
func (c cells) said(names string) (column, text string) {
	for column = range strings.SplitSeq(strings.TrimPrefix(names, "?"), ",") {
		if text = c[fold(column)]; column != "" && text != "" {
			return column, text
		}
	}
	return "", ""
}

// read makes a token of a row of the system's table.
func (s System) read(c cells, w Wish) (t api.ImportToken, left, wrong string) {
	for _, r := range s.rules {
		if r.when(c.cell(r.column)) {
			return t, r.left, r.wrong
		}
	}
	cols := s.columns
	t.Hash, t.Salt, t.Hint = c.cell(cols.hash), c.cell(cols.salt), c.cell(cols.hint)
	if t.Start = head(c.cell(cols.start), foreign.MaxStart); cols.shown > 0 {
		t.Start = head(t.Start, cols.shown)
	}
	if cols.plain {
		sum := sha256.Sum256([]byte(t.Hash))
		t.Hash, t.Start = hex.EncodeToString(sum[:]), t.Hash[:plainStart]
	}
	user, id := c.cell(cols.user), c.cell(cols.id)
	t.Label = api.Some(label(c.cell(cols.label), s.Title, user, id))
	t.Metadata = meta(map[string]string{"source_id": id, "source_user": user, "source_rights": words(c.cell(cols.rights))})
	if t.Owner, wrong = w.owner(user); wrong != "" {
		return t, "", wrong
	}
	for names, at := range map[string]*api.Opt[time.Time]{cols.created: &t.CreatedAt, cols.expires: &t.ExpiresAt} {
		column, text := c.said(names)
		if text == "" {
			continue
		}
		when, ok := moment(text)
		if !ok {
			return t, "", "the column " + column + " is no time that is understood"
		}
		*at = api.Some(when)
	}
	return t, "", ""
}

const (
	// plainStart is how much of a string that is known is told.
	plainStart = 4
	maxLabel   = 100
	maxMeta    = 200
)

// owner is whose a token becomes whose user there has an id.
func (w Wish) owner(user string) (owner, wrong string) {
	if w.Owners == nil || user == "" {
		return w.Owner, ""
	}
	if owner = w.Owners[user]; owner == "" {
		owner = w.Owner
	}
	if owner == "" {
		return "", "its user " + shown(user) + " is not among the owners; name them there, or an owner for all others"
	}
	return owner, ""
}

// label is a name for people: what the other system has, or else whose it was.
func label(name, title, user, id string) string {
	name = strings.TrimSpace(head(strings.Map(plain, name), maxLabel))
	switch {
	case name != "":
		return name
	case user != "":
		return head(strings.Map(plain, title+" token of user "+user), maxLabel)
	case id != "":
		return head(strings.Map(plain, title+" token "+id), maxLabel)
	}
	return title + " token"
}

// plain has a blank in place of what steers a terminal or a page.
func plain(r rune) rune {
	if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
		return ' '
	}
	return r
}

// head is at most so many characters of a text.
func head(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// words are a list as databases keep it, in YAML or apart by commas, on one line.
func words(s string) string {
	list := strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) })
	list = slices.DeleteFunc(list, func(w string) bool { return w == "---" || w == "-" })
	return strings.Join(list, " ")
}

// meta keeps what the other system knew, for people.
func meta(texts map[string]string) api.Opt[api.Metadata] {
	m := api.Metadata{}
	for key, text := range texts {
		if text != "" {
			m[key] = head(strings.Map(plain, text), maxMeta)
		}
	}
	if len(m) == 0 {
		return api.Opt[api.Metadata]{}
	}
	return api.Some(m)
}

// shown is a cell as a message repeats it: short, and harmless.
func shown(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%+q", s)
}

package exports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
)

// Lead is the first line of a file of Tokenry's own, before its tokens: their format, and
// whose system it is of, where it is one that is known. It holds no secret of the format.
type Lead struct {
	System string           `json:"system,omitempty"`
	Format api.ImportFormat `json:"format"`
}

// columnsOwn are those of a table of Tokenry's own; more begin with metadata.
func columnsOwn() []string {
	return []string{"hash", "salt", "hint", "start", "label", "owner", "role", "scopes", "resources", "expires_at", "created_at"}
}

const metadataColumn = "metadata."

// own begins a file of Tokenry's own: its format is the one that was wished, or stands in
// its first line.
func (e *Export) own() error {
	if e.source.head != nil {
		if err := e.ownHead(); err != nil {
			return err
		}
	} else {
		rec, err := e.source.next()
		if err != nil {
			return fmt.Errorf("the export has no token: %w", err)
		}
		if _, leads := rec.cells["format"]; leads {
			return e.led(rec)
		}
		e.first = &rec
	}
	if e.wish.Format == nil {
		return errors.New(`say what the tokens look like: a format in a file (--format), or in the first line as {"format":{…}}, or the system that they are of (--from)`)
	}
	e.Format = *e.wish.Format
	return e.locked()
}

// led takes what the first line says.
func (e *Export) led(rec record) error {
	var lead Lead
	if strictly(rec.raw, &lead) != nil {
		return fmt.Errorf("line %d: the format is none that is understood", rec.line)
	}
	if e.wish.Format != nil {
		return errors.New("the first line names a format already; leave --format out")
	}
	e.Format = lead.Format
	if s, ok := Find(lead.System); ok {
		return s.lock(&e.Format, e.wish.Secret)
	}
	if lead.System != "" {
		return fmt.Errorf("the first line names the system %s, which is none of %s", shown(lead.System), strings.Join(Names(), ", "))
	}
	return e.locked()
}

// locked puts the secret into a format that no system stands behind.
func (e *Export) locked() error {
	if e.wish.Name != "" {
		e.Format.Name = e.wish.Name
	}
	switch keyed := strings.HasPrefix(e.Format.Hash, "hmac-"); {
	case e.wish.Prefix != "":
		return errors.New("a format of your own has its prefix in it; leave --prefix out")
	case e.wish.Secret == "":
	case keyed:
		e.Format.Key = e.wish.Secret
	default:
		e.Format.Suffix = e.wish.Secret
	}
	return nil
}

// ownHead refuses columns that mean nothing: one that is spelt wrong would be missed.
func (e *Export) ownHead() error {
	known := map[string]bool{}
	for _, name := range columnsOwn() {
		known[name] = true
	}
	hash := false
	for _, name := range e.source.head {
		if key, of := strings.CutPrefix(name, metadataColumn); !known[name] && (!of || key == "") {
			return fmt.Errorf("line 1: there is no column %s; the columns are %s and metadata.NAME", shown(name), strings.Join(columnsOwn(), ", "))
		}
		hash = hash || name == "hash"
	}
	if !hash {
		return errors.New("line 1: the column hash is missing")
	}
	return e.headed()
}

// ownRow is a row of a table of Tokenry's own. An empty cell says nothing.
func ownRow(c cells) (t api.ImportToken, wrong string) {
	t.Hash, t.Salt, t.Hint, t.Start, t.Owner = c["hash"], c["salt"], c["hint"], c["start"], c["owner"]
	if c["label"] != "" {
		t.Label = api.Some(c["label"])
	}
	if c["role"] != "" {
		t.Role = api.Some(c["role"])
	}
	for column, list := range map[string]*api.Opt[[]string]{"scopes": &t.Scopes, "resources": &t.Resources} {
		if all := strings.Fields(c[column]); len(all) > 0 {
			*list = api.Some(all)
		}
	}
	for column, at := range map[string]*api.Opt[time.Time]{"expires_at": &t.ExpiresAt, "created_at": &t.CreatedAt} {
		if c[column] == "" {
			continue
		}
		when, ok := moment(c[column])
		if !ok {
			return t, "the column " + column + " is no time that is understood"
		}
		*at = api.Some(when)
	}
	m := api.Metadata{}
	for name, text := range c {
		if key, of := strings.CutPrefix(name, metadataColumn); of && text != "" {
			m[key] = text
		}
	}
	if len(m) > 0 {
		t.Metadata = api.Some(m)
	}
	return t, ""
}

// ownObject is a token as the API takes it.
func ownObject(raw json.RawMessage) (t api.ImportToken, wrong string) {
	if strictly(raw, &t) != nil {
		return t, "it is no token as an import takes it: a field is unknown, or of another type"
	}
	return t, ""
}

// strictly reads JSON whose every field is known.
func strictly(raw json.RawMessage, v any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}

// ParseFormat reads a format as a file has it: one JSON object.
func ParseFormat(text []byte) (*api.ImportFormat, error) {
	var f api.ImportFormat
	if err := strictly(text, &f); err != nil {
		return nil, errors.New("the file of the format is no JSON object of its fields: name, prefix, min_length, max_length, alphabet, hash and so on")
	}
	return &f, nil
}

// maxOwners is how many a list of owners has at the most.
const maxOwners = 1_000_000

// Owners reads whose the tokens of each user become: CSV with the columns id and owner.
func Owners(r io.Reader) (map[string]string, error) {
	rows := csv.NewReader(r)
	rows.FieldsPerRecord, rows.ReuseRecord = 2, true
	head, err := rows.Read()
	if err != nil || head[0] != "id" || head[1] != "owner" {
		return nil, errors.New("the list of owners is CSV whose first line is id,owner: the id of a user there, and a member or service account here")
	}
	out := map[string]string{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the list of owners: %w", err)
		}
		switch line, _ := rows.FieldPos(0); {
		case row[0] == "" || row[1] == "":
			return nil, fmt.Errorf("the list of owners, line %d: an id and an owner", line)
		case out[row[0]] != "":
			return nil, fmt.Errorf("the list of owners, line %d: that id stands there twice", line)
		case len(out) == maxOwners:
			return nil, fmt.Errorf("the list of owners has more than %d lines", maxOwners)
		}
		out[strings.Clone(row[0])] = strings.Clone(row[1])
	}
}

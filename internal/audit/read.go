package audit

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tokenry/tokenry/internal/ledger"
)

// told is what a payload says, cut out of it where it is written as a [Payload] is by
// encoding/json, with no letter escaped in its texts. Whoever reads a payload that is written in
// any other way asks encoding/json: that answers the same, and takes ten times as long.
type told struct {
	at, workspace, action, actor, actorToken, onBehalf, ip, agent, request, target, token []byte
	revision                                                                              []byte
	// rest is what follows the token: what was before and after.
	rest []byte
}

// cut reads a payload as far as rest; false when it is written in another way.
func (t *told) cut(b []byte) bool {
	c := cutter{rest: b}
	t.at = c.text(`{"at":"`)
	t.revision = c.number(`,"revision":`)
	t.workspace = c.text(`,"workspace":"`)
	t.action = c.text(`,"action":"`)
	t.actor = c.text(`,"actor":"`)
	t.actorToken = c.optional(`,"actor_token":"`)
	t.onBehalf = c.optional(`,"on_behalf":"`)
	t.ip = c.optional(`,"ip":"`)
	t.agent = c.optional(`,"user_agent":"`)
	t.request = c.optional(`,"request_id":"`)
	t.target = c.text(`,"target":"`)
	t.token = c.optional(`,"token":"`)
	t.rest = c.rest
	return !c.other
}

// values are what was before and after, as they are written; false when that cannot be told
// at a glance.
func (t *told) values() (before, after json.RawMessage, ok bool) {
	c := cutter{rest: t.rest}
	before, after = c.value(`,"before":`), c.value(`,"after":`)
	if c.other || string(c.rest) != "}" {
		return nil, nil, false
	}
	return bytes.Clone(before), bytes.Clone(after), true
}

// cutter takes pieces off the front of a text; other once it found another than it was asked for.
type cutter struct {
	rest  []byte
	other bool
}

func (c *cutter) text(before string) []byte {
	if !bytes.HasPrefix(c.rest, []byte(before)) {
		c.other = true
	}
	if c.other {
		return nil
	}
	from := len(before)
	for i := from; i < len(c.rest); i++ {
		switch b := c.rest[i]; {
		case b == '"':
			s := c.rest[from:i]
			c.rest, c.other = c.rest[i+1:], !utf8.Valid(s)
			return s
		case b < ' ', b == '\\':
			c.other = true
			return nil
		}
	}
	c.other = true
	return nil
}

func (c *cutter) optional(before string) []byte {
	if !bytes.HasPrefix(c.rest, []byte(before)) {
		return nil
	}
	return c.text(before)
}

// number is a whole one above zero that fits into 64 bits.
func (c *cutter) number(before string) []byte {
	const most = 18
	rest, found := bytes.CutPrefix(c.rest, []byte(before))
	n := 0
	for n < len(rest) && '0' <= rest[n] && rest[n] <= '9' {
		n++
	}
	if !found || n == 0 || n > most || rest[0] == '0' {
		c.other = true
		return nil
	}
	c.rest = rest[n:]
	return rest[:n]
}

// value is any one JSON value, if it is there, without a blank between its parts.
func (c *cutter) value(before string) []byte {
	rest, found := bytes.CutPrefix(c.rest, []byte(before))
	if !found || c.other {
		return nil
	}
	n := valueEnds(rest)
	if c.other = n == 0 || !jsontext.Value(rest[:n]).IsValid(); c.other {
		return nil
	}
	c.rest = rest[n:]
	return rest[:n]
}

// valueEnds is how long the value is that a text begins with, if it is one; 0 when it has no end.
func valueEnds(b []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c <= ' ':
			return 0
		case c == '{', c == '[':
			depth++
		case depth == 0 && (c == ',' || c == '}' || c == ']'):
			return i
		case c == '}', c == ']':
			depth--
		}
	}
	return 0
}

// read is what a payload says besides its row's columns; zero where it says nothing.
func read(payload []byte) (p Payload) {
	var t told
	if t.cut(payload) {
		if before, after, ok := t.values(); ok {
			return Payload{IP: string(t.ip), Agent: string(t.agent), RequestID: string(t.request), Before: before, After: after}
		}
	}
	_ = json.Unmarshal(payload, &p) // an erased payload leaves the columns
	return p
}

// repeats says whether the columns of a row say what its payload says. What is behind the token
// is no column's, and is only cut out of a payload whose digest was checked.
func repeats(row ledger.AuditRow, name string) bool {
	var t told
	if t.cut(row.Payload) && (string(t.rest) == "}" || bytes.HasPrefix(t.rest, []byte(`,"before":`)) || bytes.HasPrefix(t.rest, []byte(`,"after":`))) {
		var at, revision [64]byte
		return string(t.action) == row.Action && string(t.actor) == row.Actor && string(t.actorToken) == row.ActorToken &&
			string(t.onBehalf) == row.OnBehalf && string(t.target) == row.Target && string(t.token) == row.Token &&
			bytes.Equal(t.revision, strconv.AppendInt(revision[:0], row.Revision, 10)) && bytes.Equal(t.at, row.At.UTC().AppendFormat(at[:0], TimeFormat)) &&
			(string(t.workspace) == name || len(t.workspace) == 0 && name == Instance)
	}
	var p Payload
	if json.Unmarshal(row.Payload, &p) != nil {
		return false
	}
	return p.Action == row.Action && p.Actor == row.Actor && p.ActorToken == row.ActorToken && p.OnBehalf == row.OnBehalf &&
		p.Target == row.Target && p.Token == row.Token && p.Revision == row.Revision &&
		p.At == row.At.UTC().Format(TimeFormat) && (p.Workspace == name || p.Workspace == "" && name == Instance)
}

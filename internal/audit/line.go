package audit

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/tokenry/tokenry/api"
)

// AppendEvent adds an event as encoding/json writes it, byte for byte; what was before and after
// must be JSON. An export has very many.
func AppendEvent(b []byte, e *api.AuditEvent) ([]byte, error) {
	l := line{b: b}
	l.b = strconv.AppendInt(append(l.b, `{"sequence":`...), e.Sequence, 10)
	l.stamp(`,"at":`, e.At)
	l.b = strconv.AppendInt(append(l.b, `,"revision":`...), e.Revision, 10)
	l.text(`,"workspace":`, &e.Workspace)
	l.text(`,"action":`, &e.Action)
	l.text(`,"actor":`, &e.Actor)
	l.text(`,"actor_token":`, e.ActorToken)
	l.text(`,"on_behalf":`, e.OnBehalf)
	l.text(`,"ip":`, e.IP)
	l.text(`,"user_agent":`, e.UserAgent)
	l.text(`,"request_id":`, &e.RequestID)
	l.text(`,"target":`, &e.Target)
	l.text(`,"token":`, e.Token)
	l.value(`,"before":`, e.Before)
	l.value(`,"after":`, e.After)
	if e.Erased {
		l.b = append(l.b, `,"erased":true`...)
	}
	l.text(`,"hash":`, &e.Hash)
	return append(l.b, '}'), l.err
}

// line is what is written so far, and the first error.
type line struct {
	b   []byte
	err error
}

func (l *line) text(name string, s *string) {
	l.b = append(l.b, name...)
	switch {
	case s == nil:
		l.b = append(l.b, "null"...)
	case plain(*s):
		l.b = append(append(append(l.b, '"'), *s...), '"')
	default:
		l.marshal(*s)
	}
}

func (l *line) stamp(name string, t time.Time) {
	l.b = append(l.b, name...)
	if y := t.Year(); y < 1 || y > 9999 {
		l.marshal(t)
		return
	}
	l.b = append(t.AppendFormat(append(l.b, '"'), time.RFC3339Nano), '"')
}

func (l *line) value(name string, raw json.RawMessage) {
	l.b = append(l.b, name...)
	switch {
	case raw == nil:
		l.b = append(l.b, "null"...)
	case compact(raw):
		l.b = append(l.b, raw...)
	default:
		l.marshal(raw)
	}
}

func (l *line) marshal(v any) {
	b, err := json.Marshal(v)
	if l.err == nil {
		l.err = err
	}
	l.b = append(l.b, b...)
}

// plain says whether a text is written in JSON as it is.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// compact says whether a value of JSON is written again as it is.
func compact(raw []byte) bool {
	quoted := false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c > '~', c == '<', c == '>', c == '&', c <= ' ' && !quoted:
			return false
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		}
	}
	return len(raw) > 0
}

package trust

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// MaxToken is how long an ID token may be; the largest that are known have 4 KB.
	MaxToken = 16 << 10
	// maxListed is how many elements of a claim are looked at.
	maxListed = 100
)

// ErrNoIDToken says that a text is no signed ID token. It never holds the text.
var ErrNoIDToken = errors.New("trust: this is no ID token: three parts with dots between, of which the second is a JSON object")

// Claims are what an ID token says, each as it was written: a number that is told from
// another by its digits stays so.
type Claims map[string]jsontext.Value

// ParseClaims reads the JSON of a token. A name that stands there twice is refused: two
// readers would see two tokens.
func ParseClaims(b []byte) (Claims, error) {
	var c Claims
	if err := json.Unmarshal(b, &c); err != nil || c == nil {
		return nil, ErrNoIDToken // the cause may repeat what it says
	}
	return c, nil
}

// Peek reads what a token says before anybody asked who signed it: enough to find the
// rules that it may be about, and nothing more.
func Peek(token string) (Claims, error) {
	parts := strings.Split(token, ".")
	if len(token) > MaxToken || len(parts) != 3 || parts[0] == "" || parts[2] == "" {
		return nil, ErrNoIDToken
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil {
		return nil, ErrNoIDToken
	}
	return ParseClaims(b)
}

// Text is a claim that is one text, and "" for any other.
func (c Claims) Text(name string) string {
	s, _ := scalar(c[name])
	if c[name].Kind() != '"' {
		return ""
	}
	return s
}

// Issuer is who made the token, as it says.
func (c Claims) Issuer() string { return c.Text("iss") }

// values are what a claim comes to: itself, or the elements of a list. Objects, null and
// what is not there are none.
func (c Claims) values(name string) []string {
	v, ok := c.find(name)
	if !ok {
		return nil
	}
	if v.Kind() != '[' {
		if s, ok := scalar(v); ok {
			return []string{s}
		}
		return nil
	}
	var list []jsontext.Value
	if json.Unmarshal(v, &list) != nil || len(list) > maxListed {
		return nil
	}
	var out []string
	for _, e := range list {
		if s, ok := scalar(e); ok {
			out = append(out, s)
		}
	}
	return out
}

// find finds a claim by its name, or, when that begins with a slash, by a JSON pointer
// (RFC 6901): names of claims hold dots and slashes, so nothing else tells them apart.
func (c Claims) find(name string) (jsontext.Value, bool) {
	if !strings.HasPrefix(name, "/") {
		v, ok := c[name]
		return v, ok
	}
	in := c
	var v jsontext.Value
	for part := range strings.SplitSeq(name[1:], "/") {
		if in == nil {
			return nil, false
		}
		var ok bool
		if v, ok = in[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]; !ok {
			return nil, false
		}
		in = nil
		if v.Kind() == '{' {
			in, _ = ParseClaims(v)
		}
	}
	return v, v != nil
}

// scalar is a text, a number as it was written, true or false.
func scalar(v jsontext.Value) (string, bool) {
	switch v.Kind() { //nolint:exhaustive // all other kinds are no scalars
	case '"':
		var s string
		return s, json.Unmarshal(v, &s) == nil
	case '0', 't', 'f':
		return string(v), true
	}
	return "", false
}

// moment is a time in seconds since 1970, rounded down; false for none.
func (c Claims) moment(name string) (time.Time, bool) {
	v := c[name]
	if v.Kind() != '0' {
		return time.Time{}, false
	}
	n, err := strconv.ParseFloat(string(v), 64)
	const most = 253402300799 // the end of the year 9999
	if err != nil || n < 0 || n > most {
		return time.Time{}, false
	}
	return time.Unix(int64(n), 0).UTC(), true
}

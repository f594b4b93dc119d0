package retention

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/internal/ledger"
)

// erasedName takes the place of a person's e-mail or id, and of what they named.
const erasedName = "erased"

// traces is what a person is known by wherever they are written down.
type traces struct {
	// email is empty for a person without one, who is written down by id.
	email, id string
}

func tracesOf(u ledger.User) traces {
	return traces{email: strings.ToLower(u.Email), id: strings.ToLower(u.PublicID)}
}

// texts are what a store looks for: also how the e-mail stands in JSON.
func (t traces) texts() [3]string {
	if t.email == "" {
		return [3]string{t.id, t.id, t.id}
	}
	quoted, err := json.Marshal(t.email)
	if err != nil {
		return [3]string{t.email, t.email, t.id}
	}
	return [3]string{t.email, strings.ToLower(strings.Trim(string(quoted), `"`)), t.id}
}

// in says whether a row of the audit is by or about the person. What an erasure
// told of itself names who was erased by an id that says nothing.
func (t traces) in(row ledger.AuditRow) bool {
	if t.named(row.Actor) || t.named(row.OnBehalf) {
		return true
	}
	if _, found := t.find(row.Target, t.email); found {
		return true
	}
	if row.Erasure != nil || row.Action == actionErased {
		return false
	}
	return t.inDocument(row.Payload)
}

// named says whether a text names the person.
func (t traces) named(text string) bool {
	_, email := t.find(text, t.email)
	_, id := t.find(text, t.id)
	return email || id
}

// inDocument says whether a text of a JSON document names the person.
func (t traces) inDocument(document json.RawMessage) bool {
	var v any
	return json.Unmarshal(document, &v) == nil && t.inValue(v)
}

// inAny is inDocument for what would be written as one.
func (t traces) inAny(v any) bool {
	document, err := json.Marshal(v)
	return err == nil && t.inDocument(document)
}

func (t traces) inValue(v any) bool {
	switch v := v.(type) {
	case string:
		return t.named(v)
	case []any:
		return slices.ContainsFunc(v, t.inValue)
	case map[string]any:
		for name, v := range v {
			if t.named(name) || t.inValue(v) {
				return true
			}
		}
	}
	return false
}

// scrub takes the person's e-mail out of a text; the id only where it is all of it.
func (t traces) scrub(text string) string {
	if strings.EqualFold(text, t.id) {
		return erasedName
	}
	for {
		at, found := t.find(text, t.email)
		if !found {
			return text
		}
		text = text[:at] + erasedName + text[at+len(t.email):]
	}
}

// find answers where a word stands in a text and is not part of a longer one:
// nobody is erased because their address ends like another's.
func (t traces) find(text, word string) (int, bool) {
	if word == "" {
		return 0, false
	}
	text = lowerASCII(text)
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return 0, false
		}
		i += from
		if !continues(text[:i], text[i+len(word):]) {
			return i, true
		}
		from = i + 1
	}
}

// continues says whether what stands before or after a word belongs to it: the
// characters of an e-mail before it (the usual ones: a quote is a quote), those of a domain after it. A token ID goes
// on with an underscore.
func continues(before, after string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	if before != "" && strings.IndexByte(letters+"._+-&", before[len(before)-1]) >= 0 {
		return true
	}
	switch {
	case after == "":
		return false
	case strings.IndexByte(letters+"-", after[0]) >= 0:
		return true
	}
	return after[0] == '.' && len(after) > 1 && strings.IndexByte(letters, after[1]) >= 0
}

// lowerASCII folds the letters of e-mails and leaves every byte at its place.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

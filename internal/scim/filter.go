package scim

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The bounds of a filter. It is asked of each member, so its length bounds that work.
const (
	maxFilter  = 2000
	maxNesting = 10
)

// document is a resource as JSON has it; a test is what a filter asks of one.
type (
	document = map[string]any
	test     func(document) bool
)

// filter is a filter that was read (RFC 7644, 3.4.2.2).
type filter struct {
	match test
	// keys are values that whatever matches has, by attribute in lower case: one that
	// names a member lets it be looked up.
	keys map[string]string
}

// readFilter reads a filter about resources with these attributes, or refuses it: one that
// was half understood would find what was not asked for.
func readFilter(text string, of []attribute) (filter, error) {
	if len(text) > maxFilter || !utf8.ValidString(text) {
		return filter{}, fault(invalidFilter, "a filter has at most 2000 bytes of UTF-8")
	}
	p := &parser{rest: text, of: of}
	f, err := p.either()
	if err == nil && p.blank() != "" {
		err = fault(invalidFilter, "there is something behind the end of the filter")
	}
	return f, err
}

// parser reads a filter or a path from its beginning.
type parser struct {
	rest string
	of   []attribute
	deep int
}

// blank takes blanks and answers what is left.
func (p *parser) blank() string {
	p.rest = strings.TrimLeft(p.rest, " ")
	return p.rest
}

// word takes a keyword that stands alone, whatever its case.
func (p *parser) word(w string) bool {
	rest := p.blank()
	if len(rest) < len(w) || !strings.EqualFold(rest[:len(w)], w) || len(rest) > len(w) && !strings.Contains(" ()[]", rest[len(w):len(w)+1]) {
		return false
	}
	p.rest = rest[len(w):]
	return true
}

// sign takes one character.
func (p *parser) sign(s string) bool {
	if !strings.HasPrefix(p.blank(), s) {
		return false
	}
	p.rest = p.rest[len(s):]
	return true
}

// either is what stands between or.
func (p *parser) either() (filter, error) {
	f, err := p.both()
	for err == nil && p.word("or") {
		var g filter
		if g, err = p.both(); err == nil {
			left, right := f.match, g.match
			f = filter{match: func(d document) bool { return left(d) || right(d) }}
		}
	}
	return f, err
}

// both is what stands between and.
func (p *parser) both() (filter, error) {
	f, err := p.one()
	for err == nil && p.word("and") {
		var g filter
		if g, err = p.one(); err == nil {
			left, right, keys := f.match, g.match, map[string]string{}
			maps.Copy(keys, g.keys)
			maps.Copy(keys, f.keys)
			f = filter{match: func(d document) bool { return left(d) && right(d) }, keys: keys}
		}
	}
	return f, err
}

func (p *parser) one() (filter, error) {
	not := p.word("not")
	if !p.sign("(") {
		if not {
			return filter{}, fault(invalidFilter, "not is followed by a filter in parentheses")
		}
		return p.expression()
	}
	f, err := p.within(")", p.of)
	if not && err == nil {
		inner := f.match
		f = filter{match: func(d document) bool { return !inner(d) }}
	}
	return f, err
}

// within is a filter up to a closing sign.
func (p *parser) within(end string, of []attribute) (filter, error) {
	if p.deep++; p.deep > maxNesting {
		return filter{}, fault(invalidFilter, "the filter is nested too deep")
	}
	outer := p.of
	p.of = of
	f, err := p.either()
	p.of = outer
	p.deep--
	if err == nil && !p.sign(end) {
		err = fault(invalidFilter, "a parenthesis or bracket of the filter is not closed")
	}
	return f, err
}

// name takes the name of an attribute, without the address of its schema, behind which
// Microsoft's reference client writes a dot.
func (p *parser) name() string {
	rest := p.blank()
	for _, schema := range []string{schemaUser, schemaGroup} {
		if len(rest) > len(schema) && strings.EqualFold(rest[:len(schema)], schema) && strings.Contains(":.", rest[len(schema):len(schema)+1]) {
			rest = rest[len(schema)+1:]
		}
	}
	n := 0
	for n < len(rest) && (rest[n] == '$' || rest[n] == '_' || rest[n] == '-' || rest[n]|0x20 >= 'a' && rest[n]|0x20 <= 'z' || rest[n] >= '0' && rest[n] <= '9') {
		n++
	}
	p.rest = rest[n:]
	return rest[:n]
}

// expression is one comparison, of an attribute or of the values of one.
func (p *parser) expression() (filter, error) {
	a, ok := named(p.of, p.name())
	if !ok {
		return filter{}, fault(invalidFilter, "the filter names an attribute that there is not")
	}
	among := func(document) bool { return true }
	if strings.HasPrefix(p.rest, "[") {
		p.rest = p.rest[1:]
		if !a.multi {
			return filter{}, fault(invalidFilter, "only an attribute with many values has a filter in brackets")
		}
		f, err := p.within("]", a.subs)
		if err != nil {
			return f, err
		}
		if among = f.match; !strings.HasPrefix(p.rest, ".") {
			return filter{match: func(d document) bool { return slices.ContainsFunc(values(d, a), among) }}, nil
		}
	}
	leaf, key := a, strings.ToLower(a.name)
	if strings.HasPrefix(p.rest, ".") {
		p.rest = p.rest[1:]
		if leaf, ok = named(a.subs, p.name()); !ok {
			return filter{}, fault(invalidFilter, "the filter names a part of an attribute that there is not")
		}
		key += "." + strings.ToLower(leaf.name)
	}
	return p.comparison(a, leaf, key, among)
}

// comparison is what is asked of an attribute, or of the part of each of its values that
// are among those meant.
func (p *parser) comparison(a, leaf attribute, key string, among test) (filter, error) {
	get := func(d document) (out []any) {
		if a.kind != complexKind {
			return slices.DeleteFunc([]any{d[a.name]}, func(v any) bool { return v == nil })
		}
		for _, v := range values(d, a) {
			if part := v[leaf.name]; among(v) && part != nil {
				out = append(out, part)
			}
		}
		return out
	}
	if p.word("pr") {
		if leaf.kind == complexKind {
			return filter{match: func(d document) bool { return slices.ContainsFunc(values(d, a), among) }}, nil
		}
		return filter{match: func(d document) bool { return len(get(d)) > 0 }}, nil
	}
	if leaf.kind == complexKind {
		value, ok := named(a.subs, "value")
		if !ok {
			return filter{}, fault(invalidFilter, "name a part of this attribute")
		}
		leaf, key = value, key+".value"
	}
	c, text, err := p.comparer(leaf)
	if err != nil {
		return filter{}, err
	}
	f := filter{match: func(d document) bool { return slices.ContainsFunc(get(d), c.holds) != c.negated }}
	if c.op == "eq" && leaf.kind == stringKind {
		f.keys = map[string]string{key: text}
	}
	return f, nil
}

// values are the objects of an attribute.
func values(d document, a attribute) []document {
	switch v := d[a.name].(type) {
	case []document:
		return v
	case document:
		return []document{v}
	}
	return nil
}

// comparer compares one value.
type comparer struct {
	op      string
	negated bool
	holds   func(any) bool
}

// comparer takes an operator and what it compares with.
func (p *parser) comparer(of attribute) (comparer, string, error) {
	var c comparer
	for _, op := range []string{"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"} {
		if c.op == "" && p.word(op) {
			c.op = op
		}
	}
	if c.op == "" {
		return c, "", fault(invalidFilter, "an attribute is followed by one of eq, ne, co, sw, ew, gt, ge, lt, le and pr")
	}
	v, err := p.value()
	if err != nil {
		return c, "", err
	}
	if c.op == "ne" {
		c.op, c.negated = "eq", true
	}
	text, isText := v.(string)
	switch {
	case of.kind == boolKind:
		b, ok := boolean(v)
		if !ok || c.op != "eq" {
			return c, "", fault(invalidFilter, "this attribute is compared by eq with true or false")
		}
		c.holds = func(have any) bool { return have == b }
	case !isText:
		return c, "", fault(invalidFilter, "this attribute is compared with a text in quotes")
	case of.kind == timeKind:
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return c, "", fault(invalidFilter, "this attribute is compared with a time like 2026-03-14T09:26:53Z")
		}
		c.holds = func(have any) bool {
			said, _ := have.(string)
			then, err := time.Parse(time.RFC3339, said)
			return err == nil && ordered(c.op, then.Compare(at))
		}
	default:
		c.holds = func(have any) bool {
			said, is := have.(string)
			return is && texts(c.op, said, text, of.exact)
		}
	}
	if c.negated {
		return c, "", nil
	}
	return c, text, nil
}

// value takes what is compared with: as JSON writes it, and null is a text of nothing.
func (p *parser) value() (any, error) {
	rest := p.blank()
	end := strings.IndexAny(rest, " )]")
	if strings.HasPrefix(rest, `"`) {
		end = closing(rest)
	}
	if end < 0 {
		end = len(rest)
	}
	var v any
	if err := json.Unmarshal([]byte(rest[:end]), &v); err != nil {
		return nil, fault(invalidFilter, "a value is a text in quotes, true or false")
	}
	p.rest = rest[end:]
	return v, nil
}

// closing is where a text in quotes is over.
func closing(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

func texts(op, have, want string, exact bool) bool {
	if !exact {
		have, want = strings.ToLower(have), strings.ToLower(want)
	}
	switch op {
	case "co":
		return strings.Contains(have, want)
	case "sw":
		return strings.HasPrefix(have, want)
	case "ew":
		return strings.HasSuffix(have, want)
	}
	return ordered(op, cmp.Compare(have, want))
}

func ordered(op string, is int) bool {
	switch op {
	case "eq":
		return is == 0
	case "gt":
		return is > 0
	case "ge":
		return is >= 0
	case "lt":
		return is < 0
	case "le":
		return is <= 0
	}
	return false
}

// boolean reads true and false, also as Entra ID writes them.
func boolean(v any) (is, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		return strings.EqualFold(v, "true"), strings.EqualFold(v, "true") || strings.EqualFold(v, "false")
	}
	return false, false
}

package ruleset

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tokenry/tokenry/internal/grant"
)

// Limits of a file.
const (
	maxFile   = 1 << 20
	maxRules  = 2000
	maxScopes = 100
)

// Error is one complaint about a file.
type Error struct {
	File string
	// Line is where it is, from 1; 0 when it is about the whole file.
	Line    int
	Problem string
}

// Error begins with the place, as compilers write it.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Problem
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem)
}

// Parse reads a file of rules, of which it is told the name. Its error joins an
// [*Error] for each complaint, and then there is no set.
func Parse(file string, data []byte) (*Set, error) {
	r := reader{file: file}
	set := r.set(data)
	if len(r.problems) > 0 {
		return nil, errors.Join(r.problems...)
	}
	set.sum = sha256.Sum256(data)
	return set, nil
}

// reader collects the complaints.
type reader struct {
	file     string
	problems []error
}

// complain notes what is wrong and goes on: whoever mends a file is told all of it at
// once, and not one line a run.
func (r *reader) complain(line int, format string, args ...any) {
	r.problems = append(r.problems, &Error{r.file, line, fmt.Sprintf(format, args...)})
}

// set reads the file. Rules that could not be read are left out of the comparison with
// each other, so that one mistake is told once.
func (r *reader) set(data []byte) *Set {
	root := r.document(data)
	if root == nil {
		return nil
	}
	m := r.mapping(root, "workspace", "deny", "rules", "tests")
	s := &Set{Workspace: r.workspace(root, m["workspace"]), Deny: r.deny(m["deny"])}
	var rules []Rule
	for _, n := range r.list(m["rules"]) {
		if rule, ok := r.rule(n); ok {
			rules = append(rules, rule)
		}
	}
	if len(rules) == 0 && r.problems == nil {
		r.complain(root.Line, "rules is missing or empty, so that every request would be refused")
	}
	if len(rules) > maxRules {
		r.complain(root.Line, "there are %d rules; at most %d", len(rules), maxRules)
		return nil
	}
	var conflicts [][2]*Rule
	s.rules, conflicts = order(rules)
	meet(s.rules)
	for _, c := range conflicts {
		r.complain(c[1].Line, "%q and %q of line %d match some of the same requests, and neither is the more specific; write a rule for what they share, or change one",
			c[1].Match, c[0].Match, c[0].Line)
	}
	for _, n := range r.list(m["tests"]) {
		s.Tests = append(s.Tests, r.test(n))
	}
	return s
}

// document is the one mapping that a file consists of.
func (r *reader) document(data []byte) *yaml.Node {
	if len(data) > maxFile {
		r.complain(0, "the file is larger than 1 MiB")
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		r.complain(0, "the file is empty")
		return nil
	case err != nil:
		r.complain(0, "%s; a text with { or * at its beginning must stand in quotes", strings.TrimPrefix(err.Error(), "yaml: "))
		return nil
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		r.complain(0, "the file holds more than one document")
	}
	return doc.Content[0]
}

// mapping reads the keys of a node; unknown ones and repeated ones are refused.
func (r *reader) mapping(n *yaml.Node, known ...string) map[string]*yaml.Node {
	m := map[string]*yaml.Node{}
	if n.Kind != yaml.MappingNode {
		r.complain(n.Line, "here stands key: value, with the keys %s", strings.Join(known, ", "))
		return m
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || !slices.Contains(known, key.Value):
			r.complain(key.Line, "unknown key %q; the known ones are %s", key.Value, strings.Join(known, ", "))
		case m[key.Value] != nil:
			r.complain(key.Line, "%s stands here twice", key.Value)
		default:
			m[key.Value] = value
		}
	}
	return m
}

// list reads the entries of a node; one that is not there has none.
func (r *reader) list(n *yaml.Node) []*yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.complain(n.Line, "here stands a list, each entry after a dash")
		return nil
	}
	return n.Content
}

// text is a single value; ok is false, and said, when it is none.
func (r *reader) text(n *yaml.Node) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Value == "" {
		r.complain(n.Line, `here stands one text; a placeholder must be in quotes: "{name}"`)
		return "", false
	}
	return n.Value, true
}

// flag reads a key that is only ever true: false would have to mean something where
// the key is left away, and public: no is not a word for it.
func (r *reader) flag(n *yaml.Node) bool {
	if n == nil {
		return false
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || n.Value != "true" {
		r.complain(n.Line, "here stands true; leave the key away where it is not so")
		return false
	}
	return true
}

// workspace is whose tokens pass. It has no default: a file that forgot it would let
// the tokens of every tenant in.
func (r *reader) workspace(root, n *yaml.Node) string {
	if n == nil {
		r.complain(root.Line, `workspace is missing: whose tokens pass, a slug or ext:ID, or "*" for those of any`)
		return ""
	}
	text, ok := r.text(n)
	external, isExternal := strings.CutPrefix(text, "ext:")
	if ok && text != "*" && (!isExternal || external == "") && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		r.complain(n.Line, `workspace is a slug, ext:ID, or "*"`)
	}
	return text
}

// deny is the one other status that a refusal may have; what it may be is a proxy's
// and no matter of taste.
func (r *reader) deny(n *yaml.Node) int {
	if n == nil {
		return 0
	}
	if text, ok := r.text(n); ok && text != "403" {
		r.complain(n.Line, "deny is 403, for a proxy that passes 401 and 403 alone; leave it away for all others")
	}
	return 403
}

// scopes are those of a rule or a test.
func (r *reader) scopes(n *yaml.Node) []string {
	scopes := []string{}
	for _, e := range r.list(n) {
		text, ok := r.text(e)
		switch {
		case !ok:
		case !grant.ValidScope(text):
			r.complain(e.Line, "%q is no scope that a request could need: one is like tickets:read, and no pattern", text)
		case slices.Contains(scopes, text):
			r.complain(e.Line, "the scope %s stands here twice", text)
		default:
			scopes = append(scopes, text)
		}
	}
	if len(scopes) > maxScopes {
		r.complain(n.Line, "at most %d scopes", maxScopes)
	}
	return scopes
}

// rule reads one rule; ok is false when anything about it was wrong. Scopes have to be
// said, also that there are none: a rule that forgot them would let every valid token
// pass.
func (r *reader) rule(n *yaml.Node) (Rule, bool) {
	before := len(r.problems)
	m := r.mapping(n, "match", "scopes", "resource", "public")
	rule := Rule{Line: n.Line, from: -1, Public: r.flag(m["public"])}
	if match := m["match"]; match == nil {
		r.complain(n.Line, "match is missing: METHOD PATH, like GET /tickets/{id}")
	} else if text, ok := r.text(match); ok {
		var problem string
		rule.Match = text
		if rule.pattern, problem = parsePattern(text); problem != "" {
			r.complain(match.Line, "match %s", problem)
		}
	}
	switch {
	case rule.Public && (m["scopes"] != nil || m["resource"] != nil):
		r.complain(n.Line, "a public rule looks at no token, so it has neither scopes nor a resource")
	case !rule.Public && m["scopes"] == nil:
		r.complain(n.Line, "scopes is missing: what a token needs; [] for any that is valid, or public: true for no token at all")
	}
	if m["scopes"] != nil {
		rule.Scopes = r.scopes(m["scopes"])
	}
	if m["resource"] != nil {
		r.resource(&rule, m["resource"])
	}
	return rule, len(r.problems) == before
}

// resource reads what a rule restricts a request to: one name, any, or the segment of
// a placeholder. Parts of a segment are no resource: a back end could take them apart
// otherwise.
func (r *reader) resource(rule *Rule, n *yaml.Node) {
	text, ok := r.text(n)
	if !ok {
		return
	}
	if !strings.ContainsAny(text, "{}") {
		if rule.resource = text; text != AnyResource && !grant.ValidResource(text) {
			r.complain(n.Line, `resource is the name of one resource, "any", or a placeholder like "{system}"`)
		}
		return
	}
	rule.from = slices.IndexFunc(rule.pattern.segments, func(s segment) bool { return s.wild() && "{"+s.name+"}" == text })
	if rule.from < 0 {
		r.complain(n.Line, "match has no placeholder %s", text)
	}
}

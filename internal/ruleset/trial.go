package ruleset

import (
	"fmt"
	"strings"
)

// Trial is a request and what a file of rules says about it.
type Trial struct {
	Method  string   `json:"method"`
	Path    string   `json:"path"`
	Refused string   `json:"refused,omitempty"`
	Rule    string   `json:"rule,omitempty"`
	Line    int      `json:"line,omitempty"`
	Public  bool     `json:"public,omitempty"`
	Scopes  []string `json:"scopes,omitempty"`
	// Resource is what the request touches; any accepts a token restricted to any.
	Resource string `json:"resource,omitempty"`
	// Test is the line of the test that asks; Met says whether it got what it expects.
	Test int   `json:"test,omitempty"`
	Met  *bool `json:"met,omitempty"`
}

// Try asks about one request, and writes down what it says as a program reads
// it.
func (s *Set) Try(method, path string) (Trial, Needs) {
	n := s.Match(method, path)
	t := Trial{Method: method, Path: path, Refused: n.Refused, Resource: n.Resource}
	if n.Rule != nil {
		t.Rule, t.Line, t.Public, t.Scopes = n.Rule.Match, n.Rule.Line, n.Rule.Public, n.Rule.Scopes
	}
	return t, n
}

// Cells are a trial in a table. What no token is needed for is said in words, and not
// left empty.
func (t Trial) Cells() []string {
	var needs, rule, test string
	switch {
	case t.Rule == "":
		needs = "refused: " + t.Refused
	case t.Public:
		needs = "nothing: public"
	case len(t.Scopes) == 0:
		needs = "a valid token"
	default:
		needs = strings.Join(t.Scopes, " ")
	}
	if t.Resource != "" {
		needs += " on " + t.Resource
	}
	if t.Rule != "" {
		rule = fmt.Sprintf("line %d: %s", t.Line, t.Rule)
	}
	if t.Met != nil {
		test = "met"
		if !*t.Met {
			test = fmt.Sprintf("NOT MET, line %d", t.Test)
		}
	}
	return []string{t.Method, t.Path, needs, rule, test}
}

package clients_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const pyHead = "# Code generated from api/openapi.json by go test ./clients -update; DO NOT EDIT.\n"

func python(d *document) string {
	var b strings.Builder
	b.WriteString(pyHead + `"""The objects of the API, as dictionaries."""

from __future__ import annotations

from typing import Any, Literal, TypedDict, Union
`)
	for _, name := range sorted(d.Components.Schemas) {
		s := d.Components.Schemas[name]
		if s.Properties == nil {
			fmt.Fprintf(&b, "\n\n%s = %s\n", name, pyType(s))
			continue
		}
		required, optional := split(s)
		base := "TypedDict"
		if len(required) > 0 && len(optional) > 0 { // NotRequired is newer than what Debian has
			fmt.Fprintf(&b, "\n\nclass _%s(TypedDict):\n", name)
			pyFields(&b, s, required)
			base = "_" + name + ", total=False"
		} else if len(required) == 0 {
			base += ", total=False"
		}
		fmt.Fprintf(&b, "\n\nclass %s(%s):\n    \"\"\"%s\"\"\"\n\n", name, base, oneLine(s.Description))
		if len(required) > 0 && len(optional) > 0 {
			pyFields(&b, s, optional)
			continue
		}
		pyFields(&b, s, append(required, optional...))
	}
	return b.String()
}

func split(s *schema) (required, optional []string) {
	for _, p := range sorted(s.Properties) {
		if slices.Contains(s.Required, p) {
			required = append(required, p)
		} else {
			optional = append(optional, p)
		}
	}
	return required, optional
}

func pyFields(b *strings.Builder, s *schema, names []string) {
	for _, p := range names {
		if strings.ContainsAny(p, "-.") || slices.Contains(pyWords(), p) {
			fmt.Fprintf(b, "    # %s is a member too, whose name Python does not take here\n", p)
			continue
		}
		if d := s.Properties[p].Description; d != "" {
			fmt.Fprintf(b, "    # %s\n", oneLine(d))
		}
		fmt.Fprintf(b, "    %s: %s\n", p, pyType(s.Properties[p]))
	}
	if len(names) == 0 {
		b.WriteString("    pass\n")
	}
}

// pyWords are the keywords that a parameter or member could be called by.
func pyWords() []string {
	return []string{"from", "class", "global", "import", "pass", "in", "is", "not", "None"}
}

func pyType(s *schema) string {
	switch {
	case s == nil:
		return "Any"
	case s.Ref != "":
		return fmt.Sprintf("%q", refName(s.Ref))
	case len(s.choices()) > 0:
		all := make([]string, len(s.choices()))
		for i, one := range s.choices() {
			all[i] = pyType(one)
		}
		return "Union[" + strings.Join(all, ", ") + "]"
	case len(s.Enum) > 0:
		return fmt.Sprintf("Literal[%q]", s.Enum[0]) + pyMore(s.Enum[1:])
	case len(s.Type) == 0:
		return "Any"
	}
	var out []string
	for _, t := range s.Type {
		out = append(out, pyWord(t, s))
	}
	if len(out) == 1 {
		return out[0]
	}
	return "Union[" + strings.Join(out, ", ") + "]"
}

// pyMore makes of Literal["a"] and more words a union of literals.
func pyMore(words []string) string {
	var b strings.Builder
	for _, w := range words {
		fmt.Fprintf(&b, " | Literal[%q]", w)
	}
	return b.String()
}

func pyWord(t string, s *schema) string {
	switch t {
	case "integer":
		return "int"
	case "number":
		return "float"
	case "boolean":
		return "bool"
	case "null":
		return "None"
	case "array":
		return "list[" + pyType(s.Items) + "]"
	case "object":
		var of schema
		if len(s.Values) == 0 || json.Unmarshal(s.Values, &of) != nil {
			return "dict[str, Any]"
		}
		return "dict[str, " + pyType(&of) + "]"
	}
	return "str"
}

// pythonCalls are the overloads of one method, by which a checker knows what each call
// takes and answers.
func pythonCalls(d *document) string {
	var b strings.Builder
	b.WriteString(pyHead + `"""What each call takes and answers, for checkers of types."""

from __future__ import annotations

from typing import Any, Literal, Mapping, Optional, overload

from .types import *  # noqa: F401,F403


class Calls:
    """The calls of the API, each by its name."""

`)
	for _, c := range d.calls() {
		args := []string{"self", fmt.Sprintf("call: Literal[%q]", c.name), "/"}
		var named []string
		for _, p := range c.path {
			named = append(named, p.Name+": str")
		}
		if body := c.body(); body != nil {
			t := "body: " + unquoted(pyType(body))
			if !c.op.RequestBody.Required {
				t = "body: Optional[" + unquoted(pyType(body)) + "] = ..."
			}
			named = append(named, t)
		}
		if len(c.query) > 0 {
			named = append(named, "query: Optional[Mapping[str, Any]] = ...")
		}
		if c.has("Idempotency-Key") {
			named = append(named, "idempotency_key: Optional[str] = ...")
		}
		if c.has("If-Match") {
			named = append(named, "if_match: Optional[int] = ...")
		}
		named = append(named, "timeout: Optional[float] = ...")
		args = append(append(args, "*"), named...)
		answer := "str"
		if a := c.answer(); a != nil {
			answer = unquoted(pyType(a))
		}
		fmt.Fprintf(&b, "    @overload\n    def call(%s) -> %s: ...\n\n", strings.Join(args, ", "), answer)
	}
	b.WriteString("    def call(self, call: Any, /, **more: Any) -> Any:\n        raise NotImplementedError\n")
	return b.String()
}

func unquoted(s string) string { return strings.ReplaceAll(s, `"`, "") }

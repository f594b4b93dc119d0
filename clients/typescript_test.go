package clients_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

func typescript(d *document) string {
	var b strings.Builder
	b.WriteString("// Code generated from api/openapi.json by go test ./clients -update; DO NOT EDIT.\n")
	for _, name := range sorted(d.Components.Schemas) {
		s := d.Components.Schemas[name]
		fmt.Fprintf(&b, "\n/** %s */\n", oneLine(s.Description))
		if s.Properties == nil {
			fmt.Fprintf(&b, "export type %s = %s\n", name, tsType(s))
			continue
		}
		fmt.Fprintf(&b, "export interface %s {\n", name)
		for _, p := range sorted(s.Properties) {
			of, open := s.Properties[p], "?"
			if slices.Contains(s.Required, p) {
				open = ""
			}
			if of.Description != "" {
				fmt.Fprintf(&b, "  /** %s */\n", oneLine(of.Description))
			}
			fmt.Fprintf(&b, "  %s%s: %s\n", tsName(p), open, tsType(of))
		}
		b.WriteString("}\n")
	}
	b.WriteString("\n/** Every call by its name: what it takes, and what it answers. */\nexport interface Calls {\n")
	for _, c := range d.calls() {
		fmt.Fprintf(&b, "  /** %s */\n  %q: {\n", oneLine(c.op.Summary), c.name)
		tsParameters(&b, "path", c.path)
		tsParameters(&b, "query", c.query)
		if body := c.body(); body != nil {
			open := "?"
			if c.op.RequestBody.Required {
				open = ""
			}
			fmt.Fprintf(&b, "    body%s: %s\n", open, tsType(body))
		}
		if c.has("Idempotency-Key") {
			b.WriteString("    idempotencyKey: string\n")
		}
		if c.has("If-Match") {
			b.WriteString("    ifMatch: number\n")
		}
		answer := "string"
		if a := c.answer(); a != nil {
			answer = tsType(a)
		}
		fmt.Fprintf(&b, "    answer: %s\n  }\n", answer)
	}
	b.WriteString("}\n")
	return b.String()
}

func tsParameters(b *strings.Builder, in string, all []parameter) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(b, "    %s: {\n", in)
	for _, p := range all {
		name, open := tsName(p.Name), "?"
		if p.Required {
			open = ""
		}
		fmt.Fprintf(b, "      /** %s */\n      %s%s: %s\n", oneLine(p.Description), name, open, tsType(p.Schema))
	}
	b.WriteString("    }\n")
}

func tsName(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_'
	}) {
		return fmt.Sprintf("%q", s)
	}
	return s
}

func tsType(s *schema) string {
	switch {
	case s == nil:
		return "unknown"
	case s.Ref != "":
		return refName(s.Ref)
	case len(s.choices()) > 0:
		return tsUnion(s.choices())
	case len(s.Enum) > 0:
		words := make([]string, len(s.Enum))
		for i, w := range s.Enum {
			words[i] = fmt.Sprintf("%q", w)
		}
		return strings.Join(words, " | ")
	case len(s.Type) == 0:
		return "unknown"
	}
	var out []string
	for _, t := range s.Type {
		switch t {
		case "integer", "number":
			out = append(out, "number")
		case "array":
			item := tsType(s.Items)
			if strings.Contains(item, " ") {
				item = "(" + item + ")"
			}
			out = append(out, item+"[]")
		case "object":
			out = append(out, "Record<string, "+tsValues(s.Values)+">")
		default: // string, boolean and null are the same words
			out = append(out, t)
		}
	}
	return strings.Join(out, " | ")
}

func tsUnion(all []*schema) string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = tsType(s)
	}
	return strings.Join(out, " | ")
}

func tsValues(raw json.RawMessage) string {
	var s schema
	if len(raw) == 0 || json.Unmarshal(raw, &s) != nil {
		return "unknown"
	}
	return tsType(&s)
}

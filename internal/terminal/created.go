package terminal

import (
	"strings"

	"github.com/tokenry/tokenry/api"
)

// Created says what a new token is that its maker may not think it is, a note for each.
func Created(v api.Issued) []string {
	var out []string
	if v.Token.Grants == nil {
		out = append(out, "no --scope was named, so the token may do everything its owner may, now and later")
	}
	for _, w := range v.Warnings {
		if w.Code == api.WarnNoResource {
			w.Detail = "no --resource was named, so what needs a resource is granted on none; --resource '*' is all of them"
		}
		out = append(out, Clean(w.Detail))
	}
	return out
}

// Scopes is a line that names those of the product; nothing where there are none.
func Scopes(known []api.Scope) string {
	var names strings.Builder
	for _, s := range known {
		if !s.BuiltIn {
			names.WriteString(" " + Clean(s.Name))
		}
	}
	out := names.String()
	if out == "" {
		return ""
	}
	return "Scopes here:" + out + "\n"
}

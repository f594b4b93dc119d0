package form

import (
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
)

// Picker is a choice of scopes: boxes by noun, and a line for what has none.
type Picker struct {
	Form
	Groups []ScopeGroup
	// Uses are what was done with the scopes of the token that is edited; nil where that is
	// not known, or there is none yet.
	Uses *Uses
}

// ScopeGroup is the scopes of one noun.
type ScopeGroup struct {
	Noun string
	// BuiltIn says that they are Tokenry's own, and not the product's.
	BuiltIn bool
	Scopes  []api.Scope
}

// Grouped puts scopes together by noun, the product's first. A noun of the
// product with several gets the pattern of them all.
func Grouped(scopes []api.Scope) []ScopeGroup {
	var out []ScopeGroup
	for _, s := range scopes {
		noun, _, _ := strings.Cut(s.Name, ":")
		i := slices.IndexFunc(out, func(g ScopeGroup) bool { return g.Noun == noun })
		if i < 0 {
			i = len(out)
			out = append(out, ScopeGroup{Noun: noun, BuiltIn: s.BuiltIn})
		}
		out[i].Scopes = append(out[i].Scopes, s)
	}
	for i, g := range out {
		if !g.BuiltIn && len(g.Scopes) > 1 {
			all := api.Scope{Name: g.Noun + ":*", Description: "All of these, also later ones"}
			out[i].Scopes = slices.Insert(g.Scopes, 0, all)
		}
	}
	slices.SortStableFunc(out, func(a, b ScopeGroup) int {
		switch {
		case a.BuiltIn == b.BuiltIn:
			return strings.Compare(a.Noun, b.Noun)
		case a.BuiltIn:
			return 1
		}
		return -1
	})
	return out
}

// WholeProduct is the group of the patterns over every scope of the product.
func WholeProduct() ScopeGroup {
	return ScopeGroup{Noun: "product", Scopes: []api.Scope{
		{Name: "product:*", Description: "Everything the product offers, also later"},
		{Name: "product:read", Description: "See everything, change nothing"},
	}}
}

func (g ScopeGroup) has(scope string) bool {
	return slices.ContainsFunc(g.Scopes, func(s api.Scope) bool { return s.Name == scope })
}

// Chosen are the scopes of the form, ticked or typed.
func (p Picker) Chosen() []string {
	return append(slices.Clone(p.Values["scope"]), p.List("more_scopes")...)
}

// Loose are the scopes of the form that no box stands for.
func (p Picker) Loose() string {
	out := slices.DeleteFunc(slices.Clone(p.Values["scope"]), func(s string) bool {
		return slices.ContainsFunc(p.Groups, func(g ScopeGroup) bool { return g.has(s) })
	})
	return strings.Join(append(out, p.List("more_scopes")...), " ")
}

// UsesBuiltIn says whether the form has a built-in scope chosen, so that their
// groups are shown open.
func (p Picker) UsesBuiltIn() bool {
	return slices.ContainsFunc(p.Groups, func(g ScopeGroup) bool {
		return g.BuiltIn && slices.ContainsFunc(g.Scopes, func(s api.Scope) bool { return p.Has("scope", s.Name) })
	})
}

package console

import (
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
)

// picker is a choice of scopes: boxes by noun, and a line for what has none.
type picker struct {
	form
	groups []scopeGroup
}

// scopeGroup is the scopes of one noun.
type scopeGroup struct {
	noun    string
	builtIn bool
	scopes  []api.Scope
}

// grouped puts scopes together by noun, the product's first. A noun of the
// product with several gets the pattern of them all.
func grouped(scopes []api.Scope) []scopeGroup {
	var out []scopeGroup
	for _, s := range scopes {
		noun, _, _ := strings.Cut(s.Name, ":")
		i := slices.IndexFunc(out, func(g scopeGroup) bool { return g.noun == noun })
		if i < 0 {
			i = len(out)
			out = append(out, scopeGroup{noun: noun, builtIn: s.BuiltIn})
		}
		out[i].scopes = append(out[i].scopes, s)
	}
	for i, g := range out {
		if !g.builtIn && len(g.scopes) > 1 {
			all := api.Scope{Name: g.noun + ":*", Description: "All of these, also later ones"}
			out[i].scopes = slices.Insert(g.scopes, 0, all)
		}
	}
	slices.SortStableFunc(out, func(a, b scopeGroup) int {
		switch {
		case a.builtIn == b.builtIn:
			return strings.Compare(a.noun, b.noun)
		case a.builtIn:
			return 1
		}
		return -1
	})
	return out
}

// wholeProduct is the group of the patterns over every scope of the product.
func wholeProduct() scopeGroup {
	return scopeGroup{noun: "product", scopes: []api.Scope{
		{Name: "product:*", Description: "Everything the product offers, also later"},
		{Name: "product:read", Description: "See everything, change nothing"},
	}}
}

func (g scopeGroup) has(scope string) bool {
	return slices.ContainsFunc(g.scopes, func(s api.Scope) bool { return s.Name == scope })
}

// chosen are the scopes of the form, ticked or typed.
func (p picker) chosen() []string {
	return append(slices.Clone(p.values["scope"]), p.list("more_scopes")...)
}

// loose are the scopes of the form that no box stands for.
func (p picker) loose() string {
	out := slices.DeleteFunc(slices.Clone(p.values["scope"]), func(s string) bool {
		return slices.ContainsFunc(p.groups, func(g scopeGroup) bool { return g.has(s) })
	})
	return strings.Join(append(out, p.list("more_scopes")...), " ")
}

// usesBuiltIn says whether the form has a built-in scope chosen, so that their
// groups are shown open.
func (p picker) usesBuiltIn() bool {
	return slices.ContainsFunc(p.groups, func(g scopeGroup) bool {
		return g.builtIn && slices.ContainsFunc(g.scopes, func(s api.Scope) bool { return p.has("scope", s.Name) })
	})
}

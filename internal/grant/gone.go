package grant

import "slices"

// Gone are names that statements may still list and that mean nothing any more, or
// another. The zero Gone leaves every statement as it is.
type Gone struct {
	Scopes, Resources map[string]bool
	// Roles are the roles that others stand for now.
	Roles map[string]string
}

// Empty says whether nothing is gone.
func (g *Gone) Empty() bool { return len(g.Scopes)+len(g.Resources)+len(g.Roles) == 0 }

// Rewrite returns the statements without what is gone, and whether any of it was
// in them; the list that was given is left as it is. Names are compared as they
// are: a pattern does not name what it covers. A list that loses its last name
// stays a list, which grants nothing.
func (g *Gone) Rewrite(sts []Statement) ([]Statement, bool) {
	if g.Empty() || !slices.ContainsFunc(sts, g.named) {
		return sts, false
	}
	out := slices.Clone(sts)
	for i := range out {
		s := &out[i]
		s.Scopes, s.Resources = without(s.Scopes, g.Scopes), without(s.Resources, g.Resources)
		if now, ok := g.Roles[s.Role]; ok && s.Role != "" {
			s.Role = now
		}
	}
	return out, true
}

func (g *Gone) named(s Statement) bool {
	_, role := g.Roles[s.Role]
	return role && s.Role != "" || has(s.Scopes, g.Scopes) || has(s.Resources, g.Resources)
}

func has(names []string, gone map[string]bool) bool {
	return len(gone) > 0 && slices.ContainsFunc(names, func(s string) bool { return gone[s] })
}

// without returns a list that is empty, and not nil, when all of it is gone.
func without(names []string, gone map[string]bool) []string {
	if !has(names, gone) {
		return names
	}
	return slices.DeleteFunc(slices.Clone(names), func(s string) bool { return gone[s] })
}

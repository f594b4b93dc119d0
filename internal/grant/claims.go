package grant

import "slices"

// RestrictsOnly says whether a statement names resources alone: all that the owner may do, on
// these.
func RestrictsOnly(s Statement) bool { return s.Role == "" && s.Scopes == nil }

// Inherits says whether statements of something that has an owner leave its scopes to that
// owner, on all resources or on some.
func Inherits(sts []Statement) bool {
	return sts == nil || slices.ContainsFunc(sts, RestrictsOnly)
}

// Claims is the most that such statements come to, whatever the owner gets.
func Claims(sts []Statement) []Statement {
	if sts == nil {
		return []Statement{{Scopes: []string{"*"}, Resources: []string{"*"}}}
	}
	sts = slices.Clone(sts)
	for i := range sts {
		if RestrictsOnly(sts[i]) {
			sts[i].Scopes = []string{"*"}
		}
	}
	return sts
}

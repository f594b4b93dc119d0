package grant

import "strings"

// Keyword reports whether s is a word that some call or path reads as something else than a name, in whatever letter case: nothing may be called so,
// or a look-alike would be taken for it. What had such a name before may be deleted, and is never found by it where the word is read.
func Keyword(s string) bool {
	switch strings.ToLower(s) {
	case "*", "any", // any resource, of a verification and of rules; any workspace, of forward-auth
		"self", "me", // the token that calls, the member who calls
		"admin", // all of a workspace, in a list of scopes
		"ext:":  // an external id that is missing
		return true
	}
	return false
}

// RoleKeyword is [Keyword] for roles: neither may one be called as what a list of scopes reads as a pattern, nor as a built-in role is but for the
// letter case.
func RoleKeyword(s string) bool {
	word := strings.ToLower(s)
	if Keyword(s) || word == "product" || word == "instance" {
		return true
	}
	for _, d := range BuiltInRoles() {
		if d.Name != s && strings.ToLower(d.Name) == word {
			return true
		}
	}
	return false
}

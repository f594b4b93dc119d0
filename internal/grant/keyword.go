package grant

import "strings"

// Keyword reports whether s is a word that some call, path or flag reads as something else than a name, in whatever letter case: nothing may be
// called so, or a look-alike would be taken for it. What had such a name before may be deleted, and is never found by it where the word is read.
func Keyword(s string) bool {
	switch strings.ToLower(s) {
	case "*", "any", // any resource, of a verification and of rules; any workspace, of forward-auth
		"self", "me", // the token that calls, the member who calls
		"admin", "owner", "product", "instance", // all of a workspace, its role, every product scope, what no workspace contains
		"new",  // the page of a form
		"ext:": // an external id that is missing
		return true
	}
	return false
}

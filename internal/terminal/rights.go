package terminal

import (
	"fmt"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
)

// Rights prints a grant in one line; nil is inherited.
func Rights(grants []api.Statement) string {
	if grants == nil {
		return "inherited"
	}
	if len(grants) == 0 {
		return "nothing"
	}
	parts := make([]string, len(grants))
	for i, s := range grants {
		parts[i] = statement(s)
	}
	return strings.Join(parts, "; ")
}

// statement prints one statement of a grant. Without a role and scopes it is what the
// owner may do, narrowed to the resources.
func statement(s api.Statement) string {
	what := s.Role
	if what == "" {
		what = strings.Join(s.Scopes, " ")
	}
	if what == "" {
		what = "all of the owner's"
	}
	switch {
	case len(s.Resources) == 0:
		return what
	case len(s.Resources) == 1 && s.Resources[0] == "*":
		return what + " on everything"
	}
	return what + " on " + strings.Join(s.Resources, " ")
}

// Status says the status, and what else keeps the token from working.
func Status(t api.Token) string {
	if t.BlockedBy != nil && *t.BlockedBy != t.Status {
		return t.Status + " (" + *t.BlockedBy + ")"
	}
	return t.Status
}

// Reaches says whether rights let a scope through on any resource.
func Reaches(effective []api.Statement, scope string) bool {
	sts := make([]grant.Statement, len(effective))
	for i, s := range effective {
		sts[i] = grant.Statement(s)
	}
	var b grant.Book
	return b.Compile(sts).AllowsAny(scope)
}

// Times is how often something was done.
func Times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

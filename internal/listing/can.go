package listing

import (
	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
)

// Can says whether what a token effectively may do includes a scope, on a
// resource if one is named, and the token is usable.
func Can(t api.Token, scope, resource string) bool {
	sts := make([]grant.Statement, len(t.Effective))
	for i, s := range t.Effective {
		sts[i] = grant.Statement(s)
	}
	var b grant.Book
	g := b.Compile(sts)
	if !t.Usable {
		return false
	}
	if resource == "" {
		return g.AllowsAny(scope)
	}
	return g.Allows(scope, resource)
}

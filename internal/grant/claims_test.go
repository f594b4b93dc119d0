package grant_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/grant"
)

// TestWhatIsLeftToAnOwnerClaimsAllThatOwnersGet, and what names its scopes claims these; no
// scopes are none.
func TestWhatIsLeftToAnOwnerClaimsAllThatOwnersGet(t *testing.T) {
	t.Parallel()
	all := []string{"*"}
	named := []grant.Statement{{Scopes: []string{"tickets:read"}, Resources: []string{"a"}}, {Role: "Viewer"}, {Scopes: []string{}}}
	for what, c := range map[string]struct {
		sts, want []grant.Statement
		inherits  bool
	}{
		"no statements":     {nil, []grant.Statement{{Scopes: all, Resources: all}}, true},
		"none that say any": {[]grant.Statement{}, []grant.Statement{}, false},
		"resources alone":   {[]grant.Statement{{Resources: []string{"a*"}}}, []grant.Statement{{Scopes: all, Resources: []string{"a*"}}}, true},
		"named":             {named, named, false},
	} {
		was := append([]grant.Statement(nil), c.sts...)
		if diff := cmp.Diff(c.want, grant.Claims(c.sts)); diff != "" || grant.Inherits(c.sts) != c.inherits {
			t.Errorf("%s: inherits %t, want - got +\n%s", what, grant.Inherits(c.sts), diff)
		}
		if diff := cmp.Diff(was, append([]grant.Statement(nil), c.sts...)); diff != "" {
			t.Errorf("%s was changed: %s", what, diff)
		}
	}
}

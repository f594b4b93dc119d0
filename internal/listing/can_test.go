package listing_test

import (
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/listing"
)

// TestWhatATokenCanDoIsWhatItShows, on the resource that is asked about, while it is
// usable; and a scope that is not its own opens nothing.
func TestWhatATokenCanDoIsWhatItShows(t *testing.T) {
	t.Parallel()
	v := api.Token{Usable: true, Effective: []api.Statement{{Scopes: []string{"a:*"}, Resources: []string{"repo*"}}, {Scopes: []string{"b:read"}, Resources: []string{"*"}}}}
	for _, c := range []struct {
		scope, resource string
		want            bool
	}{
		{"a:read", "", true}, {"a:read", "repo1", true}, {"a:read", "other", false}, {"b:read", "other", true}, {"b:write", "", false}, {"a", "", false}, {"", "", false},
	} {
		if got := listing.Can(v, c.scope, c.resource); got != c.want {
			t.Errorf("%s on %q: %v", c.scope, c.resource, got)
		}
		dead := v
		dead.Usable = false
		if listing.Can(dead, c.scope, c.resource) {
			t.Errorf("a dead one can %s on %q", c.scope, c.resource)
		}
	}
}

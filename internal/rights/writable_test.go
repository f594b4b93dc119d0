package rights_test

import (
	"errors"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/rights"
)

// TestWhatTheInstanceLocksIsItsOwnToWrite, and nobody writes the role Owner: one rule for
// the verbs and for the pages that offer them.
func TestWhatTheInstanceLocksIsItsOwnToWrite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		locked, instance bool
		role, scope      error
	}{
		{"Night", false, false, nil, nil},
		{"Night", false, true, nil, nil},
		{"Night", true, false, api.CodeLocked, api.CodeLocked},
		{"Night", true, true, nil, nil},
		{"Owner", false, false, api.CodeBuiltIn, nil},
		{"Owner", true, true, api.CodeBuiltIn, nil},
	} {
		role, scope := rights.WritableRole(api.Role{Name: c.name, Locked: c.locked}, c.instance), rights.WritableScope(api.Scope{Locked: c.locked}, c.instance)
		if !errors.Is(role, c.role) || !errors.Is(scope, c.scope) {
			t.Errorf("%s, locked %v, of the instance %v: %v; %v", c.name, c.locked, c.instance, role, scope)
		}
	}
}

package console

import (
	"fmt"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// removing lists what was removed from where the visitor is and is being rewritten
// yet. It is beside the point of every page that shows it, so a page does without it
// where the visitor may not know.
func (v *visit) removing(at authority.Where) []api.Removal {
	rows, err := v.auth.ListRemovals(v.ctx(), v.caller, at)
	if err != nil {
		return nil
	}
	return rows
}

// soFar says how far a removal is.
func soFar(x api.Removal) string {
	if x.Total == nil {
		return plural(int(x.Done), "row") + " rewritten so far"
	}
	return fmt.Sprintf("%d of %s revoked", x.Done, plural(int(*x.Total), "token"))
}

func removedWord(x api.Removal) string {
	return map[string]string{
		"member": "The member", "service_account": "The service account", "scope": "The scope", "resource": "The resource", "role": "The role",
	}[x.Kind]
}

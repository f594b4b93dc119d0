package console

import (
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

package authority

import (
	"strings"

	"github.com/tokenry/tokenry/internal/ledger"
)

// User finds the user that a reference names: an e-mail or an id.
func User(r *Snapshot, ref string) (ledger.User, error) {
	if strings.Contains(ref, "@") {
		return r.User(ledger.UserKey{Email: strings.ToLower(ref)})
	}
	return r.User(ledger.UserKey{PublicID: ref})
}

// WorkspacesOf are the slugs of the workspaces in which a user is a member.
func WorkspacesOf(r *Snapshot, u ledger.User) ([]string, error) {
	rows, err := r.WorkspacesOf(u.ID)
	return Views(rows, func(ws ledger.Workspace) string { return ws.Slug }), err
}

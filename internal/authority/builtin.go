package authority

import (
	"slices"

	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// IsBuiltInRole says whether a role is there without being written.
func IsBuiltInRole(name string) bool {
	return slices.ContainsFunc(grant.BuiltInRoles(), func(d grant.RoleDef) bool { return d.Name == name })
}

// WrittenRole is a role as it is written in a place.
func WrittenRole(r *Snapshot, ws ledger.ID, name string) (ledger.Role, error) {
	rows, err := r.Roles(ws)
	i := slices.IndexFunc(rows, func(r ledger.Role) bool { return r.Name == name })
	if err != nil || i < 0 {
		return ledger.Role{}, input.First(err, ledger.ErrNoRow)
	}
	return rows[i], nil
}

// HasRole says whether a place has a role of its own with that name.
func HasRole(r *Snapshot, ws ledger.ID, name string) bool {
	_, err := WrittenRole(r, ws, name)
	return err == nil
}

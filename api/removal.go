package api

import "time"

// Removal is something that is gone, of which rows are left to be rewritten: the
// tokens of an owner who was removed, or what lists a scope, a resource or a role.
// It gives nothing any more; until it is done, the name of a scope, a resource or a
// role cannot be used again.
type Removal struct {
	// Kind is member, service_account, scope, resource or role.
	Kind string `json:"kind"`
	// Name is the scope's, the resource's or the role's, or the address of the owner.
	Name      string    `json:"name"`
	RemovedBy string    `json:"removed_by"`
	RemovedAt time.Time `json:"removed_at"`
	// Done counts the rows that were rewritten, of Total; null where nobody knows
	// how many there are.
	Done  int64  `json:"done"`
	Total *int64 `json:"total"`
}

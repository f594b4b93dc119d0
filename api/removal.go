package api

import "time"

// Removal is something that is gone, of which rows are left to be rewritten: the
// tokens of an owner who was removed, or what lists a scope, a resource or a role.
// It gives nothing any more; until it is done, the name of a scope, a resource or a
// role cannot be used again.
type Removal struct {
	// Kind is member, service_account, scope, resource, role, or sealed: the copies of
	// secrets that a policy lets nobody see any more.
	Kind string `json:"kind"`
	// Name is the scope's, the resource's or the role's, the address of the owner, or
	// recoverable, which is the field of the policy.
	Name      string    `json:"name"`
	RemovedBy string    `json:"removed_by"`
	RemovedAt time.Time `json:"removed_at"`
	// Done counts the rows that were rewritten, of Total; null where nobody knows
	// how many there are.
	Done  int64  `json:"done"`
	Total *int64 `json:"total"`
}

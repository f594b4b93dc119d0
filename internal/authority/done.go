package authority

import "github.com/tokenry/tokenry/api"

// Done is what came of a change: every verb that changes something answers one, or
// what is made of one. With an error it says nothing.
type Done[T any] struct {
	// Value is what was changed, as it is from Revision on; after a rehearsal, as it
	// would be.
	Value T
	// Revision is the change's own. Where nothing changed, because it was a rehearsal
	// or was so already, it is that of before, or 0.
	Revision int64
	// Made says of a verb that makes or replaces that there was nothing to replace.
	Made bool
	// Affected is what a rehearsal found that others lose by it; zero where that was
	// not asked for.
	Affected api.Affected
}

package ledger

import "time"

// RemovalKind says what was removed.
type RemovalKind string

// What a removal may leave to be rewritten.
const (
	RemovedMember         RemovalKind = "member"
	RemovedServiceAccount RemovalKind = "service_account"
	RemovedScope          RemovalKind = "scope"
	RemovedResource       RemovalKind = "resource"
	RemovedRole           RemovalKind = "role"
	// RemovedSealed are the copies of secrets that a policy lets nobody see any more.
	RemovedSealed RemovalKind = "sealed"
)

// Part is a kind of rows that name what was removed.
type Part int64

// The parts of a workspace, in the order in which they are rewritten.
const (
	PartCatalogue Part = iota // its roles and scopes
	PartMembers
	PartAccounts
	PartTokens
	PartEnd
)

// Removal is something that is gone, while rows are left that say otherwise: the
// tokens of an owner who was removed, or what names a scope, a resource or a role.
// Whoever reads such a row reads it as it will be ([pending]), so nothing is given
// by it any more; and until the last of them is rewritten the name is nobody's.
type Removal struct {
	// ID tells this removal from a later one of the same name.
	ID        ID
	Workspace ID // 0: of the instance
	Kind      RemovalKind
	// Name is the scope's, the resource's or the role's.
	Name string
	// Owner is the row of the member or service account.
	Owner ID
	// Replacement is the role that a removed role means now.
	Replacement string
	// Undecided says that the role is removed only if nothing turns out to name
	// it: nobody is given it meanwhile, and whoever has it keeps it.
	Undecided bool
	// By is the address of who removed it, the actor of what follows from it.
	By        string
	CreatedAt time.Time
	// Total is how many tokens an owner left; 0 when nobody knows. Done counts the
	// rows that were rewritten.
	Total, Done int64
	// Place, Part and After are how far it is: the workspace, the rows in it, and
	// the last one.
	Place ID
	Part  Part
	After ID
}

// OfOwner says whether the removal is of an owner rather than of a name.
func (x Removal) OfOwner() bool { return x.Owner != 0 }

// OfName says whether it is of a name that statements list.
func (x Removal) OfName() bool { return !x.OfOwner() && x.Kind != RemovedSealed }

// Unnamed says whether no statement names it, because that was looked for before it
// was removed: the lists of the catalogue alone are left.
func (x Removal) Unnamed() bool {
	return x.Kind == RemovedRole && x.Replacement == "" && !x.Undecided
}

// RemovalReader reads removals, and finds what they leave to be rewritten.
type RemovalReader interface {
	Removals() ([]Removal, error)
	// Unended lists the next tokens of the owner of a removal that are not revoked
	// by their own row, in ascending order; CountUnended counts them all.
	Unended(workspace ID, x Removal, limit int) ([]ID, error)
	CountUnended(workspace ID, x Removal) (int64, error)
	// Naming looks at the next rows of a part, as many as window, and lists those
	// whose grants may name a word; last is the last row looked at, 0 if there was
	// none.
	Naming(workspace ID, part Part, after ID, word string, window int) (found []ID, last ID, err error)
	// Sealed is Naming for the tokens that are recoverable, or have a sealed secret.
	Sealed(workspace, after ID, window int) (found []ID, last ID, err error)
}

// RemovalWriter writes removals.
type RemovalWriter interface {
	PutRemoval(Removal) error
	DeleteRemoval(id ID) error
}

package reception

// Access is what a page asks of its visitor before it is drawn.
type Access struct {
	Who Visitor
	// Scopes are those that the gate asks for in the workspace of the page.
	Scopes []string
	// Portal says that the page is part of what a portal link opens.
	Portal bool
	Proof  Proof
	// ProofAt is where a proof that is led to leads afterwards.
	ProofAt string
	// apart says that the page is not drawn from one snapshot: it rehearses a change,
	// which waits for its turn, or is longer than anybody should hold one.
	apart bool
	// packs says that the page may be compressed: it is a list, or a file of one.
	packs bool
}

// Visitor is whom a page is for.
type Visitor int

const (
	// Anybody need not be signed in.
	Anybody Visitor = iota
	// Somebody is signed in, and sees what is their own.
	Somebody
	// Colleague is in the workspace of the page, and sees what is their own there.
	Colleague
	// Holder is a colleague with scopes.
	Holder
	// Administrator is one of the instance.
	Administrator
)

// Proof is how a page asks a person to show once more who they are, unless they did a
// short while ago.
type Proof int

const (
	// Unproven asks for none.
	Unproven Proof = iota
	// InPlace asks in place of the page and keeps the form that was sent.
	InPlace
	// LedTo leads to the confirmation, and from there on.
	LedTo
)

// Open is a page for anybody.
func Open() Access { return Access{Who: Anybody} }

// Mine is a page of what is one's own.
func Mine() Access { return Access{Who: Somebody} }

// Person is a page of how one signs in, which no snapshot of the ledger holds.
func Person() Access { return Access{Who: Somebody, apart: true} }

// MineHere is a page of what is one's own in a workspace.
func MineHere() Access { return Access{Who: Colleague} }

// Needs is a page of a workspace for whoever has the scopes.
func Needs(scopes ...string) Access { return Access{Who: Holder, Scopes: scopes} }

// OfInstance is a page for the administrators of the instance.
func OfInstance() Access { return Access{Who: Administrator} }

// InPortal opens a page to a portal link too.
func (a Access) InPortal() Access { a.Portal = true; return a }

// NotAtOnce draws a page from no snapshot.
func (a Access) NotAtOnce() Access { a.apart = true; return a }

// Packed lets a page be compressed.
func (a Access) Packed() Access { a.packs = true; return a }

// Proven asks for a proof in place of the page.
func (a Access) Proven() Access { a.Proof = InPlace; return a }

// ProvenFor leads to a proof, and from there to next.
func (a Access) ProvenFor(next string) Access {
	a.Proof, a.ProofAt = LedTo, next
	return a
}

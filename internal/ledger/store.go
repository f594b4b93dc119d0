package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/tokenry/tokenry/token"
)

// ErrNoRow is what a [Reader] answers when there is no such row.
var ErrNoRow = errors.New("ledger: no such row")

// ErrDuplicate is what a [Tx] answers when a unique name is taken: the write, the next
// read, or the mutation as a whole, for writes may be sent with what follows. The verbs
// look first, under the lock; this is the net below them.
var ErrDuplicate = errors.New("ledger: duplicate row")

// ErrUnchanged is what a mutation answers that found nothing to do, or was only tried:
// it is undone like one that failed, and its caller is told what it saw.
var ErrUnchanged = errors.New("ledger: nothing is changed")

// Store keeps the rows. There are two of it, over SQLite and PostgreSQL, with
// one behaviour, which the package storetest states as a suite.
type Store interface {
	// Read runs f on one consistent snapshot. Nothing f does changes anything.
	// The Reader is valid until f returns.
	Read(ctx context.Context, f func(Reader) error) error

	// Presented reads a token by its locator, the secrets that [TokenReader.Secrets] lists of
	// it, and where in the history that was, as a snapshot of its own would: a verification
	// asks for nothing else, so it is one way to the database. ErrNoRow has the point too.
	Presented(ctx context.Context, l token.Locator) (Presented, error)

	// Batch commits mutations in their order as one transaction. It locks the
	// head row before anything is read, so batches never overlap, on any node.
	//
	// Each mutation runs under a savepoint with the next revision. One that
	// returns an error leaves nothing behind, takes no revision and does not
	// disturb the others; its error stands at its place in the answer. Row
	// numbers it took are lost. After one that called [Tx.Last] none is run, and
	// the answer ends with it.
	//
	// A second, non-nil error means that nothing was committed, or, when it is
	// ErrOutcomeUnknown, that the commit was sent and no answer came, or that what
	// an ErrUnchanged saw is not sure.
	Batch(ctx context.Context, mutations []func(Tx) error) ([]error, error)

	// BatchNext is Batch for what takes power away: of the batches that wait for the
	// head row, on any node, it goes before all but the one that is next already.
	BatchNext(ctx context.Context, mutations []func(Tx) error) ([]error, error)

	// Ping answers whether the database can be read now.
	Ping(ctx context.Context) error

	// Keep raises [Moment.Latest] to a moment, if it is earlier, without taking a
	// revision, and answers what holds then; the zero time only asks.
	Keep(ctx context.Context, at time.Time) (Moment, error)
}

// Presented is what there is of a token that somebody presents.
type Presented struct {
	At      Point
	Token   Token
	Secrets []Secret
}

// Moment is what the database says of time.
type Moment struct {
	// Latest is the latest moment at which anything was committed, or that was
	// kept; zero before there was one.
	Latest time.Time
	// Settlements is how often an operator said which time is right.
	Settlements int64
}

// ErrStoreUnavailable is wrapped by every error that says that the database
// could not be reached or did not answer in time.
var ErrStoreUnavailable = errors.New("ledger: the store is unavailable")

// ErrOutcomeUnknown says that a commit may or may not have happened.
var ErrOutcomeUnknown = errors.New("ledger: the outcome of the commit is not known")

// Reader reads one snapshot. Single look-ups answer ErrNoRow; lists are in
// ascending order of ID (tokens: descending) and start after a given ID.
// Removed and deleted rows are only found by their ID, unless said otherwise.
//
// It is put together of chapters, which whoever needs less asks for alone. An engine
// fills every one; a chapter may be put in front of the engine's to see rows otherwise.
type Reader struct {
	HeadReader
	WorkspaceReader
	PeopleReader
	TokenReader
	RightsReader
	AuditReader
	SignInReader
	NotifyReader
	RetentionReader
	RemovalReader
	FigureReader
	PageReader
	TrustReader
	StrangeReader
	UnusedReader
}

// HeadReader reads what there is one of.
type HeadReader interface {
	// Revision is the snapshot's: everything up to it is in, nothing after.
	Revision() int64
	// Point is the snapshot's place in the history of the database; a mutation is at
	// the one that its batch began with.
	Point() Point
	Instance() (Instance, error)
}

// WorkspaceKey names a workspace by exactly one of its fields.
type WorkspaceKey struct {
	ID               ID
	Slug, ExternalID string
}

// WorkspaceReader reads tenants. By Slug deleted ones are found too (a slug is
// never used again); by ExternalID they are not.
type WorkspaceReader interface {
	Workspace(k WorkspaceKey) (Workspace, error)
	// Workspaces lists those not deleted; a text is looked for in the slug, the
	// name and the external id.
	Workspaces(q Range) ([]Workspace, error)
	// WorkspacesOf lists those not deleted in which the user is a member.
	WorkspacesOf(user ID) ([]Workspace, error)
	// CountWorkspaces counts those not deleted, up to limit.
	CountWorkspaces(limit int) (int, error)
}

// UserKey names a user by exactly one of its fields.
type UserKey struct {
	ID              ID
	PublicID, Email string
}

// MemberKey names a membership by exactly one of its fields; PublicID and Email
// are the user's.
type MemberKey struct {
	ID, User                    ID
	PublicID, Email, ExternalID string
}

// ServiceAccountKey names a service account by exactly one of its fields.
type ServiceAccountKey struct {
	ID             ID
	PublicID, Name string
}

// Range asks for a part of a list in the order of its rows; zero fields ask for
// all.
type Range struct {
	// After continues a list: only IDs greater than it.
	After ID
	Limit int
	// Text keeps what contains each of its words, anywhere in what is searched,
	// compared without case for ASCII and matched literally: % and _ mean themselves.
	Text string
	// Only keeps members of a kind, [OnlyInvited] or [OnlyOneFactor], and users of the
	// latter; other lists do not read it.
	Only string
}

// Members of a kind: who has an e-mail and no way to sign in; and whose password stands
// alone, with neither an authenticator app nor a passkey beside it.
const (
	OnlyInvited   = "invited"
	OnlyOneFactor = "one_factor"
)

// PeopleReader reads users, members and service accounts.
type PeopleReader interface {
	User(k UserKey) (User, error)
	// Users lists them by their row numbers; a text is looked for in the e-mail
	// and the name.
	Users(q Range) ([]User, error)
	// InstanceAdmins lists the active instance administrators.
	InstanceAdmins() ([]User, error)
	// Member finds a member of that workspace; by ID a removed one too, and then
	// workspace 0 means any.
	Member(workspace ID, k MemberKey) (Member, error)
	// Memberships finds a person's in that workspace, removed ones too, by any key
	// but ID: newest first, at most 50.
	Memberships(workspace ID, k MemberKey) ([]Member, error)
	// Members lists those not removed; a text is looked for in the name, the
	// external id, and the user's e-mail and name.
	Members(workspace ID, q Range) ([]Member, error)
	// ServiceAccount finds one of that workspace; by ID a removed one too, and
	// then workspace 0 means any.
	ServiceAccount(workspace ID, k ServiceAccountKey) (ServiceAccount, error)
	// ServiceAccountsEver finds those of that workspace that have or had a name or
	// a public id, removed ones too: newest first, at most 50.
	ServiceAccountsEver(workspace ID, k ServiceAccountKey) ([]ServiceAccount, error)
	// ServiceAccounts lists those not removed; a text is looked for in the name,
	// the description and the public id.
	ServiceAccounts(workspace ID, q Range) ([]ServiceAccount, error)
}

// TokenQuery narrows a list of tokens; zero fields do not.
type TokenQuery struct {
	// Before continues a list: only IDs smaller than it.
	Before ID
	Limit  int
	// OwnerMember or OwnerServiceAccount keep one owner's.
	OwnerMember, OwnerServiceAccount ID
	// Kind keeps one kind.
	Kind token.Kind
	// Text keeps tokens that have each of its words in what is shown of them: in
	// the label, the description, or a name, address or id of the owner, removed or
	// not, compared without case for ASCII and literally (% and _ mean themselves);
	// or as the beginning of the locator, also in a mask or a token ID.
	Text string
	// CreatedBy keeps those made by that address.
	CreatedBy string
	// CreatedWith keeps those made with that token.
	CreatedWith token.Locator
	// ExpiresBefore and ExpiresAfter bound the expiry; tokens that never expire
	// are left out when either is set.
	ExpiresBefore, ExpiresAfter time.Time
	// Live keeps tokens that are neither revoked nor expired at that time.
	Live time.Time
	// Deleted also lists deleted tokens.
	Deleted bool
	// From bounds a list from below: only IDs from it on.
	From ID
	// State keeps tokens that are in it at the time StateAt, by their own row alone.
	State   TokenStatus
	StateAt time.Time
	// Named keeps tokens whose statements hold this text as one of their strings, and
	// Noted those whose metadata hold it as a key or value. Both may keep others too.
	Named, Noted string
}

// TokenStatus is what a token's row says of it at a moment; the first that applies.
type TokenStatus string

// The states.
const (
	TokenRevoked  TokenStatus = "revoked"
	TokenExpired  TokenStatus = "expired"
	TokenDisabled TokenStatus = "disabled"
	TokenPending  TokenStatus = "pending"
	TokenActive   TokenStatus = "active"
)

// TokenReader reads tokens and their secrets.
type TokenReader interface {
	Token(l token.Locator) (Token, error)
	// Secrets lists a token's secrets, the current one first, at most six.
	Secrets(t ID) ([]Secret, error)
	// Tokens lists a workspace's tokens, newest first.
	Tokens(workspace ID, q TokenQuery) ([]Token, error)
	// TokensFrom is a From that lets Tokens look at about n rows below Before at the
	// most; 0 when it need not be bounded.
	TokensFrom(workspace ID, q TokenQuery, n int) (ID, error)
	// StandingToken finds a member's standing token that is not revoked.
	StandingToken(workspace, member ID) (Token, error)
	// Idempotency finds what a key made.
	Idempotency(caller, route, key string) (Idempotency, error)
}

// RightsReader reads roles, scopes and resources; workspace 0 is the instance.
type RightsReader interface {
	Roles(workspace ID) ([]Role, error)
	Scopes(workspace ID) ([]Scope, error)
	// CatalogueStamp is another one after each change of the roles and scopes of a
	// workspace or the instance: one that is committed stands for the same rows always.
	CatalogueStamp(workspace ID) (string, error)
	Resource(workspace ID, name string) (Resource, error)
	// WorkspacesWith lists the workspaces that have a resource of a name.
	WorkspacesWith(resource string) ([]Workspace, error)
	// Resources lists them; a text is looked for in the name and the description.
	Resources(workspace ID, q Range) ([]Resource, error)
}

// AuditQuery narrows the audit; zero fields do not.
type AuditQuery struct {
	// Before continues a list: only sequences smaller than it.
	Before       int64
	Limit        int
	Token, Actor string
	// With is the locator of the token that it was done with.
	With string
	// Action is one, or with a trailing * all that begin so.
	Action   string
	From, To time.Time
	// Since bounds a list from below: only sequences from it on.
	Since int64
}

// AuditReader reads the audit.
type AuditReader interface {
	// AuditTip is what the next row of a chain follows; ErrNoRow when it is empty.
	AuditTip(workspace ID) (AuditTip, error)
	// Audit lists a chain, newest first.
	Audit(workspace ID, q AuditQuery) ([]AuditRow, error)
	// AuditBounds are a Before and a Since that let Audit look at about n rows at the
	// most: nothing the query asks for is above the first. 0 bounds nothing.
	AuditBounds(workspace ID, q AuditQuery, n int) (before, since int64, err error)
	// AuditChains names the workspaces that have, or should have, a chain, deleted
	// ones too; 0 is the instance's.
	AuditChains() ([]ID, error)
	// AuditChain lists a chain in its order, after a sequence.
	AuditChain(workspace ID, after int64, limit int) ([]AuditRow, error)
}

// Tx is a mutation's view: what it reads includes what mutations before it in
// the batch changed. A write that fails fails the mutation, at once or at the next read
// or the end. Put inserts or replaces the whole row by its ID (or name).
type Tx struct {
	Reader
	Writer
}

// Writer is what a [Tx] changes, in chapters as a [Reader] is.
type Writer struct {
	HeadWriter
	PeopleWriter
	TokenWriter
	RightsWriter
	AuditWriter
	SignInWriter
	NotifyWriter
	RetentionWriter
	RemovalWriter
	TrustWriter
	StrangeWriter
	UnusedWriter
}

// HeadWriter changes what there is one of, and says when and where in its batch a
// mutation stands.
type HeadWriter interface {
	// Last says that the batch ends with this mutation.
	Last()
	// NewID gives the next row number.
	NewID() ID
	// Moment is that of the head row, with what was done in this batch.
	Moment() Moment
	// Happen says when the mutation happens: Latest is raised to it.
	Happen(at time.Time)
	// Settle says that it is this time, also when that is before Latest, and counts
	// a settlement. Nothing in its batch raises Latest again. What waits for a moment
	// that a wrong clock made goes on from now, and what was proved by it ends.
	Settle(at time.Time) error
	PutInstance(Instance) error
	// Runner is the number of the node that does what one does for all; see
	// [Nodes]. It is another one whenever another node took over.
	Runner() (int64, error)
	// Touch says what memory of this database has to forget when the mutation
	// succeeds. Other nodes learn of it by the transaction itself.
	Touch(what Touched)
}

// PeopleWriter changes tenants and who is in them.
type PeopleWriter interface {
	PutWorkspace(Workspace) error
	PutUser(User) error
	PutMember(Member) error
	PutServiceAccount(ServiceAccount) error
}

// TokenWriter changes tokens and what is kept with them.
type TokenWriter interface {
	// PutToken also keeps the counts of its workspace and its owner.
	PutToken(Token) error
	// CountTokens counts the live tokens (see TokenQuery.Live) of a member or a
	// service account, or of the whole workspace for the owner 0. The number is
	// exact when it is enough or more, else it may be too high. It is not asked
	// with a time before one that it was asked with.
	CountTokens(workspace, owner ID, now time.Time, enough int) (int, error)
	PutSecret(Secret) error
	// DeleteSecrets forgets the secrets of a token numbered below keep.
	DeleteSecrets(t ID, keep int) error
	PutIdempotency(Idempotency) error
	// DeleteIdempotency forgets the oldest keys made before t, about limit of
	// them at once, and answers how many.
	DeleteIdempotency(t time.Time, limit int) (int, error)
}

// RightsWriter changes roles, scopes and resources; workspace 0 is the instance.
type RightsWriter interface {
	PutRole(Role) error
	DeleteRole(workspace ID, name string) error
	PutScope(Scope) error
	DeleteScope(workspace ID, name string) error
	// DeleteCatalogue deletes all roles and scopes of a workspace.
	DeleteCatalogue(workspace ID) error
	PutResource(Resource) error
	DeleteResource(workspace ID, name string) error
}

// AuditWriter adds to the audit.
type AuditWriter interface {
	// AppendAudit adds the next row of a chain.
	AppendAudit(AuditRow) error
}

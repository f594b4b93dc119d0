package ledger

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/tokenry/tokenry/internal/foreign"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/token"
)

// ID is a row number: unique in the whole database, given under the head row's
// lock, never used again, never shown. 0 is none.
type ID = int64

// Instance is the one row of the deployment's own settings.
type Instance struct {
	// Policy holds the instance's overrides of the built-in defaults and the
	// names of locked fields.
	Policy policy.Overrides
	// Prefixes are the token prefixes of this instance, the current one first.
	Prefixes []token.Prefix
	// Formats are those of other systems whose strings are looked up, the oldest first.
	Formats []foreign.Spec
	// PolicyRevision is the last change of Policy.
	PolicyRevision int64
	// SetupSeed is what the one-time setup code is worked out from, with the keyring; nil when
	// there is none. Its column is called setup_digest.
	SetupSeed      []byte
	SetupExpiresAt time.Time
	// BootstrappedAt is when the first Owner was made; zero before.
	BootstrappedAt time.Time
}

// Workspace is a tenant. A deleted one keeps its row so that its slug is never
// used again; once it is purged, nothing but that.
type Workspace struct {
	ID         ID
	Slug       string
	Name       string
	ExternalID string
	Metadata   Metadata
	// Policy holds the workspace's overrides, PolicyRevision their last change.
	Policy         policy.Overrides
	PolicyRevision int64
	CreatedAt      time.Time
	SuspendedAt    time.Time
	// SuspendedBy is who did, as Token.DisabledBy.
	SuspendedBy string
	DeletedAt   time.Time
	PurgedAt    time.Time
	Revision    int64
}

// User is a person across workspaces. Email is lower-case ASCII or empty. An
// erased one keeps its row, with nothing of the person, so that what refers to
// it still means one and the same.
type User struct {
	ID            ID
	PublicID      string
	Email         string
	Name          string
	PasswordHash  string
	InstanceAdmin bool
	CreatedAt     time.Time
	DeactivatedAt time.Time
	// DeactivatedBy is who did, as Token.DisabledBy.
	DeactivatedBy string
	ErasedAt      time.Time
	// VouchedBy is the one workspace whose Owner gave the person the link by which they
	// chose their password: nobody else has seen yet that the e-mail is theirs. 0 is
	// anybody of whom that is known, and whoever cannot sign in.
	VouchedBy ID
	Revision  int64
}

// Member is a user in one workspace. A removed membership keeps its row, so
// that whoever comes back gets a new one and nothing of the old. The fields of
// the user are read with it and never written through it.
type Member struct {
	ID            ID
	Workspace     ID
	User          ID
	Name          string
	ExternalID    string
	Grants        []grant.Statement
	CreatedAt     time.Time
	DeactivatedAt time.Time
	// DeactivatedBy is who did, as Token.DisabledBy.
	DeactivatedBy string
	// Held says that only the instance's administrators bring it back.
	Held      bool
	RemovedAt time.Time
	Revision  int64

	UserPublicID      string
	UserEmail         string
	UserName          string
	UserInstanceAdmin bool
	UserDeactivatedAt time.Time
}

// ServiceAccount is a non-human principal of a workspace. A removed one keeps
// its row.
type ServiceAccount struct {
	ID          ID
	Workspace   ID
	PublicID    string
	Name        string
	Description string
	Contacts    []string
	Grants      []grant.Statement
	CreatedAt   time.Time
	DisabledAt  time.Time
	// DisabledBy is who did, as Token.DisabledBy.
	DisabledBy string
	// Held is as in Member.
	Held      bool
	RemovedAt time.Time
	Revision  int64
}

// Token is what is stored of a token besides its secrets. Exactly one of
// OwnerMember and OwnerServiceAccount is set; neither for a workspace token.
type Token struct {
	ID                  ID
	Locator             token.Locator
	Prefix              token.Prefix
	Kind                token.Kind
	Workspace           ID
	OwnerMember         ID
	OwnerServiceAccount ID
	// CreatedBy is the address of who made it; CreatedByUser the user's row if a person did.
	CreatedBy     string
	CreatedByUser ID
	CreatedWith   token.Locator
	Label         string
	Description   string
	// Grants nil means inherit, empty means nothing; stored distinctly.
	Grants    []grant.Statement
	NotBefore time.Time
	ExpiresAt time.Time
	// Lifetime is what it was created or last renewed with; 0 without expiry.
	Lifetime   time.Duration
	DisabledAt time.Time
	// DisabledBy is who disabled it: the id of a person or service account, else
	// an address; empty when nobody knows.
	DisabledBy string
	// Held is what somebody else than the owner stopped or narrowed, and HeldBy who
	// did so last: the owner alone does not bring it back.
	Held   Back
	HeldBy string
	// RevokeAt is the scheduled end, from which on it counts as revoked.
	RevokeAt      time.Time
	RevokedAt     time.Time
	RevokeReason  string
	RevokeComment string
	// Waits says that it works once somebody else has approved it; RevokeAt is then the end of
	// the request. Approval tells of that, also afterwards; nil where nobody was asked.
	Waits    bool
	Approval *Approval
	// EnabledAt is when it was last enabled again; zero where it never was.
	EnabledAt time.Time
	// UnusedDue is when it is disabled if nobody uses it; zero where nobody was warned, and
	// once it was. Unused tells of that; nil where there is nothing.
	UnusedDue time.Time
	Unused    *Unused
	DeletedAt time.Time
	// AllowedIPs nil means any address.
	AllowedIPs  []netip.Prefix
	RateLimit   *policy.KeptLimit
	Recoverable bool
	Standing    bool
	Metadata    Metadata
	CreatedAt   time.Time
	RotatedAt   time.Time
	Revision    int64
}

// Secret is one secret of a token, as a keyed digest. Number counts from 1;
// the highest is the current one.
type Secret struct {
	Token  ID
	Number int
	Digest token.Digest
	Key    token.KeyID
	// RetiresAt is the end of an overlap that was still to run when it was written;
	// zero for the current one and for one that ended.
	RetiresAt time.Time
	// EndedAt, when not zero, says that it is dead for good, and since when: a state,
	// compared with no clock.
	EndedAt time.Time
	// RetireOnUse says that the first use of this secret ends the one before.
	RetireOnUse bool
	// Tracked says that its first use is committed before it is answered: it was
	// minted with RetireOnUse or an Idempotency-Key.
	Tracked bool
	// FirstUsedAt is that first use; zero while unused or not tracked.
	FirstUsedAt time.Time
	// Sealed is the recoverable copy, or nil.
	Sealed []byte
	// Derives is the key that tokens derived from it are checked with, sealed under Key; nil where there can be none.
	Derives   []byte
	CreatedAt time.Time
	// Holder is the person who was handed it, or was shown it last by somebody else's right; 0
	// where nobody knows.
	Holder ID
	// Origin is set where another system gave out the secret; nil for one of ours.
	Origin *foreign.Origin
}

// Approval is what became of a token that needs a second person; its names never change.
type Approval struct {
	AskedAt time.Time `json:"asked_at"`
	// Askers are the people behind whoever asked: none of them decides.
	Askers []ID `json:"askers,omitempty"`
	// DecidedAt is zero while nobody has; By is who did, as Token.DisabledBy.
	DecidedAt time.Time `json:"decided_at,omitzero"`
	By        string    `json:"by,omitempty"`
	Approved  bool      `json:"approved,omitempty"`
	Comment   string    `json:"comment,omitempty"`
}

// Role is a named list of scopes; workspace 0 is the instance's.
type Role struct {
	Workspace   ID
	Name        string
	DisplayName string
	Description string
	Scopes      []string
	RateLimit   *policy.KeptLimit
	Locked      bool
	Revision    int64
}

// Scope is an entry of the catalogue; workspace 0 is the instance's.
type Scope struct {
	Workspace   ID
	Name        string
	Description string
	Implies     []string
	Roles       []string
	Locked      bool
	Revision    int64
}

// Resource is an entity of the product.
type Resource struct {
	ID          ID
	Workspace   ID
	Name        string
	Description string
	CreatedBy   string
	CreatedAt   time.Time
	Revision    int64
}

// AuditRow is one link of a workspace's chain; workspace 0 is the instance's.
// The columns besides Payload repeat what is in it, for filters.
type AuditRow struct {
	Workspace ID
	// Sequence counts from 1 without gaps.
	Sequence int64
	Revision int64
	At       time.Time
	Action   string
	Actor    string
	// ActorToken is the locator of the token that was used, or empty.
	ActorToken string
	OnBehalf   string
	Target     string
	// Token is the locator of the token that the event is about, or empty.
	Token string
	// Payload is the event as canonical JSON; nil once it was erased.
	Payload json.RawMessage
	// Salt keys the payload's digest and is erased with it; nil also in rows from
	// before there was one.
	Salt          []byte
	PayloadDigest []byte
	// Hash is HMAC(Key, previous hash ‖ sequence ‖ payload digest).
	Hash []byte
	Key  token.KeyID
	// Erasure is the seal over what is left of an erased row; nil for others.
	Erasure []byte
}

// AuditTip is of the last row of a chain what the next one needs.
type AuditTip struct {
	Sequence int64     `json:"sequence"`
	At       time.Time `json:"at"`
	Hash     []byte    `json:"hash"`
}

// Tip is that of a chain that ends with the row.
func (r AuditRow) Tip() AuditTip { return AuditTip{Sequence: r.Sequence, At: r.At, Hash: r.Hash} }

// AuditAnchor is what a purge leaves of a chain's beginning: its last purged row.
type AuditAnchor struct {
	Workspace ID
	// Sequence and Hash are that row's, At is when its event happened.
	Sequence int64
	Hash     []byte
	At       time.Time
	// Seal is an HMAC under Key over all of it.
	Seal []byte
	Key  token.KeyID
}

// Idempotency remembers what a key made, so that a retry can be told from a
// second request. No secret is kept.
type Idempotency struct {
	// Caller, Route and Key name it; Body is the digest of the request.
	Caller, Route, Key string
	Body               []byte
	// Token and Secret are what was made.
	Token  token.Locator
	Secret int
	// Object is the reference of what was made when it was not a token.
	Object    string
	CreatedAt time.Time
}

// Life is how long a token lives since it was issued or renewed. An edit of the expiry
// counts the lifetime from its own moment, so what passed before is looked at too.
func (t Token) Life() time.Duration {
	since := t.CreatedAt
	if !t.RotatedAt.IsZero() {
		since = t.RotatedAt
	}
	return max(t.Lifetime, t.ExpiresAt.Sub(since))
}

// Over is a secret that is dead for good: since its overlap ran out, or from now on.
func (s Secret) Over(now time.Time) Secret {
	if !s.EndedAt.IsZero() {
		return s
	}
	if s.EndedAt = now; !s.RetiresAt.IsZero() && s.RetiresAt.Before(now) {
		s.EndedAt = s.RetiresAt
	}
	s.RetiresAt, s.Sealed = time.Time{}, nil
	return s
}

package verify

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/foreign"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// ErrNotFound is what a [Source] answers when there is no such row. Any other
// error means that the question could not be answered.
var ErrNotFound = errors.New("verify: not found")

// Token is what the store knows of one token, as far as a verification needs it.
type Token struct {
	Locator   token.Locator
	Prefix    token.Prefix
	Kind      token.Kind
	Workspace int64
	Owner     OwnerKey
	// Secrets are the digests, newest first: the current secret, during an
	// overlap the previous one, then up to four retired ones.
	Secrets []Secret
	// Statements are the token's own; nil means that it inherits its owner's
	// rights, empty that it has none.
	Statements []grant.Statement
	Label      string
	// Metadata is a JSON object, or nil.
	Metadata json.RawMessage
	// CreatedAt is told to resource servers, in whole seconds; nothing is decided by it.
	CreatedAt time.Time
	// NotBefore and ExpiresAt bound its life: not_before ≤ now < expires_at; zero = no bound.
	NotBefore, ExpiresAt time.Time
	Disabled             bool
	// Pending says that nobody has approved it yet.
	Pending bool
	// RevokeAt, when not zero, is when the token counts as revoked.
	RevokeAt time.Time
	Revoked  bool
	// AllowedIPs, when not nil, are the only addresses it is accepted from.
	AllowedIPs []netip.Prefix
	// RateLimit is the token's own; nil leaves it to its role, then the policy.
	RateLimit *api.RateLimit
}

// Secret is one secret of a token: its keyed digest and when it stops working.
type Secret struct {
	Digest token.Digest
	Key    token.KeyID
	// RetiresAt is the end of its overlap; zero while it is the current one.
	RetiresAt time.Time
	// Ended says that it is dead for good, whatever the time.
	Ended bool
	// Number counts the secrets of a token from 1.
	Number int
	// Tracked says that its first use is still to be committed.
	Tracked bool
	// Origin is set while comparing with it needs a slow hash of what another system gave out.
	Origin *foreign.Origin
}

// OwnerType says what owns a token.
type OwnerType uint8

// The three kinds of owner.
const (
	OwnerMember OwnerType = iota + 1
	OwnerServiceAccount
	OwnerWorkspace
)

// String returns the type as the wire spells it.
func (t OwnerType) String() string {
	switch t {
	case OwnerMember:
		return "user"
	case OwnerServiceAccount:
		return "service_account"
	case OwnerWorkspace:
		return "workspace"
	}
	return ""
}

// OwnerKey names one owner: the row number of a membership, a service account
// or a workspace.
type OwnerKey struct {
	Type OwnerType
	ID   int64
}

// Owner is who a token acts for, now.
type Owner struct {
	Key       OwnerKey
	Workspace int64
	// PublicID, Address, Name and ExternalID are what a resource server is told.
	PublicID, Address, Name, ExternalID string
	// Active is false for a deactivated, disabled or removed owner.
	Active bool
	// Removed is true for one that is gone for good: what it owned is revoked,
	// whatever the rows of that say yet.
	Removed bool
	// Statements are the owner's rights.
	Statements []grant.Statement
	// InstanceAdmin says that the owner is a user with the instance's own powers.
	InstanceAdmin bool
}

// Workspace is a tenant, now: its state, what its names mean, its limits.
type Workspace struct {
	ID               int64
	Slug, ExternalID string
	Suspended        bool
	Book             grant.Book
	// RoleLimits are the rate limits that roles carry.
	RoleLimits map[string]api.RateLimit
	// Policy is what holds in the workspace.
	Policy api.Policy
	// NamesAny says that a resource is called like [AnyResource] here, since before
	// that was refused. Who asks with the word may mean that one, so only a token
	// passes that reaches it.
	NamesAny bool
}

// Source reads what a verification needs. Each answer carries the revision it
// was read at: everything up to and including that revision is in it. So does
// ErrNotFound. A reading sees every change whose Apply was called before it began,
// or it is refused.
type Source interface {
	VerifyToken(ctx context.Context, l token.Locator) (Token, int64, error)
	// VerifyDerived answers the digest of the token's secret that this string is derived of
	// (see [token.Derived.SignedBy]), or ErrNotFound. It follows from the string for good.
	VerifyDerived(ctx context.Context, l token.Locator, presented string) (token.Digest, error)
	VerifyOwner(ctx context.Context, k OwnerKey) (Owner, int64, error)
	VerifyWorkspace(ctx context.Context, id int64) (Workspace, int64, error)
	// VerifyFormats answers the formats of other systems whose strings are looked up.
	VerifyFormats(ctx context.Context) ([]*foreign.Format, int64, error)
}

// Changes names what a committed batch of mutations touched. Applying it drops
// what memory holds of these; the next verification reads them anew.
type Changes struct {
	// Base is the revision that the batch began with, Revision the one it ended with:
	// whoever was told of everything up to Base was told of everything up to Revision.
	Base, Revision int64
	Tokens         []token.Locator
	Owners         []OwnerKey
	// Whole are workspaces of which any token may have changed.
	Whole []int64
	// Workspaces also drops what their names mean (roles, scopes, policy).
	Workspaces []int64
	// AllWorkspaces is Workspaces with every one in it: what the instance defines
	// for all of them changed. Tokens and owners stay in memory.
	AllWorkspaces bool
	// Endpoints are the webhooks that were changed or deleted.
	Endpoints []int64
	// All drops everything: anything may have changed, as when the outcome of a
	// commit is not known.
	All bool
	// Touched is the same by workspace; with All it may be empty.
	Touched ledger.Touched
}

// ChangesOf is a batch as it is stored.
func ChangesOf(c ledger.Change) Changes {
	t := c.Touched
	out := Changes{
		Base: c.Base, Revision: c.Revision, Whole: t.Whole, Workspaces: t.Workspaces, Endpoints: t.Endpoints,
		AllWorkspaces: t.AllWorkspaces, All: t.All, Touched: t,
	}
	for _, tokens := range t.Tokens {
		out.Tokens = append(out.Tokens, tokens...)
	}
	for owner, ids := range map[OwnerType][]ledger.ID{OwnerMember: t.Members, OwnerServiceAccount: t.ServiceAccounts, OwnerWorkspace: t.Portals} {
		for _, id := range ids {
			out.Owners = append(out.Owners, OwnerKey{Type: owner, ID: id})
		}
	}
	return out
}

// Request is one question.
type Request struct {
	// Token is the string as it was presented.
	Token string
	// Scopes and Resource are what the request at hand needs; no patterns.
	// Resource "" means the entire portfolio, AnyResource any of the token's.
	Scopes   []string
	Resource string
	// Whole refuses a token that is restricted to resources, also when no scope is
	// needed: whoever asks does not look at resources at all.
	Whole bool
	// Workspace, when not 0, is the only workspace whose tokens are known.
	Workspace int64
	// Addr is the client's address; the zero Addr is not known.
	Addr netip.Addr
	// Cost is charged to the rate limits; 0 peeks at them.
	Cost int
	// Peek decides without being counted as a use.
	Peek bool
	// Caller says that whoever presents the token asks something of Tokenry itself.
	// While the clock is unsettled, such a token is judged by the time that goes on
	// (see Config.Ahead): it can take power away, and is given nothing.
	Caller bool
}

// AnyResource as a [Request]'s Resource accepts a token restricted to any
// resources and leaves the filtering to the caller.
const AnyResource = grant.AnyResource

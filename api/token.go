package api

import "time"

// Status values of a token. Expired is never stored: it follows from the clock.
const (
	StatusActive = "active"
	// StatusPending is of a token that works once somebody else has approved it.
	StatusPending  = "pending"
	StatusDisabled = "disabled"
	StatusExpired  = "expired"
	StatusRevoked  = "revoked"
)

// Reasons of a revocation.
const (
	ReasonUnused     = "unused"
	ReasonSuperseded = "superseded"
	ReasonLeaked     = "leaked"
	ReasonOwnerLeft  = "owner_left"
	// ReasonRefused is of a token that waited for approval and did not get it; no call gives it.
	ReasonRefused = "refused"
	ReasonOther   = "other"
)

// TokenFields are the fields of a token that its creator writes and an edit may
// change. In an edit (RFC 7396) null means inherit or none.
type TokenFields struct {
	// Label is the token's name: 1 to 100 characters, none of them a control character.
	Label       Opt[string] `json:"label,omitzero" nullable:"false" minLength:"1" maxLength:"100"`
	Description Opt[string] `json:"description,omitzero" maxLength:"1000"`
	Rights
	// At most one of ExpiresIn, ExpiresAt and Never; none means the policy's default_lifetime.
	ExpiresIn   Opt[Duration]  `json:"expires_in,omitzero"`
	ExpiresAt   Opt[time.Time] `json:"expires_at,omitzero"`
	Never       Opt[bool]      `json:"never,omitzero"`
	NotBefore   Opt[time.Time] `json:"not_before,omitzero"`
	AllowedIPs  Opt[[]string]  `json:"allowed_ips,omitzero" minItems:"1" maxItems:"100"`
	RateLimit   Opt[RateLimit] `json:"rate_limit,omitzero"`
	Recoverable Opt[bool]      `json:"recoverable,omitzero"`
	Metadata    Opt[Metadata]  `json:"metadata,omitzero"`
}

// CreateToken asks for a new token.
type CreateToken struct {
	// Kind is "personal", "service" or "workspace"; left out it follows from Owner.
	Kind string `json:"kind,omitempty" enum:"personal,service,workspace"`
	// Owner is a member's e-mail or id, or a service account's name. Left out, a
	// personal token belongs to the caller's own user.
	Owner       string `json:"owner,omitempty" minLength:"1"`
	TokenFields `requires:"label"`
}

// EditToken is a merge patch of a token.
type EditToken struct {
	TokenFields
}

// RevokeToken ends a token for good.
type RevokeToken struct {
	Reason  string `json:"reason,omitempty" enum:"unused,superseded,leaked,owner_left,other"`
	Comment string `json:"comment,omitempty"`
	// Descendants revokes what was made with the token too, and with what was made with
	// that, in its workspace. Left out it is what the policy's leak_descendants says
	// where the reason is leaked, and else false.
	Descendants Opt[bool] `json:"descendants,omitzero" nullable:"false"`
}

// Descendants are the tokens that were made with a token, and with what was made with
// it, in its workspace.
type Descendants struct {
	// Total counts all of them, Active those that are active now.
	Total  int `json:"total"`
	Active int `json:"active"`
	// Partial says that there are more than the 10,000 that were counted.
	Partial bool `json:"partial"`
	// Items are the first 200, active ones first.
	Items []Token `json:"items"`
}

// DisableToken suspends a token until it is enabled.
type DisableToken struct {
	// RevokeAfter, when set, revokes the token once it was disabled for so long.
	RevokeAfter Opt[Duration] `json:"revoke_after,omitzero"`
}

// RotateToken asks for a new secret of the same token.
type RotateToken struct {
	// Overlap is how long the old secret still works; left out, the policy's.
	Overlap Opt[Duration] `json:"overlap,omitzero"`
	// RetireOnFirstUse ends the old secret when the new one is first used.
	RetireOnFirstUse bool `json:"retire_on_first_use,omitempty"`
	// Renew starts the original lifetime again, as far as the policy allows; also
	// for an expired token. A token that is outside the policy needs it, or
	// ExpiresIn.
	Renew bool `json:"renew,omitempty"`
	// ExpiresIn sets a new lifetime from now.
	ExpiresIn Opt[Duration] `json:"expires_in,omitzero"`
}

// TransferToken moves a token to another owner and rotates it.
type TransferToken struct {
	// Owner is a member's e-mail or id, a service account's name, or the
	// workspace's slug@workspace.
	Owner string `json:"owner" minLength:"1"`
}

// TokenSecret tells of one secret of a token without the secret.
type TokenSecret struct {
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
	RetiresAt  *time.Time `json:"retires_at"`
}

// Token is a token as it is shown: everything but its secret.
type Token struct {
	// ID is the owner's address, "_" and the locator; the address is for reading.
	ID        string    `json:"id"`
	Locator   string    `json:"locator"`
	Kind      string    `json:"kind"`
	Workspace string    `json:"workspace"`
	Owner     Principal `json:"owner"`
	// CreatedBy is the address of who made it.
	CreatedBy string `json:"created_by"`
	// CreatedWith is the locator of the API token that made it.
	CreatedWith *string `json:"created_with"`
	Label       string  `json:"label"`
	Description string  `json:"description"`
	Masked      string  `json:"masked"`
	// Role, Scopes and Resources show a grant of one statement; Grants shows any.
	// All four are null while the token inherits its owner's rights.
	Role      *string     `json:"role"`
	Scopes    []string    `json:"scopes" nullable:"true"`
	Resources []string    `json:"resources" nullable:"true"`
	Grants    []Statement `json:"grants" nullable:"true"`
	// Effective is what the token may do now: its own statements within its owner's.
	// Lists tell it only when asked (include=effective).
	Effective []Statement `json:"effective,omitzero"`
	Status    string      `json:"status"`
	Usable    bool        `json:"usable"`
	// BlockedBy is the code that a verification would answer now; null while usable.
	BlockedBy *string `json:"blocked_by"`
	// OutsidePolicy says that the policy of now would not allow the token as it is.
	OutsidePolicy bool       `json:"outside_policy"`
	CreatedAt     time.Time  `json:"created_at"`
	ExpiresAt     *time.Time `json:"expires_at"`
	NotBefore     *time.Time `json:"not_before"`
	LastUsedAt    *time.Time `json:"last_used_at"`
	LastUsedIP    *string    `json:"last_used_ip"`
	DisabledAt    *time.Time `json:"disabled_at"`
	// DisabledBy is the address of who disabled it; null when nobody knows.
	DisabledBy *string `json:"disabled_by"`
	// Held is what somebody else than the owner stopped or narrowed, which the
	// owner alone does not undo; null when there is nothing.
	Held *Held `json:"held"`
	// RevokeAt is the scheduled end, from which on the token counts as revoked.
	RevokeAt *time.Time `json:"revoke_at"`
	// Approval is how the token's making was judged by a second person; null where the
	// policy asked for none.
	Approval *Approval `json:"approval"`
	// Unused tells that the token is, or was, to be disabled because nobody uses it; null of
	// every other.
	Unused        *Unused       `json:"unused"`
	RevokedAt     *time.Time    `json:"revoked_at"`
	RevokeReason  *string       `json:"revoke_reason"`
	RevokeComment *string       `json:"revoke_comment"`
	RotatedAt     *time.Time    `json:"rotated_at"`
	OverlapEndsAt *time.Time    `json:"overlap_ends_at"`
	Secrets       []TokenSecret `json:"secrets"`
	AllowedIPs    []string      `json:"allowed_ips" nullable:"true"`
	RateLimit     *RateLimit    `json:"rate_limit"`
	Recoverable   bool          `json:"recoverable"`
	// Standing marks the one access token of a member that reset creates.
	Standing bool `json:"standing"`
	// Imported tells of a token whose string another system gave out, until a rotation has
	// taken over; null of every other.
	Imported *Imported `json:"imported"`
	Metadata Metadata  `json:"metadata"`
	Revision int64     `json:"revision"`
}

// Held is what an administrator stopped or narrowed of a token. Bringing it back
// needs the right that taking it needs: tokens:disable for disabled_at,
// tokens:delete for revoke_at, tokens:edit for the rest.
type Held struct {
	// By is the address of who did so last; null when nobody knows.
	By *string `json:"by"`
	// Fields are those of the token: disabled_at, revoke_at, allowed_ips,
	// rate_limit, not_before, expires_at, recoverable and grants.
	Fields []string `json:"fields"`
}

// Issued is the one answer that holds a secret: of create, rotate, reset,
// transfer and reveal.
type Issued struct {
	Token  Token  `json:"token"`
	Secret string `json:"secret"`
	// Warnings say where a token that was created is not what its maker may think it
	// is; left out when there is nothing to say, and by every other verb.
	Warnings []Warning `json:"warnings,omitzero"`
}

// Warning is something about what was done that its caller should look at. Nothing was
// refused because of it.
type Warning struct {
	// Code is no_rights, no_resource or approval_pending; others may follow.
	Code string `json:"code"`
	// Detail says it in a sentence, for people.
	Detail string `json:"detail"`
}

// Codes of warnings.
const (
	// WarnNoRights is of a token that may do nothing.
	WarnNoRights = "no_rights"
	// WarnNoResource is of a token that has rights and names no resource for them.
	WarnNoResource = "no_resource"
	// WarnApproval is of a token that does not work until somebody has approved it.
	WarnApproval = "approval_pending"
)

// TokenFilter narrows a listing of tokens. What is left out does not filter; a
// condition that is there and empty is refused and never means all, so an unset
// variable in [Some] cannot widen what a call is about.
type TokenFilter struct {
	Owner     Opt[string] `json:"owner,omitzero" nullable:"false" minLength:"1"`
	Kind      Opt[string] `json:"kind,omitzero" nullable:"false" minLength:"1"`
	Status    Opt[string] `json:"status,omitzero" nullable:"false" minLength:"1"`
	Query     Opt[string] `json:"q,omitzero" nullable:"false" minLength:"1"`
	Role      Opt[string] `json:"role,omitzero" nullable:"false" minLength:"1"`
	Scope     Opt[string] `json:"scope,omitzero" nullable:"false" minLength:"1"`
	Resource  Opt[string] `json:"resource,omitzero" nullable:"false" minLength:"1"`
	CreatedBy Opt[string] `json:"created_by,omitzero" nullable:"false" minLength:"1"`
	// CreatedWith keeps tokens that were made with this one: a token ID or locator.
	CreatedWith Opt[string] `json:"created_with,omitzero" nullable:"false" minLength:"1"`
	// ExpiringWithin keeps tokens whose expiry lies so near in the future.
	ExpiringWithin Opt[Duration] `json:"expiring_within,omitzero" nullable:"false"`
	// UnusedFor keeps tokens that were not used for so long.
	UnusedFor Opt[Duration] `json:"unused_for,omitzero" nullable:"false"`
	// UsedFrom keeps tokens that were presented from this address or network.
	UsedFrom Opt[string] `json:"used_from,omitzero" nullable:"false" minLength:"1"`
	// OutsidePolicy keeps tokens that the policy of now would not allow; false
	// those that it would.
	OutsidePolicy Opt[bool] `json:"outside_policy,omitzero" nullable:"false"`
	// Can keeps tokens that may use this scope, on Resource if given, now.
	Can Opt[string] `json:"can,omitzero" nullable:"false" minLength:"1"`
	// Metadata keeps tokens whose metadata has these values.
	Metadata Opt[map[string]string] `json:"metadata,omitzero" nullable:"false"`
	// Deleted also lists deleted tokens. It is no condition.
	Deleted bool `json:"deleted,omitempty"`
}

// Whoami tells a caller who it is.
type Whoami struct {
	Token     *Token    `json:"token"`
	Principal Principal `json:"principal"`
	Workspace string    `json:"workspace"`
	// Effective is left out of what is too large to be told: a grant from before there
	// was a bound.
	Effective []Statement `json:"effective,omitzero"`
	Scopes    []string    `json:"scopes"`
	Resources []string    `json:"resources"`
	// InstanceAdmin says whether the caller holds the instance's own powers.
	InstanceAdmin bool `json:"instance_admin"`
}

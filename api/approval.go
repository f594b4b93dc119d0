package api

import "time"

// ApprovalRule says which tokens need a second person: those of which all holds that it
// names. A rule names at least one thing, and an empty list is refused.
type ApprovalRule struct {
	// Kinds are personal, service, workspace and ephemeral.
	Kinds []string `json:"kinds,omitzero" minItems:"1" maxItems:"4"`
	// Scopes are scopes or patterns, as in a grant: the token may use one that fits. A token that
	// inherits its owner's rights counts as one that may use every scope.
	Scopes []string `json:"scopes,omitzero" minItems:"1" maxItems:"50"`
	// Resources are names or beginnings with a *: the token reaches one that fits. "*" is of
	// tokens on the entire portfolio.
	Resources []string `json:"resources,omitzero" minItems:"1" maxItems:"50"`
	// LongerThan holds for a token that lives longer, or without an end.
	LongerThan Duration `json:"longer_than,omitzero"`
}

// States of an [Approval].
const (
	ApprovalPending  = "pending"
	ApprovalApproved = "approved"
	ApprovalRefused  = "refused"
	// ApprovalEnded is of a token that was revoked or expired before anybody decided.
	ApprovalEnded = "ended"
)

// Approval is what became of a token that needs a second person.
type Approval struct {
	// State is pending, approved, refused or ended.
	State   string    `json:"state" enum:"pending,approved,refused,ended"`
	AskedAt time.Time `json:"asked_at"`
	// Until is when a pending request is refused by itself; null once it is decided.
	Until *time.Time `json:"until"`
	// DecidedAt and By are when, and the address of who; By is null where the time ran out.
	DecidedAt *time.Time `json:"decided_at"`
	By        *string    `json:"by"`
	Comment   string     `json:"comment"`
}

// DecideToken approves or refuses a token that waits.
type DecideToken struct {
	// Comment is told to whoever asked, and kept.
	Comment string `json:"comment,omitempty" maxLength:"1000"`
}

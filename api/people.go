package api

import "time"

// CreateWorkspace asks for a new tenant.
type CreateWorkspace struct {
	// Slug is its name in every path: [a-z0-9][a-z0-9-]{0,62}; never changes, never used again.
	Slug       string        `json:"slug" pattern:"^[a-z0-9][a-z0-9-]{0,62}$"`
	Name       Opt[string]   `json:"name,omitzero" nullable:"false" minLength:"1" maxLength:"200"`
	ExternalID Opt[string]   `json:"external_id,omitzero" minLength:"1" maxLength:"200"`
	Metadata   Opt[Metadata] `json:"metadata,omitzero"`
}

// EditWorkspace is a merge patch of a workspace.
type EditWorkspace struct {
	Name       Opt[string]   `json:"name,omitzero" nullable:"false" minLength:"1" maxLength:"200"`
	ExternalID Opt[string]   `json:"external_id,omitzero" minLength:"1" maxLength:"200"`
	Metadata   Opt[Metadata] `json:"metadata,omitzero"`
}

// PutWorkspace creates or replaces a workspace.
type PutWorkspace struct {
	Slug string `json:"slug,omitempty" pattern:"^[a-z0-9][a-z0-9-]{0,62}$"`
	EditWorkspace
}

// Workspace is a tenant.
type Workspace struct {
	Slug        string     `json:"slug"`
	Name        string     `json:"name"`
	ExternalID  *string    `json:"external_id"`
	Metadata    Metadata   `json:"metadata"`
	CreatedAt   time.Time  `json:"created_at"`
	SuspendedAt *time.Time `json:"suspended_at"`
	// SuspendedBy is the address of who did so; null when nobody knows.
	SuspendedBy *string `json:"suspended_by"`
	Revision    int64   `json:"revision"`
}

// CreateMember asks for a person in a workspace. Email may be left out where
// an external id names the person.
type CreateMember struct {
	Email      string      `json:"email,omitempty" maxLength:"254"`
	Name       Opt[string] `json:"name,omitzero" maxLength:"200"`
	ExternalID Opt[string] `json:"external_id,omitzero" minLength:"1" maxLength:"200"`
	// Password is for instance:admin alone, and only when it creates the user.
	Password string `json:"password,omitempty"`
	Rights
}

// EditMember is a merge patch of a membership.
type EditMember struct {
	Name       Opt[string] `json:"name,omitzero" maxLength:"200"`
	ExternalID Opt[string] `json:"external_id,omitzero" minLength:"1" maxLength:"200"`
	Rights
}

// Member is a person in one workspace.
type Member struct {
	ID            string      `json:"id"`
	Email         *string     `json:"email"`
	Name          string      `json:"name"`
	ExternalID    *string     `json:"external_id"`
	Address       string      `json:"address"`
	Role          *string     `json:"role"`
	Scopes        []string    `json:"scopes" nullable:"true"`
	Resources     []string    `json:"resources" nullable:"true"`
	Grants        []Statement `json:"grants"`
	Effective     []Statement `json:"effective,omitzero"`
	Active        bool        `json:"active"`
	DeactivatedAt *time.Time  `json:"deactivated_at"`
	// DeactivatedBy is the address of who did so; null when nobody knows.
	DeactivatedBy *string `json:"deactivated_by"`
	// HeldByInstance says that an administrator of the instance did, and nobody else
	// brings it back.
	HeldByInstance bool `json:"held_by_instance"`
	// Invitation says whether the person can sign in yet; it is there in lists and where
	// a member is shown, for members with an e-mail.
	Invitation *MemberInvitation `json:"invitation,omitempty"`
	CreatedAt  time.Time         `json:"created_at"`
	Revision   int64             `json:"revision"`
}

// How far an invitation is.
const (
	// InvitationAccepted is a person who can sign in.
	InvitationAccepted = "accepted"
	// InvitationPending is one who has a link that works.
	InvitationPending = "pending"
	// InvitationExpired is one whose link was not used in time.
	InvitationExpired = "expired"
	// InvitationNone is one who cannot sign in and whom this workspace gave no link.
	InvitationNone = "none"
)

// MemberInvitation is how far the invitation of a member is.
type MemberInvitation struct {
	State string `json:"state" enum:"accepted,pending,expired,none"`
	// MadeAt and ExpiresAt are when the link was made and when it ends; null without one.
	MadeAt    *time.Time `json:"made_at"`
	ExpiresAt *time.Time `json:"expires_at"`
	// By is the address of who made it; null when nobody noted it.
	By *string `json:"by"`
}

// CreateServiceAccount asks for a non-human principal.
type CreateServiceAccount struct {
	// Name is [a-z0-9][a-z0-9._-]{0,62}; it never changes.
	Name        string        `json:"name" pattern:"^[a-z0-9][a-z0-9._-]{0,62}$"`
	Description Opt[string]   `json:"description,omitzero" maxLength:"1000"`
	Contacts    Opt[[]string] `json:"contacts,omitzero" maxItems:"20"`
	Rights
}

// EditServiceAccount is a merge patch of a service account.
type EditServiceAccount struct {
	Description Opt[string]   `json:"description,omitzero" maxLength:"1000"`
	Contacts    Opt[[]string] `json:"contacts,omitzero" maxItems:"20"`
	Rights
}

// ServiceAccount is a non-human principal of a workspace.
type ServiceAccount struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Address     string      `json:"address"`
	Description string      `json:"description"`
	Contacts    []string    `json:"contacts"`
	Role        *string     `json:"role"`
	Scopes      []string    `json:"scopes" nullable:"true"`
	Resources   []string    `json:"resources" nullable:"true"`
	Grants      []Statement `json:"grants"`
	Effective   []Statement `json:"effective,omitzero"`
	Active      bool        `json:"active"`
	DisabledAt  *time.Time  `json:"disabled_at"`
	// DisabledBy is the address of who disabled it; null when nobody knows.
	DisabledBy *string `json:"disabled_by"`
	// HeldByInstance says that an administrator of the instance did, and nobody else brings it back.
	HeldByInstance bool      `json:"held_by_instance"`
	CreatedAt      time.Time `json:"created_at"`
	Revision       int64     `json:"revision"`
}

// User is a person across all workspaces, as instance administrators see them.
type User struct {
	ID            string     `json:"id"`
	Email         *string    `json:"email"`
	Name          string     `json:"name"`
	InstanceAdmin bool       `json:"instance_admin"`
	Active        bool       `json:"active"`
	DeactivatedAt *time.Time `json:"deactivated_at"`
	// DeactivatedBy is the address of who did so; null when nobody knows.
	DeactivatedBy *string `json:"deactivated_by"`
	// ErasedAt is when everything about the person was erased.
	ErasedAt   *time.Time `json:"erased_at"`
	CreatedAt  time.Time  `json:"created_at"`
	Workspaces []string   `json:"workspaces"`
	Revision   int64      `json:"revision"`
}

// EraseUser says how to erase a user. The same may be said in the query.
type EraseUser struct {
	// DryRun only answers how much would be erased.
	DryRun bool `json:"dry_run,omitempty"`
}

// Erasure answers the erasure of a user, done or only asked for with dry_run:
// what is left of the user, and how much was, or would be, erased.
type Erasure struct {
	DryRun bool `json:"dry_run"`
	User   User `json:"user"`
	// AuditEvents are those by and about the person, of all workspaces.
	AuditEvents int `json:"audit_events"`
	// Tokens are the person's own: they are revoked, and what was done with them
	// is forgotten.
	Tokens      int `json:"tokens"`
	Memberships int `json:"memberships"`
	Sessions    int `json:"sessions"`
	Identities  int `json:"identities"`
	Factors     int `json:"factors"`
	// Mails and Deliveries are those that were kept, sent or not.
	Mails      int `json:"mails"`
	Deliveries int `json:"deliveries"`
	// Mentions are other objects that named the person: who created them, whom to
	// tell about them.
	Mentions int `json:"mentions"`
}

// AddAdmin makes a user an instance administrator.
type AddAdmin struct {
	// User is an e-mail or a user id.
	User string `json:"user" minLength:"1"`
}

// Suspend says how to suspend. The same may be said in the query.
type Suspend struct {
	// DryRun only answers which tokens would stop.
	DryRun bool `json:"dry_run,omitempty"`
}

// Affected answers a removal or suspension, done or only asked for with
// dry_run: the tokens that stop.
type Affected struct {
	DryRun bool    `json:"dry_run"`
	Tokens []Token `json:"tokens"`
	// More says that the list was cut: a workspace may have very many tokens.
	More bool `json:"more,omitempty"`
}

// Bootstrapped is what the first start of an instance made.
type Bootstrapped struct {
	Workspace string `json:"workspace"`
	User      User   `json:"user"`
	Token     Token  `json:"token"`
	Secret    string `json:"secret"`
	// PasswordLink is the one-time link by which the Owner chooses a password, where
	// none was given; it is a secret.
	PasswordLink string `json:"password_link,omitempty"`
}

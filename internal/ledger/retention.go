package ledger

import "time"

// RetentionReader finds what is due to be purged or erased. Texts are
// lower-case; what holds one anywhere, as part of a longer word too, is
// answered, so that whoever asks looks closer.
type RetentionReader interface {
	// AuditAnchor is the last purged row of a chain; ErrNoRow while it is whole.
	AuditAnchor(workspace ID) (AuditAnchor, error)
	// AuditAbout lists the rows of a chain numbered in (after, through] whose
	// columns or payload hold one of three texts, in their order.
	AuditAbout(workspace ID, after, through int64, text [3]string) ([]AuditRow, error)
	// EndedTokens lists tokens that were revoked before t, or that were disabled
	// and count as revoked since before t, and ephemeral ones that expired before t.
	EndedTokens(workspace ID, t time.Time, limit int) ([]Token, error)
	// LapsedTokens lists disabled tokens of all workspaces whose set end has come at
	// t and that are not revoked yet, the oldest end first.
	LapsedTokens(t time.Time, limit int) ([]Token, error)
	// RemovedMembers and RemovedServiceAccounts list those removed before t that
	// no token refers to.
	RemovedMembers(workspace ID, t time.Time, limit int) ([]Member, error)
	RemovedServiceAccounts(workspace ID, t time.Time, limit int) ([]ServiceAccount, error)
	// DeletedWorkspaces lists deleted workspaces, purged ones too.
	DeletedWorkspaces(after ID, limit int) ([]Workspace, error)
	// MembershipsOf lists a user's memberships in all workspaces, removed ones too.
	MembershipsOf(user ID) ([]Member, error)
	// DeliveriesAbout and MailsAbout list what holds one of three texts, after an ID.
	DeliveriesAbout(after ID, text [3]string, limit int) ([]Delivery, error)
	MailsAbout(after ID, text [3]string, limit int) ([]Mail, error)
}

// RetentionWriter deletes. Nothing else takes away a row of the audit or a token.
type RetentionWriter interface {
	// PurgeAudit deletes a chain's rows up to the anchor's and puts the anchor.
	PurgeAudit(AuditAnchor) error
	// EraseAudit takes payload and salt out of a row, and puts its actor, on
	// behalf of whom, target, digest and seal.
	EraseAudit(AuditRow) error
	// DeleteToken deletes a token with its secrets, notices and reuses.
	DeleteToken(id ID) error
	// DeleteMember and DeleteServiceAccount delete who owns no token.
	DeleteMember(id ID) error
	// The rules of trust of an account go with it.
	DeleteServiceAccount(id ID) error
	DeleteDelivery(id ID) error
	DeleteMail(id ID) error
	// EraseSignIn forgets a user's sessions, codes, addresses, identities and
	// factors.
	EraseSignIn(user ID) error
}

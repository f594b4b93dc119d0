package storetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/foreign"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/token"
)

// The rows that tests store. A plain one has what must be there and nothing
// else; a full one has every field, each with a value of its own.

// at is a time with microseconds; each n is another hour.
func at(n int) time.Time {
	return time.Date(2026, 2, 3, 4, 5, 6, 123456000, time.UTC).Add(time.Duration(n) * time.Hour)
}

// workspaceRow is plain.
func workspaceRow(id ledger.ID) ledger.Workspace {
	return ledger.Workspace{ID: id, Slug: fmt.Sprintf("w%d", id), CreatedAt: at(0)}
}

// fullWorkspace has JSON of every kind that metadata may hold.
func fullWorkspace(id ledger.ID) ledger.Workspace {
	return ledger.Workspace{
		ID: id, Slug: "acme", Name: "Acme", ExternalID: "ext-1", Metadata: ledger.Metadata{"tier": "gold", "seats": json.Number("3.5"), "beta": true},
		Policy:    policy.Overrides{MaxLifetime: api.Some(90 * api.Day), RateLimit: api.Some(api.RateLimit{Requests: 1, Window: api.Day})},
		CreatedAt: at(1), SuspendedAt: at(2), SuspendedBy: "usr_4", DeletedAt: at(3), PurgedAt: at(4), PolicyRevision: 5, Revision: 7,
	}
}

func userRow(id ledger.ID) ledger.User {
	return ledger.User{ID: id, PublicID: fmt.Sprintf("u%d", id), CreatedAt: at(0)}
}

// fullUser is an administrator who was deactivated.
func fullUser(id ledger.ID) ledger.User {
	return ledger.User{
		ID: id, PublicID: "usr_1", Email: "ada@example.com", Name: "Ada", PasswordHash: "$argon2id$x", InstanceAdmin: true,
		CreatedAt: at(1), DeactivatedAt: at(2), DeactivatedBy: "usr_4", ErasedAt: at(3), VouchedBy: 12, Revision: 8,
	}
}

func memberRow(id, workspace, user ledger.ID) ledger.Member {
	return ledger.Member{ID: id, Workspace: workspace, User: user, CreatedAt: at(0)}
}

// fullMember is of the user that fullUser is.
func fullMember(id, workspace, user ledger.ID) ledger.Member {
	return ledger.Member{
		ID: id, Workspace: workspace, User: user, Name: "Ada L.", ExternalID: "ext-2",
		Grants:    []grant.Statement{{Role: "Viewer", Resources: []string{"*"}}, {Scopes: []string{}, Resources: []string{"a"}}},
		CreatedAt: at(3), DeactivatedAt: at(4), DeactivatedBy: "usr_2", Held: true, RemovedAt: at(5), Revision: 9,
		UserPublicID: "usr_1", UserEmail: "ada@example.com", UserName: "Ada", UserInstanceAdmin: true, UserDeactivatedAt: at(2),
	}
}

func accountRow(id, workspace ledger.ID) ledger.ServiceAccount {
	return ledger.ServiceAccount{
		ID: id, Workspace: workspace, PublicID: fmt.Sprintf("s%d", id), Name: fmt.Sprintf("ci%d", id), CreatedAt: at(0),
	}
}

// fullAccount was disabled, then removed.
func fullAccount(id, workspace ledger.ID) ledger.ServiceAccount {
	return ledger.ServiceAccount{
		ID: id, Workspace: workspace, PublicID: "sa_1", Name: "ci", Description: "builds", Contacts: []string{"ops@example.com"},
		Grants:    []grant.Statement{{Scopes: []string{"tickets:read"}, Resources: []string{"pay*"}}},
		CreatedAt: at(1), DisabledAt: at(2), DisabledBy: "usr_1", Held: true, RemovedAt: at(3), Revision: 10,
	}
}

// locatorOf is the nth of many locators.
func locatorOf(n ledger.ID) token.Locator {
	return token.Locator([]byte(fmt.Sprintf("Lc%010d", n)))
}

func tokenRow(id, workspace ledger.ID) ledger.Token {
	return ledger.Token{
		ID: id, Locator: locatorOf(id), Prefix: "tky", Kind: token.Workspace, Workspace: workspace, CreatedAt: at(0),
	}
}

// fullToken has every field but OwnerServiceAccount, which excludes
// OwnerMember.
func fullToken(id, workspace, member, user ledger.ID) ledger.Token {
	return ledger.Token{
		ID: id, Locator: locatorOf(id), Prefix: "acme", Kind: token.Personal, Workspace: workspace, OwnerMember: member,
		CreatedBy: "ada@example.com", CreatedByUser: user, CreatedWith: locatorOf(99), Label: "laptop", Description: "of Ada",
		Grants:    []grant.Statement{{Role: "Viewer"}},
		NotBefore: at(1), ExpiresAt: at(2), Lifetime: 90*24*time.Hour + 123*time.Microsecond, DisabledAt: at(3), RevokeAt: at(4),
		RevokedAt: at(5), RevokeReason: "leaked", RevokeComment: "in a log", DeletedAt: at(6),
		AllowedIPs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")},
		RateLimit:  &policy.KeptLimit{Requests: 100, Window: api.Duration(time.Minute)}, Recoverable: true, Standing: true,
		Metadata: ledger.Metadata{"ticket": "T-1"}, CreatedAt: at(7), RotatedAt: at(8), DisabledBy: "usr_2",
		Held: 1<<16 - 1, HeldBy: "usr_3", Waits: true, Revision: 11,
		Approval:  &ledger.Approval{AskedAt: at(9), Askers: []ledger.ID{user}, DecidedAt: at(10), By: "usr_4", Approved: true, Comment: "go on"},
		EnabledAt: at(12), UnusedDue: at(13), Unused: &ledger.Unused{Since: at(14), WarnedAt: at(15), Owner: 7, DisabledAt: at(16), After: 30 * 24 * time.Hour},
	}
}

func secretRow(t ledger.ID, number int) ledger.Secret {
	return ledger.Secret{Token: t, Number: number, Digest: digestOf(number), Key: 1, CreatedAt: at(number)}
}

// fullSecret has a sealed copy that is no text.
func fullSecret(t ledger.ID) ledger.Secret {
	return ledger.Secret{
		Token: t, Number: 1, Digest: digestOf(200), Key: 1<<32 - 1, RetiresAt: at(1), EndedAt: at(2), RetireOnUse: true, Tracked: true,
		FirstUsedAt: at(2), Sealed: []byte{0, 1, 0xff, '1'}, Derives: []byte{2, 0, 0xfe}, CreatedAt: at(3), Holder: 1 << 40,
		Origin: &foreign.Origin{Format: "old", Recipe: "r", Start: "old_", Salt: "$2b$", Direct: true},
	}
}

// digestOf holds bytes that no text could: NULs, digits, broken UTF-8.
func digestOf(n int) token.Digest {
	return token.Digest(bytes.Repeat([]byte{byte(n), 0, '1', 0xff}, 8))
}

func fullRole(workspace ledger.ID) ledger.Role {
	return ledger.Role{
		Workspace: workspace, Name: "Support", DisplayName: "Support team", Description: "first line",
		Scopes: []string{"tickets:*"}, RateLimit: &policy.KeptLimit{Requests: 5, Window: api.Day}, Locked: true, Revision: 12,
	}
}

func fullScope(workspace ledger.ID) ledger.Scope {
	return ledger.Scope{
		Workspace: workspace, Name: "tickets:read", Description: "see tickets", Implies: []string{"queues:read"},
		Roles: []string{"Viewer"}, Locked: true, Revision: 13,
	}
}

func fullResource(id, workspace ledger.ID) ledger.Resource {
	return ledger.Resource{
		ID: id, Workspace: workspace, Name: "payments", Description: "money", CreatedBy: "ada@example.com", CreatedAt: at(1), Revision: 14,
	}
}

func auditRow(workspace ledger.ID, sequence int64) ledger.AuditRow {
	return ledger.AuditRow{
		Workspace: workspace, Sequence: sequence, At: at(int(sequence)), Action: "token.create", Actor: "ada@example.com",
		PayloadDigest: make([]byte, 32), Hash: make([]byte, 32), Key: 1,
	}
}

// fullAudit has a payload whose order and escapes must stay.
func fullAudit(workspace ledger.ID) ledger.AuditRow {
	digest := digestOf(3)
	return ledger.AuditRow{
		Workspace: workspace, Sequence: 1, Revision: 15, At: at(1), Action: "token.rotate", Actor: "ada@example.com",
		ActorToken: locatorOf(1).String(), OnBehalf: "bob@example.com", Target: "token/x", Token: locatorOf(2).String(),
		Payload: json.RawMessage(`{"z":1, "a":"<é>"}`), Salt: []byte{0, 1, 0xff}, Erasure: []byte{0xff, 0},
		PayloadDigest: digest[:], Hash: bytes.Repeat([]byte{0xfe}, 32), Key: 1<<32 - 1,
	}
}

func fullIdempotency() ledger.Idempotency {
	return ledger.Idempotency{
		Caller: "ada@example.com", Route: "POST /v1/tokens", Key: "k-1", Body: []byte{0, 0xff}, Token: locatorOf(3), Secret: 2,
		Object: "member/7", CreatedAt: at(1),
	}
}

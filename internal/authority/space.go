package authority

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/internal/verify"
)

// Space is a workspace with everything its names mean at one moment.
type Space struct {
	Workspace ledger.Workspace
	// names finds who did something; nil where nobody is shown.
	names ledger.PeopleReader
	// Facts hold the book of roles and implications, and the policy.
	Facts verify.Workspace
	*catalogue
	// removals are those of names that were rights here, and are nobody's yet.
	removals []ledger.Removal
	// Reckon works out what is compiled and compared here.
	Reckon *reckoner
}

// Policy is what holds in the workspace.
func (sp *Space) Policy() api.Policy { return sp.Facts.Policy }

// Space reads what the names of a workspace mean.
func (a *Authority) Space(r *Snapshot, ws ledger.Workspace) (*Space, error) {
	in, err := r.Instance()
	if err != nil {
		return nil, err
	}
	all, err := r.Removals()
	if err != nil {
		return nil, err
	}
	cat, err := a.catalogue(r, ws, all)
	if err != nil {
		return nil, err
	}
	return &Space{
		Workspace: ws, names: r, catalogue: cat, removals: cat.concerned(ws.ID, all), Reckon: r.reckon,
		Facts: verify.Workspace{
			ID: ws.ID, Slug: ws.Slug, ExternalID: ws.ExternalID,
			Suspended: !ws.SuspendedAt.IsZero() || !ws.DeletedAt.IsZero(),
			Book:      cat.book, RoleLimits: cat.limits,
			Policy: policy.Effective(in.Policy, ws.Policy),
		},
	}, nil
}

// NameOf is the address of who did something, by what [Actor.Name] stored; the id
// of somebody who is gone, nil when nobody knows.
func (sp *Space) nameOf(id string) *string { return NameOf(sp.names, sp.Workspace, id) }

// NameOf is [Space.nameOf] where there is no space; ws is the zero one for what
// belongs to the instance.
func NameOf(r ledger.PeopleReader, ws ledger.Workspace, id string) *string {
	if r == nil {
		return Optional(id)
	}
	switch {
	case IsUserID(id):
		if u, err := r.User(ledger.UserKey{PublicID: id}); err == nil {
			id = UserPrincipal(u).Address
		}
	case strings.HasPrefix(id, AccountID):
		if s, err := r.ServiceAccount(ws.ID, ledger.ServiceAccountKey{PublicID: id}); err == nil {
			id = ServiceAccountOwner(s, ws).Address
		}
	}
	return Optional(id)
}

// Workspace finds the workspace that ref names: a slug or ext:ID. The caller's
// own is named by the empty ref.
func (a *Authority) Workspace(r *Snapshot, c Caller, ref string) (ledger.Workspace, error) {
	var ws ledger.Workspace
	var err error
	switch {
	case ref == "" && !c.Token.IsZero():
		var t ledger.Token
		if t, err = r.Token(c.Token); err == nil {
			ws, err = r.Workspace(ledger.WorkspaceKey{ID: t.Workspace})
		}
	case IsExternal(ref):
		var id string
		if id, err = ExternalID(ref); err == nil {
			ws, err = r.Workspace(ledger.WorkspaceKey{ExternalID: id})
		}
	default:
		ws, err = r.Workspace(ledger.WorkspaceKey{Slug: ref})
	}
	if err == nil && !ws.DeletedAt.IsZero() {
		err = ledger.ErrNoRow
	}
	if errors.Is(err, ledger.ErrNoRow) {
		return ws, NotFound().Wrap(err)
	}
	return ws, err
}

// TokenFacts is what a verification needs of a token.
func TokenFacts(t ledger.Token, secrets []ledger.Secret) verify.Token {
	f := verify.Token{
		Locator: t.Locator, Prefix: t.Prefix, Kind: t.Kind, Workspace: t.Workspace, Owner: OwnerKey(t),
		Statements: t.Grants, Label: t.Label, CreatedAt: t.CreatedAt, NotBefore: t.NotBefore, ExpiresAt: t.ExpiresAt,
		Disabled: !t.DisabledAt.IsZero(), RevokeAt: t.RevokeAt, Revoked: !t.RevokedAt.IsZero(), Pending: t.Waits,
		AllowedIPs: t.AllowedIPs, RateLimit: (*api.RateLimit)(t.RateLimit),
	}
	if len(t.Metadata) > 0 {
		f.Metadata, _ = json.Marshal(t.Metadata) // scalars alone: checked when it was written
	}
	for _, s := range secrets {
		f.Secrets = append(f.Secrets, secretFacts(s))
	}
	return f
}

// secretFacts is what a verification needs of a secret.
func secretFacts(s ledger.Secret) verify.Secret {
	f := verify.Secret{Digest: s.Digest, Key: s.Key, RetiresAt: s.RetiresAt, Ended: !s.EndedAt.IsZero(), Number: s.Number,
		Tracked: s.Tracked && s.FirstUsedAt.IsZero()}
	if s.Origin.Slow() {
		f.Origin = s.Origin
	}
	return f
}

// Works says whether one of a token's secrets, which are listed newest first, is
// accepted at a moment: the current one, and one in its overlap.
func Works(secrets []ledger.Secret, i int, now time.Time) bool {
	if i < 0 || i >= len(secrets) {
		return false
	}
	f := secretFacts(secrets[i])
	return f.Works(i == 0, now)
}

// OwnerKey names the owner of a token.
func OwnerKey(t ledger.Token) verify.OwnerKey {
	switch {
	case t.OwnerMember != 0:
		return verify.OwnerKey{Type: verify.OwnerMember, ID: t.OwnerMember}
	case t.OwnerServiceAccount != 0:
		return verify.OwnerKey{Type: verify.OwnerServiceAccount, ID: t.OwnerServiceAccount}
	}
	return verify.OwnerKey{Type: verify.OwnerWorkspace, ID: t.Workspace}
}

// ReadOwner reads an owner, also a removed one.
func ReadOwner(r ledger.Reader, k verify.OwnerKey) (verify.Owner, error) {
	switch k.Type {
	case verify.OwnerMember:
		m, err := r.Member(0, ledger.MemberKey{ID: k.ID})
		return MemberOwner(m), err
	case verify.OwnerServiceAccount:
		s, err := r.ServiceAccount(0, ledger.ServiceAccountKey{ID: k.ID})
		if err != nil {
			return verify.Owner{}, err
		}
		ws, err := r.Workspace(ledger.WorkspaceKey{ID: s.Workspace})
		return ServiceAccountOwner(s, ws), err
	case verify.OwnerWorkspace:
		ws, err := r.Workspace(ledger.WorkspaceKey{ID: k.ID})
		return WorkspaceOwner(ws), err
	}
	return verify.Owner{}, ledger.ErrNoRow
}

// MemberOwner is a member as verification knows an owner.
func MemberOwner(m ledger.Member) verify.Owner {
	return verify.Owner{
		Key: verify.OwnerKey{Type: verify.OwnerMember, ID: m.ID}, Workspace: m.Workspace,
		PublicID: m.UserPublicID, Address: MemberAddress(m), Name: m.Name, ExternalID: m.ExternalID,
		Active:     m.DeactivatedAt.IsZero() && m.RemovedAt.IsZero() && m.UserDeactivatedAt.IsZero(),
		Removed:    !m.RemovedAt.IsZero(),
		Statements: m.Grants, InstanceAdmin: m.UserInstanceAdmin,
	}
}

// MemberAddress is the e-mail, or the id of a person without one.
func MemberAddress(m ledger.Member) string {
	if m.UserEmail != "" {
		return m.UserEmail
	}
	return m.UserPublicID
}

// ServiceAccountOwner is a service account as verification knows an owner.
func ServiceAccountOwner(s ledger.ServiceAccount, ws ledger.Workspace) verify.Owner {
	return verify.Owner{
		Key: verify.OwnerKey{Type: verify.OwnerServiceAccount, ID: s.ID}, Workspace: s.Workspace,
		PublicID: s.PublicID, Address: s.Name + "@" + ws.Slug + ".service", Name: s.Name,
		Active: s.DisabledAt.IsZero() && s.RemovedAt.IsZero(), Removed: !s.RemovedAt.IsZero(), Statements: s.Grants,
	}
}

// WorkspaceOwner is a workspace that owns a token itself.
func WorkspaceOwner(ws ledger.Workspace) verify.Owner {
	return verify.Owner{
		Key: verify.OwnerKey{Type: verify.OwnerWorkspace, ID: ws.ID}, Workspace: ws.ID,
		PublicID: ws.Slug, Address: ws.Slug + "@workspace", Name: ws.Name, ExternalID: ws.ExternalID, Active: true,
	}
}

// PrincipalOf is an owner as it is shown.
func PrincipalOf(o verify.Owner) api.Principal {
	return api.Principal{Type: o.Key.Type.String(), ID: o.PublicID, Address: o.Address, Name: o.Name, ExternalID: Optional(o.ExternalID)}
}

// UserPrincipal is a signed-in person as it is shown.
func UserPrincipal(u ledger.User) api.Principal {
	address := u.Email
	if address == "" {
		address = u.PublicID
	}
	return api.Principal{Type: "user", ID: u.PublicID, Address: address, Name: u.Name}
}

// List is for a sentence that a person reads: at most 50 names, and how many more.
func List(names []string) string {
	const enough = 50 // for a person to read
	if len(names) == 0 {
		return "none"
	}
	if more := len(names) - enough; more > 0 {
		return strings.Join(names[:enough], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}

// NamesAny says whether a workspace has a resource that is called as the word for
// any, since before that was refused.
func NamesAny(r *Snapshot, ws ledger.ID) (bool, error) {
	_, err := r.Resource(ws, verify.AnyResource)
	return err == nil, IgnoreNoRow(err)
}

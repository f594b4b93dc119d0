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

// space is a workspace with everything its names mean at one moment.
type space struct {
	ws ledger.Workspace
	// names finds who did something; nil where nobody is shown.
	names ledger.PeopleReader
	// facts hold the book of roles and implications, and the policy.
	facts verify.Workspace
	*catalogue
	// removals are those of names that were rights here, and are nobody's yet.
	removals []ledger.Removal
	// reckon works out what is compiled and compared here.
	reckon *reckoner
}

// policy is what holds in the workspace.
func (sp *space) policy() api.Policy { return sp.facts.Policy }

// space reads what the names of a workspace mean.
func (a *Authority) space(r *Snapshot, ws ledger.Workspace) (*space, error) {
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
	return &space{
		ws: ws, names: r, catalogue: cat, removals: cat.concerned(ws.ID, all), reckon: r.reckon,
		facts: verify.Workspace{
			ID: ws.ID, Slug: ws.Slug, ExternalID: ws.ExternalID,
			Suspended: !ws.SuspendedAt.IsZero() || !ws.DeletedAt.IsZero(),
			Book:      cat.book, RoleLimits: cat.limits,
			Policy: policy.Effective(in.Policy, ws.Policy),
		},
	}, nil
}

// nameOf is the address of who did something, by what [actor.name] stored; the id
// of somebody who is gone, nil when nobody knows.
func (sp *space) nameOf(id string) *string { return nameOf(sp.names, sp.ws, id) }

// nameOf is [space.nameOf] where there is no space; ws is the zero one for what
// belongs to the instance.
func nameOf(r ledger.PeopleReader, ws ledger.Workspace, id string) *string {
	if r == nil {
		return optional(id)
	}
	switch {
	case isUserID(id):
		if u, err := r.User(ledger.UserKey{PublicID: id}); err == nil {
			id = userPrincipal(u).Address
		}
	case strings.HasPrefix(id, accountID):
		if s, err := r.ServiceAccount(ws.ID, ledger.ServiceAccountKey{PublicID: id}); err == nil {
			id = serviceAccountOwner(s, ws).Address
		}
	}
	return optional(id)
}

// workspace finds the workspace that ref names: a slug or ext:ID. The caller's
// own is named by the empty ref.
func (a *Authority) workspace(r *Snapshot, c Caller, ref string) (ledger.Workspace, error) {
	var ws ledger.Workspace
	var err error
	switch {
	case ref == "" && !c.Token.IsZero():
		var t ledger.Token
		if t, err = r.Token(c.Token); err == nil {
			ws, err = r.Workspace(ledger.WorkspaceKey{ID: t.Workspace})
		}
	case isExternal(ref):
		var id string
		if id, err = externalID(ref); err == nil {
			ws, err = r.Workspace(ledger.WorkspaceKey{ExternalID: id})
		}
	default:
		ws, err = r.Workspace(ledger.WorkspaceKey{Slug: ref})
	}
	if err == nil && !ws.DeletedAt.IsZero() {
		err = ledger.ErrNoRow
	}
	if errors.Is(err, ledger.ErrNoRow) {
		return ws, notFound().Wrap(err)
	}
	return ws, err
}

// tokenFacts is what a verification needs of a token.
func tokenFacts(t ledger.Token, secrets []ledger.Secret) verify.Token {
	f := verify.Token{
		Locator: t.Locator, Prefix: t.Prefix, Kind: t.Kind, Workspace: t.Workspace, Owner: ownerKey(t),
		Statements: t.Grants, Label: t.Label, CreatedAt: t.CreatedAt, NotBefore: t.NotBefore, ExpiresAt: t.ExpiresAt,
		Disabled: !t.DisabledAt.IsZero(), RevokeAt: t.RevokeAt, Revoked: !t.RevokedAt.IsZero(),
		AllowedIPs: t.AllowedIPs, RateLimit: t.RateLimit,
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
	return verify.Secret{Digest: s.Digest, Key: s.Key, RetiresAt: s.RetiresAt, Ended: !s.EndedAt.IsZero(), Number: s.Number,
		Tracked: s.Tracked && s.FirstUsedAt.IsZero()}
}

// works says whether one of a token's secrets, which are listed newest first, is
// accepted at a moment: the current one, and one in its overlap.
func works(secrets []ledger.Secret, i int, now time.Time) bool {
	if i < 0 || i >= len(secrets) {
		return false
	}
	f := secretFacts(secrets[i])
	return f.Works(i == 0, now)
}

func ownerKey(t ledger.Token) verify.OwnerKey {
	switch {
	case t.OwnerMember != 0:
		return verify.OwnerKey{Type: verify.OwnerMember, ID: t.OwnerMember}
	case t.OwnerServiceAccount != 0:
		return verify.OwnerKey{Type: verify.OwnerServiceAccount, ID: t.OwnerServiceAccount}
	}
	return verify.OwnerKey{Type: verify.OwnerWorkspace, ID: t.Workspace}
}

// readOwner reads an owner, also a removed one.
func readOwner(r ledger.Reader, k verify.OwnerKey) (verify.Owner, error) {
	switch k.Type {
	case verify.OwnerMember:
		m, err := r.Member(0, ledger.MemberKey{ID: k.ID})
		return memberOwner(m), err
	case verify.OwnerServiceAccount:
		s, err := r.ServiceAccount(0, ledger.ServiceAccountKey{ID: k.ID})
		if err != nil {
			return verify.Owner{}, err
		}
		ws, err := r.Workspace(ledger.WorkspaceKey{ID: s.Workspace})
		return serviceAccountOwner(s, ws), err
	case verify.OwnerWorkspace:
		ws, err := r.Workspace(ledger.WorkspaceKey{ID: k.ID})
		return workspaceOwner(ws), err
	}
	return verify.Owner{}, ledger.ErrNoRow
}

func memberOwner(m ledger.Member) verify.Owner {
	return verify.Owner{
		Key: verify.OwnerKey{Type: verify.OwnerMember, ID: m.ID}, Workspace: m.Workspace,
		PublicID: m.UserPublicID, Address: memberAddress(m), Name: m.Name, ExternalID: m.ExternalID,
		Active:     m.DeactivatedAt.IsZero() && m.RemovedAt.IsZero() && m.UserDeactivatedAt.IsZero(),
		Removed:    !m.RemovedAt.IsZero(),
		Statements: m.Grants, InstanceAdmin: m.UserInstanceAdmin,
	}
}

// memberAddress is the e-mail, or the id of a person without one.
func memberAddress(m ledger.Member) string {
	if m.UserEmail != "" {
		return m.UserEmail
	}
	return m.UserPublicID
}

func serviceAccountOwner(s ledger.ServiceAccount, ws ledger.Workspace) verify.Owner {
	return verify.Owner{
		Key: verify.OwnerKey{Type: verify.OwnerServiceAccount, ID: s.ID}, Workspace: s.Workspace,
		PublicID: s.PublicID, Address: s.Name + "@" + ws.Slug + ".service", Name: s.Name,
		Active: s.DisabledAt.IsZero() && s.RemovedAt.IsZero(), Removed: !s.RemovedAt.IsZero(), Statements: s.Grants,
	}
}

func workspaceOwner(ws ledger.Workspace) verify.Owner {
	return verify.Owner{
		Key: verify.OwnerKey{Type: verify.OwnerWorkspace, ID: ws.ID}, Workspace: ws.ID,
		PublicID: ws.Slug, Address: ws.Slug + "@workspace", Name: ws.Name, ExternalID: ws.ExternalID, Active: true,
	}
}

func principalOf(o verify.Owner) api.Principal {
	return api.Principal{Type: o.Key.Type.String(), ID: o.PublicID, Address: o.Address, Name: o.Name, ExternalID: optional(o.ExternalID)}
}

func userPrincipal(u ledger.User) api.Principal {
	address := u.Email
	if address == "" {
		address = u.PublicID
	}
	return api.Principal{Type: "user", ID: u.PublicID, Address: address, Name: u.Name}
}

func list(names []string) string {
	const enough = 50 // for a person to read
	if len(names) == 0 {
		return "none"
	}
	if more := len(names) - enough; more > 0 {
		return strings.Join(names[:enough], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}

package authority

import (
	"net/netip"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// Sight is what is needed to show the objects of a workspace to one actor.
type Sight struct {
	Snapshot *Snapshot
	Actor    *Actor
	Space    *Space
	Now      time.Time
	in       *Authority
	known    map[verify.OwnerKey]verify.Owner
	// lookup finds out when tokens were last used; nil where nobody asks, as under
	// the head row's lock. last is what it has answered.
	lookup func([]token.Locator) ([]ledger.LastUse, error)
	Last   map[token.Locator][]ledger.LastUse
	// Brief leaves out what each token may do.
	Brief bool
	// secrets are what was gathered of many tokens.
	secrets map[ledger.ID][]ledger.Secret
}

// Sight is what an actor sees of the tokens of a space, without when they were used.
func (a *Authority) Sight(r *Snapshot, ac *Actor, sp *Space) *Sight {
	return &Sight{Snapshot: r, Actor: ac, Space: sp, Now: r.Now, in: a, known: map[verify.OwnerKey]verify.Owner{}}
}

// Owner reads an owner once.
func (s *Sight) Owner(k verify.OwnerKey) (verify.Owner, error) {
	if o, ok := s.known[k]; ok {
		return o, nil
	}
	o, err := ReadOwner(s.Snapshot.Reader, k)
	if err == nil {
		s.known[k] = o
	}
	return o, err
}

// Token shows a token. What it may do, and whether it is usable, is computed
// here and now by the same functions that verification uses.
func (s *Sight) Token(t ledger.Token) (api.Token, error) {
	o, err := s.Owner(OwnerKey(t))
	if err != nil {
		return api.Token{}, err
	}
	secrets, gathered := s.secrets[t.ID]
	if !gathered {
		if secrets, err = s.Snapshot.Secrets(t.ID); err != nil {
			return api.Token{}, err
		}
	}
	v := s.view(t, o, secrets)
	return v, s.used(&v, t, secrets)
}

// Gather reads the secrets of tokens that will be shown, all at once.
func (s *Sight) Gather(ts []ledger.Token) error {
	s.secrets = make(map[ledger.ID][]ledger.Secret, len(ts))
	if len(ts) < 2 {
		return nil
	}
	ids := make([]ledger.ID, len(ts))
	for i, t := range ts {
		ids[i], s.secrets[t.ID] = t.ID, nil
	}
	rows, err := s.Snapshot.SecretsOf(ids)
	for _, row := range rows {
		if len(s.secrets[row.Token]) < mostSecrets {
			s.secrets[row.Token] = append(s.secrets[row.Token], row)
		}
	}
	if err != nil {
		s.secrets = nil
	}
	return err
}

// mostSecrets is how many [ledger.TokenReader.Secrets] answers.
const mostSecrets = 6

// view is token of what was read already, without when it was used.
func (s *Sight) view(t ledger.Token, o verify.Owner, secrets []ledger.Secret) api.Token {
	f := TokenFacts(t, secrets)
	v := TokenView(t, o, s.Space.Workspace.Slug)
	if !s.Brief {
		v.Effective = effective(&f, &o, s.Space)
	}
	v.Status = Status(&f, s.Now)
	if code := verify.Lifecycle(&f, &o, &s.Space.Facts, s.Now); code != api.CodeOK {
		blocked := string(code)
		v.BlockedBy = &blocked
	} else {
		v.Usable = true
	}
	v.DisabledBy, v.Held = s.Space.nameOf(t.DisabledBy), s.Space.heldView(t)
	v.Approval = s.Space.approvalView(t, v.Status)
	v.Unused = UnusedView(t, v.Status)
	v.OutsidePolicy = len(LifeOf(t).Outside(s.Space.Policy(), s.Now)) > 0
	secretsView(&v, secrets, s.Now)
	if !s.mayWatch(t) {
		v.Metadata = api.Metadata{}
	}
	return v
}

// effective shows what a token may do now.
func effective(f *verify.Token, o *verify.Owner, sp *Space) []api.Statement {
	return sp.Effective(f, *o).View()
}

// Brief shows a token that is being changed as the audit keeps it, which is
// without what has to be worked out and looked up: [Authority.MutateToken] does
// that for its answer, after the commit.
func (w *Work) Brief(ac *Actor, sp *Space, t ledger.Token) (api.Token, error) {
	s := w.Authority.Sight(w.Snapshot, ac, sp)
	o, err := s.Owner(OwnerKey(t))
	if err != nil {
		return api.Token{}, err
	}
	secrets, err := w.Secrets(t.ID)
	if err != nil {
		return api.Token{}, err
	}
	s.Brief = true
	v := s.view(t, o, secrets)
	if w.Lacking == nil || w.Lacking.t.ID == t.ID { // not of those that go with it
		w.Lacking = &lacking{s: s, t: t, owner: o, secrets: secrets}
	}
	return v, nil
}

// lacking is what a brief view lacks, read already.
type lacking struct {
	s       *Sight
	t       ledger.Token
	owner   verify.Owner
	secrets []ledger.Secret
}

// Work works out what the token may do. It needs no transaction.
func (l *lacking) Work(v *api.Token) {
	f := TokenFacts(l.t, l.secrets)
	v.Effective = effective(&f, &l.owner, l.s.Space)
}

// used adds when it was used.
func (l *lacking) used(v *api.Token, uses []ledger.LastUse) error {
	l.s.Last = map[token.Locator][]ledger.LastUse{l.t.Locator: uses}
	return l.s.used(v, l.t, l.secrets)
}

// mayWatch says whether the actor is shown addresses, agents and metadata of a
// token: of itself, of its own ones, or with usage:read.
func (s *Sight) mayWatch(t ledger.Token) bool {
	return s.Actor.IsSelf(t) || s.Actor.Owns(t) || s.Actor.Grant.AllowsAny("usage:read")
}

// Owns says whether a token is the actor's own personal one.
func (ac *Actor) Owns(t ledger.Token) bool {
	return t.OwnerMember != 0 && t.OwnerMember == ac.Member
}

// IsSelf says whether a token is the one that the caller presented.
func (ac *Actor) IsSelf(t ledger.Token) bool { return ac.With != nil && ac.With.ID == t.ID }

// TokenView shows what a token's own row says.
func TokenView(t ledger.Token, o verify.Owner, slug string) api.Token {
	v := api.Token{
		ID: TokenID(o, t.Locator), Locator: t.Locator.String(), Kind: t.Kind.String(), Workspace: slug,
		Owner: PrincipalOf(o), CreatedBy: t.CreatedBy, Label: t.Label, Description: t.Description,
		Masked: token.Mask(t.Prefix, t.Kind, t.Locator), CreatedAt: t.CreatedAt.UTC(),
		ExpiresAt: api.When(t.ExpiresAt), NotBefore: api.When(t.NotBefore), DisabledAt: api.When(t.DisabledAt),
		RevokeAt: api.When(t.RevokeAt), RevokedAt: api.When(t.RevokedAt), RevokeReason: Optional(t.RevokeReason),
		RevokeComment: Optional(t.RevokeComment), RotatedAt: api.When(t.RotatedAt), RateLimit: (*api.RateLimit)(t.RateLimit),
		Recoverable: t.Recoverable, Standing: t.Standing, Metadata: api.Metadata(t.Metadata), Revision: t.Revision,
	}
	if v.Metadata == nil {
		v.Metadata = api.Metadata{}
	}
	if !t.CreatedWith.IsZero() {
		v.CreatedWith = Optional(t.CreatedWith.String())
	}
	g := rightsView(t.Grants)
	v.Role, v.Scopes, v.Resources, v.Grants = g.role, g.scopes, g.resources, g.grants
	v.AllowedIPs = PrefixesView(t.AllowedIPs)
	return v
}

// TokenID is a token's public id: its owner's address and its locator.
func TokenID(o verify.Owner, l token.Locator) string { return token.ID(o.Address, l) }

// PrefixesView shows networks; nil stays nil, which is any.
func PrefixesView(ps []netip.Prefix) []string {
	if ps == nil {
		return nil
	}
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = p.String()
	}
	return out
}

// Status is what a token's own row says, whatever its owner's state.
func Status(f *verify.Token, now time.Time) string {
	switch {
	case f.Revoked, !f.RevokeAt.IsZero() && !now.Before(f.RevokeAt):
		return api.StatusRevoked
	case !f.ExpiresAt.IsZero() && !now.Before(f.ExpiresAt):
		return api.StatusExpired
	case f.Disabled:
		return api.StatusDisabled
	case f.Pending:
		return api.StatusPending
	}
	return api.StatusActive
}

// secretsView shows the current secret and, during an overlap, the previous one.
func secretsView(v *api.Token, secrets []ledger.Secret, now time.Time) {
	v.Secrets = []api.TokenSecret{}
	for i, s := range secrets {
		if i > 0 && !Works(secrets, i, now) {
			break
		}
		if o := s.Origin; o != nil {
			v.Imported = &api.Imported{Format: o.Format, Start: o.Start}
		}
		if s.Origin != nil && i == 0 {
			v.Masked = s.Origin.Start + "…"
		}
		v.Secrets = append(v.Secrets, api.TokenSecret{CreatedAt: s.CreatedAt.UTC(), RetiresAt: api.When(s.RetiresAt)})
		if i > 0 {
			v.OverlapEndsAt = api.When(s.RetiresAt)
		}
	}
}

// shownRights are statements as the wire has them, with their shorthand.
type shownRights struct {
	role              *string
	scopes, resources []string
	grants            []api.Statement
}

// rightsView shows statements: none and one also as the shorthand, in which null
// is to inherit and an empty list is nothing, as in requests.
func rightsView(sts []grant.Statement) (v shownRights) {
	if sts == nil {
		return v
	}
	v.grants = StatementsView(sts)
	switch {
	case len(sts) == 0:
		v.scopes, v.resources = []string{}, []string{}
		return v
	case len(sts) > 1:
		return v
	case sts[0].Role != "":
		v.role = &sts[0].Role
	default:
		v.scopes = sts[0].Scopes // nil: the owner's, on these resources
	}
	v.resources = Listed(sts[0].Resources)
	return v
}

// StatementsView shows statements as the wire has them.
func StatementsView(sts []grant.Statement) []api.Statement {
	out := make([]api.Statement, len(sts))
	for i, s := range sts {
		out[i] = api.Statement(s)
	}
	return out
}

// Listed returns a list that is never nil.
func Listed(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// UserView shows a user, and the workspaces that the caller may know of.
func UserView(r *Snapshot, u ledger.User, workspaces []string) api.User {
	return api.User{
		ID: u.PublicID, Email: Optional(u.Email), Name: u.Name, InstanceAdmin: u.InstanceAdmin,
		Active: u.DeactivatedAt.IsZero(), DeactivatedAt: api.When(u.DeactivatedAt), DeactivatedBy: NameOf(r, ledger.Workspace{}, u.DeactivatedBy),
		CreatedAt: u.CreatedAt.UTC(), ErasedAt: api.When(u.ErasedAt), Workspaces: Listed(workspaces), Revision: u.Revision,
	}
}

// WorkspaceView shows a workspace without its policy.
func WorkspaceView(r *Snapshot, ws ledger.Workspace) api.Workspace {
	v := api.Workspace{
		Slug: ws.Slug, Name: ws.Name, ExternalID: Optional(ws.ExternalID), Metadata: api.Metadata(ws.Metadata),
		CreatedAt: ws.CreatedAt.UTC(), SuspendedAt: api.When(ws.SuspendedAt), SuspendedBy: NameOf(r, ws, ws.SuspendedBy), Revision: ws.Revision,
	}
	if v.Metadata == nil {
		v.Metadata = api.Metadata{}
	}
	return v
}

// MemberView is a member with what it may do.
func MemberView(m ledger.Member, sp *Space) api.Member {
	v := MemberRow(m, sp)
	v.Effective = sp.Compile(m.Grants).View()
	return v
}

// MemberRow is a member without what has to be worked out: for lists, and for
// the audit, which says what was written.
func MemberRow(m ledger.Member, sp *Space) api.Member {
	o := MemberOwner(m)
	v := api.Member{
		ID: m.UserPublicID, Email: Optional(m.UserEmail), Name: m.Name, ExternalID: Optional(m.ExternalID),
		Address: o.Address, Active: o.Active, CreatedAt: m.CreatedAt.UTC(), Revision: m.Revision,
		DeactivatedAt: api.When(m.DeactivatedAt), DeactivatedBy: sp.nameOf(m.DeactivatedBy), HeldByInstance: m.Held,
	}
	g := rightsView(NonNil(m.Grants))
	v.Role, v.Scopes, v.Resources, v.Grants = g.role, g.scopes, g.resources, g.grants
	return v
}

// ServiceAccountView is a service account with what it may do.
func ServiceAccountView(s ledger.ServiceAccount, sp *Space) api.ServiceAccount {
	v := ServiceAccountRow(s, sp)
	v.Effective = sp.Compile(s.Grants).View()
	return v
}

// ServiceAccountRow is memberRow for a service account.
func ServiceAccountRow(s ledger.ServiceAccount, sp *Space) api.ServiceAccount {
	o := ServiceAccountOwner(s, sp.Workspace)
	v := api.ServiceAccount{
		ID: s.PublicID, Name: s.Name, Address: o.Address, Description: s.Description, Contacts: Listed(s.Contacts),
		Active: o.Active, DisabledAt: api.When(s.DisabledAt), DisabledBy: sp.nameOf(s.DisabledBy), HeldByInstance: s.Held,
		CreatedAt: s.CreatedAt.UTC(), Revision: s.Revision,
	}
	g := rightsView(NonNil(s.Grants))
	v.Role, v.Scopes, v.Resources, v.Grants = g.role, g.scopes, g.resources, g.grants
	return v
}

// heldView shows what its owner alone does not bring back to a token.
func (sp *Space) heldView(t ledger.Token) *api.Held {
	if t.Held == 0 {
		return nil
	}
	return &api.Held{By: sp.nameOf(t.HeldBy), Fields: backFields(t.Held)}
}

// NonNil returns statements that are never nil: only a token inherits.
func NonNil(sts []grant.Statement) []grant.Statement {
	if sts == nil {
		return []grant.Statement{}
	}
	return sts
}

// Which says which of a token's secrets a string is.
func (s *Sight) Which(t ledger.Token, text string, secrets []ledger.Secret) (string, error) {
	i, err := Matching(s.in, t, text, secrets, s.Now)
	return SecretState(secrets, i, s.Now), err
}

// Can says whether what a token effectively may do includes a scope, on a
// resource if one is named, and the token is usable.
func Can(t api.Token, scope, resource string) bool {
	sts := make([]grant.Statement, len(t.Effective))
	for i, s := range t.Effective {
		sts[i] = grant.Statement(s)
	}
	var b grant.Book
	g := b.Compile(sts)
	if !t.Usable {
		return false
	}
	if resource == "" {
		return g.AllowsAny(scope)
	}
	return g.Allows(scope, resource)
}

// Taken says that a name is in use, unless looking it up failed otherwise.
func Taken(field, message string, err error) error {
	if err != nil {
		return err
	}
	e := api.Errorf(api.CodeAlreadyExists, "%s", message)
	e.Field = field
	return e
}

// Views shows each row of a list.
func Views[R, V any](rows []R, view func(R) V) []V {
	out := make([]V, len(rows))
	for i, row := range rows {
		out[i] = view(row)
	}
	return out
}

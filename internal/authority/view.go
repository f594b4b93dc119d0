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

// sight is what is needed to show the objects of a workspace to one actor.
type sight struct {
	r     *Snapshot
	ac    *actor
	sp    *space
	now   time.Time
	keys  *token.Keyring
	known map[verify.OwnerKey]verify.Owner
	// lookup finds out when tokens were last used; nil where nobody asks, as under
	// the head row's lock. last is what it has answered.
	lookup func([]token.Locator) ([]ledger.LastUse, error)
	last   map[token.Locator][]ledger.LastUse
	// brief leaves out what each token may do.
	brief bool
}

func (a *Authority) sight(r *Snapshot, ac *actor, sp *space) *sight {
	return &sight{r: r, ac: ac, sp: sp, now: r.now, keys: a.keys, known: map[verify.OwnerKey]verify.Owner{}}
}

func (s *sight) owner(k verify.OwnerKey) (verify.Owner, error) {
	if o, ok := s.known[k]; ok {
		return o, nil
	}
	o, err := readOwner(s.r.Reader, k)
	if err == nil {
		s.known[k] = o
	}
	return o, err
}

// token shows a token. What it may do, and whether it is usable, is computed
// here and now by the same functions that verification uses.
func (s *sight) token(t ledger.Token) (api.Token, error) {
	o, err := s.owner(ownerKey(t))
	if err != nil {
		return api.Token{}, err
	}
	secrets, err := s.r.Secrets(t.ID)
	if err != nil {
		return api.Token{}, err
	}
	v := s.view(t, o, secrets)
	return v, s.used(&v, t, secrets)
}

// view is token of what was read already, without when it was used.
func (s *sight) view(t ledger.Token, o verify.Owner, secrets []ledger.Secret) api.Token {
	f := tokenFacts(t, secrets)
	v := tokenView(t, o, s.sp.ws.Slug)
	if !s.brief {
		v.Effective = effective(&f, &o, s.sp)
	}
	v.Status = status(&f, s.now)
	if code := verify.Lifecycle(&f, &o, &s.sp.facts, s.now); code != api.CodeOK {
		blocked := string(code)
		v.BlockedBy = &blocked
	} else {
		v.Usable = true
	}
	v.DisabledBy, v.Held = s.sp.nameOf(t.DisabledBy), s.sp.heldView(t)
	v.OutsidePolicy = len(lifeOf(t).Outside(s.sp.policy(), s.now)) > 0
	secretsView(&v, secrets, s.now)
	if !s.mayWatch(t) {
		v.Metadata = api.Metadata{}
	}
	return v
}

// effective shows what a token may do now.
func effective(f *verify.Token, o *verify.Owner, sp *space) []api.Statement {
	return sp.effective(f, *o).view()
}

// brief shows a token that is being changed as the audit keeps it, which is
// without what has to be worked out and looked up: [Authority.mutateToken] does
// that for its answer, after the commit.
func (w *work) brief(ac *actor, sp *space, t ledger.Token) (api.Token, error) {
	s := w.a.sight(w.Snapshot, ac, sp)
	o, err := s.owner(ownerKey(t))
	if err != nil {
		return api.Token{}, err
	}
	secrets, err := w.Secrets(t.ID)
	if err != nil {
		return api.Token{}, err
	}
	s.brief = true
	v := s.view(t, o, secrets)
	if w.lacking == nil || w.lacking.t.ID == t.ID { // not of those that go with it
		w.lacking = &lacking{s: s, t: t, owner: o, secrets: secrets}
	}
	return v, nil
}

// lacking is what a brief view lacks, read already.
type lacking struct {
	s       *sight
	t       ledger.Token
	owner   verify.Owner
	secrets []ledger.Secret
}

// work works out what the token may do. It needs no transaction.
func (l *lacking) work(v *api.Token) {
	f := tokenFacts(l.t, l.secrets)
	v.Effective = effective(&f, &l.owner, l.s.sp)
}

// used adds when it was used.
func (l *lacking) used(v *api.Token, uses []ledger.LastUse) error {
	l.s.last = map[token.Locator][]ledger.LastUse{l.t.Locator: uses}
	return l.s.used(v, l.t, l.secrets)
}

// mayWatch says whether the actor is shown addresses, agents and metadata of a
// token: of itself, of its own ones, or with usage:read.
func (s *sight) mayWatch(t ledger.Token) bool {
	return s.ac.isSelf(t) || s.ac.owns(t) || s.ac.grant.AllowsAny("usage:read")
}

// owns says whether a token is the actor's own personal one.
func (ac *actor) owns(t ledger.Token) bool {
	return t.OwnerMember != 0 && t.OwnerMember == ac.member
}

// isSelf says whether a token is the one that the caller presented.
func (ac *actor) isSelf(t ledger.Token) bool { return ac.with != nil && ac.with.ID == t.ID }

func tokenView(t ledger.Token, o verify.Owner, slug string) api.Token {
	v := api.Token{
		ID: tokenID(o, t.Locator), Locator: t.Locator.String(), Kind: t.Kind.String(), Workspace: slug,
		Owner: principalOf(o), CreatedBy: t.CreatedBy, Label: t.Label, Description: t.Description,
		Masked: token.Mask(t.Prefix, t.Kind, t.Locator), CreatedAt: t.CreatedAt.UTC(),
		ExpiresAt: api.When(t.ExpiresAt), NotBefore: api.When(t.NotBefore), DisabledAt: api.When(t.DisabledAt),
		RevokeAt: api.When(t.RevokeAt), RevokedAt: api.When(t.RevokedAt), RevokeReason: optional(t.RevokeReason),
		RevokeComment: optional(t.RevokeComment), RotatedAt: api.When(t.RotatedAt), RateLimit: t.RateLimit,
		Recoverable: t.Recoverable, Standing: t.Standing, Metadata: t.Metadata, Revision: t.Revision,
	}
	if v.Metadata == nil {
		v.Metadata = api.Metadata{}
	}
	if !t.CreatedWith.IsZero() {
		v.CreatedWith = optional(t.CreatedWith.String())
	}
	v.Role, v.Scopes, v.Resources, v.Grants = rightsView(t.Grants)
	v.AllowedIPs = prefixesView(t.AllowedIPs)
	return v
}

func tokenID(o verify.Owner, l token.Locator) string { return token.ID(o.Address, l) }

func prefixesView(ps []netip.Prefix) []string {
	if ps == nil {
		return nil
	}
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = p.String()
	}
	return out
}

// status is what a token's own row says, whatever its owner's state.
func status(f *verify.Token, now time.Time) string {
	switch {
	case f.Revoked, !f.RevokeAt.IsZero() && !now.Before(f.RevokeAt):
		return api.StatusRevoked
	case !f.ExpiresAt.IsZero() && !now.Before(f.ExpiresAt):
		return api.StatusExpired
	case f.Disabled:
		return api.StatusDisabled
	}
	return api.StatusActive
}

// secretsView shows the current secret and, during an overlap, the previous one.
func secretsView(v *api.Token, secrets []ledger.Secret, now time.Time) {
	v.Secrets = []api.TokenSecret{}
	for i, s := range secrets {
		if i > 0 && !works(secrets, i, now) {
			break
		}
		v.Secrets = append(v.Secrets, api.TokenSecret{CreatedAt: s.CreatedAt.UTC(), RetiresAt: api.When(s.RetiresAt)})
		if i > 0 {
			v.OverlapEndsAt = api.When(s.RetiresAt)
		}
	}
}

// rightsView shows statements: none and one also as the shorthand, in which null
// is to inherit and an empty list is nothing, as in requests.
func rightsView(sts []grant.Statement) (role *string, scopes, resources []string, grants []api.Statement) {
	if sts == nil {
		return nil, nil, nil, nil
	}
	grants = statementsView(sts)
	switch {
	case len(sts) == 0:
		return nil, []string{}, []string{}, grants
	case len(sts) > 1:
		return nil, nil, nil, grants
	case sts[0].Role != "":
		role = &sts[0].Role
	default:
		scopes = sts[0].Scopes // nil: the owner's, on these resources
	}
	return role, scopes, list0(sts[0].Resources), grants
}

func statementsView(sts []grant.Statement) []api.Statement {
	out := make([]api.Statement, len(sts))
	for i, s := range sts {
		out[i] = api.Statement(s)
	}
	return out
}

// list0 returns a list that is never nil.
func list0(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func userView(r *Snapshot, u ledger.User, workspaces []string) api.User {
	return api.User{
		ID: u.PublicID, Email: optional(u.Email), Name: u.Name, InstanceAdmin: u.InstanceAdmin,
		Active: u.DeactivatedAt.IsZero(), DeactivatedAt: api.When(u.DeactivatedAt), DeactivatedBy: nameOf(r, ledger.Workspace{}, u.DeactivatedBy),
		CreatedAt: u.CreatedAt.UTC(), ErasedAt: api.When(u.ErasedAt), Workspaces: list0(workspaces), Revision: u.Revision,
	}
}

func workspaceView(r *Snapshot, ws ledger.Workspace) api.Workspace {
	v := api.Workspace{
		Slug: ws.Slug, Name: ws.Name, ExternalID: optional(ws.ExternalID), Metadata: ws.Metadata,
		CreatedAt: ws.CreatedAt.UTC(), SuspendedAt: api.When(ws.SuspendedAt), SuspendedBy: nameOf(r, ws, ws.SuspendedBy), Revision: ws.Revision,
	}
	if v.Metadata == nil {
		v.Metadata = api.Metadata{}
	}
	return v
}

// memberView is a member with what it may do.
func memberView(m ledger.Member, sp *space) api.Member {
	v := memberRow(m, sp)
	v.Effective = sp.compile(m.Grants).view()
	return v
}

// memberRow is a member without what has to be worked out: for lists, and for
// the audit, which says what was written.
func memberRow(m ledger.Member, sp *space) api.Member {
	o := memberOwner(m)
	v := api.Member{
		ID: m.UserPublicID, Email: optional(m.UserEmail), Name: m.Name, ExternalID: optional(m.ExternalID),
		Address: o.Address, Active: o.Active, CreatedAt: m.CreatedAt.UTC(), Revision: m.Revision,
		DeactivatedAt: api.When(m.DeactivatedAt), DeactivatedBy: sp.nameOf(m.DeactivatedBy), HeldByInstance: m.Held,
	}
	v.Role, v.Scopes, v.Resources, v.Grants = rightsView(nonNil(m.Grants))
	return v
}

// serviceAccountView is a service account with what it may do.
func serviceAccountView(s ledger.ServiceAccount, sp *space) api.ServiceAccount {
	v := serviceAccountRow(s, sp)
	v.Effective = sp.compile(s.Grants).view()
	return v
}

// serviceAccountRow is memberRow for a service account.
func serviceAccountRow(s ledger.ServiceAccount, sp *space) api.ServiceAccount {
	o := serviceAccountOwner(s, sp.ws)
	v := api.ServiceAccount{
		ID: s.PublicID, Name: s.Name, Address: o.Address, Description: s.Description, Contacts: list0(s.Contacts),
		Active: o.Active, DisabledAt: api.When(s.DisabledAt), DisabledBy: sp.nameOf(s.DisabledBy), HeldByInstance: s.Held,
		CreatedAt: s.CreatedAt.UTC(), Revision: s.Revision,
	}
	v.Role, v.Scopes, v.Resources, v.Grants = rightsView(nonNil(s.Grants))
	return v
}

// heldView shows what its owner alone does not bring back to a token.
func (sp *space) heldView(t ledger.Token) *api.Held {
	if t.Held == 0 {
		return nil
	}
	return &api.Held{By: sp.nameOf(t.HeldBy), Fields: backFields(t.Held)}
}

// nonNil returns statements that are never nil: only a token inherits.
func nonNil(sts []grant.Statement) []grant.Statement {
	if sts == nil {
		return []grant.Statement{}
	}
	return sts
}

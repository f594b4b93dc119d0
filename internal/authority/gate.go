package authority

import (
	"errors"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/internal/verify"
)

// Actor is a caller inside one workspace, judged: who it is and what it may do
// there at the moment of the snapshot.
type Actor struct {
	Caller
	Principal api.Principal
	// Grant is the effective one: a token's own within its owner's.
	Grant Rights
	// own is what of it does not come from administering the instance.
	own Rights
	// Instance says that the caller holds instance:admin.
	Instance bool
	// With is the API token that was presented; nil for a person.
	With *ledger.Token
	// Limit is that token's own or its roles', in a workspace that is not its own
	// the one that it names itself; nil for none. The policy's is everybody's.
	Limit *api.RateLimit
	// Member is the caller's own membership here: a person's, that of a personal
	// token's owner, or the one acted as; 0 for none.
	Member ledger.ID
	// OnBehalf is the address of the member acted as.
	OnBehalf string
}

// Person says whether the caller is signed in rather than presenting a token.
func (ac *Actor) Person() bool { return ac.With == nil && ac.Machine == "" }

// Need refuses with insufficient_scope unless every scope is granted, for some
// resource at least. For a portal session nothing exists but its person's own,
// and the names that a token of theirs is made of.
func (ac *Actor) Need(scopes ...string) error {
	names := []string{"roles:read", "resources:read", "policy:read"}
	if ac.Portal != "" && slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(names, s) }) {
		return NotFound()
	}
	var missing []string
	for _, s := range scopes {
		if !ac.Grant.AllowsAny(s) {
			missing = append(missing, s)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	e := api.Errorf(api.CodeInsufficientScope, "this needs the scope %s; the caller's effective scopes are: %s",
		List(missing), List(ac.Grant.Scopes()))
	e.Missing = missing
	return e
}

// Cover refuses with grant_exceeds_own unless g is within the caller's own
// effective grant. Whoever holds instance:admin makes administrators, so it can
// hand on every scope of the instance: how else would a first token make the one
// that a product verifies with?
func (ac *Actor) Cover(g Rights) error {
	own := ac.Grant
	if ac.Instance {
		own = own.and(everything())
	}
	if own.Covers(g) {
		return nil
	}
	return api.Errorf(api.CodeGrantExceedsOwn,
		"this would hand on more than the caller's own effective grant; its scopes are %s, on resources %s",
		List(ac.Grant.Scopes()), List(ac.Grant.Resources()))
}

// Enter is the gate: it finds the workspace that ref names, establishes who the
// caller is there, and refuses unless it holds all of the scopes. A workspace
// the caller has no business with is not_found, like one that does not exist.
func (a *Authority) Enter(r *Snapshot, c Caller, ref string, scopes ...string) (*Actor, *Space, error) {
	ws, err := a.Workspace(r, c, ref)
	if err != nil {
		return nil, nil, err
	}
	r.met = Met{Workspace: ws.ID}
	sp, err := a.Space(r, ws)
	if err != nil {
		return nil, nil, err
	}
	ac, err := a.judge(r, c, sp)
	if err != nil {
		return nil, nil, err
	}
	return ac, sp, ac.Need(scopes...)
}

// judge establishes the caller in one workspace.
func (a *Authority) judge(r *Snapshot, c Caller, sp *Space) (*Actor, error) {
	var ac *Actor
	var err error
	switch {
	case c.Machine != "":
		ac = Machine(c)
	case !c.Token.IsZero():
		ac, err = a.judgeToken(r, c, sp)
	case c.User != 0:
		ac, err = a.judgePerson(r, c, sp)
	default:
		err = api.Errorf(api.CodeMissingToken, "no token was presented")
	}
	if err != nil || c.ActAs == "" {
		return ac, err
	}
	return a.actAs(r, ac, sp)
}

// Machine is Tokenry itself.
func Machine(c Caller) *Actor {
	return &Actor{
		Caller: c, Grant: everything(), Instance: true,
		Principal: api.Principal{Type: "system", ID: c.Machine, Address: c.Machine, Name: c.Machine},
	}
}

// everything is the rights of an Owner and of an instance administrator in one.
func everything() Rights {
	return fixed(grant.Statement{Scopes: append([]string{"*"}, grant.InstanceScopes()...), Resources: []string{"*"}})
}

// OwnerGrant is what an Owner may do in a workspace.
func OwnerGrant() Rights {
	return fixed(grant.Statement{Scopes: []string{"*"}, Resources: []string{"*"}})
}

// judgeToken establishes a caller that presented an API token. The token is
// looked at again: it may have lost its power since the door verified it.
func (a *Authority) judgeToken(r *Snapshot, c Caller, sp *Space) (*Actor, error) {
	k, err := a.callerToken(r, c)
	if err != nil {
		return nil, err
	}
	ac := k.actor(c)
	ac.Limit = ownLimitOf(k.home, k.row, k.owner)
	switch {
	case k.row.Workspace == sp.Workspace.ID:
		ac.Member, ac.own = k.row.OwnerMember, ac.Grant
	case !ac.Instance:
		return nil, NotFound()
	default:
		ac.Grant, ac.Limit = instanceOnly(ac.Grant), (*api.RateLimit)(k.row.RateLimit)
	}
	if ac.Instance {
		ac.Grant = ac.Grant.and(OwnerGrant())
	}
	return ac, nil
}

// instanceOnly keeps the instance scopes alone: rights in a token's own
// workspace mean nothing in another.
func instanceOnly(g Rights) Rights {
	var scopes []string
	for _, s := range grant.InstanceScopes() {
		if g.HasInstance(s) {
			scopes = append(scopes, s)
		}
	}
	return fixed(grant.Statement{Scopes: scopes})
}

// callerKey is the token that a caller presented, and what it is judged by.
type callerKey struct {
	row   ledger.Token
	home  *Space
	facts verify.Token
	owner verify.Owner
}

// actor is whoever presented it, as far as the token's own workspace goes.
func (k *callerKey) actor(c Caller) *Actor {
	g := k.home.Effective(&k.facts, k.owner)
	return &Actor{Caller: c, With: &k.row, Principal: PrincipalOf(k.owner), Grant: g, Instance: g.HasInstance("instance:admin")}
}

// callerToken reads the token a caller presented and refuses, with the code of a
// verification, one that does not verify now: by that secret, from that address.
func (a *Authority) callerToken(r *Snapshot, c Caller) (*callerKey, error) {
	t, err := r.Token(c.Token)
	if err != nil {
		return nil, InvalidToken(err)
	}
	secrets, err := r.Secrets(t.ID)
	if err != nil {
		return nil, err
	}
	ws, err := r.Workspace(ledger.WorkspaceKey{ID: t.Workspace})
	if err != nil {
		return nil, InvalidToken(err)
	}
	home, err := a.Space(r, ws)
	if err != nil {
		return nil, err
	}
	o, err := ReadOwner(r.Reader, OwnerKey(t))
	if err != nil {
		return nil, InvalidToken(err)
	}
	k := &callerKey{row: t, home: home, facts: TokenFacts(t, nil), owner: o}
	if code := accepted(&k.facts, &k.owner, &home.Facts, secrets, c, a.now()); code != api.CodeOK {
		return nil, notAccepted(code)
	}
	return k, nil
}

// judgePerson establishes a signed-in person.
func (a *Authority) judgePerson(r *Snapshot, c Caller, sp *Space) (*Actor, error) {
	u, err := a.signedIn(r, c)
	if err != nil {
		return nil, err
	}
	if c.Portal != "" {
		u.InstanceAdmin = false
	}
	if c.Portal != "" && c.Portal != sp.Workspace.Slug {
		return nil, NotFound()
	}
	ac := &Actor{Caller: c, Instance: u.InstanceAdmin, Principal: UserPrincipal(u)}
	m, err := r.Member(sp.Workspace.ID, ledger.MemberKey{User: u.ID})
	if err != nil && !(errors.Is(err, ledger.ErrNoRow) && u.InstanceAdmin) {
		return nil, err
	}
	if sp.Policy().RequireSecondFactor {
		if err := SecondFactor(r, c); err != nil {
			return nil, err
		}
	}
	if err == nil && m.DeactivatedAt.IsZero() {
		o := MemberOwner(m)
		o.InstanceAdmin = u.InstanceAdmin // in a portal nobody is one
		ac.Member, ac.Principal = m.ID, PrincipalOf(o)
		ac.Grant = sp.OwnerGrant(o)
		ac.own = ac.Grant
	}
	if !u.InstanceAdmin {
		return ac, suspended(m, sp)
	}
	ac.Grant = ac.Grant.and(everything())
	return ac, nil
}

// suspended says why a member cannot act here now.
func suspended(m ledger.Member, sp *Space) error {
	switch {
	case !m.DeactivatedAt.IsZero():
		return api.Errorf(api.CodeOwnerInactive, "this membership is deactivated")
	case !sp.Workspace.SuspendedAt.IsZero():
		return api.Errorf(api.CodeWorkspaceSuspended, "this workspace is suspended")
	}
	return nil
}

// actAs lets a member's grant decide in place of the caller's.
func (a *Authority) actAs(r *Snapshot, ac *Actor, sp *Space) (*Actor, error) {
	if !ac.Instance {
		return nil, MissingInstance("acting as a member needs the scope instance:admin")
	}
	m, err := a.Member(r, ac, sp, ac.ActAs)
	if err != nil {
		return nil, err
	}
	o := MemberOwner(m)
	if !o.Active {
		return nil, api.Errorf(api.CodeInactive, "the member acted as is deactivated")
	}
	o.InstanceAdmin = false
	acted := *ac
	acted.Grant, acted.Instance = sp.OwnerGrant(o), false
	acted.own, acted.Member, acted.OnBehalf = acted.Grant, m.ID, o.Address
	return &acted, nil
}

// MissingInstance is the refusal of whoever lacks instance:admin.
func MissingInstance(message string) error {
	e := api.Errorf(api.CodeInsufficientScope, "%s", message)
	e.Missing = []string{"instance:admin"}
	return e
}

// EnterInstance is the gate before what belongs to no workspace: it asks for
// instance:admin.
func (a *Authority) EnterInstance(r *Snapshot, c Caller) (*Actor, error) {
	ac, err := a.JudgeInstance(r, c)
	if err != nil {
		return nil, err
	}
	if !ac.Instance {
		return nil, MissingInstance("this needs the scope instance:admin")
	}
	in, err := r.Instance()
	if err == nil && ac.Person() && policy.OfInstance(in.Policy).RequireSecondFactor {
		err = SecondFactor(r, c)
	}
	return ac, err
}

// EnterForInstance is the gate before what only instance:admin does to a
// workspace. To whoever has no business with that workspace it is not_found,
// like one that does not exist.
func (a *Authority) EnterForInstance(r *Snapshot, c Caller, ref string, scopes ...string) (*Actor, *Space, error) {
	ac, sp, err := a.Enter(r, c, ref, scopes...)
	if err == nil && !ac.Instance {
		err = MissingInstance("this needs the scope instance:admin")
	}
	return ac, sp, err
}

// JudgeInstance establishes a caller outside any workspace. Nobody acts as a
// member there: a member's grant says nothing about the instance.
func (a *Authority) JudgeInstance(r *Snapshot, c Caller) (*Actor, error) {
	if c.ActAs != "" {
		return nil, MissingInstance("a member acted as has no power over the instance; act as yourself here")
	}
	switch {
	case c.Machine != "":
		return Machine(c), nil
	case !c.Token.IsZero():
		k, err := a.callerToken(r, c)
		if err != nil {
			return nil, err
		}
		return k.actor(c), nil
	case c.User != 0:
		return a.judgeUser(r, c)
	}
	return nil, api.Errorf(api.CodeMissingToken, "no token was presented")
}

func (a *Authority) judgeUser(r *Snapshot, c Caller) (*Actor, error) {
	u, err := a.signedIn(r, c)
	if err != nil {
		return nil, err
	}
	ac := &Actor{Caller: c, Principal: UserPrincipal(u), Instance: u.InstanceAdmin && c.Portal == ""}
	if ac.Instance {
		ac.Grant = everything()
	}
	return ac, nil
}

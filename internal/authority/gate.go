package authority

import (
	"errors"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

// actor is a caller inside one workspace, judged: who it is and what it may do
// there at the moment of the snapshot.
type actor struct {
	Caller
	principal api.Principal
	// grant is the effective one: a token's own within its owner's.
	grant rights
	// own is what of it does not come from administering the instance.
	own rights
	// instance says that the caller holds instance:admin.
	instance bool
	// with is the API token that was presented; nil for a person.
	with *ledger.Token
	// limit is that token's own or its roles', in a workspace that is not its own
	// the one that it names itself; nil for none. The policy's is everybody's.
	limit *api.RateLimit
	// member is the caller's own membership here: a person's, that of a personal
	// token's owner, or the one acted as; 0 for none.
	member ledger.ID
	// onBehalf is the address of the member acted as.
	onBehalf string
}

// person says whether the caller is signed in rather than presenting a token.
func (ac *actor) person() bool { return ac.with == nil && ac.Machine == "" }

// need refuses with insufficient_scope unless every scope is granted, for some
// resource at least. For a portal session nothing exists but its person's own,
// and the names that a token of theirs is made of.
func (ac *actor) need(scopes ...string) error {
	names := []string{"roles:read", "resources:read", "policy:read"}
	if ac.Portal != "" && slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(names, s) }) {
		return notFound()
	}
	var missing []string
	for _, s := range scopes {
		if !ac.grant.AllowsAny(s) {
			missing = append(missing, s)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	e := api.Errorf(api.CodeInsufficientScope, "this needs the scope %s; the caller's effective scopes are: %s",
		list(missing), list(ac.grant.scopes()))
	e.Missing = missing
	return e
}

// cover refuses with grant_exceeds_own unless g is within the caller's own
// effective grant. Whoever holds instance:admin makes administrators, so it can
// hand on every scope of the instance: how else would a first token make the one
// that a product verifies with?
func (ac *actor) cover(g rights) error {
	own := ac.grant
	if ac.instance {
		own = own.and(everything())
	}
	if own.covers(g) {
		return nil
	}
	return api.Errorf(api.CodeGrantExceedsOwn,
		"this would hand on more than the caller's own effective grant; its scopes are %s, on resources %s",
		list(ac.grant.scopes()), list(ac.grant.resources()))
}

// enter is the gate: it finds the workspace that ref names, establishes who the
// caller is there, and refuses unless it holds all of the scopes. A workspace
// the caller has no business with is not_found, like one that does not exist.
func (a *Authority) enter(r *Snapshot, c Caller, ref string, scopes ...string) (*actor, *space, error) {
	ws, err := a.workspace(r, c, ref)
	if err != nil {
		return nil, nil, err
	}
	r.entered = ws.ID
	sp, err := a.space(r, ws)
	if err != nil {
		return nil, nil, err
	}
	ac, err := a.judge(r, c, sp)
	if err != nil {
		return nil, nil, err
	}
	return ac, sp, ac.need(scopes...)
}

// judge establishes the caller in one workspace.
func (a *Authority) judge(r *Snapshot, c Caller, sp *space) (*actor, error) {
	var ac *actor
	var err error
	switch {
	case c.Machine != "":
		ac = machine(c)
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

// machine is Tokenry itself.
func machine(c Caller) *actor {
	return &actor{
		Caller: c, grant: everything(), instance: true,
		principal: api.Principal{Type: "system", ID: c.Machine, Address: c.Machine, Name: c.Machine},
	}
}

// everything is the rights of an Owner and of an instance administrator in one.
func everything() rights {
	return fixed(grant.Statement{Scopes: append([]string{"*"}, grant.InstanceScopes()...), Resources: []string{"*"}})
}

// ownerGrant is what an Owner may do in a workspace.
func ownerGrant() rights {
	return fixed(grant.Statement{Scopes: []string{"*"}, Resources: []string{"*"}})
}

// judgeToken establishes a caller that presented an API token. The token is
// looked at again: it may have lost its power since the door verified it.
func (a *Authority) judgeToken(r *Snapshot, c Caller, sp *space) (*actor, error) {
	t, home, facts, owner, err := a.callerToken(r, c)
	if err != nil {
		return nil, err
	}
	ac := &actor{
		Caller: c, with: &t, principal: principalOf(owner), limit: ownLimitOf(home, t, owner),
		grant: home.effective(&facts, owner),
	}
	ac.instance = ac.grant.HasInstance("instance:admin")
	switch {
	case t.Workspace == sp.ws.ID:
		ac.member, ac.own = t.OwnerMember, ac.grant
	case !ac.instance:
		return nil, notFound()
	default:
		ac.grant, ac.limit = instanceOnly(ac.grant), t.RateLimit
	}
	if ac.instance {
		ac.grant = ac.grant.and(ownerGrant())
	}
	return ac, nil
}

// instanceOnly keeps the instance scopes alone: rights in a token's own
// workspace mean nothing in another.
func instanceOnly(g rights) rights {
	var scopes []string
	for _, s := range grant.InstanceScopes() {
		if g.HasInstance(s) {
			scopes = append(scopes, s)
		}
	}
	return fixed(grant.Statement{Scopes: scopes})
}

// callerToken reads the token a caller presented and refuses, with the code of a
// verification, one that does not verify now: by that secret, from that address.
func (a *Authority) callerToken(r *Snapshot, c Caller) (t ledger.Token, home *space, f verify.Token, o verify.Owner, err error) {
	if t, err = r.Token(c.Token); err != nil {
		return t, nil, f, o, invalidToken(err)
	}
	secrets, err := r.Secrets(t.ID)
	if err != nil {
		return t, nil, f, o, err
	}
	ws, err := r.Workspace(ledger.WorkspaceKey{ID: t.Workspace})
	if err != nil {
		return t, nil, f, o, invalidToken(err)
	}
	if home, err = a.space(r, ws); err != nil {
		return t, nil, f, o, err
	}
	if o, err = readOwner(r.Reader, ownerKey(t)); err != nil {
		return t, nil, f, o, invalidToken(err)
	}
	f = tokenFacts(t, nil)
	if code := accepted(&f, &o, &home.facts, secrets, c, a.now()); code != api.CodeOK {
		err = notAccepted(code)
	}
	return t, home, f, o, err
}

// judgePerson establishes a signed-in person.
func (a *Authority) judgePerson(r *Snapshot, c Caller, sp *space) (*actor, error) {
	u, err := a.signedIn(r, c)
	if err != nil {
		return nil, err
	}
	if c.Portal != "" {
		u.InstanceAdmin = false
	}
	if c.Portal != "" && c.Portal != sp.ws.Slug {
		return nil, notFound()
	}
	ac := &actor{Caller: c, instance: u.InstanceAdmin, principal: userPrincipal(u)}
	m, err := r.Member(sp.ws.ID, ledger.MemberKey{User: u.ID})
	if err != nil && !(errors.Is(err, ledger.ErrNoRow) && u.InstanceAdmin) {
		return nil, err
	}
	if err == nil && m.DeactivatedAt.IsZero() {
		o := memberOwner(m)
		ac.member, ac.principal = m.ID, principalOf(o)
		ac.grant = sp.ownerGrant(o)
		ac.own = ac.grant
	}
	if !u.InstanceAdmin {
		return ac, suspended(m, sp)
	}
	ac.grant = ac.grant.and(everything())
	return ac, nil
}

// suspended says why a member cannot act here now.
func suspended(m ledger.Member, sp *space) error {
	switch {
	case !m.DeactivatedAt.IsZero():
		return api.Errorf(api.CodeOwnerInactive, "this membership is deactivated")
	case !sp.ws.SuspendedAt.IsZero():
		return api.Errorf(api.CodeWorkspaceSuspended, "this workspace is suspended")
	}
	return nil
}

// actAs lets a member's grant decide in place of the caller's.
func (a *Authority) actAs(r *Snapshot, ac *actor, sp *space) (*actor, error) {
	if !ac.instance {
		return nil, missingInstance("acting as a member needs the scope instance:admin")
	}
	m, err := a.member(r, ac, sp, ac.ActAs)
	if err != nil {
		return nil, err
	}
	o := memberOwner(m)
	if !o.Active {
		return nil, api.Errorf(api.CodeInactive, "the member acted as is deactivated")
	}
	o.InstanceAdmin = false
	acted := *ac
	acted.grant, acted.instance = sp.ownerGrant(o), false
	acted.own, acted.member, acted.onBehalf = acted.grant, m.ID, o.Address
	return &acted, nil
}

func missingInstance(message string) error {
	e := api.Errorf(api.CodeInsufficientScope, "%s", message)
	e.Missing = []string{"instance:admin"}
	return e
}

// enterInstance is the gate before what belongs to no workspace: it asks for
// instance:admin.
func (a *Authority) enterInstance(r *Snapshot, c Caller) (*actor, error) {
	ac, err := a.judgeInstance(r, c)
	if err != nil {
		return nil, err
	}
	if !ac.instance {
		return nil, missingInstance("this needs the scope instance:admin")
	}
	return ac, nil
}

// enterForInstance is the gate before what only instance:admin does to a
// workspace. To whoever has no business with that workspace it is not_found,
// like one that does not exist.
func (a *Authority) enterForInstance(r *Snapshot, c Caller, ref string, scopes ...string) (*actor, *space, error) {
	ac, sp, err := a.enter(r, c, ref, scopes...)
	if err == nil && !ac.instance {
		err = missingInstance("this needs the scope instance:admin")
	}
	return ac, sp, err
}

// judgeInstance establishes a caller outside any workspace. Nobody acts as a
// member there: a member's grant says nothing about the instance.
func (a *Authority) judgeInstance(r *Snapshot, c Caller) (*actor, error) {
	if c.ActAs != "" {
		return nil, missingInstance("a member acted as has no power over the instance; act as yourself here")
	}
	switch {
	case c.Machine != "":
		return machine(c), nil
	case !c.Token.IsZero():
		t, home, facts, owner, err := a.callerToken(r, c)
		if err != nil {
			return nil, err
		}
		g := home.effective(&facts, owner)
		return &actor{Caller: c, with: &t, principal: principalOf(owner), grant: g,
			instance: g.HasInstance("instance:admin")}, nil
	case c.User != 0:
		return a.judgeUser(r, c)
	}
	return nil, api.Errorf(api.CodeMissingToken, "no token was presented")
}

func (a *Authority) judgeUser(r *Snapshot, c Caller) (*actor, error) {
	u, err := a.signedIn(r, c)
	if err != nil {
		return nil, err
	}
	ac := &actor{Caller: c, principal: userPrincipal(u), instance: u.InstanceAdmin && c.Portal == ""}
	if ac.instance {
		ac.grant = everything()
	}
	return ac, nil
}

package authority

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// CreateMember takes a person into a workspace; the user is made when nobody
// has this e-mail yet. It needs members:write, and rights within the caller's own.
func (a *Authority) CreateMember(ctx context.Context, c Caller, ref string, in api.CreateMember) (v api.Member, revision int64, err error) {
	if in.Password, err = a.hashPassword(ctx, c, ref, in.Password); err != nil {
		return v, 0, err
	}
	revision, err = a.mutate(ctx, c, func(w *work) error {
		ac, sp, err := a.enter(w.Snapshot, c, ref, "members:write")
		if err != nil {
			return err
		}
		if again, err := w.shown(func(id string) error {
			m, err := w.Member(sp.ws.ID, ledger.MemberKey{PublicID: id})
			v = memberView(m, sp)
			return err
		}); again || err != nil {
			return err
		}
		if v, err = w.newMember(ac, sp, in); err != nil {
			return err
		}
		return w.rememberObject(v.ID)
	})
	return v, revision, err
}

// hashPassword turns a new user's password into its hash, before the lock is
// taken, because it is slow on purpose. Only instance:admin sets passwords, and
// only of users that it makes.
func (a *Authority) hashPassword(ctx context.Context, c Caller, ref, password string) (string, error) {
	if password == "" {
		return "", nil
	}
	err := a.read(ctx, func(r *Snapshot) error {
		_, _, err := a.enterForInstance(r, c, ref, "members:write")
		return err
	})
	if err != nil {
		return "", err
	}
	return a.hash(password)
}

// newMember makes a membership; the request's password is its hash by now.
func (w *work) newMember(ac *actor, sp *space, in api.CreateMember) (api.Member, error) {
	sts, _, err := mergeRights(nil, in.Rights)
	if err != nil {
		return api.Member{}, err
	}
	m := ledger.Member{Workspace: sp.ws.ID, Grants: nonNil(sts), CreatedAt: w.now}
	if err := mayGive(ac, sp, m.Grants); err != nil {
		return api.Member{}, err
	}
	if in.Email == "" && !in.ExternalID.Has() {
		return api.Member{}, api.FieldError("email", "give an e-mail or an external_id")
	}
	if err := w.describeMember(&m, in.Name, in.ExternalID); err != nil {
		return api.Member{}, err
	}
	u, err := w.userFor(in)
	if err != nil {
		return api.Member{}, err
	}
	if _, err := w.Member(sp.ws.ID, ledger.MemberKey{User: u.ID}); !errors.Is(err, ledger.ErrNoRow) {
		return api.Member{}, taken("email", "this person is a member already", err)
	}
	m.ID, m.User = w.NewID(), u.ID
	m.UserPublicID, m.UserEmail, m.UserName, m.UserInstanceAdmin, m.UserDeactivatedAt = u.PublicID, u.Email, u.Name, u.InstanceAdmin, u.DeactivatedAt
	return w.putMember(ac, sp, m, event{action: "member.created"})
}

// putMember writes a membership, tells memory and the audit, and shows it.
func (w *work) putMember(ac *actor, sp *space, m ledger.Member, e event) (api.Member, error) {
	m.Revision = w.Revision()
	if err := w.PutMember(m); err != nil {
		return api.Member{}, err
	}
	w.touchMember(m.ID)
	v := memberRow(m, sp)
	e.target, e.after = "member:"+v.Address, v
	return memberView(m, sp), w.audit(ac, sp.ws, e)
}

// mayGive refuses statements for a member or service account that do not exist,
// or that are more than the caller's own.
func mayGive(ac *actor, sp *space, sts []grant.Statement) error {
	if err := input.First(checkOwnRights(sts), checkNames(ac, sp, sts), bounded(sp, nil, sts)); err != nil {
		return err
	}
	return input.First(ac.cover(sp.compile(sts)), ownersOnly(ac, sts))
}

// ownersOnly refuses to make or unmake an Owner to whoever is not one.
func ownersOnly(ac *actor, sts []grant.Statement) error {
	if !isOwner(sts) || ac.grant.covers(ownerGrant()) {
		return nil
	}
	return api.Errorf(api.CodeGrantExceedsOwn, "only an Owner makes and unmakes Owners")
}

// describeMember writes the name and the external id that this workspace knows
// the person by.
func (w *work) describeMember(m *ledger.Member, name, external api.Opt[string]) error {
	if name.Set {
		if err := input.Text("name", name.Value, 0, input.MaxName); err != nil {
			return err
		}
		m.Name = name.Value
	}
	if !external.Set || external.Value == m.ExternalID {
		return nil
	}
	m.ExternalID = external.Value
	if external.Null {
		return nil
	}
	if err := input.ExternalID(m.ExternalID); err != nil {
		return err
	}
	if _, err := w.Member(m.Workspace, ledger.MemberKey{ExternalID: m.ExternalID}); !errors.Is(err, ledger.ErrNoRow) {
		return taken("external_id", "another member has this external id", err)
	}
	return nil
}

// userFor finds the user of an e-mail, or makes one, with the hash of the
// password it shall have. A user who is there keeps theirs.
func (w *work) userFor(in api.CreateMember) (ledger.User, error) {
	u := ledger.User{CreatedAt: w.now, Revision: w.Revision(), PasswordHash: in.Password}
	if in.Email != "" {
		email, err := input.Email("email", in.Email)
		if err != nil {
			return u, err
		}
		have, err := w.User(ledger.UserKey{Email: email})
		if err == nil && in.Password != "" {
			return have, api.FieldError("password", "this user exists; passwords are set by the person through a mailed link")
		}
		if !errors.Is(err, ledger.ErrNoRow) {
			return have, err
		}
		u.Email = email
	}
	id, err := publicID(w.a.rand, "usr_")
	if err != nil {
		return u, err
	}
	u.ID, u.PublicID, u.Name = w.NewID(), id, in.Name.Value
	return u, w.PutUser(u)
}

// GetMember answers one member. It needs members:read, but for oneself.
func (a *Authority) GetMember(ctx context.Context, c Caller, ref, who string) (v api.Member, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		ac, sp, err := a.enter(r, c, ref)
		if err != nil {
			return err
		}
		m, err := a.member(r, ac, sp, who)
		if err != nil || m.ID != ac.member {
			err = input.First(ac.need("members:read"), err)
		}
		if err == nil {
			v = memberView(m, sp)
		}
		return err
	})
	return v, err
}

// ListMembers lists a workspace's members. It needs members:read.
func (a *Authority) ListMembers(ctx context.Context, c Caller, ref string, page Page) (out []api.Member, next int64, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		_, sp, err := a.enter(r, c, ref, "members:read")
		if err != nil {
			return err
		}
		q, err := page.rows()
		if err != nil {
			return err
		}
		rows, err := r.Members(sp.ws.ID, q)
		if err != nil {
			return err
		}
		rows, next = cut(rows, page.size(), func(m ledger.Member) int64 { return m.ID })
		out = views(rows, func(m ledger.Member) api.Member {
			if page.Effective {
				return memberView(m, sp)
			}
			return memberRow(m, sp)
		})
		return nil
	})
	return out, next, err
}

// memberChange is one membership being changed.
type memberChange struct {
	ac     *actor
	sp     *space
	before api.Member
	was, m ledger.Member
}

// beginMember enters the workspace with members:write, finds the member, and
// refuses to touch an Owner to whoever is not one.
func (w *work) beginMember(ref, who string) (*memberChange, error) {
	ac, sp, err := w.a.enter(w.Snapshot, w.caller, ref, "members:write")
	if err != nil {
		return nil, err
	}
	m, err := w.a.member(w.Snapshot, ac, sp, who)
	if err != nil {
		return nil, err
	}
	return &memberChange{ac: ac, sp: sp, before: memberRow(m, sp), was: m, m: m}, ownersOnly(ac, m.Grants)
}

// finishMember refuses to leave the workspace without an active Owner, writes
// the member and tells the audit.
func (w *work) finishMember(ch *memberChange, action string) (api.Member, error) {
	if err := w.expect(ch.sp.ws, "member:"+ch.before.Address, ch.was.Revision); err != nil {
		return api.Member{}, err
	}
	v, err := w.putMember(ch.ac, ch.sp, ch.m, event{action: action, before: ch.before})
	if err != nil {
		return v, err
	}
	return v, w.keepOwner(ch.was, ch.sp.ws)
}

// keepOwner refuses a change that took the last active Owner away. It is asked
// under the lock, after the change, so two at the same moment cannot both pass.
func (w *work) keepOwner(was ledger.Member, ws ledger.Workspace) error {
	if !ownsAll(was.Grants) || !memberOwner(was).Active {
		return nil
	}
	for after := ledger.ID(0); ; { // the database looks through the members: they may be many, and everybody waits
		found, last, err := w.Naming(ws.ID, ledger.PartMembers, after, "Owner", searchRows)
		if err != nil {
			return err
		}
		for _, id := range found {
			m, err := w.Member(ws.ID, ledger.MemberKey{ID: id})
			if err != nil || ownsAll(m.Grants) && memberOwner(m).Active {
				return err
			}
		}
		if after = last; last == 0 {
			return api.Errorf(api.CodeLastOwner, "the workspace would be left without an active Owner")
		}
	}
}

// EditMember merges a patch into a membership. It needs members:write, and
// rights within the caller's own when it gives more than there was.
func (a *Authority) EditMember(ctx context.Context, c Caller, ref, who string, in api.EditMember) (v api.Member, revision int64, err error) {
	revision, err = a.mutate(ctx, c, func(w *work) error {
		ch, err := w.beginMember(ref, who)
		if err != nil {
			return err
		}
		if err := w.editMember(ch, in); err != nil {
			return err
		}
		v, err = w.finishMember(ch, "member.edited")
		return err
	})
	return v, revision, err
}

func (w *work) editMember(ch *memberChange, in api.EditMember) error {
	if err := w.describeMember(&ch.m, in.Name, in.ExternalID); err != nil {
		return err
	}
	var err error
	ch.m.Grants, err = regrant(ch.ac, ch.sp, ch.was.Grants, in.Rights)
	return err
}

// regrant merges a patch into what a member or service account may do, and
// refuses what mayGive would. Narrowing it needs no rights of one's own, unless its
// tokens become faster by it, because a role that limited them is gone.
func regrant(ac *actor, sp *space, was []grant.Statement, in api.Rights) ([]grant.Statement, error) {
	merged, named, err := mergeRights(was, in)
	if err != nil || !named {
		return was, err
	}
	sts := nonNil(merged)
	if err := input.First(checkOwnRights(sts), checkNames(ac, sp, sts), bounded(sp, was, sts), ownersOnly(ac, sts)); err != nil {
		return was, err
	}
	now, faster := sp.compile(sts), len(sts) > 0 && looser(sp.ownerLimit(sts), sp.ownerLimit(was))
	if !faster && sp.compile(was).covers(now) {
		return sts, nil
	}
	if faster && looser(sp.ownerLimit(sts), ac.limit) {
		return sts, exceeds("rate_limit", "nobody is given a looser limit than that of the token which gives it")
	}
	return sts, ac.cover(now)
}

// PutMember creates the member that ext:ID or an e-mail names, or replaces its
// name and rights. It needs members:write. Created says which.
func (a *Authority) PutMember(ctx context.Context, c Caller, ref, who string, in api.CreateMember) (v api.Member, created bool, revision int64, err error) {
	if in.Password, err = a.hashPassword(ctx, c, ref, in.Password); err != nil {
		return v, false, 0, err
	}
	revision, err = a.mutate(ctx, c, func(w *work) error {
		ac, sp, err := a.enter(w.Snapshot, c, ref, "members:write")
		if err != nil {
			return err
		}
		_, err = a.member(w.Snapshot, ac, sp, who)
		if created = errors.Is(err, ledger.ErrNoRow); created {
			if err := input.First(w.expectNew(), nameMember(&in, who)); err != nil {
				return err
			}
			v, err = w.newMember(ac, sp, in)
			return err
		}
		if err != nil {
			return err
		}
		v, err = w.replaceMember(ref, who, in)
		return err
	})
	return v, created, revision, err
}

// nameMember takes the path's reference into the request for a new member.
func nameMember(in *api.CreateMember, who string) error {
	switch {
	case isExternal(who):
		id, err := externalID(who)
		if err != nil {
			return err
		}
		if in.ExternalID.Has() && in.ExternalID.Value != id {
			return api.FieldError("external_id", "differs from the path's")
		}
		in.ExternalID = api.Some(id)
	case strings.Contains(who, "@"):
		if in.Email != "" && !strings.EqualFold(in.Email, who) {
			return api.FieldError("email", "differs from the path's")
		}
		in.Email = who
	default:
		return notFound()
	}
	return nil
}

func (w *work) replaceMember(ref, who string, in api.CreateMember) (api.Member, error) {
	ch, err := w.beginMember(ref, who)
	if err != nil {
		return api.Member{}, err
	}
	if in.Email != "" && !strings.EqualFold(in.Email, ch.was.UserEmail) {
		return api.Member{}, api.FieldError("email", "an e-mail belongs to the user and is not changed here")
	}
	edit := api.EditMember{Name: api.Some(in.Name.Value), ExternalID: in.ExternalID}
	if in.Password != "" {
		return api.Member{}, api.FieldError("password", "passwords are set by the person through a mailed link")
	}
	sts, _, err := mergeRights(nil, in.Rights) // a replacement does not merge into what there was
	if err != nil {
		return api.Member{}, err
	}
	edit.Rights = api.Rights{Grants: api.Some(statementsView(nonNil(sts)))}
	if err := w.editMember(ch, edit); err != nil {
		return api.Member{}, err
	}
	return w.finishMember(ch, "member.edited")
}

// DeactivateMember stops a member's tokens and sessions here until it is
// activated. It needs members:write. A dry run only lists the tokens.
func (a *Authority) DeactivateMember(ctx context.Context, c Caller, ref, who string, dryRun bool) (v api.Member, hit api.Affected, revision int64, err error) {
	var of ledger.TokenQuery
	revision, err = a.withdraw(ctx, c, func(w *work) error {
		ch, err := w.beginMember(ref, who)
		if err != nil {
			return err
		}
		of.OwnerMember = ch.m.ID
		ch.ac.stop(memberStop(ch.m), "members:write", w.now).ofMember(&ch.m)
		v, err = w.finishMember(ch, "member.deactivated")
		return orDryRun(err, dryRun)
	})
	if err == nil && dryRun {
		hit, err = a.stopped(ctx, c, ref, of)
	}
	return v, hit, revision, err
}

func orDryRun(err error, dryRun bool) error {
	if err == nil && dryRun {
		return errDryRun
	}
	return err
}

// ActivateMember brings a deactivated member, its tokens and sessions back.
func (a *Authority) ActivateMember(ctx context.Context, c Caller, ref, who string) (v api.Member, revision int64, err error) {
	revision, err = a.mutate(ctx, c, func(w *work) error {
		ch, err := w.beginMember(ref, who)
		if err != nil {
			return err
		}
		was := memberStop(ch.m)
		stop{}.ofMember(&ch.m)
		if err := input.First(ch.ac.restart(was), coverOwner(ch.ac, ch.sp, memberOwner(ch.m))); err != nil {
			return err
		}
		v, err = w.finishMember(ch, "member.activated")
		return err
	})
	return v, revision, err
}

// RemoveMember ends a membership for good: from then on its tokens are revoked
// (owner_left). Their rows follow in pieces, the first of them before it is
// answered. It needs members:write. A dry run only lists the tokens.
func (a *Authority) RemoveMember(ctx context.Context, c Caller, ref, who string, dryRun bool) (v api.Member, hit api.Affected, revision int64, err error) {
	left, x := ledger.ID(0), ledger.Removal{Kind: ledger.RemovedMember}
	revision, err = a.withdraw(ctx, c, func(w *work) error {
		ch, err := w.beginMember(ref, who)
		if err != nil {
			return err
		}
		ch.m.RemovedAt = w.now
		if v, err = w.finishMember(ch, "member.removed"); err != nil {
			return err
		}
		x.Workspace, x.Owner = ch.sp.ws.ID, ch.m.ID
		left, err = w.leaveTokens(ch.ac, x)
		return orDryRun(err, dryRun)
	})
	switch {
	case err != nil:
	case dryRun:
		hit, err = a.stopped(ctx, c, ref, ledger.TokenQuery{OwnerMember: x.Owner})
	default:
		revision = a.begun(ctx, left, revision)
	}
	return v, hit, revision, err
}

// maxStopped is how many tokens the rehearsal of a removal or suspension lists: an
// owner may have a hundred thousand.
const maxStopped = 5 * maxPage

// stopped lists the tokens that a removal or suspension would stop, at most
// maxStopped of them and the newest first.
func (a *Authority) stopped(ctx context.Context, c Caller, ref string, q ledger.TokenQuery) (hit api.Affected, err error) {
	hit = api.Affected{DryRun: true, Tokens: []api.Token{}}
	err = a.read(ctx, func(r *Snapshot) error {
		ac, sp, err := a.enter(r, c, ref)
		if err != nil {
			return err
		}
		return a.watching(ctx, r, ac, sp).stopped(q, &hit)
	})
	return hit, err
}

// stopped adds the live tokens that a query finds, until maxStopped are listed.
func (s *sight) stopped(q ledger.TokenQuery, hit *api.Affected) error {
	q.Live, q.Limit, s.brief = s.now, maxPage, true
	for {
		ts, err := s.r.Tokens(s.sp.ws.ID, q)
		if err := input.First(err, s.know(ts)); err != nil {
			return err
		}
		for _, t := range ts {
			if len(hit.Tokens) == maxStopped {
				hit.More = true
				return nil
			}
			v, err := s.token(t)
			if err != nil {
				return err
			}
			hit.Tokens = append(hit.Tokens, v)
			q.Before = t.ID
		}
		if len(ts) < q.Limit {
			return nil
		}
	}
}

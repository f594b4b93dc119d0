package owners

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// CreateMember takes a person into a workspace; the user is made when nobody
// has this e-mail yet. It needs members:write, and rights within the caller's own.
func (a *Owners) CreateMember(ctx context.Context, c authority.Caller, ref string, in api.CreateMember) (done authority.Done[api.Member], err error) {
	if in.Password, err = hashPassword(ctx, a.in, c, ref, in.Password); err != nil {
		return done, err
	}
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ac, sp, err := a.in.Enter(w.Snapshot, c, ref, "members:write")
		if err != nil {
			return err
		}
		if again, err := w.Shown(func(id string) error {
			m, err := w.Member(sp.Workspace.ID, ledger.MemberKey{PublicID: id})
			done.Value = authority.MemberView(m, sp)
			return err
		}); again || err != nil {
			return err
		}
		if done.Value, err = NewMember(w, ac, sp, in); err != nil {
			return err
		}
		return w.RememberObject(done.Value.ID)
	})
	return done, err
}

// hashPassword turns a new user's password into its hash, before the lock is
// taken, because it is slow on purpose. Only instance:admin sets passwords, and
// only of users that it makes.
func hashPassword(ctx context.Context, a *authority.Authority, c authority.Caller, ref, password string) (string, error) {
	if password == "" {
		return "", nil
	}
	err := a.Read(ctx, func(r *authority.Snapshot) error {
		_, _, err := a.EnterForInstance(r, c, ref, "members:write")
		return err
	})
	if err != nil {
		return "", err
	}
	return a.Given().HashPassword(password)
}

// NewMember makes a membership; the request's password is its hash by now.
func NewMember(w *authority.Work, ac *authority.Actor, sp *authority.Space, in api.CreateMember) (api.Member, error) {
	sts, _, err := input.MergeRights(nil, in.Rights)
	if err != nil {
		return api.Member{}, err
	}
	m := ledger.Member{Workspace: sp.Workspace.ID, Grants: authority.NonNil(sts), CreatedAt: w.Now}
	if err := MayGive(ac, sp, m.Grants); err != nil {
		return api.Member{}, err
	}
	switch {
	case in.Email == "" && !in.ExternalID.Has():
		return api.Member{}, api.FieldError("email", "give an e-mail or an external_id")
	case in.Password != "" && !ac.Instance: // not any more: it was asked before the hash, which takes its time
		return api.Member{}, authority.MissingInstance("setting a password needs the scope instance:admin")
	}
	if err := describeMember(w, &m, in.Name, in.ExternalID); err != nil {
		return api.Member{}, err
	}
	u, err := userFor(w, ac, sp, in)
	if err != nil {
		return api.Member{}, err
	}
	if _, err := w.Member(sp.Workspace.ID, ledger.MemberKey{User: u.ID}); !errors.Is(err, ledger.ErrNoRow) {
		return api.Member{}, authority.Taken("email", "this person is a member already", err)
	}
	m.ID, m.User = w.NewID(), u.ID
	m.UserPublicID, m.UserEmail, m.UserName, m.UserInstanceAdmin, m.UserDeactivatedAt = u.PublicID, u.Email, u.Name, u.InstanceAdmin, u.DeactivatedAt
	return putMember(w, ac, sp, m, authority.Event{Action: "member.created"})
}

// putMember writes a membership, tells memory and the audit, and shows it.
func putMember(w *authority.Work, ac *authority.Actor, sp *authority.Space, m ledger.Member, e authority.Event) (api.Member, error) {
	m.Revision = w.Revision()
	if err := w.PutMember(m); err != nil {
		return api.Member{}, err
	}
	w.TouchMember(m)
	v := authority.MemberRow(m, sp)
	e.Target, e.After = "member:"+v.Address, v
	return authority.MemberView(m, sp), w.Note(ac, sp.Workspace, e)
}

// MayGive refuses statements for a member or service account that do not exist,
// or that are more than the caller's own.
func MayGive(ac *authority.Actor, sp *authority.Space, sts []grant.Statement) error {
	if err := input.First(authority.CheckOwnRights(sts), authority.CheckNames(ac, sp, sts), authority.Bounded(sp, nil, sts)); err != nil {
		return err
	}
	return input.First(ac.Cover(sp.Compile(sts)), OwnersOnly(ac, sts))
}

// OwnersOnly refuses to make or unmake an Owner to whoever is not one.
func OwnersOnly(ac *authority.Actor, sts []grant.Statement) error {
	if !authority.IsOwner(sts) || ac.Grant.Covers(authority.OwnerGrant()) {
		return nil
	}
	return api.Errorf(api.CodeGrantExceedsOwn, "only an Owner makes and unmakes Owners")
}

// describeMember writes the name and the external id that this workspace knows
// the person by.
func describeMember(w *authority.Work, m *ledger.Member, name, external api.Opt[string]) error {
	if name.Set {
		if err := input.Text("name", name.Value, 0, input.MaxName); err != nil {
			return err
		}
		m.Name = name.Value
	}
	if external.Has() {
		if err := input.ExternalID(external.Value); err != nil {
			return err
		}
	}
	if !external.Set || external.Value == m.ExternalID {
		return nil
	}
	m.ExternalID = external.Value
	if external.Null {
		return nil
	}
	if _, err := w.Member(m.Workspace, ledger.MemberKey{ExternalID: m.ExternalID}); !errors.Is(err, ledger.ErrNoRow) {
		return authority.Taken("external_id", "another member has this external id", err)
	}
	return nil
}

// userFor finds the user of an e-mail, or makes one, with the hash of the
// password it shall have. A user who is there keeps theirs.
func userFor(w *authority.Work, ac *authority.Actor, sp *authority.Space, in api.CreateMember) (ledger.User, error) {
	u := ledger.User{CreatedAt: w.Now, Revision: w.Revision(), PasswordHash: in.Password}
	if in.Email != "" {
		email, err := input.Email("email", in.Email)
		if err != nil {
			return u, err
		}
		have, err := w.User(ledger.UserKey{Email: email})
		if err == nil && in.Password != "" {
			return have, api.FieldError("password", "this user exists; passwords are set by the person through a mailed link")
		}
		if err == nil {
			return have, unvouched(w, ac, &have, sp.Workspace.ID)
		}
		if !errors.Is(err, ledger.ErrNoRow) {
			return have, err
		}
		u.Email = email
	}
	id, err := authority.PublicID(w.Authority.Rand(), "usr_")
	if err != nil {
		return u, err
	}
	u.ID, u.PublicID, u.Name = w.NewID(), id, in.Name.Value
	return u, w.PutUser(u)
}

// GetMember answers one member. It needs members:read, but for oneself.
func (a *Owners) GetMember(ctx context.Context, c authority.Caller, ref, who string) (v api.Member, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref)
		if err != nil {
			return err
		}
		m, err := a.in.Member(r, ac, sp, who)
		if err != nil || m.ID != ac.Member {
			err = input.First(ac.Need("members:read"), err)
		}
		if err != nil {
			return err
		}
		one := []api.Member{authority.MemberView(m, sp)}
		err = invite(r, sp.Workspace, []ledger.Member{m}, one, a.in.Now())
		v = one[0]
		return err
	})
	return v, err
}

// ListMembers lists a workspace's members. It needs members:read, and members:write too
// for those whose password stands alone.
func (a *Owners) ListMembers(ctx context.Context, c authority.Caller, ref string, page authority.Page) (out []api.Member, next int64, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref, "members:read")
		if err == nil && page.Only == ledger.OnlyOneFactor {
			err = ac.Need("members:write") // whose account is easily taken is not for everybody
		}
		if err != nil {
			return err
		}
		q, err := page.Rows()
		if err != nil {
			return err
		}
		rows, err := r.Members(sp.Workspace.ID, q)
		if err != nil {
			return err
		}
		rows, next = authority.Cut(rows, page.Size(), func(m ledger.Member) int64 { return m.ID })
		out = authority.Views(rows, func(m ledger.Member) api.Member {
			if page.Effective {
				return authority.MemberView(m, sp)
			}
			return authority.MemberRow(m, sp)
		})
		return invite(r, sp.Workspace, rows, out, a.in.Now())
	})
	return out, next, err
}

// MemberChange is one membership being changed.
type MemberChange struct {
	ac     *authority.Actor
	sp     *authority.Space
	before api.Member
	was, m ledger.Member
}

// BeginMember enters the workspace with members:write, finds the member, and
// refuses to touch an Owner to whoever is not one.
func BeginMember(w *authority.Work, ref, who string) (*MemberChange, error) {
	ac, sp, err := w.Authority.Enter(w.Snapshot, w.Caller, ref, "members:write")
	if err != nil {
		return nil, err
	}
	m, err := w.Authority.Member(w.Snapshot, ac, sp, who)
	if err != nil {
		return nil, err
	}
	return ChangeOf(ac, sp, m)
}

// ChangeOf is [BeginMember] for a caller who was let in with members:write, and a member
// who was found.
func ChangeOf(ac *authority.Actor, sp *authority.Space, m ledger.Member) (*MemberChange, error) {
	return &MemberChange{ac: ac, sp: sp, before: authority.MemberRow(m, sp), was: m, m: m}, OwnersOnly(ac, m.Grants)
}

// FinishMember refuses to leave the workspace without an active Owner, writes
// the member and tells the audit.
func FinishMember(w *authority.Work, ch *MemberChange, action string) (api.Member, error) {
	if err := w.Expect(ch.sp.Workspace, "member:"+ch.before.Address, ch.was.Revision); err != nil {
		return api.Member{}, err
	}
	v, err := putMember(w, ch.ac, ch.sp, ch.m, authority.Event{Action: action, Before: ch.before})
	if err != nil {
		return v, err
	}
	return v, keepOwner(w, ch.was, ch.sp.Workspace)
}

// keepOwner refuses a change that took the last active Owner away. It is asked
// under the lock, after the change, so two at the same moment cannot both pass.
func keepOwner(w *authority.Work, was ledger.Member, ws ledger.Workspace) error {
	if !authority.OwnsAll(was.Grants) || !authority.MemberOwner(was).Active {
		return nil
	}
	for after := ledger.ID(0); ; { // the database looks through the members: they may be many, and everybody waits
		found, last, err := w.Naming(ws.ID, ledger.PartMembers, after, "Owner", authority.SearchRows)
		if err != nil {
			return err
		}
		for _, id := range found {
			m, err := w.Member(ws.ID, ledger.MemberKey{ID: id})
			if err != nil || authority.OwnsAll(m.Grants) && authority.MemberOwner(m).Active {
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
func (a *Owners) EditMember(ctx context.Context, c authority.Caller, ref, who string, in api.EditMember) (done authority.Done[api.Member], err error) {
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ch, err := BeginMember(w, ref, who)
		if err != nil {
			return err
		}
		if err := EditMember(w, ch, in); err != nil {
			return err
		}
		done.Value, err = FinishMember(w, ch, "member.edited")
		return err
	})
	return done, err
}

// EditMember writes what is asked for into a change that was begun.
func EditMember(w *authority.Work, ch *MemberChange, in api.EditMember) error {
	if err := describeMember(w, &ch.m, in.Name, in.ExternalID); err != nil {
		return err
	}
	var err error
	ch.m.Grants, err = regrant(ch.ac, ch.sp, ch.was.Grants, in.Rights)
	return err
}

// regrant merges a patch into what a member or service account may do, and
// refuses what mayGive would. Narrowing it needs no rights of one's own, unless its
// tokens become faster by it, because a role that limited them is gone.
func regrant(ac *authority.Actor, sp *authority.Space, was []grant.Statement, in api.Rights) ([]grant.Statement, error) {
	merged, named, err := input.MergeRights(was, in)
	if err != nil || !named {
		return was, err
	}
	sts := authority.NonNil(merged)
	if err := input.First(authority.CheckOwnRights(sts), authority.CheckNames(ac, sp, sts), authority.Bounded(sp, was, sts), OwnersOnly(ac, sts)); err != nil {
		return was, err
	}
	now, faster := sp.Compile(sts), len(sts) > 0 && authority.Looser(sp.OwnerLimit(sts), sp.OwnerLimit(was))
	if !faster && sp.Compile(was).Covers(now) {
		return sts, nil
	}
	if faster && authority.Looser(sp.OwnerLimit(sts), ac.Limit) {
		return sts, authority.Exceeds("rate_limit", "nobody is given a looser limit than that of the token which gives it")
	}
	return sts, ac.Cover(now)
}

// PutMember creates the member that ext:ID or an e-mail names, or replaces its
// name and rights. It needs members:write. Made says which.
func (a *Owners) PutMember(ctx context.Context, c authority.Caller, ref, who string, in api.CreateMember) (done authority.Done[api.Member], err error) {
	if in.Password, err = hashPassword(ctx, a.in, c, ref, in.Password); err != nil {
		return done, err
	}
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ac, sp, err := a.in.Enter(w.Snapshot, c, ref, "members:write")
		if err != nil {
			return err
		}
		_, err = a.in.Member(w.Snapshot, ac, sp, who)
		if done.Made = errors.Is(err, ledger.ErrNoRow); done.Made {
			if err := input.First(w.ExpectNew(), nameMember(&in, who)); err != nil {
				return err
			}
			done.Value, err = NewMember(w, ac, sp, in)
			return err
		}
		if err != nil {
			return err
		}
		done.Value, err = replaceMember(w, ref, who, in)
		return err
	})
	return done, err
}

// nameMember takes the path's reference into the request for a new member.
func nameMember(in *api.CreateMember, who string) error {
	switch {
	case authority.IsExternal(who):
		id, err := authority.ExternalID(who)
		if err != nil {
			return err
		}
		if err := sameExternal(who, in.ExternalID); err != nil {
			return err
		}
		in.ExternalID = api.Some(id)
	case strings.Contains(who, "@"):
		if in.Email != "" && !strings.EqualFold(in.Email, who) {
			return api.FieldError("email", "differs from the path's")
		}
		in.Email = who
	default:
		return authority.NotFound()
	}
	return nil
}

func replaceMember(w *authority.Work, ref, who string, in api.CreateMember) (api.Member, error) {
	ch, err := BeginMember(w, ref, who)
	if err != nil {
		return api.Member{}, err
	}
	if in.Email != "" && !strings.EqualFold(in.Email, ch.was.UserEmail) {
		return api.Member{}, api.FieldError("email", "an e-mail belongs to the user and is not changed here")
	}
	if err := sameExternal(who, in.ExternalID); err != nil {
		return api.Member{}, err
	}
	edit := api.EditMember{Name: api.Some(in.Name.Value), ExternalID: in.ExternalID}
	if in.Password != "" {
		return api.Member{}, api.FieldError("password", "passwords are set by the person through a mailed link")
	}
	sts, _, err := input.MergeRights(nil, in.Rights) // a replacement does not merge into what there was
	if err != nil {
		return api.Member{}, err
	}
	edit.Rights = api.Rights{Grants: api.Some(authority.StatementsView(authority.NonNil(sts)))}
	if err := EditMember(w, ch, edit); err != nil {
		return api.Member{}, err
	}
	return FinishMember(w, ch, "member.edited")
}

// DeactivateMember stops a member's tokens and sessions here until it is
// activated. It needs members:write. A dry run only lists the tokens.
func (a *Owners) DeactivateMember(ctx context.Context, c authority.Caller, ref, who string, dryRun bool) (done authority.Done[api.Member], err error) {
	var of ledger.TokenQuery
	done.Revision, err = a.in.Withdraw(ctx, c, func(w *authority.Work) error {
		ch, err := BeginMember(w, ref, who)
		if err != nil {
			return err
		}
		of.OwnerMember = ch.m.ID
		StopMember(w, ch)
		done.Value, err = FinishMember(w, ch, "member.deactivated")
		return authority.OrDryRun(err, dryRun)
	})
	if err == nil && dryRun {
		done.Affected, err = stopped(ctx, a.in, c, ref, of)
	}
	return done, err
}

// StopMember writes a deactivation into a change that was begun.
func StopMember(w *authority.Work, ch *MemberChange) {
	ch.ac.Stop(authority.MemberStop(ch.m), "members:write", w.Now).OfMember(&ch.m)
}

// ReturnMember writes into a change that was begun that the member is active again, and
// refuses what the caller may not bring back.
func ReturnMember(ch *MemberChange) error {
	was := authority.MemberStop(ch.m)
	authority.Stop{}.OfMember(&ch.m)
	return input.First(ch.ac.Restart(was), authority.CoverOwner(ch.ac, ch.sp, authority.MemberOwner(ch.m)))
}

// ActivateMember brings a deactivated member, its tokens and sessions back.
func (a *Owners) ActivateMember(ctx context.Context, c authority.Caller, ref, who string) (done authority.Done[api.Member], err error) {
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ch, err := BeginMember(w, ref, who)
		if err != nil {
			return err
		}
		if err := ReturnMember(ch); err != nil {
			return err
		}
		w.OnlyGives()
		done.Value, err = FinishMember(w, ch, "member.activated")
		return err
	})
	return done, err
}

// RemoveMember ends a membership for good: from then on its tokens are revoked
// (owner_left). Their rows follow in pieces, the first of them before it is
// answered. It needs members:write. A dry run only lists the tokens.
func (a *Owners) RemoveMember(ctx context.Context, c authority.Caller, ref, who string, dryRun bool) (authority.Done[api.Member], error) {
	return a.removeMember(ctx, c, ref, who, dryRun, func(*authority.Work, *MemberChange) error { return nil })
}

// removeMember is [Owners.RemoveMember] if may lets it be.
func (a *Owners) removeMember(ctx context.Context, c authority.Caller, ref, who string, dryRun bool, may func(*authority.Work, *MemberChange) error) (done authority.Done[api.Member], err error) {
	left, x := ledger.ID(0), ledger.Removal{Kind: ledger.RemovedMember}
	done.Revision, err = a.in.Withdraw(ctx, c, func(w *authority.Work) error {
		ch, err := BeginMember(w, ref, who)
		if err != nil {
			return err
		}
		ch.m.RemovedAt = w.Now
		if err := input.First(may(w, ch), endInvitation(w, ch.sp.Workspace.ID, ch.m.User)); err != nil {
			return err
		}
		if done.Value, err = FinishMember(w, ch, "member.removed"); err != nil {
			return err
		}
		x.Workspace, x.Owner = ch.sp.Workspace.ID, ch.m.ID
		left, err = w.LeaveTokens(ch.ac, x)
		return authority.OrDryRun(err, dryRun)
	})
	switch {
	case err != nil:
	case dryRun:
		done.Affected, err = stopped(ctx, a.in, c, ref, ledger.TokenQuery{OwnerMember: x.Owner})
	default:
		done.Revision = a.in.Begun(ctx, left, done.Revision)
	}
	return done, err
}

// maxStopped is how many tokens the rehearsal of a removal or suspension lists: an
// owner may have a hundred thousand.
const maxStopped = 5 * authority.MaxPage

// stopped lists the tokens that a removal or suspension would stop, at most
// maxStopped of them and the newest first.
func stopped(ctx context.Context, a *authority.Authority, c authority.Caller, ref string, q ledger.TokenQuery) (hit api.Affected, err error) {
	hit = api.Affected{DryRun: true, Tokens: []api.Token{}}
	err = a.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.Enter(r, c, ref)
		if err != nil {
			return err
		}
		return addStopped(a.Watching(ctx, r, ac, sp), q, &hit)
	})
	return hit, err
}

// addStopped adds the live tokens that a query finds, until maxStopped are listed.
func addStopped(s *authority.Sight, q ledger.TokenQuery, hit *api.Affected) error {
	q.Live, s.Brief = s.Now, true
	for ts, err := range s.Snapshot.TokenPages(s.Space.Workspace.ID, q) {
		if err := input.First(err, s.Know(ts)); err != nil {
			return err
		}
		for _, t := range ts {
			if len(hit.Tokens) == maxStopped {
				hit.More = true
				return nil
			}
			v, err := s.Token(t)
			if err != nil {
				return err
			}
			hit.Tokens = append(hit.Tokens, v)
		}
	}
	return nil
}

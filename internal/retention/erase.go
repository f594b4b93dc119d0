package retention

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// A person is erased in small mutations, like a purge: events of the audit
// first, the user's own row last, because what is left to do is found by the
// e-mail in it. An erasure that was cut off is finished by asking for it again.

const (
	// eraseWindow is how many rows of a chain are looked through at once.
	eraseWindow = 5000
	// eraseRows is how many rows one mutation erases.
	eraseRows = 50
)

// actionErased is the event of an erasure.
const actionErased = "user.erased"

// erasure is one person being erased.
type erasure struct {
	a    *authority.Authority
	ctx  context.Context
	c    authority.Caller
	u    ledger.User
	who  traces
	dry  bool
	done api.Erasure
	// revision is the last mutation's.
	revision int64
	// heads are how far each chain was looked through.
	heads map[ledger.ID]int64
}

// EraseUser erases everything about a person who is deactivated or a member
// nowhere: what the audit says by and about them, their names and ways in, what
// was done with their tokens, and those tokens. The rows stay, so that the audit
// stays whole. It needs instance:admin. A dry run only counts.
func (a *Retention) EraseUser(ctx context.Context, c authority.Caller, ref string, dryRun bool) (done authority.Done[api.Erasure], err error) {
	e := &erasure{a: a.in, ctx: ctx, c: c, dry: dryRun, heads: map[ledger.ID]int64{}}
	if err := a.in.Read(ctx, func(r *authority.Snapshot) error { return e.begin(r, ref) }); err != nil {
		return done, err
	}
	if e.u.ErasedAt.IsZero() {
		for _, step := range []func() error{e.eraseAudit, e.eraseMentions, e.eraseOutbox} {
			if err := step(); err != nil {
				return done, authority.Public(err)
			}
		}
		if err := e.change(e.eraseUser); err != nil {
			return done, err
		}
	}
	if err := e.eraseTokens(); err != nil {
		return done, authority.Public(err)
	}
	err = a.in.Read(ctx, func(r *authority.Snapshot) error { return e.end(r) })
	return authority.Done[api.Erasure]{Value: e.done, Revision: e.revision}, err
}

// begin finds the user and counts what its last mutation takes.
func (e *erasure) begin(r *authority.Snapshot, ref string) error {
	if _, err := e.a.EnterInstance(r, e.c); err != nil {
		return err
	}
	var err error
	if e.u, err = authority.User(r, ref); err != nil {
		return err
	}
	e.who, e.done.DryRun = tracesOf(e.u), e.dry
	if err := mayErase(r, e.u); err != nil {
		return err
	}
	sessions, err := r.SessionsOf(e.u.ID)
	if err != nil {
		return err
	}
	identities, err := r.IdentitiesOf(e.u.ID)
	if err != nil {
		return err
	}
	factors, err := r.FactorsOf(e.u.ID)
	e.done.Sessions, e.done.Identities, e.done.Factors = len(sessions), len(identities), len(factors)
	return err
}

func mayErase(r *authority.Snapshot, u ledger.User) error {
	slugs, err := authority.WorkspacesOf(r, u)
	return input.First(err, MayErase(authority.UserView(r, u, slugs)))
}

// MayErase refuses to erase who is still active: in a workspace, or as an administrator
// of the instance.
func MayErase(u api.User) error {
	if !u.Active || len(u.Workspaces) == 0 && !u.InstanceAdmin {
		return nil
	}
	return api.Errorf(api.CodeStillActive, "this user is active; deactivate it, or remove it from every workspace")
}

// end shows what is left.
func (e *erasure) end(r *authority.Snapshot) error {
	u, err := r.User(ledger.UserKey{ID: e.u.ID})
	if err != nil {
		return err
	}
	slugs, err := authority.WorkspacesOf(r, u)
	e.done.User = authority.UserView(r, u, slugs)
	return err
}

// change is one mutation of the erasure: the gate decides anew in each. A dry
// run makes none.
func (e *erasure) change(f func(*authority.Work, *authority.Actor) error) error {
	if e.dry {
		return nil
	}
	revision, err := e.a.Apply(e.ctx, authority.Neither, e.c, func(w *authority.Work) error {
		ac, err := e.a.EnterInstance(w.Snapshot, e.c)
		if err != nil {
			return err
		}
		u, err := w.User(ledger.UserKey{ID: e.u.ID})
		if err := input.First(err, mayErase(w.Snapshot, u)); err != nil {
			return err
		}
		return f(w, ac)
	})
	e.revision = max(e.revision, revision)
	return err
}

// tell records what was erased, without saying of whom but by the id.
func (e *erasure) tell(w *authority.Work, ac *authority.Actor, ws ledger.Workspace, what string, n int) error {
	if n == 0 {
		return nil
	}
	return w.Note(ac, ws, authority.Event{Action: actionErased, Target: "user:" + e.u.PublicID, After: map[string]int{what: n}})
}

func (e *erasure) eraseAudit() error {
	var ids []ledger.ID
	if err := e.a.Stored(e.ctx, func(r *authority.Snapshot) (err error) { ids, err = audit.Chains(r); return err }); err != nil {
		return err
	}
	for _, id := range ids {
		if err := e.eraseChain(id); err != nil {
			return err
		}
	}
	return nil
}

// eraseChain looks through one chain, window by window.
func (e *erasure) eraseChain(id ledger.ID) error {
	for {
		var rows []ledger.AuditRow
		more := false
		err := e.a.Stored(e.ctx, func(r *authority.Snapshot) (err error) {
			rows, more, err = e.window(r, id)
			return err
		})
		if err != nil {
			return err
		}
		for part := range slices.Chunk(rows, eraseRows) {
			if err := e.change(func(w *authority.Work, ac *authority.Actor) error { return e.eraseRows(w, ac, id, part) }); err != nil {
				return err
			}
		}
		if e.done.AuditEvents += len(rows); !more {
			return nil
		}
	}
}

// window answers the rows about the person in the next part of a chain, and
// whether there is more of it.
func (e *erasure) window(r *authority.Snapshot, id ledger.ID) (about []ledger.AuditRow, more bool, err error) {
	head, err := r.AuditTip(id)
	if err != nil {
		return nil, false, authority.IgnoreNoRow(err)
	}
	anchor, err := r.AuditAnchor(id)
	if err := authority.IgnoreNoRow(err); err != nil {
		return nil, false, err
	}
	from := max(e.heads[id], anchor.Sequence)
	through := min(from+eraseWindow, head.Sequence)
	rows, err := r.AuditAbout(id, from, through, e.who.texts())
	e.heads[id] = through
	return slices.DeleteFunc(rows, func(row ledger.AuditRow) bool { return !e.who.in(row) }), through < head.Sequence, err
}

// eraseRows erases rows of one chain, as they are now, and tells that chain.
func (e *erasure) eraseRows(w *authority.Work, ac *authority.Actor, id ledger.ID, rows []ledger.AuditRow) error {
	var ws ledger.Workspace
	if id != 0 {
		var err error
		if ws, err = w.Workspace(ledger.WorkspaceKey{ID: id}); err != nil {
			return err
		}
	}
	for _, row := range rows {
		now, err := w.AuditChain(id, row.Sequence-1, 1)
		if err != nil {
			return err
		}
		if len(now) == 0 || now[0].Sequence != row.Sequence {
			continue // purged meanwhile
		}
		if err := e.eraseRow(w, ws, now[0]); err != nil {
			return err
		}
	}
	return e.tell(w, ac, ws, "audit_events", len(rows))
}

// eraseRow refuses a row that somebody changed: it is evidence.
func (e *erasure) eraseRow(w *authority.Work, ws ledger.Workspace, row ledger.AuditRow) (err error) {
	name := ws.Slug
	if ws.ID == 0 {
		name = audit.Instance
	}
	if err := follows(w, ws.ID, name, row); err != nil {
		return err
	}
	if row.Erasure == nil && row.Salt == nil {
		row.PayloadDigest = audit.NoDigest()
	}
	row.Actor, row.OnBehalf, row.Target = e.who.scrub(row.Actor), e.who.scrub(row.OnBehalf), e.who.scrub(row.Target)
	row.Payload, row.Salt = nil, nil
	if row.Erasure, err = audit.SealErasure(w.Authority.Keys(), row); err != nil {
		return err
	}
	return w.EraseAudit(row)
}

// follows refuses a row that is not as it was written behind the one before it, or as it was
// sealed: a seal of now would stand for whatever it says.
func follows(w *authority.Work, id ledger.ID, name string, row ledger.AuditRow) error {
	keys, c := w.Authority.Keys(), audit.Chain{Name: name}
	last, err := c.Begin(w.Snapshot, keys, id)
	if err != nil {
		return err
	}
	before, err := w.AuditChain(id, row.Sequence-2, 1)
	if err != nil {
		return err
	}
	if len(before) > 0 && before[0].Sequence == row.Sequence-1 {
		last = before[0]
	}
	if c.Broken == "" {
		c.Check(keys, last, row)
	}
	switch {
	case c.Lacks != 0:
		return fmt.Errorf("%s: %s, so it is not erased here: %w", name, c.Broken, &ledger.KeyError{ID: c.Lacks})
	case c.Broken != "":
		return fmt.Errorf("%s: %s: %w, so it is not erased", name, c.Broken, audit.ErrBroken)
	}
	return nil
}

// eraseUser is the mutation after which nobody knows whom the rest was about:
// it takes what the audit said meanwhile, and the person.
func (e *erasure) eraseUser(w *authority.Work, ac *authority.Actor) error {
	members, err := w.MembershipsOf(e.u.ID)
	if err != nil {
		return err
	}
	chains := []ledger.ID{0}
	for _, m := range members {
		chains = append(chains, m.Workspace)
	}
	slices.Sort(chains)
	for _, id := range slices.Compact(chains) {
		if err := e.eraseRest(w, ac, id); err != nil {
			return err
		}
	}
	u, err := w.User(ledger.UserKey{ID: e.u.ID})
	if err != nil {
		return err
	}
	u.Email, u.Name, u.PasswordHash, u.InstanceAdmin = "", "", "", false
	u.ErasedAt, u.Revision = w.Now, w.Revision()
	if u.DeactivatedAt.IsZero() {
		u.DeactivatedAt = w.Now
	}
	if err := input.First(w.PutUser(u), w.EraseSignIn(u.ID), e.eraseRemovals(w)); err != nil {
		return err
	}
	for _, m := range members {
		if err := e.eraseMember(w, ac, m.ID); err != nil {
			return err
		}
	}
	e.done.Memberships = len(members)
	return w.Note(ac, ledger.Workspace{}, authority.Event{Action: actionErased, Target: "user:" + u.PublicID, After: map[string]int{
		"memberships": e.done.Memberships, "sessions": e.done.Sessions, "identities": e.done.Identities, "factors": e.done.Factors,
	}})
}

// eraseRemovals forgets who removed what is being rewritten yet.
func (e *erasure) eraseRemovals(w *authority.Work) error {
	all, err := w.Removals()
	for _, x := range all {
		if e.who.named(x.By) {
			x.By = e.who.scrub(x.By)
			err = input.First(err, w.PutRemoval(x))
		}
	}
	return err
}

// eraseRest erases what was added to a chain since it was looked through.
func (e *erasure) eraseRest(w *authority.Work, ac *authority.Actor, id ledger.ID) error {
	for more := true; more; {
		rows, further, err := e.window(w.Snapshot, id)
		if more = further; err != nil {
			return err
		}
		if len(rows) == 0 {
			continue
		}
		if err := e.eraseRows(w, ac, id, rows); err != nil {
			return err
		}
		e.done.AuditEvents += len(rows)
	}
	return nil
}

// eraseMember removes a membership, if it is not removed yet, and what the
// workspace knew the person by.
func (e *erasure) eraseMember(w *authority.Work, ac *authority.Actor, id ledger.ID) error {
	m, err := w.Member(0, ledger.MemberKey{ID: id})
	if err != nil {
		return err
	}
	removed := m.RemovedAt.IsZero()
	if removed {
		m.RemovedAt = w.Now
	}
	m.Name, m.ExternalID, m.Revision = "", "", w.Revision()
	w.TouchMember(m)
	if err := w.PutMember(m); err != nil || !removed {
		return err
	}
	if _, err := w.LeaveTokens(ac, ledger.Removal{Workspace: m.Workspace, Kind: ledger.RemovedMember, Owner: m.ID}); err != nil {
		return err
	}
	sp, err := e.spaceOf(w.Snapshot, m.Workspace)
	if err != nil {
		return err
	}
	v := authority.MemberRow(m, sp)
	return w.Note(ac, sp.Workspace, authority.Event{Action: "member.removed", Target: "member:" + v.Address, After: v})
}

func (e *erasure) spaceOf(r *authority.Snapshot, id ledger.ID) (*authority.Space, error) {
	ws, err := r.Workspace(ledger.WorkspaceKey{ID: id})
	if err != nil {
		return nil, err
	}
	return e.a.Space(r, ws)
}

// eraseTokens revokes the person's tokens, and forgets what they were called and
// what was done with them.
func (e *erasure) eraseTokens() error {
	var members []ledger.Member
	err := e.a.Stored(e.ctx, func(r *authority.Snapshot) (err error) { members, err = r.MembershipsOf(e.u.ID); return err })
	if err != nil {
		return err
	}
	if e.dry {
		e.done.Memberships = len(members)
	}
	for _, m := range members {
		if err := e.eraseTokensOf(m); err != nil {
			return err
		}
	}
	return nil
}

func (e *erasure) eraseTokensOf(m ledger.Member) error {
	for ts, err := range e.tokens(m.Workspace, ledger.TokenQuery{OwnerMember: m.ID, Deleted: true}) {
		if err == nil && len(ts) > 0 {
			err = e.eraseSome(m.Workspace, ts)
		}
		if err != nil {
			return err
		}
		e.done.Tokens += len(ts)
	}
	return nil
}

func (e *erasure) eraseSome(ws ledger.ID, ts []ledger.Token) error {
	if e.dry {
		return nil
	}
	if err := e.a.Given().Forget.ForgetUsage(e.ctx, authority.Views(ts, func(t ledger.Token) token.Locator { return t.Locator })); err != nil {
		return err
	}
	return e.change(func(w *authority.Work, ac *authority.Actor) error {
		sp, err := e.spaceOf(w.Snapshot, ws)
		if err != nil {
			return err
		}
		for _, t := range ts {
			now, err := w.Token(t.Locator)
			if errors.Is(err, ledger.ErrNoRow) {
				continue // purged meanwhile
			}
			if err := input.First(err, e.eraseToken(w, ac, sp, now)); err != nil {
				return err
			}
		}
		return e.tell(w, ac, sp.Workspace, "tokens", len(ts))
	})
}

// eraseToken tells of the end of a token that was not revoked yet.
func (e *erasure) eraseToken(w *authority.Work, ac *authority.Actor, sp *authority.Space, t ledger.Token) error {
	was, err := w.Rows.Token(t.Locator)
	if err != nil {
		return err
	}
	t.Label, t.Description, t.RevokeComment, t.Metadata, t.AllowedIPs = erasedName, "", "", nil, nil
	t.CreatedBy = e.who.scrub(t.CreatedBy)
	o, err := authority.ReadOwner(w.Reader, authority.OwnerKey(t))
	if err != nil {
		return err
	}
	ch := &authority.Change{Actor: ac, Space: sp, Owner: o, Was: was, Token: t, Before: authority.TokenView(t, o, sp.Workspace.Slug)}
	if was.RevokedAt.IsZero() {
		authority.Revoke(&ch.Token, w.Now, api.ReasonOwnerLeft, "")
		_, err := w.FinishToken(ch, "token.revoked")
		return err
	}
	ch.Token.Revision = w.Revision()
	w.TouchToken(ch.Token)
	return w.PutToken(ch.Token)
}

package authority

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// The rest of a removal is rewritten in pieces, each a mutation of its own that
// nobody waits for long. Where there is something to rewrite is found on snapshots,
// without the lock; the names that are gone come into no row any more (see
// [Space.Free]), so what was not there when it was looked for does not come later.
const (
	// pieceRows and pieceTime bound one piece.
	pieceRows = 100
	pieceTime = 10 * time.Millisecond
	// SearchRows is how many rows are looked at in one step, searchSteps how many
	// steps are made on one snapshot.
	SearchRows, searchSteps = 5000, 20
	// firstPieces and firstTime are how much of the rest whoever removes something
	// waits for: all of it, unless it is much or others are busy.
	firstPieces = 20
	firstTime   = time.Second
)

// remover is the caller of pieces.
func remover() Caller { return Caller{Machine: "removals"} }

// takeOut takes what is gone out of the layers of roles and scopes of a workspace,
// and answers it.
func takeOut(all []ledger.Removal, ws ledger.ID, own ownNames, roles [][]ledger.Role, scopes [][]ledger.Scope) grant.Gone {
	if len(all) == 0 {
		return grant.Gone{}
	}
	for i, layer := range []ledger.ID{0, ws} {
		gone := goneIn(all, layer, own)
		for j := range roles[i] {
			dropFromRole(&roles[i][j], gone)
		}
		for j := range scopes[i] {
			dropFromScope(&scopes[i][j], gone)
		}
	}
	return goneIn(all, ws, own)
}

// dropFromRole takes what is gone out of a role, and says whether it was in it.
func dropFromRole(r *ledger.Role, gone grant.Gone) bool {
	return drop(&r.Scopes, func(s string) bool { return gone.Scopes[s] })
}

// dropFromScope takes what is gone out of an entry of the catalogue.
func dropFromScope(s *ledger.Scope, gone grant.Gone) bool {
	implied := drop(&s.Implies, func(s string) bool { return gone.Scopes[s] })
	named := drop(&s.Roles, func(name string) bool { _, ok := gone.Roles[name]; return ok })
	return implied || named
}

// drop leaves the list that was given as it is.
func drop(names *[]string, gone func(string) bool) bool {
	if !slices.ContainsFunc(*names, gone) {
		return false
	}
	*names = slices.DeleteFunc(slices.Clone(*names), gone)
	return true
}

// Free refuses names that were removed while rows are left that list them: nothing
// that was given to one of before may come to one that is made now.
func (sp *Space) Free(kind ledger.RemovalKind, names ...string) error {
	for _, x := range sp.removals {
		if x.Kind == kind && slices.Contains(names, x.Name) {
			return api.Errorf(api.CodeBeingDeleted, "the %s %s is being deleted (%d rewritten so far); until that is done its name cannot be used",
				kind, x.Name, x.Done)
		}
	}
	return nil
}

// Leave writes a removal down, in the mutation that removes.
func (w *Work) Leave(ac *Actor, x ledger.Removal) (ledger.ID, error) {
	x.ID, x.By, x.CreatedAt, x.Place = w.NewID(), ac.Principal.Address, w.Now, x.Workspace
	return x.ID, w.PutRemoval(x)
}

// LeaveTokens is leave for an owner; 0 when there are no tokens to be revoked.
func (w *Work) LeaveTokens(ac *Actor, x ledger.Removal) (ledger.ID, error) {
	x.Part = ledger.PartTokens
	left, err := w.Unended(x.Workspace, x, 1)
	if err != nil || len(left) == 0 {
		return 0, err
	}
	return w.Leave(ac, x)
}

// Removal finds one by its number.
func Removal(r *Snapshot, id ledger.ID) (ledger.Removal, error) {
	all, err := r.Removals()
	i := slices.IndexFunc(all, func(x ledger.Removal) bool { return x.ID == id })
	if err != nil || i < 0 {
		return ledger.Removal{}, input.First(err, ledger.ErrNoRow)
	}
	return all[i], nil
}

// Rewriting is a removal on its way: what was found and is not rewritten yet.
type Rewriting struct {
	Authority *Authority
	Removal   ledger.Removal
	// Found are rows of the part that is searched, through is the last row that was
	// looked at.
	Found   []ledger.ID
	Through ledger.ID
	// catalogue says that the workspace's own roles and scopes are to be rewritten.
	catalogue bool
	// revision is the last piece's.
	revision int64
}

// step searches for a while, and rewrites one piece of what was found. It says
// whether nothing is left.
func (p *Rewriting) step(ctx context.Context) (finished bool, err error) {
	if !p.catalogue && len(p.Found) == 0 {
		if err := p.Authority.Stored(ctx, func(r *Snapshot) (err error) { finished, err = p.Search(r); return err }); err != nil {
			return false, Public(err)
		}
	}
	if !finished && !p.catalogue && len(p.Found) == 0 {
		return false, nil
	}
	gone := false
	x, found := p.Removal, p.Found
	revision, err := p.Authority.Apply(ctx, whenIdle, remover(), func(w *Work) error {
		x, found = p.Removal, p.Found
		stored, err := Removal(w.Snapshot, x.ID)
		if errors.Is(err, ledger.ErrNoRow) {
			gone = true // somebody else was faster
			return ErrUnchanged
		}
		if err != nil {
			return err
		}
		x.Total, x.Done = max(x.Total, stored.Total), stored.Done
		switch {
		case finished:
			return w.Conclude(x)
		case p.catalogue:
			x.Part++
			return input.First(w.rewriteCatalogue(x), w.PutRemoval(x))
		}
		return w.rewriteSome(&x, &found, p.Through)
	})
	if err != nil {
		return false, err
	}
	p.Removal, p.Found, p.catalogue, p.revision = x, found, false, revision
	return finished || gone, nil
}

// Conclude ends a removal: its name is free again.
func (w *Work) Conclude(x ledger.Removal) error {
	switch {
	case !x.OfName():
	case x.Workspace == 0:
		w.TouchAllWorkspaces()
	default:
		w.TouchWorkspace(x.Workspace)
	}
	return w.DeleteRemoval(x.ID)
}

// Search goes on until it finds something, or has looked at enough for one
// snapshot. It says whether there is nothing left to look at.
func (p *Rewriting) Search(r *Snapshot) (finished bool, err error) {
	for range searchSteps {
		x := &p.Removal
		switch x.Part {
		case ledger.PartEnd:
			if more, err := p.nextPlace(r); err != nil || !more {
				return !more && err == nil, err
			}
		case ledger.PartCatalogue:
			if p.catalogue, err = names(r, *x); err != nil || p.catalogue {
				return false, err
			}
			x.Part++
		case ledger.PartMembers, ledger.PartAccounts, ledger.PartTokens:
			if x.Unnamed() {
				x.Part = ledger.PartEnd
				continue
			}
			if err := p.lookFor(r); err != nil || len(p.Found) > 0 {
				return false, err
			}
			if x.After = p.Through; p.Through == 0 {
				x.Part++
			}
		}
	}
	return false, nil
}

// lookFor finds the next rows of the part; through is the last one looked at.
func (p *Rewriting) lookFor(r *Snapshot) (err error) {
	x := p.Removal
	if x.Kind == ledger.RemovedSealed {
		p.Found, p.Through, err = r.Sealed(x.Place, x.After, SearchRows)
		return err
	}
	if x.OfName() {
		p.Found, p.Through, err = r.Naming(x.Place, x.Part, x.After, x.Name, SearchRows)
		return err
	}
	if x.Total == 0 {
		if p.Removal.Total, err = r.CountUnended(x.Place, x); err != nil {
			return err
		}
	}
	p.Found, err = r.Unended(x.Place, x, pieceRows)
	if p.Through = 0; len(p.Found) > 0 {
		p.Through = p.Found[len(p.Found)-1]
	}
	return err
}

// nextPlace goes on to the next workspace that a removal of the instance's concerns.
func (p *Rewriting) nextPlace(r *Snapshot) (bool, error) {
	if p.Removal.Workspace != 0 {
		return false, nil
	}
	for {
		rows, err := r.Workspaces(ledger.Range{After: p.Removal.Place, Limit: 1})
		if err != nil || len(rows) == 0 {
			return false, err
		}
		p.Removal.Place, p.Removal.Part, p.Removal.After = rows[0].ID, ledger.PartCatalogue, 0
		if concerned, err := p.concerned(r, rows[0].ID); err != nil || concerned {
			return true, err
		}
	}
}

// concerned says whether there may be something to rewrite in a workspace.
func (p *Rewriting) concerned(r *Snapshot, ws ledger.ID) (bool, error) {
	if p.Removal.Kind == ledger.RemovedSealed {
		return unseals(p.Removal, r.Reader, ws)
	}
	own, err := ownNamesOf(r, ws)
	return concerns(p.Removal, ws, own), err
}

// names says whether a role or a scope written in the place lists what is gone.
func names(r *Snapshot, x ledger.Removal) (bool, error) {
	gone := goneIn([]ledger.Removal{x}, x.Place, ownNames{})
	roles, err := r.Roles(x.Place)
	if err != nil {
		return false, err
	}
	rules, err := trustNaming(r.Reader, x)
	if err != nil || len(rules) > 0 {
		return err == nil, err
	}
	scopes, err := r.Scopes(x.Place)
	return slices.ContainsFunc(roles, func(r ledger.Role) bool { return dropFromRole(&r, gone) }) ||
		slices.ContainsFunc(scopes, func(s ledger.Scope) bool { return dropFromScope(&s, gone) }), err
}

// rewriteCatalogue takes what is gone out of the roles and scopes of a place.
func (w *Work) rewriteCatalogue(x ledger.Removal) error {
	gone := goneIn([]ledger.Removal{x}, x.Place, ownNames{})
	roles, err := w.Roles(x.Place)
	if err != nil {
		return err
	}
	for _, r := range roles {
		if dropFromRole(&r, gone) {
			r.Revision = w.Revision()
			if err := w.PutRole(r); err != nil {
				return err
			}
		}
	}
	scopes, err := w.Scopes(x.Place)
	if err != nil {
		return err
	}
	for _, s := range scopes {
		if dropFromScope(&s, gone) {
			s.Revision = w.Revision()
			if err := w.PutScope(s); err != nil {
				return err
			}
		}
	}
	w.TouchRights(ledger.Workspace{ID: x.Place})
	return w.rewriteTrust(x)
}

// rewriteSome rewrites as many of the rows as one piece may, and notes how far
// it came.
func (w *Work) rewriteSome(x *ledger.Removal, found *[]ledger.ID, through ledger.ID) error {
	rewrite := map[ledger.Part]func(ledger.Removal, ledger.ID) (bool, error){
		ledger.PartMembers: w.rewriteMember, ledger.PartAccounts: w.rewriteAccount, ledger.PartTokens: w.rewriteToken,
	}[x.Part]
	if x.Kind == ledger.RemovedSealed {
		rewrite = w.unsealToken
	}
	begin := w.Authority.now()
	for n := 0; len(*found) > 0 && n < pieceRows && (n == 0 || w.Authority.now().Sub(begin) < pieceTime); n++ {
		id := (*found)[0]
		changed, err := rewrite(*x, id)
		if err != nil {
			return err
		}
		if changed {
			x.Done++
		}
		*found, x.After = (*found)[1:], id
	}
	if len(*found) == 0 {
		x.After = through
	}
	return w.PutRemoval(*x)
}

func (w *Work) rewriteMember(_ ledger.Removal, id ledger.ID) (bool, error) {
	was, err := w.Rows.Member(0, ledger.MemberKey{ID: id})
	if err != nil {
		return false, IgnoreNoRow(err)
	}
	m, err := w.Member(0, ledger.MemberKey{ID: id})
	if err != nil || reflect.DeepEqual(was, m) {
		return false, err
	}
	m.Revision = w.Revision()
	w.TouchMember(m)
	return true, w.PutMember(m)
}

func (w *Work) rewriteAccount(_ ledger.Removal, id ledger.ID) (bool, error) {
	was, err := w.Rows.ServiceAccount(0, ledger.ServiceAccountKey{ID: id})
	if err != nil {
		return false, IgnoreNoRow(err)
	}
	s, err := w.ServiceAccount(0, ledger.ServiceAccountKey{ID: id})
	if err != nil || reflect.DeepEqual(was, s) {
		return false, err
	}
	s.Revision = w.Revision()
	w.TouchServiceAccount(s)
	return true, w.PutServiceAccount(s)
}

// rowOf is a token's row as it is stored; false when it was purged meanwhile.
func (w *Work) rowOf(x ledger.Removal, id ledger.ID) (ledger.Token, bool, error) {
	rows, err := w.Rows.Tokens(x.Place, ledger.TokenQuery{Before: id + 1, Limit: 1, Deleted: true})
	if err != nil || len(rows) == 0 || rows[0].ID != id {
		return ledger.Token{}, false, err
	}
	return rows[0], true, nil
}

// rewriteToken also tells of the end of a token that its owner left.
func (w *Work) rewriteToken(x ledger.Removal, id ledger.ID) (bool, error) {
	was, found, err := w.rowOf(x, id)
	if err != nil || !found {
		return false, err
	}
	t, err := w.Token(was.Locator)
	if err != nil || t.RevokedAt.Equal(was.RevokedAt) && reflect.DeepEqual(was.Grants, t.Grants) {
		return false, err
	}
	t.Revision = w.Revision()
	w.TouchToken(t)
	if err := w.PutToken(t); err != nil || t.RevokedAt.Equal(was.RevokedAt) {
		return true, err
	}
	return true, w.tellLeft(x, was, t)
}

// tellLeft is the event of a token that ended with its owner.
func (w *Work) tellLeft(x ledger.Removal, was, t ledger.Token) error {
	ws, err := w.Workspace(ledger.WorkspaceKey{ID: t.Workspace})
	if err != nil {
		return err
	}
	o, err := ReadOwner(w.Rows, OwnerKey(t))
	if err != nil {
		return err
	}
	if err := w.dropSealed(&Change{Was: was, Token: t}); err != nil {
		return err
	}
	ac := Machine(w.Caller)
	ac.Principal = api.Principal{Type: "system", ID: x.By, Address: x.By, Name: x.By}
	v := TokenView(t, o, ws.Slug)
	v.Status = api.StatusRevoked
	return w.Note(ac, ws, Event{Action: "token.revoked", Target: v.ID, Token: t.Locator, Before: TokenView(was, o, ws.Slug), After: v})
}

// Begun goes on with a removal that was just written down, for a few pieces; what
// is left then is the job's. Whoever removed something is answered either way, with
// the revision of the last piece.
func (a *Authority) Begun(ctx context.Context, id ledger.ID, revision int64) int64 {
	if id == 0 {
		return revision
	}
	ctx, cancel := context.WithTimeout(ctx, firstTime)
	defer cancel()
	var x ledger.Removal
	if err := a.Stored(ctx, func(r *Snapshot) (err error) { x, err = Removal(r, id); return err }); err != nil {
		return revision
	}
	p := &Rewriting{Authority: a, Removal: x}
	for range firstPieces {
		finished, err := p.step(ctx)
		if revision = max(revision, p.revision); err != nil || finished {
			break
		}
	}
	return revision
}

// undecidedFor is how long a removal may be undecided before it counts as given up.
const undecidedFor = 10 * time.Minute

// Advance is a step of the job: a removal that nobody decided in time is given up.
func (p *Rewriting) Advance(ctx context.Context) (finished bool, err error) {
	if !p.Removal.Undecided {
		return p.step(ctx)
	}
	if p.Authority.now().Sub(p.Removal.CreatedAt) < undecidedFor {
		return true, nil
	}
	_, err = p.Authority.Apply(ctx, whenIdle, remover(), func(w *Work) error { return w.Conclude(p.Removal) })
	return true, err
}

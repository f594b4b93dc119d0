package insight

import (
	"context"
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// Uses is what names a role, a scope or a resource, where it holds: what its
// removal changes.
type Uses struct {
	// Written says that it is written here, so that it can be removed here.
	Written bool
	// Inherits says that what it stands over shows again once it is removed: the
	// instance's entry of that name, or the built-in role.
	Inherits bool
	// Members, ServiceAccounts and Tokens name it in their grants. Tokens that
	// ended are not counted.
	Members, ServiceAccounts, Tokens int
	// Workspaces are those where any of these is.
	Workspaces int
	// Roles and Scopes of here name it: roles that list a scope, scopes that
	// imply it, scopes that a role gets.
	Roles, Scopes []string
	// More says that the tokens were too many to look through: there may be more.
	More bool
}

// maxUses is how many tokens are looked through for a role or scope.
const maxUses = 100 * authority.MaxPage

// UsesOfRole answers what DeleteRole would change, and changes nothing. It needs
// roles:write.
func (a *Insight) UsesOfRole(ctx context.Context, c authority.Caller, at authority.Where, name string) (Uses, error) {
	return uses(ctx, a.in, c, at, func(r *authority.Snapshot, e authority.Entry, u *Uses) (lister, error) {
		role, ok := e.Space.Roles[name]
		if !ok {
			return lister{}, authority.NotFound()
		}
		above, err := r.Roles(0)
		u.Written = role.Workspace == e.Workspace.ID && authority.HasRole(r, e.Workspace.ID, name)
		u.Inherits = authority.IsBuiltInRole(name) || e.Workspace.ID != 0 && slices.ContainsFunc(above, func(r ledger.Role) bool { return r.Name == name })
		for _, s := range e.Space.Scopes {
			if slices.Contains(s.Roles, name) {
				u.Scopes = append(u.Scopes, s.Name)
			}
		}
		own := func(ws ledger.ID) bool { return authority.HasRole(r, ws, name) }
		return lister{names: func(s grant.Statement) bool { return s.Role == name }, own: own}, err
	})
}

// UsesOfScope answers what DeleteScope would change, and changes nothing. It
// needs roles:write.
func (a *Insight) UsesOfScope(ctx context.Context, c authority.Caller, at authority.Where, name string) (Uses, error) {
	return uses(ctx, a.in, c, at, func(r *authority.Snapshot, e authority.Entry, u *Uses) (lister, error) {
		scope, ok := e.Space.Scopes[name]
		if !ok {
			return lister{}, authority.NotFound()
		}
		above, err := r.Scopes(0)
		u.Written = scope.Workspace == e.Workspace.ID
		u.Inherits = e.Workspace.ID != 0 && slices.ContainsFunc(above, func(s ledger.Scope) bool { return s.Name == name })
		for _, role := range e.Space.Roles {
			if slices.Contains(role.Scopes, name) {
				u.Roles = append(u.Roles, role.Name)
			}
		}
		for _, s := range e.Space.Scopes {
			if slices.Contains(s.Implies, name) {
				u.Scopes = append(u.Scopes, s.Name)
			}
		}
		own := func(ledger.ID) bool { return false }
		return lister{names: func(s grant.Statement) bool { return slices.Contains(s.Scopes, name) }, own: own}, err
	})
}

// UsesOfResource answers what DeleteResource would change, and changes nothing.
// It needs resources:delete.
func (a *Insight) UsesOfResource(ctx context.Context, c authority.Caller, ref, name string) (u Uses, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, sp, err := a.in.Enter(r, c, ref, "resources:delete")
		if err != nil {
			return err
		}
		if _, err = r.Resource(sp.Workspace.ID, name); err != nil {
			return err
		}
		u.Written = true
		names := func(s grant.Statement) bool { return slices.Contains(s.Resources, name) }
		count := counter{Snapshot: r, uses: &u, names: names, now: a.in.Now().UTC(), left: maxUses}
		return count.workspace(sp.Workspace.ID)
	})
	return u, err
}

// lister tells what names an entry: statements, and the workspaces that have
// one of their own, where that name means another.
type lister struct {
	names func(grant.Statement) bool
	own   func(ledger.ID) bool
}

func uses(ctx context.Context, a *authority.Authority, c authority.Caller, at authority.Where, begin func(*authority.Snapshot, authority.Entry, *Uses) (lister, error)) (u Uses, err error) {
	err = a.Read(ctx, func(r *authority.Snapshot) error {
		e, err := a.EnterRights(r, c, at.Workspace, at.Instance, "roles:write")
		if err != nil {
			return err
		}
		l, err := begin(r, e, &u)
		if err != nil {
			return err
		}
		slices.Sort(u.Roles)
		slices.Sort(u.Scopes)
		count := counter{Snapshot: r, uses: &u, names: l.names, now: a.Now().UTC(), left: maxUses}
		if e.Workspace.ID != 0 {
			return count.workspace(e.Workspace.ID)
		}
		for ws, err := range r.EveryWorkspace() {
			if err != nil {
				return err
			}
			if l.own(ws.ID) {
				continue
			}
			if err := count.workspace(ws.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return u, err
}

// counter counts the statements of one workspace after the other.
type counter struct {
	*authority.Snapshot
	uses  *Uses
	names func(grant.Statement) bool
	now   time.Time
	// left is how many more tokens are looked through.
	left int
}

func (n *counter) workspace(ws ledger.ID) error {
	before := n.uses.Members + n.uses.ServiceAccounts + n.uses.Tokens
	err := input.First(n.members(ws), n.accounts(ws), n.tokens(ws))
	if n.uses.Members+n.uses.ServiceAccounts+n.uses.Tokens > before {
		n.uses.Workspaces++
	}
	return err
}

func (n *counter) members(ws ledger.ID) error {
	for m, err := range n.EveryMember(ws) {
		if err != nil {
			return err
		}
		if slices.ContainsFunc(m.Grants, n.names) {
			n.uses.Members++
		}
	}
	return nil
}

func (n *counter) accounts(ws ledger.ID) error {
	for s, err := range n.EveryServiceAccount(ws) {
		if err != nil {
			return err
		}
		if slices.ContainsFunc(s.Grants, n.names) {
			n.uses.ServiceAccounts++
		}
	}
	return nil
}

func (n *counter) tokens(ws ledger.ID) error {
	for rows, err := range n.TokenPages(ws, ledger.TokenQuery{Live: n.now}) {
		if err != nil {
			return err
		}
		if n.left <= 0 {
			n.uses.More = true
			return nil
		}
		for _, t := range rows {
			if slices.ContainsFunc(t.Grants, n.names) {
				n.uses.Tokens++
			}
		}
		n.left -= len(rows)
	}
	return nil
}

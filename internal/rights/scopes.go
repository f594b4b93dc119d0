package rights

import (
	"context"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// ListScopes lists the scope catalogue that holds somewhere: the built-in
// scopes, then the product's by name. It needs roles:read.
func (a *Rights) ListScopes(ctx context.Context, c authority.Caller, at authority.Where) (out []api.Scope, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		e, err := a.in.EnterRights(r, c, at.Workspace, at.Instance, "roles:read")
		if err != nil {
			return err
		}
		for _, name := range grant.BuiltIn() {
			out = append(out, builtInScope(name))
		}
		var names []string
		for name := range e.Space.Scopes {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			out = append(out, scopeView(e.Space.Scopes[name], e.Workspace.ID))
		}
		return nil
	})
	return out, err
}

// GetScope answers one scope, built in or of the catalogue. It needs roles:read.
func (a *Rights) GetScope(ctx context.Context, c authority.Caller, at authority.Where, name string) (v api.Scope, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		e, err := a.in.EnterRights(r, c, at.Workspace, at.Instance, "roles:read")
		if err != nil {
			return err
		}
		s, ok := e.Space.Scopes[name]
		switch {
		case slices.Contains(grant.BuiltIn(), name):
			v = builtInScope(name)
		case !ok:
			return authority.NotFound()
		default:
			v = scopeView(s, e.Workspace.ID)
		}
		return nil
	})
	return v, err
}

func builtInScope(name string) api.Scope {
	return api.Scope{Name: name, Implies: []string{}, Roles: []string{}, BuiltIn: true}
}

func scopeView(s ledger.Scope, at ledger.ID) api.Scope {
	return api.Scope{Name: s.Name, Description: s.Description, Implies: authority.Listed(s.Implies), Roles: authority.Listed(s.Roles),
		Inherited: at != 0 && s.Workspace != at, Locked: s.Locked, Revision: s.Revision}
}

// PutScope creates or replaces a product scope. It needs roles:write; what any
// role gains by it must be within the caller's own rights. Made says which.
func (a *Rights) PutScope(ctx context.Context, c authority.Caller, at authority.Where, name string, in api.PutScope) (done authority.Done[api.Scope], err error) {
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		e, err := a.in.EnterRights(w.Snapshot, c, at.Workspace, at.Instance, "roles:write")
		if err != nil {
			return err
		}
		was, exists := e.Space.Scopes[name]
		done.Made = !exists
		if err := input.First(checkScope(e, name, was, in), w.ExpectEntry(e.Workspace, "scope:"+name, was.Revision, exists)); err != nil {
			return err
		}
		row := ledger.Scope{Workspace: e.Workspace.ID, Name: name, Description: in.Description, Implies: in.Implies,
			Roles: in.Roles, Locked: in.Locked, Revision: w.Revision()}
		if err := w.PutScope(row); err != nil {
			return err
		}
		if err := input.First(scopeGained(w, e, name), boundScopes(w, e, was, in)); err != nil {
			return err
		}
		done.Value = scopeView(row, e.Workspace.ID)
		w.TouchRights(e.Workspace)
		var before any
		if exists {
			before = scopeView(was, e.Workspace.ID)
		}
		return w.Note(e.Actor, e.Workspace, authority.Event{Action: "scope.written", Target: "scope:" + name, Before: before, After: done.Value})
	})
	return done, err
}

// boundScopes refuses what makes the catalogue of one workspace too large.
func boundScopes(w *authority.Work, e authority.Entry, was ledger.Scope, in api.PutScope) error {
	rows, err := w.Scopes(e.Workspace.ID)
	implied := 0
	for _, s := range rows {
		implied += len(s.Implies) + len(s.Roles)
	}
	if err != nil || len(rows) <= maxScopes && implied <= maxImplied {
		return err
	}
	return tooMuch("scopes", maxScopes, maxImplied,
		was.Name == "" || was.Workspace != e.Workspace.ID || len(in.Implies)+len(in.Roles) > len(was.Implies)+len(was.Roles))
}

// scopeGained asks the ceiling for what every role, and the scope itself by
// what it implies, gained.
func scopeGained(w *authority.Work, e authority.Entry, name string) error {
	after, err := w.Authority.Space(w.Snapshot, e.Workspace)
	if err != nil {
		return err
	}
	alone := []grant.Statement{{Scopes: []string{name}, Resources: []string{"*"}}}
	if now := after.Compile(alone); !e.Space.Compile(alone).Covers(now) {
		if err := e.Actor.Cover(now); err != nil {
			return err
		}
	}
	return gained(e, after, roleOrder(after.Roles)...)
}

// WritableScope is [WritableRole] for a scope.
func WritableScope(s api.Scope, instance bool) error {
	if s.Locked && !instance {
		return api.Errorf(api.CodeLocked, "this scope is locked by the instance")
	}
	return nil
}

func checkScope(e authority.Entry, name string, was ledger.Scope, in api.PutScope) error {
	noun, _, _ := strings.Cut(name, ":")
	if err := input.First(input.Secretless("name", name), e.Space.Free(ledger.RemovedScope, name), e.Space.Free(ledger.RemovedScope, in.Implies...), e.Space.Free(ledger.RemovedRole, in.Roles...)); err != nil {
		return err
	}
	switch {
	case !grant.ValidScope(name) && grant.ReservedNoun(noun): // under one, only what is built in is valid
		return api.FieldError("name", "is under a noun that is built in or reserved; choose another noun")
	case !grant.ValidScope(name):
		return api.FieldError("name", "must be noun:verb in lower case, at most 64 characters")
	case grant.ReservedNoun(noun):
		return api.Errorf(api.CodeBuiltIn, "this noun is built in or reserved")
	case was.Name == "" && grant.Keyword(noun):
		return input.Free("name", noun)
	}
	if err := WritableScope(api.Scope{Locked: was.Locked}, e.Workspace.ID == 0); err != nil {
		return err
	}
	if in.Locked && e.Workspace.ID != 0 {
		return api.FieldError("locked", "only the instance locks scopes")
	}
	return input.First(
		input.Text("description", in.Description, 0, input.MaxDescription),
		checkImplied(in.Implies), checkScopeRoles(e, in.Roles),
	)
}

func checkImplied(names []string) error {
	if len(names) > 100 {
		return api.FieldError("implies", "at most 100 scopes")
	}
	for _, s := range names {
		noun, _, _ := strings.Cut(s, ":")
		if !grant.ValidScope(s) || grant.ReservedNoun(noun) {
			return api.FieldError("implies", "entries must be product scopes like tickets:read")
		}
	}
	return nil
}

func checkScopeRoles(e authority.Entry, names []string) error {
	for _, name := range names {
		if _, ok := e.Space.Roles[name]; !ok {
			return api.FieldError("roles", "there is no such role")
		}
		if name == "Owner" {
			return api.FieldError("roles", "the role Owner is fixed")
		}
	}
	return nil
}

// DeleteScope takes a product scope out of the catalogue and its name out of
// every list: of roles, grants, and what other scopes imply. From then on it means
// nothing there, and the rows follow in pieces. No list becomes a grant of
// everything by it.
func (a *Rights) DeleteScope(ctx context.Context, c authority.Caller, at authority.Where, name string) (done authority.Done[api.Scope], err error) {
	var left ledger.ID
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		e, err := a.in.EnterRights(w.Snapshot, c, at.Workspace, at.Instance, "roles:write")
		if err != nil {
			return err
		}
		was, ok := e.Space.Scopes[name]
		if !ok || was.Workspace != e.Workspace.ID {
			return authority.NotFound()
		}
		if err := w.Expect(e.Workspace, "scope:"+name, was.Revision); err != nil {
			return err
		}
		if left, err = forgetScope(w, e, name); err != nil {
			return err
		}
		done.Value = scopeView(was, e.Workspace.ID)
		w.TouchRights(e.Workspace)
		return w.Note(e.Actor, e.Workspace, authority.Event{Action: "scope.deleted", Target: "scope:" + name, Before: done.Value})
	})
	if err == nil {
		done.Revision = a.in.Begun(ctx, left, done.Revision)
	}
	return done, err
}

// forgetScope leaves a removal unless the scope is there yet: the instance's.
func forgetScope(w *authority.Work, e authority.Entry, name string) (ledger.ID, error) {
	if err := w.DeleteScope(e.Workspace.ID, name); err != nil {
		return 0, err
	}
	if inherited, err := stillScope(w, e, name); err != nil {
		return 0, err
	} else if inherited { // what the instance's implies, and the roles it names, hold again
		return 0, scopeGained(w, e, name)
	}
	return w.Leave(e.Actor, ledger.Removal{Workspace: e.Workspace.ID, Kind: ledger.RemovedScope, Name: name})
}

func stillScope(w *authority.Work, e authority.Entry, name string) (bool, error) {
	after, err := w.Authority.Space(w.Snapshot, e.Workspace)
	if err != nil {
		return false, err
	}
	_, still := after.Scopes[name]
	return still, nil
}

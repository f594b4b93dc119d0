package authority

import (
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
)

// maxTold is how large a grant may be that is told to whom it belongs: more than
// anybody is given now, less than some were given before there was a bound.
const maxTold = 4 * grant.MaxMeasure

// Whoami tells a caller who it is and what it may do in its workspace.
func (a *Authority) Whoami(ctx context.Context, c Caller) (v api.Whoami, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		ac, sp, err := a.enter(r, c, "")
		if err != nil {
			return err
		}
		v = api.Whoami{Principal: ac.principal, Workspace: sp.ws.Slug, InstanceAdmin: ac.instance,
			Scopes: ac.grant.scopes(), Resources: ac.grant.resources()}
		tells := ac.grant.Size() <= maxTold
		if tells {
			v.Effective = ac.grant.view()
		}
		if ac.with == nil {
			return nil
		}
		t, err := a.watching(ctx, r, ac, sp).token(*ac.with)
		if v.Token = &t; !tells {
			t.Effective = nil
		}
		return err
	})
	return v, err
}

// can says whether what a token effectively may do includes a scope, on a
// resource if one is named, and the token is usable.
func can(t api.Token, scope, resource string) bool {
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

// Resolve answers the row of the workspace that a verification names, as far as
// the verifying caller may see it: its own, or any with instance:verify.
func (a *Authority) Resolve(ctx context.Context, ref string) (id ledger.ID, err error) {
	if ref == external { // a verification decides, also about what names nothing
		return 0, notFound()
	}
	err = a.read(ctx, func(r *Snapshot) error {
		ws, err := a.workspace(r, Caller{Machine: "verify"}, ref)
		id = ws.ID
		return err
	})
	return id, err
}

// Alone answers the only workspace of the instance; ok is false when there are
// several or none.
func (a *Authority) Alone(ctx context.Context) (id ledger.ID, ok bool, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		rows, err := r.Workspaces(ledger.Range{Limit: 2})
		if err == nil && len(rows) == 1 {
			id, ok = rows[0].ID, true
		}
		return err
	})
	return id, ok, err
}

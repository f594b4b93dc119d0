package insight

import (
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
)

// maxTold is how large a grant may be that is told to whom it belongs: more than
// anybody is given now, less than some were given before there was a bound.
const maxTold = 4 * grant.MaxMeasure

// Whoami tells a caller who it is and what it may do in its workspace.
func (a *Insight) Whoami(ctx context.Context, c authority.Caller) (v api.Whoami, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, "")
		if err != nil {
			return err
		}
		v = api.Whoami{Principal: ac.Principal, Workspace: sp.Workspace.Slug, InstanceAdmin: ac.Instance,
			Scopes: ac.Grant.Scopes(), Resources: ac.Grant.Resources()}
		tells := ac.Grant.Size() <= maxTold
		if tells {
			v.Effective = ac.Grant.View()
		}
		if ac.With == nil {
			return nil
		}
		t, err := a.in.Watching(ctx, r, ac, sp).Token(*ac.With)
		if v.Token = &t; !tells {
			t.Effective = nil
		}
		return err
	})
	return v, err
}

// Resolve answers the row of the workspace that a verification names, as far as
// the verifying caller may see it: its own, or any with instance:verify.
func (a *Insight) Resolve(ctx context.Context, ref string) (id ledger.ID, err error) {
	if ref == authority.External { // a verification decides, also about what names nothing
		return 0, authority.NotFound()
	}
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ws, err := a.in.Workspace(r, authority.Caller{Machine: "verify"}, ref)
		id = ws.ID
		return err
	})
	return id, err
}

// Alone answers the only workspace of the instance; ok is false when there are
// several or none.
func (a *Insight) Alone(ctx context.Context) (id ledger.ID, ok bool, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		rows, err := r.Workspaces(ledger.Range{Limit: 2})
		if err == nil && len(rows) == 1 {
			id, ok = rows[0].ID, true
		}
		return err
	})
	return id, ok, err
}

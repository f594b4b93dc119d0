package insight

import (
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

// ListRemovals lists what was removed from a workspace, or from the instance, and is
// being rewritten yet. It needs roles:read; who was removed is for those who may
// list members or service accounts, and a policy's for those who may read that.
func (a *Insight) ListRemovals(ctx context.Context, c authority.Caller, at authority.Where) (out []api.Removal, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		e, err := a.in.EnterRights(r, c, at.Workspace, at.Instance, "roles:read")
		if err != nil {
			return err
		}
		all, err := r.Removals()
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.Workspace != e.Workspace.ID || !mayList(e.Actor, x.Kind) {
				continue
			}
			v, err := removalView(r, x)
			if err != nil {
				return err
			}
			out = append(out, v)
		}
		return nil
	})
	return out, err
}

func mayList(ac *authority.Actor, kind ledger.RemovalKind) bool {
	switch kind {
	case ledger.RemovedMember:
		return ac.Grant.AllowsAny("members:read")
	case ledger.RemovedServiceAccount:
		return ac.Grant.AllowsAny("service-accounts:read")
	case ledger.RemovedSealed:
		return ac.Grant.AllowsAny("policy:read")
	case ledger.RemovedScope, ledger.RemovedResource, ledger.RemovedRole:
	}
	return true
}

func removalView(r *authority.Snapshot, x ledger.Removal) (api.Removal, error) {
	v := api.Removal{Kind: string(x.Kind), Name: x.Name, RemovedBy: x.By, RemovedAt: x.CreatedAt.UTC(), Done: x.Done}
	if x.Total > 0 {
		v.Total = &x.Total
	}
	if !x.OfOwner() {
		return v, nil
	}
	t := ledger.Token{OwnerServiceAccount: x.Owner}
	if x.Kind == ledger.RemovedMember {
		t = ledger.Token{OwnerMember: x.Owner}
	}
	o, err := authority.ReadOwner(r.Reader, authority.OwnerKey(t))
	v.Name = o.Address
	return v, err
}

package authority

import (
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
)

// ListRemovals lists what was removed from a workspace, or from the instance, and is
// being rewritten yet. It needs roles:read; who was removed is for those who may
// list members or service accounts, and a policy's for those who may read that.
func (a *Authority) ListRemovals(ctx context.Context, c Caller, at Where) (out []api.Removal, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		e, err := a.enterRights(r, c, at.Workspace, at.Instance, "roles:read")
		if err != nil {
			return err
		}
		all, err := r.Removals()
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.Workspace != e.ws.ID || !mayList(e.ac, x.Kind) {
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

func mayList(ac *actor, kind ledger.RemovalKind) bool {
	switch kind {
	case ledger.RemovedMember:
		return ac.grant.AllowsAny("members:read")
	case ledger.RemovedServiceAccount:
		return ac.grant.AllowsAny("service-accounts:read")
	case ledger.RemovedSealed:
		return ac.grant.AllowsAny("policy:read")
	case ledger.RemovedScope, ledger.RemovedResource, ledger.RemovedRole:
	}
	return true
}

func removalView(r *Snapshot, x ledger.Removal) (api.Removal, error) {
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
	o, err := readOwner(r.Reader, ownerKey(t))
	v.Name = o.Address
	return v, err
}

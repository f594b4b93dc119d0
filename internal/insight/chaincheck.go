package insight

import (
	"context"

	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

// CheckAudit says whether the latest links of one chain are whole: so many of
// them, or all where there are fewer. Without a workspace it is the instance's. It
// needs what reading them needs. Unlike [audit.Verify] it knows of no noted head,
// and takes the row before the first that it looks at as it is. Where other nodes have a
// key that this one lacks, it does not call the chain broken.
func (a *Insight) CheckAudit(ctx context.Context, c authority.Caller, ref string, links int64) (out audit.Chain, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		id, err := chainOf(a.in, r, c, ref)
		if err != nil {
			return err
		}
		out, err = audit.Tail(r, a.in.Keys(), id, links)
		if err == nil && out.Lacks != 0 && !authority.Dropped(a.in.Keys(), out.Lacks) {
			err = a.in.Lacking(out.Lacks)
		}
		return err
	})
	return out, err
}

// chainOf is the chain of a workspace that the caller may read, or the instance's.
func chainOf(a *authority.Authority, r *authority.Snapshot, c authority.Caller, ref string) (ledger.ID, error) {
	if ref == "" {
		_, err := a.EnterInstance(r, c)
		return 0, err
	}
	_, sp, err := a.Enter(r, c, ref, "audit:read")
	if err != nil {
		return 0, err
	}
	return sp.Workspace.ID, nil
}

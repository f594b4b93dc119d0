package authority

import (
	"context"

	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/ledger"
)

// CheckAudit says whether the latest links of one chain are whole: so many of
// them, or all where there are fewer. Without a workspace it is the instance's. It
// needs what reading them needs. Unlike [audit.Verify] it knows of no noted head,
// and takes the row before the first that it looks at as it is.
func (a *Authority) CheckAudit(ctx context.Context, c Caller, ref string, links int64) (out audit.Chain, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		id, err := a.chainOf(r, c, ref)
		if err != nil {
			return err
		}
		out, err = audit.Tail(r, a.keys, id, links)
		return err
	})
	return out, err
}

// chainOf is the chain of a workspace that the caller may read, or the instance's.
func (a *Authority) chainOf(r *Snapshot, c Caller, ref string) (ledger.ID, error) {
	if ref == "" {
		_, err := a.enterInstance(r, c)
		return 0, err
	}
	_, sp, err := a.enter(r, c, ref, "audit:read")
	if err != nil {
		return 0, err
	}
	return sp.ws.ID, nil
}

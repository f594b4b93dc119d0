package insight

import (
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

// Audit lists a workspace's events, newest first.
func (a *Insight) Audit(ctx context.Context, c authority.Caller, ref string, f api.AuditFilter, page authority.Page) (rows []api.AuditEvent, next int64, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, sp, err := a.in.Enter(r, c, ref, "audit:read")
		if err != nil {
			return err
		}
		rows, next, err = authority.AuditPage(r, sp.Workspace, f, page)
		return err
	})
	return rows, next, err
}

// InstanceAudit lists the instance's own events, newest first.
func (a *Insight) InstanceAudit(ctx context.Context, c authority.Caller, f api.AuditFilter, page authority.Page) (rows []api.AuditEvent, next int64, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		if _, err := a.in.EnterInstance(r, c); err != nil {
			return err
		}
		rows, next, err = authority.AuditPage(r, ledger.Workspace{}, f, page)
		return err
	})
	return rows, next, err
}

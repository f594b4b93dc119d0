package authority

import (
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
)

// GetPolicy answers what holds in a workspace.
func (a *Authority) GetPolicy(ctx context.Context, c Caller, ref string) (p api.Policy, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		_, sp, err := a.enter(r, c, ref, "policy:read")
		if err == nil {
			p = sp.policy()
			p.Revision = sp.ws.PolicyRevision
		}
		return err
	})
	return p, err
}

// SupportContact answers whom people may ask who are in no workspace, or not
// signed in: the instance's contact, nil for none. This case is special: it asks
// no gate, because the contact is shown to everybody.
func (a *Authority) SupportContact(ctx context.Context) (c *api.SupportContact, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		in, err := r.Instance()
		if err == nil {
			c = policy.OfInstance(in.Policy).SupportContact
		}
		return err
	})
	return c, err
}

// EditPolicy merges a patch into a workspace's overrides.
func (a *Authority) EditPolicy(ctx context.Context, c Caller, ref string, patch api.PatchPolicy) (p api.Policy, revision int64, err error) {
	var left ledger.ID
	revision, err = a.mutate(ctx, c, func(w *work) error {
		ac, sp, err := a.enter(w.Snapshot, c, ref, "policy:write")
		if err != nil {
			return err
		}
		if err := input.First(policy.Check(patch), policy.CheckUnlocked(patch, sp.policy().Locked)); err != nil {
			return err
		}
		before := sp.policy()
		if err := w.expect(sp.ws, "policy", sp.ws.PolicyRevision); err != nil {
			return err
		}
		sp.ws.Policy, sp.ws.PolicyRevision = policy.Merge(sp.ws.Policy, patch), w.Revision()
		if err := w.PutWorkspace(sp.ws); err != nil {
			return err
		}
		in, err := w.Instance()
		if err != nil {
			return err
		}
		p = policy.Effective(in.Policy, sp.ws.Policy)
		p.Revision = sp.ws.PolicyRevision
		w.touchWorkspace(sp.ws.ID)
		if left, err = w.leaveSealed(ac, sp.ws.ID, before, p); err != nil {
			return err
		}
		return w.audit(ac, sp.ws, event{action: "policy.edited", target: "policy", before: before, after: p})
	})
	if err == nil {
		revision = a.begun(ctx, left, revision)
	}
	return p, revision, err
}

// GetInstancePolicy answers the instance's defaults.
func (a *Authority) GetInstancePolicy(ctx context.Context, c Caller) (p api.Policy, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		if _, err := a.enterInstance(r, c); err != nil {
			return err
		}
		in, err := r.Instance()
		p = policy.OfInstance(in.Policy)
		p.Revision = in.PolicyRevision
		return err
	})
	return p, err
}

// EditInstancePolicy merges a patch into the instance's defaults, which every
// workspace inherits live.
func (a *Authority) EditInstancePolicy(ctx context.Context, c Caller, patch api.PatchPolicy) (p api.Policy, revision int64, err error) {
	var left ledger.ID
	revision, err = a.mutate(ctx, c, func(w *work) error {
		ac, err := a.enterInstance(w.Snapshot, c)
		if err != nil {
			return err
		}
		if err := policy.Check(patch); err != nil {
			return err
		}
		in, err := w.Instance()
		if err != nil {
			return err
		}
		before := policy.OfInstance(in.Policy)
		if err := w.expect(ledger.Workspace{}, "policy", in.PolicyRevision); err != nil {
			return err
		}
		in.Policy, in.PolicyRevision = policy.Merge(in.Policy, patch), w.Revision()
		if err := w.PutInstance(in); err != nil {
			return err
		}
		p = policy.OfInstance(in.Policy)
		p.Revision = in.PolicyRevision
		w.touchAllWorkspaces()
		if left, err = w.leaveSealed(ac, 0, before, p); err != nil {
			return err
		}
		return w.audit(ac, ledger.Workspace{}, event{action: "policy.edited", target: "policy", before: before, after: p})
	})
	if err == nil {
		revision = a.begun(ctx, left, revision)
	}
	return p, revision, err
}

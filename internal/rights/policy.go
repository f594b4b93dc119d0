package rights

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
)

// GetPolicy answers what holds in a workspace.
func (a *Rights) GetPolicy(ctx context.Context, c authority.Caller, ref string) (p api.Policy, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, sp, err := a.in.Enter(r, c, ref, "policy:read")
		if err == nil {
			p = sp.Policy()
			p.Revision = sp.Workspace.PolicyRevision
		}
		return err
	})
	return p, err
}

// SupportContact answers whom people may ask who are in no workspace, or not
// signed in: the instance's contact, nil for none. This case is special: it asks
// no gate, because the contact is shown to everybody.
func (a *Rights) SupportContact(ctx context.Context) (c *api.SupportContact, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		in, err := r.Instance()
		if err == nil {
			c = policy.OfInstance(in.Policy).SupportContact
		}
		return err
	})
	return c, err
}

// EditPolicy merges a patch into a workspace's overrides.
func (a *Rights) EditPolicy(ctx context.Context, c authority.Caller, ref string, patch api.PatchPolicy) (done authority.Done[api.Policy], err error) {
	var left ledger.ID
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ac, sp, err := a.in.Enter(w.Snapshot, c, ref, "policy:write")
		if err != nil {
			return err
		}
		if err := input.First(policy.Check(patch), policy.CheckUnlocked(patch, sp.Policy().Locked)); err != nil {
			return err
		}
		before := sp.Policy()
		if err := w.Expect(sp.Workspace, "policy", sp.Workspace.PolicyRevision); err != nil {
			return err
		}
		sp.Workspace.Policy, sp.Workspace.PolicyRevision = policy.Merge(sp.Workspace.Policy, patch), w.Revision()
		if err := w.PutWorkspace(sp.Workspace); err != nil {
			return err
		}
		in, err := w.Instance()
		if err != nil {
			return err
		}
		done.Value = policy.Effective(in.Policy, sp.Workspace.Policy)
		if err := hasOne(w.Snapshot, ac, before, done.Value); err != nil {
			return err
		}
		done.Value.Revision = sp.Workspace.PolicyRevision
		w.TouchWorkspace(sp.Workspace.ID)
		if left, err = w.LeaveSealed(ac, sp.Workspace.ID, before, done.Value); err != nil {
			return err
		}
		return w.Note(ac, sp.Workspace, authority.Event{Action: "policy.edited", Target: "policy", Before: before, After: done.Value})
	})
	if err == nil {
		done.Revision = a.in.Begun(ctx, left, done.Revision)
	}
	return done, err
}

// hasOne refuses to require a second factor to a person who has none: they would be the
// first who is kept out. An API token signs nobody in.
func hasOne(r *authority.Snapshot, ac *authority.Actor, was, now api.Policy) error {
	if was.RequireSecondFactor || !now.RequireSecondFactor || !ac.Person() {
		return nil
	}
	err := authority.SecondFactor(r, ac.Caller)
	if errors.Is(err, authority.ErrOneFactor) {
		return api.FieldError("require_second_factor", "set up a second factor of your own first, or sign in with the one you have")
	}
	return err
}

// GetInstancePolicy answers the instance's defaults.
func (a *Rights) GetInstancePolicy(ctx context.Context, c authority.Caller) (p api.Policy, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		if _, err := a.in.EnterInstance(r, c); err != nil {
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
func (a *Rights) EditInstancePolicy(ctx context.Context, c authority.Caller, patch api.PatchPolicy) (done authority.Done[api.Policy], err error) {
	var left ledger.ID
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ac, err := a.in.EnterInstance(w.Snapshot, c)
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
		if err := w.Expect(ledger.Workspace{}, "policy", in.PolicyRevision); err != nil {
			return err
		}
		in.Policy, in.PolicyRevision = policy.Merge(in.Policy, patch), w.Revision()
		if err := w.PutInstance(in); err != nil {
			return err
		}
		done.Value = policy.OfInstance(in.Policy)
		if err := hasOne(w.Snapshot, ac, before, done.Value); err != nil {
			return err
		}
		done.Value.Revision = in.PolicyRevision
		w.TouchAllWorkspaces()
		if left, err = w.LeaveSealed(ac, 0, before, done.Value); err != nil {
			return err
		}
		return w.Note(ac, ledger.Workspace{}, authority.Event{Action: "policy.edited", Target: "policy", Before: before, After: done.Value})
	})
	if err == nil {
		done.Revision = a.in.Begun(ctx, left, done.Revision)
	}
	return done, err
}

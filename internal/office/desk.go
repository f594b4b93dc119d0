package office

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/owners"
	"github.com/tokenry/tokenry/internal/rights"
	"github.com/tokenry/tokenry/internal/tokens"
)

// Desk is a workspace as one caller stands in it at one moment. What it says about
// rights is what the gate says: it decides nothing of its own, and a verb asks anew.
type Desk struct {
	api.Workspace
	// Member says whether the caller is an active one; who administers the instance
	// need not be.
	Member bool
	// Policy is what holds here; nil for whoever may not read it.
	Policy *api.Policy

	ac *authority.Actor
	sp *authority.Space
}

// Desk answers where a caller stands in a workspace. It needs no scope.
func (a *Office) Desk(ctx context.Context, c authority.Caller, ref string) (d *Desk, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref)
		if err != nil {
			return err
		}
		d = &Desk{Workspace: authority.WorkspaceView(r, sp.Workspace), Member: ac.Member != 0, ac: ac, sp: sp}
		if d.May("policy:read") {
			p := sp.Policy()
			p.Revision = sp.Workspace.PolicyRevision
			d.Policy = &p
		}
		return nil
	})
	return d, err
}

// Homes lists the workspaces that a signed-in person is a member of, or the one of the
// portal link that they came by. It needs no scope.
func (a *Office) Homes(ctx context.Context, c authority.Caller) (out []api.Workspace, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		if _, err := a.in.JudgeInstance(r, c); err != nil {
			return err
		}
		rows, err := r.WorkspacesOf(c.User)
		for _, ws := range rows {
			if c.Portal == "" || c.Portal == ws.Slug {
				out = append(out, authority.WorkspaceView(r, ws))
			}
		}
		return err
	})
	return out, err
}

// IsStrong says whether a signed-in person's session is more than a password's, see
// [authority.SecondFactor].
func (a *Office) IsStrong(ctx context.Context, c authority.Caller) (strong bool, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		err := authority.SecondFactor(r, c)
		if strong = err == nil; errors.Is(err, authority.ErrOneFactor) {
			err = nil
		}
		return err
	})
	return strong, err
}

// Administers refuses whoever does not administer the instance.
func (a *Office) Administers(ctx context.Context, c authority.Caller) error {
	return a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, err := a.in.EnterInstance(r, c)
		return err
	})
}

// Need is the gate's refusal of a caller that lacks one of the scopes.
func (d *Desk) Need(scopes ...string) error { return d.ac.Need(scopes...) }

// May says whether the gate lets the caller pass with these scopes.
func (d *Desk) May(scopes ...string) bool { return d.Need(scopes...) == nil }

// MayHold says whether the caller may hold a personal token here.
func (d *Desk) MayHold() bool {
	return d.ac.Member != 0 && tokens.MayHold(d.ac, d.sp, ledger.Token{OwnerMember: d.ac.Member}, "tokens:create") == nil
}

// MayOnboard says whether the caller may add a resource.
func (d *Desk) MayOnboard() bool { return rights.MayOnboard(d.ac, d.sp) == nil }

// Reach are the resources that the caller may hand on, "*" for all.
func (d *Desk) Reach() []string { return authority.Listed(d.ac.Grant.Resources()) }

// Reaches says whether a resource is among them.
func (d *Desk) Reaches(resource string) bool { return d.ac.Grant.ReachesResource(resource) }

// Has says whether the caller has a scope to hand on.
func (d *Desk) Has(scope string) bool { return d.ac.Grant.AllowsAny(scope) }

// Gives says whether the caller may give somebody a role on all that the caller
// reaches.
func (d *Desk) Gives(role string) bool {
	return owners.MayGive(d.ac, d.sp, []grant.Statement{{Role: role, Resources: d.Reach()}}) == nil
}

// RestartsWebhook says whether the caller may bring an endpoint back that was stopped.
func (d *Desk) RestartsWebhook(h api.Webhook) bool {
	return d.ac.Need("webhooks:write") == nil && d.ac.Restart(authority.Stop{Held: h.HeldByInstance}) == nil
}

// OwnerAbilities are what the caller may do with a member or a service account.
type OwnerAbilities struct {
	// Change is to rename it, to stop it, and to take rights from it.
	Change bool
	// Restart is to bring it and its tokens back.
	Restart bool
}

// OfMember answers what the caller may do with a member.
func (d *Desk) OfMember(m api.Member) OwnerAbilities {
	return d.ofOwner("members:write", m.HeldByInstance, m.Grants, m.Active)
}

// OfAccount answers what the caller may do with a service account.
func (d *Desk) OfAccount(s api.ServiceAccount) OwnerAbilities {
	return d.ofOwner("service-accounts:write", s.HeldByInstance, s.Grants, s.Active)
}

func (d *Desk) ofOwner(scope string, held bool, grants []api.Statement, active bool) OwnerAbilities {
	sts := statementsOf(grants)
	if input.First(d.ac.Need(scope), owners.OwnersOnly(d.ac, sts)) != nil {
		return OwnerAbilities{}
	}
	back := input.First(d.ac.Restart(authority.Stop{Held: held}), d.ac.Cover(d.sp.Compile(sts)))
	return OwnerAbilities{Change: true, Restart: !active && back == nil}
}

func statementsOf(sts []api.Statement) []grant.Statement {
	out := make([]grant.Statement, len(sts))
	for i, s := range sts {
		out[i] = grant.Statement(s)
	}
	return out
}

package authority

import (
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
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

	ac *actor
	sp *space
}

// Desk answers where a caller stands in a workspace. It needs no scope.
func (a *Authority) Desk(ctx context.Context, c Caller, ref string) (d *Desk, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		ac, sp, err := a.enter(r, c, ref)
		if err != nil {
			return err
		}
		d = &Desk{Workspace: workspaceView(r, sp.ws), Member: ac.member != 0, ac: ac, sp: sp}
		if d.May("policy:read") {
			p := sp.policy()
			p.Revision = sp.ws.PolicyRevision
			d.Policy = &p
		}
		return nil
	})
	return d, err
}

// Homes lists the workspaces that a signed-in person is a member of, or the one of the
// portal link that they came by. It needs no scope.
func (a *Authority) Homes(ctx context.Context, c Caller) (out []api.Workspace, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		if _, err := a.judgeInstance(r, c); err != nil {
			return err
		}
		rows, err := r.WorkspacesOf(c.User)
		for _, ws := range rows {
			if c.Portal == "" || c.Portal == ws.Slug {
				out = append(out, workspaceView(r, ws))
			}
		}
		return err
	})
	return out, err
}

// Administers refuses whoever does not administer the instance.
func (a *Authority) Administers(ctx context.Context, c Caller) error {
	return a.read(ctx, func(r *Snapshot) error {
		_, err := a.enterInstance(r, c)
		return err
	})
}

// Need is the gate's refusal of a caller that lacks one of the scopes.
func (d *Desk) Need(scopes ...string) error { return d.ac.need(scopes...) }

// May says whether the gate lets the caller pass with these scopes.
func (d *Desk) May(scopes ...string) bool { return d.Need(scopes...) == nil }

// MayHold says whether the caller may hold a personal token here.
func (d *Desk) MayHold() bool {
	return d.ac.member != 0 && mayHold(d.ac, d.sp, ledger.Token{OwnerMember: d.ac.member}, "tokens:create") == nil
}

// MayOnboard says whether the caller may add a resource.
func (d *Desk) MayOnboard() bool { return mayOnboard(d.ac, d.sp) == nil }

// Reach are the resources that the caller may hand on, "*" for all.
func (d *Desk) Reach() []string { return list0(d.ac.grant.resources()) }

// Reaches says whether a resource is among them.
func (d *Desk) Reaches(resource string) bool { return d.ac.grant.ReachesResource(resource) }

// Has says whether the caller has a scope to hand on.
func (d *Desk) Has(scope string) bool { return d.ac.grant.AllowsAny(scope) }

// Gives says whether the caller may give somebody a role on all that the caller
// reaches.
func (d *Desk) Gives(role string) bool {
	return mayGive(d.ac, d.sp, []grant.Statement{{Role: role, Resources: d.Reach()}}) == nil
}

// RestartsWebhook says whether the caller may bring an endpoint back that was stopped.
func (d *Desk) RestartsWebhook(h api.Webhook) bool {
	return d.ac.need("webhooks:write") == nil && d.ac.restart(stop{held: h.HeldByInstance}) == nil
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
	if input.First(d.ac.need(scope), ownersOnly(d.ac, sts)) != nil {
		return OwnerAbilities{}
	}
	back := input.First(d.ac.restart(stop{held: held}), d.ac.cover(d.sp.compile(sts)))
	return OwnerAbilities{Change: true, Restart: !active && back == nil}
}

func statementsOf(sts []api.Statement) []grant.Statement {
	out := make([]grant.Statement, len(sts))
	for i, s := range sts {
		out[i] = grant.Statement(s)
	}
	return out
}

// TokenAbilities are what the caller may do with a token, as it is now. The zero
// value is that of one whose life is over.
type TokenAbilities struct{ Edit, Disable, Enable, Rotate, Transfer, Remove, Reveal bool }

// TokenAbilities answers, by locator, what a caller may do with tokens of a workspace.
// It asks what the verbs ask; those that it does not find are left out.
func (a *Authority) TokenAbilities(ctx context.Context, c Caller, ref string, tokens []api.Token) (map[string]TokenAbilities, error) {
	out := make(map[string]TokenAbilities, len(tokens))
	err := a.read(ctx, func(r *Snapshot) error {
		ac, sp, err := a.enter(r, c, ref)
		if err != nil {
			return err
		}
		s := a.sight(r, ac, sp)
		for _, v := range tokens {
			can, err := a.abilities(s, v.Locator)
			if ignoreNoRow(err) != nil {
				return err
			}
			if err == nil {
				out[v.Locator] = can
			}
		}
		return nil
	})
	return out, err
}

func (a *Authority) abilities(s *sight, locator string) (can TokenAbilities, err error) {
	t, err := a.token(s.r, s.ac, s.sp, locator)
	if err != nil {
		return can, err
	}
	o, err := s.owner(ownerKey(t))
	if err != nil {
		return can, err
	}
	f := tokenFacts(t, nil)
	ch := &change{ac: s.ac, sp: s.sp, owner: o, was: t, t: t, before: api.Token{Status: status(&f, s.now)}}
	if ch.live() != nil {
		return can, nil
	}
	may := func(scope string) bool { return mayManage(ch.ac, ch.t, scope) == nil }
	can = TokenAbilities{Edit: may("tokens:edit"), Disable: may("tokens:disable"), Remove: may("tokens:delete"), Rotate: ch.mayRotate() == nil}
	can.Reveal = t.Recoverable && may("tokens:reveal") && ch.mayReveal() == nil
	can.Transfer = can.Edit && can.Remove && ch.mayGiveAway() == nil
	can.Enable = ch.before.Status == api.StatusDisabled && can.Disable && ch.mayEnable(s) == nil
	return can, nil
}

// mayGiveAway refuses a transfer that would be refused to whomever it goes.
func (ch *change) mayGiveAway() error {
	return input.First(mayHold(ch.ac, ch.sp, ledger.Token{Kind: token.Service}, "tokens:create"), coverStated(ch.ac, ch.sp, ch.t))
}

// mayEnable judges what EnableToken makes of the token.
func (ch *change) mayEnable(s *sight) error {
	back := *ch
	back.enabled()
	return back.bringBack(s.now)
}

package authority

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// OnboardResource puts an entity of the product on board. By the policy
// onboarding it needs resources:create on the entire portfolio, or only to be an
// active member; who on-boards gets no right to see the results by it.
func (a *Authority) OnboardResource(ctx context.Context, c Caller, ref string, in api.CreateResource) (v api.Resource, revision int64, err error) {
	revision, err = a.mutate(ctx, c, func(w *work) error {
		ac, sp, err := a.enter(w.Snapshot, c, ref)
		if err != nil {
			return err
		}
		if err := input.First(mayOnboard(ac, sp), checkResource(in)); err != nil {
			return err
		}
		if again, err := w.shown(func(name string) error {
			row, err := w.Resource(sp.ws.ID, name)
			v = resourceView(row)
			return err
		}); again || err != nil {
			return err
		}
		if err := sp.free(ledger.RemovedResource, in.Name); err != nil {
			return err
		}
		if _, err := w.Resource(sp.ws.ID, in.Name); !errors.Is(err, ledger.ErrNoRow) {
			return taken("name", "this resource is on board already", err)
		}
		row := ledger.Resource{ID: w.NewID(), Workspace: sp.ws.ID, Name: in.Name, Description: in.Description,
			CreatedBy: ac.principal.Address, CreatedAt: w.now, Revision: w.Revision()}
		v = resourceView(row)
		return input.First(w.PutResource(row), w.rememberObject(row.Name),
			w.audit(ac, sp.ws, event{action: "resource.created", target: "resource:" + row.Name, after: v}))
	})
	return v, revision, err
}

func mayOnboard(ac *actor, sp *space) error {
	switch {
	case ac.Portal != "":
		return ac.need("resources:create")
	case ac.grant.AllowsAll("resources:create"):
		return nil
	case sp.policy().Onboarding == api.OnboardAnyMember && (ac.actsAsMember(sp) || ac.grant.AllowsAny("resources:create")):
		return nil
	case ac.grant.AllowsAny("resources:create"):
		return api.Errorf(api.CodeOnboardingRestricted,
			"on-boarding needs resources:create on the entire portfolio; the caller's grant is restricted to: %s",
			list(ac.grant.resources("resources:create")))
	}
	return ac.need("resources:create")
}

// actsAsMember says whether what every member may do, the caller may: a person,
// one acted as, and a member's token unless it was told to do less.
func (ac *actor) actsAsMember(sp *space) bool {
	if ac.with == nil || ac.onBehalf != "" {
		return ac.member != 0
	}
	said := stated(ac.with.Grants)
	inherits := ac.with.Grants == nil || len(said) < len(ac.with.Grants)
	return ac.member != 0 && (inherits || sp.compile(said).AllowsAny("resources:create"))
}

func checkResource(in api.CreateResource) error {
	if !grant.ValidResource(in.Name) {
		return api.FieldError("name", "must be 1 to 128 of A-Z, a-z, 0-9 and ._:-, and begin with a letter or digit")
	}
	return input.First(input.Free("name", in.Name), input.Secretless("name", in.Name), input.Text("description", in.Description, 0, input.MaxDescription))
}

func resourceView(row ledger.Resource) api.Resource {
	return api.Resource{Name: row.Name, Description: row.Description, CreatedBy: row.CreatedBy,
		CreatedAt: row.CreatedAt.UTC(), Revision: row.Revision}
}

// GetResource answers one resource. It needs resources:read.
func (a *Authority) GetResource(ctx context.Context, c Caller, ref, name string) (v api.Resource, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		_, sp, err := a.enter(r, c, ref, "resources:read")
		if err != nil {
			return err
		}
		row, err := r.Resource(sp.ws.ID, name)
		v = resourceView(row)
		return err
	})
	return v, err
}

// ListResources lists what is on board. It needs resources:read.
func (a *Authority) ListResources(ctx context.Context, c Caller, ref string, page Page) (out []api.Resource, next int64, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		_, sp, err := a.enter(r, c, ref, "resources:read")
		if err != nil {
			return err
		}
		q, err := page.rows()
		if err != nil {
			return err
		}
		rows, err := r.Resources(sp.ws.ID, q)
		if err != nil {
			return err
		}
		rows, next = cut(rows, page.size(), func(row ledger.Resource) int64 { return row.ID })
		out = views(rows, resourceView)
		return nil
	})
	return out, next, err
}

// DeleteResource takes a resource off board and its name out of every grant: from
// then on it means nothing there, and the rows follow in pieces. No list becomes a
// grant of everything by it. It needs resources:delete.
func (a *Authority) DeleteResource(ctx context.Context, c Caller, ref, name string) (v api.Resource, revision int64, err error) {
	var left ledger.ID
	revision, err = a.withdraw(ctx, c, func(w *work) error {
		ac, sp, err := a.enter(w.Snapshot, c, ref, "resources:delete")
		if err != nil {
			return err
		}
		row, err := w.Resource(sp.ws.ID, name)
		if err != nil {
			return err
		}
		v = resourceView(row)
		if left, err = w.leave(ac, ledger.Removal{Workspace: sp.ws.ID, Kind: ledger.RemovedResource, Name: name, Part: ledger.PartMembers}); err != nil {
			return err
		}
		w.touchWorkspace(sp.ws.ID)
		return input.First(
			w.expect(sp.ws, "resource:"+name, row.Revision),
			w.DeleteResource(sp.ws.ID, name),
			w.audit(ac, sp.ws, event{action: "resource.deleted", target: "resource:" + name, before: v}),
		)
	})
	if err == nil {
		revision = a.begun(ctx, left, revision)
	}
	return v, revision, err
}

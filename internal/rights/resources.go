package rights

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// OnboardResource puts an entity of the product on board. By the policy
// onboarding it needs resources:create on the entire portfolio, or only to be an
// active member; who on-boards gets no right to see the results by it.
func (a *Rights) OnboardResource(ctx context.Context, c authority.Caller, ref string, in api.CreateResource) (done authority.Done[api.Resource], err error) {
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ac, sp, err := a.in.Enter(w.Snapshot, c, ref)
		if err != nil {
			return err
		}
		if err := input.First(MayOnboard(ac, sp), checkResource(in)); err != nil {
			return err
		}
		if again, err := w.Shown(func(name string) error {
			row, err := w.Resource(sp.Workspace.ID, name)
			done.Value = resourceView(row)
			return err
		}); again || err != nil {
			return err
		}
		if err := sp.Free(ledger.RemovedResource, in.Name); err != nil {
			return err
		}
		if _, err := w.Resource(sp.Workspace.ID, in.Name); !errors.Is(err, ledger.ErrNoRow) {
			return authority.Taken("name", "this resource is on board already", err)
		}
		row := ledger.Resource{ID: w.NewID(), Workspace: sp.Workspace.ID, Name: in.Name, Description: in.Description,
			CreatedBy: ac.Principal.Address, CreatedAt: w.Now, Revision: w.Revision()}
		done.Value = resourceView(row)
		return input.First(w.PutResource(row), w.RememberObject(row.Name),
			w.Note(ac, sp.Workspace, authority.Event{Action: "resource.created", Target: "resource:" + row.Name, After: done.Value}))
	})
	return done, err
}

// MayOnboard refuses whoever may not put a resource on board here.
func MayOnboard(ac *authority.Actor, sp *authority.Space) error {
	switch {
	case ac.Portal != "":
		return ac.Need("resources:create")
	case ac.Grant.AllowsAll("resources:create"):
		return nil
	case sp.Policy().Onboarding == api.OnboardAnyMember && (actsAsMember(ac, sp) || ac.Grant.AllowsAny("resources:create")):
		return nil
	case ac.Grant.AllowsAny("resources:create"):
		return api.Errorf(api.CodeOnboardingRestricted,
			"on-boarding needs resources:create on the entire portfolio; the caller's grant is restricted to: %s",
			authority.List(ac.Grant.Resources("resources:create")))
	}
	return ac.Need("resources:create")
}

// actsAsMember says whether what every member may do, the caller may: a person,
// one acted as, and a member's token unless it was told to do less.
func actsAsMember(ac *authority.Actor, sp *authority.Space) bool {
	if ac.With == nil || ac.OnBehalf != "" {
		return ac.Member != 0
	}
	said := authority.Stated(ac.With.Grants)
	inherits := ac.With.Grants == nil || len(said) < len(ac.With.Grants)
	return ac.Member != 0 && (inherits || sp.Compile(said).AllowsAny("resources:create"))
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
func (a *Rights) GetResource(ctx context.Context, c authority.Caller, ref, name string) (v api.Resource, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, sp, err := a.in.Enter(r, c, ref, "resources:read")
		if err != nil {
			return err
		}
		row, err := r.Resource(sp.Workspace.ID, name)
		v = resourceView(row)
		return err
	})
	return v, err
}

// ListResources lists what is on board. It needs resources:read.
func (a *Rights) ListResources(ctx context.Context, c authority.Caller, ref string, page authority.Page) (out []api.Resource, next int64, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, sp, err := a.in.Enter(r, c, ref, "resources:read")
		if err != nil {
			return err
		}
		q, err := page.Rows()
		if err != nil {
			return err
		}
		rows, err := r.Resources(sp.Workspace.ID, q)
		if err != nil {
			return err
		}
		rows, next = authority.Cut(rows, page.Size(), func(row ledger.Resource) int64 { return row.ID })
		out = authority.Views(rows, resourceView)
		return nil
	})
	return out, next, err
}

// DeleteResource takes a resource off board and its name out of every grant: from
// then on it means nothing there, and the rows follow in pieces. No list becomes a
// grant of everything by it. It needs resources:delete.
func (a *Rights) DeleteResource(ctx context.Context, c authority.Caller, ref, name string) (done authority.Done[api.Resource], err error) {
	var left ledger.ID
	done.Revision, err = a.in.Withdraw(ctx, c, func(w *authority.Work) error {
		ac, sp, err := a.in.Enter(w.Snapshot, c, ref, "resources:delete")
		if err != nil {
			return err
		}
		row, err := w.Resource(sp.Workspace.ID, name)
		if err != nil {
			return err
		}
		done.Value = resourceView(row)
		if left, err = w.Leave(ac, ledger.Removal{Workspace: sp.Workspace.ID, Kind: ledger.RemovedResource, Name: name}); err != nil {
			return err
		}
		w.TouchWorkspace(sp.Workspace.ID)
		return input.First(
			w.Expect(sp.Workspace, "resource:"+name, row.Revision),
			w.DeleteResource(sp.Workspace.ID, name),
			w.Note(ac, sp.Workspace, authority.Event{Action: "resource.deleted", Target: "resource:" + name, Before: done.Value}),
		)
	})
	if err == nil {
		done.Revision = a.in.Begun(ctx, left, done.Revision)
	}
	return done, err
}

package authority

import (
	"context"
	"errors"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
)

// OnboardResource puts an entity of the product on board. By the policy
// onboarding it needs resources:create on the entire portfolio, or only to be an
// active member; who on-boards gets no right to see the results by it.
func (a *Authority) OnboardResource(ctx context.Context, c Caller, ref string, in api.CreateResource) (v api.Resource, revision int64, err error) {
	revision, err = a.mutate(ctx, c, func(w *work) error {
		ac, sp, err := a.enter(w, c, ref)
		if err != nil {
			return err
		}
		if err := firstError(mayOnboard(ac, sp), checkResource(in)); err != nil {
			return err
		}
		if again, err := w.shown(func(name string) error {
			row, err := w.Resource(sp.ws.ID, name)
			v = resourceView(row)
			return err
		}); again || err != nil {
			return err
		}
		if _, err := w.Resource(sp.ws.ID, in.Name); !errors.Is(err, ErrNoRow) {
			return taken("name", "this resource is on board already", err)
		}
		row := Resource{ID: w.NewID(), Workspace: sp.ws.ID, Name: in.Name, Description: in.Description,
			CreatedBy: ac.principal.Address, CreatedAt: w.now, Revision: w.Revision()}
		v = resourceView(row)
		return firstError(w.PutResource(row), w.rememberObject(row.Name),
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
			list(ac.grant.Resources("resources:create")))
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
	return firstError(checkSecretless("name", in.Name), checkText("description", in.Description, 0, maxDescription))
}

func resourceView(row Resource) api.Resource {
	return api.Resource{Name: row.Name, Description: row.Description, CreatedBy: row.CreatedBy,
		CreatedAt: row.CreatedAt.UTC(), Revision: row.Revision}
}

// GetResource answers one resource. It needs resources:read.
func (a *Authority) GetResource(ctx context.Context, c Caller, ref, name string) (v api.Resource, err error) {
	err = a.read(ctx, func(r Reader) error {
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
	err = a.read(ctx, func(r Reader) error {
		_, sp, err := a.enter(r, c, ref, "resources:read")
		if err != nil {
			return err
		}
		rows, err := r.Resources(sp.ws.ID, page.rows())
		if err != nil {
			return err
		}
		rows, next = cut(rows, page.size(), func(row Resource) int64 { return row.ID })
		out = views(rows, resourceView)
		return nil
	})
	return out, next, err
}

// DeleteResource takes a resource off board and its name out of every grant.
// No list becomes a grant of everything by it. It needs resources:delete.
func (a *Authority) DeleteResource(ctx context.Context, c Caller, ref, name string) (v api.Resource, revision int64, err error) {
	revision, err = a.withdraw(ctx, c, func(w *work) error {
		ac, sp, err := a.enter(w, c, ref, "resources:delete")
		if err != nil {
			return err
		}
		row, err := w.Resource(sp.ws.ID, name)
		if err != nil {
			return err
		}
		v = resourceView(row)
		return firstError(
			w.DeleteResource(sp.ws.ID, name),
			w.rewriteGrants(sp, func(s *grant.Statement) bool { return without(&s.Resources, name) }),
			w.audit(ac, sp.ws, event{action: "resource.deleted", target: "resource:" + name, before: v}),
		)
	})
	return v, revision, err
}

// without takes a name out of a list, which stays a list, and says whether it
// was in it.
func without(names *[]string, name string) bool {
	i := slices.Index(*names, name)
	if i < 0 {
		return false
	}
	*names = append(slices.Clone((*names)[:i]), (*names)[i+1:]...)
	return true
}

// rewriteGrants applies f to every statement of every member, service account
// and token of the workspace, and writes those in which it changed something.
func (w *work) rewriteGrants(sp *space, f func(*grant.Statement) bool) error {
	return firstError(w.rewriteMembers(sp, f), w.rewriteAccounts(sp, f), w.rewriteTokens(sp, f))
}

// rewrite applies f to a copy of the statements.
func rewrite(sts []grant.Statement, f func(*grant.Statement) bool) ([]grant.Statement, bool) {
	out, changed := slices.Clone(sts), false
	for i := range out {
		changed = f(&out[i]) || changed
	}
	return out, changed
}

func (w *work) rewriteMembers(sp *space, f func(*grant.Statement) bool) error {
	for after := ID(0); ; {
		ms, err := w.Members(sp.ws.ID, Range{After: after, Limit: maxPage})
		if err != nil {
			return err
		}
		for _, m := range ms {
			after = m.ID
			var changed bool
			if m.Grants, changed = rewrite(m.Grants, f); !changed {
				continue
			}
			m.Revision = w.Revision()
			if err := w.PutMember(m); err != nil {
				return err
			}
			w.touchMember(m.ID)
		}
		if len(ms) < maxPage {
			return nil
		}
	}
}

func (w *work) rewriteAccounts(sp *space, f func(*grant.Statement) bool) error {
	for after := ID(0); ; {
		rows, err := w.ServiceAccounts(sp.ws.ID, Range{After: after, Limit: maxPage})
		if err != nil {
			return err
		}
		for _, s := range rows {
			after = s.ID
			var changed bool
			if s.Grants, changed = rewrite(s.Grants, f); !changed {
				continue
			}
			s.Revision = w.Revision()
			if err := w.PutServiceAccount(s); err != nil {
				return err
			}
			w.touchServiceAccount(s.ID)
		}
		if len(rows) < maxPage {
			return nil
		}
	}
}

func (w *work) rewriteTokens(sp *space, f func(*grant.Statement) bool) error {
	return w.eachToken(sp, TokenQuery{Deleted: true}, func(t Token) error {
		var changed bool
		if t.Grants, changed = rewrite(t.Grants, f); !changed {
			return nil
		}
		t.Revision = w.Revision()
		w.touchToken(t)
		return w.PutToken(t)
	})
}

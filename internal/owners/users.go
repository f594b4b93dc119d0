package owners

import (
	"context"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// GetUser answers one user across workspaces. It needs instance:admin.
func (a *Owners) GetUser(ctx context.Context, c authority.Caller, ref string) (v api.User, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		if _, err := a.in.EnterInstance(r, c); err != nil {
			return err
		}
		u, err := authority.User(r, ref)
		if err != nil {
			return err
		}
		slugs, err := authority.WorkspacesOf(r, u)
		v = authority.UserView(r, u, slugs)
		return err
	})
	return v, err
}

// ListUsers lists all users. It needs instance:admin.
func (a *Owners) ListUsers(ctx context.Context, c authority.Caller, page authority.Page) (out []api.User, next int64, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		if _, err := a.in.EnterInstance(r, c); err != nil {
			return err
		}
		q, err := page.Rows()
		if err != nil {
			return err
		}
		rows, err := r.Users(q)
		if err != nil {
			return err
		}
		rows, next = authority.Cut(rows, page.Size(), func(u ledger.User) int64 { return u.ID })
		out, err = userViews(r, rows)
		return err
	})
	return out, next, err
}

func userViews(r *authority.Snapshot, rows []ledger.User) ([]api.User, error) {
	out := make([]api.User, len(rows))
	for i, u := range rows {
		slugs, err := authority.WorkspacesOf(r, u)
		if err != nil {
			return nil, err
		}
		out[i] = authority.UserView(r, u, slugs)
	}
	return out, nil
}

// ListAdmins lists the instance administrators. It needs instance:admin.
func (a *Owners) ListAdmins(ctx context.Context, c authority.Caller) (out []api.User, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		if _, err := a.in.EnterInstance(r, c); err != nil {
			return err
		}
		rows, err := r.InstanceAdmins()
		if err != nil {
			return err
		}
		out, err = userViews(r, rows)
		return err
	})
	return out, err
}

// changeUser applies f to a user and tells memory and the audit of the instance.
func changeUser(ctx context.Context, a *authority.Authority, e authority.Effect, c authority.Caller, ref, action string, f func(*authority.Work, *authority.Actor, *ledger.User) error) (done authority.Done[api.User], err error) {
	done.Revision, err = a.Apply(ctx, e, c, func(w *authority.Work) error {
		ac, err := a.EnterInstance(w.Snapshot, c)
		if err != nil {
			return err
		}
		u, err := authority.User(w.Snapshot, ref)
		if err != nil {
			return err
		}
		if !u.ErasedAt.IsZero() {
			return api.Errorf(api.CodeErased, "everything about this user was erased")
		}
		was := u
		if err := f(w, ac, &u); err != nil {
			return err
		}
		done.Value, err = finishUser(w, ac, was, u, action)
		return err
	})
	return done, err
}

func finishUser(w *authority.Work, ac *authority.Actor, was, u ledger.User, action string) (api.User, error) {
	if err := w.Expect(ledger.Workspace{}, "user:"+was.PublicID, was.Revision); err != nil {
		return api.User{}, err
	}
	slugs, err := authority.WorkspacesOf(w.Snapshot, u)
	if err != nil {
		return api.User{}, err
	}
	u.Revision = w.Revision()
	if err := w.PutUser(u); err != nil {
		return api.User{}, err
	}
	if err := input.First(touchMemberships(w, was), keepAdmin(w, was, u)); err != nil {
		return api.User{}, err
	}
	v := authority.UserView(w.Snapshot, u, slugs)
	return v, w.Note(ac, ledger.Workspace{}, authority.Event{Action: action, Target: "user:" + v.ID, Before: authority.UserView(w.Snapshot, was, slugs), After: v})
}

// touchMemberships tells memory of every membership of a user, and refuses a
// change that leaves one of the workspaces without an active Owner.
func touchMemberships(w *authority.Work, u ledger.User) error {
	rows, err := w.WorkspacesOf(u.ID)
	if err != nil {
		return err
	}
	for _, ws := range rows {
		m, err := w.Member(ws.ID, ledger.MemberKey{User: u.ID})
		if err != nil {
			return err
		}
		w.TouchMember(m)
		was := m
		was.UserDeactivatedAt = u.DeactivatedAt
		if err := keepOwner(w, was, ws); err != nil {
			return err
		}
	}
	return nil
}

// keepAdmin refuses a change that took the last active instance administrator away.
func keepAdmin(w *authority.Work, was, now ledger.User) error {
	if now.InstanceAdmin && now.DeactivatedAt.IsZero() {
		return nil
	}
	admins, err := w.InstanceAdmins()
	return input.First(err, KeepsAdmin(was, admins))
}

// KeepsAdmin refuses to let go of the last active instance administrator. Admins are
// those who are active, before or after u was let go of.
func KeepsAdmin(u ledger.User, admins []ledger.User) error {
	if !u.InstanceAdmin || !u.DeactivatedAt.IsZero() || slices.ContainsFunc(admins, func(other ledger.User) bool { return other.ID != u.ID }) {
		return nil
	}
	return api.Errorf(api.CodeLastInstanceAdmin, "the instance would be left without an active administrator")
}

// AddAdmin makes a user an instance administrator. It needs instance:admin.
func (a *Owners) AddAdmin(ctx context.Context, c authority.Caller, in api.AddAdmin) (authority.Done[api.User], error) {
	return changeUser(ctx, a.in, authority.Gives, c, in.User, "admin.added", func(w *authority.Work, ac *authority.Actor, u *ledger.User) error {
		u.InstanceAdmin = true
		w.OnlyGives()
		return unvouched(w, ac, u, 0)
	})
}

// RemoveAdmin makes an instance administrator a plain user.
func (a *Owners) RemoveAdmin(ctx context.Context, c authority.Caller, ref string) (authority.Done[api.User], error) {
	return changeUser(ctx, a.in, authority.Takes, c, ref, "admin.removed", func(_ *authority.Work, _ *authority.Actor, u *ledger.User) error {
		u.InstanceAdmin = false
		return nil
	})
}

// DeactivateUser stops a person's tokens and sessions in every workspace until
// it is activated. It needs instance:admin.
func (a *Owners) DeactivateUser(ctx context.Context, c authority.Caller, ref string) (authority.Done[api.User], error) {
	return changeUser(ctx, a.in, authority.Takes, c, ref, "user.deactivated", func(w *authority.Work, ac *authority.Actor, u *ledger.User) error {
		if u.DeactivatedAt.IsZero() {
			u.DeactivatedAt, u.DeactivatedBy = w.Now, ac.Name()
		}
		return nil
	})
}

// ActivateUser brings a deactivated user back. It needs instance:admin.
func (a *Owners) ActivateUser(ctx context.Context, c authority.Caller, ref string) (authority.Done[api.User], error) {
	return changeUser(ctx, a.in, authority.Gives, c, ref, "user.activated", func(w *authority.Work, _ *authority.Actor, u *ledger.User) error {
		u.DeactivatedAt, u.DeactivatedBy = time.Time{}, ""
		w.OnlyGives()
		return nil
	})
}

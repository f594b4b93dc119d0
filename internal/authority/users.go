package authority

import (
	"context"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// user finds the user that a reference names: an e-mail or an id.
func user(r *Snapshot, ref string) (ledger.User, error) {
	if strings.Contains(ref, "@") {
		return r.User(ledger.UserKey{Email: strings.ToLower(ref)})
	}
	return r.User(ledger.UserKey{PublicID: ref})
}

func workspacesOf(r *Snapshot, u ledger.User) ([]string, error) {
	rows, err := r.WorkspacesOf(u.ID)
	return views(rows, func(ws ledger.Workspace) string { return ws.Slug }), err
}

// GetUser answers one user across workspaces. It needs instance:admin.
func (a *Authority) GetUser(ctx context.Context, c Caller, ref string) (v api.User, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		if _, err := a.enterInstance(r, c); err != nil {
			return err
		}
		u, err := user(r, ref)
		if err != nil {
			return err
		}
		slugs, err := workspacesOf(r, u)
		v = userView(r, u, slugs)
		return err
	})
	return v, err
}

// ListUsers lists all users. It needs instance:admin.
func (a *Authority) ListUsers(ctx context.Context, c Caller, page Page) (out []api.User, next int64, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		if _, err := a.enterInstance(r, c); err != nil {
			return err
		}
		q, err := page.rows()
		if err != nil {
			return err
		}
		rows, err := r.Users(q)
		if err != nil {
			return err
		}
		rows, next = cut(rows, page.size(), func(u ledger.User) int64 { return u.ID })
		out, err = userViews(r, rows)
		return err
	})
	return out, next, err
}

func userViews(r *Snapshot, rows []ledger.User) ([]api.User, error) {
	out := make([]api.User, len(rows))
	for i, u := range rows {
		slugs, err := workspacesOf(r, u)
		if err != nil {
			return nil, err
		}
		out[i] = userView(r, u, slugs)
	}
	return out, nil
}

// ListAdmins lists the instance administrators. It needs instance:admin.
func (a *Authority) ListAdmins(ctx context.Context, c Caller) (out []api.User, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		if _, err := a.enterInstance(r, c); err != nil {
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
func (a *Authority) changeUser(ctx context.Context, e effect, c Caller, ref, action string, f func(*work, *actor, *ledger.User)) (v api.User, revision int64, err error) {
	revision, err = a.apply(ctx, e, c, func(w *work) error {
		ac, err := a.enterInstance(w.Snapshot, c)
		if err != nil {
			return err
		}
		u, err := user(w.Snapshot, ref)
		if err != nil {
			return err
		}
		if !u.ErasedAt.IsZero() {
			return api.Errorf(api.CodeErased, "everything about this user was erased")
		}
		was := u
		f(w, ac, &u)
		v, err = w.finishUser(ac, was, u, action)
		return err
	})
	return v, revision, err
}

func (w *work) finishUser(ac *actor, was, u ledger.User, action string) (api.User, error) {
	if err := w.expect(ledger.Workspace{}, "user:"+was.PublicID, was.Revision); err != nil {
		return api.User{}, err
	}
	slugs, err := workspacesOf(w.Snapshot, u)
	if err != nil {
		return api.User{}, err
	}
	u.Revision = w.Revision()
	if err := w.PutUser(u); err != nil {
		return api.User{}, err
	}
	if err := input.First(w.touchMemberships(was), w.keepAdmin(was)); err != nil {
		return api.User{}, err
	}
	v := userView(w.Snapshot, u, slugs)
	return v, w.audit(ac, ledger.Workspace{}, event{action: action, target: "user:" + v.ID, before: userView(w.Snapshot, was, slugs), after: v})
}

// touchMemberships tells memory of every membership of a user, and refuses a
// change that leaves one of the workspaces without an active Owner.
func (w *work) touchMemberships(u ledger.User) error {
	rows, err := w.WorkspacesOf(u.ID)
	if err != nil {
		return err
	}
	for _, ws := range rows {
		m, err := w.Member(ws.ID, ledger.MemberKey{User: u.ID})
		if err != nil {
			return err
		}
		w.touchMember(m.ID)
		was := m
		was.UserDeactivatedAt = u.DeactivatedAt
		if err := w.keepOwner(was, ws); err != nil {
			return err
		}
	}
	return nil
}

// keepAdmin refuses a change that took the last active instance administrator away.
func (w *work) keepAdmin(was ledger.User) error {
	if !was.InstanceAdmin || !was.DeactivatedAt.IsZero() {
		return nil
	}
	admins, err := w.InstanceAdmins()
	if err != nil || len(admins) > 0 {
		return err
	}
	return api.Errorf(api.CodeLastInstanceAdmin, "the instance would be left without an active administrator")
}

// AddAdmin makes a user an instance administrator. It needs instance:admin.
func (a *Authority) AddAdmin(ctx context.Context, c Caller, in api.AddAdmin) (api.User, int64, error) {
	return a.changeUser(ctx, gives, c, in.User, "admin.added", func(_ *work, _ *actor, u *ledger.User) { u.InstanceAdmin = true })
}

// RemoveAdmin makes an instance administrator a plain user.
func (a *Authority) RemoveAdmin(ctx context.Context, c Caller, ref string) (api.User, int64, error) {
	return a.changeUser(ctx, takes, c, ref, "admin.removed", func(_ *work, _ *actor, u *ledger.User) { u.InstanceAdmin = false })
}

// DeactivateUser stops a person's tokens and sessions in every workspace until
// it is activated. It needs instance:admin.
func (a *Authority) DeactivateUser(ctx context.Context, c Caller, ref string) (api.User, int64, error) {
	return a.changeUser(ctx, takes, c, ref, "user.deactivated", func(w *work, ac *actor, u *ledger.User) {
		if u.DeactivatedAt.IsZero() {
			u.DeactivatedAt, u.DeactivatedBy = w.now, ac.name()
		}
	})
}

// ActivateUser brings a deactivated user back. It needs instance:admin.
func (a *Authority) ActivateUser(ctx context.Context, c Caller, ref string) (api.User, int64, error) {
	return a.changeUser(ctx, gives, c, ref, "user.activated", func(_ *work, _ *actor, u *ledger.User) {
		u.DeactivatedAt, u.DeactivatedBy = time.Time{}, ""
	})
}

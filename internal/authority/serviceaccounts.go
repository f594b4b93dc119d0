package authority

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// CreateServiceAccount makes a non-human principal. It needs
// service-accounts:write, and rights within the caller's own.
func (a *Authority) CreateServiceAccount(ctx context.Context, c Caller, ref string, in api.CreateServiceAccount) (v api.ServiceAccount, revision int64, err error) {
	revision, err = a.mutate(ctx, c, func(w *work) error {
		ac, sp, err := a.enter(w.Snapshot, c, ref, "service-accounts:write")
		if err != nil {
			return err
		}
		if again, err := w.shown(func(name string) error {
			s, err := w.ServiceAccount(sp.ws.ID, ledger.ServiceAccountKey{Name: name})
			v = serviceAccountView(s, sp)
			return err
		}); again || err != nil {
			return err
		}
		if v, err = w.newServiceAccount(ac, sp, in); err != nil {
			return err
		}
		return w.rememberObject(v.Name)
	})
	return v, revision, err
}

func (w *work) newServiceAccount(ac *actor, sp *space, in api.CreateServiceAccount) (api.ServiceAccount, error) {
	s := ledger.ServiceAccount{Workspace: sp.ws.ID, Name: in.Name, CreatedAt: w.now}
	if err := checkServiceAccountName(in.Name); err != nil {
		return api.ServiceAccount{}, err
	}
	sts, _, err := mergeRights(nil, in.Rights)
	if err != nil {
		return api.ServiceAccount{}, err
	}
	s.Grants = nonNil(sts)
	if err := input.First(mayGive(ac, sp, s.Grants), describeServiceAccount(&s, in.Description, in.Contacts)); err != nil {
		return api.ServiceAccount{}, err
	}
	if _, err := w.ServiceAccount(sp.ws.ID, ledger.ServiceAccountKey{Name: in.Name}); !errors.Is(err, ledger.ErrNoRow) {
		return api.ServiceAccount{}, taken("name", "a service account has this name", err)
	}
	if s.PublicID, err = publicID(w.a.rand, accountID); err != nil {
		return api.ServiceAccount{}, err
	}
	s.ID = w.NewID()
	return w.putServiceAccount(ac, sp, s, event{action: "service_account.created"})
}

func describeServiceAccount(s *ledger.ServiceAccount, description api.Opt[string], contacts api.Opt[[]string]) error {
	if description.Set {
		if err := input.Text("description", description.Value, 0, input.MaxDescription); err != nil {
			return err
		}
		s.Description = description.Value
	}
	if !contacts.Set {
		return nil
	}
	if len(contacts.Value) > 20 {
		return api.FieldError("contacts", "at most 20 addresses")
	}
	s.Contacts = nil
	for _, text := range contacts.Value {
		email, err := input.Email("contacts", text)
		if err != nil {
			return err
		}
		s.Contacts = append(s.Contacts, email)
	}
	return nil
}

func (w *work) putServiceAccount(ac *actor, sp *space, s ledger.ServiceAccount, e event) (api.ServiceAccount, error) {
	s.Revision = w.Revision()
	if err := w.PutServiceAccount(s); err != nil {
		return api.ServiceAccount{}, err
	}
	w.touchServiceAccount(s.ID)
	v := serviceAccountRow(s, sp)
	e.target, e.after = "service_account:"+v.Name, v
	return serviceAccountView(s, sp), w.audit(ac, sp.ws, e)
}

// GetServiceAccount answers one service account. It needs service-accounts:read.
func (a *Authority) GetServiceAccount(ctx context.Context, c Caller, ref, name string) (v api.ServiceAccount, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		_, sp, err := a.enter(r, c, ref, "service-accounts:read")
		if err != nil {
			return err
		}
		s, err := r.ServiceAccount(sp.ws.ID, serviceAccountKey(name, sp.ws))
		if err == nil {
			v = serviceAccountView(s, sp)
		}
		return err
	})
	return v, err
}

// ListServiceAccounts lists them. It needs service-accounts:read.
func (a *Authority) ListServiceAccounts(ctx context.Context, c Caller, ref string, page Page) (out []api.ServiceAccount, next int64, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		_, sp, err := a.enter(r, c, ref, "service-accounts:read")
		if err != nil {
			return err
		}
		q, err := page.rows()
		if err != nil {
			return err
		}
		rows, err := r.ServiceAccounts(sp.ws.ID, q)
		if err != nil {
			return err
		}
		rows, next = cut(rows, page.size(), func(s ledger.ServiceAccount) int64 { return s.ID })
		out = views(rows, func(s ledger.ServiceAccount) api.ServiceAccount {
			if page.Effective {
				return serviceAccountView(s, sp)
			}
			return serviceAccountRow(s, sp)
		})
		return nil
	})
	return out, next, err
}

// accountChange is one service account being changed.
type accountChange struct {
	ac     *actor
	sp     *space
	before api.ServiceAccount
	was, s ledger.ServiceAccount
}

func (w *work) beginAccount(ref, name string) (*accountChange, error) {
	ac, sp, err := w.a.enter(w.Snapshot, w.caller, ref, "service-accounts:write")
	if err != nil {
		return nil, err
	}
	s, err := w.ServiceAccount(sp.ws.ID, serviceAccountKey(name, sp.ws))
	if err != nil {
		return nil, err
	}
	return &accountChange{ac: ac, sp: sp, before: serviceAccountRow(s, sp), was: s, s: s}, ownersOnly(ac, s.Grants)
}

func (w *work) finishAccount(ch *accountChange, action string) (api.ServiceAccount, error) {
	if err := w.expect(ch.sp.ws, "service_account:"+ch.was.Name, ch.was.Revision); err != nil {
		return api.ServiceAccount{}, err
	}
	return w.putServiceAccount(ch.ac, ch.sp, ch.s, event{action: action, before: ch.before})
}

// EditServiceAccount merges a patch into a service account. It needs
// service-accounts:write, and rights within the caller's own when it gives more.
func (a *Authority) EditServiceAccount(ctx context.Context, c Caller, ref, name string, in api.EditServiceAccount) (v api.ServiceAccount, revision int64, err error) {
	revision, err = a.mutate(ctx, c, func(w *work) error {
		ch, err := w.beginAccount(ref, name)
		if err != nil {
			return err
		}
		if err := editAccount(ch, in); err != nil {
			return err
		}
		v, err = w.finishAccount(ch, "service_account.edited")
		return err
	})
	return v, revision, err
}

func editAccount(ch *accountChange, in api.EditServiceAccount) error {
	if err := describeServiceAccount(&ch.s, in.Description, in.Contacts); err != nil {
		return err
	}
	var err error
	ch.s.Grants, err = regrant(ch.ac, ch.sp, ch.was.Grants, in.Rights)
	return err
}

// DisableServiceAccount stops a service account's tokens until it is enabled.
// A dry run only lists them.
func (a *Authority) DisableServiceAccount(ctx context.Context, c Caller, ref, name string, dryRun bool) (v api.ServiceAccount, hit api.Affected, revision int64, err error) {
	var of ledger.TokenQuery
	revision, err = a.withdraw(ctx, c, func(w *work) error {
		ch, err := w.beginAccount(ref, name)
		if err != nil {
			return err
		}
		of.OwnerServiceAccount = ch.s.ID
		ch.ac.stop(accountStop(ch.s), "service-accounts:write", w.now).ofAccount(&ch.s)
		v, err = w.finishAccount(ch, "service_account.disabled")
		return orDryRun(err, dryRun)
	})
	if err == nil && dryRun {
		hit, err = a.stopped(ctx, c, ref, of)
	}
	return v, hit, revision, err
}

// EnableServiceAccount brings a disabled one and its tokens back.
func (a *Authority) EnableServiceAccount(ctx context.Context, c Caller, ref, name string) (v api.ServiceAccount, revision int64, err error) {
	revision, err = a.mutate(ctx, c, func(w *work) error {
		ch, err := w.beginAccount(ref, name)
		if err != nil {
			return err
		}
		was := accountStop(ch.s)
		stop{}.ofAccount(&ch.s)
		if err := input.First(ch.ac.restart(was), coverOwner(ch.ac, ch.sp, serviceAccountOwner(ch.s, ch.sp.ws))); err != nil {
			return err
		}
		v, err = w.finishAccount(ch, "service_account.enabled")
		return err
	})
	return v, revision, err
}

// RemoveServiceAccount ends a service account for good, as RemoveMember does a
// membership. A dry run only lists its tokens.
func (a *Authority) RemoveServiceAccount(ctx context.Context, c Caller, ref, name string, dryRun bool) (v api.ServiceAccount, hit api.Affected, revision int64, err error) {
	left, x := ledger.ID(0), ledger.Removal{Kind: ledger.RemovedServiceAccount}
	revision, err = a.withdraw(ctx, c, func(w *work) error {
		ch, err := w.beginAccount(ref, name)
		if err != nil {
			return err
		}
		ch.s.RemovedAt = w.now
		if v, err = w.finishAccount(ch, "service_account.removed"); err != nil {
			return err
		}
		x.Workspace, x.Owner = ch.sp.ws.ID, ch.s.ID
		left, err = w.leaveTokens(ch.ac, x)
		return orDryRun(err, dryRun)
	})
	switch {
	case err != nil:
	case dryRun:
		hit, err = a.stopped(ctx, c, ref, ledger.TokenQuery{OwnerServiceAccount: x.Owner})
	default:
		revision = a.begun(ctx, left, revision)
	}
	return v, hit, revision, err
}

package owners

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// CreateServiceAccount makes a non-human principal. It needs
// service-accounts:write, and rights within the caller's own.
func (a *Owners) CreateServiceAccount(ctx context.Context, c authority.Caller, ref string, in api.CreateServiceAccount) (done authority.Done[api.ServiceAccount], err error) {
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ac, sp, err := a.in.Enter(w.Snapshot, c, ref, "service-accounts:write")
		if err != nil {
			return err
		}
		if again, err := w.Shown(func(name string) error {
			s, err := w.ServiceAccount(sp.Workspace.ID, ledger.ServiceAccountKey{Name: name})
			done.Value = authority.ServiceAccountView(s, sp)
			return err
		}); again || err != nil {
			return err
		}
		if done.Value, err = newServiceAccount(w, ac, sp, in); err != nil {
			return err
		}
		return w.RememberObject(done.Value.Name)
	})
	return done, err
}

func newServiceAccount(w *authority.Work, ac *authority.Actor, sp *authority.Space, in api.CreateServiceAccount) (api.ServiceAccount, error) {
	s := ledger.ServiceAccount{Workspace: sp.Workspace.ID, Name: in.Name, CreatedAt: w.Now}
	if err := authority.CheckServiceAccountName(in.Name); err != nil {
		return api.ServiceAccount{}, err
	}
	sts, _, err := input.MergeRights(nil, in.Rights)
	if err != nil {
		return api.ServiceAccount{}, err
	}
	s.Grants = authority.NonNil(sts)
	if err := input.First(MayGive(ac, sp, s.Grants), describeServiceAccount(&s, in.Description, in.Contacts)); err != nil {
		return api.ServiceAccount{}, err
	}
	if _, err := w.ServiceAccount(sp.Workspace.ID, ledger.ServiceAccountKey{Name: in.Name}); !errors.Is(err, ledger.ErrNoRow) {
		return api.ServiceAccount{}, authority.Taken("name", "a service account has this name", err)
	}
	if s.PublicID, err = authority.PublicID(w.Authority.Rand(), authority.AccountID); err != nil {
		return api.ServiceAccount{}, err
	}
	s.ID = w.NewID()
	return putServiceAccount(w, ac, sp, s, authority.Event{Action: "service_account.created"})
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

func putServiceAccount(w *authority.Work, ac *authority.Actor, sp *authority.Space, s ledger.ServiceAccount, e authority.Event) (api.ServiceAccount, error) {
	s.Revision = w.Revision()
	if err := w.PutServiceAccount(s); err != nil {
		return api.ServiceAccount{}, err
	}
	w.TouchServiceAccount(s)
	v := authority.ServiceAccountRow(s, sp)
	e.Target, e.After = "service_account:"+v.Name, v
	return authority.ServiceAccountView(s, sp), w.Note(ac, sp.Workspace, e)
}

// GetServiceAccount answers one service account. It needs service-accounts:read.
func (a *Owners) GetServiceAccount(ctx context.Context, c authority.Caller, ref, name string) (v api.ServiceAccount, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, sp, err := a.in.Enter(r, c, ref, "service-accounts:read")
		if err != nil {
			return err
		}
		s, err := r.ServiceAccount(sp.Workspace.ID, authority.ServiceAccountKey(name, sp.Workspace))
		if err == nil {
			v = authority.ServiceAccountView(s, sp)
		}
		return err
	})
	return v, err
}

// ListServiceAccounts lists them. It needs service-accounts:read.
func (a *Owners) ListServiceAccounts(ctx context.Context, c authority.Caller, ref string, page authority.Page) (out []api.ServiceAccount, next int64, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, sp, err := a.in.Enter(r, c, ref, "service-accounts:read")
		if err != nil {
			return err
		}
		q, err := page.Rows()
		if err != nil {
			return err
		}
		rows, err := r.ServiceAccounts(sp.Workspace.ID, q)
		if err != nil {
			return err
		}
		rows, next = authority.Cut(rows, page.Size(), func(s ledger.ServiceAccount) int64 { return s.ID })
		out = authority.Views(rows, func(s ledger.ServiceAccount) api.ServiceAccount {
			if page.Effective {
				return authority.ServiceAccountView(s, sp)
			}
			return authority.ServiceAccountRow(s, sp)
		})
		return nil
	})
	return out, next, err
}

// accountChange is one service account being changed.
type accountChange struct {
	ac     *authority.Actor
	sp     *authority.Space
	before api.ServiceAccount
	was, s ledger.ServiceAccount
}

func beginAccount(w *authority.Work, ref, name string) (*accountChange, error) {
	ac, sp, err := w.Authority.Enter(w.Snapshot, w.Caller, ref, "service-accounts:write")
	if err != nil {
		return nil, err
	}
	s, err := w.ServiceAccount(sp.Workspace.ID, authority.ServiceAccountKey(name, sp.Workspace))
	if err != nil {
		return nil, err
	}
	return &accountChange{ac: ac, sp: sp, before: authority.ServiceAccountRow(s, sp), was: s, s: s}, OwnersOnly(ac, s.Grants)
}

func finishAccount(w *authority.Work, ch *accountChange, action string) (api.ServiceAccount, error) {
	if err := w.Expect(ch.sp.Workspace, "service_account:"+ch.was.Name, ch.was.Revision); err != nil {
		return api.ServiceAccount{}, err
	}
	return putServiceAccount(w, ch.ac, ch.sp, ch.s, authority.Event{Action: action, Before: ch.before})
}

// EditServiceAccount merges a patch into a service account. It needs
// service-accounts:write, and rights within the caller's own when it gives more.
func (a *Owners) EditServiceAccount(ctx context.Context, c authority.Caller, ref, name string, in api.EditServiceAccount) (done authority.Done[api.ServiceAccount], err error) {
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ch, err := beginAccount(w, ref, name)
		if err != nil {
			return err
		}
		if err := editAccount(ch, in); err != nil {
			return err
		}
		done.Value, err = finishAccount(w, ch, "service_account.edited")
		return err
	})
	return done, err
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
func (a *Owners) DisableServiceAccount(ctx context.Context, c authority.Caller, ref, name string, dryRun bool) (done authority.Done[api.ServiceAccount], err error) {
	var of ledger.TokenQuery
	done.Revision, err = a.in.Withdraw(ctx, c, func(w *authority.Work) error {
		ch, err := beginAccount(w, ref, name)
		if err != nil {
			return err
		}
		of.OwnerServiceAccount = ch.s.ID
		ch.ac.Stop(authority.AccountStop(ch.s), "service-accounts:write", w.Now).OfAccount(&ch.s)
		done.Value, err = finishAccount(w, ch, "service_account.disabled")
		return authority.OrDryRun(err, dryRun)
	})
	if err == nil && dryRun {
		done.Affected, err = stopped(ctx, a.in, c, ref, of)
	}
	return done, err
}

// EnableServiceAccount brings a disabled one and its tokens back.
func (a *Owners) EnableServiceAccount(ctx context.Context, c authority.Caller, ref, name string) (done authority.Done[api.ServiceAccount], err error) {
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ch, err := beginAccount(w, ref, name)
		if err != nil {
			return err
		}
		was := authority.AccountStop(ch.s)
		authority.Stop{}.OfAccount(&ch.s)
		if err := input.First(ch.ac.Restart(was), authority.CoverOwner(ch.ac, ch.sp, authority.ServiceAccountOwner(ch.s, ch.sp.Workspace))); err != nil {
			return err
		}
		w.OnlyGives()
		done.Value, err = finishAccount(w, ch, "service_account.enabled")
		return err
	})
	return done, err
}

// RemoveServiceAccount ends a service account for good, as RemoveMember does a
// membership. A dry run only lists its tokens.
func (a *Owners) RemoveServiceAccount(ctx context.Context, c authority.Caller, ref, name string, dryRun bool) (done authority.Done[api.ServiceAccount], err error) {
	left, x := ledger.ID(0), ledger.Removal{Kind: ledger.RemovedServiceAccount}
	done.Revision, err = a.in.Withdraw(ctx, c, func(w *authority.Work) error {
		ch, err := beginAccount(w, ref, name)
		if err != nil {
			return err
		}
		ch.s.RemovedAt = w.Now
		if done.Value, err = finishAccount(w, ch, "service_account.removed"); err != nil {
			return err
		}
		x.Workspace, x.Owner = ch.sp.Workspace.ID, ch.s.ID
		left, err = w.LeaveTokens(ch.ac, x)
		return authority.OrDryRun(err, dryRun)
	})
	switch {
	case err != nil:
	case dryRun:
		done.Affected, err = stopped(ctx, a.in, c, ref, ledger.TokenQuery{OwnerServiceAccount: x.Owner})
	default:
		done.Revision = a.in.Begun(ctx, left, done.Revision)
	}
	return done, err
}

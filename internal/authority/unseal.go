package authority

import (
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
)

// A policy that lets nobody see secrets again destroys the copies that there are. As
// with everything that is removed, the policy holds at once, and the rows follow in
// pieces; until the last copy is destroyed the policy cannot be turned back, so that
// no old copy comes under it.

// LeaveSealed leaves what is sealed to be destroyed when a policy, of a workspace or
// of the instance, stops to let secrets be kept; 0 when it does not.
func (w *Work) LeaveSealed(ac *Actor, at ledger.ID, before, after api.Policy) (ledger.ID, error) {
	const field = "recoverable"
	locked, unlocked := slices.Contains(after.Locked, field), slices.Contains(before.Locked, field)
	overridden := at == 0 && !after.Recoverable && locked != unlocked // what workspaces say of their own holds, or does not
	if after.Recoverable && !before.Recoverable || overridden && !locked {
		if err := w.unsealed(at); err != nil {
			return 0, err
		}
	}
	if before.Recoverable && !after.Recoverable || overridden && locked {
		return w.Leave(ac, ledger.Removal{Workspace: at, Kind: ledger.RemovedSealed, Name: field})
	}
	return 0, nil
}

// unsealed refuses to let secrets be kept while older copies are being destroyed.
func (w *Work) unsealed(at ledger.ID) error {
	all, err := w.Removals()
	i := slices.IndexFunc(all, func(x ledger.Removal) bool {
		return x.Kind == ledger.RemovedSealed && (at == 0 || x.Workspace == 0 || x.Workspace == at)
	})
	if err != nil || i < 0 {
		return err
	}
	e := api.Errorf(api.CodeBeingDeleted, "the copies of secrets that were kept before are being destroyed (%d so far); until that is done none can be kept again",
		all[i].Done)
	e.Field = "recoverable"
	return e
}

// unseals says whether a removal is of what is sealed in a workspace. Of the
// instance's, that is where nothing may be kept now.
func unseals(x ledger.Removal, r ledger.Reader, ws ledger.ID) (bool, error) {
	if x.Kind != ledger.RemovedSealed || x.Workspace != 0 {
		return x.Kind == ledger.RemovedSealed && x.Workspace == ws, nil
	}
	in, err := r.Instance()
	if err != nil {
		return false, err
	}
	row, err := r.Workspace(ledger.WorkspaceKey{ID: ws})
	return !policy.Effective(in.Policy, row.Policy).Recoverable, err
}

// unsealToken destroys the copies of a token's secrets.
func (w *Work) unsealToken(x ledger.Removal, id ledger.ID) (bool, error) {
	was, found, err := w.rowOf(x, id)
	if err != nil || !found {
		return false, err
	}
	if its, err := unseals(x, w.Reader, was.Workspace); err != nil || !its { // its workspace has a policy of its own since
		return false, err
	}
	secrets, err := w.Secrets(id)
	if err != nil {
		return false, err
	}
	for _, s := range secrets {
		if s.Sealed == nil {
			continue
		}
		s.Sealed = nil
		if err := w.PutSecret(s); err != nil {
			return false, err
		}
	}
	if !was.Recoverable {
		return true, nil
	}
	was.Recoverable, was.Revision = false, w.Revision()
	return true, w.PutToken(was) // as it is stored: another removal tells of what it takes
}

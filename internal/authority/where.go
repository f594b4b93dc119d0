package authority

import (
	"github.com/tokenry/tokenry/internal/ledger"
)

// Entry is where a role or scope is written: in a workspace, or for the whole
// instance (ws.ID 0).
type Entry struct {
	Actor     *Actor
	Space     *Space
	Workspace ledger.Workspace
}

// EnterRights is the gate before roles and scopes: of the workspace that ref
// names, or of the instance when instance is set.
func (a *Authority) EnterRights(r *Snapshot, c Caller, ref string, instance bool, scope string) (Entry, error) {
	if !instance {
		ac, sp, err := a.Enter(r, c, ref, scope)
		if err != nil {
			return Entry{}, err
		}
		return Entry{ac, sp, sp.Workspace}, nil
	}
	ac, err := a.EnterInstance(r, c)
	if err != nil {
		return Entry{}, err
	}
	sp, err := a.Space(r, ledger.Workspace{})
	ac.Grant = ac.Grant.and(OwnerGrant())
	return Entry{ac, sp, ledger.Workspace{}}, err
}

// Where says whose catalogue is meant: a workspace's, or the instance's.
type Where struct {
	Workspace string
	Instance  bool
}

// TouchRights says that what names mean in a place is another; the zero workspace is
// the instance, and so every one.
func (w *Work) TouchRights(ws ledger.Workspace) {
	if ws.ID == 0 {
		w.TouchAllWorkspaces()
		return
	}
	w.TouchWorkspace(ws.ID)
}

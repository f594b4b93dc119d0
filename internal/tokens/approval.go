package tokens

import (
	"slices"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

// ask lets a token that is being made wait for a second person, where the policy says so.
// Tokenry's own hands, at the host, wait for nobody.
func ask(w *authority.Work, ac *authority.Actor, sp *authority.Space, t *ledger.Token) error {
	if ac.Machine != "" || !sp.NeedsApproval(*t) {
		return nil
	}
	askers, err := askersOf(w, ac, *t)
	t.Waits, t.Approval = true, &ledger.Approval{AskedAt: w.Now, Askers: askers}
	return err
}

// askersOf are the people behind a token that is being made: whose it is, who asks, and, with
// an API token, whose that is, who made it, and who was handed its secret.
func askersOf(w *authority.Work, ac *authority.Actor, t ledger.Token) ([]ledger.ID, error) {
	behind, err := w.Person(ac.Caller)
	if err != nil {
		return nil, err
	}
	askers, members := []ledger.ID{behind, ac.User}, []ledger.ID{t.OwnerMember, ac.Member}
	if ac.With != nil {
		askers, members = append(askers, ac.With.CreatedByUser), append(members, ac.With.OwnerMember)
	}
	for _, id := range members {
		if id == 0 {
			continue
		}
		m, err := w.Member(0, ledger.MemberKey{ID: id})
		if err != nil {
			return nil, err
		}
		askers = append(askers, m.User)
	}
	slices.Sort(askers)
	return slices.DeleteFunc(slices.Compact(askers), func(id ledger.ID) bool { return id == 0 }), nil
}

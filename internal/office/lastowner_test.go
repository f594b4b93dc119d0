package office_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

// countingPeople counts lists of members too.
type countingPeople struct {
	ledger.PeopleReader
	n *atomic.Int64
}

func (c countingPeople) Members(ws ledger.ID, q ledger.Range) ([]ledger.Member, error) {
	c.n.Add(1)
	return c.PeopleReader.Members(ws, q)
}

// TestTheLastOwnerIsFoundWithoutReadingEverybody: nobody else's member is read under
// the lock, and an Owner of some resources, or of what only looks like it, is none.
func TestTheLastOwnerIsFoundWithoutReadingEverybody(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for i := range 20 {
			w.member(fmt.Sprintf("m%d@example.com", i), "Viewer")
		}
		w.memberOf("acme", "some@example.com", "Owner", "pay-1")
		must(w.T, fourthErr(w.PutRole(w.ctx, w.root, authority.Where{Workspace: "acme"}, "CoOwner", api.PutRole{Scopes: []string{"tickets:read"}})))
		w.member("co@example.com", "CoOwner")
		var n atomic.Int64
		w.again(counting{w.store, &n}, nil)
		w.refused(w.removeMember(w.ctx, "ada@example.com"), api.CodeLastOwner)
		w.member("bob@example.com", "Owner")
		n.Store(0)
		must(w.T, w.removeMember(w.ctx, "ada@example.com"))
		if n.Load() != 0 {
			w.Errorf("everything was listed %d times under the lock", n.Load())
		}
	})
}

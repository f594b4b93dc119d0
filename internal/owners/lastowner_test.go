package owners_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// TestTheLastOwnerIsFoundWithoutReadingEverybody: nobody else's member is read under
// the lock, and an Owner of some resources, or of what only looks like it, is none.
func TestTheLastOwnerIsFoundWithoutReadingEverybody(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		for i := range 20 {
			w.Member(fmt.Sprintf("m%d@example.com", i), "Viewer")
		}
		w.MemberOf("acme", "some@example.com", "Owner", "pay-1")
		officetest.Must(w.T, officetest.Second(w.PutRole(w.Ctx, w.Root, authority.Where{Workspace: "acme"}, "CoOwner", api.PutRole{Scopes: []string{"tickets:read"}})))
		w.Member("co@example.com", "CoOwner")
		var n atomic.Int64
		w.Again(officetest.Counting{Store: w.Store, N: &n}, nil)
		w.Refused(w.DropMember(w.Ctx, "ada@example.com"), api.CodeLastOwner)
		w.Member("bob@example.com", "Owner")
		n.Store(0)
		officetest.Must(w.T, w.DropMember(w.Ctx, "ada@example.com"))
		if n.Load() != 0 {
			w.Errorf("everything was listed %d times under the lock", n.Load())
		}
	})
}

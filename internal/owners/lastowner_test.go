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

// An Owner who is no active one is nobody's last: who was stopped everywhere before they
// came is changed and removed where no other Owner is, and does not count as one.
func TestWhoIsNoActiveOwnerIsNobodysLast(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.Member("eve@example.com", "Viewer")
	officetest.Must(t, officetest.Second(w.DeactivateUser(w.Ctx, w.Root, "eve@example.com")))
	w.Workspace("globex")
	w.MemberOf("globex", "eve@example.com", "Owner", "*")
	w.MemberOf("globex", "bob@example.com", "Owner", "*")
	w.Refused(officetest.Second(w.RemoveMember(w.Ctx, w.Root, "globex", "bob@example.com", false)), api.CodeLastOwner)
	for _, err := range []error{
		officetest.Second(w.EditMember(w.Ctx, w.Root, "globex", "eve@example.com", api.EditMember{Name: api.Some("Eve")})),
		officetest.Second(w.DeactivateMember(w.Ctx, w.Root, "globex", "eve@example.com", false)),
		officetest.Second(w.RemoveMember(w.Ctx, w.Root, "globex", "eve@example.com", false)),
	} {
		officetest.Must(t, err)
	}
	w.Workspace("hooli")
	w.MemberOf("hooli", "eve@example.com", "Owner", "*")
	officetest.Must(t, officetest.Second(w.EditMember(w.Ctx, w.Root, "hooli", "eve@example.com", api.EditMember{Rights: officetest.RoleOn("Viewer", "*")})))
	officetest.Must(t, officetest.Second(w.RemoveMember(w.Ctx, w.Root, "hooli", "eve@example.com", false)))
}

// Whoever owns everything makes and unmakes others who do, and administers no instance
// for it.
func TestAnOwnerMakesAnotherAndLeaves(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	boss := w.Member("boss@example.com", "Owner")
	in := api.CreateMember{Email: "next@example.com", Rights: officetest.RoleOn("Owner", "*")}
	officetest.Must(t, officetest.Second(w.CreateMember(w.Ctx, boss, "acme", in)))
	officetest.Must(t, officetest.Second(w.RemoveMember(w.Ctx, boss, "acme", "ada@example.com", false)))
	officetest.Must(t, officetest.Second(w.RemoveMember(w.Ctx, boss, "acme", "me", false)))
	w.Refused(officetest.Second(w.GetMember(w.Ctx, boss, "acme", "me")), api.CodeNotFound)
	w.Refused(officetest.Second(w.RemoveMember(w.Ctx, w.Person("next@example.com"), "acme", "me", false)), api.CodeLastOwner)
}

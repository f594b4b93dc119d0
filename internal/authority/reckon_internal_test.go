package authority

import (
	"fmt"
	"testing"

	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

// TestWhatIsReckonedIsWhatAVerificationDecides: by whatever steps, remembered or not.
func TestWhatIsReckonedIsWhatAVerificationDecides(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range dear {
		many = append(many, fmt.Sprintf("tickets:v%d", i))
	}
	lists := [][]grant.Statement{
		nil,
		{},
		{{Role: "Viewer", Resources: []string{"*"}}},
		{{Role: "Owner", Resources: []string{"pay-*"}}},
		{{Resources: []string{"pay-1"}}},
		{{Scopes: []string{"*", "instance:admin"}, Resources: []string{"*"}}},
		{{Scopes: many, Resources: []string{"pay-*"}}, {Scopes: []string{"tickets:v1"}, Resources: []string{"*"}}},
	}
	cat := newCatalogue(1, nil, [][]ledger.Role{nil, nil}, [][]ledger.Scope{nil, {{Workspace: 1, Name: "tickets:v1", Implies: []string{"tickets:v2", "other:read"}}}})
	sp := &Space{catalogue: cat, Facts: verify.Workspace{ID: 1, Book: cat.book}, Reckon: &reckoner{kept: &kept{}, told: func(bool) {}}}
	for range 2 {
		for _, own := range lists {
			for _, of := range lists[1:] {
				for _, kind := range []verify.OwnerType{verify.OwnerMember, verify.OwnerServiceAccount, verify.OwnerWorkspace} {
					for _, admin := range []bool{false, true} {
						f, o := verify.Token{Statements: own}, verify.Owner{Key: verify.OwnerKey{Type: kind}, Statements: of, InstanceAdmin: admin}
						if got := sp.Effective(&f, o); !got.Equal(verify.Effective(&f, &o, &sp.Facts)) {
							t.Errorf("%v of an owner %v with %v, administrator %v: %v", own, kind, of, admin, got.View())
						}
					}
				}
			}
		}
	}
}

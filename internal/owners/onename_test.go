package owners_test

import (
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// Whoever has no e-mail has a product's id: with neither, nobody could say who it is.
func TestNobodyIsMadeWithoutAName(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	for name, in := range map[string]api.CreateMember{
		"neither":     {},
		"no id":       {ExternalID: api.Null[string]()},
		"an empty id": {ExternalID: api.Some("")},
	} {
		err := officetest.Second(w.CreateMember(w.Ctx, w.Root, "acme", in))
		if e := api.AsError(err); e == nil || e.Code != api.CodeInvalidField {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.RefusedField(officetest.Second(w.CreateMember(w.Ctx, w.Root, "acme", api.CreateMember{Email: "eve@example.com", ExternalID: api.Some("")})), api.CodeInvalidField, "external_id")
	rows, _, err := w.ListMembers(w.Ctx, w.Root, "acme", officetest.Page(0))
	if err != nil || len(rows) != 1 {
		t.Errorf("there are %d members, %v", len(rows), err)
	}
}

// A request that puts somebody under ext:ID says no other id, and none it takes away: sent
// again after a lost answer it would find nobody there, and make a second person.
func TestWhoIsPutUnderAnIDKeepsIt(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	put := func(who string, id api.Opt[string]) (authority.Done[api.Member], error) {
		return w.PutMember(w.Ctx, w.Root, "acme", who, api.CreateMember{ExternalID: id})
	}
	made, err := put("ext:7", api.Some("7"))
	if err != nil || !made.Made || *made.Value.ExternalID != "7" {
		t.Fatalf("made: %+v, %v", made, err)
	}
	for name, id := range map[string]api.Opt[string]{"another": api.Some("8"), "none": api.Null[string](), "an empty one": api.Some("")} {
		for _, who := range []string{"ext:7", "ext:9"} {
			_, err := put(who, id)
			w.RefusedField(err, api.CodeInvalidField, "external_id")
		}
		if again, err := put("ext:7", api.Opt[string]{}); err != nil || again.Made || again.Value.ID != made.Value.ID {
			t.Errorf("behind %s: %+v, %v", name, again, err)
		}
	}
	// Under an address the person stays who they are, whatever a product calls them.
	w.Member("eve@example.com", "Viewer")
	for _, id := range []api.Opt[string]{api.Some("e-1"), api.Some("e-2"), api.Null[string]()} {
		done, err := put("eve@example.com", id)
		if err != nil || done.Made || deref(done.Value.ExternalID) != id.Value {
			t.Errorf("put as %q: %+v, %v", id.Value, done.Value, err)
		}
	}
	w.RefusedField(officetest.Second(put("eve@example.com", api.Some("7"))), api.CodeAlreadyExists, "external_id")
}

// An address is one in whatever letters it is written, and so is who it names.
func TestAnAddressIsOneInWhateverLetters(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	in := api.CreateMember{Email: "Eve@Example.com", Name: api.Some("Eve")}
	made, err := w.PutMember(w.Ctx, w.Root, "acme", "EVE@example.com", in)
	if err != nil || !made.Made || made.Value.Address != "eve@example.com" {
		t.Fatalf("made: %+v, %v", made, err)
	}
	for _, who := range []string{"eve@example.com", "EVE@EXAMPLE.COM", made.Value.ID} {
		again, err := w.PutMember(w.Ctx, w.Root, "acme", who, in)
		if err != nil || again.Made || again.Value.ID != made.Value.ID {
			t.Errorf("put as %s: %+v, %v", who, again, err)
		}
	}
	w.RefusedField(officetest.Second(w.CreateMember(w.Ctx, w.Root, "acme", api.CreateMember{Email: "eVe@example.com"})), api.CodeAlreadyExists, "email")
	u, err := w.GetUser(w.Ctx, w.Root, "EVE@example.com")
	if err != nil || u.ID != made.Value.ID {
		t.Errorf("the person: %+v, %v", u, err)
	}
	// In another workspace it is the same person, and called there as that wants.
	w.Workspace("globex")
	there, err := w.CreateMember(w.Ctx, w.Root, "globex", api.CreateMember{Email: "EVE@example.com", Name: api.Some("Evelyn")})
	if err != nil || there.Value.ID != made.Value.ID || there.Value.Name != "Evelyn" {
		t.Errorf("in globex: %+v, %v", there.Value, err)
	}
	if here, err := w.GetMember(w.Ctx, w.Root, "acme", "eve@example.com"); err != nil || here.Name != "Eve" {
		t.Errorf("in acme: %+v, %v", here, err)
	}
}

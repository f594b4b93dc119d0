package rights_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// verb is one of this room, done to the role Agent, the scope tickets:read, the resource
// shop, or the policy of acme.
type verb struct {
	name, scope string
	do          func(w *officetest.World, c authority.Caller) error
	revision    func(w *officetest.World) int64
}

func verbs() []verb {
	role := func(w *officetest.World) int64 {
		v, err := w.GetRole(w.Ctx, w.Root, officetest.Acme(), "Agent")
		officetest.Must(w.T, err)
		return v.Revision
	}
	scope := func(w *officetest.World) int64 {
		v, err := w.GetScope(w.Ctx, w.Root, officetest.Acme(), "tickets:read")
		officetest.Must(w.T, err)
		return v.Revision
	}
	resource := func(w *officetest.World) int64 {
		v, err := w.GetResource(w.Ctx, w.Root, "acme", "shop")
		officetest.Must(w.T, err)
		return v.Revision
	}
	policy := func(w *officetest.World) int64 {
		v, err := w.GetPolicy(w.Ctx, w.Root, "acme")
		officetest.Must(w.T, err)
		return v.Revision
	}
	return []verb{
		{"write a role", "roles:write", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.PutRole(w.Ctx, c, officetest.Acme(), "Agent", api.PutRole{Scopes: []string{"tickets:read"}}))
		}, role},
		{"delete a role", "roles:write", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.DeleteRole(w.Ctx, c, officetest.Acme(), "Agent", ""))
		}, role},
		{"write a scope", "roles:write", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.PutScope(w.Ctx, c, officetest.Acme(), "tickets:read", api.PutScope{Description: "Read"}))
		}, scope},
		{"delete a scope", "roles:write", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.DeleteScope(w.Ctx, c, officetest.Acme(), "tickets:read"))
		}, scope},
		{"delete a resource", "resources:delete", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.DeleteResource(w.Ctx, c, "acme", "shop"))
		}, resource},
		{"edit the policy", "policy:write", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.EditPolicy(w.Ctx, c, "acme", api.PatchPolicy{AllowNever: api.Some(true)}))
		}, policy},
	}
}

func furnished(t *testing.T) *officetest.World {
	t.Helper()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	w.WriteRole(officetest.Acme(), "Agent", "tickets:write")
	w.WriteScope(officetest.Acme(), "tickets:read", api.PutScope{})
	officetest.Must(t, officetest.Second(w.OnboardResource(w.Ctx, w.Root, "acme", api.CreateResource{Name: "shop"})))
	return w
}

// Each verb is refused to whoever may only read, keeps to the revision that its caller
// saw, and leaves nothing behind when it is rehearsed.
func TestEachVerbNeedsItsScopeItsRevisionAndNoRehearsal(t *testing.T) {
	t.Parallel()
	for _, v := range verbs() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			w := furnished(t)
			err := v.do(w, w.Member("vera@example.com", "Viewer"))
			if e := api.AsError(err); e == nil || e.Code != api.CodeInsufficientScope || !strings.Contains(e.Message, v.scope) {
				t.Errorf("without %s: %v", v.scope, err)
			}
			seen := v.revision(w)
			ada := w.Person("ada@example.com")
			ada.Expected = authority.At(seen + 1)
			w.Refused(v.do(w, ada), api.CodeChangedMeanwhile)
			ada.Expected = authority.At(seen)
			if ada.Rehearse = v.name != "delete a role"; ada.Rehearse { // that is two changes, and nobody rehearses it
				officetest.Must(t, v.do(w, ada))
			}
			if now := v.revision(w); now != seen || len(w.PendingRemovals()) > 0 {
				t.Errorf("refused and rehearsed, it went from revision %d to %d", seen, now)
			}
			ada.Rehearse = false
			officetest.Must(t, v.do(w, ada))
		})
	}
}

// What a catalogue cannot hold is refused by its field, and what is fixed by its code.
func TestACatalogueRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	w := furnished(t)
	role := func(name string, in api.PutRole) error {
		return officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.Acme(), name, in))
	}
	scope := func(name string, in api.PutScope) error {
		return officetest.Second(w.PutScope(w.Ctx, w.Root, officetest.Acme(), name, in))
	}
	many := make([]string, 101)
	for i := range many {
		many[i] = "tickets:read"
	}
	limit := &api.RateLimit{Requests: 0, Window: api.Duration(time.Second)}
	for name, c := range map[string]struct {
		err   error
		code  api.Code
		field string
	}{
		"the Owner":                     {role("Owner", api.PutRole{}), api.CodeBuiltIn, ""},
		"a locked role of a workspace":  {role("Agent", api.PutRole{Locked: true}), api.CodeInvalidField, "locked"},
		"a limit of nothing":            {role("Agent", api.PutRole{RateLimit: limit}), api.CodeInvalidField, "rate_limit.requests"},
		"a built-in noun":               {scope("tokens:read", api.PutScope{}), api.CodeBuiltIn, ""},
		"no noun and verb":              {scope("tickets", api.PutScope{}), api.CodeInvalidField, "name"},
		"a locked scope of a workspace": {scope("tickets:read", api.PutScope{Locked: true}), api.CodeInvalidField, "locked"},
		"more than it can imply":        {scope("tickets:read", api.PutScope{Implies: many}), api.CodeInvalidField, "implies"},
		"a built-in scope implied":      {scope("tickets:read", api.PutScope{Implies: []string{"tokens:read"}}), api.CodeInvalidField, "implies"},
		"a role that is not there":      {scope("tickets:read", api.PutScope{Roles: []string{"Nobody"}}), api.CodeInvalidField, "roles"},
		"the Owner given a scope":       {scope("tickets:read", api.PutScope{Roles: []string{"Owner"}}), api.CodeInvalidField, "roles"},
		"a role that is built in":       {officetest.Second(w.DeleteRole(w.Ctx, w.Root, officetest.Acme(), "Viewer", "")), api.CodeBuiltIn, ""},
		"a role that is nowhere":        {officetest.Second(w.DeleteRole(w.Ctx, w.Root, officetest.Acme(), "Nobody", "")), api.CodeNotFound, ""},
		"a scope that is nowhere":       {officetest.Second(w.DeleteScope(w.Ctx, w.Root, officetest.Acme(), "tickets:none")), api.CodeNotFound, ""},
		"a resource without a name":     {officetest.Second(w.OnboardResource(w.Ctx, w.Root, "acme", api.CreateResource{})), api.CodeInvalidField, "name"},
	} {
		if e := api.AsError(c.err); e == nil || e.Code != c.code || e.Field != c.field {
			t.Errorf("%s: %v, want %s of %q", name, c.err, c.code, c.field)
		}
	}
}

// What is deleted from a catalogue is out of every list at once, and no list that is
// left empty becomes one of everything.
func TestWhatIsDeletedIsHeldByNobodyAtOnce(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		w.WriteScope(officetest.Acme(), "tickets:read", api.PutScope{})
		officetest.Must(w.T, officetest.Second(w.OnboardResource(w.Ctx, w.Root, "acme", api.CreateResource{Name: "shop"})))
		in := officetest.Ask("workspace", "")
		in.Scopes, in.Resources = api.Some([]string{"tickets:read", "tickets:write"}), api.Some([]string{"shop"})
		i := w.Create(w.Root, in)
		w.AllowOn(i.Secret, "tickets:read", "shop")
		officetest.Must(w.T, officetest.Second(w.DeleteScope(w.Ctx, w.Root, officetest.Acme(), "tickets:read")))
		w.DenyOn(i.Secret, "tickets:read", "shop")
		w.AllowOn(i.Secret, "tickets:write", "shop")
		officetest.Must(w.T, officetest.Second(w.DeleteResource(w.Ctx, w.Root, "acme", "shop")))
		w.DenyOn(i.Secret, "tickets:write", "shop")
		w.DenyOn(i.Secret, "tickets:write", "any")
		v, err := w.GetToken(w.Ctx, w.Root, "acme", i.Token.ID)
		officetest.Must(w.T, err)
		if len(v.Effective) != 0 {
			w.Errorf("it may still %+v", v.Effective)
		}
		list, _, err := w.ListResources(w.Ctx, w.Root, "acme", officetest.Page(0))
		officetest.Must(w.T, err)
		if !cmp.Equal(len(list), 0) {
			w.Errorf("on board: %+v", list)
		}
	})
}

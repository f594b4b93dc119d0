package scim_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// A person is one by their address, in whatever letters, and by the id that the directory
// has for them; whoever sends the same user again is told that there is one.
func TestAUserIsMadeOnce(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	d := connect(w, "directory", "Administrator")
	made := d.is(201, "", "POST", "/Users", `{"userName":"Bob@Example.com","externalId":"x-1","name":{"givenName":"Bob","familyName":"Stone"}}`)
	if made.text("userName")+made.text("emails.0.value")+made.text("displayName")+made.text("externalId") != `"bob@example.com""bob@example.com""Bob Stone""x-1"` {
		t.Errorf("made: %v", made.body)
	}
	eve := d.user("eve@example.com")
	for what, body := range map[string]string{
		"the same again":             `{"userName":"bob@example.com","externalId":"x-1"}`,
		"in other letters":           `{"userName":"BOB@EXAMPLE.COM"}`,
		"another person's id":        `{"userName":"new@example.com","externalId":"x-1"}`,
		"an Owner, who is a user":    `{"userName":"ada@example.com"}`,
		"and one who is made active": `{"userName":"eve@example.com","active":true}`,
	} {
		d.is(409, "uniqueness", "POST", "/Users", body)
		if got := d.is(200, "", "GET", "/Users?count=0", ""); got.text("totalResults") != "3" {
			t.Errorf("%s: there are %s users", what, got.text("totalResults"))
		}
	}
	d.is(409, "uniqueness", "PATCH", "/Users/"+eve, patch(`{"op":"add","path":"externalId","value":"x-1"}`))
	d.is(409, "uniqueness", "PUT", "/Users/"+eve, `{"externalId":"x-1","active":false}`)
	if got := d.is(200, "", "GET", "/Users/"+eve, ""); got.at("externalId") != nil || got.text("active") != "true" {
		t.Errorf("what was refused is done: %v", got.body)
	}
	// The id is free when its user gives it up, and means the same person everywhere.
	bob, _ := made.at("id").(string)
	d.is(200, "", "PATCH", "/Users/"+bob, patch(`{"op":"remove","path":"externalId"}`))
	d.is(200, "", "PATCH", "/Users/"+eve, patch(`{"op":"add","path":"externalId","value":"x-1"}`))
	if m, err := w.GetMember(w.Ctx, w.Root, "acme", "ext:x-1"); err != nil || m.ID != eve {
		t.Errorf("x-1 is %+v, %v", m, err)
	}
	if again := d.is(200, "", "PUT", "/Users/"+eve, `{"externalId":""}`); again.at("externalId") != nil {
		t.Errorf("an empty id: %v", again.body)
	}
}

// A person of another workspace is taken in as who they are: what that calls them, what
// they may there and whether they are stopped there is not told, and not changed.
func TestAPersonOfElsewhereIsTakenInAndNotTouched(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	d := connect(w, "directory", "Administrator")
	w.Workspace("globex")
	in := api.CreateMember{Email: "gil@example.com", Name: api.Some("Gilbert"), ExternalID: api.Some("g-1"), Rights: officetest.RoleOn("Viewer", "shop")}
	there, err := w.CreateMember(w.Ctx, w.Root, "globex", in)
	officetest.Must(t, err)
	for _, asked := range []string{`userName eq "gil@example.com"`, `id eq "` + there.Value.ID + `"`, `externalId eq "g-1"`} {
		if got := d.is(200, "", "GET", "/Users?filter="+url.QueryEscape(asked), ""); got.text("totalResults") != "0" {
			t.Errorf("%s finds %v", asked, got.body)
		}
	}
	d.is(404, "", "GET", "/Users/"+there.Value.ID, "")
	d.is(404, "", "DELETE", "/Users/"+there.Value.ID, "")
	made := d.is(201, "", "POST", "/Users", `{"userName":"gil@example.com","externalId":"g-1","displayName":"Gil","active":false,"password":"hunter2hunter2"}`)
	if made.at("id") != there.Value.ID || made.text("displayName")+made.text("active")+made.text("groups") != `"Gil"false[]` {
		t.Errorf("taken in: %v", made.body)
	}
	now, err := w.GetMember(w.Ctx, w.Root, "globex", "gil@example.com")
	if err != nil || !now.Active || now.Name != "Gilbert" || *now.Role != "Viewer" || now.Revision != there.Value.Revision {
		t.Errorf("in globex he is %+v, %v", now, err)
	}
	if s, err := w.SignInStateOf(w.Ctx, w.Root, "gil@example.com"); err != nil || s.Password {
		t.Errorf("a password was set: %t, %v", s.Password, err)
	}
	d.is(204, "", "DELETE", "/Users/"+there.Value.ID, "")
	if _, err := w.GetMember(w.Ctx, w.Root, "globex", "gil@example.com"); err != nil {
		t.Errorf("in globex he is gone: %v", err)
	}
}

// A group is one by its name, in whatever letters, among all that roles are called; it is
// made with nothing to give, and named otherwise keeps what it gives, its id and its limit.
func TestAGroupIsMadeOnceAndGivesNothing(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	d := connect(w, "directory", "Administrator")
	made := d.is(201, "", "POST", "/Groups", `{"displayName":"Staff"}`)
	id, _ := made.at("id").(string)
	if role, err := w.GetRole(w.Ctx, w.Root, officetest.Acme(), "Staff"); err != nil || len(role.Scopes) != 0 || role.Inherited {
		t.Errorf("the role: %+v, %v", role, err)
	}
	w.WriteRole(officetest.Instance(), "Everywhere")
	for _, name := range []string{"Staff", "staff", "VIEWER", "Everywhere", "team member"} {
		d.is(409, "uniqueness", "POST", "/Groups", `{"displayName":"`+name+`"}`)
	}
	for name, kind := range map[string]string{"": "invalidValue", "admin": "invalidValue", "a/b": "invalidValue", " x": "invalidValue", strings.Repeat("x", 65): "invalidValue"} {
		d.is(400, kind, "POST", "/Groups", fmt.Sprintf(`{"displayName":%q}`, name))
	}
	d.is(400, "invalidValue", "POST", "/Groups", `{"members":[]}`)
	d.is(400, "invalidValue", "POST", "/Groups", `{"displayName":"With","members":[{"value":"usr_none"}]}`)
	w.Refused(officetest.Second(w.GetRole(w.Ctx, w.Root, officetest.Acme(), "With")), api.CodeNotFound)
	limit := &api.RateLimit{Requests: 5, Window: api.Duration(60e9)}
	officetest.Must(t, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.Acme(), "Staff", api.PutRole{Scopes: []string{"tickets:read"}, Description: "Who works here", RateLimit: limit})))
	named := d.is(200, "", "PATCH", "/Groups/"+id, patch(`{"op":"replace","path":"displayName","value":"Crew"}`))
	role, err := w.GetRole(w.Ctx, w.Root, officetest.Acme(), "Staff")
	if err != nil || named.at("id") != id || named.text("displayName") != `"Crew"` || role.DisplayName != "Crew" || len(role.Scopes) != 1 || role.Description != "Who works here" || role.RateLimit == nil || *role.RateLimit != *limit {
		t.Errorf("named otherwise: %v; %+v, %v", named.body, role, err)
	}
	for _, name := range []string{"crew", "Staff"} { // its own by the one, and by the other
		d.is(200, "", "PATCH", "/Groups/"+id, patch(`{"op":"replace","path":"displayName","value":"`+name+`"}`))
	}
	d.is(400, "invalidValue", "PATCH", "/Groups/"+id, patch(`{"op":"replace","path":"displayName","value":""}`))
	for _, other := range []string{"Viewer", "Everywhere"} { // not made here
		d.is(400, "mutability", "PATCH", "/Groups/"+d.group(other), patch(`{"op":"replace","path":"displayName","value":"Mine"}`))
	}
}

// What a directory may not give it does not give by the back door of a limit: a slow
// connection takes no tight role from anybody, and a fast one does.
func TestASlowConnectionMakesNobodyFaster(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	limit := func(n int) api.RateLimit { return api.RateLimit{Requests: n, Window: api.Duration(60e9)} }
	tight, loose := limit(5), limit(100)
	officetest.Must(t, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.Acme(), "Tight", api.PutRole{Scopes: []string{"tickets:read"}, RateLimit: &tight})))
	officetest.Must(t, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.Acme(), "Loose", api.PutRole{Scopes: []string{"tickets:read"}, RateLimit: &loose})))
	fast := connect(w, "fast", "Administrator")
	in := officetest.Ask("service", "fast")
	in.RateLimit = api.Some(limit(10))
	slow := directory{w, w.With(w.Create(w.Root, in))}
	bob := fast.user("bob@example.com")
	fast.is(200, "", "PATCH", "/Groups/"+fast.group("Tight"), patch(`{"op":"add","path":"members","value":"`+bob+`"}`))
	none := patch(`{"op":"remove","path":"members"}`)
	fast.is(200, "", "PATCH", "/Groups/"+fast.group("Loose"), patch(`{"op":"add","path":"members","value":"`+bob+`"}`))
	got := slow.is(403, "", "PATCH", "/Groups/"+fast.group("Tight"), none) // the tighter of the two counts, and is what goes
	if !strings.Contains(got.text("detail"), bob) || !strings.Contains(got.text("detail"), "limit") {
		t.Errorf("it is told %s", got.text("detail"))
	}
	slow.is(403, "", "DELETE", "/Groups/"+fast.group("Tight"), "")
	slow.is(200, "", "PATCH", "/Groups/"+fast.group("Loose"), none)
	slow.is(200, "", "PATCH", "/Groups/"+fast.group("Tight"), none) // nothing is left that could be fast
}

// A connection does what its token may at that moment, and nothing once it is taken away.
func TestAConnectionEndsWithItsToken(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	d := connect(w, "directory", "Administrator")
	bob := d.user("bob@example.com")
	name := func(n string) string { return patch(`{"op":"replace","path":"displayName","value":"` + n + `"}`) }
	officetest.Must(t, officetest.Second(w.EditServiceAccount(w.Ctx, w.Root, "acme", "directory", api.EditServiceAccount{Rights: officetest.Rights("members:read")})))
	d.is(200, "", "GET", "/Users/"+bob, "")
	d.is(403, "", "PATCH", "/Users/"+bob, name("Bob"))
	for what, stop := range []func() error{
		func() error {
			return officetest.Second(w.DisableServiceAccount(w.Ctx, w.Root, "acme", "directory", false))
		},
		func() error {
			return officetest.Second(w.RemoveServiceAccount(w.Ctx, w.Root, "acme", "directory", false))
		},
	} {
		officetest.Must(t, stop())
		for _, r := range [][3]string{{"GET", "/Users", ""}, {"GET", "/Groups", ""}, {"GET", "/Schemas", ""}, {"PATCH", "/Users/" + bob, name("X")}, {"DELETE", "/Users/" + bob, ""}} {
			if got := d.send(r[0], r[1], r[2]); got.status != 401 && got.status != 403 {
				t.Errorf("%s: %s %s is answered %d", []string{"disabled", "removed"}[what], r[0], r[1], got.status)
			}
		}
	}
	nobody := directory{w, authority.Caller{}}
	nobody.is(401, "", "GET", "/Users", "")
	if m, err := w.GetMember(w.Ctx, w.Root, "acme", bob); err != nil || m.Name != "" || !m.Active {
		t.Errorf("bob is %+v, %v", m, err)
	}
}

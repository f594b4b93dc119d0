package scim_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestRequestsAtOnceLoseNobody: each puts one in and takes one out, while somebody edits
// members by hand; whoever was put in last is in, and what was given by hand stays.
func TestRequestsAtOnceLoseNobody(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		d := connect(w, "directory", "Administrator")
		viewer := d.group("Viewer")
		const n = 6
		var stay, leave []string
		for i := range n {
			stay = append(stay, d.user(fmt.Sprintf("stay%d@example.com", i)))
			leave = append(leave, d.user(fmt.Sprintf("go%d@example.com", i)))
		}
		d.is(200, "", "PATCH", "/Groups/"+viewer, patch(`{"op":"add","path":"members","value":["`+strings.Join(leave, `","`)+`"]}`))
		w.MemberOf("acme", "eve@example.com", "Viewer", "payments")
		var all sync.WaitGroup
		answers := make([]said, n)
		for i := range n {
			all.Go(func() {
				answers[i] = d.send("PATCH", "/Groups/"+viewer, patch(`{"op":"add","path":"members","value":"`+stay[i]+`"},{"op":"remove","path":"members","value":"`+leave[i]+`"}`))
			})
		}
		all.Go(func() { w.MemberOf("acme", "max@example.com", "Viewer", "*") })
		all.Wait()
		for i, a := range answers {
			if got := a.text("members"); a.status != 200 || !strings.Contains(got, stay[i]) || strings.Contains(got, leave[i]) {
				w.Errorf("request %d: %d %s", i, a.status, got)
			}
		}
		now := d.is(200, "", "GET", "/Groups/"+viewer, "").text("members")
		if strings.Count(now, `"value":"usr_`) != n+1 || !strings.Contains(now, "max@example.com") || strings.Contains(now, "eve@example.com") {
			w.Errorf("in the group: %s", now)
		}
		for i := range n {
			if !strings.Contains(now, stay[i]) || strings.Contains(now, leave[i]) {
				w.Errorf("%d is lost: %s", i, now)
			}
		}
	})
}

// TestWhatIsRefusedOfAGroupIsAudited, as any change that the gate refuses is, and to read is not.
func TestWhatIsRefusedOfAGroupIsAudited(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		weak, strong := connect(w, "weak", "Viewer"), connect(w, "directory", "Administrator")
		bob, viewer := strong.user("bob@example.com"), strong.group("Viewer")
		add := patch(`{"op":"add","path":"members","value":"` + bob + `"}`)
		refused := func() (n int) {
			w.Helper()
			all, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{Action: "denied"}, officetest.Page(0))
			officetest.Must(w.T, err)
			return len(all)
		}
		before := refused()
		weak.is(403, "", "PATCH", "/Groups/"+viewer, add)
		if refused() != before+1 {
			w.Errorf("%d refusals, want %d", refused(), before+1)
		}
		strong.is(404, "", "PATCH", "/Groups/role_none", add)
		strong.is(404, "", "DELETE", "/Groups/role_none", "")
		if got := strong.is(200, "", "GET", "/Groups/"+viewer, ""); got.text("members") != "[]" || refused() != before+1 {
			w.Errorf("%v, %d refusals", got.body, refused())
		}
	})
}

// TestARoleThatWasTakenAwayComesBackWithNobody: a group made again under the name of one that
// ended begins empty, also before the end of the old one has been written everywhere.
func TestARoleThatWasTakenAwayComesBackWithNobody(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		d := connect(w, "directory", "Administrator")
		bob, eve := d.user("bob@example.com"), d.user("eve@example.com")
		id, _ := d.is(201, "", "POST", "/Groups", `{"displayName":"Staff","members":[{"value":"`+bob+`"},{"value":"`+eve+`"}]}`).at("id").(string)
		d.is(204, "", "DELETE", "/Groups/"+id, "")
		d.is(404, "", "PATCH", "/Groups/"+id, patch(`{"op":"add","path":"members","value":"`+bob+`"}`))
		again := d.is(201, "", "POST", "/Groups", `{"displayName":"Staff","members":[{"value":"`+eve+`"}]}`)
		if got := d.is(200, "", "GET", "/Groups/"+id, "").text("members"); again.at("id") != id || strings.Contains(got, bob) || !strings.Contains(got, eve) {
			w.Errorf("in the new one: %s", got)
		}
	})
}

// TestANewGroupTakesWhoeverHasScopes: a statement of scopes names no role, and is no group.
func TestANewGroupTakesWhoeverHasScopes(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		d := connect(w, "directory", "Administrator")
		bob := d.user("bob@example.com")
		_, err := w.EditMember(w.Ctx, w.Root, "acme", "bob@example.com", api.EditMember{Rights: api.Rights{Grants: api.Some([]api.Statement{{Scopes: []string{"tickets:read"}, Resources: []string{"*"}}})}})
		officetest.Must(w.T, err)
		made := d.is(201, "", "POST", "/Groups", `{"displayName":"Staff","members":[{"value":"`+bob+`"}]}`)
		if got := made.text("members"); !strings.Contains(got, bob) {
			w.Errorf("in the new group: %s", got)
		}
	})
}

// TestWhatADirectoryIsToldOfTheServer: it says what it does, and does what it says.
func TestWhatADirectoryIsToldOfTheServer(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	d := connect(w, "directory", "Administrator")
	told := d.is(200, "", "GET", "/ServiceProviderConfig", "")
	for path, want := range map[string]string{
		"patch.supported": "true", "filter.supported": "true", "etag.supported": "true", "sort.supported": "false", "bulk.supported": "false",
		"changePassword.supported": "false", "authenticationSchemes.0.type": `"oauthbearertoken"`, "meta.location": `"https://t.example/scim/v2/ServiceProviderConfig"`,
	} {
		if got := told.text(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	for kind, n := range map[string]string{"Schemas": "2", "ResourceTypes": "2"} {
		list := d.is(200, "", "GET", "/"+kind, "")
		if list.text("totalResults") != n || list.text("schemas.0") != `"urn:ietf:params:scim:api:messages:2.0:ListResponse"` {
			t.Errorf("%s: %v", kind, list.body)
		}
		for _, at := range []string{"Resources.0", "Resources.1"} {
			id, _ := list.at(at + ".id").(string)
			if got := d.is(200, "", "GET", "/"+kind+"/"+id, ""); got.at("id") != id || got.text("meta.location") != `"https://t.example/scim/v2/`+kind+`/`+id+`"` {
				t.Errorf("%s %s: %v", kind, id, got.body)
			}
		}
		d.is(404, "", "GET", "/"+kind+"/none", "")
		d.is(403, "", "GET", "/"+kind+"?filter=id+pr", "")
	}
	for path, allow := range map[string]string{"/Users": "GET, POST", "/Groups/" + d.group("Viewer"): "GET, PUT, PATCH, DELETE", "/Schemas": "GET", "/ServiceProviderConfig": "GET"} {
		got := d.send("DELETE", path, "")
		if path[1] == 'G' {
			got = d.send("POST", path, `{}`)
		}
		if got.status != 405 || got.allow != allow {
			t.Errorf("%s: %d, allowed is %q, want %q", path, got.status, got.allow, allow)
		}
	}
}

// TestEachWritableAttributeIsWritten: what /Schemas calls readWrite a PATCH changes, and what
// it calls readOnly a PUT of another value leaves as it is.
func TestEachWritableAttributeIsWritten(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	d := connect(w, "directory", "Administrator")
	bob := d.user("bob@example.com")
	schema := d.is(200, "", "GET", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", "")
	attributes, _ := schema.at("attributes").([]any)
	values := map[string]string{"displayName": `"Bob Stone"`, "active": "false", "name": `{"formatted":"Bob Rivers"}`, "userName": `"BOB@example.com"`, "emails": `[{"value":"eve@example.com"}]`, "groups": `[{"value":"x"}]`}
	for _, a := range attributes {
		attribute, _ := a.(map[string]any)
		name, _ := attribute["name"].(string)
		before := d.is(200, "", "GET", "/Users/"+bob, "")
		if attribute["mutability"] == "readOnly" {
			d.is(200, "", "PUT", "/Users/"+bob, `{"`+name+`":`+values[name]+`}`)
		} else {
			d.is(200, "", "PATCH", "/Users/"+bob, patch(`{"op":"replace","path":"`+name+`","value":`+values[name]+`}`))
		}
		after := d.is(200, "", "GET", "/Users/"+bob, "")
		changes := attribute["mutability"] == "readWrite" && name != "userName" // it is written, and does not change
		if (before.text(name) != after.text(name)) != changes || values[name] == "" {
			t.Errorf("%s is %s: from %s to %s", name, attribute["mutability"], before.text(name), after.text(name))
		}
	}
	if len(attributes) != len(values) {
		t.Errorf("%d attributes, of which %d are tried", len(attributes), len(values))
	}
}

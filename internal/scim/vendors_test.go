package scim_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// entraUser is what Entra ID sends to create a user (entra-docs, 2025-03-04).
const entraUser = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
 "externalId":"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef","userName":"Bob@Example.com","active":true,
 "emails":[{"primary":true,"type":"work","value":"bob@example.com"}],"meta":{"resourceType":"User"},
 "name":{"formatted":"Bob Stone","familyName":"Stone","givenName":"Bob"},"roles":[],
 "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"7"}}`

// oktaUser is what Okta sends (okta-developer-docs, SCIM 2.0): with a password.
const oktaUser = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"carol@example.com",
 "name":{"givenName":"Carol","familyName":"Reef"},"emails":[{"primary":true,"value":"carol@example.com","type":"work"}],
 "displayName":"Carol Reef","locale":"en-US","externalId":"00ujl29u0le5T6Aj10h7","groups":[],"password":"1mz050nq","active":true}`

// TestEntraKeepsUsers: what Entra ID sends for a user, from the first question to the end.
func TestEntraKeepsUsers(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		d := connect(w, "entra", "Administrator")
		for _, asked := range []string{`userName eq "Bob@Example.com"`, `externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"`,
			`emails[type eq "work"].value eq "bob@example.com"`, `userName eq "7fa2bb1e-31b4-4ef2-9f35-7e0c3bd1b1ad"`} {
			got := d.is(200, "", "GET", "/Users?filter="+url.QueryEscape(asked), "")
			if got.text("totalResults") != "0" || got.text("Resources") != "[]" {
				w.Errorf("%s: %v", asked, got.body)
			}
		}
		made := d.is(201, "", "POST", "/Users", entraUser)
		id, _ := made.at("id").(string)
		for path, want := range map[string]string{"userName": `"bob@example.com"`, "active": "true", "displayName": `"Bob Stone"`, "name.familyName": `"Stone"`,
			"externalId": `"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"`, "emails.0.value": `"bob@example.com"`, "groups": "[]", "meta.resourceType": `"User"`,
			"meta.location": `"https://t.example/scim/v2/Users/` + id + `"`, "password": "null"} {
			if got := made.text(path); got != want {
				w.Errorf("%s is %s, want %s", path, got, want)
			}
		}
		d.is(409, "uniqueness", "POST", "/Users", entraUser)
		for _, asked := range []string{`userName eq "BOB@example.com"`, `externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"`,
			`emails[type eq "work"].value eq "bob@example.com"`, `userName eq "bob@example.com" and active eq "True"`} {
			if got := d.is(200, "", "GET", "/Users?filter="+url.QueryEscape(asked), ""); got.at("Resources.0.id") != id || got.text("totalResults") != "1" {
				w.Errorf("%s: %v", asked, got.body)
			}
		}
		held := w.Create(officetest.As(w.Root, "bob@example.com"), officetest.Ask("personal", ""))
		w.Allow(held.Secret)
		person := w.Person("bob@example.com")
		officetest.Must(w.T, officetest.Second(w.GetMember(w.Ctx, person, "acme", "me")))

		many := patch(`{"op":"Replace","path":"name.familyName","value":"Rivers"},{"op":"Add","path":"emails[type eq \"other\"].value","value":"x@example.com"},
			{"op":"Replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"b3"},{"op":"Replace","path":"title","value":"Dr"}`)
		if got := d.is(200, "", "PATCH", "/Users/"+id, many); got.text("displayName") != `"Bob Rivers"` || got.text("active") != "true" {
			w.Errorf("%v", got.body)
		}
		if got := d.is(200, "", "PATCH", "/Users/"+id, patch(`{"op":"Replace","path":"active","value":"False"}`)); got.text("active") != "false" {
			w.Errorf("%v", got.body)
		}
		w.Deny(api.CodeOwnerInactive, held.Secret)
		w.Refused(officetest.Second(w.GetMember(w.Ctx, person, "acme", "me")), api.CodeOwnerInactive)
		if got := d.is(200, "", "GET", "/Users?filter="+url.QueryEscape(`userName eq "bob@example.com"`), ""); got.text("Resources.0.active") != "false" {
			w.Errorf("who is deactivated is still found: %v", got.body)
		}
		dotted := patch(`{"op":"replace","value":{"name.givenName":"Rob","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber":"8","active":true}}`)
		if got := d.is(200, "", "PATCH", "/Users/"+id, dotted); got.text("displayName") != `"Rob Rivers"` || got.text("active") != "true" {
			w.Errorf("%v", got.body)
		}
		w.Allow(held.Secret)
		officetest.Must(w.T, officetest.Second(w.GetMember(w.Ctx, person, "acme", "me")))
		d.is(204, "", "DELETE", "/Users/"+id, "")
		if _, err := w.GetMember(w.Ctx, person, "acme", "me"); err == nil {
			w.Error("a session of who was removed")
		}
		w.Deny(api.CodeRevoked, held.Secret)
		d.is(404, "", "GET", "/Users/"+id, "")
		d.is(404, "", "DELETE", "/Users/"+id, "")
		d.is(201, "", "POST", "/Users", entraUser)
		w.Deny(api.CodeRevoked, held.Secret)
	})
}

// TestOktaKeepsUsers: an app of the catalogue PATCHes without a path, one of the wizard PUTs
// the whole user with what it was answered.
func TestOktaKeepsUsers(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		d := connect(w, "okta", "Administrator")
		if got := d.is(200, "", "GET", "/Users?startIndex=1&count=2", ""); got.text("totalResults") != "1" || got.text("itemsPerPage") != "1" || got.text("startIndex") != "1" {
			w.Errorf("%v", got.body)
		}
		made := d.is(201, "", "POST", "/Users", oktaUser)
		id, _ := made.at("id").(string)
		if got := made.text("name.givenName") + made.text("name.familyName") + made.text("emails.0.primary"); got != `"Carol""Reef"true` {
			w.Error(got)
		}
		d.is(409, "uniqueness", "POST", "/Users", oktaUser)
		held := w.Create(officetest.As(w.Root, "carol@example.com"), officetest.Ask("personal", ""))
		d.is(200, "", "PATCH", "/Users/"+id, patch(`{"op":"replace","value":{"active":false}}`))
		w.Deny(api.CodeOwnerInactive, held.Secret)
		d.is(200, "", "PATCH", "/Users/"+id, patch(`{"op":"replace","value":{"active":true}}`))
		w.Allow(held.Secret)

		whole := strings.Replace(strings.Replace(oktaUser, `"active":true`, `"active":false,"id":"`+id+`","meta":{"resourceType":"User"}`, 1), "Carol Reef", "Carol Shore", 1)
		if got := d.is(200, "", "PUT", "/Users/"+id, whole); got.text("active")+got.text("displayName") != `false"Carol Shore"` {
			w.Errorf("%v", got.body)
		}
		w.Deny(api.CodeOwnerInactive, held.Secret)
		without := strings.Replace(oktaUser, `,"active":true`, "", 1)
		if got := d.is(200, "", "PUT", "/Users/"+id, without); got.text("active") != "false" {
			w.Errorf("a PUT without active: %v", got.body)
		}
		if got := d.is(200, "", "PUT", "/Users/"+id, oktaUser); got.text("active") != "true" {
			w.Errorf("a PUT by whoever stopped: %v", got.body)
		}
		w.Allow(held.Secret)
	})
}

// TestGroupsAreRoles: Entra ID adds and removes one by one, Okta replaces all at once.
func TestGroupsAreRoles(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		d := connect(w, "directory", "Administrator")
		bob, eve := d.user("bob@example.com"), d.user("eve@example.com")
		found := d.is(200, "", "GET", "/Groups?excludedAttributes=members&filter="+url.QueryEscape(`displayName eq "viewer"`), "")
		viewer, _ := found.at("Resources.0.id").(string)
		if found.text("totalResults") != "1" || found.at("Resources.0.members") != nil || viewer == "" {
			w.Fatalf("%v", found.body)
		}
		members := func(id string) string { return d.is(200, "", "GET", "/Groups/"+id, "").text("members") }
		in := func(id, user string) bool { return strings.Contains(members(id), `"value":"`+user+`"`) }
		add := func(ids ...string) string {
			return patch(`{"op":"Add","path":"members","value":[{"$ref":null,"value":"` + strings.Join(ids, `"},{"$ref":null,"value":"`) + `"}]}`)
		}
		d.is(200, "", "PATCH", "/Groups/"+viewer, add(bob, eve, bob))
		before := d.is(200, "", "GET", "/Groups/"+viewer, "")
		d.is(200, "", "PATCH", "/Groups/"+viewer, add(bob))
		if after := d.is(200, "", "GET", "/Groups/"+viewer, ""); after.text("members") != before.text("members") || after.tag != before.tag {
			w.Errorf("to add again changed %v into %v", before.body, after.body)
		}
		if got := d.is(200, "", "GET", "/Users/"+bob, ""); got.text("groups.0.display") != `"Viewer"` {
			w.Errorf("%v", got.body)
		}
		if got := d.is(200, "", "GET", "/Groups?filter="+url.QueryEscape(`id eq "`+viewer+`" and members eq "`+bob+`"`), ""); got.text("totalResults") != "1" {
			w.Errorf("%v", got.body)
		}
		d.is(200, "", "PATCH", "/Groups/"+viewer, patch(`{"op":"Remove","path":"members","value":[{"$ref":null,"value":"`+bob+`"}]}`))
		if in(viewer, bob) || !in(viewer, eve) {
			w.Errorf("one was to be removed: %s", members(viewer))
		}
		okta := patch(`{"op":"replace","value":{"id":"` + viewer + `","displayName":"Viewer"}},{"op":"remove","path":"members[value eq \"` + eve +
			`\"]"},{"op":"add","path":"members","value":[{"value":"` + bob + `","display":"bob@example.com"}]}`)
		d.is(200, "", "PATCH", "/Groups/"+viewer, okta)
		if !in(viewer, bob) || in(viewer, eve) {
			w.Errorf("one for the other: %s", members(viewer))
		}
		d.is(200, "", "PATCH", "/Groups/"+viewer, patch(`{"op":"replace","path":"members","value":["`+eve+`"]}`))
		if in(viewer, bob) || !in(viewer, eve) {
			w.Errorf("all at once: %s", members(viewer))
		}
		d.is(200, "", "PATCH", "/Groups/"+viewer, patch(`{"op":"remove","path":"members"}`))
		if got := members(viewer); got != "[]" {
			w.Errorf("all are removed: %s", got)
		}
	})
}

// TestADirectorysOwnGroup is a role that gives nothing, until somebody who may says what.
func TestADirectorysOwnGroup(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		d := connect(w, "directory", "Administrator")
		bob := d.user("bob@example.com")
		made := d.is(201, "", "POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group",
			"http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"8aa1","displayName":"Sales EMEA","meta":{"resourceType":"Group"}}`)
		id, _ := made.at("id").(string)
		d.is(409, "uniqueness", "POST", "/Groups", `{"displayName":"sales emea"}`)
		d.is(200, "", "PATCH", "/Groups/"+id, patch(`{"op":"add","path":"members","value":[{"value":"`+bob+`"}]}`))
		held := w.Create(officetest.As(w.Root, "bob@example.com"), officetest.Ask("personal", ""))
		w.Deny(api.CodeInsufficientScope, held.Secret, "tickets:read")
		w.WriteRole(officetest.Acme(), "Sales EMEA", "tickets:read")
		w.Allow(held.Secret)
		w.AllowOn(held.Secret, "tickets:read", "payments")

		if got := d.is(200, "", "PATCH", "/Groups/"+id, patch(`{"op":"replace","value":{"id":"`+id+`","displayName":"Sales"}}`)); got.text("displayName") != `"Sales"` || got.at("id") != id {
			w.Errorf("%v", got.body)
		}
		w.AllowOn(held.Secret, "tickets:read", "payments")
		d.is(204, "", "DELETE", "/Groups/"+id, "")
		d.is(404, "", "GET", "/Groups/"+id, "")
		w.DenyOn(held.Secret, "tickets:read", "payments")
		d.is(201, "", "POST", "/Groups", `{"displayName":"Sales","members":[{"value":"`+bob+`"}]}`)
	})
}

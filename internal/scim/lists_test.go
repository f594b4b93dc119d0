package scim_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestAListIsPagedInOneOrder: from 1, each once, and as much of each as was asked for.
func TestAListIsPagedInOneOrder(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		d := connect(w, "directory", "Administrator")
		want := []string{`"ada@example.com"`}
		for _, name := range []string{"zoe", "bob", "eve", "max"} {
			d.user(name + "@example.com")
			want = append(want, `"`+name+`@example.com"`)
		}
		var got []string
		for _, start := range []string{"0", "3", "5", "7"} {
			page := d.is(200, "", "GET", "/Users?attributes=userName&count=2&startIndex="+start, "")
			if page.text("totalResults") != "5" || page.at("Resources.0.active") != nil || page.text("itemsPerPage") != map[string]string{"0": "2", "3": "2", "5": "1", "7": "0"}[start] {
				w.Errorf("from %s: %v", start, page.body)
			}
			for _, at := range []string{"Resources.0", "Resources.1"} {
				if page.at(at) != nil {
					got = append(got, page.text(at+".userName"))
				}
			}
		}
		if !slices.Equal(got, want) {
			w.Errorf("%v", got)
		}
		for query, n := range map[string]string{"count=0": "0", "count=-1": "0", "count=9999": "5", "": "5"} {
			if got := d.is(200, "", "GET", "/Users?"+query, ""); got.text("itemsPerPage") != n || got.text("totalResults") != "5" {
				w.Errorf("%s: %v", query, got.body)
			}
		}
	})
}

// TestWhatAFilterFinds, by all that RFC 7644 writes and vendors send.
func TestWhatAFilterFinds(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	d := connect(w, "directory", "Administrator")
	bob := d.user("bob@example.com")
	d.is(200, "", "PUT", "/Users/"+bob, `{"displayName":"Bob \"B\" Stone","externalId":"X-1"}`)
	eve := d.user("eve@example.com")
	d.is(200, "", "PUT", "/Users/"+eve, `{"active":false}`)
	d.is(200, "", "PATCH", "/Groups/"+d.group("Viewer"), patch(`{"op":"add","path":"members","value":"`+eve+`"}`))
	for asked, want := range map[string]string{
		`userName eq "BOB@EXAMPLE.COM"`: "b", `USERNAME Eq "bob@example.com"`: "b", `userName ne "bob@example.com"`: "ae", `userName sw "b"`: "b", `userName ew "@example.com"`: "abe",
		`displayName co "\"b\" st"`: "b", `displayName pr`: "b", `not (displayName pr)`: "ae", `externalId eq "X-1"`: "b", `externalId eq "x-1"`: "", `externalId eq "X-1" and active eq false`: "",
		`active eq true`: "ab", `active eq "False"`: "e", `(ActiVe eq true) and meta.created ge "2026-01-01T00:00:00Z"`: "ab", `meta.created gt "2027-01-01T00:00:00Z"`: "",
		`name.familyName eq "stone" or userName eq "eve@example.com"`: "be", `userName eq "ada@example.com" or active eq false and displayName pr`: "a",
		`emails[type eq "work" and value co "eve"]`: "e", `emails[type eq "other"].value eq "bob@example.com"`: "", `emails eq "bob@example.com"`: "b", `emails[primary eq true].value sw "a"`: "a",
		`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bob@example.com"`: "b", `groups.display eq "viewer"`: "e", `groups pr`: "e", `id eq "` + bob + `"`: "b", `id eq "` + strings.ToUpper(bob) + `"`: "",
		`userName gt "b" and userName lt "c"`: "b", `userName eq ""`: "", `id eq "usr_none"`: "", `id eq "` + bob + `" and userName eq "eve@example.com"`: "",
	} {
		got := ""
		page := d.is(200, "", "GET", "/Users?filter="+url.QueryEscape(asked), "")
		for _, at := range []string{"0", "1", "2", "3"} {
			if name, _ := page.at("Resources." + at + ".userName").(string); name != "" {
				got += name[:1]
			}
		}
		if got != want || page.text("totalResults") != string(rune('0'+len(want))) {
			t.Errorf("%s finds %q, want %q", asked, got, want)
		}
	}
}

// TestAGroupThatEnds takes the role from everybody who had it so, and ends the role if that
// is the workspace's own and nobody else has it.
func TestAGroupThatEnds(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		d := connect(w, "directory", "Administrator")
		bob := d.user("bob@example.com")
		w.WriteRole(officetest.Acme(), "Staff", "tickets:read")
		w.MemberOf("acme", "eve@example.com", "Staff", "payments")
		staff, viewer := d.group("Staff"), d.group("Viewer")
		held := w.Create(officetest.As(w.Root, "bob@example.com"), officetest.Ask("personal", ""))
		for _, id := range []string{staff, viewer} {
			d.is(200, "", "PATCH", "/Groups/"+id, patch(`{"op":"add","path":"members","value":"`+bob+`"}`))
		}
		w.AllowOn(held.Secret, "tickets:read", "payments")
		if got := d.is(200, "", "GET", "/Users/"+bob, ""); got.text("groups.0.display")+got.text("groups.1.display") != `"Staff""Viewer"` {
			w.Errorf("%v", got.body)
		}
		for _, id := range []string{staff, viewer} {
			d.is(204, "", "DELETE", "/Groups/"+id, "")
			if got := d.is(200, "", "GET", "/Groups/"+id, ""); got.text("members") != "[]" {
				w.Errorf("a role that stays: %v", got.body)
			}
		}
		w.DenyOn(held.Secret, "tickets:read", "payments")
		m, err := w.GetMember(w.Ctx, w.Root, "acme", "eve@example.com")
		officetest.Must(w.T, err)
		if m.Role == nil || *m.Role != "Staff" {
			w.Errorf("what was given by hand: %+v", m)
		}
		_, err = w.EditMember(w.Ctx, w.Root, "acme", "eve@example.com", api.EditMember{Rights: officetest.RoleOn("Viewer", "*")})
		officetest.Must(w.T, err)
		d.is(204, "", "DELETE", "/Groups/"+staff, "")
		d.is(404, "", "GET", "/Groups/"+staff, "")
	})
}

package scim_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// Each path takes its methods and says so of the others; what there is not is not found,
// whatever is asked of it.
func TestEachPathTakesItsMethods(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	d := connect(w, "directory", "Administrator")
	viewer := d.group("Viewer")
	for path, allow := range map[string]string{
		"/Users": "GET, POST", "/Groups": "GET, POST", "/Users/usr_none": "GET, PUT, PATCH, DELETE", "/Groups/" + viewer: "GET, PUT, PATCH, DELETE",
		"/Schemas": "GET", "/Schemas/x": "GET", "/ResourceTypes": "GET", "/ResourceTypes/User": "GET", "/ServiceProviderConfig": "GET",
		"/ServiceProviderConfig/x": "", "/Users/x/y": "", "/Groups/x/y": "", "/Bulk": "", "/Me": "", "/.search": "", "": "", "/users": "", "/Users/.search": "GET, PUT, PATCH, DELETE",
	} {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get"} {
			if slices.Contains(strings.Split(allow, ", "), method) {
				continue
			}
			want := 405
			if allow == "" {
				want = 404
			}
			if got := d.send(method, path, `{}`); got.status != want || got.allow != allow {
				t.Errorf("%s %q: %d, allowed is %q; want %d and %q", method, path, got.status, got.allow, want, allow)
			}
		}
	}
	for _, path := range []string{"/Users/usr_none", "/Users/me", "/Users/ada@example.com", "/Users/ext:1", "/Users/self", "/Groups/Viewer", "/Groups/role_", "/Groups/" + strings.ToUpper(viewer), "/Schemas/x", "/ServiceProviderConfig/x", "/Nothing"} {
		d.is(404, "", "GET", path, "")
	}
	for _, path := range []string{"/Users/usr_none", "/Users/me", "/Groups/role_", "/Groups/Viewer"} {
		d.is(404, "", "DELETE", path, "")
		d.is(404, "", "PATCH", path, patch(`{"op":"replace","path":"displayName","value":"x"}`))
	}
}

// A condition is about one user or one group that is there; a weak tag is as good as a
// strong one, any of several does, and one that was never a tag of it does not hold.
func TestAConditionHoldsOrNothingIsDone(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	d := connect(w, "directory", "Administrator")
	bob, viewer := d.user("bob@example.com"), d.group("Viewer")
	for _, r := range [][2]string{{"POST", "/Users"}, {"POST", "/Groups"}, {"PUT", "/Schemas/x"}, {"DELETE", "/Users"}} {
		d.is(400, "invalidValue", r[0], r[1], `{"userName":"x@example.com","displayName":"X"}`, "If-Match", "*")
	}
	n := 0
	bodies := map[string]func() string{
		"/Users/" + bob: func() string {
			n++
			return patch(fmt.Sprintf(`{"op":"replace","path":"displayName","value":"Bob %d"}`, n))
		},
		"/Groups/" + viewer: func() string {
			n++
			return patch(fmt.Sprintf(`{"op":%q,"path":"members","value":%q}`, []string{"remove", "add"}[n%2], bob))
		},
	}
	for path, body := range bodies {
		for _, condition := range []string{`W/"none"`, `"0"`, `none`, `W/"0", W/"none"`, `""`} {
			d.is(412, "", "PATCH", path, body(), "If-Match", condition)
			d.is(412, "", "DELETE", path, "", "If-Match", condition)
		}
		n = 0
		for _, form := range []string{`%s`, `"other", %s`, `%s , "other"`, `*`} {
			tag := d.is(200, "", "GET", path, "").tag
			condition := strings.ReplaceAll(form, "%s", tag)
			got := d.is(200, "", "PATCH", path, body(), "If-Match", condition)
			if got.tag == tag || got.tag != d.is(200, "", "GET", path, "").tag {
				t.Errorf("%s with %s: the tag was %s and is answered as %s", path, condition, tag, got.tag)
			}
			d.is(200, "", "PATCH", path, body(), "If-Match", strings.TrimPrefix(got.tag, "W/"))
		}
		tag := d.is(200, "", "GET", path, "").tag
		for form, status := range map[string]int{tag: 304, strings.TrimPrefix(tag, "W/"): 304, "*": 304, `"x", ` + tag: 304, `W/"x"`: 200} {
			d.is(status, "", "GET", path, "", "If-None-Match", form)
		}
	}
}

// Groups are found like users, by all that they have and whoever is in them; each list is
// in one order, in pages, and with as much of each as was asked for.
func TestWhatAFilterFindsOfGroups(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	d := connect(w, "directory", "Administrator")
	bob := d.user("bob@example.com")
	w.WriteRole(officetest.Acme(), "Staff")
	d.is(200, "", "PATCH", "/Groups/"+d.group("Staff"), patch(`{"op":"replace","path":"displayName","value":"The Staff"}`))
	d.is(200, "", "PATCH", "/Groups/"+d.group("The Staff"), patch(`{"op":"add","path":"members","value":"`+bob+`"}`))
	d.is(200, "", "PATCH", "/Groups/"+d.group("Viewer"), patch(`{"op":"add","path":"members","value":"`+bob+`"}`))
	names := func(query string) (out []string) {
		t.Helper()
		page := d.is(200, "", "GET", "/Groups?"+query, "")
		for i := range 9 {
			if name, _ := page.at(fmt.Sprintf("Resources.%d.displayName", i)).(string); name != "" {
				out = append(out, name)
			}
		}
		return out
	}
	all := names("")
	if !slices.Contains(all, "The Staff") || slices.Contains(all, "Owner") || len(all) < 4 {
		t.Fatalf("the groups are %v", all)
	}
	for asked, want := range map[string][]string{
		`displayName eq "the staff"`: {"The Staff"}, `displayName eq "Staff"`: nil, `displayName sw "View"`: {"Viewer"}, `displayName eq "Owner"`: nil,
		`members.value eq "` + bob + `"`: {"The Staff", "Viewer"}, `members eq "` + bob + `" and displayName ne "Viewer"`: {"The Staff"},
		`members[display co "BOB"]`: {"The Staff", "Viewer"}, `members[type eq "User" and value eq "usr_none"]`: nil, `members pr`: {"The Staff", "Viewer"},
		`id eq "` + d.group("Viewer") + `"`: {"Viewer"}, `id eq "` + strings.ToLower(d.group("Viewer")) + `"`: nil, `meta.resourceType eq "User"`: nil, `externalId pr`: nil,
		`urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "viewer"`: {"Viewer"},
	} {
		if got := names("filter=" + url.QueryEscape(asked)); !cmp.Equal(got, want) {
			t.Errorf("%s finds %v, want %v", asked, got, want)
		}
	}
	for _, asked := range []string{`userName eq "x"`, `active eq true`, `members.nope eq "x"`, `displayName`, `meta eq "x"`} {
		d.is(400, "invalidFilter", "GET", "/Groups?filter="+url.QueryEscape(asked), "")
	}
	var paged []string
	for start := range all {
		paged = append(paged, names(fmt.Sprintf("count=1&startIndex=%d", start+1))...)
	}
	if !cmp.Equal(paged, all) {
		t.Errorf("one by one: %v, at once: %v", paged, all)
	}
	for query, want := range map[string][]string{
		"excludedAttributes=members":                                         {"displayName", "id", "meta", "schemas"},
		"attributes=displayName":                                             {"displayName", "id", "schemas"},
		"attributes=MEMBERS.value,nope":                                      {"id", "members", "schemas"},
		"excludedAttributes=id,schemas,members":                              {"displayName", "id", "meta", "schemas"},
		"attributes=urn:ietf:params:scim:schemas:core:2.0:Group:displayName": {"displayName", "id", "schemas"},
	} {
		for _, at := range []string{"", "Resources.0."} {
			path := "/Groups/" + d.group("Viewer") + "?" + query
			if at != "" {
				path = "/Groups?count=1&" + query
			}
			got := d.is(200, "", "GET", path, "")
			one, _ := got.at(strings.TrimSuffix(at, ".")).(map[string]any)
			if at == "" {
				one = got.body
			}
			var has []string
			for name := range one {
				has = append(has, name)
			}
			if slices.Sort(has); !cmp.Equal(has, want) {
				t.Errorf("%s has %v, want %v", path, has, want)
			}
		}
	}
}

// One request moves at most a thousand, and who is refused has moved nobody. A group of
// more ends all the same, a thousand at a time.
func TestARequestMovesAThousandAtMost(t *testing.T) {
	t.Parallel()
	officetest.Bulk(t)
	w := sqlite(t)
	d := connect(w, "directory", "Administrator")
	viewer := d.group("Viewer")
	var list strings.Builder
	w.Fill(1001, func(tx ledger.Tx, ws ledger.ID, i int) error {
		id := fmt.Sprintf("usr_%016d", i)
		fmt.Fprintf(&list, `{"value":%q},`, id)
		u := ledger.User{ID: ledger.ID(20_000 + i), PublicID: id, Email: fmt.Sprintf("u%d@example.com", i), CreatedAt: w.Clock.Now(), Revision: 1}
		if err := tx.PutUser(u); err != nil {
			return err
		}
		return tx.PutMember(ledger.Member{ID: ledger.ID(40_000 + i), Workspace: ws, User: u.ID, CreatedAt: w.Clock.Now(), Revision: 1})
	})
	all := strings.TrimSuffix(list.String(), ",")
	before := w.Last("acme").Sequence
	d.is(400, "tooMany", "PATCH", "/Groups/"+viewer, patch(`{"op":"add","path":"members","value":[`+all+`]}`))
	d.is(400, "tooMany", "PUT", "/Groups/"+viewer, `{"members":[`+all+`]}`)
	d.is(400, "tooMany", "POST", "/Groups", `{"displayName":"All","members":[`+all+`]}`)
	if w.Last("acme").Sequence != before {
		t.Errorf("it was refused, and the audit tells %s", w.Last("acme").Action)
	}
	for _, part := range []string{all[:strings.LastIndex(all, ",")], all[strings.LastIndex(all, ",")+1:]} {
		d.is(200, "", "PATCH", "/Groups/"+viewer, patch(`{"op":"add","path":"members","value":[`+part+`]}`))
	}
	d.is(400, "tooMany", "PATCH", "/Groups/"+viewer, patch(`{"op":"remove","path":"members"}`))
	d.is(204, "", "DELETE", "/Groups/"+viewer, "")
	if got := d.is(200, "", "GET", "/Groups/"+viewer, ""); got.text("members") != "[]" {
		t.Errorf("in it are %.200s", got.text("members"))
	}
}

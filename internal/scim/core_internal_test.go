package scim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
)

// kindIn is the scimType of an error, or nothing.
func kindIn(err error) kind {
	var c cause
	_ = errors.As(err, &c) // else the zero one
	return c.kind
}

// TestAPathNamesOnePlace: by its name, within its schema, with a filter, with a part.
func TestAPathNamesOnePlace(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"active": "active.", "ACTIVE": "active.", schemaUser + ":userName": "username.", schemaUser + ".active": "active.",
		"name.familyName": "name.familyname", "emails.value": "emails.value", `emails[type eq "work"]`: "emails.", `emails[type eq "work"].value`: "emails.value",
		"title": ".", "phoneNumbers": ".", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager": ".",
		"actve": "invalidPath", schemaUser: "invalidPath", "name.nick": "invalidPath", "active[x": "invalidPath", "name.givenName.x": "invalidPath",
		`userName[value eq "x"]`: "invalidPath", `emails[type eq "work"`: "invalidFilter", `emails[nope pr]`: "invalidFilter", "active x": "invalidPath",
		strings.Repeat("a", maxFilter+1): "invalidPath",
	} {
		at, err := readPath(path, userAttributes())
		got := at.attr + "." + at.sub
		if err != nil {
			got = string(kindIn(err))
		}
		if got != want || (at.among != nil) != (err == nil && strings.Contains(path, "[")) {
			t.Errorf("%.60s is %q, want %q", path, got, want)
		}
	}
}

// TestWhatAUserIsAskedToBecome: the same by every way that vendors write it, in the order of
// the operations, and what is not named stays.
func TestWhatAUserIsAskedToBecome(t *testing.T) {
	t.Parallel()
	told := func(body string) (string, error) {
		w, err := readUserPatch([]byte(`{"Operations":[` + body + `]}`))
		out := w.name("Ada Lovelace")
		for name, v := range map[string]*string{"user": w.userName, "external": w.externalID} {
			if v != nil {
				out += " " + name + "=" + *v
			}
		}
		if w.active != nil {
			out += map[bool]string{true: " on", false: " off"}[*w.active]
		}
		return out, err
	}
	for body, want := range map[string]string{
		`{"op":"replace","path":"active","value":false}`:                                                    "Ada Lovelace off",
		`{"op":"Replace","path":"active","value":"False"}`:                                                  "Ada Lovelace off",
		`{"op":"replace","path":"active","value":[{"value":"True"}]}`:                                       "Ada Lovelace on",
		`{"op":"replace","value":{"ACTIVE":"true"}}`:                                                        "Ada Lovelace on",
		`{"op":"replace","path":"active","value":false},{"op":"replace","path":"active","value":true}`:      "Ada Lovelace on",
		`{"op":"replace","path":"displayName","value":"Ada King"}`:                                          "Ada King",
		`{"op":"replace","path":"name.familyName","value":"King"}`:                                          "Ada King",
		`{"op":"add","path":"name","value":{"givenName":"A.","familyName":null}}`:                           "A. Lovelace",
		`{"op":"add","value":{"name.givenName":"A.","name.familyName":"King"}}`:                             "A. King",
		`{"op":"add","path":"name.formatted","value":"Augusta Ada King"}`:                                   "Augusta Ada King",
		`{"op":"remove","path":"displayName"}`:                                                              "",
		`{"op":"remove","path":"name.givenName"}`:                                                           "Lovelace",
		`{"op":"remove","path":"name.familyName"}`:                                                          "Ada",
		`{"op":"remove","path":"externalId"}`:                                                               "Ada Lovelace external=",
		`{"op":"add","path":"externalId","value":"X-1"}`:                                                    "Ada Lovelace external=X-1",
		`{"op":"replace","path":"emails[type eq \"work\"].value","value":"b@example.com"}`:                  "Ada Lovelace",
		`{"op":"replace","path":"title","value":"Countess"},{"op":"remove","path":"nickName"}`:              "Ada Lovelace",
		`{"op":"replace","value":{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"a":"b"}}}`: "Ada Lovelace",
		`{"op":"replace","path":"userName","value":"b@example.com"}`:                                        "Ada Lovelace user=b@example.com",
	} {
		if got, err := told(body); got != want || err != nil {
			t.Errorf("%s comes to %q, %v; want %q", body, got, err, want)
		}
	}
	for body, want := range map[string]kind{
		`{"op":"replace","path":"active","value":1}`:          invalidValue,
		`{"op":"replace","path":"displayName","value":{}}`:    invalidValue,
		`{"op":"replace","value":{"displayName":null}}`:       invalidValue,
		`{"op":"replace","value":"active"}`:                   invalidSyntax,
		`{"op":"replace","value":{"name":7}}`:                 invalidSyntax,
		`{"op":"replace","value":{"name":{"nick":"x"}}}`:      "",
		`{"op":"remove","path":"userName"}`:                   mutability,
		`{"op":"remove","path":"id"}`:                         mutability,
		`{"op":"replace","path":"actve","value":false}`:       invalidPath,
		`{"op":"replace","value":{"actve":false}}`:            invalidPath,
		`{"op":"swap","path":"active","value":false}`:         invalidSyntax,
		`{"op":"replace","path":null}`:                        invalidValue,
		`{"op":"remove"}`:                                     noTarget,
		`{"op":"replace","path":[],"value":1}`:                invalidPath,
		`{"op":"add","path":"active","ACTIVE":1,"Active":2}`:  invalidSyntax,
		`{"op":"add","path":"active","value":"yes","x":null}`: invalidValue,
	} {
		if _, err := told(body); kindIn(err) != want || (err == nil) != (want == "") {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}

// TestOnlyWhatIsOtherIsWritten: an edit names what changes, and an empty text takes away.
func TestOnlyWhatIsOtherIsWritten(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	kept := "X-1"
	was := api.Member{Name: "Ada Lovelace", ExternalID: &kept}
	for what, c := range map[string]struct {
		want     wanted
		name, id api.Opt[string]
	}{
		"nothing":              {},
		"the same":             {want: wanted{display: text("Ada Lovelace"), externalID: text("X-1"), given: text("Ada")}},
		"another name":         {want: wanted{family: text("King")}, name: api.Some("Ada King")},
		"no name":              {want: wanted{display: text("")}, name: api.Some("")},
		"another id":           {want: wanted{externalID: text("X-2")}, id: api.Some("X-2")},
		"no id":                {want: wanted{externalID: text("")}, id: api.Opt[string]{Set: true, Null: true}},
		"display before parts": {want: wanted{display: text("A"), given: text("B")}, name: api.Some("A")},
	} {
		in, changed := c.want.edit(was)
		if in.Name != c.name || in.ExternalID != c.id || changed != (c.name.Set || c.id.Set) {
			t.Errorf("%s: %+v, %t", what, in, changed)
		}
	}
	if in, changed := (&wanted{externalID: text("")}).edit(api.Member{}); changed {
		t.Errorf("to take away what is not there is %+v", in)
	}
}

// TestWhoIsInAGroupAfterAPatch, by the steps in their order.
func TestWhoIsInAGroupAfterAPatch(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"op":"add","path":"members","value":[{"value":"c"},{"value":"a"},{"value":"c"}]}`:                      "a b c",
		`{"op":"Add","path":"Members","value":"c"}`:                                                              "a b c",
		`{"op":"add","value":{"members":[{"value":"c"}]}}`:                                                       "a b c",
		`{"op":"remove","path":"members[value eq \"a\"]"}`:                                                       "b",
		`{"op":"remove","path":"members[display eq \"B@example.com\"]"}`:                                         "a",
		`{"op":"Remove","path":"members","value":[{"$ref":null,"value":"a"}]}`:                                   "b",
		`{"op":"remove","path":"members"}`:                                                                       "",
		`{"op":"replace","path":"members","value":[{"value":"c"},{"value":"b"}]}`:                                "c b",
		`{"op":"replace","path":"members","value":[]}`:                                                           "",
		`{"op":"remove","path":"members"},{"op":"add","path":"members","value":"b"}`:                             "b",
		`{"op":"add","path":"members","value":"c"},{"op":"remove","path":"members[value eq \"c\"]"}`:             "a b",
		`{"op":"replace","path":"externalId","value":"x"},{"op":"replace","value":{"id":"x","members":["c"]}}`:   "c",
		`{"op":"replace","path":"displayName","value":"Staff"}`:                                                  "a b",
		`{"op":"remove","path":"externalId"},{"op":"add","value":{"urn:microsoft:x":1,"members":{"value":"c"}}}`: "a b c",
	} {
		w, err := readGroupPatch([]byte(`{"Operations":[` + body + `]}`))
		now := w.apply([]string{"a", "b"}, func(id string) document { return document{"members": nil, "value": id, "display": id + "@example.com"} })
		if got := strings.Join(now, " "); got != want || err != nil {
			t.Errorf("%s leaves %q, %v; want %q", body, got, err, want)
		}
	}
	for body, want := range map[string]kind{
		`{"op":"add","path":"members","value":[{"display":"x"}]}`:              invalidValue,
		`{"op":"add","path":"members","value":[7]}`:                            invalidValue,
		`{"op":"add","path":"members","value":""}`:                             invalidValue,
		`{"op":"add","path":"members","value":{"value":"a","Value":"b"}}`:      invalidSyntax,
		`{"op":"add","path":"members[value eq \"a\"]","value":"b"}`:            invalidPath,
		`{"op":"remove","path":"members[value eq \"a\"]","value":"b"}`:         invalidPath,
		`{"op":"replace","path":"members.display","value":"x"}`:                invalidPath,
		`{"op":"remove","path":"displayName"}`:                                 mutability,
		`{"op":"replace","value":{"owners":["a"]}}`:                            invalidPath,
		`{"op":"replace","path":"displayName","value":["a","b"]}`:              invalidValue,
		`{"op":"replace","value":["members"]}`:                                 invalidSyntax,
		`{"op":"replace","path":"members","value":[{"value":["a"]}]}`:          invalidValue,
		`{"op":"remove","path":"members[active eq true]"}`:                     invalidFilter,
		`{"op":"remove","path":"members","value":[{"value":"a"},{"x":"b"}]}`:   invalidValue,
		`{"op":"remove","path":"id"},{"op":"add","path":"members","value":""}`: mutability,
	} {
		if _, err := readGroupPatch([]byte(`{"Operations":[` + body + `]}`)); kindIn(err) != want {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}

// TestAGroupIsARoleOnEverything, and never that of Owners, however its id is written.
func TestAGroupIsARoleOnEverything(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"Viewer", "Wärter", "a/b", "owner"} {
		if id := groupID(role); roleOf(id) != role || strings.ContainsAny(id, "/?#% ") {
			t.Errorf("%s is %s, and that is %q", role, id, roleOf(id))
		}
	}
	for _, id := range []string{groupID(owner), "", "role_", "Viewer", "role_Vmlld2Vy=", "role_Vmlld2V", "role_\n", "role_role_Vmlld2Vy"} {
		if role := roleOf(id); role != "" {
			t.Errorf("%q is the role %q", id, role)
		}
	}
	everywhere, somewhere := grant.Statement{Role: "Viewer", Resources: []string{"*"}}, grant.Statement{Role: "Viewer", Resources: []string{"payments"}}
	scopes := grant.Statement{Scopes: []string{"*"}, Resources: []string{"*"}}
	if !inGroup([]grant.Statement{somewhere, everywhere}, "Viewer") || inGroup([]grant.Statement{somewhere, scopes}, "Viewer") || inGroup(nil, "Viewer") {
		t.Error("a group is not the role on everything")
	}
	one, two := []ledger.Member{{UserPublicID: "usr_1"}}, []ledger.Member{{UserPublicID: "usr_1"}, {UserPublicID: "usr_2"}}
	r, named := ledger.Role{Name: "Viewer"}, ledger.Role{Name: "Viewer", DisplayName: "Readers"}
	if groupTag(r, one) != groupTag(r, one) || groupTag(r, one) == groupTag(r, two) || groupTag(r, one) == groupTag(named, one) {
		t.Error("the tag is not of the name and of who is in it")
	}
}

// crowd are members 1 to n, of whom the first in have the role Viewer on everything.
func crowd(n, in int) (t team) {
	t.role, t.people = ledger.Role{Name: "Viewer"}, map[string]ledger.Member{}
	for i := 1; i <= n; i++ {
		m := ledger.Member{ID: ledger.ID(i), UserPublicID: fmt.Sprintf("usr_%04d", i)}
		if i <= in {
			m.Grants = []grant.Statement{{Role: "Viewer", Resources: []string{"*"}}}
			t.members = append(t.members, m)
		}
		t.people[m.UserPublicID] = m
	}
	return t
}

// TestOnlyWhoMovesIsTouched: a turn names who leaves and who comes, nobody twice and nobody
// who is where they should be, and at most as many as one request may move.
func TestOnlyWhoMovesIsTouched(t *testing.T) {
	t.Parallel()
	few := crowd(4, 2)
	for body, want := range map[string]string{
		`{"op":"add","path":"members","value":["usr_0001","usr_0003","usr_0003"]}`:                                          "out [] in [3] then [1 2 3]",
		`{"op":"replace","path":"members","value":["usr_0004","usr_0002"]}`:                                                 "out [1] in [4] then [2 4]",
		`{"op":"remove","path":"members"}`:                                                                                  "out [1 2] in [] then []",
		`{"op":"remove","path":"members","value":"usr_0004"}`:                                                               "out [] in [] then [1 2]",
		`{"op":"remove","path":"members","value":"usr_9999"}`:                                                               "out [] in [] then [1 2]",
		`{"op":"add","path":"members","value":"usr_0003"},{"op":"remove","path":"members[value eq \"usr_0003\"]"}`:          "out [] in [] then [1 2]",
		`{"op":"remove","path":"members"},{"op":"add","path":"members","value":["usr_0002","usr_0001"]}`:                    "out [] in [] then [1 2]",
		`{"op":"add","path":"members","value":"usr_9999"},{"op":"remove","path":"members","value":"usr_9999"}`:              "out [] in [] then [1 2]",
		`{"op":"replace","path":"members","value":[{"value":"usr_0003"}]},{"op":"add","path":"members","value":"usr_0001"}`: "out [2] in [3] then [1 3]",
	} {
		asked, err := readGroupPatch([]byte(`{"Operations":[` + body + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		p, err := few.plan(frame{}, asked)
		moved := moves{rows: map[ledger.ID]ledger.Member{}}
		for _, m := range few.people {
			moved.rows[m.ID] = m
		}
		var now []ledger.ID
		for _, m := range p.after(few.members, moved) {
			now = append(now, m.ID)
		}
		if got := fmt.Sprint("out ", p.out, " in ", p.in, " then ", now); got != want || err != nil {
			t.Errorf("%s: %s, %v; want %s", body, got, err, want)
		}
	}
	if _, err := few.plan(frame{}, wantedGroup{steps: []membership{{op: "add", ids: []string{"usr_9999"}}}}); kindIn(err) != invalidValue {
		t.Errorf("a stranger: %v", err)
	}
	all := wantedGroup{steps: []membership{{op: "remove", among: func(document) bool { return true }}}}
	for n, want := range map[int]kind{maxMembers: "", maxMembers + 1: tooMany} {
		many := crowd(n, n)
		if p, err := many.plan(frame{}, all); kindIn(err) != want || err == nil && len(p.out) != n {
			t.Errorf("%d at once: %v", n, err)
		}
	}
	big := crowd(3*maxMembers, 2*maxMembers)
	if p, err := big.plan(frame{}, wantedGroup{steps: []membership{{op: "add", ids: []string{"usr_3000", "usr_0001"}}}}); err != nil || len(p.in) != 1 || len(p.out) != 0 {
		t.Errorf("one into a group of 2000: %v %v", p, err)
	}
}

// TestWhoWasMovedMeanwhile: who was taken out by another request is not shown as in, and who
// is gone from the workspace is not either.
func TestWhoWasMovedMeanwhile(t *testing.T) {
	t.Parallel()
	few := crowd(4, 2)
	p := turn{out: []ledger.ID{1}, in: []ledger.ID{3, 4}}
	moved := moves{rows: map[ledger.ID]ledger.Member{3: few.people["usr_0003"]}}
	if now := p.after(few.members, moved); len(now) != 2 || now[0].ID != 2 || now[1].ID != 3 {
		t.Errorf("%v", now)
	}
}

// TestACondition reads tags as RFC 9110 and RFC 7644 write them.
func TestACondition(t *testing.T) {
	t.Parallel()
	for line, holds := range map[string]bool{
		"": true, `W/"7"`: true, `"7"`: true, "*": true, `"6", W/"7"`: true, ` W/"7" `: true, `"6",*`: true,
		`W/"6"`: false, "7": false, `"77"`: false, `w/"7"`: false, ",": false,
	} {
		c := readCondition(line)
		if err := c.holds(tagOf("7")); (err == nil) != holds || err != nil && api.AsError(err).Status() != 412 {
			t.Errorf("%q holds for 7: %v", line, err)
		}
		if line == "" && c.is(tagOf("7")) {
			t.Error("no tag is a tag")
		}
	}
	if got := readCondition(`W/"7", "8", x, *`).revisions(); !slices.Equal(got, []int64{7, 8}) {
		t.Errorf("revisions %v", got)
	}
}

// TestAnErrorHasTheKindThatAProgramActsOn.
func TestAnErrorHasTheKindThatAProgramActsOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		want   kind
	}{
		{fault(noTarget, "x"), 400, noTarget}, {fault(uniqueness, "x"), 409, uniqueness},
		{api.Errorf(api.CodeAlreadyExists, "x"), 409, uniqueness}, {api.Errorf(api.CodeInvalidJSON, "x"), 400, invalidSyntax},
		{api.Errorf(api.CodeBuiltIn, "x"), 403, mutability}, {api.Errorf(api.CodeLocked, "x"), 403, mutability},
		{api.Errorf(api.CodeInvalidRequest, "x"), 400, invalidValue}, {api.Errorf(api.CodeLastOwner, "x"), 409, ""}, {api.Errorf(api.CodeNotFound, "x"), 404, ""},
	} {
		got := ErrorOf(api.AsError(c.err), c.status)
		if got.Type != string(c.want) || got.Status != decimal(c.status) || got.Detail != "x" || !slices.Equal(got.Schemas, []string{schemaError}) {
			t.Errorf("%v: %+v", c.err, got)
		}
	}
}

// TestEachSchemaDescribesWhatIsAnswered: whatever a resource has is an attribute of its
// schema, of its type, and what may be written is taken by a PATCH.
func TestEachSchemaDescribesWhatIsAnswered(t *testing.T) {
	t.Parallel()
	email, external := "a@b.example", "X-1"
	f := frame{base: "https://t.example/scim/v2"}
	m := api.Member{ID: "usr_1", Address: email, Email: &email, Name: "Ada Lovelace", ExternalID: &external, Active: true}
	group := f.group(ledger.Role{Name: "Viewer"}, []ledger.Member{{UserPublicID: "usr_1", UserEmail: email}})
	user := f.user(m, []document{{"value": group["id"], "$ref": "x", "display": "Viewer", "type": "direct"}})
	var check func(where string, d document, of []attribute)
	check = func(where string, d document, of []attribute) {
		for name, v := range d {
			a, ok := named(of, name)
			if !ok || a.name != name {
				t.Errorf("%s%s is in no schema", where, name)
			}
			for _, part := range values(d, a) {
				check(where+name+".", part, a.subs)
			}
			if _, is := v.(bool); ok && is != (a.kind == boolKind) {
				t.Errorf("%s%s is no %s", where, name, a.kind)
			}
		}
	}
	check("", user, userAttributes())
	check("", group, groupAttributes())
	for _, a := range slices.Concat(userSchema(), groupSchema()) {
		if a.about == "" {
			t.Errorf("nothing is said of %s", a.name)
		}
	}
	shown := query{only: []string{"username"}}.shown(user)
	if len(shown) != 3 || shown["userName"] != email || shown["id"] != "usr_1" || shown["schemas"] == nil {
		t.Errorf("userName alone: %v", shown)
	}
	if left := (query{but: []string{"emails", "id"}}).shown(user); left["emails"] != nil || left["id"] == nil || left["userName"] == nil {
		t.Errorf("without emails: %v", left)
	}
}

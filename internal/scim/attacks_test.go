package scim_test

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// group is the id of the group of a role.
func (d directory) group(role string) string {
	d.Helper()
	id, _ := d.is(200, "", "GET", "/Groups?filter="+url.QueryEscape(`displayName eq "`+role+`"`), "").at("Resources.0.id").(string)
	return id
}

// TestNoDirectoryGivesMoreThanItHas: neither by a group, nor by activating somebody, nor to
// itself; and what it may not read it does not learn of.
func TestNoDirectoryGivesMoreThanItHas(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		low := connect(w, "low", "Viewer")
		admin := connect(w, "manager", "Administrator")
		bob := admin.user("bob@example.com")
		w.WriteRole(officetest.Acme(), "Root", "*")
		add := patch(`{"op":"add","path":"members","value":[{"value":"` + bob + `"}]}`)
		admin.is(403, "", "PATCH", "/Groups/"+admin.group("Root"), add)
		low.is(403, "", "PATCH", "/Groups/"+low.group("Viewer"), add)
		low.is(403, "", "POST", "/Users", `{"userName":"new@example.com"}`)
		low.is(403, "", "DELETE", "/Users/"+bob, "")

		_, err := w.CreateServiceAccount(w.Ctx, w.Root, "acme", api.CreateServiceAccount{Name: "members", Rights: officetest.Rights("members:read", "members:write")})
		officetest.Must(w.T, err)
		narrow := directory{w, w.With(w.Create(w.Root, officetest.Ask("service", "members")))}
		eve := narrow.user("eve@example.com")
		narrow.is(403, "", "GET", "/Groups", "")
		narrow.is(403, "", "PATCH", "/Groups/"+admin.group("Viewer"), add)
		admin.is(200, "", "PATCH", "/Groups/"+admin.group("Administrator"), patch(`{"op":"add","path":"members","value":"`+eve+`"}`))
		narrow.is(200, "", "PATCH", "/Users/"+eve, patch(`{"op":"replace","path":"active","value":false}`))
		narrow.is(403, "", "PATCH", "/Users/"+eve, patch(`{"op":"replace","path":"active","value":true}`)) // it would hand on more than it has
	})
}

// TestOwnersAreNotADirectorys: no group is the role Owner by any name, one who is not an
// Owner's touches no Owner, and the last one stays whoever asks.
func TestOwnersAreNotADirectorys(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		admin, root := connect(w, "manager", "Administrator"), connect(w, "highest", "Owner")
		ada, _ := root.is(200, "", "GET", "/Users?filter="+url.QueryEscape(`userName eq "ada@example.com"`), "").at("Resources.0.id").(string)
		bob := root.user("bob@example.com")
		off := patch(`{"op":"replace","path":"active","value":"False"}`)
		for _, name := range []string{"Owner", "owner", "OWNER"} {
			if got := root.is(200, "", "GET", "/Groups?filter="+url.QueryEscape(`displayName eq "`+name+`"`), ""); got.text("totalResults") != "0" {
				w.Errorf("%s is a group: %v", name, got.body)
			}
			root.is(400, "invalidValue", "POST", "/Groups", `{"displayName":"`+name+`","members":[{"value":"`+bob+`"}]}`)
		}
		for _, id := range []string{"role_T3duZXI", "role_T3duZXI=", "T3duZXI", "Owner", "role_", "role_b3duZXI"} {
			root.is(404, "", "PATCH", "/Groups/"+id, patch(`{"op":"add","path":"members","value":"`+bob+`"}`))
			root.is(404, "", "GET", "/Groups/"+id, "")
		}
		made, _ := root.is(201, "", "POST", "/Groups", `{"displayName":"Staff"}`).at("id").(string)
		root.is(400, "invalidValue", "PATCH", "/Groups/"+made, patch(`{"op":"replace","path":"displayName","value":"Owner"}`))
		root.is(409, "uniqueness", "PATCH", "/Groups/"+made, patch(`{"op":"replace","path":"displayName","value":"viewer"}`))

		admin.is(403, "", "PATCH", "/Users/"+ada, off)
		admin.is(403, "", "DELETE", "/Users/"+ada, "")
		admin.is(200, "", "PATCH", "/Users/"+ada, patch(`{"op":"replace","path":"active","value":"True"}`)) // nothing is changed
		root.is(409, "", "PATCH", "/Users/"+ada, off)
		root.is(409, "", "DELETE", "/Users/"+ada, "")
		root.is(409, "", "PUT", "/Users/"+ada, `{"userName":"ada@example.com","active":false}`)
		if got := root.is(200, "", "GET", "/Users/"+ada, ""); got.text("active") != "true" {
			w.Errorf("the last Owner: %v", got.body)
		}
	})
}

// TestWhomAPersonStoppedNoPUTBringsBack: Okta sends active with every change of a name.
func TestWhomAPersonStoppedNoPUTBringsBack(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		d := connect(w, "okta", "Administrator")
		bob := d.user("bob@example.com")
		_, err := w.DeactivateMember(w.Ctx, w.Root, "acme", bob, false)
		officetest.Must(w.T, err)
		whole := `{"userName":"bob@example.com","displayName":"Bob","active":true}`
		if got := d.is(200, "", "PUT", "/Users/"+bob, whole); got.text("active")+got.text("displayName") != `false"Bob"` {
			w.Errorf("%v", got.body)
		}
		if got := d.is(200, "", "PATCH", "/Users/"+bob, patch(`{"op":"Replace","path":"active","value":"True"}`)); got.text("active") != "true" {
			w.Errorf("on purpose: %v", got.body)
		}
		off := `{"userName":"eve@example.com","active":false}`
		if got := d.is(201, "", "POST", "/Users", off); got.text("active") != "false" {
			w.Errorf("made inactive: %v", got.body)
		}
		held := w.Create(officetest.As(w.Root, "bob@example.com"), officetest.Ask("personal", ""))
		u, err := w.GetUser(w.Ctx, w.Root, "bob@example.com")
		officetest.Must(w.T, err)
		_, err = w.DeactivateUser(w.Ctx, w.Root, u.ID)
		officetest.Must(w.T, err)
		if got := d.is(200, "", "PATCH", "/Users/"+bob, patch(`{"op":"Replace","path":"active","value":true}`)); got.text("active") != "false" {
			w.Errorf("whom the instance stopped: %v", got.body)
		}
		w.Deny(api.CodeOwnerInactive, held.Secret)
	})
}

// TestAPatchIsWhole: one bad operation, or one member that is none, and nothing is done.
func TestAPatchIsWhole(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		d := connect(w, "directory", "Administrator")
		w.Workspace("globex")
		w.MemberOf("globex", "gus@example.com", "Viewer", "*")
		gus, err := w.GetMember(w.Ctx, w.Root, "globex", "gus@example.com")
		officetest.Must(w.T, err)
		bob, viewer := d.user("bob@example.com"), d.group("Viewer")
		before, head := d.is(200, "", "GET", "/Users/"+bob, ""), len(audited(w))
		for what, c := range map[string][3]string{
			"an attribute that is none": {`{"op":"replace","path":"displayName","value":"X"},{"op":"replace","path":"actve","value":false}`, "invalidPath", "/Users/" + bob},
			"one without a path":        {`{"op":"replace","value":{"displayName":"X","actve":false}}`, "invalidPath", "/Users/" + bob},
			"one within its schema":     {`{"op":"replace","value":{"displayName":"X","urn:ietf:params:scim:schemas:core:2.0:User":{"active":false}}}`, "invalidPath", "/Users/" + bob},
			"active that is neither":    {`{"op":"replace","path":"displayName","value":"X"},{"op":"replace","path":"active","value":"no"}`, "invalidValue", "/Users/" + bob},
			"an op that is none":        {`{"op":"replace","path":"displayName","value":"X"},{"op":"move","path":"active","value":false}`, "invalidSyntax", "/Users/" + bob},
			"another userName":          {`{"op":"replace","path":"displayName","value":"X"},{"op":"replace","path":"userName","value":"ada@example.com"}`, "mutability", "/Users/" + bob},
			"active that is removed":    {`{"op":"remove","path":"active"}`, "mutability", "/Users/" + bob},
			"a name that is too long":   {`{"op":"replace","path":"active","value":false},{"op":"replace","path":"displayName","value":"` + strings.Repeat("x", 300) + `"}`, "invalidValue", "/Users/" + bob},
			"another workspace's":       {`{"op":"add","path":"members","value":[{"value":"` + bob + `"},{"value":"` + gus.ID + `"}]}`, "invalidValue", "/Groups/" + viewer},
			"a member by an address":    {`{"op":"add","path":"members","value":[{"value":"bob@example.com"}]}`, "invalidValue", "/Groups/" + viewer},
			"a member by a word":        {`{"op":"add","path":"members","value":[{"value":"me"}]}`, "invalidValue", "/Groups/" + viewer},
			"another name of a role":    {`{"op":"add","path":"members","value":"` + bob + `"},{"op":"replace","path":"displayName","value":"Staff"}`, "mutability", "/Groups/" + viewer},
			"part of a member":          {`{"op":"replace","path":"members[value eq \"x\"].display","value":"X"}`, "invalidPath", "/Groups/" + viewer},
			"a filter that is none":     {`{"op":"remove","path":"members[value eq"}`, "invalidFilter", "/Groups/" + viewer},
			"a removal of nothing":      {`{"op":"remove"}`, "noTarget", "/Groups/" + viewer},
		} {
			if got := d.send("PATCH", c[2], patch(c[0])); got.status != 400 || got.at("scimType") != c[1] {
				w.Errorf("%s: %d %v, want %s", what, got.status, got.body, c[1])
			}
		}
		for _, path := range []string{"/Users/" + gus.ID, "/Users/me", "/Users/bob@example.com", "/Users/ext:1", "/Users/", "/Bulk", "/Me", "/Users/" + bob + "/x", "/../v1/whoami"} {
			if got := d.send("PATCH", path, patch(`{"op":"replace","path":"displayName","value":"X"}`)); got.status != 404 && got.status != 405 {
				w.Errorf("%s: %d %v", path, got.status, got.body)
			}
		}
		if after := d.is(200, "", "GET", "/Users/"+bob, ""); after.tag != before.tag || after.text("groups") != "[]" {
			w.Errorf("something was done: %v", after.body)
		}
		if now := audited(w); len(now) != head {
			w.Errorf("%d rows of the audit more", len(now)-head)
		}
	})
}

// audited are the changes of members and roles that the audit knows.
func audited(w *officetest.World) (out []api.AuditEvent) {
	w.Helper()
	all, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{}, officetest.Page(0))
	officetest.Must(w.T, err)
	for _, e := range all {
		if strings.HasPrefix(e.Action, "member.") || strings.HasPrefix(e.Action, "role.") {
			out = append(out, e)
		}
	}
	return out
}

// TestAChangeIsOfWhatWasSeen: If-Match holds for a user and for who is in a group, also
// where somebody changed that by hand; to say the same again is no change, and in no audit.
func TestAChangeIsOfWhatWasSeen(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		d := connect(w, "directory", "Administrator")
		bob, viewer := d.user("bob@example.com"), d.group("Viewer")
		old := d.is(200, "", "GET", "/Users/"+bob, "").tag
		d.is(304, "", "GET", "/Users/"+bob, "", "If-None-Match", old)
		name := func(n string) string { return patch(`{"op":"replace","path":"displayName","value":"` + n + `"}`) }
		now := d.is(200, "", "PATCH", "/Users/"+bob, name("Bob"), "If-Match", old).tag
		if now == old {
			w.Errorf("the tag stays %s", old)
		}
		d.is(412, "", "PATCH", "/Users/"+bob, name("Rob"), "If-Match", old)
		d.is(412, "", "PATCH", "/Users/"+bob, name("Bob"), "If-Match", old)
		d.is(412, "", "DELETE", "/Users/"+bob, "", "If-Match", old)
		d.is(200, "", "PATCH", "/Users/"+bob, name("Rob"), "If-Match", "*")
		d.is(400, "invalidValue", "POST", "/Users", oktaUser, "If-Match", old)

		add := patch(`{"op":"add","path":"members","value":"` + bob + `"}`)
		seen := d.is(200, "", "GET", "/Groups/"+viewer+"?excludedAttributes=members", "").tag
		w.MemberOf("acme", "eve@example.com", "Viewer", "*")
		d.is(412, "", "PATCH", "/Groups/"+viewer, add, "If-Match", seen)
		seen = d.is(200, "", "GET", "/Groups/"+viewer, "").tag
		d.is(200, "", "PATCH", "/Groups/"+viewer, add, "If-Match", seen)
		d.is(412, "", "DELETE", "/Groups/"+viewer, "", "If-Match", seen)

		head := len(audited(w))
		for range 3 {
			d.is(200, "", "PATCH", "/Groups/"+viewer, add)
			d.is(200, "", "PATCH", "/Users/"+bob, name("Rob"))
			d.is(200, "", "PUT", "/Users/"+bob, `{"userName":"bob@example.com","active":true}`)
		}
		if n := len(audited(w)); n != head {
			w.Errorf("%d rows of the audit more", n-head)
		}
	})
}

// TestHostileRequests are refused before they cost anything, and nothing of them is repeated.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	d := connect(w, "directory", "Administrator")
	bob := d.user("bob@example.com")
	const secret = "c0rrect-horse"
	deep := strings.Repeat("(", 60) + "active eq true" + strings.Repeat(")", 60)
	for _, asked := range []string{deep, strings.Repeat(`active eq true or `, 200) + "active eq true", `userName`, `userName eq`, `userName eq "x`, `userName eq x`, `userName xx "x"`,
		`passwort eq "` + secret + `"`, `password eq "` + secret + `"`, `userName eq "x" and`, `not active eq true`, `(active eq true`, `active eq true)`, `active gt true`, `active eq "maybe"`,
		`emails[type eq "work"`, `emails[nope eq "x"]`, `userName[x eq "y"]`, `emails.nope eq "x"`, `meta.created gt "yesterday"`, `userName eq null`, `userName eq 7`, `userName eq {"a":1}`, "userName eq \"\xff\"", ``} {
		got := d.send("GET", "/Users?filter="+url.QueryEscape(asked), "")
		if got.status != 400 || got.at("scimType") != "invalidFilter" || strings.Contains(got.text("detail"), secret) {
			t.Errorf("%.60q: %d %v", asked, got.status, got.body)
		}
	}
	for _, query := range []string{`filter=userName+eq+"a;b"`, "filter=%zz", `filter=id+eq+"x"&filter=id+pr`, `filter=id+eq+"x"&Filter=id+pr`, "count=x", "startIndex=1.5"} {
		if got := d.send("GET", "/Users?"+query, ""); got.status != 400 {
			t.Errorf("%s: %d %v", query, got.status, got.body)
		}
	}
	var many strings.Builder
	for i := range 1001 {
		many.WriteString(`{"op":"replace","path":"displayName","value":"` + strconv.Itoa(i) + `"},`)
	}
	for what, body := range map[string]string{
		"deep": strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), "none": "", "a list": "[]", "null": "null", "a name twice": `{"userName":"a@b.example","userName":"c@d.example"}`,
		"a name twice but for its case": `{"active":false,"Active":true,"userName":"a@b.example"}`, "a number": `{"userName":7}`, "no address": `{"userName":"bob"}`,
		"no name": `{"active":true}`, "broken UTF-8": "{\"userName\":\"a\xff@b.example\"}", "two texts": `{"userName":"a@b.example"}{}`,
		"a token": `{"userName":"a@b.example","displayName":"` + w.Secret.Reveal() + `"}`, "a secret": `{"userName":"` + secret + `","password":"` + secret + `"}`,
	} {
		got := d.send("POST", "/Users", body)
		if got.status != 400 || strings.Contains(got.text("detail"), secret) {
			t.Errorf("%s: %d %v", what, got.status, got.body)
		}
	}
	for _, body := range []string{"{}", `{"Operations":[]}`, `{"Operations":{}}`, `{"Operations":[7]}`, patch(strings.TrimSuffix(many.String(), ",")), patch(`{"op":"replace","path":"","value":1}`),
		patch(`{"op":"replace","path":7,"value":1}`), patch(`{"op":"add","path":"active"}`), patch(`{"op":"replace","value":[1]}`), patch(`{"op":"replace","value":{"active":null}}`),
		patch(`{"op":"replace","path":"displayName","value":["` + secret + `","b"]}`)} {
		if got := d.send("PATCH", "/Users/"+bob, body); got.status != 400 || strings.Contains(got.text("detail"), secret) {
			t.Errorf("%.80s: %d %v", body, got.status, got.body)
		}
	}
	d.is(201, "", "POST", "/Users", `{"userName":"x@y.example","password":"`+secret+`"}`)
	kept, err := json.Marshal(audited(w))
	officetest.Must(t, err)
	if strings.Contains(string(kept), secret) || !strings.Contains(string(kept), "x@y.example") {
		t.Errorf("a password is in the audit: %s", kept)
	}
}

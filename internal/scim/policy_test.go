package scim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// sqlite is a world over one store, where none matters.
func sqlite(t *testing.T) *officetest.World {
	t.Helper()
	return officetest.NewWorld(t, storetest.SQLite(t))
}

// with makes a connection that has scopes and nothing else.
func with(w *officetest.World, name string, scopes ...string) directory {
	w.Helper()
	w.Account(name, scopes...)
	return directory{w, w.With(w.Create(w.Root, officetest.Ask("service", name)))}
}

// request is one that a directory makes, and what it needs.
type request struct {
	method, path, body string
	needs              []string
}

// requests are about the users BOB and GONE, and the roles OWN, ENDS and Viewer.
func requests(n int) []request {
	const read, write, see, name = "members:read", "members:write", "roles:read", "roles:write"
	return []request{
		{"GET", "/Users", "", []string{read}},
		{"GET", "/Users/BOB", "", []string{read}},
		{"GET", "/Users/usr_none", "", []string{read}},
		{"GET", "/Groups", "", []string{read, see}},
		{"GET", "/Groups/OWN", "", []string{read, see}},
		{"GET", "/Schemas", "", []string{read}},
		{"GET", "/ServiceProviderConfig", "", []string{read}},
		{"POST", "/Users", fmt.Sprintf(`{"userName":"n%d@example.com"}`, n), []string{write}},
		{"PUT", "/Users/BOB", fmt.Sprintf(`{"displayName":"Bob %d"}`, n), []string{write}},
		{"PATCH", "/Users/BOB", patch(fmt.Sprintf(`{"op":"add","path":"externalId","value":"b%d"}`, n)), []string{write}},
		{"PATCH", "/Groups/OWN", patch(`{"op":"add","path":"members","value":"BOB"}`), []string{write, see}},
		{"PATCH", "/Groups/OWN", patch(fmt.Sprintf(`{"op":"replace","path":"displayName","value":"Crew %d"}`, n)), []string{write, see, name}},
		{"PUT", "/Groups/OWN", `{"members":[]}`, []string{write, see}},
		{"POST", "/Groups", fmt.Sprintf(`{"displayName":"New %d"}`, n), []string{write, see, name}},
		{"DELETE", "/Groups/ENDS", "", []string{write, see, name}},
		{"DELETE", "/Groups/VIEWER", "", []string{write, see}},
		{"DELETE", "/Users/GONE", "", []string{write}},
	}
}

// Each request needs its scopes, all of them and no other; who lacks one is told which, and
// learns and changes nothing.
func TestEachRequestNeedsItsScopes(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	admin := connect(w, "manager", "Administrator")
	bob := admin.user("bob@example.com")
	w.WriteRole(officetest.Acme(), "Own")
	all := []string{"members:read", "members:write", "roles:read", "roles:write"}
	have := [][]string{all}
	for _, r := range requests(0) { // as little as each needs, and all but one of it
		have = append(have, r.needs)
		for _, s := range r.needs {
			have = append(have, slices.DeleteFunc(slices.Clone(all), func(have string) bool { return have == s }))
		}
	}
	slices.SortFunc(have, func(a, b []string) int { return slices.Compare(a, b) })
	have = slices.CompactFunc(have, slices.Equal)
	for n, scopes := range have {
		d := with(w, fmt.Sprintf("with%d", n), scopes...)
		gone := admin.user(fmt.Sprintf("gone%d@example.com", n))
		w.WriteRole(officetest.Acme(), fmt.Sprintf("Ends%d", n))
		names := strings.NewReplacer("BOB", bob, "GONE", gone, "OWN", admin.group(ownName(w)), "ENDS", admin.group(fmt.Sprintf("Ends%d", n)), "VIEWER", admin.group("Viewer"))
		for _, r := range requests(n) {
			before := w.Last("acme").Sequence
			got := d.send(r.method, names.Replace(r.path), names.Replace(r.body))
			lacks := slices.DeleteFunc(slices.Clone(r.needs), func(s string) bool { return slices.Contains(scopes, s) })
			e := w.Last("acme")
			changed := e.Sequence > before && e.Action != "denied"
			switch {
			case len(lacks) == 0 && r.path == "/Users/usr_none" && got.status == 404:
			case len(lacks) == 0 && got.status >= 300 || len(lacks) > 0 && got.status != 403:
				t.Errorf("%s %s with %v: %d %s", r.method, r.path, scopes, got.status, got.text("detail"))
			case len(lacks) > 0 && (!strings.Contains(got.text("detail"), lacks[0]) || changed || strings.Contains(got.text("detail"), "example.com")):
				t.Errorf("%s %s lacks %v, and is told %s; changed: %t", r.method, r.path, lacks, got.text("detail"), changed)
			}
		}
	}
}

// ownName is what the workspace's own role Own is called by now.
func ownName(w *officetest.World) string {
	w.Helper()
	r, err := w.GetRole(w.Ctx, w.Root, officetest.Acme(), "Own")
	officetest.Must(w.T, err)
	return r.DisplayName
}

// One request is one story in the audit, told by whoever keeps the connection; the same
// request again tells nothing, takes no revision and is told to no endpoint.
func TestTheAuditTellsWhatADirectoryDidOnce(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	d := connect(w, "directory", "Administrator")
	told := w.Listener(officetest.Acme())
	bob, eve := d.user("bob@example.com"), d.user("eve@example.com")
	viewer := d.group("Viewer")
	staff, _ := d.is(201, "", "POST", "/Groups", `{"displayName":"Staff"}`).at("id").(string)
	both := `[{"value":"` + bob + `"},{"value":"` + eve + `"}]`
	heard := len(told())
	var story []string
	for _, c := range []struct {
		what, method, path, body string
		want                     []string
	}{
		{"a name", "PUT", "/Users/" + bob, `{"displayName":"Bob"}`, []string{"member.edited member:bob@example.com"}},
		{"a name and an end", "PATCH", "/Users/" + bob, patch(`{"op":"replace","path":"displayName","value":"Rob"},{"op":"replace","path":"active","value":false}`), []string{"member.deactivated member:bob@example.com"}},
		{"back", "PATCH", "/Users/" + bob, patch(`{"op":"replace","path":"active","value":true}`), []string{"member.activated member:bob@example.com"}},
		{"two into a group", "PATCH", "/Groups/" + viewer, patch(`{"op":"add","path":"members","value":` + both + `}`), []string{"member.edited member:bob@example.com", "member.edited member:eve@example.com"}},
		{"one of them out", "PATCH", "/Groups/" + viewer, patch(`{"op":"remove","path":"members[value eq \"` + eve + `\"]"}`), []string{"member.edited member:eve@example.com"}},
		{"all of another, under another name", "PUT", "/Groups/" + staff, `{"displayName":"Crew","members":` + both + `}`, []string{"role.written role:Staff", "member.edited member:bob@example.com", "member.edited member:eve@example.com"}},
		{"a PUT without members", "PUT", "/Groups/" + staff, `{"displayName":"Crew"}`, nil},
		{"nobody left", "PATCH", "/Groups/" + viewer, patch(`{"op":"remove","path":"members"}`), []string{"member.edited member:bob@example.com"}},
	} {
		for _, again := range []bool{false, true} {
			before, revision := len(audited(w)), revisionOf(w)
			d.is(200, "", c.method, c.path, c.body)
			rows := audited(w)
			var got []string
			for _, e := range rows[:len(rows)-before] {
				got = append(got, e.Action+" "+e.Target)
				if e.Actor != "directory@acme.service" || e.ActorToken == nil {
					t.Errorf("%s: by %s with %v", c.what, e.Actor, e.ActorToken)
				}
			}
			slices.Reverse(got)
			if want := c.want; again && (len(got) > 0 || revisionOf(w) != revision) || !again && !cmp.Equal(got, want) {
				t.Errorf("%s, again %t: the audit tells %v, want %v", c.what, again, got, want)
			}
			for _, line := range got {
				action, _, _ := strings.Cut(line, " ")
				story = append(story, action)
			}
		}
	}
	if got := told()[heard:]; !cmp.Equal(got, story) {
		t.Errorf("the endpoint was told %s", cmp.Diff(story, got))
	}
	inactive := d.is(201, "", "POST", "/Users", `{"userName":"max@example.com","active":false}`)
	rows := audited(w)
	if inactive.text("active") != "false" || rows[0].Action != "member.deactivated" || rows[1].Action != "member.created" {
		t.Errorf("made inactive: %s, then %s", rows[1].Action, rows[0].Action)
	}
	head := len(rows)
	d.is(204, "", "DELETE", "/Groups/"+staff, "")
	d.is(204, "", "DELETE", "/Users/"+bob, "")
	d.is(404, "", "DELETE", "/Users/"+bob, "")
	var ends []string
	for _, e := range audited(w)[:len(audited(w))-head] {
		ends = append(ends, e.Action)
	}
	if want := []string{"member.removed", "role.deleted", "member.edited", "member.edited"}; !cmp.Equal(ends, want) {
		t.Errorf("at the end the audit tells %v", ends)
	}
}

func revisionOf(w *officetest.World) int64 {
	w.Helper()
	n, err := w.Revision(w.Ctx)
	officetest.Must(w.T, err)
	return n
}

// Who is deactivated by a directory has no power left when it is answered: no token works,
// no session is good; and all of it is back with them, but who was removed is gone.
func TestWhomADirectoryStopsHasNoPowerLeft(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	d := connect(w, "directory", "Administrator")
	bob := d.user("bob@example.com")
	d.is(200, "", "PATCH", "/Groups/"+d.group("Viewer"), patch(`{"op":"add","path":"members","value":"`+bob+`"}`))
	session := w.Person("bob@example.com")
	key := w.Create(session, officetest.Inheriting(""))
	enters := func() error { return officetest.Second(w.GetWorkspace(w.Ctx, session, "acme")) }
	for _, off := range []string{`"False"`, `false`} {
		w.Allow(key.Secret, "tickets:read")
		officetest.Must(t, enters())
		d.is(200, "", "PATCH", "/Users/"+bob, patch(`{"op":"replace","path":"active","value":`+off+`}`))
		w.Deny(api.CodeOwnerInactive, key.Secret)
		w.Refused(enters(), api.CodeOwnerInactive)
		d.is(200, "", "PUT", "/Users/"+bob, `{"displayName":"Bob"}`) // what it does not name stays
		w.Deny(api.CodeOwnerInactive, key.Secret)
		d.is(200, "", "PUT", "/Users/"+bob, `{"active":true}`) // by the connection that stopped him
	}
	w.Allow(key.Secret, "tickets:read")
	d.is(200, "", "PATCH", "/Groups/"+d.group("Viewer"), patch(`{"op":"remove","path":"members"}`))
	w.Deny(api.CodeInsufficientScope, key.Secret, "tickets:read")
	d.is(204, "", "DELETE", "/Users/"+bob, "")
	w.Deny(api.CodeRevoked, key.Secret)
	w.Refused(enters(), api.CodeNotFound)
	again := d.is(201, "", "POST", "/Users", `{"userName":"bob@example.com"}`)
	if again.at("id") != bob || again.text("groups") != "[]" {
		t.Errorf("back he is %v", again.body)
	}
	w.Deny(api.CodeRevoked, key.Secret)
}

// Another connection's stop, an Owner's and the instance's are not undone by a PUT, which
// says active of everybody; a PATCH says it on purpose, and brings nobody back whom the
// instance stopped.
func TestWhoseStopIsUndoneByWhom(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	one, other := connect(w, "one", "Administrator"), connect(w, "other", "Administrator")
	bob := one.user("bob@example.com")
	w.Workspace("office")
	w.MemberOf("office", "root@example.com", "Owner", "*")
	officetest.Must(t, officetest.Second(w.AddAdmin(w.Ctx, w.Root, api.AddAdmin{User: "root@example.com"})))
	stop := func(by authority.Caller) func() {
		return func() { officetest.Must(t, officetest.Second(w.DeactivateMember(w.Ctx, by, "acme", bob, false))) }
	}
	off := patch(`{"op":"replace","path":"active","value":false}`)
	for name, c := range map[string]struct {
		stop       func()
		put, patch int // the status of each
		back       bool
	}{
		"its own":      {func() { one.is(200, "", "PATCH", "/Users/"+bob, off) }, 200, 200, true},
		"another's":    {func() { other.is(200, "", "PATCH", "/Users/"+bob, off) }, 200, 200, false},
		"an Owner's":   {stop(w.Person("ada@example.com")), 200, 200, false},
		"the instance": {stop(w.Person("root@example.com")), 200, 403, false},
	} {
		c.stop()
		got := one.is(c.put, "", "PUT", "/Users/"+bob, `{"userName":"bob@example.com","active":true}`)
		if back := got.text("active") == "true"; back != c.back {
			t.Errorf("%s stop, by a PUT: back %t", name, back)
		}
		got = one.send("PATCH", "/Users/"+bob, patch(`{"op":"replace","path":"active","value":true}`))
		if got.status != c.patch {
			t.Errorf("%s stop, by a PATCH: %d %s", name, got.status, got.text("detail"))
		}
		officetest.Must(t, officetest.Second(w.ActivateMember(w.Ctx, w.Person("root@example.com"), "acme", bob)))
	}
}

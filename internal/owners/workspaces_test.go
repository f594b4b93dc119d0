package owners_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// slugs are those of workspaces, in order.
func slugs(all []api.Workspace) []string {
	out := []string{}
	for _, ws := range all {
		out = append(out, ws.Slug)
	}
	slices.Sort(out)
	return out
}

// A person sees the workspaces that they are in, a token its own, and whoever administers
// the instance all; each in pages, and narrowed by the same words to the same ones.
func TestEachSeesTheWorkspacesThatTheyMayEnter(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	for _, slug := range []string{"globex", "initech", "hooli"} {
		w.Workspace(slug)
	}
	officetest.Must(t, officetest.Second(w.EditWorkspace(w.Ctx, w.Root, "globex", api.EditWorkspace{Name: api.Some("Globex Corporation"), ExternalID: api.Some("customer-4711")})))
	eve := w.Member("eve@example.com", "Viewer")
	w.MemberOf("globex", "eve@example.com", "Viewer", "*")
	w.MemberOf("initech", "eve@example.com", "Viewer", "*")
	officetest.Must(t, officetest.Second(w.DeleteWorkspace(w.Ctx, w.Root, "initech")))
	plain := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read")))
	for name, c := range map[string]struct {
		by   authority.Caller
		text string
		want []string
	}{
		"an administrator":                       {w.Root, "", []string{"acme", "globex", "hooli"}},
		"a person":                               {eve, "", []string{"acme", "globex"}},
		"a token":                                {plain, "", []string{"acme"}},
		"an administrator, by a name":            {w.Root, "CORPORATION", []string{"globex"}},
		"a person, by a name":                    {eve, "CORPORATION", []string{"globex"}},
		"an administrator, by words":             {w.Root, "glob 4711", []string{"globex"}},
		"a person, by words":                     {eve, "glob 4711", []string{"globex"}},
		"a person, by a word that is not theirs": {eve, "hooli", []string{}},
		"a person, by words of two":              {eve, "globex acme", []string{}},
		"a token, by what it is not":             {plain, "globex", []string{}},
	} {
		rows, next, err := w.ListWorkspaces(w.Ctx, c.by, authority.Page{Text: c.text})
		if got := slugs(rows); err != nil || next != 0 || !cmp.Equal(got, c.want) {
			t.Errorf("%s sees %v (%v), want %v", name, got, err, c.want)
		}
	}
	for name, by := range map[string]authority.Caller{"an administrator": w.Root, "a person": eve} {
		first, next, err := w.ListWorkspaces(w.Ctx, by, authority.Page{Limit: 1})
		second, _, failed := w.ListWorkspaces(w.Ctx, by, authority.Page{Limit: 1, After: next})
		if err != nil || failed != nil || !cmp.Equal(slugs(first), []string{"acme"}) || !cmp.Equal(slugs(second), []string{"globex"}) {
			t.Errorf("%s in pages: %v and %v, %v, %v", name, slugs(first), slugs(second), err, failed)
		}
	}
	w.Refused(officetest.Third(w.ListWorkspaces(w.Ctx, officetest.As(w.Root, "eve@example.com"), officetest.Page(0))), api.CodeInsufficientScope)
	w.Refused(officetest.Third(w.ListWorkspaces(w.Ctx, authority.Caller{}, officetest.Page(0))), api.CodeMissingToken)
}

// A workspace that is put where none is is made, under the name of the path; one that is
// there is replaced, and keeps its slug and the id that its customer has. Sent again, the
// same request finds what it made.
func TestPuttingAWorkspaceMakesOrReplacesIt(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	put := func(ref string, in api.PutWorkspace) authority.Done[api.Workspace] {
		t.Helper()
		done, err := w.PutWorkspace(w.Ctx, w.Root, ref, in)
		officetest.Must(t, err)
		return done
	}
	said := api.PutWorkspace{Slug: "globex"}
	said.Name, said.Metadata = api.Some("Globex"), api.Some(api.Metadata{"plan": "gold"})
	made := put("ext:c-1", said)
	if v := made.Value; !made.Made || v.Slug != "globex" || v.Name != "Globex" || *v.ExternalID != "c-1" || v.Metadata["plan"] != "gold" {
		t.Errorf("made %t: %+v", made.Made, v)
	}
	if again := put("ext:c-1", said); again.Made || again.Value.Slug != "globex" {
		t.Errorf("sent again, it made %+v", again)
	}
	if v := put("globex", api.PutWorkspace{}).Value; v.Name != "globex" || len(v.Metadata) != 0 || *v.ExternalID != "c-1" {
		t.Errorf("replaced by nothing: %+v", v)
	}
	if v := put("hooli", api.PutWorkspace{}); !v.Made || v.Value.Name != "hooli" || v.Value.ExternalID != nil {
		t.Errorf("made by its slug: %+v", v)
	}
	absent := w.Root
	absent.Expected.Absent = true
	w.Refused(officetest.Second(w.PutWorkspace(w.Ctx, absent, "globex", api.PutWorkspace{})), api.CodeChangedMeanwhile)
	seen := w.Root
	seen.Expected = authority.At(made.Value.Revision)
	w.Refused(officetest.Second(w.PutWorkspace(w.Ctx, seen, "globex", api.PutWorkspace{})), api.CodeChangedMeanwhile)
	w.Refused(officetest.Second(w.PutWorkspace(w.Ctx, seen, "nowhere", api.PutWorkspace{})), api.CodeChangedMeanwhile)
	w.Refused(officetest.Second(w.GetWorkspace(w.Ctx, w.Root, "nowhere")), api.CodeNotFound)
}

// Only the instance puts workspaces: a member is told what it lacks, a stranger no more
// than of a workspace that there is not.
func TestOnlyTheInstancePutsWorkspaces(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.Workspace("globex")
	eve := w.Member("eve@example.com", "Owner")
	for ref, want := range map[string]api.Code{"acme": api.CodeInsufficientScope, "globex": api.CodeNotFound, "nowhere": api.CodeNotFound, "ext:c-9": api.CodeNotFound} {
		w.Refused(officetest.Second(w.PutWorkspace(w.Ctx, eve, ref, api.PutWorkspace{})), want)
	}
	w.Refused(officetest.Second(w.PutWorkspace(w.Ctx, officetest.As(w.Root, "eve@example.com"), "acme", api.PutWorkspace{})), api.CodeInsufficientScope)
}

// What is said of a workspace is refused by its field.
func TestAWorkspaceRefusesWhatCannotBeByItsField(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.Workspace("globex")
	officetest.Must(t, officetest.Second(w.EditWorkspace(w.Ctx, w.Root, "globex", api.EditWorkspace{ExternalID: api.Some("c-1")})))
	w.Workspace("gone")
	officetest.Must(t, officetest.Second(w.DeleteWorkspace(w.Ctx, w.Root, "gone")))
	create := func(in api.CreateWorkspace) error { return officetest.Second(w.CreateWorkspace(w.Ctx, w.Root, in)) }
	edit := func(in api.EditWorkspace) error {
		return officetest.Second(w.EditWorkspace(w.Ctx, w.Root, "acme", in))
	}
	put := func(ref, slug string, external api.Opt[string]) error {
		in := api.PutWorkspace{Slug: slug}
		in.ExternalID = external
		return officetest.Second(w.PutWorkspace(w.Ctx, w.Root, ref, in))
	}
	none, null := api.Opt[string]{}, api.Null[string]()
	many := api.Metadata{}
	for i := range 100 {
		many[fmt.Sprintf("k%d", i)] = "z"
	}
	for name, c := range map[string]struct {
		err   error
		code  api.Code
		field string
	}{
		"a slug that was in use":            {create(api.CreateWorkspace{Slug: "gone"}), api.CodeAlreadyExists, "slug"},
		"a slug that was in use, put":       {put("gone", "", none), api.CodeAlreadyExists, "slug"},
		"an empty id":                       {create(api.CreateWorkspace{Slug: "new", ExternalID: api.Some("")}), api.CodeInvalidField, "external_id"},
		"an id that another has":            {create(api.CreateWorkspace{Slug: "new", ExternalID: api.Some("c-1")}), api.CodeAlreadyExists, "external_id"},
		"an edit to an id that another has": {edit(api.EditWorkspace{ExternalID: api.Some("c-1")}), api.CodeAlreadyExists, "external_id"},
		"an edit to an empty id":            {edit(api.EditWorkspace{ExternalID: api.Some("")}), api.CodeInvalidField, "external_id"},
		"no name":                           {edit(api.EditWorkspace{Name: api.Some("")}), api.CodeInvalidField, "name"},
		"a name that is taken away":         {edit(api.EditWorkspace{Name: null}), api.CodeInvalidField, "name"},
		"a long name":                       {edit(api.EditWorkspace{Name: api.Some(strings.Repeat("x", 1000))}), api.CodeInvalidField, "name"},
		"metadata without bound":            {edit(api.EditWorkspace{Metadata: api.Some(many)}), api.CodeInvalidField, "metadata"},
		"another slug":                      {put("globex", "hooli", none), api.CodeInvalidField, "slug"},
		"another slug than the path":        {put("new", "newer", none), api.CodeInvalidField, "slug"},
		"no slug":                           {put("ext:c-2", "", none), api.CodeInvalidField, "slug"},
		"no id behind ext:":                 {put("ext:", "new", none), api.CodeInvalidField, "external_id"},
		"another id than the path":          {put("ext:c-2", "new", api.Some("c-3")), api.CodeInvalidField, "external_id"},
		"another id for who is there":       {put("ext:c-1", "", api.Some("c-3")), api.CodeInvalidField, "external_id"},
		"no id for who is there":            {put("ext:c-1", "", null), api.CodeInvalidField, "external_id"},
		"no id for who is made":             {put("ext:c-2", "new", null), api.CodeInvalidField, "external_id"},
	} {
		if e := api.AsError(c.err); e == nil || e.Code != c.code || e.Field != c.field {
			t.Errorf("%s: %v, want %s of %q", name, c.err, c.code, c.field)
		}
	}
	if err := put("ext:c-1", "", api.Some("c-1")); err != nil {
		t.Errorf("its own id, said again: %v", err)
	}
}

// The id by which a product knows its customer is the instance's to change: an Owner who
// could would take another customer's place.
func TestACustomersIDIsTheInstancesToChange(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	eve := w.Member("eve@example.com", "Owner")
	for _, id := range []api.Opt[string]{api.Some("c-1"), api.Null[string]()} {
		w.Refused(officetest.Second(w.EditWorkspace(w.Ctx, eve, "acme", api.EditWorkspace{ExternalID: id})), api.CodeInsufficientScope)
	}
	named := api.EditWorkspace{Name: api.Some("Acme"), Metadata: api.Some(api.Metadata{"plan": "gold"})}
	done, err := w.EditWorkspace(w.Ctx, eve, "acme", named)
	if err != nil || done.Value.Name != "Acme" || done.Value.Metadata["plan"] != "gold" {
		t.Errorf("her own to change: %+v, %v", done.Value, err)
	}
	officetest.Must(t, officetest.Second(w.EditWorkspace(w.Ctx, w.Root, "acme", api.EditWorkspace{ExternalID: api.Some("c-1")})))
	if v, err := w.GetWorkspace(w.Ctx, eve, "ext:c-1"); err != nil || v.Slug != "acme" || v.Name != "Acme" {
		t.Errorf("by the id: %+v, %v", v, err)
	}
}

// A workspace that is deleted is gone for everybody at once, with its tokens; its slug is
// spent, and its customer's id is free for another.
func TestADeletedWorkspaceIsGoneAndItsSlugIsSpent(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	root := instanceCaller(w)
	officetest.Must(t, officetest.Second(w.EditWorkspace(w.Ctx, root, "acme", api.EditWorkspace{ExternalID: api.Some("c-1")})))
	eve := w.Member("eve@example.com", "Owner")
	key := w.Create(eve, officetest.Inheriting(""))
	ending := w.Person("ada@example.com")
	w.Refused(officetest.Second(w.DeleteWorkspace(w.Ctx, w.Member("admin@example.com", "Administrator"), "acme")), api.CodeInsufficientScope)
	w.Allow(key.Secret)
	officetest.Must(t, officetest.Second(w.DeleteWorkspace(w.Ctx, ending, "acme")))
	w.Deny(api.CodeWorkspaceSuspended, key.Secret)
	for name, err := range map[string]error{
		"an Owner":        officetest.Second(w.GetWorkspace(w.Ctx, eve, "acme")),
		"the instance":    officetest.Second(w.GetWorkspace(w.Ctx, root, "acme")),
		"by its id":       officetest.Second(w.GetWorkspace(w.Ctx, root, "ext:c-1")),
		"resumed":         officetest.Second(w.ResumeWorkspace(w.Ctx, root, "acme")),
		"a member put in": officetest.Second(w.CreateMember(w.Ctx, root, "acme", api.CreateMember{Email: "x@example.com"})),
		"deleted again":   officetest.Second(w.DeleteWorkspace(w.Ctx, root, "acme")),
	} {
		if api.AsError(err).Code != api.CodeNotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.RefusedField(officetest.Second(w.CreateWorkspace(w.Ctx, root, api.CreateWorkspace{Slug: "acme"})), api.CodeAlreadyExists, "slug")
	next, err := w.CreateWorkspace(w.Ctx, root, api.CreateWorkspace{Slug: "acme2", ExternalID: api.Some("c-1")})
	if err != nil || *next.Value.ExternalID != "c-1" {
		t.Errorf("the next of that customer: %+v, %v", next.Value, err)
	}
	// She was its last Owner but one, and nobody keeps her for a workspace that is gone.
	officetest.Must(t, officetest.Second(w.DeactivateUser(w.Ctx, root, "eve@example.com")))
	officetest.Must(t, officetest.Second(w.RemoveAdmin(w.Ctx, root, "ada@example.com")))
	officetest.Must(t, officetest.Second(w.DeactivateUser(w.Ctx, root, "ada@example.com")))
}

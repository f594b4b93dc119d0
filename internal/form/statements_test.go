package form_test

import (
	"net/url"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
)

// rows are the fields of rows of statements as browsers send them, with the empty row at the end.
func rows(parts ...[3]string) url.Values {
	out := url.Values{"what": {"several"}}
	for _, p := range append(parts, [3]string{}) {
		out.Add("st_role", p[0])
		out.Add("st_scopes", p[1])
		out.Add("st_resources", p[2])
	}
	return out
}

// TestRightsOfSeveralStatementsAreTyped, each a role or scopes on resources of its own.
func TestRightsOfSeveralStatementsAreTyped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed       url.Values
		want, field string
	}{
		{rows([3]string{"Viewer", "", "*"}, [3]string{"", "tickets:read, tickets:write", "shop dev-*"}),
			`{"grants":[{"role":"Viewer","resources":["*"]},{"scopes":["tickets:read","tickets:write"],"resources":["shop","dev-*"]}]}`, ""},
		{rows([3]string{"Viewer", "tickets:read", "*"}), "", "grants"},
		{rows([3]string{"", "", "*"}), "", "grants"},
		{rows(), "", "grants"},
		{url.Values{"what": {"scopes"}}, "", "scopes"},
		{url.Values{"what": {"scopes"}, "scope": {"b:x", "a:x"}, "reach": {"some"}, "resources": {"shop"}}, `{"grants":[{"scopes":["a:x","b:x"],"resources":["shop"]}]}`, ""},
		{url.Values{"role": {"Viewer"}, "reach": {"all"}}, `{"role":"Viewer","resources":["*"]}`, ""},
	} {
		r, err := form.Typed(c.typed).AccountRights([]string{"*"})
		if (err != nil) != (c.field != "") || err != nil && api.AsError(err).Field != c.field {
			t.Errorf("%v: %v", c.typed, err)
		}
		if got := says(t, r); c.want != "" && got != c.want {
			t.Errorf("%v: %s, want %s", c.typed, got, c.want)
		}
	}
}

// TestAnAccountThatIsSentBackUntouchedKeepsItsRights, whatever shape they have; a row that was changed is sent with
// all others.
func TestAnAccountThatIsSentBackUntouchedKeepsItsRights(t *testing.T) {
	t.Parallel()
	role := "Viewer"
	for _, s := range []api.ServiceAccount{
		{Role: &role, Resources: []string{"*"}, Grants: []api.Statement{{Role: role, Resources: []string{"*"}}}},
		{Resources: []string{"shop"}, Grants: []api.Statement{{Scopes: []string{"b:x", "a:x"}, Resources: []string{"shop"}}}},
		{Grants: []api.Statement{{Role: "Owner", Resources: []string{"dev"}}, {Scopes: []string{"a:x"}, Resources: []string{"*"}}}},
	} {
		f := form.Edited(sent(form.OfAccount(s), nil))
		if r, err := f.EditAccountRights([]string{"*"}); err != nil || says(t, r) != "{}" {
			t.Errorf("%+v: %s, %v", s, says(t, r), err)
		}
	}
	both := api.ServiceAccount{Grants: []api.Statement{{Role: "Owner", Resources: []string{"dev"}}, {Scopes: []string{"a:x"}, Resources: []string{"*"}}}}
	f := form.OfAccount(both)
	if got := f.Rows(); len(got) != 3 || got[0] != (form.Row{Role: "Owner", Resources: "dev"}) || got[2] != (form.Row{}) {
		t.Fatalf("%+v", got)
	}
	typed := sent(f, rows([3]string{"Owner", "", "*"}, [3]string{"", "a:x", "*"}))
	typed.Del("st")
	r, err := form.Edited(typed).EditAccountRights([]string{"*"})
	if want := `{"grants":[{"role":"Owner","resources":["*"]},{"scopes":["a:x"],"resources":["*"]}]}`; err != nil || says(t, r) != want {
		t.Errorf("%s, %v", says(t, r), err)
	}
}

package form

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
)

// Rights that are more than one statement stand in rows, each a role or scopes and the
// resources for it. A row is one value of the field "st", so that a form which carries
// what it was drawn from sees a row that changed; browsers send the three parts of a row
// as fields of their own.

// Row is one statement as it is typed.
type Row struct{ Role, Scopes, Resources string }

const rowParts = "\x1f"

func (r Row) value() string { return strings.Join([]string{r.Role, r.Scopes, r.Resources}, rowParts) }

// statementRows writes statements into the field of rows.
func statementRows(sts []api.Statement) []string {
	var out []string
	for _, s := range sts {
		out = append(out, Row{s.Role, strings.Join(s.Scopes, " "), strings.Join(s.Resources, " ")}.value())
	}
	return out
}

// foldRows makes one field of the three that browsers send.
func (f Form) foldRows() {
	if !f.Values.Has("st_scopes") {
		return
	}
	at := func(name string, i int) string {
		if all := f.Values[name]; i < len(all) {
			return strings.Join(strings.Fields(strings.ReplaceAll(all[i], ",", " ")), " ")
		}
		return ""
	}
	f.Values.Del("st")
	for i := range f.Values["st_scopes"] {
		if r := (Row{at("st_role", i), at("st_scopes", i), at("st_resources", i)}); r != (Row{}) {
			f.Values.Add("st", r.value())
		}
	}
	for _, name := range []string{"st_role", "st_scopes", "st_resources"} {
		f.Values.Del(name)
	}
}

// Rows are the statements of the form, and an empty one to add another.
func (f Form) Rows() []Row {
	var out []Row
	for _, s := range f.Values["st"] {
		p := append(strings.Split(s, rowParts), "", "", "")
		out = append(out, Row{p[0], p[1], p[2]})
	}
	return append(out, Row{})
}

// statements reads the rows. One that names both a role and scopes says two things.
func (f Form) statements() ([]api.Statement, error) {
	out := []api.Statement{}
	for _, r := range f.Rows() {
		switch {
		case r == Row{}:
			continue
		case r.Role != "" && r.Scopes != "":
			return nil, api.FieldError("grants", "a statement has either a role or scopes; make two of it")
		case r.Role == "" && r.Scopes == "":
			return nil, api.FieldError("grants", "say in each statement what may be done: a role, or scopes")
		}
		st := api.Statement{Role: r.Role, Resources: strings.Fields(r.Resources)}
		if r.Role == "" {
			st.Scopes = strings.Fields(r.Scopes)
		}
		out = append(out, st)
	}
	if len(out) == 0 {
		return nil, api.FieldError("grants", "write at least one statement")
	}
	return out, nil
}

// AccountWhat is how the rights of a service account are said: role, scopes or several.
func (f Form) AccountWhat() string {
	if w := f.Get("what"); w == "scopes" || w == "several" {
		return w
	}
	return "role"
}

// accountFields writes the rights of a service account into the fields of its form.
func accountFields(role *string, sts []api.Statement) url.Values {
	switch {
	case role != nil, len(sts) == 0:
		return url.Values{"what": {"role"}}
	case len(sts) == 1 && sts[0].Role == "" && sts[0].Scopes != nil:
		return url.Values{"what": {"scopes"}, "scope": slices.Clone(sts[0].Scopes)}
	}
	return url.Values{"what": {"several"}, "st": statementRows(sts)}
}

// AccountRights reads the rights of a new service account. All are the resources that
// "all" stands for.
func (f Form) AccountRights(all []string) (api.Rights, error) {
	switch f.AccountWhat() {
	case "scopes":
		scopes := Picker{Form: f}.Chosen()
		if len(scopes) == 0 {
			return api.Rights{}, api.FieldError("scopes", "choose at least one scope: without any it may do nothing")
		}
		slices.Sort(scopes)
		return api.Rights{Grants: api.Some([]api.Statement{{Scopes: slices.Compact(scopes), Resources: f.Resources(all)}})}, nil
	case "several":
		sts, err := f.statements()
		return api.Rights{Grants: api.Some(sts)}, err
	}
	return f.Rights(all), nil
}

// EditAccountRights are the rights of a service account that a form changed.
func (f Form) EditAccountRights(all []string) (api.Rights, error) {
	if !f.Changed("what", "role", "scope", "reach", "resources", "st") || f.AccountWhat() == "role" && f.Get("role") == "" {
		return api.Rights{}, nil
	}
	return f.AccountRights(all)
}

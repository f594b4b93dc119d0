package scim_test

import (
	"encoding/json"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/scim"
)

// said is an answer as a directory reads it.
type said struct {
	status int
	tag    string
	allow  string
	body   map[string]any
}

// at finds a value by a path like Resources.0.id; nil where there is none.
func (s said) at(path string) any {
	var v any = s.body
	for step := range strings.SplitSeq(path, ".") {
		switch have := v.(type) {
		case map[string]any:
			v = have[step]
		case []any:
			if n := int(step[0] - '0'); n < len(have) {
				v = have[n]
				continue
			}
			return nil
		default:
			return nil
		}
	}
	return v
}

// text is the value at a path, as JSON.
func (s said) text(path string) string {
	b, _ := json.Marshal(s.at(path)) // it was JSON
	return string(b)
}

// directory is a connection: a service account and its token.
type directory struct {
	*officetest.World
	caller authority.Caller
}

// connect makes a connection whose service account has a role.
func connect(w *officetest.World, name, role string) directory {
	w.Helper()
	_, err := w.CreateServiceAccount(w.Ctx, w.Root, "acme", api.CreateServiceAccount{Name: name, Rights: officetest.RoleOn(role, "*")})
	officetest.Must(w.T, err)
	return directory{w, w.With(w.Create(w.Root, officetest.Ask("service", name)))}
}

// send sends a request; the path may have a query. Headers are If-Match and If-None-Match.
func (d directory) send(method, path, body string, conditions ...string) said {
	d.Helper()
	path, query, _ := strings.Cut(path, "?")
	r := scim.Request{Method: method, Path: path, Query: query, Body: []byte(body), Base: "https://t.example" + scim.Root, Workspace: "acme"}
	for i := 0; i < len(conditions); i += 2 {
		if conditions[i] == "If-Match" {
			r.IfMatch = conditions[i+1]
		} else {
			r.IfNoneMatch = conditions[i+1]
		}
	}
	a, err := d.AnswerDirectory(d.Ctx, d.caller, r)
	out := said{status: a.Status, tag: a.Tag, allow: a.Allow}
	if err != nil {
		e := api.AsError(err)
		b, _ := json.Marshal(scim.ErrorOf(e, e.Status())) // texts
		a.Body, out.status = b, e.Status()
	}
	if len(a.Body) > 0 {
		officetest.Must(d.T, json.Unmarshal(a.Body, &out.body))
	}
	return out
}

// is sends a request and wants a status, and of an error its scimType.
func (d directory) is(status int, kind, method, path, body string, conditions ...string) said {
	d.Helper()
	got := d.send(method, path, body, conditions...)
	if have, _ := got.at("scimType").(string); got.status != status || have != kind {
		d.Fatalf("%s %s %.200s: %d %s, want %d %s", method, path, body, got.status, got.text("detail"), status, kind)
	}
	return got
}

// user makes a user and answers its id.
func (d directory) user(email string) string {
	d.Helper()
	id, _ := d.is(201, "", "POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"`+email+`"}`).at("id").(string)
	return id
}

// patch is a PatchOp with these operations.
func patch(operations string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + operations + `]}`
}

package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/httpapi"
)

// TestADirectoryKeepsMembersOverHTTP: types, tags and errors are those of RFC 7644, and no
// other way of presenting a token is one.
func TestADirectoryKeepsMembersOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.as(w.root, "POST", ws+"/service-accounts", object{"name": "directory", "role": "Administrator", "resources": []string{"*"}}).is(201)
	scim := w.issue("acme", object{"label": "directory", "kind": "service", "owner": "directory"}).Secret
	blind := w.issue("acme", object{"label": "blind", "kind": "workspace", "scopes": []string{"tokens:verify"}}).Secret
	const users, media = "/scim/v2/Users", "application/scim+json"
	refused := func(r *reply, status int, kind string) {
		t.Helper()
		var e struct {
			Schemas          []string
			Status, ScimType string
			Detail           string
		}
		if r.is(status).into(&e); e.Status != r.Status[:3] || e.ScimType != kind || e.Detail == "" || len(e.Schemas) != 1 || r.Header.Get("Content-Type") != media {
			t.Errorf("%d %s: %+v", status, r.Header.Get("Content-Type"), e)
		}
	}
	made := w.as(scim, "POST", users, `{"userName":"bob@example.com","active":true}`, "Content-Type", media+"; charset=utf-8").is(201)
	var user struct{ ID string }
	made.into(&user)
	one := users + "/" + user.ID
	tag := made.Header.Get("ETag")
	if made.Header.Get("Content-Type") != media || made.Header.Get("Location") != baseURL+one || !strings.HasPrefix(tag, `W/"`) || made.Header.Get("Tokenry-Revision") == "" || made.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", made.Header)
	}
	held := w.as(w.root, "POST", ws+"/tokens", object{"label": "x"}, "Tokenry-Act-As", "bob@example.com").is(201).issued().Secret
	w.as(held, "GET", "/v1/whoami", nil).is(200)
	w.as(held, "GET", fa+"?workspace=acme", nil).is(200)
	var still struct{ Active bool }
	if w.as(blind, "POST", introspect, "token="+held).is(200).into(&still); !still.Active {
		t.Error("an active member's token is not")
	}

	w.as(scim, "GET", one, nil, "If-None-Match", tag).is(304)
	refused(w.as(scim, "PATCH", one, `{"Operations":[{"op":"Replace","path":"active","value":"False"}]}`, "If-Match", `W/"1"`), 412, "")
	refused(w.as(scim, "DELETE", one, nil, "If-Match", ""), 412, "")
	refused(w.as(scim, "DELETE", one, nil, "If-Match", "1"), 412, "")
	w.as(scim, "PATCH", one, `{"Operations":[{"op":"Replace","path":"active","value":"False"}]}`, "If-Match", tag).is(200)
	w.as(held, "GET", "/v1/whoami", nil).is(401)
	w.as(held, "GET", fa+"?workspace=acme", nil).is(401)
	w.as(blind, "POST", introspect, "token="+held).is(200).into(&still)
	if still.Active {
		t.Error("introspection takes a deactivated member's token")
	}
	refused(w.as(held, "PATCH", one, `{"Operations":[{"op":"Replace","path":"active","value":"True"}]}`), 401, "")

	w.as(scim, "GET", users+`?filter=userName+eq+"bob%40example.com"`, nil).is(200)
	refused(w.as(scim, "GET", users+`?filter=userName+eq+"a;b"`, nil), 400, "invalidValue")
	refused(w.as(scim, "GET", users+`?filter=nope+eq+"x"`, nil), 400, "invalidFilter")
	refused(w.as(scim, "POST", users, `{"userName":"bob@example.com"}`), 409, "uniqueness")
	refused(w.as(scim, "POST", users, `{"userName":`), 400, "invalidSyntax")
	refused(w.as(scim, "POST", users, `{}`, "Content-Type", "text/plain"), 415, "")
	refused(w.as(scim, "POST", users, strings.Repeat(" ", 1<<20+1)), 413, "")
	refused(w.as(blind, "GET", users, nil), 403, "")
	refused(w.as(scim, "GET", users+"/usr_none", nil), 404, "")
	refused(w.as(scim, "GET", "/scim/v2/Nothing", nil), 404, "")
	refused(w.as(scim, "DELETE", users, nil), 405, "")
	nobody := w.send("GET", users, "")
	refused(nobody, 401, "")
	if !strings.HasPrefix(nobody.Header.Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("%v", nobody.Header)
	}
	refused(w.send("GET", users, "", "Cookie", "tokenry_session="+scim), 401, "")
	refused(w.send("GET", users+"?access_token="+scim, ""), 401, "")
	for _, path := range []string{"/scim/v2/ServiceProviderConfig", "/scim/v2/Schemas", "/scim/v2/ResourceTypes", "/scim/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", "/scim/v2/ResourceTypes/Group"} {
		w.as(scim, "GET", path, nil).is(200)
	}
	w.as(scim, "DELETE", one, nil).is(204)
	refused(w.as(scim, "GET", one, nil), 404, "")
	if strings.Contains(w.log.String(), "bob@example.com") {
		t.Error("the log tells who was asked about")
	}
}

// TestADirectoryTakesPowerAwayFromABusyServer: its deactivations wait for no room.
func TestADirectoryTakesPowerAwayFromABusyServer(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{"PATCH /scim/v2/Users/usr_1": true, "PUT /scim/v2/Users/usr_1": true, "DELETE /scim/v2/Groups/role_1": true, "GET /scim/v2/Users": false, "POST /scim/v2/Users": false, "PATCH /v1/workspaces/acme": false} {
		method, at, _ := strings.Cut(path, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, at, http.NoBody)
		w := httpapi.Urgent(r)
		if err != nil || w != want {
			t.Errorf("%s: %v, %v", path, w, err)
		}
	}
}

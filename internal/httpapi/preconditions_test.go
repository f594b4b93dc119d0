package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/httpapi"
)

// kept is one object of a kind: where it is read, and a body that changes it.
type keptObject struct {
	at, method, body string
	// lists says that it is found in a list alone.
	list bool
}

// objects makes one object of every kind that can be changed.
func (w *world) objects() map[string]keptObject {
	w.Helper()
	w.workspace2("globex")
	w.as(w.root, "PUT", ws+"/members/bob@example.com", object{"role": "Administrator", "resources": []string{"*"}}).is(201)
	w.as(w.root, "POST", ws+"/service-accounts", object{"name": "ci", "role": "Viewer", "resources": []string{"*"}}).is(201)
	w.as(w.root, "PUT", ws+"/roles/Helper", object{"scopes": []string{"tickets:read"}}).is(201)
	w.as(w.root, "PUT", ws+"/scopes/tickets:read", object{"description": "one"}).is(201)
	w.as(w.root, "POST", ws+"/resources", object{"name": "payments"}).is(201)
	var hook api.WebhookSecret
	w.as(w.root, "POST", ws+"/webhooks", object{"url": "https://example.com/x", "events": []string{"*"}}).is(201).into(&hook)
	tok := w.issue("acme", object{"label": "one"}).Token
	return map[string]keptObject{
		"token":           {at: ws + "/tokens/" + tok.Locator, method: "PATCH", body: `{"label":"two"}`},
		"member":          {at: ws + "/members/bob@example.com", method: "PATCH", body: `{"name":"Bob"}`},
		"service account": {at: ws + "/service-accounts/ci", method: "PATCH", body: `{"description":"two"}`},
		"role":            {at: ws + "/roles/Helper", method: "PUT", body: `{"scopes":["tickets:read"],"description":"two"}`, list: true},
		"scope":           {at: ws + "/scopes/tickets:read", method: "PUT", body: `{"description":"two"}`, list: true},
		"resource":        {at: ws + "/resources/payments", method: "DELETE"},
		"workspace":       {at: "/v1/workspaces/globex", method: "PATCH", body: `{"name":"Two"}`},
		"policy":          {at: ws + "/policy", method: "PATCH", body: `{"overlap":"2h"}`},
		"instance policy": {at: "/v1/instance/policy", method: "PATCH", body: `{"overlap":"3h"}`},
		"webhook":         {at: ws + "/webhooks/" + hook.ID, method: "PATCH", body: `{"description":"two"}`},
	}
}

func (w *world) workspace2(slug string) {
	w.Helper()
	w.as(w.root, "POST", "/v1/workspaces", object{"slug": slug}).is(201)
}

// Weakness: whoever saves what they read a while ago undoes what others did since.
// What is proved: every object has a tag, its own, and a change that names another
// is refused and changes nothing.
func TestAChangeMadeFromAnOldReadingIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, o := range w.objects() {
		var tag string
		if !o.list {
			r := w.as(w.root, "GET", o.at, nil).titled(name).is(200)
			tag = r.Header.Get("ETag")
			w.as(w.root, "GET", o.at, nil, "If-None-Match", `"0", W/`+tag).titled(name).is(304)
			w.as(w.root, "GET", o.at, nil, "If-None-Match", `"999999"`).titled(name).is(200)
		} else {
			tag = w.as(w.root, o.method, o.at, o.body).titled(name).is(200).Header.Get("ETag")
		}
		if len(tag) < 3 || tag[0] != '"' {
			t.Errorf("%s: tag %s", name, tag)
		}
		stale := func(title string, want int, headers ...string) *reply {
			t.Helper()
			return w.as(w.root, o.method, o.at, o.body, headers...).titled(name + ", " + title).is(want)
		}
		if p := stale("another revision", 412, "If-Match", `"999999"`).problem(api.CodeChangedMeanwhile); p.Detail == "" {
			t.Errorf("%s: no detail", name)
		}
		stale("a weak tag", 412, "If-Match", "W/"+tag)
		stale("a tag that is no revision", 412, "If-Match", `"x"`)
		for _, garbage := range []string{"", strings.Trim(tag, `"`), `"`, tag + " " + tag, "*, " + tag, tag + ","} {
			stale("garbage "+garbage, 400, "If-Match", garbage).field(api.CodeInvalidRequest, "if_match")
		}
		if now := w.as(w.root, "GET", o.at, nil); !o.list && now.Header.Get("ETag") != tag {
			t.Errorf("%s: what was refused moved it from %s to %s", name, tag, now.Header.Get("ETag"))
		}
		if o.method == "DELETE" {
			stale("a list with it", 200, "If-Match", `"0", `+tag)
			continue
		}
		moved := stale("its own", 200, "If-Match", tag).Header.Get("ETag")
		if moved == tag || moved == "" {
			t.Errorf("%s: it moved from %s to %s", name, tag, moved)
		}
		stale("its own of before", 412, "If-Match", tag)
		stale("any", 200, "If-Match", "*")
		stale("none", 200)
	}
}

func TestATagIsTheObjectsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	objects := w.objects()
	tag := func(kind string) string { return w.as(w.root, "GET", objects[kind].at, nil).is(200).Header.Get("ETag") }
	member, account, policy, workspace := tag("member"), tag("service account"), tag("policy"), w.as(w.root, "GET", "/v1/workspaces/acme", nil).Header.Get("ETag")
	tok := w.issue("acme", object{"label": "used", "role": "Helper", "resources": []string{"*"}})
	at := ws + "/tokens/" + tok.Token.Locator
	before := w.as(w.root, "GET", at, nil).Header.Get("ETag")
	w.as(tok.Secret, "GET", "/v1/whoami", nil).is(200)
	w.as(w.root, "PUT", ws+"/roles/Helper", object{"scopes": []string{"tickets:write"}}).is(200)
	w.as(w.root, "PATCH", "/v1/instance/policy", object{"overlap": "5h"}).is(200)
	if after := w.as(w.root, "GET", at, nil).Header.Get("ETag"); after != before {
		t.Errorf("its use and its role's change moved a token from %s to %s", before, after)
	}
	w.as(w.root, "PATCH", "/v1/workspaces/acme", object{"name": "Acme"}).is(200)
	if tag("member") != member || tag("service account") != account || tag("policy") != policy {
		t.Error("a change of others moved a tag")
	}
	w.as(w.root, "PATCH", ws+"/policy", object{"overlap": "6h"}).is(200)
	if now := w.as(w.root, "GET", "/v1/workspaces/acme", nil).Header.Get("ETag"); now == workspace {
		t.Error("renaming a workspace does not move it")
	}
}

func TestAPutMayAskThatThereIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, body := range map[string]string{
		ws + "/members/eve@example.com": `{"role":"Viewer","resources":["*"]}`,
		ws + "/members/ext:77":          `{"role":"Viewer","resources":["*"]}`,
		ws + "/roles/Helper":            `{"scopes":["tickets:read"]}`,
		ws + "/scopes/tickets:read":     `{}`,
		"/v1/workspaces/ext:1":          `{"slug":"one"}`,
	} {
		w.as(w.root, "PUT", path, body, "If-Match", "*").titled(path).is(412)
		w.as(w.root, "PUT", path, body, "If-None-Match", "*").titled(path).is(201)
		w.as(w.root, "PUT", path, body, "If-None-Match", "*").titled(path).is(412).problem(api.CodeChangedMeanwhile)
		w.as(w.root, "PUT", path, body, "If-None-Match", `"1"`).titled(path).is(400).field(api.CodeInvalidRequest, "if_none_match")
	}
	w.as(w.root, "POST", ws+"/tokens", `{"label":"x"}`, "If-Match", "*").is(400).field(api.CodeInvalidRequest, "if_match")
}

// The state of a token is taken back by nobody who saw another one.
func TestVerbsOfAnObjectTakeItsTagToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tok := w.issue("acme", object{"label": "one"}).Token
	for _, verb := range []string{"disable", "enable", "rotate", "reset", "revoke"} {
		at := ws + "/tokens/" + tok.Locator
		// A name for the request is no way past it.
		w.as(w.root, "POST", at+"/"+verb, nil, "If-Match", `"1"`, "Idempotency-Key", "k-"+verb).titled(verb).is(412)
		tag := w.as(w.root, "GET", at, nil).Header.Get("ETag")
		p := w.as(w.root, "POST", at+"/"+verb, nil, "If-Match", `"1"`).titled(verb).is(412).problem(api.CodeChangedMeanwhile)
		if !strings.Contains(p.Detail, "ada@example.com") || !strings.Contains(p.Detail, "token.") {
			t.Errorf("%s: it does not say who did what: %s", verb, p.Detail)
		}
		if now := w.as(w.root, "POST", at+"/"+verb, nil, "If-Match", tag).titled(verb).is(200).Header.Get("ETag"); now == tag {
			t.Errorf("%s: its tag stays %s", verb, tag)
		}
	}
}

func TestEveryChangeOfOneObjectTakesItsTag(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, rt := range httpapi.Routes() {
		if rt.Method != http.MethodPatch && rt.Method != http.MethodPut && rt.Method != http.MethodDelete {
			continue
		}
		r := w.as(w.root, rt.Method, filled(rt.Path), nil, "If-Match", "x")
		if r.StatusCode != http.StatusBadRequest || !strings.Contains(string(r.body), `"if_match"`) {
			t.Errorf("%s takes no If-Match: %d %s", rt.Pattern(), r.StatusCode, r.body)
		}
	}
}

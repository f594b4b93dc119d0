package reference

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenry/tokenry/api"
)

// TestACallHasOneName: generators make a function of it, so it never changes by itself.
func TestACallHasOneName(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/v1/workspaces":                        "getWorkspaces",
		"/v1/workspaces/{ws}":                   "getWorkspacesByWs",
		"/v1/workspaces/{ws}/tokens":            "getWorkspacesTokens",
		"/v1/workspaces/{ws}/tokens/{id}":       "getWorkspacesTokensById",
		"/v1/workspaces/{ws}/service-accounts":  "getWorkspacesServiceAccounts",
		"/.well-known/oauth-protected-resource": "getWellKnownOauthProtectedResource",
		"/v1/any/{path...}":                     "getAnyByPath",
	} {
		if got := operationID(&Call{Method: "GET", Path: path}, "GET"); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if got := operationID(&Call{Path: "/v1/any/{path...}"}, ""); got != "anyAnyByPath" {
		t.Errorf("of any method it is %s", got)
	}
}

// TestWhoMayCallIsSaidInASentence, with what else holds behind it.
func TestWhoMayCallIsSaidInASentence(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]Access{
		"Takes no token.":                          {Kind: Public},
		"Takes any valid token.":                   {Kind: Self},
		"Needs the scope a:read.":                  {Kind: Scope, Scopes: []string{"a:read"}},
		"Needs the scope a:read or a:write.":       {Kind: Scope, Scopes: []string{"a:read", "a:write"}},
		"Needs the scope instance:admin.":          {Kind: Instance, Scopes: []string{"instance:admin"}},
		"Takes any valid token. Its own is shown.": Access{Kind: Self}.Noting("Its own is shown."),
		"": {},
	} {
		if got := a.text(); got != want {
			t.Errorf("%v: %q, want %q", a.Kind, got, want)
		}
	}
	for kind, want := range map[AccessKind]string{0: "", Public: "public", Self: "self", Scope: "scope", Instance: "instance"} {
		if got := kind.String(); got != want {
			t.Errorf("%d is called %q", kind, got)
		}
	}
}

// TestAParameterSaysWhatItTakes, in the words of a schema.
func TestAParameterSaysWhatItTakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		p    Param
		want string
	}{
		"text":     {Param{Name: "q"}, `{"type":"string","minLength":1,"maxLength":300}`},
		"whole":    {Param{Name: "limit", Kind: Whole}, `{"type":"integer","minimum":1,"maximum":200}`},
		"flag":     {Param{Name: "deleted", Kind: Flag}, `{"type":"boolean"}`},
		"duration": {Param{Name: "within", Kind: Duration}, `{"type":"string","pattern":"` + durationPattern + `"}`},
		"time":     {Param{Name: "since", Kind: Time}, `{"type":"string","format":"date-time"}`},
		"one of":   {Param{Name: "kind", OneOf: []string{"a", "b"}}, `{"type":"string","enum":["a","b"]}`},
		"repeated": {Param{Name: "id", Repeat: true}, `{"type":"array","items":{"type":"string","minLength":1,"maxLength":300}}`},
		"a family": {Param{Name: "metadata.", Prefix: true}, `{"type":"array","items":{"type":"string","pattern":"^[^=]+=","minLength":1,"maxLength":300}}`},
	} {
		raw, err := json.Marshal(queryParameter(c.p).Schema)
		var got, want any
		if err != nil || json.Unmarshal(raw, &got) != nil || json.Unmarshal([]byte(c.want), &want) != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s (%v), want %s", name, raw, err, c.want)
		}
	}
	if got := queryParameter(Param{Name: "metadata.", Prefix: true}).Name; got != "metadata" {
		t.Errorf("a family is called %s", got)
	}
}

// TestATypeIsSaidInWords that a reader knows, and leads to what it holds.
func TestATypeIsSaidInWords(t *testing.T) {
	t.Parallel()
	token := &huma.Schema{Ref: schemaPrefix + "Token"}
	for name, c := range map[string]struct {
		s          *huma.Schema
		text, link string
	}{
		"another type":          {token, "Token", "Token"},
		"another type or null":  {&huma.Schema{AnyOf: []*huma.Schema{token, {Type: "null"}}}, "Token or null", "Token"},
		"a list":                {&huma.Schema{Type: huma.TypeArray, Items: token}, "list of Token", "Token"},
		"a list, or null":       {&huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}, Nullable: true}, "list of string or null", ""},
		"a duration":            {&huma.Schema{Type: huma.TypeString, Pattern: durationPattern}, "duration", ""},
		"a time, which may not": {&huma.Schema{Type: huma.TypeString, Format: "date-time", Nullable: true}, "time or null", ""},
		"whatever":              {&huma.Schema{}, "any", ""},
	} {
		if text, link := typeText(c.s); text != c.text || link != c.link {
			t.Errorf("%s: %q, to %q", name, text, link)
		}
	}
}

// TestAnExampleIsALineForAShell: it can be pasted, whatever is in the body, and holds no
// token.
func TestAnExampleIsALineForAShell(t *testing.T) {
	t.Parallel()
	e := exampleCall{Path: "/v1/things", Request: json.RawMessage(`{"label":"it's"}`), Status: 201, Response: json.RawMessage(`{"id":"1"}`)}
	v := e.view(&Call{Method: "POST", Path: "/v1/things", Access: Access{Kind: Self}}, "https://tokens.example.com")
	for _, part := range []string{"curl -X POST 'https://tokens.example.com/v1/things'", "Bearer $TOKENRY_TOKEN", `it'\''s`} {
		if !strings.Contains(v.Curl, part) {
			t.Errorf("without %q:\n%s", part, v.Curl)
		}
	}
	if v.Status != 201 || v.Answer != "{\n  \"id\": \"1\"\n}" {
		t.Errorf("answered %d:\n%s", v.Status, v.Answer)
	}
	public := exampleCall{Path: "/healthz", Response: json.RawMessage("ok")}.view(&Call{Path: "/healthz", Access: Access{Kind: Public}}, "")
	if public.Curl != "curl -X GET '/healthz'" || public.Answer != "ok" {
		t.Errorf("%+v", public)
	}
}

// TestAnOptionalFieldIsDescribedAsWhatItHolds, and nothing else is taken for one.
func TestAnOptionalFieldIsDescribedAsWhatItHolds(t *testing.T) {
	t.Parallel()
	if inner, ok := Optional(reflect.TypeFor[api.Opt[string]]()); !ok || inner.Kind() != reflect.String {
		t.Errorf("of an optional text: %v, %v", inner, ok)
	}
	for _, other := range []reflect.Type{reflect.TypeFor[string](), reflect.TypeFor[api.Role](), reflect.TypeFor[*api.Opt[string]]()} {
		if _, ok := Optional(other); ok {
			t.Errorf("%v is taken for optional", other)
		}
	}
}

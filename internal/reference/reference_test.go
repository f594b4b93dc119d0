package reference_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/reference"
)

func calls() []reference.Call {
	return []reference.Call{
		{
			Method: "GET", Path: "/v1/things/{id}", Group: "Things", Summary: "Show a thing", Success: []int{200}, Response: reflect.TypeFor[api.Role](), Tagged: true,
			Access: reference.Access{Kind: reference.Scope, Scopes: []string{"things:read", "things:write"}}.Noting("Its owner needs neither."),
			Params: []reference.Param{
				{Name: "since", Kind: reference.Time, Description: "From then on."}, {Name: "kind", OneOf: []string{"a", "b"}, Repeat: true}, {Name: "metadata.", Prefix: true},
			},
		},
		{
			Method: "PATCH", Path: "/v1/things/{id}", Group: "Things", Summary: "Edit a thing", Success: []int{200}, Response: reflect.TypeFor[api.Role](),
			Request: reflect.TypeFor[api.PutRole](), Access: reference.Access{Kind: reference.Self}, Matches: true, Keyed: true, Revision: true,
		},
		{
			Path: "/v1/any/{path...}", Group: "Service", Summary: "Take whatever comes", Success: []int{204}, Access: reference.Access{Kind: reference.Public},
			Detail: "<script>alert(1)</script>",
		},
	}
}

// spec is what the tests read of a document.
type spec struct {
	OpenAPI string
	Servers []struct{ URL string }
	Paths   map[string]map[string]operation
}

type operation struct {
	OperationID, Description string
	Parameters               []struct {
		Name, In string
		Required bool
		Schema   map[string]any
	}
	Responses map[string]struct{ Headers map[string]any }
	Scopes    []string `json:"x-required-scope"`
	Security  []map[string][]string
}

func read(t *testing.T, document []byte) (s spec) {
	t.Helper()
	if err := json.Unmarshal(document, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestADocumentTellsWhatTheTableSays(t *testing.T) {
	t.Parallel()
	p, err := reference.New(calls(), "https://tokens.example.com")
	if err != nil {
		t.Fatal(err)
	}
	for version, document := range map[string][]byte{"3.1.0": p.OpenAPI, "3.0.3": p.OpenAPI30} {
		s := read(t, document)
		if s.OpenAPI != version || s.Servers[0].URL != "https://tokens.example.com" {
			t.Errorf("%s: %s at %v", version, s.OpenAPI, s.Servers)
		}
		show, edit := s.Paths["/v1/things/{id}"]["get"], s.Paths["/v1/things/{id}"]["patch"]
		if want := "Needs the scope things:read or things:write. Its owner needs neither."; show.Description != want || len(show.Scopes) != 2 || len(show.Security) == 0 {
			t.Errorf("%s: who may call is told as %q, %v, %v", version, show.Description, show.Scopes, show.Security)
		}
		if show.OperationID != "getThingsById" || show.Responses["200"].Headers["ETag"] == nil || edit.Responses["200"].Headers["Tokenry-Revision"] == nil {
			t.Errorf("%s: %s answers %v, the change %v", version, show.OperationID, show.Responses, edit.Responses)
		}
		if got, want := names(show), "path id!, query since, query kind, query metadata"; got != want {
			t.Errorf("%s: to show takes %s, want %s", version, got, want)
		}
		if got, want := names(edit), "path id!, header If-Match, header Idempotency-Key"; got != want {
			t.Errorf("%s: to edit takes %s, want %s", version, got, want)
		}
	}
}

func names(op operation) string {
	var all []string
	for _, p := range op.Parameters {
		name := p.In + " " + p.Name
		if p.Required {
			name += "!"
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}

// TestACallOfAnyMethodStandsUnderEach: OpenAPI has no word for it, and a path
// parameter with slashes no dots.
func TestACallOfAnyMethodStandsUnderEach(t *testing.T) {
	t.Parallel()
	p, err := reference.New(calls(), "https://tokens.example.com")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for method, op := range read(t, p.OpenAPI).Paths["/v1/any/{path}"] {
		if len(op.Security) != 0 || seen[op.OperationID] {
			t.Errorf("%s is called %s and asks for %v", method, op.OperationID, op.Security)
		}
		seen[op.OperationID] = true
	}
	if len(seen) != 7 {
		t.Errorf("it stands under %d methods, want 7", len(seen))
	}
}

func TestThePagesRunTheirOwnScriptAndLeadNowhereElse(t *testing.T) {
	t.Parallel()
	p, err := reference.New(calls(), "https://tokens.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if page := string(p.Calls); strings.Count(page, "<script") != 1 || !strings.Contains(page, "&lt;script&gt;") || !strings.Contains(page, "/v1/things/{id}") {
		t.Error("the page of calls repeats what it is told, or lacks a call")
	}
	for _, i := range api.Codes() {
		if page := string(p.Code[i.Code]); !strings.Contains(page, string(i.Code)) || !strings.Contains(string(p.Codes), string(i.Code)) || strings.Contains(page, "<script") {
			t.Errorf("there is no page about %s, or it is not listed, or runs something", i.Code)
		}
	}
	if !strings.HasPrefix(p.Policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(p.Policy, "script") {
		t.Errorf("the pages may load by %q", p.Policy)
	}
	_, script, _ := strings.Cut(string(p.Calls), "<script>")
	script, _, _ = strings.Cut(script, "</script>")
	sum := sha256.Sum256([]byte(script))
	for _, want := range []string{
		"default-src 'none'; style-src 'sha256-", "; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; connect-src 'self';", "; form-action 'none';",
	} {
		if !strings.Contains(p.CallsPolicy, want) {
			t.Errorf("the page of calls may load by %q, want %s", p.CallsPolicy, want)
		}
	}
}

func TestACallIsTriedAsItIsSent(t *testing.T) {
	t.Parallel()
	p, err := reference.New(append(calls(), reference.Call{
		Method: "POST", Path: "/oauth2/introspect", Group: "OAuth", Summary: "Introspect", Success: []int{200}, OAuth: true,
		Request: reflect.TypeFor[api.PutRole](), Access: reference.Access{Kind: reference.Self},
	}), "https://tokens.example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`data-method="GET" data-path="/v1/things/{id}" data-access="scope" data-query="since kind" data-type="" data-body=""`,
		`data-method="PATCH" data-path="/v1/things/{id}" data-access="self" data-query="" data-type="application/json"`,
		`data-method="GET" data-path="/v1/any/{path...}" data-access="public"`,
		`data-type="application/x-www-form-urlencoded" data-body="client_ip=203.0.113.7&amp;resource=payments&amp;token=tkyp_`,
		"  -d &#39;client_ip=203.0.113.7&#39; \\\n  -d &#39;resource=payments&#39;",
	} {
		if !strings.Contains(string(p.Calls), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

package httpapi_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenry/tokenry/api"
)

// verify asks as a caller and returns the answer, which has to be one.
func (w *world) verify(caller string, in api.VerifyRequest) api.VerifyResult {
	w.Helper()
	var v api.VerifyResult
	r := w.as(caller, "POST", "/v1/verify", in).is(200)
	w.checkCommon(r)
	r.into(&v)
	return v
}

// code asks whether a token may do something, as root.
func (w *world) code(tok string, scopes ...string) api.Code {
	w.Helper()
	return w.verify(w.root, api.VerifyRequest{Token: tok, Scopes: scopes}).Code
}

func TestVerifyAnswersTheWholeShape(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.play([]step{
		{"PATCH", ws, object{"external_id": "cust-1"}, 200, nil},
		{"PUT", ws + "/members/bob@example.com", object{"name": `B "o" <b>`, "external_id": "u-7", "role": "Viewer", "resources": []string{"payments", "shop"}}, 201, nil},
	})
	i := w.issue("acme", object{"label": `Lap"<ö>`, "owner": "bob@example.com", "metadata": object{"team": "blue", "n": 7},
		"rate_limit": object{"requests": 5, "window": "1m"}, "expires_in": "1h"})
	got := w.as(w.root, "POST", "/v1/verify", object{"token": i.Secret, "scopes": []string{"pages:read"}, "resource": "any"}).is(200)
	var raw object
	got.into(&raw)
	want := object{
		"allowed": true, "code": "ok",
		"token": object{"id": i.Token.ID, "locator": i.Token.Locator, "kind": "personal", "label": i.Token.Label, "masked": i.Token.Masked,
			"metadata": object{"team": "blue", "n": 7.0}},
		"principal": object{"type": "user", "id": i.Token.Owner.ID, "address": "bob@example.com", "name": `B "o" <b>`, "external_id": "u-7"},
		"workspace": "acme", "workspace_external_id": "cust-1", "resources": []any{"payments", "shop"},
		"expires_at": "2026-03-14T10:26:53Z", "rate_limit": object{"limit": 5.0, "remaining": 4.0, "reset": 12.0},
		"scopes": raw["scopes"], "request_id": raw["request_id"], "revision": raw["revision"],
	}
	if diff := cmp.Diff(want, raw); diff != "" {
		t.Error(diff)
	}
	if scopes, ok := raw["scopes"].([]any); !ok || len(scopes) == 0 || raw["revision"] == 0.0 || raw["request_id"] == "" {
		t.Errorf("%v", raw)
	}
}

func TestVerifyHasNoNullsWhereThereIsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.play([]step{{"PATCH", "/v1/instance/policy", object{"allow_never": true, "max_lifetime": "0"}, 200, nil}})
	var raw object
	w.as(w.root, "POST", "/v1/verify", object{"token": "nonsense"}).is(200).into(&raw)
	want := object{"allowed": false, "code": "malformed", "workspace_external_id": nil, "expires_at": nil, "rate_limit": nil}
	ignore := cmpopts.IgnoreMapEntries(func(k string, _ any) bool { return k == "request_id" || k == "revision" })
	if diff := cmp.Diff(want, raw, ignore); diff != "" {
		t.Error(diff)
	}
}

func TestVerifyCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	expect := func(want api.Code, tok string, scopes ...string) {
		t.Helper()
		if got := w.code(tok, scopes...); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	i := w.issue("acme", object{"label": "x", "role": "Viewer", "resources": []string{"*"}, "expires_in": "1h"})
	expect(api.CodeOK, i.Secret)
	expect(api.CodeOK, i.Secret, "pages:read")
	expect(api.CodeInsufficientScope, i.Secret, "pages:write")
	expect(api.CodeUnknown, remint("000000000000", i.Secret))
	expect(api.CodeMalformed, " "+i.Secret)
	w.as(w.root, "POST", ws+"/tokens/"+i.Token.ID+"/disable", nil).is(200)
	expect(api.CodeDisabled, i.Secret)
	w.as(w.root, "POST", ws+"/tokens/"+i.Token.ID+"/enable", nil).is(200)
	r := w.as(w.root, "POST", ws+"/tokens/"+i.Token.ID+"/rotate", object{"overlap": "1m"}).is(200).issued()
	expect(api.CodeOK, i.Secret)
	expect(api.CodeOK, r.Secret)
	w.clock.Pass(time.Minute)
	expect(api.CodeRetired, i.Secret)
	w.clock.Pass(time.Hour)
	expect(api.CodeExpired, r.Secret)
	w.as(w.root, "POST", ws+"/tokens/"+i.Token.ID+"/revoke", nil).is(200)
	expect(api.CodeRevoked, r.Secret)
	v := w.verify(w.root, api.VerifyRequest{Token: r.Secret})
	if v.Detail != "Token was revoked" || v.Token == nil || v.Token.Locator != i.Token.Locator || v.Scopes != nil || v.Resources != nil {
		t.Errorf("a refusal tells %+v", v)
	}
}

func TestVerifyNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tok := w.account("ci", "tickets:read")
	v := w.verify(w.root, api.VerifyRequest{Token: tok, Scopes: []string{"a:b", "tickets:read", "c:d"}})
	if diff := cmp.Diff([]string{"a:b", "c:d"}, v.Missing); diff != "" || v.Allowed || len(v.Scopes) != 1 {
		t.Errorf("%+v", v)
	}
}

func TestVerifyKeepsToTheCallersWorkspaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.play([]step{{"POST", "/v1/workspaces", object{"slug": "globex", "external_id": "c-1"}, 201, nil}})
	foreign := w.accountIn("globex", "ci", "tickets:read")
	own := w.account("ci", "tickets:read")
	local, global := w.account("gateway", "tokens:verify"), w.verifier()
	for _, c := range []struct {
		name, caller, tok, workspace string
		want                         api.Code
	}{
		{"its own", local, own, "", api.CodeOK},
		{"its own by name", local, own, "acme", api.CodeOK},
		{"a foreign one", local, foreign, "", api.CodeUnknown},
		{"a foreign one by name", local, foreign, "globex", api.CodeUnknown},
		{"its own as another's", local, own, "globex", api.CodeUnknown},
		{"any", global, foreign, "", api.CodeOK},
		{"one by slug", global, foreign, "globex", api.CodeOK},
		{"one by external id", global, foreign, "ext:c-1", api.CodeOK},
		{"another's", global, foreign, "acme", api.CodeUnknown},
		{"another's by external id", global, own, "ext:c-1", api.CodeUnknown},
		{"nowhere", global, own, "nowhere", api.CodeUnknown},
		{"nowhere by external id", global, own, "ext:nobody", api.CodeUnknown},
		{"an empty external id", global, own, "ext:", api.CodeUnknown},
		{"an administrator's foreign one", w.root, foreign, "", api.CodeUnknown},
	} {
		if v := w.verify(c.caller, api.VerifyRequest{Token: c.tok, Workspace: c.workspace}); v.Code != c.want || v.Allowed != (c.want == api.CodeOK) {
			t.Errorf("%s: %s, want %s", c.name, v.Code, c.want)
		} else if c.want == api.CodeUnknown && (v.Token != nil || v.Workspace != "" || v.Detail != "") {
			t.Errorf("%s: an unknown token is told about: %+v", c.name, v)
		}
	}
	w.as(own, "POST", "/v1/verify", api.VerifyRequest{Token: own}).is(403).problem(api.CodeInsufficientScope)
	w.as(local, "POST", "/v1/verify", api.VerifyRequest{Token: own}, "Tokenry-Act-As", "ada@example.com").is(400).problem(api.CodeInvalidRequest)
}

func TestVerifyRefusesWhatIsNoQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	with := func(s string) string { return `{"token":"` + canary + `",` + s + `}` }
	all := []bad{
		post("a pattern", "/v1/verify", with(`"scopes":["a:*"]`), api.CodeInvalidField, "scopes"),
		post("everything", "/v1/verify", with(`"scopes":["*"]`), api.CodeInvalidField, "scopes"),
		post("no scope", "/v1/verify", with(`"scopes":["`+canary+`"]`), api.CodeInvalidField, "scopes"),
		post("a null scope", "/v1/verify", with(`"scopes":[null]`), api.CodeInvalidField, "scopes"),
		post("too many scopes", "/v1/verify", with(`"scopes":[`+strings.Repeat(`"a:b",`, 100)+`"a:b"]`), api.CodeInvalidField, "scopes"),
		post("a resource pattern", "/v1/verify", with(`"resource":"a*"`), api.CodeInvalidField, "resource"),
		post("a negative cost", "/v1/verify", with(`"cost":-1`), api.CodeInvalidField, "cost"),
		post("a fraction of a cost", "/v1/verify", with(`"cost":0.5`), api.CodeInvalidField, "cost"),
		post("no address", "/v1/verify", with(`"client":{"ip":"`+canary+`"}`), api.CodeInvalidField, "client.ip"),
		post("an unknown field", "/v1/verify", with(`"scope":"a:b"`), api.CodeUnknownField, "scope"),
		post("another case", "/v1/verify", `{"Token":"`+canary+`"}`, api.CodeUnknownField, ""),
		post("a nested unknown field", "/v1/verify", with(`"client":{"addr":"1.2.3.4"}`), api.CodeUnknownField, "client.addr"),
		post("a name twice", "/v1/verify", with(`"token":"x"`), api.CodeInvalidJSON, "token"),
		post("trailing data", "/v1/verify", with(`"peek":true`)+"1", api.CodeInvalidJSON, ""),
		post("a deep body", "/v1/verify", with(`"client":`+strings.Repeat(`[`, 9000)+strings.Repeat(`]`, 9000)), api.CodeInvalidField, "client"),
		post("no questions", "/v1/verify/batch", `{"requests":[]}`, api.CodeInvalidField, "requests"),
		post("101 questions", "/v1/verify/batch", `{"requests":[`+strings.Repeat(`{"token":"x"},`, 100)+`{"token":"x"}]}`, api.CodeInvalidField, "requests"),
		post("a bad question", "/v1/verify/batch", `{"requests":[{"token":"x"},`+with(`"cost":-1`)+`]}`, api.CodeInvalidField, "requests.cost"),
		post("a question with too much", "/v1/verify/batch", `{"requests":[`+with(`"x_y":1`)+`]}`, api.CodeUnknownField, "requests.x_y"),
	}
	tries(t, w, all)
}

func TestVerifyCostsAndPeeks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tok := w.issue("acme", object{"label": "x", "rate_limit": object{"requests": 3, "window": "1m"}}).Secret
	ask := func(cost int, peek bool) api.VerifyResult {
		return w.verify(w.root, api.VerifyRequest{Token: tok, Cost: &cost, Peek: peek})
	}
	for _, v := range []api.VerifyResult{ask(0, false), ask(1, true), ask(0, true)} {
		if v.RateLimit == nil || v.RateLimit.Remaining != 3 {
			t.Errorf("a peek consumes: %+v", v.RateLimit)
		}
	}
	if v := ask(2, false); v.RateLimit.Remaining != 1 || !v.Allowed {
		t.Errorf("%+v", v)
	}
	v := ask(2, false)
	if v.Code != api.CodeRateLimited || v.RetryAfter != 20 || v.RateLimit == nil || v.RateLimit.Remaining != 1 || v.Allowed {
		t.Errorf("%+v %+v", v, v.RateLimit)
	}
	dear := 4
	for _, peek := range []bool{false, true} {
		r := w.as(w.root, "POST", "/v1/verify", api.VerifyRequest{Token: tok, Cost: &dear, Peek: peek}).is(200)
		var v map[string]any
		r.into(&v)
		if _, told := v["retry_after"]; told || v["code"] != "cost_exceeds_limit" || r.Header.Get("Retry-After") != "" {
			t.Errorf("4 of at most 3: %v", v)
		}
	}
	// In a batch each question has the answer it would have alone.
	one := 1
	var batch api.VerifyBatchResult
	w.as(w.root, "POST", "/v1/verify/batch", api.VerifyBatch{Requests: []api.VerifyRequest{{Token: tok, Cost: &dear}, {Token: tok, Cost: &one}, {Token: tok, Cost: &one}}}).is(200).into(&batch)
	for i, want := range []api.Code{api.CodeCostExceedsLimit, api.CodeOK, api.CodeRateLimited} {
		if v := batch.Results[i]; v.Code != want || (v.RetryAfter > 0) != (want == api.CodeRateLimited) {
			t.Errorf("question %d of the batch: %s, retry after %d", i, v.Code, v.RetryAfter)
		}
	}
	// A batch larger than a limit is let through as far as the limit goes, in its order;
	// it is not dear itself, and what is refused has a time to come back.
	few := w.issue("acme", object{"label": "few", "rate_limit": object{"requests": 3, "window": "1m"}}).Secret
	w.as(w.root, "POST", "/v1/verify/batch", api.VerifyBatch{Requests: slices.Repeat([]api.VerifyRequest{{Token: few}}, 5)}).is(200).into(&batch)
	for i, v := range batch.Results {
		if v.Allowed != (i < 3) || i >= 3 && (v.Code != api.CodeRateLimited || v.RetryAfter != 20) {
			t.Errorf("question %d of five at a limit of 3: %s, retry after %d", i, v.Code, v.RetryAfter)
		}
	}
	// Whoever verifies is not charged for it.
	caller := w.issue("acme", object{"label": "y", "rate_limit": object{"requests": 1, "window": "1h"}}).Secret
	for range 3 {
		if v := w.verify(caller, api.VerifyRequest{Token: w.root}); !v.Allowed {
			t.Errorf("%+v", v)
		}
	}
}

func TestVerifyTakesTheClientsAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tok := w.issue("acme", object{"label": "x", "allowed_ips": []string{"203.0.113.0/24"}}).Secret
	for ip, want := range map[string]api.Code{"203.0.113.5": api.CodeOK, "::ffff:203.0.113.5": api.CodeOK, "198.51.100.1": api.CodeIPDenied, "": api.CodeIPDenied} {
		if v := w.verify(w.root, api.VerifyRequest{Token: tok, Client: &api.Client{IP: ip, Method: "GET", Path: "/x", UserAgent: "y"}}); v.Code != want {
			t.Errorf("from %q: %s, want %s", ip, v.Code, want)
		}
	}
}

func TestVerifyBatchAnswersInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.account("a", "x:a"), w.account("b", "x:b")
	in := api.VerifyBatch{Requests: []api.VerifyRequest{
		{Token: a, Scopes: []string{"x:a"}}, {Token: "nonsense"}, {Token: b, Scopes: []string{"x:a"}}, {Token: b},
	}}
	var out api.VerifyBatchResult
	w.as(w.root, "POST", "/v1/verify/batch", in).is(200).into(&out)
	var codes []api.Code
	ids := map[string]bool{}
	for _, r := range out.Results {
		codes = append(codes, r.Code)
		ids[r.RequestID] = true
	}
	if diff := cmp.Diff([]api.Code{api.CodeOK, api.CodeMalformed, api.CodeInsufficientScope, api.CodeOK}, codes); diff != "" || len(ids) != 4 {
		t.Errorf("%s %v", diff, ids)
	}
}

package httpapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
)

// reviewOf is what an API server of Kubernetes 1.37 sends, seen from k8s.io/apiserver v0.37.2.
func reviewOf(presented string) string {
	b, err := json.Marshal(presented)
	if err != nil {
		panic(err)
	}
	return `{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","metadata":{},"spec":{"token":` + string(b) +
		`,"audiences":["https://kubernetes.default.svc"]},"status":{"user":{}}}`
}

// asKubernetes asks about a token as an API server does.
func (w *world) asKubernetes(as, path, presented string) *reply {
	w.Helper()
	return w.as(as, "POST", "/v1/token-review/"+path+"?timeout=30s", json.RawMessage(reviewOf(presented)))
}

// TestKubernetesAsksWhoseATokenIs: a good token comes in with names of ours, under the
// scopes that it has now; a refusal is without a word, and the answer has the version of
// the question.
func TestKubernetesAsksWhoseATokenIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asks := w.issue("acme", object{"label": "cluster", "kind": "workspace", "scopes": []string{"tokens:verify"}}).Secret
	blind := w.issue("acme", object{"label": "other", "kind": "workspace", "scopes": []string{"tokens:read"}}).Secret
	all := w.issue("acme", object{"label": "a", "scopes": []string{"tickets:*"}, "resources": []string{"*"}})
	one := w.issue("acme", object{"label": "b", "scopes": []string{"tickets:read"}, "resources": []string{"store-1"}})
	off := w.issue("acme", object{"label": "c", "scopes": []string{"tickets:*"}, "resources": []string{"*"}})
	w.as(w.root, "POST", ws+"/tokens/"+off.Token.ID+"/revoke", object{}).is(200)

	ask := func(path, secret string) api.TokenReview {
		t.Helper()
		var said api.TokenReview
		w.asKubernetes(asks, path, secret).is(200).into(&said)
		if said.Version != "authentication.k8s.io/v1" || said.Kind != "TokenReview" || said.Spec != nil {
			t.Errorf("%s: %+v", path, said)
		}
		return said
	}
	got := ask("tickets:read,tickets:write", all.Secret)
	want := api.TokenReviewStatus{Authenticated: true, User: &api.ReviewedUser{
		Username: "tokenry:acme:ada@example.com", UID: got.Status.User.UID,
		Groups: []string{"tokenry:acme", "tokenry:acme:tickets:read", "tokenry:acme:tickets:write"},
		Extra:  map[string][]string{"tokenry.dev/token-id": {all.Token.ID}, "tokenry.dev/workspace": {"acme"}},
	}}
	if diff := cmp.Diff(want, *got.Status); diff != "" || got.Status.User.UID == "" {
		t.Error(diff)
	}
	if got := ask("tickets:read,tickets:write/store-1", one.Secret); got.Status.User == nil || !cmp.Equal(got.Status.User.Groups, []string{"tokenry:acme", "tokenry:acme:tickets:read"}) {
		t.Errorf("on its resource: %+v", got.Status)
	}
	for what, c := range map[string][2]string{
		"one for another resource":        {"tickets:read/store-2", one.Secret},
		"one restricted to resources":     {"tickets:read", one.Secret},
		"one without the first scope":     {"tickets:write,tickets:read/store-1", one.Secret},
		"one that is revoked":             {"tickets:read", off.Secret},
		"one that is none":                {"tickets:read", "tkyp_none"},
		"an ID token of somebody else's":  {"tickets:read", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"},
		"the API server's own credential": {"tickets:read", asks},
		"nothing":                         {"tickets:read", ""},
	} {
		if got := ask(c[0], c[1]); !cmp.Equal(*got.Status, api.TokenReviewStatus{}) {
			t.Errorf("%s: %+v", what, got.Status)
		}
	}
	var beta api.TokenReview
	w.as(asks, "POST", "/v1/token-review/tickets:read", json.RawMessage(strings.Replace(reviewOf(all.Secret), "k8s.io/v1", "k8s.io/v1beta1", 1))).is(200).into(&beta)
	if beta.Version != "authentication.k8s.io/v1beta1" || !beta.Status.Authenticated {
		t.Errorf("v1beta1: %+v", beta)
	}

	w.asKubernetes(blind, "tickets:read", all.Secret).is(403).problem(api.CodeInsufficientScope)
	w.asKubernetes("tkyp_none", "tickets:read", all.Secret).is(401)
	for _, path := range []string{"tickets:*", "product", "tickets:read,", strings.Repeat("tickets:read,", 20) + "tickets:read", "tickets:read/any", "tickets:read/store-*"} {
		w.asKubernetes(asks, path, all.Secret).is(400)
	}
	for _, bad := range []string{`{}`, `[]`, `{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v2","spec":{}}`, `{"kind":"Pod","apiVersion":"v1","spec":{}}`} {
		w.as(asks, "POST", "/v1/token-review/tickets:read", json.RawMessage(bad)).is(400)
	}
}

// TestKubernetesIsNeverToldToWait: it would, with the request of somebody else held up. At
// a limit there is no answer, which it does not keep.
func TestKubernetesIsNeverToldToWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asks := w.issue("acme", object{"label": "cluster", "kind": "workspace", "scopes": []string{"tokens:verify"}}).Secret
	good := w.issue("acme", object{"label": "a", "scopes": []string{"tickets:read"}, "resources": []string{"*"}, "rate_limit": object{"requests": 1, "window": "365d"}})
	unread := w.issue("acme", object{"label": "b"})
	w.asKubernetes(asks, "tickets:read", good.Secret).is(200)
	var said api.TokenReview
	w.asKubernetes(asks, "tickets:read", good.Secret).is(200).into(&said)
	if s := said.Status; s.Authenticated || s.User != nil || !strings.Contains(s.Error, "limit") {
		t.Errorf("at its limit: %+v", s)
	}
	for n := range 1000 {
		var none api.TokenReview
		if w.asKubernetes(asks, "tickets:read", remint("AAAAAAAAAAAA", good.Secret)).is(200).into(&none); none.Status.Error != "" {
			t.Fatalf("guess %d: %+v", n, none.Status)
		}
	}
	w.asKubernetes(asks, "tickets:read", remint("AAAAAAAAAAAA", good.Secret)).is(200).into(&said)
	if s := said.Status; s.Authenticated || !strings.Contains(s.Error, "too many") {
		t.Errorf("one guess too many: %+v", s)
	}
	w.must(w.db.(interface{ Close() error }).Close())
	r := w.asKubernetes(asks, "tickets:read", unread.Secret).is(503)
	if v := r.Header.Get("Retry-After"); v != "" {
		t.Errorf("Retry-After: %s", v)
	}
}

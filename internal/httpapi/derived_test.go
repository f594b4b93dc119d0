package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

// derive narrows a token as its holder does, with no server asked.
func (w *world) derive(secret string, terms token.Terms) string {
	w.Helper()
	s, err := token.Derive(token.NewSecret(secret), terms)
	w.must(err)
	return s.Reveal()
}

// TestADerivedTokenAtEveryDoor: each door that takes tokens of the product takes one derived
// from them, within its terms; none that does something to Tokenry itself.
func TestADerivedTokenAtEveryDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("acme", object{"label": "ci", "kind": "workspace", "scopes": []string{"tickets:*", "tokens:read", "tokens:verify"}, "resources": []string{"*"}})
	end := w.clock.Now().Add(time.Hour).UTC().Truncate(time.Second)
	d := w.derive(i.Secret, token.Terms{Scopes: []string{"tickets:read", "tokens:*"}, ExpiresAt: end})

	var v api.VerifyResult
	w.as(w.root, "POST", "/v1/verify", object{"token": d, "scopes": []string{"tickets:read"}}).is(200).into(&v)
	if !v.Allowed || v.Token == nil || v.Token.ID != i.Token.ID || !v.Token.Derived || v.ExpiresAt == nil || !v.ExpiresAt.Equal(end) ||
		!slices.Equal(v.Scopes, []string{"tickets:read", "tokens:read", "tokens:verify"}) {
		t.Errorf("verified: %+v, %+v", v, v.Token)
	}
	var refused api.VerifyResult
	w.as(w.root, "POST", "/v1/verify", object{"token": d, "scopes": []string{"tickets:write"}}).is(200).into(&refused)
	if refused.Code != api.CodeInsufficientScope || !slices.Equal(refused.Missing, []string{"tickets:write"}) {
		t.Errorf("refused: %+v", refused)
	}
	var whole api.VerifyResult
	w.as(w.root, "POST", "/v1/verify", object{"token": i.Secret}).is(200).into(&whole)
	if whole.Token == nil || whole.Token.Derived {
		t.Errorf("the token itself: %+v", whole.Token)
	}
	for scope, want := range map[string]int{"tickets:read": 200, "tickets:write": 403} {
		w.as(d, "GET", fa+"?workspace=acme&scope="+scope, nil).is(want)
	}
	var in map[string]any
	w.as(w.root, "POST", "/oauth2/introspect", form("token", d)).is(200).into(&in)
	if in["active"] != true || in["scope"] != "tickets:read tokens:read tokens:verify" || in["exp"] != float64(end.Unix()) {
		t.Errorf("introspected: %v", in)
	}
	var said api.TokenReview
	w.asKubernetes(w.root, "tickets:read", d).is(200).into(&said)
	if said.Status == nil || !said.Status.Authenticated {
		t.Errorf("reviewed: %+v", said.Status)
	}

	// Nothing of Tokenry's own opens, though the token has these scopes.
	w.as(i.Secret, "GET", ws+"/tokens", nil).is(200)
	p := w.as(d, "GET", ws+"/tokens", nil).is(401).problem(api.CodeInvalidToken)
	if !strings.Contains(p.Detail, "derived") {
		t.Errorf("told: %q", p.Detail)
	}
	w.as(d, "POST", "/v1/verify", object{"token": i.Secret}).is(401)
	w.givesUp(d).is(http.StatusOK)
	w.as(i.Secret, "GET", ws+"/tokens", nil).is(200)

	w.as(w.root, "POST", ws+"/tokens/"+i.Token.ID+"/revoke", object{}).is(200)
	w.as(w.root, "POST", "/v1/verify", object{"token": d, "scopes": []string{"tickets:read"}}).is(200).into(&v)
	if v.Allowed || v.Code != api.CodeRevoked {
		t.Errorf("once it is revoked: %s", v.Code)
	}
}

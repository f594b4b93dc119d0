package httpapi_test

import (
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// TestNoTextIsStoredWithATokenInIt: what is pasted into the wrong field is refused
// before it stands in lists, in the audit and in mails, and is not repeated.
func TestNoTextIsStoredWithATokenInIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.issue("acme", object{"label": "x"}).Secret
	text := "this one: " + secret
	own := w.issue("acme", object{"label": "mine"}).Token.ID
	w.play([]step{{"POST", ws + "/service-accounts", object{"name": "ci", "scopes": []string{}}, 201, nil}})
	for _, c := range []struct {
		method, path, field string
		body                object
	}{
		{"POST", ws + "/tokens", "label", object{"label": text}},
		{"POST", ws + "/tokens", "description", object{"label": "x", "description": text}},
		{"POST", ws + "/tokens", "metadata", object{"label": "x", "metadata": object{"a": text}}},
		{"PATCH", ws + "/tokens/" + own, "label", object{"label": secret}},
		{"PATCH", ws + "/tokens/" + own, "metadata", object{"metadata": object{secret: 1}}},
		{"POST", ws + "/members", "name", object{"email": "eve@example.com", "name": text, "role": "Viewer"}},
		{"PATCH", ws + "/members/me", "name", object{"name": text}},
		{"POST", ws + "/service-accounts", "description", object{"name": "cd", "description": text, "scopes": []string{}}},
		{"PATCH", ws + "/service-accounts/ci", "contacts", object{"contacts": []string{secret + "@example.com"}}},
		{"PUT", ws + "/roles/Night", "description", object{"description": text, "scopes": []string{"a:b"}}},
		{"PUT", ws + "/scopes/a:b", "description", object{"description": text}},
		{"POST", ws + "/resources", "name", object{"name": secret}},
		{"POST", ws + "/resources", "description", object{"name": "shop", "description": text}},
		{"PATCH", ws, "name", object{"name": text}},
		{"PATCH", ws, "metadata", object{"metadata": object{"a": text}}},
		{"PATCH", ws, "external_id", object{"external_id": secret}},
		{"PATCH", ws + "/policy", "support_contact.url", object{"support_contact": object{"url": text}}},
		{"POST", ws + "/webhooks", "url", object{"url": "https://example.com/?key=" + secret, "events": []string{"token.created"}}},
		{"POST", ws + "/webhooks", "description", object{"url": "https://example.com/", "description": text, "events": []string{"token.created"}}},
	} {
		r := w.as(w.root, c.method, c.path, c.body)
		var p api.Problem
		if r.into(&p); p.Status != 400 || p.Code != api.CodeInvalidField || p.Field != c.field || strings.Contains(string(r.body), secret) {
			t.Errorf("%s %s, %s: answers %s", c.method, c.path, c.field, r.body)
		}
	}
	w.as(w.root, "POST", ws+"/tokens/lookup", object{"text": text}).is(200)
	w.as(w.root, "POST", ws+"/tokens", object{"label": "without " + secret[:20]}).is(201)
}

// TestATokenWithoutScopesSeesItsOwnUse, and nobody else's.
func TestATokenWithoutScopesSeesItsOwnUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.play([]step{{"POST", ws + "/service-accounts", object{"name": "ci", "scopes": []string{}}, 201, nil}})
	a, b := w.issue("acme", object{"label": "a", "owner": "ci"}), w.issue("acme", object{"label": "b", "owner": "ci"})
	for _, view := range []string{"usage", "activity", "denials", "advice"} {
		w.as(a.Secret, "GET", ws+"/tokens/self/"+view, nil).is(200)
		w.as(a.Secret, "GET", ws+"/tokens/"+a.Token.ID+"/"+view, nil).is(200)
		w.as(a.Secret, "GET", ws+"/tokens/"+b.Token.ID+"/"+view, nil).is(403).problem(api.CodeInsufficientScope)
	}
}

// TestAResetAccessTokenIsAskedForAgain: the first answer was lost, when the token
// was made and when it was reset.
func TestAResetAccessTokenIsAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := ws + "/members/me/access-token/reset"
	var was api.Issued
	for _, key := range []string{"made", "reset"} {
		first := w.as(w.root, "POST", path, nil, "Idempotency-Key", key).is(200).issued()
		again := w.as(w.root, "POST", path, nil, "Idempotency-Key", key).is(200).issued()
		if first.Token.ID != again.Token.ID || first.Secret == again.Secret || was.Token.ID != "" && was.Token.ID != first.Token.ID {
			t.Errorf("%s: %s and %s, before %s", key, first.Token.ID, again.Token.ID, was.Token.ID)
		}
		w.as(first.Secret, "GET", "/v1/whoami", nil).is(401)
		w.as(again.Secret, "GET", "/v1/whoami", nil).is(200)
		w.as(w.root, "POST", path, nil, "Idempotency-Key", key).is(409).problem(api.CodeIdempotencyKeyUsed)
		was = again
	}
}

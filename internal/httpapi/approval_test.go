package httpapi_test

import (
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// bob is an Owner besides ada, with a token that he made himself.
func (w *world) bob() string {
	w.Helper()
	w.as(w.root, "POST", ws+"/members", onAll(object{"email": "bob@example.com", "role": "Owner"})).is(201)
	var id ledger.ID
	w.must(w.db.Read(w.Context(), func(r ledger.Reader) error {
		u, err := r.User(ledger.UserKey{Email: "bob@example.com"})
		id = u.ID
		return err
	}))
	in := api.CreateToken{}
	in.Label = api.Some("bob's")
	made, err := w.CreateToken(w.Context(), storetest.SignedIn(w.TB, w.db, id), "acme", in)
	w.must(err)
	return made.Secret.Reveal()
}

// asked is a token that waits, and may everything once it does not.
func (w *world) asked(label string) api.Issued {
	w.Helper()
	i := w.issue("acme", onAll(object{"label": label, "kind": "workspace", "scopes": []string{"*"}}))
	if a := i.Token.Approval; a == nil || a.State != api.ApprovalPending || len(i.Warnings) != 1 || i.Warnings[0].Code != api.WarnApproval {
		w.Errorf("%s does not wait: %+v", label, i)
	}
	return i
}

// approvalStory is of a token that is approved, and of one that is refused.
func (w *world) approvalStory() {
	bob, tokens := w.bob(), ws+"/tokens/"
	w.play([]step{{"PATCH", ws + "/policy", object{"require_approval": []object{{"kinds": []string{"workspace"}}}}, 200, nil}})
	good, bad := w.asked("good"), w.asked("bad")
	w.as(w.root, "GET", ws+"/tokens?status=pending", nil).is(200)
	w.as(w.root, "POST", tokens+good.Token.ID+"/approve", nil).is(403).problem(api.CodeForbidden)
	w.as(bob, "POST", tokens+good.Token.ID+"/approve", nil, "If-Match", `"1"`).is(412).problem(api.CodeChangedMeanwhile)
	w.as(bob, "POST", tokens+good.Token.ID+"/approve", object{"comment": "for the shop"}).is(200)
	w.as(bob, "POST", tokens+bad.Token.ID+"/refuse", nil).is(200)
	w.as(bob, "POST", tokens+bad.Token.ID+"/approve", nil).is(409).problem(api.CodeTokenRevoked)
	w.as(good.Secret, "GET", "/v1/whoami", nil).is(200)
	w.play([]step{{"PATCH", ws + "/policy", object{"require_approval": nil}, 200, nil}})
}

// TestATokenThatWaitsIsNothingAtAnyDoor: whoever holds it is told why, and nobody else.
func TestATokenThatWaitsIsNothingAtAnyDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bob := w.bob()
	w.play([]step{{"PATCH", ws + "/policy", object{"require_approval": []object{{"kinds": []string{"workspace"}}}}, 200, nil}})
	i := w.asked("waits")
	for range 2 {
		for _, door := range append(doors(), ws+"/tokens", "/scim/v2/acme/Users") {
			w.as(i.Secret, "GET", door, nil).is(401)
		}
		for _, door := range doors() {
			w.as(i.Secret, "GET", door, nil).is(401).problem(api.CodeApprovalPending)
		}
		if got := w.verify(w.root, api.VerifyRequest{Token: i.Secret}); got.Allowed || got.Code != api.CodeApprovalPending {
			t.Errorf("verified as %+v", got)
		}
		var seen struct{ Active bool }
		w.send("POST", "/oauth2/introspect", form("token", i.Secret), "Authorization", "Bearer "+w.root).is(200).into(&seen)
		var review struct {
			Status struct{ Authenticated bool }
		}
		w.asKubernetes(w.root, "tickets:read", i.Secret).is(200).into(&review)
		if seen.Active || review.Status.Authenticated {
			t.Error("it is accepted elsewhere")
		}
		w.as(i.Secret, "POST", "/v1/verify", api.VerifyRequest{Token: w.root}).is(401)
	}
	w.as(bob, "POST", ws+"/tokens/"+i.Token.ID+"/approve", nil).is(200)
	for _, door := range doors() {
		w.as(i.Secret, "GET", door, nil).is(200)
	}
}

// TestAJobDoesNotWait: an exchange that a rule of approval fits is refused, and told why.
func TestAJobDoesNotWait(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	j.play([]step{{"PATCH", ws + "/policy", object{"require_approval": []object{{"scopes": []string{"tickets:write"}}}}, 200, nil}})
	j.refused("under a rule", j.exchange(j.idToken(nil)), api.CodeApprovalRequired)
	j.play([]step{{"PATCH", ws + "/policy", object{"require_approval": []object{{"kinds": []string{"service"}, "scopes": []string{"tickets:write"}}}}, 200, nil}})
	if got := j.works(j.given(j.exchange(j.idToken(nil))).AccessToken); !got.Allowed {
		t.Errorf("%+v", got)
	}
}

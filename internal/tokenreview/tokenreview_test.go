package tokenreview_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/tokenreview"
)

// TestAnAnswerHasTheVersionOfItsQuestion, and no other is read.
func TestAnAnswerHasTheVersionOfItsQuestion(t *testing.T) {
	t.Parallel()
	ask := func(version string) (tokenreview.Question, error) {
		return tokenreview.Read([]byte(`{"apiVersion":"` + version + `","kind":"TokenReview","metadata":{"x":1},"spec":{"token":"t","audiences":["a"]},"status":{"user":{}}}`))
	}
	for _, version := range []string{"authentication.k8s.io/v1", "authentication.k8s.io/v1beta1"} {
		q, err := ask(version)
		if err != nil || q.Token != "t" {
			t.Fatalf("%+v %v", q, err)
		}
		for name, c := range map[string]struct{ got, want api.TokenReviewStatus }{
			"refused":   {got: *q.Refused().Status},
			"undecided": {*q.Undecided("busy").Status, api.TokenReviewStatus{Error: "busy"}},
		} {
			if diff := cmp.Diff(c.want, c.got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		if a := q.Refused(); a.Version != version || a.Kind != "TokenReview" || a.Spec != nil {
			t.Errorf("%+v", a)
		}
	}
	for _, version := range []string{"", "v1", "authentication.k8s.io/v2", "authentication.k8s.io/v1alpha1"} {
		if q, err := ask(version); err == nil {
			t.Errorf("%s was read: %+v", version, q)
		}
	}
	for _, bad := range []string{"", "null", "[]", `{}`, `{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview"}`, `{"apiVersion":"authentication.k8s.io/v1","kind":"Pod","spec":{}}`} {
		if _, err := tokenreview.Read([]byte(bad)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

// TestNoNameIsOneOfKubernetes, whatever an account or a scope is called.
func TestNoNameIsOneOfKubernetes(t *testing.T) {
	t.Parallel()
	var q tokenreview.Question
	u := q.Good(tokenreview.Bearer{Workspace: "system", Name: "system:admin", ID: "sa_1", Token: "t", Scopes: []string{"system:masters"}}).Status.User
	for _, name := range append(u.Groups, u.Username) {
		if !strings.HasPrefix(name, "tokenry:system") {
			t.Errorf("%s", name)
		}
	}
	if len(u.Groups) != 2 || u.UID != "sa_1" {
		t.Errorf("%+v", u)
	}
}

func TestScopesOfAnAddress(t *testing.T) {
	t.Parallel()
	got, err := tokenreview.Scopes("clusters:use,clusters:edit")
	if diff := cmp.Diff([]string{"clusters:use", "clusters:edit"}, got); diff != "" || err != nil {
		t.Errorf("%s %v", diff, err)
	}
	for _, bad := range []string{"", ",", "clusters", "clusters:*", "*", "clusters:use,", "clusters:use clusters:edit", strings.Repeat("a:b,", tokenreview.MostScopes) + "a:b"} {
		if got, err := tokenreview.Scopes(bad); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

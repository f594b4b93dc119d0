// Package tokenreview speaks with a Kubernetes API server that asks, by its TokenReview
// webhook, whose a token is (k8s.io/api, authentication/v1 and v1beta1).
//
// Its laws: the answer has the version of the question, for the server takes no other.
// A name is never one of Kubernetes' own: each begins with [Prefix]. A refusal is without
// a word, and the server remembers it; what could not be decided has one, and is asked
// again (k8s.io/apiserver v0.37.2, pkg/authentication/token/cache).
package tokenreview

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
)

const (
	// Prefix begins each user and group.
	Prefix = "tokenry:"
	// MostScopes is how many scopes a door's address has at the most.
	MostScopes = 20

	kind  = "TokenReview"
	extra = "tokenry.dev/"
)

// Question is what an API server wants to know.
type Question struct {
	version string
	// Token is the string as it was presented, also one that is no token of ours: the
	// server asks about each that nobody else took.
	Token string
}

// Read takes a question apart; what it brings besides is not looked at.
func Read(body []byte) (Question, error) {
	var in api.TokenReview
	if err := json.Unmarshal(body, &in); err != nil || in.Kind != kind || in.Spec == nil {
		return Question{}, api.Errorf(api.CodeInvalidField, "a question is a TokenReview of Kubernetes, with spec.token")
	}
	if !slices.Contains([]string{"authentication.k8s.io/v1", "authentication.k8s.io/v1beta1"}, in.Version) {
		return Question{}, api.FieldError("apiVersion", "must be authentication.k8s.io/v1 or authentication.k8s.io/v1beta1")
	}
	return Question{version: in.Version, Token: in.Spec.Token}, nil
}

// Scopes reads those that a door's address names, with commas between: a token needs the
// first, and each is a group of whoever has it.
func Scopes(text string) ([]string, error) {
	scopes := strings.Split(text, ",")
	if len(scopes) > MostScopes || slices.ContainsFunc(scopes, func(s string) bool { return !grant.ValidScope(s) }) {
		return nil, api.Errorf(api.CodeInvalidField, "the address names 1 to %d scopes like clusters:use, with commas between, and no patterns", MostScopes)
	}
	return scopes, nil
}

// Bearer is whoever may come in.
type Bearer struct {
	// Workspace is the slug of the token's; Name and ID are its owner's, the latter never
	// given to another.
	Workspace, Name, ID string
	// Token is the token's ID.
	Token string
	// Scopes are those of the address that the token has now.
	Scopes []string
}

// Good says who it is. A name is one in its workspace alone, so the workspace stands in it.
// No audience is named: the token is good for the API server that asks, and no other's.
func (q Question) Good(b Bearer) api.TokenReview {
	within := Prefix + b.Workspace
	groups := []string{within}
	for _, s := range b.Scopes {
		groups = append(groups, within+":"+s)
	}
	return q.answer(api.TokenReviewStatus{Authenticated: true, User: &api.ReviewedUser{
		Username: within + ":" + b.Name, UID: b.ID, Groups: groups,
		Extra: map[string][]string{extra + "token-id": {b.Token}, extra + "workspace": {b.Workspace}},
	}})
}

// Refused says no, and not why.
func (q Question) Refused() api.TokenReview { return q.answer(api.TokenReviewStatus{}) }

// Undecided says why there is no answer now.
func (q Question) Undecided(why string) api.TokenReview {
	return q.answer(api.TokenReviewStatus{Error: why})
}

func (q Question) answer(s api.TokenReviewStatus) api.TokenReview {
	return api.TokenReview{Version: q.version, Kind: kind, Status: &s}
}

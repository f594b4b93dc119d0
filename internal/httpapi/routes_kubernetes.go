package httpapi

import (
	"net/http"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/tokenreview"
	"github.com/tokenry/tokenry/internal/verify"
)

// tokenReview is where the paths of an API server's questions begin.
const tokenReview = "/v1/token-review/"

// Hasty says whether whoever sends a request is never told when to come back: an API
// server holds a request of somebody else up for that long, thirty times (k8s.io/client-go,
// rest.Request).
func Hasty(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, tokenReview) }

// kubernetesRoutes answer an API server's TokenReview webhook. What its configuration says
// stands in the path: it drops the query of the address that it is given.
func kubernetesRoutes() []Route {
	const path = tokenReview + "{scopes}"
	access := needs("tokens:verify", "instance:verify").Noting("tokens:verify knows tokens of the caller's own workspace; instance:verify those of all.")
	whole := route("POST", path, access, "Answer the TokenReview webhook of a Kubernetes API server", typed[api.TokenReview, api.TokenReview]((*call).review)).
		saying("What kube-apiserver --authentication-token-webhook-config-file asks, v1 and v1beta1. The path names scopes with commas between: a token comes in that has the first, " +
			"for the entire portfolio, and of each that it has its owner is in the group tokenry:WORKSPACE:SCOPE. A refusal has no error; what could not be decided has one, " +
			"or is 503 without Retry-After, for the API server holds a request up for as long as it is told to.")
	one := route("POST", path+"/{resource}", access, "Answer the TokenReview webhook of the API server of one cluster", typed[api.TokenReview, api.TokenReview]((*call).review)).
		saying("The same, and the scopes are those that the token has on that resource.")
	routes := group("Verify", whole, one)
	for i := range routes {
		rt := &routes[i]
		rt.MaxBody, rt.Timeout, rt.Frequent, rt.foreignQuery = smallBody, 0, true, true
	}
	return routes
}

// review tells an API server whose a token is.
func (c *call) review() (answer, error) {
	who, err := c.asker()
	if err != nil {
		return answer{}, err
	}
	scopes, err := tokenreview.Scopes(c.r.PathValue("scopes"))
	if err != nil {
		return answer{}, err
	}
	resource := c.r.PathValue("resource")
	if resource != "" && (resource == verify.AnyResource || !grant.ValidResource(resource)) {
		return answer{}, api.Errorf(api.CodeInvalidField, "the address ends in the name of one resource, or in the scopes")
	}
	asked, err := tokenreview.Read(c.body.Bytes())
	if err != nil {
		return answer{}, err
	}
	c.question = question{Request: verify.Request{Token: asked.Token, Scopes: scopes[:1], Resource: resource, Cost: 1}}
	if err := c.confine(&c.question, who, ""); err != nil {
		return answer{}, err
	}
	d := &c.decision
	if err := c.decide(&c.question, d, useOf(nil)); err != nil {
		return answer{}, err
	}
	switch d.Code {
	case api.CodeOK:
	case api.CodeRateLimited, api.CodeCostExceedsLimit:
		return answer{body: asked.Undecided("the token is at its rate limit")}, nil
	default:
		if c.s.misses.take(c.caller.Token, d) != nil {
			return answer{body: asked.Undecided("too many strings that are no tokens were asked about")}, nil //nolint:nilerr // whoever asks is told in the answer
		}
		return answer{body: asked.Refused()}, nil
	}
	b := tokenreview.Bearer{Workspace: d.Workspace.Slug, Name: d.Owner.Address, ID: d.Owner.PublicID, Token: tokenID(d)}
	for _, s := range scopes {
		if d.Rights.Grant.Allows(s, resource) {
			b.Scopes = append(b.Scopes, s)
		}
	}
	return answer{body: asked.Good(b)}, nil
}

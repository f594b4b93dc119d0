package httpapi

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// introspect tells a resource server about a token (RFC 7662).
func (c *call) introspect() (answer, error) {
	f, err := c.readForm()
	if err != nil {
		return answer{}, err
	}
	who, err := c.resourceServer(f)
	if err != nil {
		return answer{}, err
	}
	if c.question, err = c.questionOfForm(who, f); err != nil {
		return answer{}, err
	}
	d := &c.decision
	if err := c.decide(&c.question, d, Use{Door: DoorIntrospect}); err != nil {
		return answer{}, err
	}
	if d.Code == api.CodeOK {
		return answer{body: c.active(d)}, nil
	}
	if d.Code == api.CodeRateLimited || d.Code == api.CodeCostExceedsLimit {
		return answer{}, c.atLimit(d)
	}
	return answer{body: api.Introspection{}}, c.s.misses.take(c.caller.Token, d)
}

// atLimit refuses to say whether a token is active that is good and has used up a
// limit. The resource server is the one that is asked to wait: told that the token
// is not active, its client would throw it away.
func (c *call) atLimit(d *verify.Decision) error {
	rateFields(c.w.Header(), d)
	e := refused(d, nil)
	e.Message = "the token that was asked about is at its rate limit, so whether it is active is not said now"
	return e
}

// resourceServer establishes who asks, and that it may.
func (c *call) resourceServer(f form) (asker, error) {
	secret, err := c.clientSecret(f)
	if err != nil {
		return asker{}, err
	}
	if secret == "" {
		return asker{}, missingToken()
	}
	if err := c.present(secret); err != nil {
		return asker{}, err
	}
	return c.asker()
}

func (c *call) questionOfForm(who asker, f form) (question, error) {
	presented, err := f.subject()
	if err != nil {
		return question{}, err
	}
	q := question{Request: verify.Request{Token: presented, Resource: f.text("resource"), Cost: 1}}
	q.Whole = q.Resource == ""
	if err := checkNeeds("", nil, q.Resource); err != nil {
		return q, err
	}
	if q.Scopes, err = f.scopes(); err != nil {
		return q, err
	}
	if ip := f.text("client_ip"); ip != "" {
		addr, err := netip.ParseAddr(ip)
		if err != nil {
			return q, api.FieldError("client_ip", "must be an IP address")
		}
		q.Addr = addr.Unmap()
	}
	if f.empty("workspace") { // it would not confine the question at all
		return q, api.FieldError("workspace", "must not be empty; leave it out to ask for no such thing")
	}
	return q, c.confine(&q, who, f.text("workspace"))
}

// scopes are those of the parameter scope, which a request has to have (RFC 6749,
// section 3.3, has them with blanks between). Software that needs none sends it empty.
func (f form) scopes() ([]string, error) {
	scopes := strings.Fields(f.text("scope"))
	if len(scopes) > maxNeeds {
		return nil, api.FieldError("scope", "at most "+strconv.Itoa(maxNeeds)+" scopes")
	}
	for _, s := range scopes {
		if !grant.ValidScope(s) {
			return nil, api.FieldError("scope", "must be scopes like tickets:read with blanks between, and no patterns")
		}
	}
	return scopes, nil
}

// active is what is said about an active token. A number for the time is rounded
// down, so that nobody keeps the answer too long.
func (c *call) active(d *verify.Decision) api.Introspection {
	scopes, resources := held(d.Rights.Grant, c.question.Resource)
	v := api.Introspection{
		Active: true, Scope: strings.Join(scopes, " "), ClientID: tokenID(d), Username: d.Owner.Address, TokenType: "Bearer",
		Exp: keepUntil(d), Iat: d.CreatedAt.Unix(), Nbf: d.CreatedAt.Unix(),
		Sub: d.Owner.PublicID, Aud: d.Workspace.Slug, Iss: c.s.base, Jti: d.Locator.String(),
		Workspace: d.Workspace.Slug, WorkspaceExternalID: d.Workspace.ExternalID,
		PrincipalType: d.Owner.Key.Type.String(), ExternalID: d.Owner.ExternalID, Resources: resources,
	}
	if !d.NotBefore.IsZero() {
		v.Nbf = d.NotBefore.Unix()
	}
	if !d.ExpiresAt.IsZero() {
		v.TokenExp = d.ExpiresAt.Unix()
	}
	return v
}

func tokenID(d *verify.Decision) string {
	if d.Owner.Address == "" {
		return d.Locator.String()
	}
	return token.ID(d.Owner.Address, d.Locator)
}

// keepUntil is until when the answer may be kept: not beyond the end of the token
// or of the secret that was presented, nor longer than the policy allows; 0 for
// as long as one likes.
func keepUntil(d *verify.Decision) int64 {
	end := earlier(d.ExpiresAt, d.RetiresAt)
	if most := d.Workspace.Policy.IntrospectionMaxCache.Std(); most > 0 {
		end = earlier(end, d.At.Add(most))
	}
	if end.IsZero() {
		return 0
	}
	return end.Unix()
}

// earlier returns the earlier of two times, of which a zero one never comes.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// held are the scopes to answer, and the resources on which all of them are
// granted: whoever takes each of the ones for each of the others is right.
func held(g grant.Grant, resource string) (scopes, resources []string) {
	switch resource {
	case verify.AnyResource:
		return g.Scopes(), g.ResourcesOfAll()
	case "": // of what is restricted nothing comes here; else it is all of them, or none is needed
		return g.ScopesOn(""), g.Resources()
	}
	return g.ScopesOn(resource), []string{resource}
}

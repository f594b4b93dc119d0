package console

import (
	"errors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
)

// answer says who of token, owner, and state and policy lets a request through.
type answer struct {
	scope, resource string
	checks          []check
	yes             bool
}

// check is one of those who must agree, and what to do when they do not.
type check struct {
	yes       bool
	who, text string
}

// question is what was asked of a token.
type question struct{ scope, resource string }

func (q question) allows(g grant.Grant) bool {
	if q.resource == "" {
		return g.AllowsAny(q.scope)
	}
	return g.Allows(q.scope, q.resource)
}

// ask answers whether a token may use a scope, and which side says no.
func (v *visit) ask(t api.Token, scope, resource string) (*answer, error) {
	q := question{cut(scope, 64), cut(resource, 128)}
	if !grant.ValidScope(q.scope) {
		return &answer{scope: q.scope, resource: q.resource, checks: []check{{false, "The question", "Name one scope, like tickets:read, without a pattern."}}}, nil
	}
	a := &answer{scope: q.scope, resource: q.resource, yes: q.allows(compile(t.Effective)) && t.Usable}
	for _, look := range []func(api.Token, question) (*check, error){v.askToken, v.askOwner, v.askState} {
		c, err := look(t, q)
		if err != nil {
			return nil, err
		}
		if c != nil {
			a.checks = append(a.checks, *c)
		}
	}
	return a, nil
}

// askToken asks the token's own statements; what the visitor may not read is
// taken from what is in effect.
func (v *visit) askToken(t api.Token, q question) (*check, error) {
	const who = "The token"
	if t.Grants == nil {
		return &check{true, who, "It takes over whatever its owner may do."}, nil
	}
	book, err := v.book()
	if err != nil {
		return nil, err
	}
	sts := make([]grant.Statement, len(t.Grants))
	for i, s := range t.Grants {
		if sts[i] = grant.Statement(s); s.Role == "" && s.Scopes == nil {
			sts[i].Scopes = []string{"*"} // it only restricts to resources
		}
	}
	if q.allows(book.Compile(sts)) || q.allows(compile(t.Effective)) {
		return &check{true, who, "Its own scopes and resources include it."}, nil
	}
	return &check{false, who, "Its own scopes or resources leave it out. Edit the token to add them."}, nil
}

// book is what roles and scopes mean here, as far as the visitor may read it.
func (v *visit) book() (*grant.Book, error) {
	b := &grant.Book{Roles: map[string][]string{}, Implies: map[string][]string{}}
	roles, err := v.auth.ListRoles(v.ctx(), v.caller, v.where())
	if hidden(err) != nil {
		return nil, err
	}
	for _, r := range roles {
		b.Roles[r.Name] = r.Scopes
	}
	scopes, err := v.auth.ListScopes(v.ctx(), v.caller, v.where())
	for _, s := range scopes {
		b.Implies[s.Name] = s.Implies
	}
	return b, hidden(err)
}

// askOwner asks what the owner may do; nil where the visitor may not see it.
func (v *visit) askOwner(t api.Token, q question) (*check, error) {
	const who = "Its owner"
	owner, known, err := v.ownerRights(t)
	switch {
	case err != nil:
		return nil, err
	case t.Kind == "workspace":
		return &check{true, who, "The organisation may do everything here."}, nil
	case q.allows(compile(t.Effective)) || known && q.allows(compile(owner)):
		return &check{true, who, t.Owner.Address + " may do it."}, nil
	case !known:
		return nil, nil //nolint:nilnil // nothing is said of what may not be seen
	}
	return &check{false, who, t.Owner.Address + " lacks this, and a token never has more than its owner. Give the owner a role or resources that include it."}, nil
}

// askState asks whether the token works at all, and what the policy has to say.
func (v *visit) askState(t api.Token, _ question) (*check, error) {
	const who = "Its state and the policy"
	if !t.Usable {
		if w := why(t); w != "" {
			return &check{false, who, w + ". " + remedy(t)}, nil
		}
		return &check{false, who, "The token is " + t.Status + "."}, nil
	}
	text := "The token works now"
	if len(t.AllowedIPs) > 0 {
		text += ", from " + listed(t.AllowedIPs, 4) + " only"
	}
	switch l, err := v.auth.RateLimit(v.ctx(), v.caller, v.at.Slug, t.Locator); {
	case err != nil:
		return nil, err
	case l != nil:
		text += ", at most " + limit(l)
	}
	if t.OutsidePolicy {
		text += ". The policy would not allow a new token like it"
	}
	return &check{true, who, text + "."}, nil
}

// ownerRights is what a token's owner may do, where the visitor may see that.
func (v *visit) ownerRights(t api.Token) (sts []api.Statement, known bool, err error) {
	switch t.Kind {
	case "personal":
		m, err := v.auth.GetMember(v.ctx(), v.caller, v.at.Slug, t.Owner.ID)
		return m.Effective, err == nil, hidden(err)
	case "service":
		s, err := v.auth.GetServiceAccount(v.ctx(), v.caller, v.at.Slug, t.Owner.ID)
		return s.Effective, err == nil, hidden(err)
	}
	return []api.Statement{{Scopes: []string{"*"}, Resources: []string{"*"}}}, true, nil
}

// hidden forgives what the visitor may not see.
func hidden(err error) error {
	if errors.Is(err, api.CodeNotFound) || errors.Is(err, api.CodeInsufficientScope) {
		return nil
	}
	return err
}

package verify

import (
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
)

// Rights are what a token may do now, worked out once and shared by all tokens
// with the same rights. Everything in it is only read.
type Rights struct {
	Grant grant.Grant
	// Scopes and Resources name all that is granted, as few patterns.
	Scopes, Resources []string
	// ScopesJSON and ResourcesJSON are the same as JSON arrays.
	ScopesJSON, ResourcesJSON []byte
	// ScopeText is Scopes with blanks between, as OAuth writes them.
	ScopeText string
	// uniform says that every scope is granted on all of Resources.
	uniform bool
}

func newRights(g grant.Grant) *Rights {
	r := &Rights{Grant: g, Scopes: g.Scopes(), Resources: g.Resources(), uniform: len(g.Statements()) <= 1}
	r.ScopesJSON, r.ResourcesJSON = renderJSON(r.Scopes), renderJSON(r.Resources)
	r.ScopeText = strings.Join(r.Scopes, " ")
	return r
}

func renderJSON(list []string) []byte {
	b, err := json.Marshal(list)
	if err != nil {
		return []byte("[]") // cannot be: strings always marshal
	}
	return b
}

// ResourcesFor returns the resources on which all the scopes are granted
// together, and the same as a JSON array: the list that a caller who asked with
// AnyResource filters by. For most grants both were rendered before.
func (r *Rights) ResourcesFor(scopes []string) ([]string, []byte) {
	if len(scopes) == 0 || r.uniform && !slices.ContainsFunc(scopes, r.lacks) {
		return r.Resources, r.ResourcesJSON
	}
	list := r.Grant.Resources(scopes...)
	return list, renderJSON(list)
}

// Missing returns those of the scopes that are held nowhere; nil when all are.
func (r *Rights) Missing(scopes []string) []string {
	var out []string
	for _, s := range scopes {
		if r.lacks(s) {
			out = append(out, s)
		}
	}
	return out
}

func (r *Rights) lacks(scope string) bool { return !r.Grant.AllowsAny(scope) }

// question is what rights follow from, besides a workspace: the terms of the
// owner and of the token, by identity. Equal terms that were interned at
// different times give two answers, which are equal.
type question struct {
	owner, token *terms
	// kind and admin are those of the owner; the rest of it does not matter.
	kind  OwnerType
	admin bool
}

// rightsOf answers from the workspace's memory. Computing under its lock keeps
// the thousand tokens of one role from doing it a thousand times.
func (s *space) rightsOf(c *cell, o *owner) *Rights {
	q := question{owner: o.terms, token: c.key.terms, kind: o.Key.Type, admin: o.InstanceAdmin}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.answers[q]; r != nil {
		return r
	}
	if len(s.answers) >= s.room() {
		s.clear()
	}
	r := newRights(Effective(&Token{Statements: c.key.terms.statements()}, &o.Owner, &s.Workspace))
	s.answers[q] = r
	s.count(rightsSize(r))
	return r
}

// trim forgets answers that nobody is left to ask for.
func (s *space) trim() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.answers) > s.room() {
		s.clear()
	}
}

// countAt says where the answers are counted from now on; nil is nowhere.
func (s *space) countAt(sum *atomic.Int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counted != nil {
		s.counted.Add(-s.takes)
	}
	if s.counted = sum; sum != nil {
		sum.Add(s.takes)
	}
}

func (s *space) clear() {
	clear(s.answers)
	s.count(-s.takes)
}

func (s *space) count(bytes int64) {
	s.takes += bytes
	if s.counted != nil {
		s.counted.Add(bytes)
	}
}

// room bounds the memory of a workspace by the cells that ask it, so that churn
// cannot grow it; bindings keep what they use.
func (s *space) room() int {
	const few = 64
	return few + 2*int(s.entry.refs.Load())
}

// rateFor is the limit of a cell's tokens.
func rateFor(c *cell, o *owner, w *Workspace) rate {
	var own *api.RateLimit
	if c.key.limited {
		own = &c.key.limit
	}
	sts := o.Statements
	if c.key.terms != nil {
		sts = c.key.terms.list
	}
	return rateOfPolicy(LimitOf(own, sts, w).Limit)
}

func rateOfPolicy(l *api.RateLimit) rate {
	if l == nil {
		return rate{}
	}
	return rateOf(*l)
}

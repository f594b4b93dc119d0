package insight

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

const (
	// longTime and shortTime are the times in which a token, or its scopes,
	// should have been used.
	longTime  = 90
	shortTime = 30
	// sharedBy is from how many addresses in shortTime a secret counts as shared.
	sharedBy = 10
	// listable is how many addresses an allow-list is made of.
	listable = 50
)

func daysOf(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// TokenAdvice says what could be better about one token, each with the change
// that makes it so. It needs tokens:read and usage:read, but for a signed-in
// person's own and for the token itself; to apply a change needs what that
// change needs.
func (a *Insight) TokenAdvice(ctx context.Context, c authority.Caller, ref, id string) (out []api.Advice, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		s, t, err := watchToken(ctx, a.in, r, c, ref, id)
		if err != nil {
			return err
		}
		out, err = advise(ctx, a.in, s, []ledger.Token{t})
		return err
	})
	return out, err
}

// WorkspaceAdvice says what could be better about a workspace's tokens, newest
// token first. A page is of tokens, so it may hold fewer advices, and more. It
// needs tokens:read and usage:read.
func (a *Insight) WorkspaceAdvice(ctx context.Context, c authority.Caller, ref string, page authority.Page) (out []api.Advice, next int64, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref, "tokens:read", "usage:read")
		if err != nil {
			return err
		}
		s := a.in.Watching(ctx, r, ac, sp)
		rows, err := r.Tokens(sp.Workspace.ID, ledger.TokenQuery{Live: s.Now, Before: page.After, Limit: page.Size() + 1})
		if err != nil {
			return err
		}
		rows, next = authority.Cut(rows, page.Size(), func(t ledger.Token) int64 { return t.ID })
		out, err = advise(ctx, a.in, s, rows)
		return err
	})
	return out, next, err
}

// adviser knows what was done with some tokens.
type adviser struct {
	*authority.Sight
	scopes    map[token.Locator][]ledger.ScopeUse
	addresses map[token.Locator]int
	from      func(token.Locator) ([]ledger.AddressUse, error)
}

// advise looks at tokens, at all of their use at once.
func advise(ctx context.Context, a *authority.Authority, s *authority.Sight, ts []ledger.Token) ([]api.Advice, error) {
	since := s.Now.Add(-daysOf(shortTime))
	ad := &adviser{Sight: s, scopes: map[token.Locator][]ledger.ScopeUse{}, from: func(l token.Locator) ([]ledger.AddressUse, error) {
		return a.Given().Usage.Addresses(ctx, l, since, listable+1)
	}}
	if err := s.Know(ts); err != nil {
		return nil, err
	}
	uses, err := a.Given().Usage.ScopeUses(ctx, authority.Locators(ts))
	if err != nil {
		return nil, err
	}
	for _, u := range uses {
		ad.scopes[u.Token] = append(ad.scopes[u.Token], u)
	}
	if ad.addresses, err = a.Given().Usage.CountAddresses(ctx, authority.Locators(ts), since); err != nil {
		return nil, err
	}
	out := []api.Advice{}
	for _, t := range ts {
		advices, err := ad.about(t)
		if err != nil {
			return nil, err
		}
		out = append(out, advices...)
	}
	return out, nil
}

// about is what could be better about one token; nothing about one that has ended.
func (ad *adviser) about(t ledger.Token) ([]api.Advice, error) {
	o, err := ad.Owner(authority.OwnerKey(t))
	if err != nil {
		return nil, err
	}
	f := authority.TokenFacts(t, nil)
	if st := authority.Status(&f, ad.Now); st == api.StatusRevoked || st == api.StatusExpired {
		return nil, nil
	}
	var out []api.Advice
	add := func(x *api.Advice) {
		if x != nil {
			x.Token, x.Label = authority.TokenID(o, t.Locator), t.Label
			out = append(out, *x)
		}
	}
	if !o.Active {
		add(&api.Advice{
			Code:        api.AdviceOwnerInactive,
			Explanation: "The owner is deactivated, so the token does not work now, but it will again once the owner is active. Revoke it if the owner does not come back.",
			Change:      api.AdviceChange{Revoke: &api.RevokeToken{Reason: api.ReasonOwnerLeft}},
		})
	}
	unused := ad.unused(t)
	add(unused)
	add(ad.endless(t))
	shared, err := ad.shared(t)
	if err != nil {
		return nil, err
	}
	add(shared)
	if unused == nil {
		add(ad.wide(t, &f, &o))
	}
	return out, nil
}

// lastUse is when a token was last used; zero when never.
func (ad *adviser) lastUse(t ledger.Token) (at time.Time) {
	for _, u := range ad.Last[t.Locator] {
		if u.Secret == 0 {
			at = u.At
		}
	}
	return at
}

func (ad *adviser) unused(t ledger.Token) *api.Advice {
	since := ad.Now.Add(-daysOf(longTime))
	last := ad.lastUse(t)
	if t.CreatedAt.After(since) || t.NotBefore.After(since) || last.After(since) {
		return nil
	}
	when := "It was never used."
	if !last.IsZero() {
		when = "It was last used on " + last.Format(time.DateOnly) + "."
	}
	return &api.Advice{
		Code: api.AdviceUnused, Days: longTime, Explanation: when + " A token that nobody uses is missed by nobody when it leaks. Revoke it.",
		Change: api.AdviceChange{Revoke: &api.RevokeToken{Reason: api.ReasonUnused}},
	}
}

func (ad *adviser) endless(t ledger.Token) *api.Advice {
	if !t.ExpiresAt.IsZero() {
		return nil
	}
	p := ad.Space.Policy()
	lifetime := p.DefaultLifetime
	if p.MaxLifetime > 0 && (lifetime == 0 || p.MaxLifetime < lifetime) {
		lifetime = p.MaxLifetime
	}
	if lifetime == 0 {
		lifetime = 365 * api.Day
	}
	var edit api.EditToken
	edit.ExpiresIn = api.Some(lifetime)
	return &api.Advice{
		Code: api.AdviceNoExpiry, Change: api.AdviceChange{Edit: &edit},
		Explanation: "It never expires. Give it an end (" + lifetime.String() + " from now), before which its owner is reminded.",
	}
}

// shared advises to allow the addresses that the token is used from and no more.
// Where they are too many for that, only a new secret tells who still needs it.
func (ad *adviser) shared(t ledger.Token) (*api.Advice, error) {
	n := ad.addresses[t.Locator]
	if n < sharedBy || t.AllowedIPs != nil {
		return nil, nil
	}
	v := &api.Advice{Code: api.AdviceShared, Days: shortTime, Addresses: n}
	uses, err := ad.from(t.Locator)
	if err != nil {
		return nil, err
	}
	if n > listable || len(uses) > listable {
		v.Explanation = fmt.Sprintf("It was used from %d addresses. Give each user a token of its own; rotate this one to see who still needs it.", n)
		v.Change.Rotate = &api.RotateToken{}
		return v, nil
	}
	var allowed []string
	for _, u := range uses {
		allowed = append(allowed, fmt.Sprintf("%s/%d", u.Addr, u.Addr.BitLen()))
	}
	slices.Sort(allowed)
	v.Explanation = fmt.Sprintf("It was used from %d addresses, so its secret is in many hands. Allow these addresses alone, and give each user a token of its own.", n)
	var edit api.EditToken
	edit.AllowedIPs = api.Some(allowed)
	v.Change.Edit = &edit
	return v, nil
}

// wide advises to take away the scopes that were not exercised for a long time,
// or else for a shorter one. It is silent about a token of which no scope is
// known to be exercised: whoever checks it may not ask for any. Built-in scopes
// are left alone, because not each of them shows in what a request needs.
func (ad *adviser) wide(t ledger.Token, f *verify.Token, o *verify.Owner) *api.Advice {
	for _, days := range []int{longTime, shortTime} {
		since := ad.Now.Add(-daysOf(days))
		if t.CreatedAt.After(since) {
			continue
		}
		var exercised []string
		for _, u := range ad.scopes[t.Locator] {
			if u.Last.After(since) {
				exercised = append(exercised, u.Scope)
			}
		}
		if len(exercised) == 0 {
			continue
		}
		if v := ad.narrow(f, o, exercised, days); v != nil {
			return v
		}
	}
	return nil
}

func (ad *adviser) narrow(f *verify.Token, o *verify.Owner, exercised []string, days int) *api.Advice {
	had := ad.Space.Effective(f, *o)
	sts := f.Statements
	if sts == nil {
		sts = had.Statements()
	}
	narrowed := []grant.Statement{}
	for _, st := range sts {
		one := *f
		one.Statements = []grant.Statement{st}
		if kept := keptScopes(ad.Space.Effective(&one, *o), exercised); len(kept) > 0 {
			narrowed = append(narrowed, grant.Statement{Scopes: kept, Resources: st.Resources})
		}
	}
	after := *f
	after.Statements = narrowed
	has := ad.Space.Effective(&after, *o)
	unused := ad.notIn(had, has)
	if len(narrowed) == 0 || len(unused) == 0 {
		return nil
	}
	var edit api.EditToken
	edit.Grants = api.Some(authority.StatementsView(narrowed))
	return &api.Advice{
		Code: api.AdviceUnusedScopes, Days: days, Unused: unused, Change: api.AdviceChange{Edit: &edit},
		Explanation: fmt.Sprintf("In %d days it did not exercise %s. Leave it what it uses.", days, strings.Join(unused, ", ")),
	}
}

// keptScopes are those of a grant that were exercised, and its built-in ones.
func keptScopes(g authority.Rights, exercised []string) []string {
	var kept []string
	for _, s := range exercised {
		if !grant.IsBuiltIn(s) && !grant.IsInstance(s) && g.AllowsAny(s) {
			kept = append(kept, s)
		}
	}
	if len(kept) == 0 && !ofBuiltIns(g) {
		return nil
	}
	for _, s := range slices.Concat(grant.BuiltIn(), grant.InstanceScopes()) {
		if g.AllowsAny(s) {
			kept = append(kept, s)
		}
	}
	slices.Sort(kept)
	return kept
}

// ofBuiltIns says whether a grant holds any built-in or instance scope.
func ofBuiltIns(g authority.Rights) bool {
	return slices.ContainsFunc(slices.Concat(grant.BuiltIn(), grant.InstanceScopes()), g.AllowsAny)
}

// notIn names the scopes that one grant has and another has not: those that the
// catalogue or the grant itself names; where it names none, its patterns.
func (ad *adviser) notIn(had, has authority.Rights) []string {
	var names, patterns []string
	for s := range ad.Space.Scopes {
		names = append(names, s)
	}
	for _, s := range had.Scopes() {
		if strings.Contains(s, "*") || strings.HasPrefix(s, "product:") || s == "admin" {
			patterns = append(patterns, s)
		} else {
			names = append(names, s)
		}
	}
	names = slices.DeleteFunc(names, func(s string) bool { return !had.AllowsAny(s) || has.AllowsAny(s) })
	slices.Sort(names)
	if names = slices.Compact(names); len(names) > 0 {
		return names
	}
	still := has.Scopes()
	return slices.DeleteFunc(patterns, func(s string) bool { return slices.Contains(still, s) || builtInNoun(s) })
}

// builtInNoun says whether a pattern is of built-in scopes alone.
func builtInNoun(pattern string) bool {
	noun, _, _ := strings.Cut(pattern, ":")
	return noun != "product" && noun != "*" && grant.ReservedNoun(noun)
}

package form

import (
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/phrase"
)

// lately is how far back a scope counts as in use.
const lately = 90 * 24 * time.Hour

// Uses is what was done with the scopes of a token, as it is known at a moment.
type Uses struct {
	Scopes []api.ScopeUse
	Now    time.Time
}

// Recent are the uses in the last 90 days.
func (u Uses) Recent() []api.ScopeUse {
	return slices.DeleteFunc(slices.Clone(u.Scopes), func(s api.ScopeUse) bool { return !u.recent(s) })
}

func (u Uses) recent(s api.ScopeUse) bool { return u.Now.Sub(s.LastUsedAt) < lately }

// Said is a use in words.
func (u Uses) Said(s api.ScopeUse) string {
	times := "once"
	if s.Count != 1 {
		times = phrase.Plural(int(s.Count), "time")
	}
	return "used " + times + ", last " + phrase.Relative(s.LastUsedAt, u.Now)
}

// of is what requests needed that a scope, or a pattern, let through.
func (u Uses) of(scope string) (sum api.ScopeUse, ever bool) {
	var b grant.Book
	g := b.Compile([]grant.Statement{{Scopes: []string{scope}, Resources: []string{"*"}}})
	for _, s := range u.Scopes {
		if !g.AllowsAny(s.Scope) {
			continue
		}
		ever = true
		if sum.Count += s.Count; s.LastUsedAt.After(sum.LastUsedAt) {
			sum.LastUsedAt = s.LastUsedAt
		}
	}
	return sum, ever
}

// Use says of a box how its scope was used, and whether it is in use: nothing where that is
// not known, and of a scope that was never used only where the token has it. Scopes of
// Tokenry itself are never told as unused: not each of them shows in what a request needs.
func (p Picker) Use(s api.Scope) (words string, inUse bool) {
	if p.Uses == nil {
		return "", false
	}
	sum, ever := p.Uses.of(s.Name)
	unused := p.Has("scope", s.Name) && !s.BuiltIn
	switch {
	case ever && p.Uses.recent(sum):
		return p.Uses.Said(sum), true
	case ever && unused:
		return p.Uses.Said(sum) + ": not in the last 90 days", false
	case unused:
		return "never used", false
	}
	return "", false
}

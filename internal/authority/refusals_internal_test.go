package authority

import (
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

// kindOf is a refusal of a group: its number, and whose it is.
type kindOf struct {
	kind  int
	group string
}

func refusalsFor(each int) *Refusals[kindOf, string] {
	return NewRefusals(time.Minute, func(k kindOf) string { return k.group }, api.RateLimit{Requests: each, Window: api.Duration(time.Minute)})
}

// TestOneOfAKindIsToldInATime, with how many there were meanwhile; what a limit holds
// back is counted on and told later.
func TestOneOfAKindIsToldInATime(t *testing.T) {
	t.Parallel()
	begin := whenRemoved()
	r := refusalsFor(2)
	for i, c := range []struct {
		at   time.Duration
		kind kindOf
		want int64
	}{
		{0, kindOf{1, "eve"}, 1},
		{time.Second, kindOf{1, "eve"}, 0},
		{time.Second, kindOf{2, "eve"}, 1}, // another kind of hers
		{time.Second, kindOf{3, "eve"}, 0}, // hers are at their limit
		{time.Second, kindOf{1, "bob"}, 1}, // and nobody else's
		{time.Minute - 1, kindOf{1, "eve"}, 0},
		{time.Minute, kindOf{1, "eve"}, 3}, // two that were not told, and this
		{time.Minute, kindOf{3, "eve"}, 2}, // one that was held back, and this
		{time.Minute, kindOf{4, "eve"}, 0},
		{time.Hour, kindOf{4, "eve"}, 2},
		{time.Hour, kindOf{1, "bob"}, 1}, // the count began anew
		{time.Hour + time.Second, kindOf{1, "bob"}, 0},
	} {
		if got := r.Due(c.kind, begin.Add(c.at)); got != c.want {
			t.Errorf("%d: %+v after %s: %d are told, want %d", i, c.kind, c.at, got, c.want)
		}
	}
}

// TestAllTogetherHaveALimitToo: many who each leave little do not fill the audit.
func TestAllTogetherHaveALimitToo(t *testing.T) {
	t.Parallel()
	r := refusalsFor(10)
	r.All = verify.NewLimiter[Everybody](api.RateLimit{Requests: 3, Window: api.Duration(time.Minute)}, 1)
	told := 0
	for i := range 50 {
		if r.Due(kindOf{i, string(rune('a' + i))}, whenRemoved()) > 0 {
			told++
		}
	}
	if told != 3 {
		t.Errorf("%d are told of 50", told)
	}
	if got := r.Due(kindOf{7, "h"}, whenRemoved().Add(time.Minute)); got != 2 {
		t.Errorf("of one that was held back %d are told", got)
	}
}

// TestWhatIsRememberedOfRefusalsIsBounded: what was told long ago is forgotten first, and
// if all of it is fresh something is.
func TestWhatIsRememberedOfRefusalsIsBounded(t *testing.T) {
	t.Parallel()
	r, now := refusalsFor(refusalsKnown*2), whenRemoved()
	r.Due(kindOf{0, "old"}, now.Add(-time.Minute))
	for i := range refusalsKnown - 1 {
		r.Due(kindOf{i, "eve"}, now)
	}
	r.Due(kindOf{1, "new"}, now)
	if _, old := r.known[kindOf{0, "old"}]; old || len(r.known) != refusalsKnown {
		t.Errorf("%d are remembered, the one of a minute ago: %v", len(r.known), old)
	}
	for i := range 100 {
		r.Due(kindOf{i, "mallory"}, now)
	}
	if len(r.known) != refusalsKnown {
		t.Errorf("%d are remembered, at most %d may be", len(r.known), refusalsKnown)
	}
}

// TestWhatATokenMayHandOnOfLater: a token that names what it may do hands on nothing that
// its owner may get one day; one that inherits, a person and an administrator do.
func TestWhatATokenMayHandOnOfLater(t *testing.T) {
	t.Parallel()
	sp := &Space{catalogue: &catalogue{}}
	named := func(ws ...string) []grant.Statement { return []grant.Statement{{Scopes: ws, Resources: []string{"*"}}} }
	on := func(rs ...string) []grant.Statement { return []grant.Statement{{Resources: rs}} }
	owned := func(member ledger.ID, sts []grant.Statement) ledger.Token {
		return ledger.Token{OwnerMember: member, Grants: sts}
	}
	with := func(t ledger.Token) Actor { return Actor{With: &t} }
	acted, admin := with(owned(7, named("a:read"))), with(owned(7, named("a:read")))
	acted.OnBehalf, admin.Instance = "bob@example.com", true
	for name, c := range map[string]struct {
		ac   Actor
		t    ledger.Token
		want string
	}{
		"a person":                              {Actor{}, owned(7, nil), ""},
		"one that inherits":                     {with(owned(7, nil)), owned(7, nil), ""},
		"one that names scopes":                 {with(owned(7, named("a:read"))), owned(7, nil), "grant_exceeds_own "},
		"one that names nothing":                {with(owned(7, []grant.Statement{})), owned(7, nil), "grant_exceeds_own "},
		"what is named too":                     {with(owned(7, named("a:read"))), owned(7, named("a:read")), ""},
		"everything is named":                   {with(owned(7, named("*"))), owned(7, nil), ""},
		"the owner's here, by the owner's here": {with(owned(7, on("repo"))), owned(7, on("repo")), ""},
		"everywhere, by the owner's here":       {with(owned(7, on("repo"))), owned(7, nil), "grant_exceeds_own "},
		"here, by one that names scopes":        {with(owned(7, named("a:read"))), owned(7, on("repo")), "grant_exceeds_own "},
		"of another owner":                      {with(owned(7, named("a:read"))), owned(8, nil), ""}, // whose rights it is asked for by itself
		"who acts as somebody":                  {acted, owned(7, nil), ""},
		"an administrator":                      {admin, owned(7, nil), ""},
	} {
		if got := refusedField(CoverLater(&c.ac, sp, c.t)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	given := on("repo")
	if got := grant.Claims(given); got[0].Scopes[0] != "*" || given[0].Scopes != nil {
		t.Errorf("the most that it comes to is %v, and what was asked became %v", got, given)
	}
}

// TestWhoManagesAToken: a person their own, whatever their role; a token and everybody
// else needs the scope.
func TestWhoManagesAToken(t *testing.T) {
	t.Parallel()
	mine := ledger.Token{OwnerMember: 7}
	scoped := fixed(grant.Statement{Scopes: []string{"tokens:edit"}, Resources: []string{"*"}})
	for name, c := range map[string]struct {
		ac   Actor
		want string
	}{
		"its owner":                    {Actor{Member: 7}, ""},
		"a token of its owner":         {Actor{Member: 7, With: &ledger.Token{}}, "insufficient_scope "},
		"a token of its owner, scoped": {Actor{Member: 7, With: &ledger.Token{}, Grant: scoped}, ""},
		"a token that acts as them":    {Actor{Member: 7, With: &ledger.Token{}, OnBehalf: "bob@example.com"}, ""},
		"somebody else":                {Actor{Member: 8}, "insufficient_scope "},
		"somebody else, scoped":        {Actor{Member: 8, Grant: scoped}, ""},
		"somebody else in a portal":    {Actor{Member: 8, Grant: scoped, Caller: Caller{Portal: "acme"}}, "not_found "},
		"its owner in a portal":        {Actor{Member: 7, Caller: Caller{Portal: "acme"}}, ""},
	} {
		if got := refusedField(MayManage(&c.ac, mine, "tokens:edit")); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

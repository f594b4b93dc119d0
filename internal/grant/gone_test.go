package grant_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/grant"
)

func listed(of ...string) map[string]bool {
	m := map[string]bool{}
	for _, n := range of {
		m[n] = true
	}
	return m
}

// What was taken out of the catalogue gives nothing any more wherever it was listed,
// and takes nothing else with it.
func TestWhatIsGoneGivesNothingAnyMore(t *testing.T) {
	t.Parallel()
	gone := grant.Gone{Scopes: listed("tickets:read"), Resources: listed("ledger"), Roles: map[string]string{"Support": "Viewer"}}
	for what, c := range map[string]struct {
		have, want grant.Statement
		touched    bool
	}{
		"a scope":                      {grant.Statement{Scopes: []string{"tickets:read", "tickets:write"}}, grant.Statement{Scopes: []string{"tickets:write"}}, true},
		"the last scope":               {grant.Statement{Scopes: []string{"tickets:read"}, Resources: []string{"*"}}, grant.Statement{Scopes: []string{}, Resources: []string{"*"}}, true},
		"the last resource":            {grant.Statement{Role: "Viewer", Resources: []string{"ledger"}}, grant.Statement{Role: "Viewer", Resources: []string{}}, true},
		"a role that others stand for": {grant.Statement{Role: "Support", Resources: []string{"x"}}, grant.Statement{Role: "Viewer", Resources: []string{"x"}}, true},
		"a pattern that covers it":     {grant.Statement{Scopes: []string{"tickets:*"}, Resources: []string{"led*"}}, grant.Statement{Scopes: []string{"tickets:*"}, Resources: []string{"led*"}}, false},
		"another letter case":          {grant.Statement{Role: "support"}, grant.Statement{Role: "support"}, false},
		"nothing at all":               {grant.Statement{}, grant.Statement{}, false},
	} {
		got, touched := gone.Rewrite([]grant.Statement{c.have})
		if d := cmp.Diff([]grant.Statement{c.want}, got); d != "" || touched != c.touched {
			t.Errorf("%s: touched %t %s", what, touched, d)
		}
	}
}

// A list that lost its last name is not one that was never there: the latter inherits.
// Nothing is written into the list that was given, and what is rewritten once is done.
func TestLawARewritingTakesAndNeverGives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"a:b", "a:c", "a:*", "x", "y"})
		list := func(name string) []string { return rapid.SliceOfN(word, 0, 4).Draw(t, name) }
		gone := grant.Gone{Scopes: listed(list("scopes")...), Resources: listed(list("resources")...)}
		have := []grant.Statement{{Scopes: list("s"), Resources: list("r")}, {Role: "Viewer", Resources: list("more")}}
		before := []grant.Statement{{Scopes: slices.Clone(have[0].Scopes), Resources: slices.Clone(have[0].Resources)}, {Role: "Viewer", Resources: slices.Clone(have[1].Resources)}}
		got, touched := gone.Rewrite(have)
		if d := cmp.Diff(before, have); d != "" {
			t.Fatalf("what was given is %s", d)
		}
		if again, twice := gone.Rewrite(got); twice || cmp.Diff(got, again) != "" {
			t.Fatalf("a second rewriting finds %v", again)
		}
		for i, s := range got {
			if (s.Scopes == nil) != (have[i].Scopes == nil) || (s.Resources == nil) != (have[i].Resources == nil) {
				t.Fatalf("a list became none: %+v of %+v", s, have[i])
			}
			kept := func(list []string, gone map[string]bool) []string {
				return slices.DeleteFunc(slices.Clone(list), func(n string) bool { return gone[n] })
			}
			if !slices.Equal(s.Scopes, kept(have[i].Scopes, gone.Scopes)) || !slices.Equal(s.Resources, kept(have[i].Resources, gone.Resources)) {
				t.Fatalf("%+v became %+v", have[i], s)
			}
		}
		if touched == (cmp.Diff(have, got) == "") {
			t.Fatalf("touched is %t", touched)
		}
	})
}

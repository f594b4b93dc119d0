package policy_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/token"
)

// may is a token of a kind that may use scopes on resources, for thirty days.
func may(kind token.Kind, scopes, resources []string) policy.Asked {
	var book grant.Book
	return policy.Asked{Kind: kind, Grant: book.Compile([]grant.Statement{{Scopes: scopes, Resources: resources}}), Life: 30 * day}
}

func names(s ...string) []string { return s }

func TestAllThatARuleNamesHasToHold(t *testing.T) {
	t.Parallel()
	ci := may(token.Service, names("tickets:write", "assets:read"), names("prod-eu", "test-*"))
	forever := ci
	forever.Life = 0
	all := may(token.Personal, names("*"), names("*"))
	root := may(token.Personal, names("instance:admin"), nil)
	two := may(token.Service, names("tickets:write"), names("test-1"))
	two.Grant = grant.Union(two.Grant, may(token.Service, names("assets:read"), names("prod-eu")).Grant)
	for name, c := range map[string]struct {
		rule api.ApprovalRule
		a    policy.Asked
		want bool
	}{
		"its kind":                            {api.ApprovalRule{Kinds: names("workspace", "service")}, ci, true},
		"another kind":                        {api.ApprovalRule{Kinds: names("personal")}, ci, false},
		"a scope that it has":                 {api.ApprovalRule{Scopes: names("billing:read", "tickets:write")}, ci, true},
		"a pattern with one of its scopes":    {api.ApprovalRule{Scopes: names("product:write")}, ci, true},
		"a noun that it has":                  {api.ApprovalRule{Scopes: names("assets:*")}, ci, true},
		"scopes that it has not":              {api.ApprovalRule{Scopes: names("product:delete", "tokens:*")}, ci, false},
		"every scope, of what may nothing":    {api.ApprovalRule{Scopes: names("*")}, policy.Asked{Kind: token.Service}, false},
		"a scope within all":                  {api.ApprovalRule{Scopes: names("tokens:create")}, all, true},
		"an instance scope, which all is not": {api.ApprovalRule{Scopes: names("instance:admin")}, all, false},
		"an instance scope by its name":       {api.ApprovalRule{Scopes: names("instance:admin")}, root, true},
		"every scope is no instance scope":    {api.ApprovalRule{Scopes: names("*")}, root, false},
		"a resource that it is on":            {api.ApprovalRule{Resources: names("prod-*")}, ci, true},
		"a beginning that its own overlaps":   {api.ApprovalRule{Resources: names("test-1")}, ci, true},
		"resources that it is not on":         {api.ApprovalRule{Resources: names("staging-*")}, ci, false},
		"on everything, which it is not":      {api.ApprovalRule{Resources: names("*")}, ci, false},
		"on everything, which it is":          {api.ApprovalRule{Resources: names("*")}, all, true},
		"a resource, of one on everything":    {api.ApprovalRule{Resources: names("prod-*")}, all, true},
		"everything or one that it is on":     {api.ApprovalRule{Resources: names("*", "prod-eu")}, ci, true},
		"a resource, of what needs none":      {api.ApprovalRule{Resources: names("prod-*")}, may(token.Service, names("tokens:create"), nil), false},
		"as long as the rule says":            {api.ApprovalRule{LongerThan: 30 * api.Day}, ci, false},
		"longer than it says":                 {api.ApprovalRule{LongerThan: 29 * api.Day}, ci, true},
		"without an end":                      {api.ApprovalRule{LongerThan: 800 * api.Day}, forever, true},
		"all of it":                           {api.ApprovalRule{Kinds: names("service"), Scopes: names("tickets:*"), Resources: names("prod-eu"), LongerThan: api.Day}, ci, true},
		"all but its kind":                    {api.ApprovalRule{Kinds: names("ephemeral"), Scopes: names("tickets:*"), Resources: names("prod-eu"), LongerThan: api.Day}, ci, false},
		"the scope there, not here":           {api.ApprovalRule{Scopes: names("tickets:write"), Resources: names("prod-*")}, two, false},
		"the scope there":                     {api.ApprovalRule{Scopes: names("tickets:write"), Resources: names("test-*")}, two, true},
	} {
		if got := policy.NeedsApproval([]api.ApprovalRule{c.rule}, c.a); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func approvalRules() *rapid.Generator[[]api.ApprovalRule] {
	some := func(t *rapid.T, label string, of ...string) []string {
		if rapid.Bool().Draw(t, label+" left out") {
			return nil
		}
		return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 1, 3, rapid.ID).Draw(t, label)
	}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) api.ApprovalRule {
		return api.ApprovalRule{
			Kinds: some(t, "kinds", "personal", "service", "workspace", "ephemeral"), Scopes: some(t, "scopes", "tickets:write", "tickets:*", "product:write", "tokens:*", "*"),
			Resources: some(t, "resources", "prod-*", "prod-eu", "*"), LongerThan: rapid.SampledFrom([]api.Duration{0, api.Day, 90 * api.Day}).Draw(t, "longer"),
		}
	}), 0, 3)
}

func asked() *rapid.Generator[policy.Asked] {
	return rapid.Custom(func(t *rapid.T) policy.Asked {
		scopes := rapid.SliceOfNDistinct(rapid.SampledFrom(names("tickets:write", "tickets:read", "assets:write", "tokens:create", "*")), 0, 3, rapid.ID).Draw(t, "may")
		on := rapid.SliceOfNDistinct(rapid.SampledFrom(names("prod-eu", "prod-*", "test", "*")), 0, 2, rapid.ID).Draw(t, "on")
		a := may(rapid.SampledFrom(token.Kinds()).Draw(t, "kind"), scopes, on)
		a.Life = time.Duration(rapid.IntRange(0, 400).Draw(t, "days")) * day
		return a
	})
}

// More rights, a longer life and more rules never make a token that needs approval one that
// needs none; and nothing needs it where there is no rule.
func TestLawMoreNeedsNoLessApproval(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules, a, b := approvalRules().Draw(t, "rules"), asked().Draw(t, "token"), asked().Draw(t, "more")
		if policy.NeedsApproval(nil, a) {
			t.Fatal("no rule fits")
		}
		if !policy.NeedsApproval(rules, a) {
			return
		}
		more := a
		more.Grant = grant.Union(a.Grant, b.Grant)
		if a.Life != 0 && (b.Life == 0 || b.Life > a.Life) {
			more.Life = b.Life
		}
		if !policy.NeedsApproval(rules, more) || !policy.NeedsApproval(slices.Concat(approvalRules().Draw(t, "before"), rules), a) {
			t.Fatalf("more needs less: %+v", rules)
		}
	})
}

func TestARuleThatSaysNothingIsRefused(t *testing.T) {
	t.Parallel()
	many := `{"kinds":["personal"]}`
	for range 20 {
		many += `,{"kinds":["personal"]}`
	}
	long := `"a:b0"`
	for i := range 50 {
		long += fmt.Sprintf(`,"a:b%d"`, i+1)
	}
	for rules, field := range map[string]string{
		`{}`: "require_approval.1",
		`{"kinds":["service"]},{"longer_than":"0"}`: "require_approval.2",
		`{"kinds":[]}`:                                 "require_approval.1.kinds",
		`{"kinds":["robot"]}`:                          "require_approval.1.kinds",
		`{"scopes":[]}`:                                "require_approval.1.scopes",
		`{"scopes":["*:write"]}`:                       "require_approval.1.scopes",
		`{"scopes":["tickets:read","tickets:read"]}`:   "require_approval.1.scopes",
		`{"scopes":[` + long + `]}`:                    "require_approval.1.scopes",
		`{"resources":[]}`:                             "require_approval.1.resources",
		`{"resources":["a*b"]}`:                        "require_approval.1.resources",
		`{"kinds":["service"],"resources":["prod-*"]}`: "",
		`{"scopes":["*"],"longer_than":"30d"}`:         "",
		many:                                           "require_approval",
		``:                                             "",
	} {
		err := policy.Check(parse(t, `{"require_approval":[`+rules+`]}`))
		if (err == nil) != (field == "") || err != nil && (!errors.Is(err, api.CodeInvalidField) || api.AsError(err).Field != field) {
			t.Errorf("%s: %v, want the field %q", rules, err, field)
		}
	}
}

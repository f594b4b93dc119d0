package verify_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// TestWhatARequestNeeds is the table of decisions about scopes and a resource.
func TestWhatARequestNeeds(t *testing.T) {
	t.Parallel()
	book := builtInBook()
	whole := book.Compile(on([]string{"*"}, "tickets:read"))
	some := book.Compile(append(on([]string{"p1"}, "tickets:read"), on([]string{"p1", "p2"}, "tickets:write")...))
	named := book.Compile(on([]string{"any"}, "tickets:read"))
	needs := func(scopes ...string) []string { return scopes }
	for name, c := range map[string]struct {
		g        grant.Grant
		scopes   []string
		resource string
		namesAny bool
		want     api.Code
	}{
		"nothing at all":                                {some, nil, "", false, api.CodeOK},
		"nothing, of somebody who may nothing":          {grant.Grant{}, nil, "", false, api.CodeOK},
		"a scope on the entire portfolio":               {whole, needs("tickets:read"), "", false, api.CodeOK},
		"the entire portfolio, of which it has a part":  {some, needs("tickets:read"), "", false, api.CodeResourceDenied},
		"its resource":                                  {some, needs("tickets:read"), "p1", false, api.CodeOK},
		"both scopes on a resource that has one":        {some, needs("tickets:read", "tickets:write"), "p2", false, api.CodeResourceDenied},
		"both scopes on one that has both":              {some, needs("tickets:read", "tickets:write"), "p1", false, api.CodeOK},
		"a resource that it does not reach":             {some, nil, "p3", false, api.CodeResourceDenied},
		"a resource alone":                              {some, nil, "p2", false, api.CodeOK},
		"a scope that it holds nowhere, on no resource": {some, needs("billing:read"), "p3", false, api.CodeInsufficientScope},
		"any resource with both":                        {some, needs("tickets:read", "tickets:write"), verify.AnyResource, false, api.CodeOK},
		"any, where a resource is called so":            {some, needs("tickets:read"), verify.AnyResource, true, api.CodeResourceDenied},
		"the one that is called any":                    {named, needs("tickets:read"), verify.AnyResource, true, api.CodeOK},
	} {
		if got := verify.Permits(c.g, c.scopes, c.resource, c.namesAny); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestATokenOfSomeResourcesIsRestricted: what a resource server that looks at none must know.
func TestATokenOfSomeResourcesIsRestricted(t *testing.T) {
	t.Parallel()
	book := builtInBook()
	for name, c := range map[string]struct {
		sts  []grant.Statement
		want bool
	}{
		"nothing":                {nil, false},
		"everything":             {on([]string{"*"}, "*"), false},
		"one resource":           {on([]string{"p1"}, "tickets:read"), true},
		"a beginning":            {on([]string{"eu-*"}, "tickets:read"), true},
		"one, and all the rest":  {append(on([]string{"p1"}, "tickets:write"), on([]string{"*"}, "tickets:read")...), false},
		"what needs no resource": {on(nil, "roles:read"), false},
	} {
		if got := verify.Restricted(book.Compile(c.sts)); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestTheResourcesThatAreToldAreThoseOfAllThatWasAsked.
func TestTheResourcesThatAreToldAreThoseOfAllThatWasAsked(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	_, secret := o.issue(func(t *verify.Token) {
		t.Statements = append(on([]string{"p1", "p3"}, "tickets:read"), on([]string{"p1", "p2"}, "tickets:write")...)
	})
	_, uniform := o.issue(func(t *verify.Token) { t.Statements = on([]string{"p1"}, "tickets:read") })
	d, u := o.ask(bearer(secret)), o.ask(bearer(uniform))
	for name, c := range map[string]struct {
		rights *verify.Rights
		scopes []string
		want   []string
		asJSON string
	}{
		"of nothing in particular":   {d.Rights, nil, []string{"p1", "p2", "p3"}, `["p1","p2","p3"]`},
		"of one scope":               {d.Rights, []string{"tickets:read"}, []string{"p1", "p3"}, `["p1","p3"]`},
		"of two, on which both are":  {d.Rights, []string{"tickets:read", "tickets:write"}, []string{"p1"}, `["p1"]`},
		"of one that it has nowhere": {d.Rights, []string{"billing:read"}, []string{}, `[]`},
		"where all are on the same":  {u.Rights, []string{"tickets:read"}, []string{"p1"}, `["p1"]`},
		"where it lacks the one":     {u.Rights, []string{"tickets:write"}, []string{}, `[]`},
	} {
		list, text := c.rights.ResourcesFor(c.scopes)
		if len(list) != len(c.want) || len(list) > 0 && !cmp.Equal(list, c.want) || string(text) != c.asJSON {
			t.Errorf("%s: %q, %s", name, list, text)
		}
	}
	if got := d.Missing([]string{"tickets:read", "billing:read", "billing:write"}); !cmp.Equal(got, []string{"billing:read", "billing:write"}) {
		t.Errorf("missing: %q", got)
	}
	if got := (&verify.Decision{}).Missing([]string{"tickets:read"}); got != nil {
		t.Errorf("missing of nobody: %q", got)
	}
}

// TestAStoredBatchIsTheChangesThatMemoryDrops, all of them.
func TestAStoredBatchIsTheChangesThatMemoryDrops(t *testing.T) {
	t.Parallel()
	touched := ledger.Touched{
		Tokens: map[ledger.ID][]token.Locator{1: {locator('a')}}, Members: []ledger.ID{2}, ServiceAccounts: []ledger.ID{3}, Portals: []ledger.ID{4},
		Workspaces: []ledger.ID{5}, Whole: []ledger.ID{6}, Endpoints: []ledger.ID{7}, AllWorkspaces: true, All: true,
	}
	c := ledger.Change{Base: 8, Touched: touched}
	c.Revision = 9
	got := verify.ChangesOf(c)
	owners := map[verify.OwnerKey]bool{}
	for _, k := range got.Owners {
		owners[k] = true
	}
	if d := cmp.Diff(map[verify.OwnerKey]bool{{Type: verify.OwnerMember, ID: 2}: true, {Type: verify.OwnerServiceAccount, ID: 3}: true, {Type: verify.OwnerWorkspace, ID: 4}: true}, owners); d != "" {
		t.Errorf("owners: %s", d)
	}
	got.Owners = nil
	want := verify.Changes{
		Base: 8, Revision: 9, Tokens: []token.Locator{locator('a')}, Whole: []int64{6}, Workspaces: []int64{5}, Endpoints: []int64{7},
		AllWorkspaces: true, All: true, Touched: touched,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for typ, want := range map[verify.OwnerType]string{verify.OwnerMember: "user", verify.OwnerServiceAccount: "service_account", verify.OwnerWorkspace: "workspace", 0: "", 9: ""} {
		if typ.String() != want {
			t.Errorf("%d is %q on the wire", typ, typ.String())
		}
	}
}

// TestWhenASecretWorks: the newest without an end, an older one to the end of its overlap, none
// that was ended.
func TestWhenASecretWorks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		s           verify.Secret
		newest, was bool
	}{
		"the newest":                             {verify.Secret{}, true, true},
		"the newest, with an end to come":        {verify.Secret{RetiresAt: epoch.Add(time.Second)}, true, true},
		"the newest, at its end":                 {verify.Secret{RetiresAt: epoch}, true, false},
		"the newest, ended":                      {verify.Secret{Ended: true}, true, false},
		"an older one without an overlap":        {verify.Secret{}, false, false},
		"an older one in its overlap":            {verify.Secret{RetiresAt: epoch.Add(time.Second)}, false, true},
		"an older one at the end of its overlap": {verify.Secret{RetiresAt: epoch}, false, false},
		"an older one that was ended within it":  {verify.Secret{RetiresAt: epoch.Add(time.Second), Ended: true}, false, false},
	} {
		if got := c.s.Works(c.newest, epoch); got != c.was {
			t.Errorf("%s: works is %t", name, got)
		}
	}
}

package verify_test

import (
	"context"
	"errors"
	"hash/crc32"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/foreign"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// derive narrows a token as its holder does.
func (o *office) derive(secret string, t token.Terms) string {
	o.t.Helper()
	s, err := token.Derive(token.NewSecret(secret), t)
	must(o.t, err)
	return s.Reveal()
}

// reading are terms that leave one scope.
func reading() token.Terms { return token.Terms{Scopes: []string{"tickets:read"}} }

// TestADerivedTokenIsItsTokenWithinItsTerms holds each term against what the token may do alone.
func TestADerivedTokenIsItsTokenWithinItsTerms(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	l, secret := o.issue(func(t *verify.Token) {
		t.Statements = on([]string{"p1", "p2"}, "tickets:read", "tickets:write")
		t.ExpiresAt = epoch.Add(time.Hour)
	})
	inside, outside := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("198.51.100.7")
	for name, c := range map[string]struct {
		terms     token.Terms
		change    func(*verify.Request)
		want      api.Code
		scopes    []string
		resources []string
	}{
		"a scope that it keeps":              {reading(), nil, api.CodeOK, []string{"tickets:read"}, []string{"p1", "p2"}},
		"a scope that it gave away":          {reading(), func(r *verify.Request) { r.Scopes = []string{"tickets:write"} }, api.CodeInsufficientScope, []string{"tickets:read"}, nil},
		"a scope the token has not":          {token.Terms{Scopes: []string{"tickets:read", "billing:read"}}, func(r *verify.Request) { r.Scopes = []string{"billing:read"} }, api.CodeInsufficientScope, []string{"tickets:read"}, nil},
		"every scope is those of the token":  {token.Terms{Scopes: []string{"*"}}, nil, api.CodeOK, []string{"tickets:read", "tickets:write"}, nil},
		"no scope that there is":             {token.Terms{Scopes: []string{"nothing:here"}}, nil, api.CodeInsufficientScope, []string{}, nil},
		"what is no scope":                   {token.Terms{Scopes: []string{"-._:::"}}, nil, api.CodeInsufficientScope, []string{}, nil},
		"a resource that it keeps":           {token.Terms{Resources: []string{"p1"}}, nil, api.CodeOK, []string{"tickets:read", "tickets:write"}, []string{"p1"}},
		"a resource that it gave away":       {token.Terms{Resources: []string{"p2"}}, nil, api.CodeResourceDenied, nil, []string{"p2"}},
		"a resource that the token has not":  {token.Terms{Resources: []string{"p1", "p3"}}, func(r *verify.Request) { r.Resource = "p3" }, api.CodeResourceDenied, nil, []string{"p1"}},
		"a pattern of resources":             {token.Terms{Resources: []string{"p*"}}, nil, api.CodeOK, nil, []string{"p1", "p2"}},
		"an address that it names":           {token.Terms{Addresses: prefixes("192.0.2.0/24")}, func(r *verify.Request) { r.Addr = inside }, api.CodeOK, nil, nil},
		"another address":                    {token.Terms{Addresses: prefixes("192.0.2.0/24")}, func(r *verify.Request) { r.Addr = outside }, api.CodeIPDenied, nil, nil},
		"an address that nobody knows":       {token.Terms{Addresses: prefixes("192.0.2.0/24")}, nil, api.CodeIPDenied, nil, nil},
		"an end that is to come":             {token.Terms{ExpiresAt: epoch.Add(time.Minute)}, nil, api.CodeOK, nil, nil},
		"its end":                            {token.Terms{ExpiresAt: epoch}, nil, api.CodeExpired, nil, nil},
		"an end behind that of the token":    {token.Terms{ExpiresAt: epoch.Add(2 * time.Hour)}, nil, api.CodeOK, nil, nil},
		"a resource server that asks all":    {token.Terms{Scopes: []string{"tickets:read"}, Resources: []string{"p1"}}, func(r *verify.Request) { r.Whole, r.Resource = true, "" }, api.CodeResourceDenied, nil, nil},
		"somebody who asks Tokenry itself":   {reading(), func(r *verify.Request) { r.Caller = true }, api.CodeMalformed, nil, nil},
		"somebody who looks elsewhere":       {reading(), func(r *verify.Request) { r.Workspace = home + 1 }, api.CodeUnknown, nil, nil},
		"scopes, of which one is not listed": {token.Terms{Scopes: []string{"tickets:read", "x:y"}}, nil, api.CodeOK, []string{"tickets:read"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := o.derive(secret, c.terms)
			req := scoped(s, "p1", "tickets:read")
			if c.change != nil {
				c.change(&req)
			}
			for range 2 { // proven, then remembered
				d := o.ask(req)
				if d.Code != c.want {
					t.Fatalf("answered %s, want %s", d.Code, c.want)
				}
				if !d.Matched {
					continue
				}
				if d.Locator != l || d.Kind != token.Personal || !d.Derived || d.Keeps() || d.Owner.Address != "ada@example.com" {
					t.Errorf("%+v", d)
				}
				if c.scopes != nil {
					sameStrings(t, "scopes", d.Rights.Scopes, c.scopes)
				}
				if c.resources != nil {
					sameStrings(t, "resources", d.Rights.Resources, c.resources)
				}
			}
		})
	}
}

// TestADerivedTokenEndsWithItsTokenAtOnce: what was remembered is which secret, never that it lives.
func TestADerivedTokenEndsWithItsTokenAtOnce(t *testing.T) {
	t.Parallel()
	for want, end := range map[api.Code]func(*office, token.Locator){
		api.CodeRevoked:            func(o *office, l token.Locator) { o.edit(l, func(t *verify.Token) { t.Revoked = true }) },
		api.CodeDisabled:           func(o *office, l token.Locator) { o.edit(l, func(t *verify.Token) { t.Disabled = true }) },
		api.CodeExpired:            func(o *office, l token.Locator) { o.edit(l, func(t *verify.Token) { t.ExpiresAt = epoch }) },
		api.CodeOwnerInactive:      func(o *office, _ token.Locator) { o.editOwner(ada, func(v *verify.Owner) { v.Active = false }) },
		api.CodeWorkspaceSuspended: func(o *office, _ token.Locator) { o.editSpace(home, func(v *verify.Workspace) { v.Suspended = true }) },
		api.CodeInsufficientScope: func(o *office, l token.Locator) {
			o.edit(l, func(t *verify.Token) { t.Statements = on([]string{"*"}, "tickets:write") })
		},
		api.CodeIPDenied: func(o *office, l token.Locator) {
			o.edit(l, func(t *verify.Token) { t.AllowedIPs = prefixes("192.0.2.0/24") })
		},
		api.CodeUnknown: func(o *office, l token.Locator) {
			o.edit(l, func(t *verify.Token) { t.Secrets[0], _ = o.secret(*t, 2) })
		},
		api.CodeRetired: func(o *office, l token.Locator) {
			o.edit(l, func(t *verify.Token) {
				old := t.Secrets[0]
				fresh, _ := o.secret(*t, 2)
				old.RetiresAt = epoch
				t.Secrets = []verify.Secret{fresh, old}
			})
		},
	} {
		o := open(t, verify.Config{})
		l, secret := o.issue(nil)
		s := o.derive(secret, reading())
		o.expect(api.CodeOK, scoped(s, "p1", "tickets:read"))
		end(o, l)
		o.expect(want, scoped(s, "p1", "tickets:read"))
	}
}

func TestADerivedTokenOutlivesARotationAsLongAsItsSecret(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	l, secret := o.issue(nil)
	before := o.derive(secret, reading())
	var fresh string
	o.edit(l, func(t *verify.Token) {
		old := t.Secrets[0]
		old.RetiresAt = epoch.Add(time.Hour)
		var s verify.Secret
		s, fresh = o.secret(*t, 2)
		t.Secrets = []verify.Secret{s, old}
	})
	after := o.derive(fresh, reading())
	for s, want := range map[string]int{before: 1, after: 2} {
		if d := o.ask(scoped(s, "p1", "tickets:read")); !d.Allowed() || d.SecretNumber != want {
			t.Errorf("%s, secret %d, want allowed with secret %d", d.Code, d.SecretNumber, want)
		}
	}
	o.clock.Pass(time.Hour)
	o.expect(api.CodeRetired, scoped(before, "p1", "tickets:read"))
	o.expect(api.CodeOK, scoped(after, "p1", "tickets:read"))
}

// TestAChangeOfRightsReachesWhatWasDerived: what a term leaves follows the owner of this moment.
func TestAChangeOfRightsReachesWhatWasDerived(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	_, secret := o.issue(nil)
	s := o.derive(secret, token.Terms{Scopes: []string{"tickets:*"}})
	o.expect(api.CodeOK, scoped(s, "p1", "tickets:write"))
	o.editOwner(ada, func(v *verify.Owner) { v.Statements = on([]string{"*"}, "tickets:read") })
	o.expect(api.CodeInsufficientScope, scoped(s, "p1", "tickets:write"))
	o.expect(api.CodeOK, scoped(s, "p1", "tickets:read"))
	o.editOwner(ada, func(v *verify.Owner) { v.Statements = []grant.Statement{{Role: "Owner", Resources: []string{"*"}}} })
	o.expect(api.CodeOK, scoped(s, "p1", "tickets:write"))
}

// TestWhatIsNotDerivedOfASecretOpensNothing presents what somebody without it can make.
func TestWhatIsNotDerivedOfASecretOpensNothing(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	l, secret := o.issue(nil)
	own := o.derive(secret, reading())
	_, another := o.issue(nil)
	p, err := token.Parse(secret)
	must(t, err)
	forged := o.derive(corrupt(t, secret), reading()) // of another secret of the same token
	for name, s := range map[string]string{
		"signed with a key of one's own":        forged,
		"signed with the secret of another one": withLocator(t, o.derive(another, reading()), p.Locator),
		"its terms changed":                     rechecked(t, own[:30]+swap(own[30])+own[31:len(own)-token.CheckLength]),
		"its signature changed":                 rechecked(t, own[:len(own)-9]+swap(own[len(own)-9])+own[len(own)-8:len(own)-token.CheckLength]),
		"of another kind":                       rechecked(t, strings.Replace(own[:len(own)-token.CheckLength], "tkypd_", "tkywd_", 1)),
		"of another prefix":                     rechecked(t, "acme"+strings.TrimPrefix(own[:len(own)-token.CheckLength], "tky")),
	} {
		if d := o.ask(bearer(s)); d.Matched || d.Code != api.CodeUnknown && d.Code != api.CodeMalformed {
			t.Errorf("%s: %s, matched %t", name, d.Code, d.Matched)
		}
	}
	o.expect(api.CodeMalformed, bearer(own[:len(own)-1]))
	o.expect(api.CodeOK, bearer(own))
	o.edit(l, func(t *verify.Token) { t.Secrets = nil })
	o.expect(api.CodeUnknown, bearer(own))
}

// withLocator puts another locator into a derived token, rechecked makes its checksum right.
func withLocator(t *testing.T, s string, l token.Locator) string {
	t.Helper()
	return rechecked(t, s[:len("tkypd_")]+l.String()+s[len("tkypd_")+token.LocatorLength:len(s)-token.CheckLength])
}

func rechecked(t *testing.T, s string) string {
	t.Helper()
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	sum := crc32.ChecksumIEEE([]byte(s))
	check := make([]byte, token.CheckLength)
	for i := token.CheckLength - 1; i >= 0; i-- {
		check[i] = alphabet[sum%62]
		sum /= 62
	}
	return s + string(check)
}

func swap(c byte) string {
	if c == '0' {
		return "1"
	}
	return "0"
}

// TestADerivedTokenIsProvenOnce, and what is none is looked up so often for one network.
func TestADerivedTokenIsProvenOnce(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	_, secret := o.issue(nil)
	s := o.derive(secret, reading())
	for range 3 {
		o.expect(api.CodeOK, bearer(s))
	}
	if n := o.readsOf(s); n != 1 {
		t.Errorf("the source was asked %d times, want once", n)
	}
	const most = 120
	var d verify.Decision
	for i := range most + 1 {
		req := from(o.derive(corrupt(t, secret), token.Terms{ExpiresAt: epoch.Add(time.Duration(1+i) * time.Second)}), "192.0.2.7")
		err := o.Verify(t.Context(), &req, &d)
		if want := i < most; (err == nil) != want || want && d.Code != api.CodeUnknown || !want && d.Code != api.CodeUnavailable {
			t.Fatalf("forgery %d: %s, %v", i+1, d.Code, err)
		}
	}
	o.expect(api.CodeOK, from(s, "192.0.2.7"))
	o.expect(api.CodeOK, from(o.derive(secret, token.Terms{Resources: []string{"p1"}}), "198.51.100.7"))
}

// TestKnownDerivedTokensAllocateNothing is the law of the hot path, for them too.
func TestKnownDerivedTokensAllocateNothing(t *testing.T) {
	o := open(t, verify.Config{})
	_, secret := o.issue(nil)
	req := scoped(o.derive(secret, token.Terms{Scopes: []string{"tickets:read"}, Addresses: prefixes("192.0.2.0/24")}), "p1", "tickets:read")
	req.Addr = netip.MustParseAddr("192.0.2.7")
	var d verify.Decision
	if n := testing.AllocsPerRun(100, func() { must(t, o.Verify(t.Context(), &req, &d)) }); n != 0 || !d.Allowed() {
		t.Errorf("%v allocations, %s", n, d.Code)
	}
}

// TestManyDerivedTokensAreForgottenOldestFirst: memory is bounded, and what is in use stays.
func TestManyDerivedTokensAreForgottenOldestFirst(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{DerivedKept: 8})
	_, secret := o.issue(nil)
	used := o.derive(secret, reading())
	var others []string
	for i := range 40 {
		others = append(others, o.derive(secret, token.Terms{ExpiresAt: epoch.Add(time.Duration(1+i) * time.Second)}))
		o.expect(api.CodeOK, bearer(others[i]))
		o.expect(api.CodeOK, bearer(used))
	}
	if n := o.readsOf(used); n != 1 {
		t.Errorf("one that is in use was proven %d times", n)
	}
	o.expect(api.CodeOK, bearer(others[0]))
	if n := o.readsOf(others[0]); n != 2 {
		t.Errorf("one that nobody used was proven %d times, want 2", n)
	}
}

// TestTheFirstUseOfWhatWasDerivedIsThatOfItsSecret commits it with the string that was presented.
func TestTheFirstUseOfWhatWasDerivedIsThatOfItsSecret(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var used []string
	o := open(t, verify.Config{FirstUse: func(_ context.Context, presented string) error {
		mu.Lock()
		defer mu.Unlock()
		used = append(used, presented)
		return nil
	}})
	_, secret := o.issue(func(t *verify.Token) { t.Secrets[0].Tracked = true })
	s := o.derive(secret, reading())
	o.expect(api.CodeOK, bearer(s))
	if !slices.Equal(used, []string{s}) {
		t.Errorf("committed %q", used)
	}
}

// TestWhatCannotBeProvenIsUnavailable, never unknown.
func TestWhatCannotBeProvenIsUnavailable(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	_, secret := o.issue(nil)
	s := o.derive(secret, reading())
	o.set(func() { o.failure = errors.New("the database is away") })
	req := bearer(s)
	var d verify.Decision
	if err := o.Verify(t.Context(), &req, &d); !errors.Is(err, api.CodeUnavailable) || d.Code != api.CodeUnavailable || d.Matched {
		t.Errorf("%v, %+v", err, d)
	}
	o.set(func() { o.failure = nil })
	o.expect(api.CodeOK, req)
}

// TestAStringOfAnotherSystemMayLookLikeADerivedToken: what only begins like one is looked up like any other.
func TestAStringOfAnotherSystemMayLookLikeADerivedToken(t *testing.T) {
	t.Parallel()
	f := foreign.New(foreign.Spec{Name: "like", Prefix: "oldpd_", Least: 32, Most: 200, Alphabet: api.AlphabetBase62, Hash: api.HashSHA256}, naming, "", "")
	o, _ := strange(t, f)
	s := "oldpd_" + strings.Repeat("a", 120)
	o.bring(f, s, "", 0)
	o.expect(api.CodeOK, bearer(s))
	o.expect(api.CodeMalformed, verify.Request{Token: s, Caller: true})
}

package verify_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/verify"
)

// fault is one thing wrong with a request. Faults are listed in the order in
// which they are decided.
type fault struct {
	code  api.Code
	token func(*verify.Token)
	owner func(*verify.Owner)
	space func(*verify.Workspace)
	ask   func(*verify.Request)
}

func faults() []fault {
	return []fault{
		{code: api.CodeMalformed, ask: func(r *verify.Request) { r.Token += " " }},
		{code: api.CodeUnknown, ask: func(r *verify.Request) { r.Workspace = home + 1 }},
		{code: api.CodeRetired, token: func(t *verify.Token) { t.Secrets[0].RetiresAt = epoch }},
		{code: api.CodeRevoked, token: func(t *verify.Token) { t.Revoked = true }},
		{code: api.CodeWorkspaceSuspended, space: func(w *verify.Workspace) { w.Suspended = true }},
		{code: api.CodeDisabled, token: func(t *verify.Token) { t.Disabled = true }},
		{code: api.CodeApprovalPending, token: func(t *verify.Token) { t.Pending = true }},
		{code: api.CodeNotYetValid, token: func(t *verify.Token) { t.NotBefore = epoch.Add(1000) }},
		{code: api.CodeExpired, token: func(t *verify.Token) { t.ExpiresAt = epoch }},
		{code: api.CodeOwnerInactive, owner: func(o *verify.Owner) { o.Active = false }},
		{code: api.CodeIPDenied, token: func(t *verify.Token) { t.AllowedIPs = prefixes("10.0.0.0/8") }},
		{code: api.CodeInsufficientScope, ask: func(r *verify.Request) { r.Scopes = append(r.Scopes, "builds:run") }},
		{code: api.CodeResourceDenied, ask: func(r *verify.Request) { r.Resource = "billing" }},
		{code: api.CodeCostExceedsLimit, token: func(t *verify.Token) {
			t.RateLimit = &api.RateLimit{Requests: 1, Window: api.Day}
		}, ask: func(r *verify.Request) { r.Cost = 2 }},
	}
}

func (f fault) apply(t *verify.Token, o *verify.Owner, w *verify.Workspace, r *verify.Request) {
	for _, step := range []func(){
		func() { call(f.token, t) }, func() { call(f.owner, o) }, func() { call(f.space, w) }, func() { call(f.ask, r) },
	} {
		step()
	}
}

func call[T any](f func(*T), v *T) {
	if f != nil {
		f(v)
	}
}

func TestTheFirstFaultIsTheAnswer(t *testing.T) {
	t.Parallel()
	list := append(faults(), fault{code: api.CodeOK})
	for i, first := range list {
		for _, second := range list[i:] {
			t.Run(name(first.code, " before ", second.code), func(t *testing.T) {
				t.Parallel()
				o := open(t, verify.Config{})
				row, secret := o.mint()
				row.Statements = on([]string{"payments"}, "tickets:read")
				req := scoped(secret, "payments", "tickets:read")
				owner, space := o.owners[ada], o.spaces[home]
				first.apply(&row, &owner, &space, &req)
				second.apply(&row, &owner, &space, &req)
				o.owners[ada], o.spaces[home] = owner, space
				o.put(row)
				o.expect(first.code, req) // read from the source
				o.expect(first.code, req) // and from memory
			})
		}
	}
}

func TestWhoeverHasTheSecretIsToldWhy(t *testing.T) {
	t.Parallel()
	for _, f := range faults() {
		o := open(t, verify.Config{})
		row, secret := o.mint()
		row.Statements = on([]string{"payments"}, "tickets:read")
		req := scoped(secret, "payments", "tickets:read")
		owner, space := o.owners[ada], o.spaces[home]
		f.apply(&row, &owner, &space, &req)
		o.owners[ada], o.spaces[home] = owner, space
		o.put(row)
		d := o.ask(req)
		told := d.Matched && d.Owner != nil && d.Workspace != nil && d.Label() == "laptop"
		if want := f.code != api.CodeMalformed && f.code != api.CodeUnknown; told != want {
			t.Errorf("%s: told %v, want %v", f.code, told, want)
		}
		req.Token = corrupt(t, secret)
		if d := o.ask(req); d.Matched || d.Code != api.CodeUnknown || d.Owner != nil || d.Rights != nil || d.Label() != "" {
			t.Errorf("%s: whoever lacks the secret is told %s", f.code, d.Code)
		}
	}
}

func TestBoundsOfALife(t *testing.T) {
	t.Parallel()
	active := &verify.Owner{Active: true}
	tests := []struct {
		what  string
		token verify.Token
		at    time.Duration
		want  api.Code
	}{
		{"before not_before", verify.Token{NotBefore: epoch}, -time.Microsecond, api.CodeNotYetValid},
		{"at not_before", verify.Token{NotBefore: epoch}, 0, api.CodeOK},
		{"before expiry", verify.Token{ExpiresAt: epoch}, -time.Nanosecond, api.CodeOK},
		{"at expiry", verify.Token{ExpiresAt: epoch}, 0, api.CodeExpired},
		{"no bounds", verify.Token{}, 100 * 365 * 24 * time.Hour, api.CodeOK},
		{"disabled, to be revoked", verify.Token{Disabled: true, RevokeAt: epoch}, -time.Microsecond, api.CodeDisabled},
		{"disabled and over", verify.Token{Disabled: true, RevokeAt: epoch}, 0, api.CodeRevoked},
		{"enabled again, to be revoked", verify.Token{RevokeAt: epoch}, -time.Microsecond, api.CodeOK},
		{"enabled again and over", verify.Token{RevokeAt: epoch}, 0, api.CodeRevoked},
	}
	for _, tt := range tests {
		if got := verify.Lifecycle(&tt.token, active, &verify.Workspace{}, epoch.Add(tt.at)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.what, got, tt.want)
		}
	}
	if got := verify.Lifecycle(&verify.Token{}, nil, &verify.Workspace{}, epoch); got != api.CodeOwnerInactive {
		t.Errorf("no owner: %s", got)
	}
	if got := verify.Lifecycle(&verify.Token{}, active, nil, epoch); got != api.CodeWorkspaceSuspended {
		t.Errorf("no workspace: %s", got)
	}
}

func TestPermits(t *testing.T) {
	t.Parallel()
	book := builtInBook()
	some := book.Compile([]grant.Statement{
		{Scopes: []string{"tickets:read", "tokens:read", "instance:verify"}, Resources: []string{"payments", "pay-*"}},
		{Scopes: []string{"tickets:write"}, Resources: []string{"billing"}},
	})
	all := book.Compile(on([]string{"*"}, "tickets:read"))
	tests := []struct {
		what     string
		g        grant.Grant
		resource string
		scopes   []string
		want     api.Code
	}{
		{"only the token itself", grant.Grant{}, "", nil, api.CodeOK},
		{"held there", some, "pay-1", []string{"tickets:read"}, api.CodeOK},
		{"held elsewhere", some, "billing", []string{"tickets:read"}, api.CodeResourceDenied},
		{"held nowhere", some, "billing", []string{"tickets:delete"}, api.CodeInsufficientScope},
		{"one elsewhere, one nowhere", some, "billing", []string{"tickets:read", "tickets:delete"}, api.CodeInsufficientScope},
		{"no resource, restricted", some, "", []string{"tickets:read"}, api.CodeResourceDenied},
		{"no resource, entire portfolio", all, "", []string{"tickets:read"}, api.CodeOK},
		{"no resource, nowhere", all, "", []string{"tickets:write"}, api.CodeInsufficientScope},
		{"no resource needed", some, "", []string{"tokens:read"}, api.CodeOK},
		{"no resource needed, one given", some, "billing", []string{"tokens:read"}, api.CodeOK},
		{"instance scope by name", some, "", []string{"instance:verify"}, api.CodeOK},
		{"the other instance scope", some, "", []string{"instance:admin"}, api.CodeInsufficientScope},
		{"any resource", some, verify.AnyResource, []string{"tickets:read", "tickets:write"}, api.CodeOK},
		{"any resource, nowhere", some, verify.AnyResource, []string{"tickets:delete"}, api.CodeInsufficientScope},
		{"any resource, no scopes", some, verify.AnyResource, nil, api.CodeOK},
		{"reached", some, "billing", nil, api.CodeOK},
		{"not reached", some, "other", nil, api.CodeResourceDenied},
		{"a pattern is no resource", all, "pay-*", []string{"tickets:read"}, api.CodeResourceDenied},
	}
	for _, tt := range tests {
		if got := verify.Permits(tt.g, tt.scopes, tt.resource, false); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.what, got, tt.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	office := prefixes("10.1.0.0/16", "2001:db8::/32", "::ffff:192.0.2.0/120", "fe80::/10")
	allowed := []string{"10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "192.0.2.9", "::ffff:192.0.2.9", "fe80::1%eth0"}
	for _, a := range allowed {
		if !verify.AddressAllowed(office, netip.MustParseAddr(a)) {
			t.Errorf("%s is refused", a)
		}
	}
	for _, a := range []string{"10.2.0.1", "2001:db9::1", "192.0.3.1", "::10.1.2.3"} {
		if verify.AddressAllowed(office, netip.MustParseAddr(a)) {
			t.Errorf("%s is accepted", a)
		}
	}
	if verify.AddressAllowed(office, netip.Addr{}) || verify.AddressAllowed(prefixes(), netip.MustParseAddr("10.1.2.3")) {
		t.Error("an unknown address, or an empty list, is accepted")
	}
	if !verify.AddressAllowed(nil, netip.Addr{}) {
		t.Error("without a list an unknown address is refused")
	}
	if verify.AddressAllowed(prefixes("::/0"), netip.MustParseAddr("::ffff:10.0.0.1")) {
		t.Error("a mapped address counts as v6")
	}
}

func TestInheritance(t *testing.T) {
	t.Parallel()
	w := &verify.Workspace{ID: home, Book: builtInBook()}
	every := []string{"*"}
	member := verify.Owner{Key: ada, Active: true, Statements: []grant.Statement{{Role: "Viewer", Resources: every}}}
	admin := member
	admin.InstanceAdmin = true
	robot := verify.Owner{
		Key:        verify.OwnerKey{Type: verify.OwnerServiceAccount, ID: 1},
		Statements: on(every, "tickets:read", "instance:verify"), InstanceAdmin: true,
	}
	whole := verify.Owner{Key: verify.OwnerKey{Type: verify.OwnerWorkspace, ID: home}}
	tests := []struct {
		what       string
		owner      verify.Owner
		statements []grant.Statement
		scope      string
		want       bool
	}{
		{"inherits its owner's role", member, nil, "tickets:read", true},
		{"and no more", member, nil, "tickets:write", false},
		{"empty is nothing", member, []grant.Statement{}, "tickets:read", false},
		{"lists more than its owner has", member, on(every, "tickets:*"), "tickets:write", false},
		{"lists part of it", member, on(every, "tickets:read"), "tickets:read", true},
		{"an administrator's token inherits no instance scope", admin, nil, "instance:verify", false},
		{"nor by a star", admin, on(every, "*"), "instance:admin", false},
		{"but may list one", admin, on(nil, "instance:admin"), "instance:admin", true},
		{"nobody else may", member, on(nil, "instance:admin"), "instance:admin", false},
		{"a service account's own instance scope is not inherited", robot, nil, "instance:verify", false},
		{"it may list the one it has", robot, on(nil, "instance:verify"), "instance:verify", true},
		{"and not the other", robot, on(nil, "instance:admin"), "instance:admin", false},
		{"the workspace has everything", whole, on(every, "*"), "workspace:delete", true},
		{"and both instance scopes to list", whole, on(nil, "instance:verify"), "instance:verify", true},
		{"a role that is not there", whole, []grant.Statement{{Role: "Nobody", Resources: every}}, "tickets:read", false},
	}
	for _, tt := range tests {
		g := verify.Effective(&verify.Token{Statements: tt.statements}, &tt.owner, w)
		if got := g.AllowsAll(tt.scope); got != tt.want {
			t.Errorf("%s: %s is %v", tt.what, tt.scope, got)
		}
	}
	if !verify.OwnerGrant(nil, w).Empty() || !verify.Effective(&verify.Token{}, nil, w).Empty() ||
		!verify.Effective(&verify.Token{}, &whole, nil).Empty() {
		t.Error("without an owner or a workspace something is granted")
	}
}

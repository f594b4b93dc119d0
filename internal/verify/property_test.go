package verify_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// game is a small world in which everything may change, and what the engine has
// to answer in it, told from the rows alone.
type game struct {
	*office
	rt      *rapid.T
	rows    []token.Locator
	secrets map[token.Locator][]string
	owners  []verify.OwnerKey
}

func newGame(t testing.TB, rt *rapid.T) *game {
	t.Helper()
	g := &game{
		office: open(t, verify.Config{
			Capacity: rapid.IntRange(1, 6).Draw(rt, "capacity"), Unknown: 4,
			CacheSize: rapid.SampledFrom([]int64{1, 150_000, 1 << 20}).Draw(rt, "bytes"), // no room, that of few shared records, enough
		}),
		rt: rt, secrets: map[token.Locator][]string{},
		owners: []verify.OwnerKey{ada, {Type: verify.OwnerServiceAccount, ID: 7}, {Type: verify.OwnerWorkspace, ID: home}},
	}
	for _, k := range g.owners[1:] {
		v := g.source.owners[ada]
		v.Key = k
		g.source.owners[k] = v
	}
	g.spaces[home+1] = g.spaces[home]
	for range 5 {
		row, secret := g.mint()
		g.rows = append(g.rows, row.Locator)
		g.secrets[row.Locator] = []string{secret}
		g.put(row)
	}
	return g
}

func (g *game) statements(label string) []grant.Statement {
	lists := [][]grant.Statement{
		nil, {},
		on([]string{"*"}, "*"), on([]string{"payments"}, "tickets:read"), on([]string{"pay*", "billing"}, "tickets:*"),
		on(nil, "tokens:read", "instance:verify"), on([]string{"*"}, "product:read"),
		{{Role: "Viewer", Resources: []string{"*"}}, {Scopes: []string{"tickets:write"}, Resources: []string{"billing"}}},
		{{Role: "Nobody", Resources: []string{"*"}}}, {{Resources: []string{"payments"}}},
	}
	return rapid.SampledFrom(lists).Draw(g.rt, label)
}

func (g *game) when(label string) time.Time {
	minutes := rapid.IntRange(-3, 3).Draw(g.rt, label)
	if minutes == 3 {
		return time.Time{}
	}
	return epoch.Add(time.Duration(minutes) * time.Minute)
}

func (g *game) locator() token.Locator { return rapid.SampledFrom(g.rows).Draw(g.rt, "token") }

func (g *game) editToken(*rapid.T) {
	g.edit(g.locator(), func(t *verify.Token) {
		t.Statements = g.statements("own")
		t.Owner = rapid.SampledFrom(g.owners).Draw(g.rt, "owner")
		t.Workspace = rapid.SampledFrom([]int64{home, home, home + 1, 99}).Draw(g.rt, "workspace")
		t.NotBefore, t.ExpiresAt, t.RevokeAt = g.when("not before"), g.when("expires"), g.when("revoke at")
		t.Disabled, t.Revoked = rapid.IntRange(0, 4).Draw(g.rt, "disabled") == 0, rapid.IntRange(0, 4).Draw(g.rt, "revoked") == 0
		t.AllowedIPs = rapid.SampledFrom([][]netip.Prefix{nil, nil, {}, prefixes("10.0.0.0/8")}).Draw(g.rt, "addresses")
		t.Label = rapid.StringN(0, 50, -1).Draw(g.rt, "label")
	})
}

func (g *game) rotateToken(*rapid.T) {
	l := g.locator()
	secret := g.rotate(l)
	g.secrets[l] = append([]string{secret}, g.secrets[l]...)
	g.edit(l, func(t *verify.Token) {
		t.Secrets = slices.Clone(t.Secrets[:min(len(t.Secrets), 5)])
		t.Secrets[1].RetiresAt = g.when("overlap")
	})
}

func (g *game) editOwners(*rapid.T) {
	g.editOwner(rapid.SampledFrom(g.owners).Draw(g.rt, "owner"), func(v *verify.Owner) {
		v.Active = rapid.IntRange(0, 3).Draw(g.rt, "active") > 0
		v.InstanceAdmin = rapid.Bool().Draw(g.rt, "admin")
		v.Statements = g.statements("owner's")
	})
}

func (g *game) editSpaces(*rapid.T) {
	g.editSpace(rapid.SampledFrom([]int64{home, home + 1}).Draw(g.rt, "workspace"), func(w *verify.Workspace) {
		w.Suspended = rapid.IntRange(0, 4).Draw(g.rt, "suspended") == 0
		w.Book.Roles["Viewer"] = rapid.SampledFrom([][]string{{"product:read"}, {"*"}, {}}).Draw(g.rt, "viewer")
	})
}

func (g *game) forgetAll(*rapid.T) { g.Apply(verify.Changes{All: true}) }

func (g *game) passTime(*rapid.T) {
	g.clock.Pass(time.Duration(rapid.IntRange(0, 90).Draw(g.rt, "seconds")) * time.Second)
}

func (g *game) verify(*rapid.T) {
	l := g.locator()
	req := verify.Request{
		Token:     rapid.SampledFrom(g.secrets[l]).Draw(g.rt, "secret"),
		Scopes:    rapid.SampledFrom([][]string{nil, {"tickets:read"}, {"tickets:write", "tickets:read"}, {"instance:verify"}, {"tokens:read"}}).Draw(g.rt, "scopes"),
		Resource:  rapid.SampledFrom([]string{"", verify.AnyResource, "payments", "billing"}).Draw(g.rt, "resource"),
		Workspace: rapid.SampledFrom([]int64{0, 0, home}).Draw(g.rt, "asked workspace"),
		Addr:      rapid.SampledFrom([]netip.Addr{{}, netip.MustParseAddr("10.1.1.1")}).Draw(g.rt, "address"),
	}
	want, number := g.expected(l, &req)
	d := g.ask(req)
	if d.Code != want || d.SecretNumber != number {
		g.rt.Fatalf("answered %s (secret %d), want %s (%d) for %+v", d.Code, d.SecretNumber, want, number, req)
	}
	if row := g.tokens[l]; d.Matched && (d.Label() != row.Label || d.Owner.Key != row.Owner || d.Workspace.ID != row.Workspace) {
		g.rt.Fatalf("told label %q, owner %v, workspace %d; the row is %+v", d.Label(), d.Owner.Key, d.Workspace.ID, row)
	}
}

// expected is the pure decision from the rows.
func (g *game) expected(l token.Locator, req *verify.Request) (api.Code, int) {
	row, now := g.tokens[l], g.clock.Now()
	digest, _ := g.keys.Digest(req.Token)
	i := slices.IndexFunc(row.Secrets, func(s verify.Secret) bool { return s.Digest == digest })
	if i < 0 || req.Workspace != 0 && req.Workspace != row.Workspace {
		return api.CodeUnknown, 0
	}
	s := row.Secrets[i]
	if live := i == 0 && s.RetiresAt.IsZero() || now.Before(s.RetiresAt); !live {
		return api.CodeRetired, s.Number
	}
	w, ok := g.spaces[row.Workspace]
	w.ID, w.Suspended = row.Workspace, w.Suspended || !ok
	owner := g.source.owners[row.Owner]
	if code := verify.Lifecycle(&row, &owner, &w, now); code != api.CodeOK {
		return code, s.Number
	}
	if !verify.AddressAllowed(row.AllowedIPs, req.Addr) {
		return api.CodeIPDenied, s.Number
	}
	return verify.Permits(verify.Effective(&row, &owner, &w), req.Scopes, req.Resource, w.NamesAny), s.Number
}

func TestTheEngineAgreesWithThePureDecision(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		g := newGame(t, rt)
		rt.Repeat(map[string]func(*rapid.T){
			"token": g.editToken, "rotate": g.rotateToken, "owner": g.editOwners, "space": g.editSpaces,
			"all": g.forgetAll, "time": g.passTime, "verify": g.verify, "again": g.verify, "more": g.verify,
		})
	})
}

package authority_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// TestWhatTheInstanceStoppedTheWorkspaceDoesNotStart: a member, a service account, an
// endpoint. Whoever has the right in the workspace, too, stops it for the workspace; what both
// stopped is the instance's, in whichever order.
func TestWhatTheInstanceStoppedTheWorkspaceDoesNotStart(t *testing.T) {
	t.Parallel()
	g := newGates(t)
	ed := g.Member("ed@example.com", "Owner")
	g.Member("bob@example.com", "Viewer")
	g.MemberOf("globex", "op@example.com", "Viewer", "*")
	officetest.Must(t, officetest.Second(g.AddAdmin(g.Ctx, g.Root, api.AddAdmin{User: "op@example.com"})))
	op, ada := g.Person("op@example.com"), g.Person("ada@example.com")
	hook, err := g.CreateWebhook(g.Ctx, g.Root, officetest.Acme(), officetest.Hook("*"))
	officetest.Must(t, err)
	enabled := func(c authority.Caller, on bool) error {
		return officetest.Second(g.EditWebhook(g.Ctx, c, officetest.Acme(), hook.Webhook.ID, api.EditWebhook{Enabled: api.Some(on)}))
	}
	for what, thing := range map[string]struct {
		stop, start func(c authority.Caller) error
		held        func() bool
	}{
		"a member": {
			func(c authority.Caller) error {
				return officetest.Second(g.DeactivateMember(g.Ctx, c, "acme", "bob@example.com", false))
			},
			func(c authority.Caller) error {
				return officetest.Second(g.ActivateMember(g.Ctx, c, "acme", "bob@example.com"))
			},
			func() bool {
				v, err := g.GetMember(g.Ctx, g.Root, "acme", "bob@example.com")
				return err == nil && v.HeldByInstance
			},
		},
		"a service account": {
			func(c authority.Caller) error {
				return officetest.Second(g.DisableServiceAccount(g.Ctx, c, "acme", "ci", false))
			},
			func(c authority.Caller) error {
				return officetest.Second(g.EnableServiceAccount(g.Ctx, c, "acme", "ci"))
			},
			func() bool {
				v, err := g.GetServiceAccount(g.Ctx, g.Root, "acme", "ci")
				return err == nil && v.HeldByInstance
			},
		},
		"an endpoint": {
			func(c authority.Caller) error { return enabled(c, false) }, func(c authority.Caller) error { return enabled(c, true) },
			func() bool {
				v, err := g.GetWebhook(g.Ctx, g.Root, officetest.Acme(), hook.Webhook.ID)
				return err == nil && v.HeldByInstance
			},
		},
	} {
		for by, c := range map[string]struct {
			stops []authority.Caller
			held  bool
		}{
			"the workspace":             {[]authority.Caller{ed}, false},
			"the instance":              {[]authority.Caller{op}, true},
			"who is of both":            {[]authority.Caller{ada}, false},
			"first the workspace":       {[]authority.Caller{ed, op}, true},
			"first the instance":        {[]authority.Caller{op, ed}, true},
			"the workspace, twice":      {[]authority.Caller{ed, ada}, false},
			"both, and who is of both ": {[]authority.Caller{op, ada}, true},
		} {
			for _, stopper := range c.stops {
				officetest.Must(t, thing.stop(stopper))
			}
			if thing.held() != c.held {
				t.Errorf("%s, stopped by %s: held is %t", what, by, !c.held)
			}
			err := thing.start(ed)
			if !c.held {
				officetest.Must(t, err)
				continue
			}
			if e := api.AsError(err); e.Code != api.CodeInsufficientScope || !slices.Equal(e.Missing, []string{"instance:admin"}) {
				t.Errorf("%s, stopped by %s, and started by an Owner: %v", what, by, err)
			}
			officetest.Must(t, thing.start(op))
			if thing.held() {
				t.Errorf("%s was started, and is held", what)
			}
		}
	}
}

// TestWhatOthersTookOfATokenItsOwnerDoesNotTakeBack: each thing that can be stopped or
// narrowed. The refusal names the fields and the scope; what one took oneself one takes back.
func TestWhatOthersTookOfATokenItsOwnerDoesNotTakeBack(t *testing.T) {
	t.Parallel()
	g := newGates(t)
	bob, boss := g.Member("bob@example.com", "Viewer"), g.Member("boss@example.com", "Administrator")
	soon := g.Clock.Now().Add(24 * time.Hour)
	edit := func(f func(*api.TokenFields)) func(authority.Caller, string) error {
		return func(c authority.Caller, id string) error {
			return officetest.Second(g.EditToken(g.Ctx, c, "acme", id, officetest.Patch(f)))
		}
	}
	for field, c := range map[string]struct {
		take, give func(authority.Caller, string) error
		scope      string
	}{
		"disabled_at": {
			func(c authority.Caller, id string) error {
				return officetest.Second(g.DisableToken(g.Ctx, c, "acme", id, api.DisableToken{}))
			},
			func(c authority.Caller, id string) error {
				return officetest.Second(g.EnableToken(g.Ctx, c, "acme", id))
			}, "tokens:disable",
		},
		"allowed_ips": {
			edit(func(f *api.TokenFields) { f.AllowedIPs = api.Some([]string{"10.0.0.0/8"}) }),
			edit(func(f *api.TokenFields) { f.AllowedIPs = api.Null[[]string]() }), "tokens:edit",
		},
		"rate_limit": {
			edit(func(f *api.TokenFields) {
				f.RateLimit = api.Some(api.RateLimit{Requests: 1, Window: api.Duration(time.Minute)})
			}),
			edit(func(f *api.TokenFields) { f.RateLimit = api.Null[api.RateLimit]() }), "tokens:edit",
		},
		"not_before": {
			edit(func(f *api.TokenFields) { f.NotBefore = api.Some(soon) }),
			edit(func(f *api.TokenFields) { f.NotBefore = api.Null[time.Time]() }), "tokens:edit",
		},
		"expires_at": {
			edit(func(f *api.TokenFields) { f.ExpiresAt = api.Some(soon) }),
			edit(func(f *api.TokenFields) { f.ExpiresAt = api.Some(soon.Add(24 * time.Hour)) }), "tokens:edit",
		},
		"grants": {
			edit(func(f *api.TokenFields) { f.Rights = officetest.Rights("tokens:read") }),
			edit(func(f *api.TokenFields) { f.Rights = officetest.Rights("tokens:read", "roles:read") }), "tokens:edit",
		},
	} {
		id := g.Create(g.Root, officetest.Scoped("personal", "bob@example.com", "tokens:read", "roles:read")).Token.ID
		officetest.Must(t, c.take(bob, id))
		if err := c.give(bob, id); err != nil {
			t.Errorf("%s: one's own stop is not taken back: %v", field, err)
		}
		officetest.Must(t, c.take(boss, id))
		v, err := g.GetToken(g.Ctx, bob, "acme", id)
		officetest.Must(t, err)
		if v.Held == nil || !slices.Equal(v.Held.Fields, []string{field}) || v.Held.By == nil || *v.Held.By != "boss@example.com" {
			t.Errorf("%s: held is %+v", field, v.Held)
		}
		e := api.AsError(c.give(bob, id))
		if e.Code != api.CodeInsufficientScope || !slices.Equal(e.Missing, []string{c.scope}) || !strings.Contains(e.Message, "("+field+")") {
			t.Errorf("%s: taken back by its owner: %v", field, e)
		}
		officetest.Must(t, c.give(boss, id))
		if v, err := g.GetToken(g.Ctx, bob, "acme", id); err != nil || v.Held != nil {
			t.Errorf("%s: given back, and held is %+v, %v", field, v.Held, err)
		}
	}
}

// TestANameOfBeforeLeavesTheAuditWhole: of one that was given while a token string could be a
// name, the audit keeps the mask, in its columns as in what it tells.
func TestANameOfBeforeLeavesTheAuditWhole(t *testing.T) {
	t.Parallel()
	g := newGates(t)
	pasted := lowerToken(t)
	errs, err := g.Store.Batch(g.Ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
		s, err := tx.ServiceAccount(g.WorkspaceID(), ledger.ServiceAccountKey{Name: "ci"})
		s.Name = pasted
		return errors.Join(err, tx.PutServiceAccount(s))
	}})
	officetest.Must(t, errors.Join(append(errs, err)...))
	own := g.With(g.Create(g.Root, officetest.Ask("service", pasted)))
	g.Refused(officetest.Second(g.DisableServiceAccount(g.Ctx, own, "acme", pasted, false)), api.CodeInsufficientScope)
	officetest.Must(t, officetest.Second(g.DisableServiceAccount(g.Ctx, g.Root, "acme", pasted, false)))
	if _, err := audit.Verify(g.Ctx, g.Store, g.Keys); err != nil {
		t.Error(err)
	}
	rows, _, err := g.Audit(g.Ctx, g.Root, "acme", api.AuditFilter{}, authority.Page{Limit: 3})
	officetest.Must(t, err)
	for _, row := range rows {
		if strings.Contains(row.Actor+row.Target+string(row.Before)+string(row.After), pasted) {
			t.Errorf("%s by %s tells the string", row.Action, row.Actor)
		}
	}
}

package approval_test

import (
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/token"
)

// TestEveryWayATokenIsMade waits, or is refused with words; whoever holds the host waits for
// nobody. Exchanges and sign-ins of programs are tried where they are.
func TestEveryWayATokenIsMade(t *testing.T) {
	each(t, func(w world) {
		w.Account("ci", "tickets:write", "tokens:create")
		robot := w.With(w.Create(w.ada, officetest.Scoped("service", "ci", "tokens:create")))
		w.rules(api.ApprovalRule{Kinds: []string{"personal", "service", "workspace", "ephemeral"}})
		w.ask(w.bob, writer("personal", ""))
		w.ask(w.bob, officetest.Ask("personal", ""))
		w.ask(w.ada, writer("personal", "bob@example.com"))
		w.ask(officetest.As(w.Root, "bob@example.com"), writer("personal", ""))
		w.ask(w.bob, writer("service", "ci"))
		w.ask(robot, officetest.Scoped("service", "ci", "tokens:create"))
		w.ask(w.bob, writer("workspace", ""))
		portal := w.carl
		standing, err := w.ResetAccessToken(w.Ctx, portal, "acme", "me")
		officetest.Must(t, err)
		w.Deny(api.CodeApprovalPending, standing.Secret)
		again, err := w.ResetAccessToken(w.Ctx, portal, "acme", "me")
		officetest.Must(t, err)
		w.Deny(api.CodeApprovalPending, again.Secret)
		sum := api.ImportToken{Hash: "aa" + standing.Token.Locator}
		sum.Hash = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
		sum.Label = api.Some("old")
		sum.Scopes, sum.Resources = api.Some([]string{"tickets:write"}), api.Some([]string{"*"})
		sum.Kind = "workspace"
		format := api.ImportFormat{Name: "old-api", Prefix: "old_", MinLength: 32, MaxLength: 32, Alphabet: "base62", Hash: "sha256"}
		out, err := w.ImportTokens(w.Ctx, w.Root, "acme", api.ImportTokens{Format: format, Tokens: []api.ImportToken{sum}})
		officetest.Must(t, err)
		if r := out.Results[0]; r.Status != api.ImportRefused || r.Code != api.CodeApprovalRequired {
			t.Errorf("an import is %+v", r)
		}
		recovery, err := w.RecoveryToken(w.Ctx, authority.Caller{Machine: "restore"})
		officetest.Must(t, err)
		w.Allow(recovery.Secret)
	})
}

// TestAnEditComesUnderNoRule: what works is not put to sleep and not widened; what gives
// nothing more is free, of old tokens and of those that wait.
func TestAnEditComesUnderNoRule(t *testing.T) {
	each(t, func(w world) {
		w.rules()
		w.Account("ci", "tickets:read")
		w.Account("later")
		read := officetest.Scoped("service", "ci", "tickets:read")
		read.ExpiresIn = api.Some(30 * api.Day)
		live, old := w.Create(w.bob, read), w.Create(w.bob, writer("workspace", ""))
		w.rules(api.ApprovalRule{Scopes: []string{"tickets:write"}}, api.ApprovalRule{Resources: []string{"prod"}, Kinds: []string{"workspace"}}, api.ApprovalRule{LongerThan: 60 * api.Day})
		w.Allow(old.Secret, "tickets:write")
		waits := w.ask(w.bob, writer("workspace", ""))
		edit := func(f func(*api.TokenFields)) api.EditToken { return officetest.Patch(f) }
		more := edit(func(in *api.TokenFields) { in.Scopes = api.Some([]string{"tickets:write", "assets:read"}) })
		inherit := edit(func(in *api.TokenFields) { in.Scopes, in.Resources = api.Null[[]string](), api.Null[[]string]() })
		longer := edit(func(in *api.TokenFields) { in.ExpiresIn = api.Some(61 * api.Day) })
		for what, err := range map[string]error{
			"more scopes":                  officetest.Second(w.EditToken(w.Ctx, w.bob, "acme", live.Token.ID, more)),
			"all that its owner gets":      officetest.Second(w.EditToken(w.Ctx, w.bob, "acme", live.Token.ID, inherit)),
			"a longer life":                officetest.Second(w.EditToken(w.Ctx, w.bob, "acme", live.Token.ID, longer)),
			"a longer life by a rotation":  officetest.Second(w.RotateToken(w.Ctx, w.bob, "acme", live.Token.ID, api.RotateToken{ExpiresIn: api.Some(61 * api.Day)})),
			"another owner":                officetest.Second(w.TransferToken(w.Ctx, w.bob, "acme", old.Token.ID, api.TransferToken{Owner: "later"})),
			"more of what is under a rule": officetest.Second(w.EditToken(w.Ctx, w.bob, "acme", old.Token.ID, more)),
			"more while it waits":          officetest.Second(w.EditToken(w.Ctx, w.bob, "acme", waits.Token.ID, more)),
			"another owner while it waits": officetest.Second(w.TransferToken(w.Ctx, w.bob, "acme", waits.Token.ID, api.TransferToken{Owner: "ci"})),
		} {
			if api.AsError(err).Code != api.CodeApprovalRequired {
				t.Errorf("%s: %v", what, err)
			}
		}
		w.Allow(live.Secret, "tickets:read")
		free := edit(func(in *api.TokenFields) { in.Label, in.Description = api.Some("renamed"), api.Some("why") })
		less := edit(func(in *api.TokenFields) {
			in.Resources, in.ExpiresIn = api.Some([]string{"shop"}), api.Some(20*api.Day)
		})
		for _, of := range []authority.Issued{live, old, waits} {
			for _, in := range []api.EditToken{free, less} {
				officetest.Must(t, officetest.Second(w.EditToken(w.Ctx, w.bob, "acme", of.Token.ID, in)))
			}
			officetest.Must(t, officetest.Second(w.RotateToken(w.Ctx, w.bob, "acme", of.Token.ID, api.RotateToken{Renew: true})))
		}
		if got := w.approval(waits); got.State != api.ApprovalPending {
			t.Errorf("an edit decided: %+v", got)
		}
		w.rules()
		w.Refused(officetest.Second(w.EditToken(w.Ctx, w.bob, "acme", waits.Token.ID, more)), api.CodeApprovalRequired)
	})
}

// TestARetryAsksOnce: the secret whose answer was lost is replaced, and the request is one.
func TestARetryAsksOnce(t *testing.T) {
	each(t, func(w world) {
		c := w.bob
		c.Retry = authority.Retry{Key: "k", Route: "create"}
		lost, again := w.ask(c, writer("workspace", "")), w.ask(c, writer("workspace", ""))
		if lost.Token.ID != again.Token.ID {
			t.Fatal("a retry made another one")
		}
		officetest.Must(t, officetest.Second(w.approve(w.ada, again)))
		w.Deny(api.CodeUnknown, lost.Secret)
		w.Allow(again.Secret)
		rehearsed := w.bob
		rehearsed.Rehearse = true
		out, err := w.CreateToken(w.Ctx, rehearsed, "acme", writer("workspace", ""))
		if out.Token.Approval == nil || len(out.Warnings) == 0 {
			t.Errorf("a rehearsal says nothing of it: %+v, %v", out.Warnings, err)
		}
	})
}

// TestWhatWaitsOpensNothing: neither Tokenry's own verbs nor the look of it to others.
func TestWhatWaitsOpensNothing(t *testing.T) {
	each(t, func(w world) {
		in := writer("workspace", "")
		in.Scopes = api.Some([]string{"tickets:write", "tokens:create", "tokens:disable", "tokens:read", "tokens:delete"})
		of := w.ask(w.ada, in)
		own := w.With(of)
		for what, err := range map[string]error{
			"list":    officetest.Third(w.ListTokens(w.Ctx, own, "acme", api.TokenFilter{}, authority.Page{})),
			"create":  officetest.Second(w.CreateToken(w.Ctx, own, "acme", officetest.Scoped("workspace", "", "tokens:read"))),
			"approve": officetest.Second(w.approve(own, of)),
			"itself":  officetest.Second(w.GetToken(w.Ctx, own, "acme", "self")),
		} {
			if api.AsError(err).Code != api.CodeInvalidToken && api.AsError(err).Code != api.CodeApprovalPending {
				t.Errorf("%s: %v", what, err)
			}
		}
		page, _, err := w.ListTokens(w.Ctx, w.bob, "acme", api.TokenFilter{Status: api.Some(api.StatusPending)}, authority.Page{})
		if officetest.Must(t, err); len(page) != 1 || page[0].ID != of.Token.ID {
			t.Errorf("what waits is %+v", page)
		}
		active, _, err := w.ListTokens(w.Ctx, w.bob, "acme", api.TokenFilter{Status: api.Some(api.StatusActive), Kind: api.Some("workspace")}, authority.Page{})
		if officetest.Must(t, err); len(active) != 0 {
			t.Errorf("it counts as active: %+v", active)
		}
		bulk := api.BulkTokens{Action: api.BulkEdit, IDs: []string{of.Token.ID}, Edit: new(officetest.Patch(func(in *api.TokenFields) { in.Resources = api.Some([]string{"shop"}) }))}
		officetest.Must(t, w.BulkTokens(w.Ctx, w.ada, "acme", bulk, func(api.BulkResult) error { return nil }))
		w.Deny(api.CodeApprovalPending, of.Secret)
	})
}

// TestWhatIsDerivedWaitsWithItsToken, also what was derived and presented before, and ends with it.
func TestWhatIsDerivedWaitsWithItsToken(t *testing.T) {
	each(t, func(w world) {
		approved, refused := w.ask(w.ada, writer("workspace", "")), w.ask(w.ada, writer("workspace", ""))
		derived := func(of authority.Issued) token.Secret {
			d, err := token.Derive(of.Secret, token.Terms{Scopes: []string{"tickets:write"}})
			officetest.Must(t, err)
			w.Deny(api.CodeApprovalPending, d, "tickets:write")
			return d
		}
		narrow, never := derived(approved), derived(refused)
		officetest.Must(t, officetest.Second(w.approve(w.eve, approved)))
		officetest.Must(t, officetest.Second(w.refuse(w.eve, refused)))
		w.Allow(narrow, "tickets:write")
		w.Deny(api.CodeRevoked, never, "tickets:write")
	})
}

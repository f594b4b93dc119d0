package insight_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

// defect is one reason for which a token is refused, and how it comes to it.
type defect struct {
	code api.Code
	made func(w *watched, in *api.CreateToken)
	done func(w *watched, id string)
	undo func(w *watched)
	// says is a part of what is said of it, and remedy of what mends it.
	says, remedy string
}

// defects are in the order in which they are decided, so of two the first is answered.
func defects() []defect {
	must := func(w *watched, err error) { w.Helper(); officetest.Must(w.T, err) }
	return []defect{
		{code: api.CodeRetired, done: func(w *watched, id string) {
			must(w, officetest.Second(w.ResetToken(w.Ctx, w.Root, "acme", id)))
		}, says: "this secret's overlap is over", remedy: "Use the new secret"},
		{code: api.CodeRevoked, done: func(w *watched, id string) {
			must(w, officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", id, api.RevokeToken{Reason: api.ReasonUnused})))
		}, says: "It was revoked at 2026-03-14T09:26:53Z (unused).", remedy: "Create a new one."},
		{code: api.CodeWorkspaceSuspended, done: func(w *watched, _ string) {
			must(w, officetest.Second(w.SuspendWorkspace(w.Ctx, w.admin(), "acme")))
		}, undo: func(w *watched) {
			must(w, officetest.Second(w.ResumeWorkspace(w.Ctx, w.admin(), "acme")))
		}, says: "The workspace is suspended.", remedy: "The operator resumes the workspace."},
		{code: api.CodeDisabled, done: func(w *watched, id string) {
			must(w, officetest.Second(w.DisableToken(w.Ctx, w.Root, "acme", id, api.DisableToken{})))
		}, says: "It was disabled at 2026-03-14T09:26:53Z.", remedy: "Enable it: tokenry token enable "},
		{code: api.CodeApprovalPending, made: func(w *watched, _ *api.CreateToken) {
			w.Policy(func(p *api.PatchPolicy) {
				p.RequireApproval = api.Some([]api.ApprovalRule{{Kinds: []string{"service"}}})
			})
		}, undo: func(w *watched) {
			w.Policy(func(p *api.PatchPolicy) { p.RequireApproval = api.Null[[]api.ApprovalRule]() })
		}, says: "It waits since 2026-03-14T09:26:53Z until somebody else than its maker approves it", remedy: "tokenry approval approve "},
		{code: api.CodeNotYetValid, made: func(w *watched, in *api.CreateToken) {
			in.NotBefore = api.Some(w.Clock.Now().Add(time.Hour))
		}, says: "It is valid from 2026-03-14T10:26:53Z.", remedy: "Wait, or edit not_before."},
		{code: api.CodeOwnerInactive, done: func(w *watched, _ string) {
			must(w, officetest.Second(w.DisableServiceAccount(w.Ctx, w.Root, "acme", "ci", false)))
		}, undo: func(w *watched) {
			must(w, officetest.Second(w.EnableServiceAccount(w.Ctx, w.Root, "acme", "ci")))
		}, says: "Its owner ci@acme.service is deactivated, disabled or removed.", remedy: "transfer the token to another one"},
		{code: api.CodeIPDenied, made: func(_ *watched, in *api.CreateToken) {
			in.AllowedIPs = api.Some([]string{"10.0.0.0/8", "2001:db8::/32"})
		}, says: "The client's address is none of: 10.0.0.0/8, 2001:db8::/32.", remedy: "Add the address to allowed_ips"},
		{code: api.CodeInsufficientScope, made: func(_ *watched, in *api.CreateToken) {
			in.Scopes = api.Some([]string{"orders:read"})
		}, says: "Its effective scopes are: orders:read.", remedy: "Edit the token to have tickets:read; its owner has it."},
		{code: api.CodeResourceDenied, made: func(_ *watched, in *api.CreateToken) {
			in.Resources = api.Some([]string{"ledger"})
		}, says: "It is granted on: ledger.", remedy: "Edit the token's grant to reach this resource; its owner's does."},
	}
}

// admin is who suspends a workspace and is let in while it is.
func (w *watched) admin() authority.Caller { return authority.Caller{Machine: "test"} }

// explain is what is said of a secret that asks for tickets:read on payments.
func (w *watched) explain(s token.Secret) api.Explanation {
	w.Helper()
	v, err := w.Office.Explain(w.Ctx, w.admin(), "acme", api.ExplainRequest{
		Token: s.Reveal(), Scopes: []string{"tickets:read"}, Resource: "payments", Client: &api.Client{IP: "192.0.2.1"},
	})
	officetest.Must(w.T, err)
	w.wellFormed(v)
	return v
}

func failing(v api.Explanation) (c api.Check) {
	for _, c = range v.Checks {
		if c.Result == api.CheckFailed {
			return c
		}
	}
	return api.Check{}
}

// TestOfTwoReasonsTheFirstIsAnswered: by verification and by its explanation alike, for each
// pair of reasons. The order is a promise: a revoked token is revoked, wherever it comes from.
func TestOfTwoReasonsTheFirstIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	w.Account("ci", "tickets:read", "orders:read")
	all := defects()
	for i := range all {
		for j := i; j < len(all); j++ {
			first, second := all[i], all[j]
			in := officetest.Scoped("service", "ci", "tickets:read")
			both := []defect{second, first} // the first comes last, and is found all the same
			if i == j {
				both = both[:1]
			}
			for _, d := range both {
				if d.made != nil {
					d.made(w, &in)
				}
			}
			secret, id := w.defective(in, both)
			req := w.ask(secret)
			v := w.explain(secret)
			if req != first.code || v.Code != first.code || v.Allowed {
				t.Errorf("%s and %s: verified as %s, explained as %s", first.code, second.code, req, v.Code)
			}
			if c := failing(v); i == j && (!strings.Contains(c.Detail, first.says) || !strings.Contains(c.Remedy, first.remedy)) {
				t.Errorf("%s: %q, to be mended by %q", first.code, c.Detail, c.Remedy)
			}
			if i != j && v.Token != nil && v.Token.ID != id {
				t.Errorf("%s: another token is shown", first.code)
			}
			for _, d := range slices.Backward(both) {
				if d.undo != nil {
					d.undo(w)
				}
			}
		}
	}
}

// defective is a token with its defects done.
func (w *watched) defective(in api.CreateToken, ds []defect) (token.Secret, string) {
	w.Helper()
	i := w.Create(w.Root, in)
	final := []api.Code{api.CodeRevoked, api.CodeWorkspaceSuspended} // what takes no other change
	slices.SortStableFunc(ds, func(x, y defect) int { return slices.Index(final, x.code) - slices.Index(final, y.code) })
	for _, d := range ds {
		if d.done != nil {
			d.done(w, i.Token.ID)
		}
	}
	return i.Secret, i.Token.ID
}

// ask is what the engine says of tickets:read on payments.
func (w *watched) ask(s token.Secret) api.Code {
	w.Helper()
	return w.decide(s, "192.0.2.1", "payments", "tickets:read")
}

// TestAnEndIsSaidOfWhatEnded: by its time, and of a token that was disabled for long by when
// it counts as revoked.
func TestAnEndIsSaidOfWhatEnded(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	w.Account("ci", "tickets:read")
	in := officetest.Scoped("service", "ci", "tickets:read")
	in.ExpiresIn = api.Some(api.Day)
	i := w.Create(w.Root, in)
	w.Clock.Pass(officetest.Day - time.Second)
	if code := w.ask(i.Secret); code != api.CodeOK || !w.explain(i.Secret).Allowed {
		t.Errorf("a second before its end: %s", code)
	}
	w.Clock.Pass(time.Second)
	c := failing(w.explain(i.Secret))
	if code := w.ask(i.Secret); code != api.CodeExpired || c.Check != code || c.Detail != "It expired at 2026-03-15T09:26:53Z." ||
		c.Remedy != "Rotate it with renew: tokenry token rotate --renew "+i.Token.ID {
		t.Errorf("at its end: %s, %+v", code, c)
	}
	lapsing := w.Create(w.Root, officetest.Scoped("service", "ci", "tickets:read"))
	officetest.Must(t, officetest.Second(w.DisableToken(w.Ctx, w.Root, "acme", lapsing.Token.ID, api.DisableToken{RevokeAfter: api.Some(7 * api.Day)})))
	w.Clock.Pass(7 * officetest.Day)
	if c := failing(w.explain(lapsing.Secret)); c.Check != api.CodeRevoked || c.Detail != "It was disabled, and counts as revoked since 2026-03-22T09:26:53Z." {
		t.Errorf("disabled for a week: %+v", c)
	}
}

// TestWhatMendsAMissingScopeSaysWhoLacksIt: the token, its owner, or each something else.
func TestWhatMendsAMissingScopeSaysWhoLacksIt(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	w.Account("ci", "tickets:read", "orders:read")
	stated := w.Create(w.Root, officetest.Scoped("service", "ci", "tickets:read")).Secret
	inherits := w.Create(w.Root, officetest.Ask("service", "ci")).Secret
	beyond := w.Create(w.Root, officetest.Scoped("service", "ci", "tickets:read", "tickets:write")).Secret
	const give = "Give its owner ci@acme.service a role with tickets:write; a token never has more than its owner."
	for what, c := range map[string]struct {
		secret token.Secret
		scopes []string
		remedy string
	}{
		"the token":                        {stated, []string{"tickets:read", "orders:read"}, "Edit the token to have orders:read; its owner has it."},
		"both, and the token inherits":     {inherits, []string{"tickets:write"}, give},
		"the owner alone":                  {beyond, []string{"tickets:write"}, give},
		"both":                             {stated, []string{"tickets:write"}, give + " Then edit the token to have it too."},
		"the token one, both another":      {stated, []string{"orders:read", "tickets:write"}, "Edit the token to have orders:read; its owner has it. " + give + " Then edit the token to have it too."},
		"an administrator's, which nobody": {inherits, []string{"tokens:read"}, strings.ReplaceAll(give, "tickets:write", "tokens:read")},
	} {
		v := w.Explained(api.ExplainRequest{Token: c.secret.Reveal(), Scopes: c.scopes, Resource: "any"})
		if got := failing(v); got.Check != api.CodeInsufficientScope || got.Remedy != c.remedy {
			t.Errorf("%s lacks it: %+v", what, got)
		}
	}
}

// TestWhatMendsAMissingResourceSaysWhoLacksIt, and tells whoever did not say which.
func TestWhatMendsAMissingResourceSaysWhoLacksIt(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	w.Account("ci", "tickets:read")
	rights := api.Rights{Scopes: api.Some([]string{"tickets:read"}), Resources: api.Some([]string{"ledger"})}
	officetest.Must(t, officetest.Second(w.EditServiceAccount(w.Ctx, w.Root, "acme", "ci", api.EditServiceAccount{Rights: rights})))
	s := w.Create(w.Root, officetest.Ask("service", "ci")).Secret
	for resource, want := range map[string]string{
		"":         `Name the resource with the verification, or ask with resource "any" and filter by the answer.`,
		"payments": "Give its owner ci@acme.service a grant that reaches this resource; a token never has more than its owner.",
		"ledger":   "", "any": "",
	} {
		v := w.Explained(api.ExplainRequest{Token: s.Reveal(), Scopes: []string{"tickets:read"}, Resource: resource})
		if code := w.decide(s, "192.0.2.1", resource, "tickets:read"); code != v.Code || failing(v).Remedy != want || v.Allowed != (want == "") {
			t.Errorf("on %q: verified as %s, explained as %+v", resource, code, failing(v))
		}
	}
	w.Request, w.Asked = "req_whole", w.WorkspaceID()
	w.Rec.Record(w.introspected(s))
	officetest.Must(t, w.Rec.Flush(w.Ctx))
	v := w.Explained(api.ExplainRequest{RequestID: "req_whole"})
	if got := failing(v).Remedy; v.Code != api.CodeResourceDenied || got != `Send the resource with the introspection, or "any" and filter by the answer.` {
		t.Errorf("introspected: %s, %q", v.Code, got)
	}
}

// TestAnAddressThatNobodyToldIsNotTakenForOneThatIsRefused.
func TestAnAddressThatNobodyToldIsNotTakenForOneThatIsRefused(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	in := officetest.Ask("personal", "")
	in.AllowedIPs = api.Some([]string{"10.0.0.0/8", "fe80::/10"})
	s := w.Create(w.Root, in).Secret
	for what, c := range map[string]struct {
		client *api.Client
		result string
		says   string
	}{
		"nobody asked":          {nil, api.CheckSkipped, "no client address was given"},
		"it is not known":       {&api.Client{}, api.CheckFailed, "the client's is not known"},
		"it is another":         {&api.Client{IP: "192.0.2.1"}, api.CheckFailed, "is none of: 10.0.0.0/8, fe80::/10"},
		"it is one of them":     {&api.Client{IP: "10.9.8.7"}, api.CheckPassed, ""},
		"it is mapped":          {&api.Client{IP: "::ffff:10.9.8.7"}, api.CheckPassed, ""},
		"it has a zone":         {&api.Client{IP: "fe80::1%eth0"}, api.CheckPassed, ""},
		"it is mapped, another": {&api.Client{IP: "::ffff:192.0.2.1"}, api.CheckFailed, "is none of"},
	} {
		v := w.Explained(api.ExplainRequest{Token: s.Reveal(), Client: c.client})
		if got := v.Checks[10]; got.Check != api.CodeIPDenied || got.Result != c.result || !strings.Contains(got.Detail, c.says) {
			t.Errorf("%s: %+v", what, got)
		}
	}
	open := w.Create(w.Root, officetest.Ask("personal", "")).Secret
	if got := w.Explained(api.ExplainRequest{Token: open.Reveal(), Client: &api.Client{}}).Checks[10]; got.Result != api.CheckPassed || got.Detail != "It has no allow-list of addresses." {
		t.Errorf("no list: %+v", got)
	}
}

// TestALimitOfThenIsSaidOfThen: what is explained consumes nothing, so of limits only the
// request that met one tells.
func TestALimitOfThenIsSaidOfThen(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	in := officetest.Ask("personal", "")
	in.RateLimit = api.Some(api.RateLimit{Requests: 1, Window: api.Duration(time.Minute)})
	s := w.Create(w.Root, in).Secret
	w.Uses(s, "192.0.2.1")
	w.Request = "req_over"
	if code := w.Use(s, "192.0.2.1"); code != api.CodeRateLimited {
		t.Fatalf("a second request: %s", code)
	}
	c := failing(w.Explained(api.ExplainRequest{RequestID: "req_over"}))
	if c.Check != api.CodeRateLimited || c.Detail != "Then, a limit was reached (1 in 1m, from the token)." {
		t.Errorf("by the request: %+v", c)
	}
	for range 3 { // as often as one likes
		if v := w.Explained(api.ExplainRequest{Token: s.Reveal()}); !v.Allowed || v.Checks[14].Result != api.CheckSkipped {
			t.Errorf("by the token: %+v", v.Checks[14])
		}
	}
	w.Request = "req_dear"
	w.Rec.Record(w.dear(s, 2))
	if c := failing(w.Explained(api.ExplainRequest{RequestID: "req_dear"})); c.Check != api.CodeCostExceedsLimit || !strings.HasPrefix(c.Detail, "Then, the request cost more than a whole limit (1 in 1m") {
		t.Errorf("a dear request: %+v", c)
	}
	var kept []ledger.Denial
	kept, err := w.Kept.Denials(w.Ctx, ledger.DenialQuery{Workspace: w.WorkspaceID(), Limit: 10})
	officetest.Must(t, err)
	if len(kept) != 1 || kept[0].Code != api.CodeRateLimited {
		t.Errorf("explaining was counted: %+v", kept)
	}
}

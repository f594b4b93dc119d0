package federation_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/federation"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// TestWhatAnIDTokenIsExchangedFor: a token of the account, within the rule, which says who
// gave it and for whom, and lives as long as the rule says.
func TestWhatAnIDTokenIsExchangedFor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	g := d.given(d.idToken(nil))
	d.Allow(g.Secret, "tickets:write")
	d.Deny(api.CodeInsufficientScope, g.Secret, "tickets:read")
	d.Deny(api.CodeInsufficientScope, g.Secret, "pages:read")
	d.says("it", fmt.Sprint(g.Token.Kind, g.Token.Owner.Address, g.Token.CreatedBy, g.Token.Label, g.Token.Description),
		fmt.Sprint("ephemeral", account, d.rule.ID, "main of api", "for repo:octo/api:ref:refs/heads/main"))
	d.says("its end", g.Token.ExpiresAt.String(), d.Clock.Now().Add(15*time.Minute).String())
	secret := d.keyed(time.Hour, "tickets:read").Secret.Reveal()
	if g = d.given(d.idToken(claims{"sub": "x " + secret + strings.Repeat("y", 2000)})); strings.Contains(g.Token.Description, secret) || len(g.Token.Description) > 1000 {
		t.Errorf("its description repeats what the ID token hides: %s", g.Token.Description)
	}
}

// TestOneOfTheValuesOfEachClaimHasToFit, and the issuer and the audience, to the byte.
func TestOneOfTheValuesOfEachClaimHasToFit(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.edit(d.Root, func(in *api.TrustRuleFields) {
		in.Claims = api.Some(map[string][]string{"repository_id": {"7001"}, "ref": {"refs/heads/main", "refs/heads/release-*"}, "environment": {"*"}})
	})
	for what, c := range map[string]struct {
		said  claims
		taken bool
	}{
		"main":                          {claims{"environment": "prod"}, true},
		"a release":                     {claims{"environment": "prod", "ref": "refs/heads/release-7"}, true},
		"one audience of several":       {claims{"environment": "prod", "aud": []string{"x", audience}}, true},
		"a deployment":                  {claims{"environment": "prod", "event_name": "deployment"}, true},
		"no environment":                {nil, false},
		"a star is not nothing":         {claims{"environment": ""}, false},
		"a star crosses no slash":       {claims{"environment": "prod", "ref": "refs/heads/release-7/x"}, false},
		"a branch that begins so":       {claims{"environment": "prod", "ref": "refs/heads/main2"}, false},
		"a tag of the name":             {claims{"environment": "prod", "ref": "refs/tags/main"}, false},
		"another repository":            {claims{"environment": "prod", "repository_id": "7002"}, false},
		"the repository as a number":    {claims{"environment": "prod", "repository_id": 7001.5}, false},
		"a pull request":                {claims{"environment": "prod", "event_name": "pull_request"}, false},
		"one with rights of the target": {claims{"environment": "prod", "event_name": "pull_request_target"}, false},
		"a run that another started":    {claims{"environment": "prod", "event_name": "workflow_run"}, false},
		"another audience":              {claims{"environment": "prod", "aud": audience + "/"}, false},
		"no audience":                   {claims{"environment": "prod", "aud": nil}, false},
		"another issuer":                {claims{"environment": "prod", "iss": issuer}, false},
		"its issuer with a slash":       {claims{"environment": "prod", "iss": github + "/"}, false},
		"nobody":                        {claims{"environment": "prod", "sub": nil}, false},
	} {
		said := claims{"jti": what}
		maps.Copy(said, c.said)
		_, err := d.exchange(d.idToken(said))
		d.says(what, code(err), map[bool]string{true: "ok", false: string(api.CodeIDTokenRefused)}[c.taken])
	}
	// Whoever means pull requests says so.
	d.edit(d.Root, func(in *api.TrustRuleFields) {
		in.Claims = api.Some(map[string][]string{"repository_id": {"7001"}, "event_name": {"pull_request"}})
	})
	d.given(d.idToken(claims{"event_name": "pull_request"}))
}

// TestAStrangerIsToldOneThing: that there is no rule, no account, no workspace, another
// rule or another signature, are one answer; and nobody is asked in vain.
func TestAStrangerIsToldOneThing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Account("without", "tickets:*")
	d.Account("gone", "tickets:*")
	d.Workspace("globex")
	d.trust(d.Root, func(in *api.CreateTrustRule) { in.ServiceAccount = "gone" })
	_, err := d.RemoveServiceAccount(d.Ctx, d.Root, "acme", "gone", false)
	officetest.Must(t, err)
	told := []string{officetest.Told(federation.Refused())}
	tell := func(address, idToken string) {
		_, err := d.ExchangeToken(d.Ctx, authority.Caller{Retry: authority.Retry{Key: "k"}}, federation.Presented{Account: address, IDToken: idToken, Scopes: []string{"tickets:write"}})
		told = append(told, officetest.Told(err))
	}
	for _, address := range []string{
		"without@acme.service", "gone@acme.service", "nobody@acme.service", "deploy@globex.service", "deploy@nowhere.service", "deploy@acme", "deploy",
		"", "@acme.service", "deploy@.service", "deploy@acme@acme.service", "DEPLOY@acme.service", "ada@example.com", "acme.workspace",
	} {
		tell(address, d.idToken(nil))
	}
	for _, idToken := range []string{
		"", "x", "a.b.c", "..", "e30.e30." + good, "e30.W10." + good, d.signedBy("", nil), d.idToken(claims{"iss": issuer}), d.idToken(claims{"iss": nil}), d.idToken(nil) + strings.Repeat("x", 16<<10),
	} {
		tell(account, idToken)
	}
	if d.asked != 0 {
		t.Errorf("issuers were asked %d times for what no rule is about", d.asked)
	}
	tell(account, d.signedBy(bad, nil))
	tell(account, d.signedBy(bad, claims{"exp": 1})) // that it is over is told to whoever has one
	tell(account, d.idToken(claims{"ref": "refs/tags/v1", "exp": 1}))
	tell(account, d.idToken(claims{"aud": "x", "iat": nil}))
	officetest.Alike(d.World, "a stranger is told", told)
	_, err = d.exchange(d.signedBy(unread, nil))
	d.Refused(err, api.CodeUnavailable)
}

// TestOneSilentIssuerStopsNoOther: of two rules with other keys, those that can be read
// decide; and each is asked once.
func TestOneSilentIssuerStopsNoOther(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for range 3 {
		d.trust(d.Root, nil)
	}
	d.given(d.idToken(nil))
	if d.asked != 1 {
		t.Errorf("one issuer was asked %d times about one token", d.asked)
	}
	d.trust(d.Root, func(in *api.CreateTrustRule) { in.Keys = keySet("EC", "silent") })
	if d.given(d.idToken(claims{"jti": "2"})); d.asked != 3 {
		t.Errorf("two sets of keys were asked %d times", d.asked-1)
	}
	_, err := d.exchange(d.signedBy(bad, claims{"jti": "3"}))
	d.Refused(err, api.CodeUnavailable) // the silent one may have signed it
}

// TestItsHolderIsToldWhatIsWrongWithItsTimes.
func TestItsHolderIsToldWhatIsWrongWithItsTimes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	now := d.Clock.Now().Unix()
	for part, said := range map[string]claims{
		"exp is over": {"exp": now}, "exp is not there": {"exp": nil}, "exp is more than 24 hours": {"exp": now + 86401},
		"iat is in the future": {"iat": now + 61}, "nbf is in the future": {"nbf": now + 61},
	} {
		_, err := d.exchange(d.idToken(said))
		if d.Refused(err, api.CodeIDTokenRefused); !strings.Contains(officetest.Told(err), part) {
			t.Errorf("%s: %s", part, officetest.Told(err))
		}
	}
}

// TestEachIDTokenIsExchangedOnce in its workspace, under whatever signature, until nobody
// could use it and what it gave is over; one name of a request gives the same token anew.
func TestEachIDTokenIsExchangedOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Account("other", "tickets:*")
	d.trust(d.Root, func(in *api.CreateTrustRule) { in.ServiceAccount = "other" })
	for what, id := range map[string]string{"by its name": d.idToken(claims{"jti": "1"}), "by what was signed": d.idToken(nil)} {
		first, err := d.named("job-1", id)
		officetest.Must(t, err)
		_, err = d.exchange(id)
		d.says(what, code(err), string(api.CodeIDTokenUsed))
		_, err = d.named("job-2", id)
		d.says(what+" under another key", code(err), string(api.CodeIDTokenUsed))
		_, err = d.ExchangeToken(d.Ctx, authority.Caller{}, federation.Presented{Account: "other@acme.service", IDToken: id})
		d.says(what+" for another account", code(err), string(api.CodeIDTokenUsed))
		_, err = d.named("job-1", id, "tickets:write")
		d.says(what+" asking for something else", code(err), string(api.CodeIdempotencyKeyReused))
		again, err := d.named("job-1", id)
		officetest.Must(t, err)
		d.says(what+", the token", again.Token.Locator, first.Token.Locator)
		d.Deny(api.CodeUnknown, first.Secret)
		d.Allow(again.Secret, "tickets:write")
		_, err = d.named("job-1", id)
		d.says(what+" after its use", code(err), string(api.CodeIdempotencyKeyUsed))
	}
	// The name of a request is that of one ID token: another's is another request.
	_, err := d.named("job-1", d.idToken(claims{"jti": "2"}))
	officetest.Must(t, err)
	// It is forgotten when neither it nor what it gave lives.
	id := func() string { return d.idToken(claims{"jti": "3"}) }
	d.given(id())
	for _, after := range []time.Duration{6 * time.Minute, 9 * time.Minute} {
		d.Clock.Pass(after)
		officetest.Must(t, d.EndGiven(d.Ctx))
		_, err = d.exchange(id())
		d.says("after "+after.String(), code(err), string(api.CodeIDTokenUsed))
	}
	d.Clock.Pass(time.Second)
	officetest.Must(t, d.EndGiven(d.Ctx))
	d.given(id())
}

// TestWhatStopsAnExchange stops its retry too, which would give a fresh secret.
func TestWhatStopsAnExchange(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		stop         func(d *desk) error
		fresh, retry api.Code
	}{
		"a disabled account": {func(d *desk) error {
			return officetest.Second(d.DisableServiceAccount(d.Ctx, d.Root, "acme", "deploy", false))
		}, api.CodeInactive, api.CodeInactive},
		"a suspended workspace": {func(d *desk) error {
			return officetest.Second(d.SuspendWorkspace(d.Ctx, authority.Caller{Machine: "test"}, "acme"))
		}, api.CodeInactive, api.CodeInactive},
		"a removed account": {func(d *desk) error {
			return officetest.Second(d.RemoveServiceAccount(d.Ctx, d.Root, "acme", "deploy", false))
		}, api.CodeIDTokenRefused, api.CodeIDTokenRefused},
		"a deleted workspace": {func(d *desk) error {
			return officetest.Second(d.DeleteWorkspace(d.Ctx, authority.Caller{Machine: "test"}, "acme"))
		}, api.CodeIDTokenRefused, api.CodeIDTokenRefused},
		"a deleted rule": {func(d *desk) error {
			return officetest.Second(d.DeleteTrustRule(d.Ctx, d.Root, "acme", d.rule.ID))
		}, api.CodeIDTokenRefused, api.CodeIDTokenRefused},
		"a rule that asks for more": {func(d *desk) error {
			return officetest.Second(d.EditTrustRule(d.Ctx, d.Root, "acme", d.rule.ID, patch(func(in *api.TrustRuleFields) {
				in.Claims = api.Some(map[string][]string{"repository_id": {"7001"}, "environment": {"prod"}})
			})))
		}, api.CodeIDTokenRefused, api.CodeIDTokenRefused},
		"a revoked token": {func(d *desk) error {
			rows, _, err := d.ListTokens(d.Ctx, d.Root, "acme", api.TokenFilter{Kind: api.Some("ephemeral")}, authority.Page{})
			officetest.Must(d.T, err)
			return officetest.Second(d.RevokeToken(d.Ctx, d.Root, "acme", rows[0].ID, api.RevokeToken{}))
		}, api.CodeOK, api.CodeIdempotencyKeyUsed},
		"the end of what it gave": {func(d *desk) error { d.Clock.Pass(15 * time.Minute); return nil }, api.CodeOK, api.CodeIDTokenUsed},
		"a policy of shorter lives": {func(d *desk) error {
			d.Policy(func(p *api.PatchPolicy) { p.MaxLifetime = api.Some(api.Duration(time.Minute)) })
			return nil
		}, api.CodeOK, api.CodeOutsidePolicy},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			id := d.idToken(claims{"exp": d.Clock.Now().Add(time.Hour).Unix()})
			officetest.Must(t, officetest.Second(d.named("job", id)))
			d.Clock.Pass(time.Second)
			officetest.Must(t, c.stop(d))
			_, err := d.named("job", id)
			d.says("the retry", code(err), string(c.retry))
			_, err = d.exchange(d.idToken(claims{"jti": "fresh"}))
			d.says("another", code(err), string(c.fresh))
		})
	}
}

// TestALifeIsTheShortestThatIsAllowed: by the rule, by the policy of now, and by the token
// that the rule was made with.
func TestALifeIsTheShortestThatIsAllowed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	lives := func(what, want string) {
		t.Helper()
		d.says(what, d.given(d.idToken(claims{"jti": what})).Token.ExpiresAt.Sub(d.Clock.Now()).String(), want)
	}
	d.edit(d.Person("ada@example.com"), func(in *api.TrustRuleFields) { in.ExpiresIn = api.Some(api.Duration(time.Hour)) })
	lives("by the rule", "1h0m0s")
	d.edit(d.With(d.keyed(40*time.Minute, "*")), func(in *api.TrustRuleFields) { in.ExpiresIn = api.Some(api.Duration(30 * time.Minute)) })
	d.Clock.Pass(5 * time.Minute)
	lives("by the rule, whose maker lives longer", "30m0s")
	d.Clock.Pass(15 * time.Minute)
	lives("by its maker", "20m0s")
	d.Policy(func(p *api.PatchPolicy) { p.MaxLifetime = api.Some(api.Duration(10 * time.Minute)) })
	lives("by the policy", "10m0s")
	d.Clock.Pass(20 * time.Minute)
	_, err := d.exchange(d.idToken(nil))
	d.Refused(err, api.CodeInactive)
}

// TestTheFirstRuleThatStillGivesDoes: one whose maker's token has ended does not stand
// before one that somebody made in its place.
func TestTheFirstRuleThatStillGivesDoes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	maker := d.keyed(time.Hour, "*")
	d.edit(d.With(maker), func(in *api.TrustRuleFields) { in.Audience = api.Some(audience) })
	second := d.trust(d.Root, nil)
	d.says("the first of two", d.given(d.idToken(claims{"jti": "1"})).Token.CreatedBy, d.rule.ID)
	old := d.idToken(claims{"jti": "2"})
	officetest.Must(t, officetest.Second(d.named("job", old)))
	officetest.Must(t, officetest.Second(d.RevokeToken(d.Ctx, d.Root, "acme", maker.Token.ID, api.RevokeToken{})))
	id := d.idToken(claims{"jti": "3"})
	x, err := d.ExplainTrust(d.Ctx, d.Root, "acme", api.ExplainTrust{Token: id})
	if officetest.Must(t, err); !x.Accepted || x.Rules[0].Fits || !x.Rules[1].Fits {
		t.Errorf("explained as %+v", x)
	}
	d.says("the one that is left", d.given(id).Token.CreatedBy, second.ID)
	_, err = d.named("job", old) // what the first gave, it does not give again
	d.Refused(err, api.CodeInactive)
	d.edit(d.Root, func(in *api.TrustRuleFields) { in.Claims = api.Some(map[string][]string{"repository_id": {"7009"}}) })
	_, err = d.named("job", old) // nor does the second give what the first did
	d.Refused(err, api.CodeIDTokenRefused)
}

// TestARuleGivesSoMany: its tokens that live are bounded, whoever asks.
func TestARuleGivesSoMany(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	l := officetest.Locator(d.World, d.given(d.idToken(claims{"jti": "1"})))
	d.Fill(1999, func(tx ledger.Tx, ws ledger.ID, i int) error {
		r, err := tx.TrustRule(ws, d.rule.ID)
		if err != nil {
			return err
		}
		end := d.Clock.Now().Add(time.Minute)
		return tx.PutExchange(ledger.Exchange{Workspace: ws, Used: fmt.Append(nil, i), Rule: r.ID, Token: l, At: d.Clock.Now(), EndsAt: end, KeptUntil: end})
	})
	_, err := d.exchange(d.idToken(claims{"jti": "2"}))
	d.Refused(err, api.CodeTokenLimitReached)
	d.Clock.Pass(time.Minute)
	d.given(d.idToken(claims{"jti": "2"}))
}

// TestScopesThatAreAskedForNarrow, each to where the rule gives it, and never widen.
func TestScopesThatAreAskedForNarrow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.edit(d.Root, func(in *api.TrustRuleFields) {
		in.Rights = api.Rights{Grants: api.Some([]api.Statement{
			{Scopes: []string{"tickets:*"}, Resources: []string{"api"}}, {Scopes: []string{"pages:read"}, Resources: []string{"web"}},
		})}
	})
	for _, scope := range []string{"invoices:read", "tickets:*", "*", "", "Tickets:write", "tickets:write pages:read"} {
		_, err := d.exchange(d.idToken(claims{"jti": scope}), scope)
		d.says(scope, code(err), string(api.CodeInvalidScope))
	}
	g := d.given(d.idToken(claims{"jti": "1"}), "tickets:write")
	d.AllowOn(g.Secret, "tickets:write", "api")
	d.DenyOn(g.Secret, "tickets:read", "api")
	d.DenyOn(g.Secret, "pages:read", "web")
	g = d.given(d.idToken(claims{"jti": "2"}), "tickets:read", "pages:read")
	d.AllowOn(g.Secret, "tickets:read", "api")
	d.AllowOn(g.Secret, "pages:read", "web")
	d.DenyOn(g.Secret, "tickets:read", "web")
	d.DenyOn(g.Secret, "pages:read", "api")
	// What the account lost since, its rule does not give.
	in := api.EditServiceAccount{}
	in.Scopes, in.Resources = api.Some([]string{"pages:read"}), api.Some([]string{"*"})
	officetest.Must(t, officetest.Second(d.EditServiceAccount(d.Ctx, d.Root, "acme", "deploy", in)))
	_, err := d.exchange(d.idToken(claims{"jti": "3"}), "tickets:read")
	d.Refused(err, api.CodeInvalidScope)
}

// TestTheAuditHoldsNoIDToken, and says of each change what was and what is.
func TestTheAuditHoldsNoIDToken(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ids := []string{d.idToken(nil), d.signedBy(bad, nil), d.idToken(claims{"ref": "x"}), d.idToken(claims{"exp": 1})}
	for _, id := range ids {
		_, _ = d.named("job", id)
		_, _ = d.exchange(id)
		_, _ = d.ExplainTrust(d.Ctx, d.Root, "acme", api.ExplainTrust{Token: id})
	}
	d.edit(d.Root, func(in *api.TrustRuleFields) { in.ExpiresIn = api.Some(api.Duration(time.Hour)) })
	officetest.Must(t, officetest.Second(d.DeleteTrustRule(d.Ctx, d.Root, "acme", d.rule.ID)))
	rows, _, err := d.Audit(d.Ctx, d.Root, "acme", api.AuditFilter{}, authority.Page{Limit: 100})
	officetest.Must(t, err)
	all, err := json.Marshal(rows)
	officetest.Must(t, err)
	for _, id := range ids {
		payload := strings.Split(id, ".")[1]
		if strings.Contains(string(all), payload[:40]) || strings.Contains(string(all), payload[len(payload)-20:]) {
			t.Error("the audit holds an ID token")
		}
	}
	var said []string
	for _, e := range rows {
		if strings.HasPrefix(e.Action, "trust_rule.") || e.Actor == account {
			said = append(said, fmt.Sprint(e.Action, " ", len(e.Before) > 4, " ", len(e.After) > 4))
		}
	}
	d.says("the audit, the newest first", strings.Join(said, ", "),
		"trust_rule.deleted true false, trust_rule.edited true true, token.created false true, trust_rule.created false true")
	d.Whole()
}

package federation_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// TestARuleIsJudgedAsTheTokenThatItWouldMake: whoever could not make the token makes no
// rule that gives it, and no edit of one.
func TestARuleIsJudgedAsTheTokenThatItWouldMake(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	holder := func(scopes ...string) authority.Caller { return d.With(d.keyed(24*time.Hour, scopes...)) }
	enough := []string{"service-accounts:write", "tokens:create", "tickets:*", "pages:read"}
	for what, c := range map[string]struct {
		by     authority.Caller
		rights api.Rights
		want   api.Code
	}{
		"nobody":                               {authority.Caller{}, officetest.Rights("tickets:write"), api.CodeMissingToken},
		"who writes no service accounts":       {holder("tokens:create", "tickets:*"), officetest.Rights("tickets:write"), api.CodeInsufficientScope},
		"who makes no tokens":                  {holder("service-accounts:write", "tickets:*"), officetest.Rights("tickets:write"), api.CodeInsufficientScope},
		"who has not what it gives":            {holder("service-accounts:write", "tokens:create", "tickets:read"), officetest.Rights("tickets:write"), api.CodeGrantExceedsOwn},
		"who has not all that the account has": {holder("service-accounts:write", "tokens:create", "tickets:*"), api.Rights{}, api.CodeGrantExceedsOwn},
		"more than the account has":            {d.Root, officetest.Rights("invoices:read"), api.CodeInvalidField},
		"a Viewer":                             {d.Member("eve@example.com", "Viewer"), officetest.Rights("tickets:write"), api.CodeInsufficientScope},
		"who has it":                           {holder(enough...), officetest.Rights("tickets:write"), api.CodeOK},
		"who has all that the account has":     {holder(enough...), api.Rights{}, api.CodeOK},
	} {
		_, err := d.CreateTrustRule(d.Ctx, c.by, "acme", asks(func(in *api.CreateTrustRule) { in.Rights = c.rights }))
		_, edited := d.EditTrustRule(d.Ctx, c.by, "acme", d.rule.ID, patch(func(in *api.TrustRuleFields) {
			in.Rights = c.rights
			in.ExpiresIn = api.Some(api.Duration(time.Minute))
		}))
		if c.rights.Scopes.Set { // left out, an edit keeps what the rule gives
			d.says(what+" edits", code(edited), string(c.want))
		}
		d.says(what, code(err), string(c.want))
	}
}

// TestWhatARuleHasToSay, each refusal by the name of its field.
func TestWhatARuleHasToSay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	secret := d.keyed(time.Hour, "tickets:read").Secret.Reveal()
	for what, c := range map[string]struct {
		field  string
		change func(*api.CreateTrustRule)
	}{
		"no account":             {"service_account", func(in *api.CreateTrustRule) { in.ServiceAccount = "" }},
		"no label":               {"label", func(in *api.CreateTrustRule) { in.Label = api.Opt[string]{} }},
		"an empty label":         {"label", func(in *api.CreateTrustRule) { in.Label = api.Some("") }},
		"a long label":           {"label", func(in *api.CreateTrustRule) { in.Label = api.Some(strings.Repeat("x", 101)) }},
		"no issuer":              {"issuer", func(in *api.CreateTrustRule) { in.Issuer = api.Some("") }},
		"no audience":            {"audience", func(in *api.CreateTrustRule) { in.Audience = api.Opt[string]{} }},
		"no claims":              {"claims", func(in *api.CreateTrustRule) { in.Claims = api.Some(map[string][]string{}) }},
		"nobody's repository":    {"claims", func(in *api.CreateTrustRule) { in.Claims = api.Some(map[string][]string{"ref": {"refs/heads/main"}}) }},
		"a token for a claim":    {"claims", func(in *api.CreateTrustRule) { in.Claims.Value["x"] = []string{secret} }},
		"a token for its name":   {"claims", func(in *api.CreateTrustRule) { in.Claims.Value[secret] = []string{"x"} }},
		"a token for the issuer": {"claims", func(in *api.CreateTrustRule) { in.Issuer = api.Some("https://x.example/" + secret) }},
		"another's system":       {"system", func(in *api.CreateTrustRule) { in.System = api.Some("gitlab") }},
		"a life of seconds":      {"expires_in", func(in *api.CreateTrustRule) { in.ExpiresIn = api.Some(api.Duration(59 * time.Second)) }},
		"a life of hours":        {"expires_in", func(in *api.CreateTrustRule) { in.ExpiresIn = api.Some(api.Duration(time.Hour + 1)) }},
		"a secret for a key":     {"keys", func(in *api.CreateTrustRule) { in.Keys = keySet("oct", "AAAA") }},
		"keys without an end":    {"keys", func(in *api.CreateTrustRule) { in.Keys = keySet("EC", strings.Repeat("A", 32<<10)) }},
	} {
		_, err := d.CreateTrustRule(d.Ctx, d.Root, "acme", asks(c.change))
		d.says(what, api.AsError(err).Field, c.field)
		if strings.Contains(officetest.Told(err), secret) {
			t.Errorf("%s: the refusal repeats the token", what)
		}
	}
	_, err := d.CreateTrustRule(d.Ctx, d.Root, "acme", asks(func(in *api.CreateTrustRule) { in.ServiceAccount = "nobody" }))
	d.RefusedField(err, api.CodeInvalidField, "service_account")
}

func keySet(kind, x string) api.Opt[api.KeySet] {
	return api.Some(api.KeySet{Keys: []map[string]any{{"kty": kind, "x": x}}})
}

// TestWhatARuleShows: what was asked for, what was settled, and who is answerable.
func TestWhatARuleShows(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	r := d.rule
	if r.System != "github" || r.ServiceAccount != "deploy" || r.Workspace != "acme" || r.ExpiresIn.Std() != 15*time.Minute || r.Keys != nil || r.BlockedBy != nil || len(r.Warnings) != 0 {
		t.Errorf("%+v", r)
	}
	if r.CreatedWith == nil || *r.CreatedWith != d.Root.Token.String() || !strings.HasPrefix(r.ID, "trl_") {
		t.Errorf("made with %v, called %s", r.CreatedWith, r.ID)
	}
	r = d.trust(d.Person("ada@example.com"), func(in *api.CreateTrustRule) {
		in.Rights, in.Keys, in.ExpiresIn = api.Rights{}, keySet("EC", "AAAA"), api.Opt[api.Duration]{Set: true, Null: true}
		in.Claims = api.Some(map[string][]string{"repository": {"octo/api"}})
		in.AllowedIPs = api.Some([]string{"192.0.2.7"})
	})
	if r.CreatedWith != nil || r.CreatedBy != "ada@example.com" || r.Grants != nil || r.Keys == nil || len(r.Keys.Keys) != 1 || r.ExpiresIn.Std() != 15*time.Minute {
		t.Errorf("%+v", r)
	}
	warned := map[string]bool{}
	for _, w := range r.Warnings {
		warned[w.Code] = true
	}
	if !warned["by_name"] || !warned["any_place"] || !warned["uploaded_keys"] {
		t.Errorf("warned of %v", r.Warnings)
	}
	got, err := d.GetTrustRule(d.Ctx, d.Root, "acme", r.ID)
	officetest.Must(t, err)
	d.says("the label", got.Label, "main of api")
	// Keys are given up by null, and nothing else that was said is.
	d.rule = r
	if r = d.edit(d.Person("ada@example.com"), func(in *api.TrustRuleFields) { in.Keys = api.Opt[api.KeySet]{Set: true, Null: true} }); r.Keys != nil || len(r.AllowedIPs) != 1 || r.Grants != nil {
		t.Errorf("%+v", r)
	}
	r = d.edit(d.Person("ada@example.com"), func(in *api.TrustRuleFields) { in.Issuer = api.Some(issuer) })
	d.says("the system of another issuer", r.System, "oidc")
}

// TestRulesAreReadByWhoMay, in their workspace alone, and by account.
func TestRulesAreReadByWhoMay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Account("other", "tickets:*")
	second := d.trust(d.Root, func(in *api.CreateTrustRule) { in.ServiceAccount = "other" })
	d.Workspace("globex")
	reader, no := d.With(d.keyed(time.Hour, "service-accounts:read")), d.With(d.keyed(time.Hour, "tickets:*"))
	list := func(of string, page authority.Page) (ids []string, next int64) {
		t.Helper()
		rows, next, err := d.ListTrustRules(d.Ctx, reader, "acme", of, page)
		officetest.Must(t, err)
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		return ids, next
	}
	all, _ := list("", authority.Page{})
	d.says("all", strings.Join(all, " "), d.rule.ID+" "+second.ID)
	of, _ := list("other", authority.Page{})
	d.says("of one account", strings.Join(of, " "), second.ID)
	one, next := list("", authority.Page{Limit: 1})
	two, last := list("", authority.Page{After: next, Limit: 1})
	if d.says("by pages", one[0]+" "+two[0], d.rule.ID+" "+second.ID); next == 0 || last != 0 {
		t.Errorf("the pages go on at %d and %d", next, last)
	}
	_, _, err := d.ListTrustRules(d.Ctx, reader, "acme", "nobody", authority.Page{})
	d.Refused(err, api.CodeNotFound)
	for what, err := range map[string]error{
		"list":    officetest.Third(d.ListTrustRules(d.Ctx, no, "acme", "", authority.Page{})),
		"get":     officetest.Second(d.GetTrustRule(d.Ctx, no, "acme", d.rule.ID)),
		"explain": officetest.Second(d.ExplainTrust(d.Ctx, no, "acme", api.ExplainTrust{Claims: claims{}})),
		"edit":    officetest.Second(d.EditTrustRule(d.Ctx, reader, "acme", d.rule.ID, patch(func(in *api.TrustRuleFields) { in.Label = api.Some("x") }))),
		"delete":  officetest.Second(d.DeleteTrustRule(d.Ctx, reader, "acme", d.rule.ID)),
	} {
		d.says(what, code(err), string(api.CodeInsufficientScope))
	}
	for what, err := range map[string]error{
		"get":    officetest.Second(d.GetTrustRule(d.Ctx, d.Root, "globex", d.rule.ID)),
		"edit":   officetest.Second(d.EditTrustRule(d.Ctx, d.Root, "globex", d.rule.ID, patch(func(in *api.TrustRuleFields) { in.Label = api.Some("x") }))),
		"delete": officetest.Second(d.DeleteTrustRule(d.Ctx, d.Root, "globex", d.rule.ID)),
	} {
		d.says(what+" through another workspace", code(err), string(api.CodeNotFound))
	}
}

// TestRulesHaveBounds, of an account and of a workspace: an exchange looks at each.
func TestRulesHaveBounds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Account("other", "tickets:*")
	var like ledger.TrustRule
	fill := func(n int, of ledger.ID) {
		d.Fill(n, func(tx ledger.Tx, ws ledger.ID, _ int) (err error) {
			if like, err = tx.TrustRule(ws, d.rule.ID); err != nil {
				return err
			}
			if like.ID = tx.NewID(); of != 0 {
				like.ServiceAccount = of
			}
			like.PublicID = "trl_" + strconv.FormatInt(like.ID, 10)
			return tx.PutTrustRule(like)
		})
	}
	fill(18, 0)
	d.trust(d.Root, nil) // the twentieth
	_, err := d.CreateTrustRule(d.Ctx, d.Root, "acme", asks(nil))
	d.Refused(err, api.CodeInvalidRequest)
	d.trust(d.Root, func(in *api.CreateTrustRule) { in.ServiceAccount = "other" })
	fill(179, 1<<40) // of accounts that are not looked at here
	_, err = d.CreateTrustRule(d.Ctx, d.Root, "acme", asks(func(in *api.CreateTrustRule) { in.ServiceAccount = "other" }))
	d.Refused(err, api.CodeInvalidRequest)
}

// TestARequestForARuleIsNamed: sent again, it makes none; under another body it is refused.
func TestARequestForARuleIsNamed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.Root
	c.Retry = authority.Retry{Key: "k", Route: "POST trust-rules", Body: [32]byte{1}}
	first, second := d.trust(c, nil), d.trust(c, nil)
	d.says("the second", second.ID, first.ID)
	c.Retry.Body = [32]byte{2}
	_, err := d.CreateTrustRule(d.Ctx, c, "acme", asks(nil))
	d.Refused(err, api.CodeIdempotencyKeyReused)
}

// TestOnlyWhatARuleGivesEndsWhatItGave: a new name ends nothing, and asks for no more than
// the right to write accounts; whatever else is named does.
func TestOnlyWhatARuleGivesEndsWhatItGave(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	writer := d.With(d.keyed(24*time.Hour, "service-accounts:write"))
	label := func(in *api.TrustRuleFields) { in.Label = api.Some("renamed") }
	g := d.given(d.idToken(nil))
	made := d.edit(writer, label)
	if d.Allow(g.Secret, "tickets:write"); made.Label != "renamed" || *made.CreatedWith != d.Root.Token.String() {
		t.Errorf("a new name has another maker: %+v", made)
	}
	_, err := d.EditTrustRule(d.Ctx, writer, "acme", d.rule.ID, patch(func(in *api.TrustRuleFields) { in.Label = api.Some("") }))
	d.RefusedField(err, api.CodeInvalidField, "label")
	for what, change := range map[string]func(*api.TrustRuleFields){
		"the claims":    func(in *api.TrustRuleFields) { in.Claims = api.Some(map[string][]string{"repository_id": {"7001"}}) },
		"the life":      func(in *api.TrustRuleFields) { in.ExpiresIn = api.Some(api.Duration(time.Minute)) },
		"the addresses": func(in *api.TrustRuleFields) { in.AllowedIPs = api.Some([]string{"192.0.2.7"}) },
		"the rights":    func(in *api.TrustRuleFields) { in.Rights = officetest.Rights("tickets:write", "pages:read") },
		"the keys":      func(in *api.TrustRuleFields) { in.Keys = keySet("EC", "AAAA") },
		"the audience":  func(in *api.TrustRuleFields) { in.Audience = api.Some(audience) },
		"name and life": func(in *api.TrustRuleFields) { label(in); in.ExpiresIn = api.Some(api.Duration(time.Hour)) },
	} {
		d.Clock.Pass(time.Minute)
		g := d.given(d.idToken(claims{"jti": what}))
		d.Clock.Pass(time.Second)
		c := d.Root
		c.Rehearse = true
		_, err := d.EditTrustRule(d.Ctx, c, "acme", d.rule.ID, patch(change))
		officetest.Must(t, err)
		if got := d.status(g); got != api.StatusActive {
			t.Errorf("%s: a rehearsal left it %s", what, got)
		}
		_, err = d.EditTrustRule(d.Ctx, writer, "acme", d.rule.ID, patch(change))
		d.Refused(err, api.CodeInsufficientScope)
		if d.edit(d.Root, change); d.status(g) != api.StatusRevoked {
			t.Errorf("%s: a token lives on", what)
		}
		d.Deny(api.CodeRevoked, g.Secret)
	}
}

func (d *desk) status(i authority.Issued) string {
	d.Helper()
	got, err := d.GetToken(d.Ctx, d.Root, "acme", i.Token.ID)
	officetest.Must(d.T, err)
	return got.Status
}

// TestAnEditMakesTheEditorAnswerable: the rule lives and ends with the token of whoever
// said last what it gives.
func TestAnEditMakesTheEditorAnswerable(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	editor := d.keyed(time.Hour, "service-accounts:write", "tokens:create", "tickets:*")
	r := d.edit(d.With(editor), func(in *api.TrustRuleFields) { in.ExpiresIn = api.Some(api.Duration(30 * time.Minute)) })
	d.says("made with", *r.CreatedWith, editor.Token.Locator)
	if _, err := d.RevokeToken(d.Ctx, d.Root, "acme", editor.Token.ID, api.RevokeToken{}); err != nil {
		t.Fatal(err)
	}
	r, err := d.GetTrustRule(d.Ctx, d.Root, "acme", r.ID)
	officetest.Must(t, err)
	d.says("without its maker's token", *r.BlockedBy, "creator_ended")
	if r = d.edit(d.Person("ada@example.com"), func(in *api.TrustRuleFields) { in.Audience = api.Some(audience) }); r.BlockedBy != nil || r.CreatedWith != nil {
		t.Errorf("saved by a person: %+v", r)
	}
}

// TestADeletedRuleGivesNothing, is found no more, and ends what it gave.
func TestADeletedRuleGivesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	g := d.given(d.idToken(nil))
	d.Clock.Pass(time.Second)
	c := d.Root
	c.Expected = authority.At(d.rule.Revision - 1)
	_, err := d.DeleteTrustRule(d.Ctx, c, "acme", d.rule.ID)
	d.Refused(err, api.CodeChangedMeanwhile)
	c.Expected, c.Rehearse = authority.Expected{}, true
	officetest.Must(t, officetest.Second(d.DeleteTrustRule(d.Ctx, c, "acme", d.rule.ID)))
	d.Allow(g.Secret, "tickets:write")
	done, err := d.DeleteTrustRule(d.Ctx, d.Root, "acme", d.rule.ID)
	officetest.Must(t, err)
	d.Deny(api.CodeRevoked, g.Secret)
	if now, err := d.Revision(d.Ctx); err != nil || done.Revision != now {
		t.Errorf("answered at %d, and the last that ended is at %d (%v)", done.Revision, now, err)
	}
	_, err = d.GetTrustRule(d.Ctx, d.Root, "acme", d.rule.ID)
	d.Refused(err, api.CodeNotFound)
	_, err = d.exchange(d.idToken(claims{"jti": "2"}))
	d.Refused(err, api.CodeIDTokenRefused)
}

package phrase_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/token"
)

// TestEveryKindHasAWord, also one that comes after these.
func TestEveryKindHasAWord(t *testing.T) {
	t.Parallel()
	n := 0
	for k := range 256 {
		kind := token.Kind(k)
		if !kind.Valid() {
			continue
		}
		n++
		if word := phrase.KindWord(kind.String()); word == kind.String() || word+"." != phrase.Sentence(word) {
			t.Errorf("%s is called %q", kind, word)
		}
	}
	if n < 4 {
		t.Errorf("only %d kinds", n)
	}
	says(t, phrase.KindWord("later"), "later")
	for want, o := range map[string]api.Principal{
		"Organisation": {Type: "workspace", Name: "Acme", Address: "acme.workspace"}, "deploy": {Type: "service_account", Name: "deploy", Address: "deploy@acme.service"},
		"gone@acme.service": {Type: "service_account", Address: "gone@acme.service"}, "ada@example.com": {Type: "member", Name: "Ada", Address: "ada@example.com"},
	} {
		says(t, phrase.OwnerShort(api.Token{Owner: o}), want)
	}
}

// TestAnAdviceSaysWhatFollowingItDoes: three dots where more is asked first.
func TestAnAdviceSaysWhatFollowingItDoes(t *testing.T) {
	t.Parallel()
	edit := func(change func(*api.TokenFields)) api.AdviceChange {
		var e api.EditToken
		change(&e.TokenFields)
		return api.AdviceChange{Edit: &e}
	}
	for want, c := range map[string]api.AdviceChange{
		"Revoke…": {Revoke: &api.RevokeToken{}}, "Rotate…": {Rotate: &api.RotateToken{}}, "": {},
		"Let it expire after 90 days":  edit(func(f *api.TokenFields) { f.ExpiresIn = api.Some(90 * api.Day) }),
		"Allow these 2 addresses only": edit(func(f *api.TokenFields) { f.AllowedIPs = api.Some([]string{"192.0.2.1", "192.0.2.2"}) }),
		"Allow this address only":      edit(func(f *api.TokenFields) { f.AllowedIPs = api.Some([]string{"192.0.2.1"}) }),
		"Leave it what it uses":        edit(func(f *api.TokenFields) { f.Grants = api.Some([]api.Statement{}) }),
		"Apply":                        edit(func(f *api.TokenFields) { f.Label = api.Some("x") }),
	} {
		says(t, phrase.AdviceWords(api.Advice{Change: c}), want)
	}
}

// TestALimitIsSaidAloud: nobody says "1 requests per 1m".
func TestALimitIsSaidAloud(t *testing.T) {
	t.Parallel()
	says(t, phrase.Limit(nil), "")
	for want, l := range map[string]api.RateLimit{
		"60 requests per minute": {Requests: 60, Window: api.Duration(time.Minute)}, "1 request per second": {Requests: 1, Window: api.Duration(time.Second)},
		"5 requests per 10 minutes": {Requests: 5, Window: api.Duration(10 * time.Minute)}, "1000 requests per day": {Requests: 1000, Window: api.Day},
		"5 requests per 90 seconds": {Requests: 5, Window: api.Duration(90 * time.Second)}, "7 requests per hour": {Requests: 7, Window: api.Duration(time.Hour)},
	} {
		says(t, phrase.Limit(&l), want)
	}
}

// TestRightsAreSaidInTheirOrder: a role by its name, none as nothing, and what is
// inherited as that.
func TestRightsAreSaidInTheirOrder(t *testing.T) {
	t.Parallel()
	role := "Viewer"
	for what, c := range map[string]struct {
		role   *string
		scopes []string
		grants []api.Statement
		want   string
	}{
		"a role":            {&role, nil, []api.Statement{{Role: role}}, "Viewer"},
		"no scopes":         {nil, []string{}, nil, "Nothing"},
		"no statements":     {nil, nil, []api.Statement{}, "Nothing"},
		"scopes":            {nil, []string{"a:b", "c:d"}, nil, "a:b and c:d"},
		"one, on resources": {nil, nil, []api.Statement{{Resources: []string{"api"}}}, "as its owner"},
		"two statements":    {nil, nil, []api.Statement{{}, {}}, "2 statements"},
		"nothing said":      {nil, nil, nil, "as its owner"},
	} {
		if got := phrase.RightsOf(c.role, c.scopes, c.grants, "as its owner"); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
	says(t, phrase.ReachOf([]string{"a", "b", "c", "d"}), "a, b, c and 1 more")
	says(t, phrase.ReachOf([]string{"*", "a"}), "* and a")
	says(t, phrase.ScopeTitle(api.Token{}), "Everything its owner may do, now and later")
	says(t, phrase.StatementWords(api.Statement{}), "everything its owner may do")
	says(t, phrase.StatementWords(api.Statement{Resources: []string{"api", "web"}}), "everything its owner may do on api and web")
	says(t, phrase.EffectiveWords(nil), "Nothing")
	seven := make([]api.Statement, 7)
	says(t, phrase.EffectiveWords(seven), "Everything its owner may do"+strings.Repeat("; everything its owner may do", 5)+".")
}

// TestTheWidestScopesAreSpokenOf, so that nobody gives them unread.
func TestTheWidestScopesAreSpokenOf(t *testing.T) {
	t.Parallel()
	given := []string{"*", "admin", "product:*", "tickets:*"}
	says(t, strings.Join(phrase.Spoken(given), "; "), "everything in this workspace (*); everything in this workspace (admin); everything of the product (product:*); tickets:*")
	says(t, given[0], "*") // what was given stays
	says(t, phrase.ScopeAbout(api.Scope{Name: "tokens:read", Description: "Ours"}), "Ours")
	says(t, phrase.ScopeAbout(api.Scope{Name: "tokens:read"}), "")
	if phrase.ScopeAbout(api.Scope{Name: "tokens:read", BuiltIn: true}) == "" {
		t.Error("nothing is said of a scope that is built in")
	}
}

// TestARefusalSaysWhatWouldHelp, as far as its request tells.
func TestARefusalSaysWhatWouldHelp(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]api.Denial{
		"The request needs a:b and c:d. Give the token that scope, and its owner too if they lack it.":      {Code: api.CodeInsufficientScope, Scopes: []string{"a:b", "c:d"}},
		"Give the token the scope that the request needs, and its owner too if they lack it.":               {Code: api.CodeInsufficientScope},
		"The request was about api. Add that to the token’s resources, and to its owner’s if they lack it.": {Code: api.CodeResourceDenied, Resource: "api"},
		api.CodeResourceDenied.Info().Advice: {Code: api.CodeResourceDenied},
		api.CodeIPDenied.Info().Advice:       {Code: api.CodeIPDenied, Scopes: []string{"a:b"}, Resource: "api"},
	} {
		says(t, phrase.DenialRemedy(d), want)
	}
	code := string(api.CodeOwnerInactive)
	blocked := api.Token{BlockedBy: &code}
	says(t, phrase.Why(blocked)+" "+phrase.Remedy(blocked), api.CodeOwnerInactive.Info().Title+" "+api.CodeOwnerInactive.Info().Advice)
	blocked.Usable = true // a rotation runs: what blocked it is over
	says(t, phrase.Why(blocked)+phrase.Remedy(blocked)+phrase.Why(api.Token{}), "")
	says(t, phrase.Stopped(api.Token{}), "It does not work now.")
}

// TestWhatIsHeldNamesWhatAndByWhom.
func TestWhatIsHeldNamesWhatAndByWhom(t *testing.T) {
	t.Parallel()
	by := "root@example.com"
	all := []string{"disabled_at", "revoke_at", "allowed_ips", "rate_limit", "not_before", "expires_at", "recoverable", "grants", "later"}
	says(t, phrase.HeldWords(&api.Held{By: &by, Fields: all}),
		"disabled, its end, addresses, rate limit, start, expiry, showing it again, rights, later – by root@example.com; its owner alone does not undo it")
	says(t, phrase.HeldWords(&api.Held{Fields: all[:1]}), "disabled – by an administrator; its owner alone does not undo it")
	says(t, phrase.StoppedBy(api.Token{DisabledAt: &now}), "By somebody whom nobody knows any more.")
	says(t, phrase.StoppedBy(api.Token{DisabledAt: &now, Held: &api.Held{Fields: []string{"grants"}}}), "By somebody whom nobody knows any more.")
}

// TestAnEndIsSaidByItsMoment: of a revocation before that of a stop.
func TestAnEndIsSaidByItsMoment(t *testing.T) {
	t.Parallel()
	later, why, none := now.Add(24*time.Hour), "leaked", ""
	for want, k := range map[string]api.Token{
		"":                                 {},
		"disabled 2026-03-14 09:26:53 UTC": {DisabledAt: &now},
		"revoked 2026-03-14 09:26:53 UTC":  {RevokedAt: &now, DisabledAt: &later, RevokeReason: &none},
		"revoked 2026-03-14 09:26:53 UTC (leaked)":                                {RevokedAt: &now, RevokeReason: &why},
		"disabled 2026-03-14 09:26:53 UTC, to be revoked 2026-03-15 09:26:53 UTC": {DisabledAt: &now, RevokeAt: &later},
	} {
		says(t, phrase.Ended(k), want)
	}
	says(t, phrase.MadeWith(api.Descendants{Total: 3, Active: 1}), "3, 1 active")
	says(t, phrase.MadeWith(api.Descendants{Total: 10000, Active: 7, Partial: true}), "more than 10000, 7 active")
	if phrase.IsOver(api.Token{Status: api.StatusExpired}) || !phrase.IsOver(api.Token{Status: api.StatusRevoked}) {
		t.Error("what has expired can be renewed, what is revoked cannot")
	}
	for state, part := range map[string]string{"current": "reset it", "overlap": "reset the token", "retired": "never works again"} {
		if !strings.Contains(phrase.SecretState(state), part) {
			t.Errorf("%s: %q", state, phrase.SecretState(state))
		}
	}
}

// TestAnEndIsMarkedWhenItIsNear, and the token works.
func TestAnEndIsMarkedWhenItIsNear(t *testing.T) {
	t.Parallel()
	in := func(d time.Duration, status string) api.Token {
		at := now.Add(d)
		return api.Token{Status: status, ExpiresAt: &at}
	}
	for what, c := range map[string]struct {
		k    api.Token
		soon bool
	}{
		"in 13 days": {in(phrase.Soon-time.Second, api.StatusActive), true}, "in 14 days": {in(phrase.Soon, api.StatusActive), false},
		"disabled": {in(time.Hour, api.StatusDisabled), false}, "never": {api.Token{Status: api.StatusActive}, false},
	} {
		if got := phrase.EndsSoon(c.k, now); got != c.soon {
			t.Errorf("%s: %v", what, got)
		}
	}
	berlin := now.In(time.FixedZone("CET", 3600))
	says(t, phrase.Iso(berlin), "2026-03-14T09:26:53Z")
	says(t, phrase.Exact(berlin), "2026-03-14 09:26:53 UTC")
}

// TestTokensAreSorted by each column, both ways; what never was stands last either way.
func TestTokensAreSorted(t *testing.T) {
	t.Parallel()
	early, late := now.Add(-time.Hour), now.Add(time.Hour)
	rows := []api.Token{
		{Label: "B", Owner: api.Principal{Address: "x"}, CreatedAt: late, ExpiresAt: &late, LastUsedAt: &early, Status: "active"},
		{Label: "a", Owner: api.Principal{Address: "z"}, CreatedAt: now, Status: "revoked"},
		{Label: "c", Owner: api.Principal{Address: "y"}, CreatedAt: early, ExpiresAt: &early, LastUsedAt: &late, Status: "expired"},
	}
	for by, want := range map[string]string{
		"label": "aBc", "-label": "cBa", "owner": "Bca", "-owner": "acB", "created": "caB", "-created": "Bac", "expires": "cBa", "-expires": "Bca",
		"used": "Bca", "-used": "cBa", "status": "Bca", "-status": "acB", "": "Bac", "-": "Bac", "secret": "Bac",
	} {
		some, got := append([]api.Token{}, rows...), ""
		phrase.SortTokens(some, by)
		for _, k := range some {
			got += k.Label
		}
		if got != want {
			t.Errorf("by %s: %s, want %s", by, got, want)
		}
	}
	same := []api.Token{{Label: "1"}, {Label: "2"}}
	if phrase.SortTokens(same, "-used"); same[0].Label != "1" {
		t.Error("what is alike changes places")
	}
}

// TestSnippetsReadTheSecretFromTheEnvironment: none has one, and none asks elsewhere.
func TestSnippetsReadTheSecretFromTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, s := range phrase.Snippets("https://tokens.example.com") {
		if !strings.Contains(s.Text, phrase.EnvName) || strings.Count(s.Text, "https://") != 1 ||
			!strings.Contains(s.Text, "https://tokens.example.com/v1/whoami") && !strings.Contains(s.Text, phrase.ExampleMCP) || token.Redact(s.Text) != s.Text {
			t.Errorf("%s:\n%s", s.Title, s.Text)
		}
	}
	for _, s := range phrase.MCPClients("https://mcp.acme.example/mcp?a=1&b=<2>") {
		var v map[string]any
		if err := json.Unmarshal([]byte(s.Text), &v); err != nil || !strings.Contains(s.Text, `"https://mcp.acme.example/mcp?a=1&b=<2>"`) {
			t.Errorf("%s: %v\n%s", s.Title, err, s.Text)
		}
	}
	says(t, phrase.OverlapWords(api.TokenSecret{}, api.TokenSecret{}), "The old secret was never used. It can go.")
	says(t, phrase.OverlapWords(api.TokenSecret{LastUsedAt: &now}, api.TokenSecret{}), "The new secret was not used yet: whatever uses this token has the old one. Move it to the new one first.")
}

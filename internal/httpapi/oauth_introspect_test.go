package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/httpapi"
)

const inactive = `{"active":false}`

// about introspects a token with further parameters.
func (w *world) about(caller, tok string, params ...string) api.Introspection {
	w.Helper()
	var v api.Introspection
	r := w.as(caller, "POST", introspect, form(append([]string{"token", tok}, params...)...)).is(200)
	w.checkCommon(r)
	if r.into(&v); !v.Active && strings.TrimSpace(string(r.body)) != inactive {
		w.Errorf("an inactive token is told of: %s", r.body)
	}
	return v
}

func TestAnActiveTokenIsDescribed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.play([]step{
		{"PATCH", ws, object{"external_id": "cust/7"}, 200, nil},
		{"PUT", ws + "/members/bob@example.com", object{"external_id": "u/1", "name": "Bob", "role": "Team Member", "resources": []string{"*"}}, 201, nil},
	})
	w.clock.Pass(1500 * time.Millisecond)
	i := w.issue("acme", object{"label": "x", "owner": "bob@example.com", "scopes": []string{"tickets:write", "tickets:read"}, "resources": []string{"*"}, "expires_in": "1h"})
	created := time.Date(2026, 3, 14, 9, 26, 54, 0, time.UTC).Unix() // rounded down
	want := api.Introspection{
		Active: true, Scope: "tickets:read tickets:write", ClientID: i.Token.ID, Username: "bob@example.com", TokenType: "Bearer",
		Exp: created + 3600, Iat: created, Nbf: created, Sub: i.Token.Owner.ID, Aud: "acme", Iss: baseURL, Jti: i.Token.Locator,
		TokenExp: created + 3600, Workspace: "acme", WorkspaceExternalID: "cust/7", PrincipalType: "user", ExternalID: "u/1", Resources: []string{"*"},
	}
	for _, caller := range []string{w.verifier(), w.account("rs", "tokens:verify")} {
		if diff := cmp.Diff(want, w.about(caller, i.Secret)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestIntrospectionTellsNotBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := w.clock.Now().Add(time.Hour)
	i := w.issue("acme", object{"label": "x", "not_before": at, "expires_in": "2h"})
	if v := w.about(w.root, i.Secret); v.Active {
		t.Errorf("active before its time: %+v", v)
	}
	w.clock.Pass(time.Hour)
	if v := w.about(w.root, i.Secret); !v.Active || v.Nbf != at.Unix() || v.Iat != at.Add(-time.Hour).Unix() {
		t.Errorf("%+v", v)
	}
}

// RFC 7662, section 2.2: whatever the reason, nothing but inactive, and no 4xx.
func TestWhatIsNotActiveIsNotDescribed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rs := w.account("rs", "tokens:verify")
	w.play([]step{{"POST", "/v1/workspaces", object{"slug": "globex"}, 201, nil}})
	foreign := w.issue("globex", object{"label": "x", "kind": "workspace", "scopes": []string{"*"}, "resources": []string{"*"}}).Secret
	tokens := ws + "/tokens/"
	fresh := func(fields object) api.Issued {
		fields["label"] = "x"
		return w.issue("acme", fields)
	}
	after := func(verb string, body any) string {
		i := fresh(object{})
		w.about(rs, i.Secret)
		w.as(w.root, "POST", tokens+i.Token.ID+"/"+verb, body).is(200)
		return i.Secret
	}
	ended := fresh(object{"expires_in": "1h"}).Secret
	listed := fresh(object{"allowed_ips": []string{"203.0.113.0/24"}}).Secret
	owned := w.account("off", "tickets:read")
	w.as(w.root, "POST", ws+"/service-accounts/off/disable", nil).is(200)
	for name, tok := range map[string]string{
		"garbage": "nonsense", "one of another form": strings.Repeat("x", 300), "an unknown one": remint("AAAAAAAAAAAA", ended), "a wrong secret": remint(ended[5:17], listed),
		"another tenant's": foreign, "revoked": after("revoke", nil), "disabled": after("disable", nil), "retired": after("reset", nil),
		"of an owner that is disabled": owned, "from an address that is not named": listed, "cut short": ended[:len(ended)-1], "with a blank": ended + " ",
	} {
		if v := w.about(rs, tok); v.Active {
			t.Errorf("%s is active: %+v", name, v)
		}
	}
	if !w.about(rs, ended).Active || !w.about(w.verifier(), foreign).Active {
		t.Error("what is active is not told to whom it concerns")
	}
	w.clock.Pass(time.Hour)
	if v := w.about(rs, ended); v.Active {
		t.Errorf("expired: %+v", v)
	}
	w.as(w.root, "POST", "/v1/workspaces/globex/suspend", nil).is(200)
	if v := w.about(w.root, foreign); v.Active {
		t.Errorf("of a suspended workspace: %+v", v)
	}
}

// A token restricted in what the call does not name is inactive.
func TestARestrictionThatIsNotNamedIsNotPassed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	listed := w.issue("acme", object{"label": "x", "allowed_ips": []string{"203.0.113.0/24"}}).Secret
	for ip, want := range map[string]bool{"203.0.113.9": true, "::ffff:203.0.113.9": true, "198.51.100.1": false, "": false} {
		if v := w.about(w.root, listed, "client_ip", ip); v.Active != want {
			t.Errorf("from %q: %+v", ip, v)
		}
	}
	bound := w.issue("acme", object{"label": "x", "scopes": []string{"tickets:read", "tokens:read"}, "resources": []string{"payments", "shop*"}}).Secret
	mixed := w.issue("acme", object{"label": "x", "grants": []object{
		{"scopes": []string{"tickets:read"}, "resources": []string{"*"}}, {"scopes": []string{"deploys:run"}, "resources": []string{"payments"}}}}).Secret
	free := w.issue("acme", object{"label": "x", "scopes": []string{"tokens:read"}}).Secret
	for _, c := range []struct {
		name, tok, resource string
		active              bool
		scope, on           string
	}{
		{"restricted, not named", bound, "", false, "", ""},
		{"restricted, to it", bound, "payments", true, "tickets:read tokens:read", "payments"},
		{"restricted, within a prefix", bound, "shop1", true, "tickets:read tokens:read", "shop1"},
		{"restricted, to another", bound, "billing", false, "", ""},
		{"restricted, to any", bound, "any", true, "tickets:read tokens:read", "payments shop*"},
		{"mixed, not named", mixed, "", true, "tickets:read", "*"},
		{"mixed, where there is more", mixed, "payments", true, "deploys:run tickets:read", "payments"},
		{"mixed, where there is less", mixed, "billing", true, "tickets:read", "billing"},
		{"mixed, any: where all of it holds", mixed, "any", true, "deploys:run tickets:read", "payments"},
		{"in need of no resource", free, "", true, "tokens:read", ""},
	} {
		v := w.about(w.root, c.tok, "resource", c.resource)
		if v.Active != c.active || v.Scope != c.scope || strings.Join(v.Resources, " ") != c.on {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
	for _, bad := range []string{"client_ip", "resource"} {
		w.as(w.root, "POST", introspect, form("token", bound, bad, "not one, *")).is(400).oauth("invalid_request")
	}
	if v := w.about(w.root, free, "workspace", "globex"); v.Active {
		t.Errorf("in another workspace: %+v", v)
	}
	if v := w.about(w.root, free, "workspace", "acme"); !v.Active {
		t.Errorf("in its workspace: %+v", v)
	}
}

// The decision may be left to the server: software like Oathkeeper sends the scopes
// that a request needs, and no comparison of its own understands tickets:*.
func TestIntrospectionHonoursScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wide := w.issue("acme", object{"label": "x", "scopes": []string{"tickets:*"}, "resources": []string{"*"}}).Secret
	bound := w.issue("acme", object{"label": "x", "scopes": []string{"tickets:read", "tokens:read"}, "resources": []string{"payments"}}).Secret
	for _, c := range []struct {
		name, tok, scope, resource string
		active                     bool
	}{
		{"none", wide, "", "", true},
		{"blanks", wide, "  ", "", true},
		{"within a pattern", wide, "tickets:read", "", true},
		{"two", wide, "tickets:read  tickets:write", "", true},
		{"one of two is lacking", wide, "tickets:read deploys:run", "", false},
		{"lacking", wide, "deploys:run", "", false},
		{"restricted, not named", bound, "tickets:read", "", false},
		{"restricted, to it", bound, "tickets:read", "payments", true},
		{"restricted, to another", bound, "tickets:read", "billing", false},
		{"restricted, to any", bound, "tickets:read tokens:read", "any", true},
		{"restricted, any, lacking", bound, "tickets:write", "any", false},
	} {
		if v := w.about(w.root, c.tok, "scope", c.scope, "resource", c.resource); v.Active != c.active {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
	for _, bad := range []string{"tickets:*", "*", "tickets", "tickets:read,tickets:write", strings.Repeat("tickets:read ", 101)} {
		w.as(w.root, "POST", introspect, form("token", wide, "scope", bad)).titled(bad).is(400).oauth("invalid_request")
	}
}

// How long an answer may be kept: never beyond the token, the secret, or what the
// policy allows.
func TestIntrospectionCapsHowLongAnAnswerIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.Pass(900 * time.Millisecond)
	now := w.clock.Now().Unix()
	w.play([]step{{"PATCH", ws + "/policy", object{"allow_never": true, "max_lifetime": "0"}, 200, nil}})
	i := w.issue("acme", object{"label": "x", "expires_in": "1h"})
	made, err := w.CreateToken(t.Context(), authority.Caller{Machine: "test"}, "acme", api.CreateToken{Kind: "workspace",
		TokenFields: api.TokenFields{Label: api.Some("x"), Rights: api.Rights{Scopes: api.Some([]string{"tokens:read"})}, Never: api.Some(true)}})
	w.must(err)
	endless := made.Secret.Reveal()
	keeps := func(name, tok string, exp, tokenExp int64) {
		t.Helper()
		if v := w.about(w.root, tok); !v.Active || v.Exp != exp || v.TokenExp != tokenExp {
			t.Errorf("%s: exp %d, token_exp %d; want %d and %d", name, v.Exp-now, v.TokenExp-now, exp-now, tokenExp-now)
		}
	}
	keeps("without a cap", i.Secret, now+3600, now+3600)
	keeps("without an end", endless, 0, 0)
	w.as(w.root, "POST", ws+"/tokens/"+i.Token.ID+"/rotate", object{"overlap": "10m"}).is(200)
	keeps("a secret in its overlap", i.Secret, now+600, now+3600)
	w.play([]step{{"PATCH", ws + "/policy", object{"introspection_max_cache": "1m"}, 200, nil}})
	keeps("with a cap", i.Secret, now+60, now+3600)
	keeps("with a cap and without an end", endless, now+60, 0)
	w.clock.Pass(9*time.Minute + 30*time.Second)
	keeps("near the end of the overlap", i.Secret, now+600, now+3600)
}

// Every check of a verification is made: the rate limit is charged too. Whoever asks
// about a token beyond it is told to wait, and not that it is no token any more.
func TestIntrospectionChargesTheRateLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.issue("acme", object{"label": "x", "rate_limit": object{"requests": 2, "window": "1m"}})
	for n := range 2 {
		if v := w.about(w.root, i.Secret); !v.Active {
			t.Errorf("question %d: %+v", n+1, v)
		}
	}
	for _, more := range [][]string{nil, {"resource", "any"}, {"workspace", "acme"}} {
		r := w.as(w.root, "POST", introspect, form(append([]string{"token", i.Secret}, more...)...)).is(429)
		r.oauth("temporarily_unavailable")
		r.headers(map[string]string{"Retry-After": "30", "Ratelimit": `"token";r=0;t=30`, "Cache-Control": "no-store"})
	}
	w.play([]step{{"POST", "/v1/workspaces", object{"slug": "umbrella"}, 201, nil}})
	stranger := w.issue("umbrella", object{"label": "y", "kind": "workspace", "scopes": []string{"tokens:verify"}}).Secret
	if v := w.about(stranger, i.Secret); v.Active {
		t.Error("another tenant learns that the token is there")
	}
	w.clock.Pass(time.Minute)
	if v := w.about(w.root, i.Secret); !v.Active {
		t.Errorf("after the window: %+v", v)
	}
}

// RFC 7662, section 4: a caller that fishes is held up; whoever it asks about
// with a token is not.
func TestMissesAreThrottledByCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fisher, other := w.account("fisher", "tokens:verify"), w.account("other", "tokens:verify")
	good := w.issue("acme", object{"label": "x"}).Secret
	for n := range 1000 {
		if v := w.about(fisher, remint("AAAAAAAAAAAA", good)); v.Active {
			t.Fatalf("guess %d hit", n)
		}
	}
	r := w.as(fisher, "POST", introspect, form("token", remint("BBBBBBBBBBBB", good))).is(429)
	r.oauth("temporarily_unavailable")
	r.logged(api.CodeRateLimited)
	if r.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if !w.about(fisher, good).Active || w.about(fisher, "nonsense").Active || w.about(other, remint("AAAAAAAAAAAA", good)).Active {
		t.Error("the bound holds up more than misses, or others")
	}
	w.clock.Pass(time.Second)
	w.about(fisher, remint("AAAAAAAAAAAA", good))
}

// What was asked and answered is a use, under the request's id.
func TestAnIntrospectionIsAUseOfTheToken(t *testing.T) {
	t.Parallel()
	var d diary
	w := newWorld(t, d.option)
	i := w.issue("acme", object{"label": "x", "scopes": []string{"a:b"}, "resources": []string{"payments"}})
	d.read()
	w.about(w.root, i.Secret, "client_ip", "203.0.113.1")
	uses := d.read()
	if len(uses) != 2 || uses[0].door != httpapi.DoorAPI || uses[1].door != httpapi.DoorIntrospect ||
		uses[1].code != string(api.CodeResourceDenied) || uses[1].addr != "203.0.113.1" || uses[1].peek {
		t.Errorf("%+v", uses)
	}
}

package provider_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
)

// grants is one statement as a configuration has it.
func grants(scopes, resources []string) []any {
	return []any{map[string]any{"scopes": scopes, "resources": resources}}
}

// TestEveryKindIsKept: made, left alone, changed, imported, looked at and ended; what is
// gone meanwhile is seen, and made again.
func TestEveryKindIsKept(t *testing.T) {
	t.Parallel()
	start(t, 0, nil).keep("service_account", state{}, map[string]any{"name": "kept-by"})
	keys := `{"keys": [{"kty":"OKP","crv":"Ed25519","kid":"a","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`
	for _, c := range []struct {
		kind          string
		first, second map[string]any
		// replaces says that the second is another thing.
		replaces bool
	}{
		{"workspace", map[string]any{"slug": "kept", "metadata": map[string]any{"tier": "gold"}}, map[string]any{"slug": "kept", "name": "Kept", "external_id": "ext-1"}, false},
		{"scope", map[string]any{"name": "kept:read"}, map[string]any{"name": "kept:read", "description": "Read what is kept"}, false},
		{"scope", map[string]any{"name": "kept:all", "workspace": "*", "description": "Everywhere"}, map[string]any{"name": "kept:all", "workspace": "*", "locked": true}, false},
		{"role", map[string]any{"name": "keeper", "scopes": []string{"tokens:read", "members:read"}}, map[string]any{"name": "keeper", "scopes": []string{"members:read"}, "rate_limit": map[string]any{"requests": 5, "window": "60s"}}, false},
		{"resource", map[string]any{"name": "kept-shelf"}, map[string]any{"name": "kept-shelf", "description": "Oak"}, true},
		{"member", map[string]any{"email": "Kept@example.com", "grants": grants([]string{"tokens:read", "members:read"}, []string{"*"})}, map[string]any{"email": "Kept@example.com", "name": "Kay"}, false},
		{"service_account", map[string]any{"name": "kept", "contacts": []string{"ops@example.com"}, "grants": grants([]string{"tokens:read"}, []string{"*"})}, map[string]any{"name": "kept", "description": "Keeps", "grants": []any{map[string]any{"role": "Viewer"}, map[string]any{"scopes": []string{"tokens:verify"}, "resources": []string{"*"}}}}, false},
		{"trust_rule", map[string]any{"service_account": "kept-by", "label": "CI", "issuer": "https://ci.example.com", "audience": "tokenry", "claims": map[string]any{"sub": []string{"job:7"}}, "keys": keys, "expires_in": "30m"},
			map[string]any{"service_account": "kept-by", "label": "CI", "issuer": "https://ci.example.com", "audience": "tokenry", "claims": map[string]any{"sub": []string{"job:7", "job:8"}}, "keys": keys, "allowed_ips": []string{"192.0.2.7"}}, false},
		{"policy", map[string]any{"workspace": "kept-policy", "default_lifetime": "720h", "notice_days": []any{30, 7}}, map[string]any{"workspace": "kept-policy", "allow_never": true, "max_tokens": map[string]any{"per_owner": 3, "total": 0}}, false},
		{"webhook", map[string]any{"url": "https://192.0.2.9/hook"}, map[string]any{"url": "https://192.0.2.9/hook", "events": []string{"token.*"}, "enabled": false, "description": "Old"}, false},
		{"token", map[string]any{"label": "kept", "owner": "kept-by", "expires_in": "90d", "allowed_ips": []string{"192.0.2.7", "198.51.100.0/24"}, "metadata": map[string]any{"for": "ci"}}, map[string]any{"label": "kept again", "owner": "kept-by", "expires_in": "60d", "rate_limit": map[string]any{"requests": 9, "window": "1m"}}, false},
	} {
		t.Run(c.kind+" "+fmt.Sprint(c.first["name"]), func(t *testing.T) {
			t.Parallel()
			u := start(t, 0, nil)
			defer u.silent()
			if c.kind == "policy" {
				u.keep("workspace", state{}, map[string]any{"slug": "kept-policy"})
			}
			made := u.keep(c.kind, state{}, c.first)
			id := made.text("id")
			if does := u.plan(c.kind, made, c.second).does(); c.replaces != (does == "replace") {
				t.Errorf("the second is to %s", does)
			}
			made = u.keep(c.kind, made, c.second)
			ref := id
			if ws := made.text("workspace"); ws != "" && c.kind != "policy" {
				ref = ws + "/" + id
			}
			if does := u.plan(c.kind, u.adopt(c.kind, ref), c.second).does(); does != "nothing" && c.kind != "token" {
				t.Errorf("what was imported is to %s", does)
			}
			ask := map[string]any{"id": id}
			if c.second["workspace"] != nil {
				ask["workspace"] = c.second["workspace"]
			}
			seen, ok := u.look(c.kind, ask)
			if !ok {
				t.Fatal(u.refused)
			}
			for name, want := range c.second {
				if got := seen.get(name); got == nil && name != "expires_in" && name != "keys" {
					t.Errorf("the data source has no %s of %v", name, want)
				}
			}
			u.destroy(c.kind, made)
			if c.kind == "workspace" || c.kind == "policy" {
				return // the slug is never used again; a policy is always there
			}
			if gone := u.refresh(c.kind, made); !gone.value.IsNull() {
				t.Errorf("it was ended, and is %v", show(gone.value))
			}
			u.destroy(c.kind, u.keep(c.kind, state{}, c.second))
		})
	}
}

// TestWhatIsChangedOutsideIsMended: another hand changes, and a plan changes it back.
func TestWhatIsChangedOutsideIsMended(t *testing.T) {
	t.Parallel()
	u, c := start(t, 0, nil), sdk(t)
	config := map[string]any{"name": "drifts", "grants": grants([]string{"tokens:read"}, []string{"*"})}
	made := u.keep("service_account", state{}, config)
	edit := api.EditServiceAccount{Description: api.Some("mine now")}
	edit.Grants = api.Some([]api.Statement{{Scopes: []string{"*"}, Resources: []string{"*"}}})
	if _, err := c.EditServiceAccount(t.Context(), "", "drifts", edit); err != nil {
		t.Fatal(err)
	}
	made = u.refresh("service_account", made)
	if made.get("description") != "mine now" {
		t.Errorf("the change was not seen: %v", show(made.value))
	}
	u.keep("service_account", made, config)
	now, err := c.GetServiceAccount(t.Context(), "", "drifts")
	if err != nil {
		t.Fatal(err)
	}
	if want := []api.Statement{{Scopes: []string{"tokens:read"}, Resources: []string{"*"}}}; now.Description != "" || !cmp.Equal(now.Grants, want) {
		t.Errorf("it is %+v", now)
	}
}

// TestASecretIsHandedOverInItsApply: what makes a token has its secret for whoever asks in the
// same process, and nobody else; a rotation that is due makes another, while the former goes on.
func TestASecretIsHandedOverInItsApply(t *testing.T) {
	t.Parallel()
	u, c := start(t, 0, nil), sdk(t)
	config := map[string]any{"label": "deploy", "kind": "workspace", "expires_in": "90d", "rotate_before": "30d", "overlap": "24h", "grants": grants([]string{"tokens:read"}, []string{"*"})}
	if p := u.plan("token", state{}, config); p.get("secret_version") != "unknown" {
		t.Error("the number of a secret that is not made is known")
	}
	made := u.keep("token", state{}, config)
	ask := func(s state) map[string]any {
		return map[string]any{"id": s.get("id"), "secret_version": tftypes.NewValue(tftypes.Number, s.get("secret_version"))}
	}
	first, done := u.open("token_secret", ask(made))
	done()
	secret := first.text("secret")
	works(t, secret, true)

	later := start(t, 59*24*time.Hour, nil)
	if p := later.plan("token", made, config); p.does() != "nothing" {
		t.Errorf("31 days before its end it is to %s", p.does())
	}
	none, done := later.open("token_secret", ask(made))
	done()
	if none.get("secret") != nil {
		t.Error("another process has the secret")
	}

	late := start(t, 61*24*time.Hour, nil)
	p := late.plan("token", made, config)
	if p.does() != "update" || p.get("secret_version") != "unknown" || p.get("expires_at") != "unknown" {
		t.Errorf("29 days before its end it is to %s: %v", p.does(), show(p.value))
	}
	next, ok := late.apply(p)
	if !ok {
		t.Fatal(late.refused)
	}
	if next.get("id") != made.get("id") || next.get("secret_version") == made.get("secret_version") {
		t.Errorf("it became %v", show(next.value))
	}
	second, done := late.open("token_secret", ask(next))
	done()
	another := second.text("secret")
	works(t, secret, true) // the overlap
	works(t, another, true)

	// Somebody else rotates: the secret that was handed on is not the token's any more.
	if _, err := c.RotateToken(t.Context(), "", next.text("id"), api.RotateToken{Overlap: api.Some(api.Duration(0))}); err != nil {
		t.Fatal(err)
	}
	if p := u.plan("token", u.refresh("token", next), config); p.does() != "update" {
		t.Errorf("after a rotation by another hand it is to %s", p.does())
	}
	// Asked for by another word.
	config["rotation"] = "2"
	again, ok := u.apply(u.plan("token", next, config))
	if !ok {
		t.Fatal(u.refused)
	}
	third, done := u.open("token_secret", ask(again))
	done()
	u.destroy("token", again)
	works(t, third.text("secret"), false)
	u.silent(secret, another, third.text("secret"))
	late.silent(secret, another)
}

// TestASecretThatNobodyUsed was lost on its way: it is rotated, once it had its time.
func TestASecretThatNobodyUsed(t *testing.T) {
	t.Parallel()
	u, later := start(t, 0, nil), start(t, 2*time.Hour, nil)
	config := map[string]any{"label": "lost", "kind": "workspace", "rotate_unused": "1h", "grants": grants([]string{"tokens:read"}, []string{"*"})}
	made := u.keep("token", state{}, config)
	if p := later.plan("token", made, config); p.does() != "update" || p.get("secret_version") != "unknown" {
		t.Errorf("after two hours it is to %s", p.does())
	}
	got, done := u.open("token_secret", map[string]any{"id": made.get("id"), "secret_version": tftypes.NewValue(tftypes.Number, made.get("secret_version"))})
	done()
	works(t, got.text("secret"), true)
	clocktest.Until(t, func() bool { return u.refresh("token", made).get("secret_used") == true })
	if p := later.plan("token", later.refresh("token", made), config); p.does() != "nothing" {
		t.Errorf("one that was used is to %s", p.does())
	}
	u.silent(got.text("secret"))
}

// TestATokenThatExpired is made anew, or, if it is to be rotated, rotated.
func TestATokenThatExpired(t *testing.T) {
	t.Parallel()
	u := start(t, 0, nil)
	config := map[string]any{"label": "short", "kind": "workspace", "expires_in": "1s", "grants": grants([]string{"tokens:read"}, []string{"*"})}
	forgotten, ok := u.apply(u.plan("token", state{}, config))
	if !ok {
		t.Fatal(u.refused)
	}
	config["rotate_before"] = "1h"
	rotated, ok := u.apply(u.plan("token", state{}, config))
	if !ok || !strings.Contains(strings.Join(u.said, "\n"), "Every plan will rotate this token") {
		t.Errorf("nobody said that it is due at once: %s", u.refused)
	}
	clocktest.Until(t, func() bool {
		return u.refresh("token", forgotten).value.IsNull() && u.refresh("token", rotated).text("status") == "expired"
	})
	config["expires_in"] = "90d"
	next, ok := u.apply(u.plan("token", u.refresh("token", rotated), config))
	if !ok || next.get("id") != rotated.get("id") || next.text("status") != "active" {
		t.Errorf("it is %v: %s", show(next.value), u.refused)
	}
}

// TestNoFieldOfTheAPIIsLeftOut: what a request may write is an attribute of the kind, or stands here.
func TestNoFieldOfTheAPIIsLeftOut(t *testing.T) {
	t.Parallel()
	u := start(t, 0, nil)
	// A grant is written one way, as grants; the end of a token as a lifetime, which a rotation begins again.
	other := map[string]string{"role": "grants", "scopes": "grants", "resources": "grants", "expires_at": "expires_in", "password": "password_wo"}
	for kind, requests := range map[string][]any{
		"workspace": {api.CreateWorkspace{}, api.EditWorkspace{}}, "scope": {api.PutScope{}}, "role": {api.PutRole{}}, "resource": {api.CreateResource{}},
		"member": {api.CreateMember{}, api.EditMember{}}, "service_account": {api.CreateServiceAccount{}, api.EditServiceAccount{}},
		"trust_rule": {api.CreateTrustRule{}, api.EditTrustRule{}}, "policy": {api.PatchPolicy{}}, "webhook": {api.CreateWebhook{}, api.EditWebhook{}},
		"token": {api.CreateToken{}, api.EditToken{}},
	} {
		has := map[string]bool{}
		for _, a := range u.schema.ResourceSchemas["tokenry_"+kind].Block.Attributes {
			has[a.Name] = true
		}
		for _, r := range requests {
			for _, f := range reflect.VisibleFields(reflect.TypeOf(r)) {
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if !f.Anonymous && !has[name] && !has[other[name]] {
					t.Errorf("%s has no %s", kind, name)
				}
			}
		}
	}
}

// TestAProviderThatIsNotKnownYet plans what it makes, and says why it can do no more.
func TestAProviderThatIsNotKnownYet(t *testing.T) {
	t.Parallel()
	u := start(t, 0, map[string]any{"token": tftypes.NewValue(tftypes.String, tftypes.UnknownValue)})
	p := u.plan("service_account", state{}, map[string]any{"name": "later"})
	if _, ok := u.apply(p); p.does() != "create" || ok || !strings.Contains(u.refused, "not known yet") {
		t.Errorf("it is to %s: %s", p.does(), u.refused)
	}
}

// works asks the server whether it takes a token.
func works(t *testing.T, secret string, want bool) {
	t.Helper()
	c, err := client.New(office.url, secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = c.Whoami(t.Context()); (err == nil) != want {
		t.Errorf("the token works: %v", err)
	}
}

// TestARunsTokenEndsWithTheRun, and what another takes the place of may go on for a while.
func TestARunsTokenEndsWithTheRun(t *testing.T) {
	t.Parallel()
	u, c := start(t, 0, nil), sdk(t)
	got, done := u.open("run_token", map[string]any{"kind": "workspace", "grants": grants([]string{"tokens:read"}, []string{"*"})})
	secret := got.text("secret")
	works(t, secret, true)
	if ends, err := time.Parse(time.RFC3339, got.text("expires_at")); err != nil || time.Until(ends) > time.Hour {
		t.Errorf("left alone it ends at %v", got.get("expires_at"))
	}
	done()
	works(t, secret, false)

	config := map[string]any{"label": "leaves slowly", "kind": "workspace", "revoke_after": "1h", "grants": grants([]string{"tokens:read"}, []string{"*"})}
	made := u.keep("token", state{}, config)
	handed, done := u.open("token_secret", map[string]any{"id": made.get("id"), "secret_version": tftypes.NewValue(tftypes.Number, made.get("secret_version"))})
	done()
	u.destroy("token", made)
	works(t, handed.text("secret"), true)
	now, err := c.GetToken(t.Context(), "", made.text("id"))
	if err != nil || now.ExpiresAt == nil || time.Until(*now.ExpiresAt) > time.Hour {
		t.Errorf("it goes on: %+v, %v", now.ExpiresAt, err)
	}
	u.silent(secret, handed.text("secret"))
}

// TestARecoverableSecretIsThereInEveryPhase, and a password is written and nowhere kept.
func TestARecoverableSecretIsThereInEveryPhase(t *testing.T) {
	t.Parallel()
	u := start(t, 0, nil)
	u.keep("workspace", state{}, map[string]any{"slug": "vault"})
	u.keep("policy", state{}, map[string]any{"workspace": "vault", "recoverable": true})
	made := u.keep("token", state{}, map[string]any{"workspace": "vault", "label": "shown", "kind": "workspace", "recoverable": true, "grants": grants([]string{"tokens:read"}, []string{"*"})})
	other := start(t, 0, map[string]any{"workspace": "vault"})
	got, done := other.open("token_secret", map[string]any{"id": made.get("id"), "secret_version": tftypes.NewValue(tftypes.Number, made.get("secret_version"))})
	done()
	secret := got.text("secret")
	works(t, secret, true)

	const password = "correct horse battery staple 4711"
	member := u.keep("member", state{}, map[string]any{"workspace": "vault", "email": "new@example.com", "password_wo": password})
	if member.get("password_wo") != nil {
		t.Error("the password is kept")
	}
	hook := u.keep("webhook", state{}, map[string]any{"workspace": "vault", "url": "https://192.0.2.9/hook"})
	signs, done := u.open("webhook_secret", map[string]any{"id": hook.get("id"), "secret_version": tftypes.NewValue(tftypes.Number, hook.get("secret_version"))})
	done()
	key := signs.text("secret")
	if !strings.HasPrefix(key, "whsec_") {
		t.Error("the secret that signs is not handed over")
	}
	u.silent(secret, password, key)
}

// TestARefusalSaysWhatToDo: the code, what lacks, and where; and nothing that is secret.
func TestARefusalSaysWhatToDo(t *testing.T) {
	t.Parallel()
	u := start(t, 0, nil)
	u.keep("service_account", state{}, map[string]any{"name": "twice"})
	for _, c := range []struct {
		kind   string
		config map[string]any
		says   []string
	}{
		{"service_account", map[string]any{"name": "twice"}, []string{"already_exists", "import it"}},
		{"role", map[string]any{"name": "Viewer/"}, []string{"Cannot make the role: invalid_"}},
		{"token", map[string]any{"label": "x", "expires_in": "tomorrow"}, []string{"Cannot make the token", "like \"90d\""}},
		{"member", map[string]any{"workspace": "nowhere", "email": "x@example.com"}, []string{"not_found"}},
	} {
		if _, ok := u.apply(u.plan(c.kind, state{}, c.config)); ok {
			t.Errorf("%s %v was made", c.kind, c.config)
		}
		for _, want := range c.says {
			if !strings.Contains(u.refused, want) {
				t.Errorf("%s: it does not say %q: %s", c.kind, want, u.refused)
			}
		}
	}
	if _, ok := u.look("token", map[string]any{"id": "nothing"}); ok || !strings.Contains(u.refused, "not_found") {
		t.Errorf("what is not there: %s", u.refused)
	}
	for _, config := range []map[string]any{{"server": "ftp://x"}, {"token": "x y"}} {
		if w := start(t, 0, config); w.refused == "" || strings.Contains(w.refused, "x y") {
			t.Errorf("%v: %s", config, w.refused)
		}
	}
	away := start(t, 0, map[string]any{"server": "http://127.0.0.1:1"})
	if _, ok := away.look("token", map[string]any{"id": "x"}); ok || !strings.Contains(away.refused, string(api.CodeUnavailable)) {
		t.Errorf("no server: %s", away.refused)
	}
	u.silent()
}

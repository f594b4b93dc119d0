package verify_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// rotate gives a token a new secret and lets the others end at the times given,
// newest first.
func (o *office) rotate(l token.Locator, ends ...time.Duration) string {
	o.t.Helper()
	row := o.tokens[l]
	s, secret := o.secret(row, len(row.Secrets)+1)
	o.edit(l, func(t *verify.Token) {
		t.Secrets = append([]verify.Secret{s}, t.Secrets...)
		for i, end := range ends {
			t.Secrets[i+1].RetiresAt = epoch.Add(end)
		}
	})
	return secret
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	l, first := o.issue(nil)
	second := o.rotate(l, -time.Hour)
	third := o.rotate(l, time.Minute, -time.Hour)
	check := func(what, secret string, want api.Code, number int) {
		t.Helper()
		if d := o.ask(bearer(secret)); d.Code != want || d.SecretNumber != number || d.Matched != (number > 0) {
			t.Errorf("%s: %s as number %d", what, d.Code, d.SecretNumber)
		}
	}
	check("current", third, api.CodeOK, 3)
	check("previous", second, api.CodeOK, 2)
	check("retired", first, api.CodeRetired, 1)
	check("wrong", corrupt(t, third), api.CodeUnknown, 0)
	o.clock.Pass(time.Minute - time.Microsecond)
	check("previous, to the last", second, api.CodeOK, 2)
	o.clock.Pass(time.Microsecond)
	check("previous, overlap over", second, api.CodeRetired, 2)
	check("current", third, api.CodeOK, 3)
	o.edit(l, func(t *verify.Token) { t.Revoked = true })
	check("retired, of a revoked token", first, api.CodeRetired, 1)
	check("current, of a revoked token", third, api.CodeRevoked, 3)
}

func TestASecretWithoutAnEndIsTheCurrentOneAlone(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	l, first := o.issue(nil)
	second := o.rotate(l) // the end of the first was forgotten
	o.expect(api.CodeRetired, bearer(first))
	o.expect(api.CodeOK, bearer(second))
	o.edit(l, func(t *verify.Token) { t.Secrets = nil })
	o.expect(api.CodeUnknown, bearer(second))
}

func TestSecretsUnderOtherKeys(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	l, first := o.issue(nil)
	old := o.keys
	rotated, err := old.Rotate(rand.Reader, epoch)
	must(t, err)
	o.keys = rotated
	second := o.rotate(l, time.Hour)
	o.Engine = verify.New(o.source, rotated, verify.Config{Now: o.clock.Now})
	for _, secret := range []string{first, second} {
		o.expect(api.CodeOK, bearer(secret))
	}
	o.Engine = verify.New(o.source, old, verify.Config{Now: o.clock.Now})
	o.expect(api.CodeOK, bearer(first))
	unsaid := func() { // its key is not in the old ring
		t.Helper()
		req, d := bearer(second), verify.Decision{}
		if err := o.Verify(t.Context(), &req, &d); err == nil || d.Code != api.CodeUnavailable {
			t.Errorf("%s, want %s", d.Code, api.CodeUnavailable)
		}
	}
	unsaid()
	o.edit(l, func(t *verify.Token) { t.Secrets = slices.Clone(t.Secrets[:1]) })
	unsaid()
}

func TestTheFirstUseIsCommittedBeforeItIsAnswered(t *testing.T) {
	t.Parallel()
	var o *office
	var uses []string
	var l token.Locator
	var failure error
	o = open(t, verify.Config{FirstUse: func(_ context.Context, presented string) error {
		uses = append(uses, presented)
		if failure == nil {
			o.edit(l, func(t *verify.Token) { // ends the old secret too
				t.Secrets = slices.Clone(t.Secrets)
				t.Secrets[0].Tracked, t.Secrets[1].RetiresAt = false, epoch
			})
		}
		return failure
	}})
	l, first := o.issue(nil)
	second := o.rotate(l, time.Hour)
	o.edit(l, func(t *verify.Token) { t.Secrets[0].Tracked = true })
	o.expect(api.CodeOK, bearer(first))
	peek := bearer(second)
	peek.Peek = true
	if d := o.ask(peek); !d.Allowed() || !d.Tracked {
		t.Errorf("a peek: %s, tracked %v", d.Code, d.Tracked)
	}
	o.expect(api.CodeInsufficientScope, scoped(second, "", "instance:admin"))
	if len(uses) > 0 {
		t.Errorf("uses %v were committed for nothing", uses)
	}
	failure = errors.New("database is down")
	var d verify.Decision
	if err := o.Verify(t.Context(), new(bearer(second)), &d); !errors.Is(err, api.CodeUnavailable) || !errors.Is(err, failure) || d.Allowed() {
		t.Errorf("a use that was not committed: %s, %v", d.Code, err)
	}
	o.expect(api.CodeOK, bearer(first))
	failure = nil
	if d := o.ask(bearer(second)); !d.Allowed() || d.Tracked {
		t.Errorf("the first use: %s, tracked %v", d.Code, d.Tracked)
	}
	o.expect(api.CodeRetired, bearer(first))
	o.expect(api.CodeOK, bearer(second))
	if !slices.Equal(uses, []string{second, second}) {
		t.Errorf("%d uses were committed, or one of another secret", len(uses))
	}
}

func TestPrefixes(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{Prefixes: []token.Prefix{"acme", "tky"}})
	_, old := o.issue(nil)
	row, _ := o.mint()
	row.Prefix = "acme"
	s, secret := o.secret(row, 1)
	row.Secrets = []verify.Secret{s}
	o.put(row)
	for want, presented := range map[token.Prefix]string{"tky": old, "acme": secret} {
		if d := o.ask(bearer(presented)); !d.Allowed() || d.Prefix != want || d.Kind != token.Personal {
			t.Errorf("answered %s for %q", d.Code, d.Prefix)
		}
	}
}

func TestWhatADecisionTells(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	for _, label := range []string{"", "short", "exactly thirty-two bytes of text", "a label of more than thirty-two bytes: Grüße aus Köln"} {
		l, secret := o.issue(func(t *verify.Token) {
			t.Label, t.ExpiresAt, t.Metadata = label, epoch.Add(time.Hour), []byte(`{"team":"a"}`)
			t.Statements = []grant.Statement{
				{Scopes: []string{"tickets:read"}, Resources: []string{"billing", "payments"}},
				{Scopes: []string{"tickets:write"}, Resources: []string{"payments"}},
			}
		})
		for range 2 {
			d := o.ask(scoped(secret, verify.AnyResource, "tickets:write"))
			if d.Code != api.CodeOK || d.Locator != l || d.Label() != label || string(d.AppendLabel([]byte("-"))) != "-"+label {
				t.Fatalf("label %q: %s %q", label, d.Code, d.Label())
			}
			if !d.ExpiresAt.Equal(epoch.Add(time.Hour)) || string(d.Metadata) != `{"team":"a"}` || !d.At.Equal(epoch) {
				t.Errorf("expires %s, metadata %s, at %s", d.ExpiresAt, d.Metadata, d.At)
			}
			if d.Owner.Address != "ada@example.com" || d.Workspace.Slug != "acme" || d.Revision != o.revision {
				t.Errorf("owner %s, workspace %s, revision %d", d.Owner.Address, d.Workspace.Slug, d.Revision)
			}
			sameStrings(t, "scopes", d.Rights.Scopes, []string{"tickets:read", "tickets:write"})
			sameStrings(t, "resources", d.Rights.Resources, []string{"billing", "payments"})
			if s := string(d.Rights.ScopesJSON) + d.Rights.ScopeText; s != `["tickets:read","tickets:write"]tickets:read tickets:write` {
				t.Errorf("rendered %s", s)
			}
			list, text := d.Rights.ResourcesFor([]string{"tickets:write"})
			sameStrings(t, "resources to write", list, []string{"payments"})
			if string(text) != `["payments"]` {
				t.Errorf("rendered %s", text)
			}
		}
		d := o.ask(scoped(secret, "payments", "tickets:read", "tickets:delete", "builds:run"))
		sameStrings(t, "missing", d.Missing([]string{"tickets:read", "tickets:delete", "builds:run"}), []string{"tickets:delete", "builds:run"})
		if d := o.ask(bearer(corrupt(t, secret))); d.Missing([]string{"x:y"}) != nil {
			t.Error("whoever lacks the secret is told what is missing")
		}
	}
}

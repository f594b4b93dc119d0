package federation_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/federation"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

const (
	github  = "https://token.actions.githubusercontent.com"
	account = "deploy@acme.service"
	// The signatures that the issuers of a desk tell apart.
	good, bad, unread = "Z29vZA", "YmFk", "bm8"
)

// signatures are issuers that know by the signature alone who signed: everybody, nobody,
// or that nobody knows, as of keys named silent. They count who asks.
type signatures struct{ asked *int }

func (signatures) Check(string) error { return nil }

func (signatures) CheckKeys(keys []byte) error {
	if strings.Contains(string(keys), `"oct"`) {
		return api.FieldError("keys", "a secret is no public key")
	}
	return nil
}

func (s signatures) Verify(_ context.Context, _ ledger.ID, _ string, keys []byte, idToken string) ([]byte, error) {
	*s.asked++
	_, rest, _ := strings.Cut(idToken, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	switch {
	case signature == unread || strings.Contains(string(keys), "silent"):
		return nil, errors.New("the issuer does not answer")
	case signature == good:
		return base64.RawURLEncoding.DecodeString(payload)
	}
	return nil, authority.ErrNotSigned
}

// desk is a workspace whose account deploy may write tickets and read pages, and trusts
// main of one repository to write tickets.
type desk struct {
	*officetest.World
	rule  api.TrustRule
	asked int
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{World: officetest.NewWorld(t, storetest.SQLite(t))}
	d.Office = office.New(authority.Options{Store: d.Store, Keys: d.Keys, Now: d.Clock.Now, Rand: rand.Reader, Issuers: signatures{&d.asked}})
	d.Engine = verify.New(d.Office, d.Keys, verify.Config{Now: d.Clock.Now, FirstUse: d.FirstUse, Prefixes: []token.Prefix{token.DefaultPrefix}})
	d.Observe(d.Engine)
	d.Account("deploy", "tickets:*", "pages:read")
	d.rule = d.trust(d.Root, nil)
	return d
}

// asks is a request for the rule of a desk; change makes another of it.
func asks(change func(*api.CreateTrustRule)) api.CreateTrustRule {
	in := api.CreateTrustRule{ServiceAccount: "deploy"}
	in.Label, in.Issuer, in.Audience = api.Some("main of api"), api.Some(github), api.Some(audience)
	in.Claims = api.Some(map[string][]string{"repository_id": {"7001"}, "ref": {"refs/heads/*"}})
	in.Rights = officetest.Rights("tickets:write")
	if change != nil {
		change(&in)
	}
	return in
}

// trust makes a rule that must be granted.
func (d *desk) trust(c authority.Caller, change func(*api.CreateTrustRule)) api.TrustRule {
	d.Helper()
	done, err := d.CreateTrustRule(d.Ctx, c, "acme", asks(change))
	officetest.Must(d.T, err)
	return done.Value
}

// edit changes a rule, which must be granted.
func (d *desk) edit(c authority.Caller, change func(*api.TrustRuleFields)) api.TrustRule {
	d.Helper()
	done, err := d.EditTrustRule(d.Ctx, c, "acme", d.rule.ID, patch(change))
	officetest.Must(d.T, err)
	return done.Value
}

func patch(change func(*api.TrustRuleFields)) (in api.EditTrustRule) {
	change(&in.TrustRuleFields)
	return in
}

type claims map[string]any

// idToken is that of a job on main which was pushed to; what is said replaces what it says,
// and nil leaves it out.
func (d *desk) idToken(said claims) string { return d.signedBy(good, said) }

func (d *desk) signedBy(signature string, said claims) string {
	now := d.Clock.Now()
	all := claims{"iss": github, "aud": audience, "sub": "repo:octo/api:ref:refs/heads/main", "repository_id": "7001", "ref": "refs/heads/main",
		"event_name": "push", "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
	maps.Copy(all, said)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	b, err := json.Marshal(all)
	officetest.Must(d.T, err)
	return "e30." + base64.RawURLEncoding.EncodeToString(b) + "." + signature
}

// exchange presents an ID token for the account deploy.
func (d *desk) exchange(idToken string, scopes ...string) (authority.Issued, error) {
	return d.ExchangeToken(d.Ctx, authority.Caller{}, federation.Presented{Account: account, IDToken: idToken, Scopes: scopes})
}

// named does so under the name of a request.
func (d *desk) named(key, idToken string, scopes ...string) (authority.Issued, error) {
	c := authority.Caller{Retry: authority.Retry{Key: key}}
	return d.ExchangeToken(d.Ctx, c, federation.Presented{Account: account, IDToken: idToken, Scopes: scopes})
}

// given is what an ID token is exchanged for, which must be.
func (d *desk) given(idToken string, scopes ...string) authority.Issued {
	d.Helper()
	out, err := d.exchange(idToken, scopes...)
	officetest.Must(d.T, err)
	return out
}

// keyed is a token of acme with scopes on everything.
func (d *desk) keyed(life time.Duration, scopes ...string) authority.Issued {
	d.Helper()
	in := officetest.Scoped("workspace", "", scopes...)
	in.ExpiresIn = api.Some(api.Duration(life))
	return d.Create(d.Root, in)
}

// says holds a text against another.
func (d *desk) says(what, got, want string) {
	d.Helper()
	if got != want {
		d.Errorf("%s: %q, want %q", what, got, want)
	}
}

// code is what a door makes of an error; ok for none.
func code(err error) string {
	if err == nil {
		return string(api.CodeOK)
	}
	return string(api.AsError(err).Code)
}

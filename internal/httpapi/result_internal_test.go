package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/foreign"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// facts is a source of one token, so that the fuzzer reaches every text of a
// decision through the engine that makes it.
type facts struct {
	token     verify.Token
	owner     verify.Owner
	workspace verify.Workspace
}

func (f *facts) VerifyToken(context.Context, token.Locator) (verify.Token, int64, error) {
	return f.token, 1, nil
}

func (f *facts) VerifyOwner(context.Context, verify.OwnerKey) (verify.Owner, int64, error) {
	return f.owner, 1, nil
}

func (f *facts) VerifyDerived(context.Context, token.Locator, string) (token.Digest, error) {
	return token.Digest{}, verify.ErrNotFound
}

func (f *facts) VerifyFormats(context.Context) ([]*foreign.Format, int64, error) { return nil, 1, nil }

func (f *facts) VerifyWorkspace(context.Context, int64) (verify.Workspace, int64, error) {
	return f.workspace, 1, nil
}

// FuzzResultIsWhatEncodingJSONWrites holds the answer written by hand against
// the wire type written by the library.
func FuzzResultIsWhatEncodingJSONWrites(f *testing.F) {
	keys, err := token.GenerateKeyring(rand.Reader, time.Unix(1e9, 0))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("label", "Ada", "ada@example.com", "ext", "acme", "cust", "k", "v", "tickets:read", uint8(0), int64(0), uint16(0))
	f.Add("\"<\\>&\u2028\x00\x7f\xff…", "\t\r\n", "ä@b", "\u2029", "a-b", "", "\"", "\xed\xa0\x80", "a:b", uint8(1), int64(1799999999), uint16(3))
	f.Add("", "", "", "", "", "", "", "", "x:y", uint8(7), int64(-5), uint16(1))
	f.Add("a label that is longer than thirty-two bytes, so that it is kept elsewhere", "n", "a", "e", "s", "x", "", "", "product:read", uint8(14), int64(3), uint16(9))
	f.Fuzz(func(t *testing.T, label, name, address, ownerExternal, slug, external, key, value, scope string, state uint8, expiry int64, limit uint16) {
		secret, d := decide(t, keys, &facts{
			token:     fuzzToken(label, key, value, state, expiry, limit),
			owner:     verify.Owner{PublicID: "usr_1", Address: address, Name: name, ExternalID: ownerExternal, Active: state&8 == 0, Statements: []grant.Statement{{Scopes: []string{"a:b", "x:*"}, Resources: []string{"p", "q*"}}}},
			workspace: verify.Workspace{ID: 1, Slug: slug, ExternalID: external, Policy: api.Policy{SupportContact: &api.SupportContact{Email: value}}},
		}, scope)
		var w resultWriter
		w.result(d, []string{scope}, "req_1")
		want, err := json.Marshal(spelled(d, []string{scope}, "req_1"))
		if err != nil {
			t.Fatal(err)
		}
		var got, expected any
		if err := json.Unmarshal(w.b, &got); err != nil {
			t.Fatalf("%v for %q: %q", err, secret, w.b)
		}
		if err := json.Unmarshal(want, &expected); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(expected, got); diff != "" {
			t.Error(diff)
		}
		var typed api.VerifyResult
		if err := json.Unmarshal(w.b, &typed); err != nil {
			t.Error(err)
		}
	})
}

func fuzzToken(label, key, value string, state uint8, expiry int64, limit uint16) verify.Token {
	tok := verify.Token{
		Locator: token.Locator([]byte("abcdefghijkl")), Prefix: token.DefaultPrefix, Kind: token.Personal, Workspace: 1,
		Owner: verify.OwnerKey{Type: verify.OwnerMember, ID: 1}, Label: label, Revoked: state&1 != 0, Disabled: state&2 != 0,
	}
	if key != "" {
		tok.Metadata, _ = json.Marshal(api.Metadata{key: value})
	}
	if expiry > 0 {
		tok.ExpiresAt = time.Unix(expiry%1e11, expiry%1e9)
	}
	if limit > 0 {
		tok.RateLimit = &api.RateLimit{Requests: int(limit), Window: api.Day}
	}
	if state&4 != 0 {
		tok.AllowedIPs = []netip.Prefix{}
	}
	return tok
}

// decide mints a secret for the token, and asks about it.
func decide(t *testing.T, keys *token.Keyring, f *facts, scopes ...string) (string, *verify.Decision) {
	t.Helper()
	secret, err := token.Mint(rand.Reader, f.token.Prefix, f.token.Kind, f.token.Locator)
	if err != nil {
		t.Fatal(err)
	}
	digest, id := keys.Digest(secret.Reveal())
	f.token.Secrets = []verify.Secret{{Digest: digest, Key: id, Number: 1}}
	e := verify.New(f, keys, verify.Config{Capacity: 4, Unknown: 4, Meters: 256, Now: func() time.Time { return time.Unix(1e9, 0) }})
	var d verify.Decision
	if err := e.Verify(t.Context(), &verify.Request{Token: secret.Reveal(), Scopes: scopes, Resource: verify.AnyResource, Cost: 1}, &d); err != nil {
		t.Fatal(err)
	}
	return secret.Reveal(), &d
}

// spelled is the answer as the wire type.
func spelled(d *verify.Decision, scopes []string, requestID string) api.VerifyResult {
	v := api.VerifyResult{Allowed: d.Allowed(), Code: d.Code, Missing: missingOf(d, scopes), RequestID: requestID, Revision: d.Revision,
		ExpiresAt: api.When(d.ExpiresAt)}
	if !d.Matched {
		return v
	}
	if !d.Allowed() {
		v.Detail = why(d)
	}
	id := d.Locator.String()
	if d.Owner.Address != "" {
		id = d.Owner.Address + "_" + id
	}
	v.Token = &api.VerifiedToken{ID: id, Locator: d.Locator.String(), Kind: d.Kind.String(), Label: d.Label(),
		Masked: token.Mask(d.Prefix, d.Kind, d.Locator), Metadata: api.Metadata{}}
	if d.Metadata != nil {
		_ = json.Unmarshal(d.Metadata, &v.Token.Metadata)
	}
	o := d.Owner
	v.Principal = &api.Principal{Type: o.Key.Type.String(), ID: o.PublicID, Address: o.Address, Name: o.Name}
	if o.ExternalID != "" {
		v.Principal.ExternalID = &o.ExternalID
	}
	v.Workspace = d.Workspace.Slug
	if d.Workspace.ExternalID != "" {
		v.WorkspaceExternalID = &d.Workspace.ExternalID
	}
	if d.Allowed() || d.Code.Info().Status != 401 {
		v.Scopes, v.Resources = d.Rights.Scopes, d.Rights.Resources
	}
	if d.Allowed() {
		v.Resources, _ = d.Rights.ResourcesFor(scopes)
	}
	if d.Rate.Limited {
		v.RateLimit = &api.RateState{Limit: d.Rate.Limit, Remaining: d.Rate.Remaining, Reset: int(wholeSeconds(d.Rate.Reset))}
	}
	if d.Code == api.CodeRateLimited {
		v.RetryAfter = int(max(wholeSeconds(d.Rate.RetryAfter), 1))
	}
	return v
}

// FuzzHeaderText: no text breaks out of its header field, and each comes back.
func FuzzHeaderText(f *testing.F) {
	for _, s := range []string{"", "plain", "100%", "ä\r\nX: y", " a ", "\x00\x7f", "日本"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := headerText(s)
		if strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r > '~' }) || strings.TrimSpace(got) != got {
			t.Errorf("%q becomes %q", s, got)
		}
		if back, err := url.PathUnescape(got); err != nil || back != s {
			t.Errorf("%q becomes %q becomes %q, %v", s, got, back, err)
		}
	})
}

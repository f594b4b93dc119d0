package input_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
)

// live is a whole token string, as somebody pastes it into the wrong field.
const live = "tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7"

// refuses says that a check refuses with the field's name, and does not repeat what
// it was given.
func refuses(t *testing.T, err error, field, given string) {
	t.Helper()
	if !errors.Is(err, api.CodeInvalidField) || api.AsError(err).Field != field {
		t.Errorf("%q: %v, want the field %s", given, err, field)
		return
	}
	if len(given) > 8 && strings.Contains(err.Error(), given) {
		t.Errorf("the refusal repeats %q: %v", given, err)
	}
}

func accepts(t *testing.T, err error, given string) {
	t.Helper()
	if err != nil {
		t.Errorf("%q: %v", given, err)
	}
}

func TestTextsAreBoundedInCharactersAndHoldNoSecret(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"a", "ten chars!", "zehn Töne!", strings.Repeat("é", 10), "a\u200bb"} {
		accepts(t, input.Text("label", s, 1, 10), s)
	}
	accepts(t, input.Text("label", "", 0, 10), "")
	for _, s := range []string{"", " ", "\t", "eleven char", "a\x00b", "a\nb", "a\x7fb", "\xff", strings.Repeat("é", 11)} {
		refuses(t, input.Text("label", s, 1, 10), "label", s)
	}
	for _, s := range []string{live, "see " + live + " there", strings.ToUpper("x") + live} {
		refuses(t, input.Text("label", s, 0, 200), "label", s)
		refuses(t, input.Secretless("label", s), "label", s)
	}
}

func TestNamesOfWorkspacesAreLowerCaseAndNoKeywords(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"acme", "a", "0", "acme-2", strings.Repeat("a", 63)} {
		accepts(t, input.Slug(s), s)
	}
	for _, s := range []string{"", "-a", "Acme", "a_b", "a.b", "é", strings.Repeat("a", 64), "any", "self", "me", "admin", "instance"} {
		refuses(t, input.Slug(s), "slug", s)
	}
}

func TestAnEmailIsOnePlainAddressInLowerCase(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{"ada@example.com": "ada@example.com", "Ada@Example.COM": "ada@example.com", "a+b@x.y": "a+b@x.y"} {
		got, err := input.Email("email", s)
		accepts(t, err, s)
		if got != want {
			t.Errorf("%q is %q", s, got)
		}
	}
	for _, s := range []string{
		"", "ada", "@example.com", "ada@", "Ada <ada@example.com>", "ada@example.com, eve@example.com", "ada@exämple.com", "a da@example.com",
		"ada@example.com\n", "ada/x@example.com", "ada@workspace", "ada@x.service", "ada@service", live + "@example.com", strings.Repeat("a", 251) + "@x.y",
	} {
		_, err := input.Email("email", s)
		refuses(t, err, "email", s)
	}
}

func TestMetadataIsFlatAndSmall(t *testing.T) {
	t.Parallel()
	accepts(t, input.Metadata(api.Metadata{"team": "core", "n": json.Number("9007199254740993"), "on": true}), "scalars")
	many := api.Metadata{}
	for i := range 51 {
		many[strings.Repeat("k", i+1)] = "v"
	}
	for what, m := range map[string]api.Metadata{
		"too many keys": many, "a list": {"a": []any{1}}, "an object": {"a": map[string]any{}}, "null": {"a": nil}, "an empty key": {"": "v"},
		"a long key": {strings.Repeat("k", 65): "v"}, "a long value": {"a": strings.Repeat("v", 4097)}, "a huge number": {"a": json.Number("1e999")},
		"a secret": {"a": live}, "a secret as a key": {live: "a"},
	} {
		refuses(t, input.Metadata(m), "metadata", what)
	}
}

func TestAnAllowListIsOfNetworksWithoutHostBits(t *testing.T) {
	t.Parallel()
	got, err := input.Prefixes("allowed_ips", []string{"203.0.113.7", "10.0.0.0/8", "::ffff:10.0.0.0/104", "2001:db8::/32", "::ffff:192.0.2.1"})
	accepts(t, err, "a list")
	var want []netip.Prefix
	for _, s := range []string{"203.0.113.7/32", "10.0.0.0/8", "10.0.0.0/8", "2001:db8::/32", "192.0.2.1/32"} {
		want = append(want, netip.MustParsePrefix(s))
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	for _, list := range [][]string{nil, {}, make([]string, 101), {""}, {"10.0.0.1/8"}, {"10.0.0.0/33"}, {"fe80::1%eth0"}, {"example.com"}, {"10.0.0.0/8", "x"}} {
		_, err := input.Prefixes("allowed_ips", list)
		refuses(t, err, "allowed_ips", strings.Join(list, " "))
	}
}

func TestALimitIsARealOne(t *testing.T) {
	t.Parallel()
	accepts(t, input.Limit("rate_limit", api.Opt[api.RateLimit]{}), "none")
	accepts(t, input.Limit("rate_limit", api.Null[api.RateLimit]()), "null")
	for l, field := range map[api.RateLimit]string{
		{Requests: 1, Window: 1e9}:             "",
		{Requests: 1e9, Window: 366 * api.Day}: "",
		{Requests: 0, Window: 1e9}:             "rate_limit.requests",
		{Requests: -1, Window: 1e9}:            "rate_limit.requests",
		{Requests: 1e9 + 1, Window: 1e9}:       "rate_limit.requests",
		{Requests: 1, Window: 1e9 - 1}:         "rate_limit.window",
		{Requests: 1, Window: 367 * api.Day}:   "rate_limit.window",
	} {
		err := input.Limit("rate_limit", api.Some(l))
		if field == "" {
			accepts(t, err, l.Window.String())
			continue
		}
		refuses(t, err, field, "")
	}
}

func TestAnExternalIDSaysSomething(t *testing.T) {
	t.Parallel()
	accepts(t, input.ExternalID("42"), "42")
	for _, s := range []string{"", " ", strings.Repeat("x", 201), live} {
		refuses(t, input.ExternalID(s), "external_id", s)
	}
	accepts(t, input.OneOf("kind", api.Some("a"), "a", "b"), "a")
	accepts(t, input.OneOf("kind", api.Opt[string]{}, "a", "b"), "nothing")
	refuses(t, input.OneOf("kind", api.Some(""), "a", "b"), "kind", "")
}

package input_test

import (
	"encoding/json"
	"errors"
	"math"
	"net/netip"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
)

// What is taken for an e-mail address is one in its own form: asked again it is the
// same, so that no two spellings are two people.
func TestLawAnEmailHasOneForm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[A-Za-z0-9.+_"-]{1,6}@[A-Za-z0-9.-]{1,8}`)).Draw(t, "email")
		one, err := input.Email("email", s)
		if err != nil {
			return
		}
		again, err := input.Email("email", one)
		if err != nil || again != one || strings.ToLower(one) != one || strings.Count(one, "@") != 1 {
			t.Fatalf("%q is %q, and then %q (%v)", s, one, again, err)
		}
		if strings.ContainsFunc(one, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Fatalf("%q is taken", one)
		}
	})
}

// A text that is taken can be shown and stored: it is text, within its bounds, and
// has nothing that ends a line.
func TestLawATextThatIsTakenIsOneLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{live, " ", "\u00a0", "\u2003", "a\u0085b", "\u0000"})).Draw(t, "text")
		least := rapid.IntRange(0, 1).Draw(t, "least")
		if input.Text("label", s, least, 5) != nil {
			return
		}
		n := utf8.RuneCountInString(s)
		if !utf8.ValidString(s) || n < least || n > 5 || strings.ContainsFunc(s, unicode.IsControl) || least > 0 && strings.TrimSpace(s) == "" {
			t.Fatalf("%q is taken", s)
		}
	})
}

// An entry of an allow-list holds the addresses that it names, as IPv4 where they
// are, and none besides.
func TestLawAnEntryHoldsWhatItNames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := [4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address"))
		a, bits := netip.AddrFrom4(b), rapid.IntRange(0, 32).Draw(t, "bits")
		network := netip.PrefixFrom(a, bits).Masked()
		mapped := netip.PrefixFrom(netip.AddrFrom16(network.Addr().As16()), bits+96)
		for _, s := range []string{network.String(), mapped.String()} {
			p, ok := input.Prefix(s)
			if !ok || p != network || !p.Contains(a) {
				t.Fatalf("%s is %v, %t", s, p, ok)
			}
		}
		if _, ok := input.Prefix(netip.PrefixFrom(a, bits).String()); ok != (netip.PrefixFrom(a, bits) == network) {
			t.Fatalf("%v with host bits is taken: %t", netip.PrefixFrom(a, bits), ok)
		}
	})
}

// The bounds that a message names are those that hold, at both of their sides.
func TestBoundsHoldWhereTheyAreSaid(t *testing.T) {
	t.Parallel()
	value := func(n int) api.Metadata { return api.Metadata{"k": strings.Repeat("v", n)} }
	const frame = len(`{"k":""}`)
	accepts(t, input.Metadata(value(4096-frame)), "4 KiB")
	refuses(t, input.Metadata(value(4096-frame+1)), "metadata", "more than 4 KiB")
	accepts(t, input.Metadata(api.Metadata{strings.Repeat("é", 64): true}), "a key of 64 characters")
	accepts(t, input.Metadata(api.Metadata{"max": json.Number("1.7976931348623157e308"), "int": int64(math.MaxInt64), "n": 7, "f": 0.5}), "numbers")
	for _, n := range []any{math.NaN(), math.Inf(1), json.Number("x"), json.Number("1e309")} {
		refuses(t, input.Metadata(api.Metadata{"n": n}), "metadata", "no number")
	}
	accepts(t, input.ExternalID(strings.Repeat("x", 200)), "200 characters")
	list := make([]string, 100)
	for i := range list {
		list[i] = "192.0.2.1"
	}
	_, err := input.Prefixes("allowed_ips", list)
	accepts(t, err, "100 entries")
	if _, err := input.Email("email", strings.Repeat("a", 250)+"@x.y"); err != nil {
		t.Errorf("254 bytes: %v", err)
	}
}

// The first thing that is wrong is told, and what is well is no error.
func TestTheFirstRefusalIsTold(t *testing.T) {
	t.Parallel()
	one, other := errors.New("one"), errors.New("other")
	if input.First() != nil || input.First(nil, nil) != nil || !errors.Is(input.First(nil, one, other), one) {
		t.Error("not the first")
	}
	if err := input.OneOf("kind", api.Some("c"), "a", "b"); err == nil || !strings.Contains(err.Error(), "must be one of a, b") {
		t.Errorf("%v", err)
	}
}

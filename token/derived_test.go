package token_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/tokenry/tokenry/token"
	"pgregory.net/rapid"
)

// derivedVectors is testdata/derived.json, made by other code in another language.
type derivedVectors struct {
	Derived []struct {
		Why, Token, Key, Derived string
		Terms                    struct {
			Scopes, Resources []string
			Addresses         []netip.Prefix
			ExpiresAt         time.Time `json:"expires_at"`
		}
	}
	Refused []struct{ Why, Derived string }
}

func readDerived(t testing.TB) (v derivedVectors) {
	t.Helper()
	b, err := os.ReadFile("testdata/derived.json")
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var sameTerms = cmp.Options{cmpopts.EquateComparable(netip.Prefix{})}

func derive(t testing.TB, secret string, terms token.Terms) string {
	t.Helper()
	s, err := token.Derive(token.NewSecret(secret), terms)
	if err != nil {
		t.Fatal(err)
	}
	return s.Reveal()
}

// findable are token strings and derived ones: all that holds a secret.
func findable(t *testing.T) []string {
	t.Helper()
	all := samples(t)
	for i, s := range all[:2] {
		all = append(all, derive(t, s, token.Terms{Addresses: []netip.Prefix{netip.MustParsePrefix("::/0")}}),
			derive(t, s, token.Terms{Scopes: []string{"tickets:read", "tickets:write", "a:b"}, Resources: []string{"project-alpha", fmt.Sprint("p", i)}}))
	}
	return all
}

func TestDerivedVectorsAreMadeAndRead(t *testing.T) {
	t.Parallel()
	for _, v := range readDerived(t).Derived {
		terms := token.Terms(v.Terms)
		if got := derive(t, v.Token, terms); got != v.Derived {
			t.Errorf("%s: derived %s, want %s", v.Why, got, v.Derived)
		}
		d, err := token.ParseDerived(v.Derived)
		if diff := cmp.Diff(terms, d.Terms, sameTerms); err != nil || diff != "" {
			t.Errorf("%s: %v, %s", v.Why, err, diff)
		}
		key := token.DerivationKey(token.NewSecret(v.Token))
		if hex.EncodeToString(key) != v.Key || !d.SignedBy(key) {
			t.Errorf("%s: the key is %x", v.Why, key)
		}
		p, err := token.Parse(v.Token)
		if p.Derived = true; err != nil || d.Parsed != p || !token.IsDerived(v.Derived) || token.IsDerived(v.Token) {
			t.Errorf("%s: %+v of %+v", v.Why, d.Parsed, p)
		}
		if got, err := token.ParseAny(v.Derived); err != nil || got != p {
			t.Errorf("%s: any is %+v, %v", v.Why, got, err)
		}
		if _, err := token.Parse(v.Derived); !errors.Is(err, token.ErrMalformed) {
			t.Errorf("%s: taken for the token itself", v.Why)
		}
	}
}

func TestWhatIsNoDerivedTokenIsMalformed(t *testing.T) {
	t.Parallel()
	for _, v := range readDerived(t).Refused {
		d, err := token.ParseDerived(v.Derived)
		if !errors.Is(err, token.ErrMalformed) || !cmp.Equal(d.Terms, token.Terms{}, sameTerms) || d.Parsed != (token.Parsed{}) {
			t.Errorf("%s: %+v, %v", v.Why, d.Parsed, err)
		}
		if _, err := token.ParseAny(v.Derived); !errors.Is(err, token.ErrMalformed) {
			t.Errorf("%s: any: %v", v.Why, err)
		}
	}
}

// TestEachCharacterOfADerivedTokenCounts changes each, with the checksum made right.
func TestEachCharacterOfADerivedTokenCounts(t *testing.T) {
	t.Parallel()
	secret := samples(t)[1]
	s := derive(t, secret, token.Terms{Scopes: []string{"tickets:read"}, ExpiresAt: noon})
	key := token.DerivationKey(token.NewSecret(secret))
	for i := range len(s) - token.CheckLength {
		changed := seal(s[:i] + other(s[i]) + s[i+1:len(s)-token.CheckLength])
		if d, err := token.ParseDerived(changed); err == nil && d.SignedBy(key) {
			t.Errorf("%q is signed, with another character at %d", changed, i)
		}
	}
}

// TestOnlyTheSecretSigns: neither another secret of the token nor the key that is kept.
func TestOnlyTheSecretSigns(t *testing.T) {
	t.Parallel()
	one, two := samples(t)[0], samples(t)[1]
	d, err := token.ParseDerived(derive(t, one, token.Terms{Scopes: []string{"a:b"}}))
	if err != nil {
		t.Fatal(err)
	}
	mine, others := token.DerivationKey(token.NewSecret(one)), token.DerivationKey(token.NewSecret(two))
	if !d.SignedBy(mine) || d.SignedBy(others) || d.SignedBy(nil) || d.SignedBy(make(ed25519.PublicKey, 32)) || d.SignedBy(append(mine, 0)) {
		t.Error("it is signed by another key than that of its secret")
	}
}

// TestADerivedTokenTakenApartPrintsNoSecret: its signature, and what that is of, would be the string again.
func TestADerivedTokenTakenApartPrintsNoSecret(t *testing.T) {
	t.Parallel()
	v := readDerived(t).Derived[0]
	d, err := token.ParseDerived(v.Derived)
	if err != nil {
		t.Fatal(err)
	}
	raw, ok := token.Blocks(v.Derived[len("tkypd_")+token.LocatorLength : len(v.Derived)-token.CheckLength])
	if !ok {
		t.Fatal("the string is not read")
	}
	signature := raw[len(raw)-ed25519.SignatureSize:]
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%q", "%s"} {
		for _, value := range []any{d, &d} {
			said := fmt.Sprintf(verb, value)
			for _, secret := range []string{fmt.Sprint(signature[:8])[1:20], hex.EncodeToString(signature[:8]), v.Derived[20:40]} {
				if strings.Contains(said, secret) {
					t.Errorf("%s shows %q: %s", verb, secret, said)
				}
			}
		}
	}
	var none token.Derived
	if none.SignedBy(token.DerivationKey(token.NewSecret(v.Token))) {
		t.Error("nothing is signed by somebody")
	}
}

func TestNothingIsDerivedOfWhatIsNoToken(t *testing.T) {
	t.Parallel()
	derived := derive(t, samples(t)[0], token.Terms{Scopes: []string{"a:b"}})
	for _, s := range []string{"", "tkyp_", samples(t)[0][1:], derived} {
		if got, err := token.Derive(token.NewSecret(s), token.Terms{Scopes: []string{"a:b"}}); !errors.Is(err, token.ErrMalformed) || !got.IsZero() {
			t.Errorf("of %q: %v", s, err)
		}
	}
}

func TestTermsThatNoDerivedTokenHas(t *testing.T) {
	t.Parallel()
	secret := token.NewSecret(samples(t)[0])
	long := strings.Repeat("a", 129)
	for why, terms := range map[string]token.Terms{
		"another string for the same": {},
		"at least one":                {Scopes: []string{}},
		"resources: name at least":    {Resources: []string{}},
		"addresses: name at least":    {Addresses: []netip.Prefix{}},
		"scopes: a name or pattern":   {Scopes: []string{"a b"}},
		"resources: a name":           {Resources: []string{""}},
		"at most 128":                 {Resources: []string{long}},
		"its first address":           {Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.7/24")}},
		"and its bits":                {Addresses: []netip.Prefix{{}}},
		"such as 192.0.2.0/24":        {Addresses: []netip.Prefix{netip.MustParsePrefix("::ffff:1.2.3.0/120")}},
		"between 1970":                {ExpiresAt: time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC)},
		"and 2106":                    {ExpiresAt: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)},
		"too long":                    {Scopes: []string{long[:100]}, Resources: []string{long[:100]}},
	} {
		if s, err := token.Derive(secret, terms); !errors.Is(err, token.ErrTerms) || !strings.Contains(err.Error(), why) || !s.IsZero() {
			t.Errorf("want an error with %q, got %v", why, err)
		}
	}
}

// TestDerivedTokensReadAsTheyWereMade draws terms; whatever fits is read again, within the promise.
func TestDerivedTokensReadAsTheyWereMade(t *testing.T) {
	t.Parallel()
	secret := samples(t)[0]
	key := token.DerivationKey(token.NewSecret(secret))
	names := rapid.SliceOfN(rapid.StringMatching(`[a-z0-9._-]{1,9}:(\*|[a-z]{1,9})`), 1, 4)
	networks := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) netip.Prefix {
		raw := rapid.SampledFrom([][]byte{make([]byte, 4), make([]byte, 16)}).Draw(r, "size")
		for i := range raw {
			raw[i] = rapid.Byte().Draw(r, "byte")
		}
		a, _ := netip.AddrFromSlice(raw)
		p, err := a.Prefix(rapid.IntRange(0, a.BitLen()).Draw(r, "bits"))
		if err != nil {
			r.Fatal(err)
		}
		return p
	}), 1, 4)
	rapid.Check(t, func(r *rapid.T) {
		var terms token.Terms
		if rapid.Bool().Draw(r, "scopes") {
			terms.Scopes = names.Draw(r, "of")
		}
		if rapid.Bool().Draw(r, "resources") {
			terms.Resources = names.Draw(r, "on")
		}
		if rapid.Bool().Draw(r, "addresses") {
			terms.Addresses = networks.Draw(r, "from")
		}
		if rapid.Bool().Draw(r, "end") {
			terms.ExpiresAt = time.Unix(rapid.Int64Range(1, 1<<32-1).Draw(r, "at"), 0).UTC()
		}
		s, err := token.Derive(token.NewSecret(secret), terms)
		if errors.Is(err, token.ErrTerms) {
			return
		}
		d, readErr := token.ParseDerived(s.Reveal())
		if err != nil || readErr != nil || len(s.Reveal()) > token.MaxLength || !d.SignedBy(key) || !cmp.Equal(d.Terms, terms, sameTerms) {
			r.Fatalf("%v, %v: %s", err, readErr, cmp.Diff(terms, d.Terms, sameTerms))
		}
	})
}

// FuzzParseDerived: whatever is read has one form, and what is signed can be told again.
func FuzzParseDerived(f *testing.F) {
	v := readDerived(f)
	for _, s := range v.Derived {
		f.Add(s.Derived)
	}
	for _, s := range v.Refused {
		f.Add(s.Derived)
	}
	key := token.DerivationKey(token.NewSecret(v.Derived[0].Token))
	f.Fuzz(func(t *testing.T, s string) {
		for _, s := range []string{s, seal(s)} {
			d, err := token.ParseDerived(s)
			if (err == nil) != (d.Parsed != token.Parsed{}) || err != nil && !errors.Is(err, token.ErrMalformed) {
				t.Fatalf("%+v, %v", d.Parsed, err)
			}
			if err != nil {
				continue
			}
			d.SignedBy(key)
			if found := find(t, s); len(found) != 1 || found[0] != s {
				t.Fatalf("%q is read, and found as %q", s, found)
			}
		}
	})
}

func FuzzDerivedBlocks(f *testing.F) {
	f.Add([]byte("\x01\x02\x03\x04\x05\x06\x07\x08\x09"), "0123456789A0")
	f.Fuzz(func(t *testing.T, raw []byte, chars string) {
		if got, ok := token.Blocks(string(token.AppendBlocks(nil, raw))); !ok || string(got) != string(raw) {
			t.Fatalf("%x is read as %x", raw, got)
		}
		if got, ok := token.Blocks(chars); ok && string(token.AppendBlocks(nil, got)) != chars {
			t.Fatalf("%q has another form, %q", chars, token.AppendBlocks(nil, got))
		}
	})
}

func ExampleDerive() {
	held := token.NewSecret("tkyp_7hQ2aB9cXk1Z0123456789abcdefghijklmnopqrstuv0rzHKy")
	narrow, err := token.Derive(held, token.Terms{
		Scopes:    []string{"tickets:read"},
		ExpiresAt: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(narrow.Mask(), len(narrow.Reveal()))
	// Output: tkypd_7hQ2a… 143
}

package token_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenry/tokenry/token"
)

func TestTheDescriptionGolden(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("testdata/format.json")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	enc := json.NewEncoder(&got)
	enc.SetIndent("", "  ")
	if err := enc.Encode(token.Describe("tky", "acme")); err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Error(cmp.Diff(string(want), got.String()))
	}
}

func TestTheExpressionFindsMintedTokens(t *testing.T) {
	t.Parallel()
	random := fixed("expression")
	prefixes := []token.Prefix{"tky", "acme", "ab", "abcdefghij"}
	for _, p := range prefixes {
		alone := regexp.MustCompile(token.Describe(p).RegularExpression)
		all := regexp.MustCompile(token.Describe(prefixes...).RegularExpression)
		for i := range 1000 {
			s := mint(t, random, p, token.Kinds()[i%4])
			for _, text := range []string{s, "key=" + s + "\n", `{"token":"` + s + `"}`} {
				if alone.FindString(text) != s || all.FindString(text) != s {
					t.Fatalf("in %q the expressions find %q and %q", text, alone.FindString(text), all.FindString(text))
				}
			}
		}
	}
}

func TestTheExpressionPassesOverOtherPrefixes(t *testing.T) {
	t.Parallel()
	expr := regexp.MustCompile(token.Describe("tky").RegularExpression)
	for _, p := range []token.Prefix{"tkx", "tk", "tkyp", "acme"} {
		if s := mint(t, fixed("others"), p, token.Personal); expr.MatchString(s) {
			t.Errorf("matches %q", s)
		}
	}
}

// It goes by shape alone: what is refused for its checksum it may match, what
// is refused for anything else never. As whole strings, since a token with a
// space beside it is refused by Parse and rightly found in a text.
func TestTheExpressionDoesNotMatchWhatIsRefused(t *testing.T) {
	t.Parallel()
	expr := regexp.MustCompile(`\A(?:` + token.Describe("tky", "acme").RegularExpression + `)\z`)
	for _, r := range readVectors(t).Refused {
		if expr.MatchString(r.Token) && r.Reason != "the checksum does not match" {
			t.Errorf("%s: matches %q", r.Why, r.Token)
		}
	}
	for _, s := range samples(t)[1:3] {
		for _, bad := range []string{s[1:], s[:len(s)-1], s + "0", "0" + s, "_" + s, s + "_", strings.ToUpper(s), strings.Replace(s, "_", "-", 1)} {
			if expr.MatchString(bad) {
				t.Errorf("matches %q", bad)
			}
		}
	}
}

// The largest CRC is 4gfFC3, so no checksum begins above 4.
func TestTheFirstCharacterOfAChecksum(t *testing.T) {
	t.Parallel()
	random, seen := fixed("first"), make(map[byte]bool)
	for range 2000 {
		s := mint(t, random, "tky", token.Personal)
		seen[s[len(s)-token.CheckLength]] = true
	}
	if want := map[byte]bool{'0': true, '1': true, '2': true, '3': true, '4': true}; !cmp.Equal(seen, want) {
		t.Errorf("checksums begin with %v", seen)
	}
}

func TestDescribedLengthsAreTrue(t *testing.T) {
	t.Parallel()
	random := fixed("lengths")
	lengths := token.Describe("ab", "tky", "abcdefghij").Lengths
	shortest, longest := mint(t, random, "ab", token.Personal), mint(t, random, "abcdefghij", token.Personal)
	if lengths.Shortest != len(shortest) || lengths.Longest != len(longest) || lengths.Longest > token.MaxLength {
		t.Errorf("described as %+v, minted %d to %d", lengths, len(shortest), len(longest))
	}
}

func TestWhichPrefixesAreDescribed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ given, want []token.Prefix }{
		{nil, []token.Prefix{"tky"}},
		{[]token.Prefix{"acme"}, []token.Prefix{"acme"}},
		{[]token.Prefix{"new", "old", "new"}, []token.Prefix{"new", "old"}},
		{[]token.Prefix{"", "a|b", "acme", ".*"}, []token.Prefix{"acme"}},
		{[]token.Prefix{"(", "X"}, []token.Prefix{"tky"}},
	} {
		if got := token.Describe(tt.given...).Prefixes; !cmp.Equal(got, tt.want) {
			t.Errorf("Describe(%q) describes %q, want %q", tt.given, got, tt.want)
		}
	}
}

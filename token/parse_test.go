package token_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/token"
	"pgregory.net/rapid"
)

// refuse fails the test when s is taken for a token.
func refuse(t *testing.T, s, why string) {
	t.Helper()
	if got, err := token.Parse(s); !errors.Is(err, token.ErrMalformed) || got != (token.Parsed{}) {
		t.Errorf("%s: Parse(%q) = %+v, %v", why, s, got, err)
	}
}

// samples are tokens of each kind under prefixes of each length.
func samples(t *testing.T) []string {
	t.Helper()
	var all []string
	random := fixed("samples")
	for i, p := range []token.Prefix{"ab", "tky", "acme", "a0000", "tkyppp", "abcdefg", "z9z9z9z9", "abcdefghi", "abcdefghij"} {
		all = append(all, mint(t, random, p, token.Kinds()[i%4]))
	}
	return all
}

func TestEverySingleWrongCharacterIsRefused(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t) {
		for i := range len(s) {
			for _, c := range base62 + "_" {
				if byte(c) != s[i] {
					refuse(t, s[:i]+string(c)+s[i+1:], "one character changed")
				}
			}
		}
	}
}

// Not only letters: any other byte in any place.
func TestEverySingleWrongByteIsRefused(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t) {
		for i := range len(s) {
			for c := range 256 {
				if byte(c) != s[i] {
					refuse(t, s[:i]+string([]byte{byte(c)})+s[i+1:], "one byte changed")
				}
			}
		}
	}
}

func TestCutAndExtendedTokensAreRefused(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t) {
		for n := 1; n <= len(s); n++ {
			refuse(t, s[:len(s)-n], "cut at the end")
			refuse(t, s[n:], "cut at the start")
			refuse(t, s+s[:n], "extended by its own start")
			refuse(t, s+strings.Repeat("0", n), "extended by zeros")
		}
		for i := range len(s) {
			refuse(t, s[:i]+s[i+1:], "one character missing")
			refuse(t, s[:i]+s[i:i+1]+s[i:], "one character doubled")
		}
		for _, c := range base62 + "_" {
			refuse(t, s+string(c), "one character after it")
			refuse(t, string(c)+s, "one character before it")
		}
	}
}

func TestOtherCasesAreRefused(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t) {
		refuse(t, strings.ToUpper(s), "upper case")
		refuse(t, strings.ToLower(s), "lower case")
		head, body, _ := strings.Cut(s, "_")
		refuse(t, strings.ToUpper(head)+"_"+body, "prefix and kind in upper case")
		refuse(t, strings.ToUpper(s[:1])+s[1:], "prefix capitalised")
	}
}

// Nothing is trimmed and nothing is folded, wherever it stands.
func TestStrangeCharactersAreRefused(t *testing.T) {
	t.Parallel()
	strange := map[string]string{
		"space": " ", "tab": "\t", "line feed": "\n", "carriage return": "\r", "CRLF": "\r\n", "NUL": "\x00",
		"vertical tab": "\v", "delete": "\x7f", "quote": `"`, "hyphen": "-", "full stop": ".", "plus": "+",
		"slash": "/", "equals": "=", "percent": "%20", "no-break space": "\u00a0", "zero-width space": "\u200b",
		"zero-width joiner": "\u200d", "byte order mark": "\ufeff", "right-to-left override": "\u202e",
		"soft hyphen": "\u00ad", "full-width A": "\uff21", "full-width low line": "\uff3f", "Kelvin sign": "\u212a",
		"long s": "\u017f", "Cyrillic a": "\u0430", "Arabic-Indic one": "\u0661", "combining accent": "\u0301",
		"half a rune": "\xc3", "byte 0xff": "\xff",
	}
	for _, s := range samples(t) {
		for name, c := range strange {
			refuse(t, c+s, name+" before it")
			refuse(t, s+c, name+" after it")
			refuse(t, c+s+c, name+" around it")
			for i := 1; i < len(s); i++ {
				refuse(t, s[:i]+c+s[i:], name+" within it")
				refuse(t, s[:i]+c+s[min(i+len(c), len(s)):], name+" in place of as many bytes")
			}
		}
	}
}

// Truncation was accepted elsewhere (CVE-2026-27840); a checksum that happens to
// fit makes no other length good here.
func TestOtherLengthsAreRefusedEvenWithAFittingChecksum(t *testing.T) {
	t.Parallel()
	for n := range 300 {
		body := strings.Repeat("0", n)
		_, err := token.Parse(seal("tkyp_" + body))
		if want := n == token.LocatorLength+token.SecretLength; (err == nil) != want {
			t.Errorf("with %d characters before its checksum: %v", n, err)
		}
	}
}

// Who can compute a checksum can write well-formed strings. They are other
// strings, with other digests, and that is all the checksum is for.
func TestAFlippedTokenWithItsChecksumMendedIsAnotherToken(t *testing.T) {
	t.Parallel()
	ring := newRing(t)
	for _, s := range samples(t) {
		at := strings.Index(s, "_") + 1 + token.LocatorLength // the first of the secret
		flipped := seal(s[:at] + other(s[at]) + s[at+1:len(s)-token.CheckLength])
		was, _ := token.Parse(s)
		is, err := token.Parse(flipped)
		if err != nil || is != was {
			t.Errorf("Parse = %+v, %v; want the same parts as before, %+v", is, err, was)
		}
		before, _ := ring.Digest(s)
		after, _ := ring.Digest(flipped)
		if flipped == s || before.Equal(after) {
			t.Error("the flipped string has the digest of the true one")
		}
	}
}

// Guesses of a checksum do not come true: 10,000 random ones on one body.
func TestGuessedChecksumsAreRefused(t *testing.T) {
	t.Parallel()
	s := samples(t)[1]
	body, check := s[:len(s)-token.CheckLength], s[len(s)-token.CheckLength:]
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		guess := make([]byte, token.CheckLength)
		for i := range guess {
			guess[i] = base62[random.IntN(len(base62))]
		}
		if string(guess) != check {
			refuse(t, body+string(guess), "checksum guessed")
		}
	}
}

func TestErrorsSayNothingOfTheInput(t *testing.T) {
	t.Parallel()
	const marker = "Hunter2"
	for _, s := range []string{marker, marker + strings.Repeat("x", 50), strings.Repeat(marker, 8), "tkyp_" + strings.Repeat(marker, 8)[:50]} {
		_, err := token.Parse(s)
		_, errPrefix := token.ParsePrefix(s)
		_, errKind := token.ParseKind(s)
		_, errLocator := token.ParseLocator(s)
		for _, err := range []error{err, errPrefix, errKind, errLocator} {
			if !errors.Is(err, token.ErrMalformed) || strings.Contains(err.Error(), marker) {
				t.Errorf("%q is refused with %v", s, err)
			}
		}
	}
}

func TestMintedTokensParseToTheirParts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, k, l := genPrefix.Draw(t, "prefix"), genKind.Draw(t, "kind"), genLocator.Draw(t, "locator")
		secret, err := token.Mint(fixed(rapid.String().Draw(t, "seed")), p, k, l)
		if err != nil {
			t.Fatal(err)
		}
		got, err := token.Parse(secret.Reveal())
		if want := (token.Parsed{Prefix: p, Kind: k, Locator: l}); err != nil || got != want {
			t.Fatalf("Parse = %+v, %v; want %+v", got, err, want)
		}
	})
}

var (
	genPrefix  = rapid.Map(rapid.StringMatching(`[a-z][a-z0-9]{1,9}`), func(s string) token.Prefix { return token.Prefix(s) })
	genKind    = rapid.SampledFrom(token.Kinds())
	genLocator = rapid.Map(rapid.StringMatching(`[0-9A-Za-z]{12}`), func(s string) token.Locator { return token.Locator([]byte(s)) })
)

package token_test

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/token"
	"pgregory.net/rapid"
)

// A secret that is glued to a word is a secret all the same.
func TestATextHoldsATokenWhateverTouchesIt(t *testing.T) {
	t.Parallel()
	for _, s := range findable(t) {
		p, err := token.ParseAny(s)
		if err != nil {
			t.Fatal(err)
		}
		mask := p.Mask()
		for _, text := range []string{
			"@", " @ ", "name_@", "@_old", "x@", "@x", "9@9", "API_TOKEN_@_backup", `\n@`, "%3D@%0A", "ü@ü", "@@", "@_@", "a_@-@_b", "\x00@",
		} {
			given, want := strings.ReplaceAll(text, "@", s), strings.ReplaceAll(text, "@", mask)
			if !token.Contains(given) || !token.Contains([]byte(given)) {
				t.Errorf("no token is seen in %q", given)
			}
			if got := token.Redact(given); got != want {
				t.Errorf("Redact(%q) = %q, want %q", given, got, want)
			}
			if got := token.Redact([]byte(given)); string(got) != want {
				t.Errorf("Redact of the bytes %q = %q, want %q", given, got, want)
			}
		}
	}
}

func TestATextWithoutATokenIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	s := samples(t)[0]
	for _, text := range []string{"", "_", "tkyp_", s[:len(s)-1], s[1:], "a_b_" + strings.Repeat("a", 60), strings.Replace(s, "_", "-", 1)} {
		if token.Contains(text) || token.Redact(text) != text || !bytes.Equal(token.Redact([]byte(text)), []byte(text)) {
			t.Errorf("a token is seen in %q", text)
		}
	}
}

// Whatever Find finds is contained and redacted, and nothing is left to contain
// afterwards; also where the end of one token is the head of the next.
func TestWhatIsRedactedHoldsNoTokenAnyMore(t *testing.T) {
	t.Parallel()
	all := findable(t)
	rapid.Check(t, func(r *rapid.T) {
		var text string
		for range rapid.IntRange(0, 6).Draw(r, "pieces") {
			text += rapid.OneOf(rapid.SampledFrom(all), rapid.SampledFrom([]string{"_", " ", "x", "tkyp", `\n`, "%", "tkyp_"}), rapid.String()).Draw(r, "piece")
			if n := len(text); n > 0 {
				text = text[:n-rapid.IntRange(0, min(n, 6)).Draw(r, "overlap")]
			}
		}
		if len(find(t, text)) > 0 && !token.Contains(text) {
			r.Fatalf("Find sees a token in %q and Contains none", text)
		}
		if got := token.Redact(text); token.Contains(got) {
			r.Fatalf("Redact(%q) = %q holds a token", text, got)
		}
	})
}

// Whoever makes up strings can let the end of one be the head of the next.
func TestTheEndOfATokenCanBeTheHeadOfAnother(t *testing.T) {
	t.Parallel()
	locator := strings.Repeat("0", token.LocatorLength)
	for n := range 10_000_000 {
		first := checked("tkyp_" + locator + fmt.Sprintf("%032d", n))
		if !strings.HasSuffix(first, "abp") {
			continue
		}
		second := checked("abp_" + locator + strings.Repeat("1", token.SecretLength))
		if got := token.Redact(first + strings.TrimPrefix(second, "abp")); token.Contains(got) {
			t.Errorf("%q holds a token", got)
		}
		return
	}
	t.Fatal("no such token was found")
}

// checked is a string with the checksum of a token behind it.
func checked(s string) string {
	sum := crc32.ChecksumIEEE([]byte(s))
	var check [token.CheckLength]byte
	for i := len(check) - 1; i >= 0; i-- {
		check[i] = base62[sum%62]
		sum /= 62
	}
	return s + string(check[:])
}

// Who asks whether a text holds a token asks Contains and Redact: a search of its
// own in another package would see other tokens than everybody else.
func TestNobodyElseSearchesForTokensToRefuseOrMaskThem(t *testing.T) {
	t.Parallel()
	listing := map[string]bool{ // these list what they find
		"internal/tokens/bulk.go": true, "internal/cli/incident.go": true, "internal/scan/scanner.go": true, "internal/scan/stream.go": true,
	}
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "token/") {
			return err
		}
		b, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		if bytes.Contains(b, []byte("token.Find(")) && !listing[path] {
			t.Errorf("%s searches for tokens by itself: ask token.Contains or token.Redact", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tokenry/tokenry/token"
)

const nobodys = "tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7"

// Weakness: who names files decides what a scan prints. Attack: names with line
// ends, colors, marks of direction, bytes that are no text, and a token in them.
func TestScanOfHostileNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a\nfake.go:1:1: x", "b\x1b[2J\u202e", "c\xff:%20?#", "d-" + nobodys} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(nobodys), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, format := range []string{"text", "json", "sarif"} {
		r := run(t, nil, "", false, "scan", "--format", format, dir)
		if r.code != 1 {
			t.Fatalf("%+v", r)
		}
		if all := r.out + r.err; !utf8.ValidString(all) || strings.ContainsAny(all, "\x1b\u202e") || strings.Contains(all, "89ABCDEF") {
			t.Errorf("%s prints %q", format, all)
		}
		if n := strings.Count(r.out, "\n"); format == "text" && n != 5 {
			t.Errorf("%d lines: %s", n, r.out)
		}
		if format != "text" && !json.Valid([]byte(r.out)) {
			t.Errorf("%s is no JSON", format)
		}
	}
	var report struct {
		Runs []struct {
			Results []struct {
				Locations []struct {
					PhysicalLocation struct{ ArtifactLocation struct{ URI string } }
				}
			}
		}
	}
	r := run(t, nil, "", false, "scan", "--format", "sarif", dir)
	if err := json.Unmarshal([]byte(r.out), &report); err != nil {
		t.Fatal(err)
	}
	for _, result := range report.Runs[0].Results {
		if uri := result.Locations[0].PhysicalLocation.ArtifactLocation.URI; !regexp.MustCompile(`^[A-Za-z0-9/._%:~!$&'()*+,;=@-]+$`).MatchString(uri) {
			t.Errorf("%q is no reference", uri)
		}
	}
}

// Every rule finds every token that is minted, and what a scan needs is in the
// rules of all formats.
func TestScannerRulesFindMintedTokens(t *testing.T) {
	t.Parallel()
	expressions := map[string]*regexp.Regexp{
		"gitleaks":   regexp.MustCompile(`regex = '''(.*)'''`),
		"trufflehog": regexp.MustCompile(`token: '(.*)'`),
		"github":     regexp.MustCompile(`Secret format:  (.*)`),
		"gitlab":     regexp.MustCompile(`regex = "(.*)"`),
	}
	prefixes := []token.Prefix{"tky", "acme2"}
	random := strings.NewReader(strings.Repeat("0 1f3c9a7Zk-", 40000))
	for format, expression := range expressions {
		r := run(t, nil, "", false, "scanner-rules", "--format", format, "--prefix", "tky,acme2")
		m := expression.FindStringSubmatch(r.out)
		if m == nil {
			t.Fatalf("%s: %+v", format, r)
		}
		rule := regexp.MustCompile(strings.ReplaceAll(m[1], `\\`, `\`))
		for i := range 200 {
			l, err := token.NewLocator(random)
			if err != nil {
				t.Fatal(err)
			}
			s, err := token.Mint(random, prefixes[i%2], token.Kinds()[i%4], l)
			if err != nil {
				t.Fatal(err)
			}
			if text := "KEY=" + s.Reveal() + "\n"; !strings.Contains(rule.FindString(text), s.Reveal()) {
				t.Errorf("%s misses %s", format, s.Mask())
			}
		}
		for _, other := range []string{nobodys[1:], nobodys[:20], "tkyx" + nobodys[4:], nobodys[:49] + "5" + nobodys[50:]} {
			if rule.MatchString(other) {
				t.Errorf("%s takes %q", format, other)
			}
		}
	}
}

package token_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/token"
)

// wrapped is a token of the vectors, which must be found.
const wrapped = "tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7"

func foundIn(text string) (out []string) {
	token.FindWrapped([]byte(text), func(s string, p token.Parsed) bool {
		if parsed, err := token.Parse(s); err != nil || parsed != p {
			out = append(out, "not itself")
		}
		out = append(out, s)
		return true
	})
	return out
}

func TestATokenIsFoundInWhatWrapsIt(t *testing.T) {
	t.Parallel()
	std, raw := base64.StdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString
	for name, text := range map[string]string{
		"plain":                  "key=" + wrapped,
		"a diff":                 "-old\n+  token: \"" + wrapped + "\"\n",
		"Basic, as the password": "Authorization: Basic " + std([]byte("ci:"+wrapped)),
		"Basic, as the user":     "Authorization: Basic " + std([]byte(wrapped+":x")),
		"a Kubernetes secret":    "data:\n  token: " + std([]byte(wrapped+"\n")) + "\n",
		"URL base64":             "?state=" + raw([]byte("\xff\xfe"+wrapped+" \xff")) + "&x=1",
		"JSON":                   `{"a":"\n` + wrapped + `\n"}`,
		"JSON escapes":           `{"a":"` + strings.ReplaceAll(wrapped, "_", `\u005f`) + `"}`,
		"a URL":                  "https://x.example/?q=" + strings.ReplaceAll(wrapped, "_", "%5F"),
		"JSON in base64 in JSON": `{"x":"` + std([]byte(`{"y":"`+std([]byte(wrapped))+`"}`)) + `"}`,
		"a URL of a Basic value": url.QueryEscape("Basic " + std([]byte("a:"+wrapped))),
		"a letter at the end":    raw([]byte("ab:"+wrapped+"\n")) + "xx",
	} {
		if got := foundIn(text); len(got) != 1 || got[0] != wrapped {
			t.Errorf("%s: %q in %q", name, got, text)
		}
	}
	for name, text := range map[string]string{
		"nothing": "", "base64 of nothing": std([]byte(strings.Repeat("x", 200))), "a wrong check": std([]byte(wrapped[:54] + "x")),
		"four deep": std([]byte(std([]byte(std([]byte(std([]byte(wrapped)))))))),
	} {
		if got := foundIn(text); len(got) != 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestATokenIsToldOnceHoweverOftenItStands(t *testing.T) {
	t.Parallel()
	b := base64.StdEncoding.EncodeToString([]byte("x:" + wrapped))
	if got := foundIn(wrapped + " " + b + " " + wrapped); len(got) != 1 {
		t.Errorf("%q", got)
	}
	n := 0
	other := "tkys_000000000000zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz1Lidvn"
	token.FindWrapped([]byte(wrapped+" "+other+" "+b), func(string, token.Parsed) bool { n++; return false })
	if n != 1 {
		t.Errorf("it went on after it was told to stop: %d", n)
	}
}

// TestUnwrappingIsBounded: a megabyte of what unfolds again and again ends.
func TestUnwrappingIsBounded(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"%25", `\u005c`, "QUFB", "%5F"} {
		if got := foundIn(strings.Repeat(unit, (1<<20)/len(unit)) + " " + wrapped); len(got) != 1 {
			t.Errorf("%s: %q", unit, got)
		}
	}
}

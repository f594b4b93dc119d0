package token_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/token"
)

// wrapped is a token of the vectors, which must be found.
const wrapped = "tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7"

func foundIn(text string) (out []string) {
	for _, w := range token.FindWrapped([]byte(text)) {
		s := w.Secret.Reveal()
		if p, err := token.ParseAny(s); err != nil || p != w.Parsed || w.Start < 0 || w.End > len(text) || w.Start >= w.End {
			out = append(out, "not itself")
		}
		out = append(out, s)
	}
	return out
}

func TestATokenIsFoundInWhatWrapsIt(t *testing.T) {
	t.Parallel()
	std, raw := base64.StdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString
	for name, text := range map[string]string{
		"plain":                   "key=" + wrapped,
		"a diff":                  "-old\n+  token: \"" + wrapped + "\"\n",
		"Basic, as the password":  "Authorization: Basic " + std([]byte("ci:"+wrapped)),
		"Basic, as the user":      "Authorization: Basic " + std([]byte(wrapped+":x")),
		"a Kubernetes secret":     "data:\n  token: " + std([]byte(wrapped+"\n")) + "\n",
		"URL base64":              "?state=" + raw([]byte("\xff\xfe"+wrapped+" \xff")) + "&x=1",
		"JSON":                    `{"a":"\n` + wrapped + `\n"}`,
		"JSON escapes":            `{"a":"` + strings.ReplaceAll(wrapped, "_", `\u005f`) + `"}`,
		"a URL":                   "https://x.example/?q=" + strings.ReplaceAll(wrapped, "_", "%5F"),
		"JSON in base64 in JSON":  `{"x":"` + std([]byte(`{"y":"`+std([]byte(wrapped))+`"}`)) + `"}`,
		"a URL of a Basic value":  url.QueryEscape("Basic " + std([]byte("a:"+wrapped))),
		"base64 for URLs and not": "Bearer-" + std([]byte("\xff\xfb\xef"+wrapped)),
		"a path":                  `{"u":"https:\/\/` + strings.ReplaceAll(std([]byte("\xff\xff\xff"+wrapped)), "/", `\/`) + `"}`,
		"a shell's escapes":       `$'` + strings.ReplaceAll(wrapped, "_", `\x5f`) + `'`,
		"HTML":                    strings.ReplaceAll(wrapped, "_", "&#95;") + "&#x20;",
		"a mail":                  "key=3D" + wrapped[:20] + "=\r\n" + strings.ReplaceAll(wrapped[20:], "_", "=5F"),
		"every letter escaped":    percent(wrapped),
		"escaped twice":           percent(percent(wrapped)),
		"base64 in lines":         "auth: |\n" + lines(std([]byte(strings.Repeat("{}", 40)+wrapped+strings.Repeat("{}", 40))), "    ", "\n"),
		"lines of a mail":         lines(std([]byte(strings.Repeat("{}", 43)+wrapped)), "", "\r\n"),
		"lines within JSON":       `{"a":"` + lines(std([]byte(strings.Repeat("{}", 41)+wrapped)), "", `\n`) + `"}`,
		"glued":                   "key_" + wrapped + "_old",
		"UTF-16":                  wide("x=" + wrapped + "\n"),
		"a command of PowerShell": "powershell -enc " + std([]byte(wide("$t='"+wrapped+"'"))),
		"a letter at the end":     raw([]byte("ab:"+wrapped+"\n")) + "xx",
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

func percent(text string) (out string) {
	for _, c := range []byte(text) {
		out += fmt.Sprintf("%%%02x", c)
	}
	return out
}

func lines(text, indent, end string) (out string) {
	for len(text) > 76 {
		out, text = out+indent+text[:76]+end, text[76:]
	}
	return out + indent + text
}

func wide(text string) (out string) {
	for _, c := range text {
		out += string(c) + "\x00"
	}
	return out
}

// TestEachPlaceIsToldOnce: however many ways lead to it, and in the order of the text.
func TestEachPlaceIsToldOnce(t *testing.T) {
	t.Parallel()
	b := base64.StdEncoding.EncodeToString([]byte("x:" + wrapped))
	other := "tkys_000000000000zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz1Lidvn"
	text := "%5F" + wrapped + "%5F " + b + " " + other + "\x00 " + wrapped
	var at []int
	for _, w := range token.FindWrapped([]byte(text)) {
		at = append(at, w.Start)
	}
	want := []int{3, strings.Index(text, b) + 2, strings.Index(text, other), strings.LastIndex(text, wrapped)}
	if !slices.Equal(at, want) {
		t.Errorf("at %d, want %d", at, want)
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

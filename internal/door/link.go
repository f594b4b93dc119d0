package door

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/tokenry/tokenry/token"
)

// SafeNext is where to go after sign-in: a path of this site, or nowhere.
func SafeNext(next string) string {
	u, err := url.Parse(next)
	switch {
	case err != nil, token.Contains(next), u.Scheme != "", u.Host != "", u.User != nil, u.Opaque != "":
		return "/workspaces"
	case !strings.HasPrefix(next, "/"), strings.HasPrefix(next, "//"), strings.ContainsAny(next, "\\\r\n\t"):
		return "/workspaces"
	case strings.HasPrefix(u.Path, "/signin"), strings.HasPrefix(u.Path, "/signout"), strings.HasPrefix(u.Path, "//"):
		return "/workspaces"
	}
	return u.RequestURI()
}

// HoldsToken looks for a token in an address, also in what it leads to
// afterwards. No answer, and no redirect above all, may repeat one.
func HoldsToken(u *url.URL) bool {
	text := u.RequestURI()
	for range 3 { // next=/a?next=…: each step quotes anew
		if token.Contains(text) {
			return true
		}
		plain, err := url.PathUnescape(text)
		if err != nil || plain == text {
			break
		}
		text = plain
	}
	return token.Contains(text)
}

// CodeAsShown is a code as the terminal shows it, however it was typed.
func CodeAsShown(code string) string {
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return unicode.ToUpper(r)
	}, code)
	if len(code) != 8 {
		return code
	}
	return code[:4] + "-" + code[4:]
}

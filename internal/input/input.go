package input

import (
	"encoding/json"
	"net/mail"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/token"
)

// First returns the first of errs that is one.
func First(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// OneOf refuses a value that is none of those allowed.
func OneOf(field string, v api.Opt[string], allowed ...string) error {
	if !v.Has() {
		return nil
	}
	if slices.Contains(allowed, v.Value) {
		return nil
	}
	return api.FieldError(field, "must be one of "+strings.Join(allowed, ", "))
}

// Text bounds a text in characters and refuses control characters and
// broken UTF-8. Format characters are stored as they are and isolated where
// they are shown.
func Text(field, s string, least, most int) error {
	if !utf8.ValidString(s) {
		return api.FieldError(field, "must be valid UTF-8")
	}
	if n := utf8.RuneCountInString(s); n < least || n > most {
		return api.FieldError(field, bounds(least, most))
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return api.FieldError(field, "must not contain control characters")
	}
	if least > 0 && strings.TrimSpace(s) == "" {
		return api.FieldError(field, "must not be blank")
	}
	return Secretless(field, s)
}

// Secretless refuses a text with a token string in it, of whatever instance:
// it would be stored, listed and sent on as it is written, by people who pasted
// it into the wrong field.
func Secretless(field, s string) error {
	if token.Contains(s) {
		return api.FieldError(field, "must not contain a token; revoke the one you pasted here if it is live")
	}
	return nil
}

// bounds says how long a text may be, with both of its ends where it has two.
func bounds(least, most int) string {
	if least == 0 {
		return "must have at most " + strconv.Itoa(most) + " characters"
	}
	return "must have " + strconv.Itoa(least) + " to " + strconv.Itoa(most) + " characters"
}

// Lengths of texts, in characters.
const (
	MaxLabel       = 100
	MaxDescription = 1000
	MaxName        = 200
	maxExternalID  = 200
)

// Free refuses a word that some call reads as something else than a name.
func Free(field, s string) error {
	if grant.Keyword(s) {
		return api.FieldError(field, "is a word of the API's own, like any, self, me and admin; choose another name")
	}
	return nil
}

// Slug refuses what cannot name a workspace.
func Slug(s string) error {
	if !Handle(s, "-") {
		return api.FieldError("slug", "must be 1 to 63 of a-z, 0-9 and -, and begin with a letter or digit")
	}
	if s == "instance" { // so the chain of the instance is called, in heads and streams
		return api.FieldError("slug", "is what the instance is called; choose another name")
	}
	return Free("slug", s)
}

// Handle says whether s is 1 to 63 of a-z, 0-9 and the characters of more, and
// begins with none of these.
func Handle(s, more string) bool {
	const first = "abcdefghijklmnopqrstuvwxyz0123456789"
	return s != "" && len(s) <= 63 && strings.Contains(first, s[:1]) && strings.Trim(s, first+more) == ""
}

// ExternalID refuses what cannot be the id that a customer gives.
func ExternalID(s string) error {
	if s == "" {
		return api.FieldError("external_id", "must not be empty; null removes it")
	}
	return Text("external_id", s, 1, maxExternalID)
}

// Email returns the address in lower case, or says what is wrong with it.
func Email(field, s string) (string, error) {
	if err := First(Secretless(field, s), Secretless(field, strings.ToLower(s))); err != nil { // it may only come to be one
		return "", err
	}
	s = strings.ToLower(s)
	a, err := mail.ParseAddress(s)
	at := strings.LastIndexByte(s, '@')
	switch {
	case err != nil || a.Address != s || a.Name != "" || len(s) > 254 || at < 1 || at == len(s)-1:
		return "", api.FieldError(field, "must be a plain e-mail address")
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"(),:;<>[\]/?#%`, r) }):
		return "", api.FieldError(field, "must be a plain ASCII e-mail address")
	}
	if domain := s[at+1:]; domain == "workspace" || domain == "service" || strings.HasSuffix(domain, ".service") {
		return "", api.FieldError(field, "the domains workspace and *.service are Tokenry's own")
	}
	return s, nil
}

// Metadata bounds metadata: flat, scalars, 50 keys, 4 KiB.
func Metadata(m api.Metadata) error {
	if len(m) > 50 {
		return api.FieldError("metadata", "at most 50 keys")
	}
	for k, v := range m {
		if err := Text("metadata", k, 1, 64); err != nil {
			return err
		}
		switch v := v.(type) {
		case string:
			if err := Secretless("metadata", v); err != nil {
				return err
			}
		case json.Number:
			if _, err := v.Float64(); err != nil {
				return api.FieldError("metadata", "numbers must be within the range of a double")
			}
		case bool, float64, int, int64:
		default:
			return api.FieldError("metadata", "values must be strings, numbers or booleans")
		}
	}
	if b, err := json.Marshal(m); err != nil || len(b) > 4096 {
		return api.FieldError("metadata", "at most 4 KiB")
	}
	return nil
}

// Prefixes reads an allow-list of addresses: CIDRs, or single addresses.
// Mapped v4 addresses count as v4. Host bits behind the mask are refused,
// because they are nearly always a mistake.
func Prefixes(field string, list []string) ([]netip.Prefix, error) {
	if len(list) == 0 || len(list) > 100 {
		return nil, api.FieldError(field, "give 1 to 100 CIDRs, or null for any address")
	}
	out := make([]netip.Prefix, 0, len(list))
	for _, s := range list {
		p, ok := Prefix(s)
		if !ok {
			return nil, api.FieldError(field, "entries must be CIDRs like 203.0.113.0/24 or 2001:db8::/32, without host bits")
		}
		out = append(out, p)
	}
	return out, nil
}

// Prefix reads one entry of an allow-list.
func Prefix(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p, p == p.Masked()
}

// Limit bounds a rate limit.
func Limit(field string, l api.Opt[api.RateLimit]) error {
	if !l.Has() {
		return nil
	}
	if l.Value.Requests < 1 || l.Value.Requests > 1e9 {
		return api.FieldError(field+".requests", "must be 1 to 1000000000")
	}
	if l.Value.Window < api.Duration(1e9) || l.Value.Window > 366*api.Day {
		return api.FieldError(field+".window", "must be 1s to 366d")
	}
	return nil
}

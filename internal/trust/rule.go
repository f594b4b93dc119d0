package trust

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of a rule.
const (
	MaxClaims   = 20
	MaxValues   = 50
	maxClaim    = 128
	maxValue    = 512
	maxAddress  = 500
	maxAudience = 500
)

// Rule says which ID tokens are trusted.
type Rule struct {
	// System is the name of the system that the tokens are of; see [Systems].
	System string
	// Issuer and Audience are compared to the byte.
	Issuer, Audience string
	// Claims have to hold, every one, each by one of its values. A name that begins with
	// a slash is a JSON pointer.
	Claims map[string][]string
	// Keys says that the issuer's keys came with the rule, and are asked of nobody.
	Keys bool
}

// FieldError says what is wrong with one field of a rule.
type FieldError struct{ Field, Problem string }

func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

// Check says what keeps a rule from being one, as a *[FieldError].
func (r Rule) Check() error {
	if err := checkIssuer(r.Issuer); err != nil {
		return err
	}
	if _, ok := SystemNamed(r.System); !ok {
		return &FieldError{"system", "must be one of " + strings.Join(SystemNames(), ", ")}
	}
	if at, known := systemAt(r.Issuer); known && at.Name != r.System {
		return &FieldError{"system", "this issuer is the one of " + at.Name}
	}
	if !printable(r.Audience, maxAudience) || open(r.Audience) {
		return &FieldError{"audience", "is required: the text that the token names as its audience, to the byte"}
	}
	if len(r.Claims) == 0 || len(r.Claims) > MaxClaims {
		return &FieldError{"claims", "name 1 to " + strconv.Itoa(MaxClaims) + " claims: without one, everybody who can have a token of this issuer is trusted"}
	}
	for _, claim := range slices.Sorted(maps.Keys(r.Claims)) {
		if err := checkClaim(claim, r.Claims[claim]); err != nil {
			return err
		}
	}
	return r.checkBound()
}

// checkIssuer asks of an issuer what can be asked without a look-up.
func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case issuer == "":
		return &FieldError{"issuer", "is required"}
	case err != nil || !printable(issuer, maxAddress) || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return &FieldError{"issuer", "must be an address like https://token.example.com, exactly as the tokens name it"}
	case u.Scheme != "https" && u.Scheme != "http": // which of the two, says whoever asks there
		return &FieldError{"issuer", "must begin with https://"}
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(issuer, "#"):
		return &FieldError{"issuer", "must have no user, query or fragment"}
	case open(issuer):
		return &FieldError{"issuer", "is compared to the byte; a star has no meaning in it"}
	}
	return nil
}

func checkClaim(claim string, values []string) error {
	switch {
	case !printable(claim, maxClaim):
		return &FieldError{"claims", "a claim's name has 1 to 128 visible characters"}
	case slices.Contains([]string{"iss", "aud", "exp", "iat", "nbf", "jti"}, claim):
		return &FieldError{"claims", claim + " is looked at in any case; name it nowhere else"}
	case len(values) == 0 || len(values) > MaxValues:
		return &FieldError{"claims", claim + ": give 1 to " + strconv.Itoa(MaxValues) + " values, one of which has to fit"}
	}
	for _, v := range values {
		if !printable(v, maxValue) {
			return &FieldError{"claims", claim + ": a value has 1 to 512 visible characters"}
		}
	}
	return nil
}

// printable says whether a text has characters, none of them one that nobody sees.
func printable(s string, most int) bool {
	return s != "" && len(s) <= most && utf8.ValidString(s) && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) })
}

// checkBound refuses a rule that does not say whose token it means.
func (r Rule) checkBound() error {
	s := r.system()
	if s.sharedAt(r.Issuer) {
		if !r.named(s) {
			return &FieldError{"claims", "everybody gets tokens of this issuer: name whose it is, without a star, by " + strings.Join(s.binding(), " or ")}
		}
		return nil
	}
	for _, values := range r.Claims {
		if !slices.ContainsFunc(values, func(v string) bool { return strings.Trim(v, "*"+separators) == "" }) {
			return nil
		}
	}
	return &FieldError{"claims", "stars alone fit whatever there is: give one claim a value"}
}

// system is the table's row for a rule, which [Rule.Check] has found.
func (r Rule) system() System {
	s, _ := SystemNamed(r.System)
	return s
}

// anchored says whether a claim that is never given to somebody else is named, to the byte.
func (r Rule) anchored(s System) bool {
	return slices.ContainsFunc(s.IDs, r.exact)
}

// exact says whether the values of a claim are no patterns.
func (r Rule) exact(claim string) bool {
	values := r.Claims[claim]
	return len(values) > 0 && !slices.ContainsFunc(values, open)
}

// named says whether a rule of a shared issuer says whose tokens it means.
func (r Rule) named(s System) bool {
	if r.anchored(s) {
		return true
	}
	return slices.ContainsFunc(s.Names, func(n Name) bool {
		values := r.Claims[n.Claim]
		return len(values) > 0 && !slices.ContainsFunc(values, func(v string) bool { return !n.says(v) })
	})
}

package usage

import (
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// Route is the door by which a token was presented.
type Route string

// The doors.
const (
	RouteVerify      Route = "verify"
	RouteForwardAuth Route = "forward-auth"
	RouteIntrospect  Route = "introspect"
	RouteRevoke      Route = "revoke"
	// RouteAPI is Tokenry's own API, which a token opens too.
	RouteAPI Route = "api"
)

// Use is one decision and the request it was about. Its texts are the caller's
// own and are copied where they are kept.
type Use struct {
	At        time.Time
	Route     Route
	RequestID string
	// Workspace is the token's when Matched, else the one that was asked about;
	// 0 when none was named.
	Workspace int64
	// Token is the locator that was presented, also of an unknown token.
	Token token.Locator
	// Matched says that the secret was right, and Secret is its number.
	Matched bool
	// Derived says that a token was presented that was derived from it.
	Derived bool
	Secret  int
	Code    api.Code
	// Scopes and Resource are what the request needed.
	Scopes   []string
	Resource string
	Addr     netip.Addr
	Agent    string
	Method   string
	// Path may come with a query, which is not kept.
	Path string
	// Peek remembers the decision for Explain and counts no use.
	Peek bool
	// More is how many uses besides this one were alike.
	More int64
}

// Of returns what a decision and its request say; the door adds the rest (Route,
// RequestID, Agent, Method and Path).
func Of(d *verify.Decision, req *verify.Request) Use {
	u := Use{
		At: d.At, Workspace: req.Workspace, Token: d.Locator, Matched: d.Matched, Derived: d.Derived, Secret: d.SecretNumber, Code: d.Code,
		Scopes: req.Scopes, Resource: req.Resource, Addr: req.Addr, Peek: req.Peek,
	}
	if d.Matched && d.Workspace != nil {
		u.Workspace = d.Workspace.ID
	}
	return u
}

// How long texts may be; what is longer is cut.
const (
	maxAgent    = 200
	maxPath     = 200
	maxMethod   = 16
	maxScope    = 64
	maxResource = 128
	maxRequest  = 64
	maxScopes   = 64
)

// tidy cuts the texts to what is kept of them. It allocates only for texts that
// hold a token, or what is no text.
func (u *Use) tidy() {
	u.Agent = clean(u.Agent, maxAgent)
	if i := strings.IndexAny(u.Path, "?#"); i >= 0 {
		u.Path = u.Path[:i]
	}
	u.Path = clean(u.Path, maxPath)
	u.Method = clean(u.Method, maxMethod)
	u.Addr = u.Addr.Unmap().WithZone("")
}

// clean returns the beginning of a text, with masks in place of tokens and
// U+FFFD in place of what is not text.
func clean(s string, limit int) string {
	const enough = 512 // a token that begins within any limit ends within this
	if len(s) > enough {
		s = s[:enough]
	}
	s = token.Redact(s)
	if plain(s) {
		return s[:min(len(s), limit)]
	}
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return utf8.RuneError
		}
		return c
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// plain says whether a text is printable ASCII, as nearly all are.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

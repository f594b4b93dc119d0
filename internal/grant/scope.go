package grant

import (
	"slices"
	"strings"
)

const (
	maxScope = 64 // bytes, noun, colon and verb together
	anyVerb  = "*"

	// ofInstance is how many of fixedScopes, the last, are the instance's.
	ofInstance = 2

	firstInstance        = len(fixedScopes) - ofInstance
	builtInBits   uint64 = 1<<firstInstance - 1
)

// needResource are the bits of what is held on resources, and not whatever they are.
//
//nolint:gochecknoglobals // a constant, which the compiler cannot work out
var needResource = fixedBit("resources:create")

// fixedScope is a scope that this program itself knows, and what it is for, in words
// of a person; the instance's are described where they are given.
type fixedScope struct{ name, about string }

// fixedScopes are all of them; a scope's position is its bit in a set, which
// nobody stores. Never written to.
var fixedScopes = [...]fixedScope{
	{"tokens:read", "See tokens, never secrets"},
	{"tokens:create", "Create tokens"},
	{"tokens:edit", "Edit and rotate tokens"},
	{"tokens:disable", "Disable and enable tokens"},
	{"tokens:delete", "Revoke tokens"},
	{"tokens:reveal", "Show kept secrets again"},
	{"tokens:self", "Rotate itself"},
	{"tokens:impersonate", "Receive secrets of other people’s tokens"},
	{"tokens:verify", "Verify tokens"},
	{"members:read", "See members"},
	{"members:write", "Add, change and remove members"},
	{"service-accounts:read", "See service accounts"},
	{"service-accounts:write", "Add, change and remove service accounts"},
	{"roles:read", "See roles and scopes"},
	{"roles:write", "Change roles and scopes"},
	{"resources:read", "See resources"},
	{"resources:create", "Add resources"},
	{"resources:delete", "Remove resources"},
	{"audit:read", "Read the audit"},
	{"usage:read", "See how tokens are used"},
	{"policy:read", "See the policy"},
	{"policy:write", "Change the policy"},
	{"webhooks:read", "See webhooks"},
	{"webhooks:write", "Change webhooks"},
	{"workspace:delete", "Delete the workspace"},
	{"instance:verify", ""},
	{"instance:admin", ""},
}

// BuiltIn returns the built-in scopes in their documented order, without the instance scopes.
func BuiltIn() []string { return fixedNames(fixedScopes[:firstInstance]) }

// InstanceScopes returns the scopes that reach beyond one workspace. No pattern contains them.
func InstanceScopes() []string { return fixedNames(fixedScopes[firstInstance:]) }

func fixedNames(fixed []fixedScope) []string {
	names := make([]string, len(fixed))
	for i := range fixed {
		names[i] = fixed[i].name
	}
	return names
}

// About says what a built-in scope is for; "" for any other string.
func About(scope string) string {
	i := slices.IndexFunc(fixedScopes[:], func(f fixedScope) bool { return f.name == scope })
	if i < 0 {
		return ""
	}
	return fixedScopes[i].about
}

// IsBuiltIn reports whether scope is one of [BuiltIn].
func IsBuiltIn(scope string) bool { return fixedBit(scope)&builtInBits != 0 }

// IsInstance reports whether scope is one of [InstanceScopes].
func IsInstance(scope string) bool { return fixedBit(scope)&^builtInBits != 0 }

// ReservedNoun reports whether a product's scope catalogue may not define scopes with this noun: the nouns of the built-in and instance scopes,
// and the two words that patterns use.
func ReservedNoun(noun string) bool {
	switch noun {
	case "product", "admin", "instance",
		"tokens", "members", "service-accounts", "roles", "resources", "audit", "usage", "policy", "webhooks", "workspace":
		return true
	}
	return false
}

// ValidScope reports whether s is one concrete scope: noun:verb, each of [a-z0-9_.-], at most 64 bytes together. Under a reserved noun only the
// scopes that exist are valid: product:read is a pattern, and tokens:frobnicate is nothing that could ever be held.
func ValidScope(s string) bool {
	_, ok := parseScope(s)
	return ok
}

// ValidPattern reports whether s may stand in a list of scopes: a concrete scope, noun:*, product:* (every product scope), product:verb (those
// of them with that verb), or * and its other name admin. instance:* is not valid: instance scopes are listed by name.
func ValidPattern(s string) bool {
	_, ok := parsePattern(s)
	return ok
}

// scope is a parsed concrete scope: a bit for one of fixedScopes, else noun and verb of a product scope.
type scope struct {
	bit        uint64
	noun, verb string
}

// parseScope splits a concrete scope; ok is what ValidScope answers.
func parseScope(s string) (sc scope, ok bool) {
	noun, verb, ok := strings.Cut(s, ":")
	if !ok || len(s) > maxScope || !isWord(noun) || !isWord(verb) {
		return scope{}, false
	}
	if ReservedNoun(noun) {
		bit := fixedBit(s)
		return scope{bit: bit}, bit != 0
	}
	return scope{noun: noun, verb: verb}, true
}

// isFree reports whether the scope is held or not whatever the resource.
func (s scope) isFree() bool { return s.bit&^needResource != 0 }

// pattern is a parsed scope pattern: fixed scopes by bit and, when verb is not empty, product scopes: of every noun when noun is empty, with
// every verb when verb is anyVerb.
type pattern struct {
	fixed      uint64
	noun, verb string
}

// parsePattern parses an entry of a list of scopes; ok is what ValidPattern answers.
func parsePattern(s string) (p pattern, ok bool) {
	if s == "*" || s == "admin" {
		return pattern{fixed: builtInBits, verb: anyVerb}, true
	}
	noun, verb, ok := strings.Cut(s, ":")
	if !ok || len(s) > maxScope || !isWord(noun) || verb != anyVerb && !isWord(verb) {
		return pattern{}, false
	}
	switch {
	case noun == "product":
		return pattern{verb: verb}, true
	case !ReservedNoun(noun):
		return pattern{noun: noun, verb: verb}, true
	case verb == anyVerb:
		p.fixed = nounBits(noun) & builtInBits
	default:
		p.fixed = fixedBit(s)
	}
	return p, p.fixed != 0
}

// fixedBit returns the bit of a built-in or instance scope, 0 for any other string.
func fixedBit(s string) uint64 {
	for i := range fixedScopes {
		if fixedScopes[i].name == s {
			return 1 << i
		}
	}
	return 0
}

// nounBits returns the bits of all fixed scopes with that noun.
func nounBits(noun string) uint64 {
	var bits uint64
	for i, fixed := range fixedScopes {
		s := fixed.name
		if n, _, _ := strings.Cut(s, ":"); n == noun {
			bits |= 1 << i
		}
	}
	return bits
}

// isWord reports whether s is a well-formed noun or verb.
func isWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '-') {
			return false
		}
	}
	return s != ""
}

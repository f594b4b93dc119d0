package grant

import (
	"slices"
	"strings"
)

const (
	maxScope = 64 // bytes, noun, colon and verb together
	anyVerb  = "*"

	// Positions in fixedScopes, and the masks that follow from them.
	resourcesCreate = 16
	firstInstance   = 25

	builtInBits  uint64 = 1<<firstInstance - 1
	needResource uint64 = 1 << resourcesCreate
)

// fixedScopes are the scopes this program itself knows; a scope's position is its bit in a set. Never written to.
var fixedScopes = [...]string{
	"tokens:read", "tokens:create", "tokens:edit", "tokens:disable", "tokens:delete", "tokens:reveal", "tokens:self", "tokens:impersonate",
	"tokens:verify",
	"members:read", "members:write",
	"service-accounts:read", "service-accounts:write",
	"roles:read", "roles:write",
	"resources:read",
	resourcesCreate: "resources:create",
	"resources:delete",
	"audit:read", "usage:read",
	"policy:read", "policy:write",
	"webhooks:read", "webhooks:write",
	"workspace:delete",
	firstInstance: "instance:verify",
	"instance:admin",
}

// BuiltIn returns the built-in scopes in their documented order, without the instance scopes.
func BuiltIn() []string { return slices.Clone(fixedScopes[:firstInstance]) }

// InstanceScopes returns the scopes that reach beyond one workspace. No pattern contains them.
func InstanceScopes() []string { return slices.Clone(fixedScopes[firstInstance:]) }

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
	if i := slices.Index(fixedScopes[:], s); i >= 0 {
		return 1 << i
	}
	return 0
}

// nounBits returns the bits of all fixed scopes with that noun.
func nounBits(noun string) uint64 {
	var bits uint64
	for i, s := range fixedScopes {
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

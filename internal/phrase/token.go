package phrase

import (
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
)

// AdviceKind names a kind of advice.
func AdviceKind(code string) string {
	return map[string]string{
		api.AdviceUnused: "Unused", api.AdviceUnusedScopes: "More than it uses", api.AdviceNoExpiry: "Never expires",
		api.AdviceShared: "In many hands", api.AdviceOwnerInactive: "Owner deactivated",
	}[code]
}

// AdviceWords says what following an advice would do.
func AdviceWords(a api.Advice) string {
	e := a.Change.Edit
	switch {
	case a.Change.Revoke != nil:
		return "Revoke…"
	case a.Change.Rotate != nil:
		return "Rotate…"
	case e == nil:
		return ""
	case e.ExpiresIn.Has():
		return "Let it expire after " + Lasting(e.ExpiresIn.Value)
	case e.AllowedIPs.Has() && len(e.AllowedIPs.Value) == 1:
		return "Allow this address only"
	case e.AllowedIPs.Has():
		return "Allow these " + Plural(len(e.AllowedIPs.Value), "address") + " only"
	case e.Grants.Has():
		return "Leave it what it uses"
	}
	return "Apply"
}

// Spoken says the widest patterns in words.
func Spoken(scopes []string) []string {
	out := slices.Clone(scopes)
	for i, s := range out {
		switch s {
		case "*", "admin":
			out[i] = "everything in this workspace (" + s + ")"
		case "product:*":
			out[i] = "everything of the product (" + s + ")"
		}
	}
	return out
}

// ScopeAbout says what a scope is for; the built-in ones as they are described where they are listed.
func ScopeAbout(s api.Scope) string {
	if s.Description != "" || !s.BuiltIn {
		return s.Description
	}
	return grant.About(s.Name)
}

// Limit is a rate limit in words: 60 requests per minute.
func Limit(l *api.RateLimit) string {
	if l == nil {
		return ""
	}
	return Plural(l.Requests, "request") + " per " + strings.TrimPrefix(Lasting(l.Window), "1 ")
}

// RightsOf says in short what a token or a person was given.
func RightsOf(role *string, scopes []string, grants []api.Statement, inherits string) string {
	switch {
	case role != nil:
		return *role
	case scopes != nil && len(scopes) == 0, grants != nil && len(grants) == 0:
		return "Nothing"
	case scopes != nil:
		return Listed(scopes, 3)
	case len(grants) == 1:
		return inherits
	case grants != nil:
		return Plural(len(grants), "statement")
	}
	return inherits
}

// ReachOf says in short which resources.
func ReachOf(resources []string) string {
	switch {
	case len(resources) == 1 && resources[0] == "*":
		return "All resources"
	case len(resources) == 0:
		return "No resources"
	}
	return Listed(resources, 3)
}

// Why says why a token that is active does not work, and what would help.
func Why(t api.Token) string {
	if t.BlockedBy == nil || t.Usable {
		return ""
	}
	return api.Code(*t.BlockedBy).Info().Title
}

// Remedy is what to do about it.
func Remedy(t api.Token) string {
	if t.BlockedBy == nil || t.Usable {
		return ""
	}
	return api.Code(*t.BlockedBy).Info().Advice
}

// StoppedBy says who disabled a token, and whose it is to bring it back.
func StoppedBy(t api.Token) string {
	if t.DisabledAt == nil {
		return ""
	}
	if t.Unused != nil {
		return "Nobody had used it since " + dateOf(t.Unused.Since) + "."
	}
	by := "By " + Named(Text(t.DisabledBy), "somebody whom nobody knows any more") + "."
	if t.Held != nil && slices.Contains(t.Held.Fields, "disabled_at") {
		by += " Only an administrator brings it back."
	}
	return by
}

// HeldWords say what an administrator stopped or narrowed.
func HeldWords(h *api.Held) string {
	names := map[string]string{"disabled_at": "disabled", "revoke_at": "its end", "allowed_ips": "addresses", "rate_limit": "rate limit",
		"not_before": "start", "expires_at": "expiry", "recoverable": "showing it again", "grants": "rights"}
	words := make([]string, len(h.Fields))
	for i, f := range h.Fields {
		words[i] = Named(names[f], f)
	}
	return strings.Join(words, ", ") + " – by " + Named(Text(h.By), "an administrator") + "; its owner alone does not undo it"
}

// DenialRemedy is what to do about one refusal, as far as its request tells.
func DenialRemedy(d api.Denial) string {
	switch {
	case d.Code == api.CodeInsufficientScope && len(d.Scopes) > 0:
		return "The request needs " + Listed(d.Scopes, 5) + ". Give the token that scope, and its owner too if they lack it."
	case d.Code == api.CodeResourceDenied && d.Resource != "":
		return "The request was about " + d.Resource + ". Add that to the token’s resources, and to its owner’s if they lack it."
	case d.Code == api.CodeInsufficientScope:
		return "Give the token the scope that the request needs, and its owner too if they lack it."
	}
	return d.Code.Info().Advice
}

// IsOver says whether a token's life has ended.
func IsOver(t api.Token) bool { return t.Status == api.StatusRevoked }

// Silent says that nobody needs an old secret any more: it was never used, or not
// since the new one is there, which is.
func Silent(old, fresh api.TokenSecret) bool {
	return old.LastUsedAt == nil || fresh.LastUsedAt != nil && !old.LastUsedAt.After(fresh.CreatedAt)
}

// OverlapWords say what is known about the need for an old secret.
func OverlapWords(old, fresh api.TokenSecret) string {
	switch {
	case old.LastUsedAt == nil:
		return "The old secret was never used. It can go."
	case Silent(old, fresh):
		return "The old secret was not used since the new one is there. It can go."
	case fresh.LastUsedAt == nil:
		return "The new secret was not used yet: whatever uses this token has the old one. Move it to the new one first."
	}
	return "The old secret is still in use. Move everything to the new one first."
}

// ScopeShort says what a token was given, to fit a cell.
func ScopeShort(t api.Token) string {
	if t.Grants == nil {
		return "As its owner"
	}
	return RightsOf(t.Role, t.Scopes, t.Grants, "As its owner")
}

// ScopeTitle says it in full.
func ScopeTitle(t api.Token) string {
	if t.Grants == nil {
		return "Everything its owner may do, now and later"
	}
	var parts []string
	for _, s := range t.Grants {
		parts = append(parts, StatementWords(s))
	}
	return strings.Join(parts, "; ")
}

// StatementWords says one statement in words.
func StatementWords(s api.Statement) string {
	what := "everything its owner may do"
	switch {
	case s.Role != "":
		what = s.Role
	case s.Scopes != nil:
		what = Listed(s.Scopes, 12)
	}
	switch {
	case len(s.Resources) == 1 && s.Resources[0] == "*":
		return what + " on all resources"
	case len(s.Resources) == 0:
		return what
	}
	return what + " on " + Listed(s.Resources, 8)
}

// OwnerShort is an owner as people call it.
func OwnerShort(t api.Token) string {
	switch t.Owner.Type {
	case "workspace":
		return "Organisation"
	case "service_account":
		return Named(t.Owner.Name, t.Owner.Address)
	}
	return t.Owner.Address
}

// KindWord is a token's kind in words.
func KindWord(kind string) string {
	switch kind {
	case "personal":
		return "Personal"
	case "service":
		return "Automation"
	case "workspace":
		return "Organisation"
	case "ephemeral":
		return "Ephemeral"
	}
	return kind
}

// EffectiveWords says what comes out of a token's and its owner's rights.
func EffectiveWords(sts []api.Statement) string {
	if len(sts) == 0 {
		return "Nothing"
	}
	var parts []string
	for _, s := range sts[:min(len(sts), 6)] {
		parts = append(parts, StatementWords(s))
	}
	return Sentence(strings.Join(parts, "; "))
}

// SecretState says which of a token's secrets was found.
func SecretState(s string) string {
	return map[string]string{"current": "its current secret: reset it if this was public", "overlap": "its old secret, whose overlap runs: reset the token if this was public", "retired": "an old secret, which never works again"}[s]
}

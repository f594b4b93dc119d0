package console

import (
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
)

// option is one choice of a select.
type option struct{ value, name string }

func statuses() []option {
	return []option{{"", "Any"}, {"active", "Active"}, {"disabled", "Disabled"}, {"expired", "Expired"}, {"revoked", "Revoked"}}
}

func kinds() []option {
	return []option{{"", "Any"}, {"personal", "Personal"}, {"service", "Automation"}, {"workspace", "Organisation"}}
}

// attentions are the tokens that need a look.
func attentions() []option {
	return []option{{"", "All"}, {"expiring", "Expiring within 14 days"}, {"unused", "Unused for 90 days"}, {"outside", "Outside the policy"}}
}

func hasOption(all []option, value string) bool {
	return slices.ContainsFunc(all, func(o option) bool { return o.value == value })
}

func reasons() []option {
	return []option{{api.ReasonUnused, "No longer used"}, {api.ReasonSuperseded, "Replaced by another"}, {api.ReasonLeaked, "Leaked"}, {api.ReasonOwnerLeft, "Its owner left"}, {api.ReasonOther, "Other"}}
}

// scopeShort says what a token was given, to fit a cell.
func scopeShort(t api.Token) string {
	if t.Grants == nil {
		return "As its owner"
	}
	return rightsOf(t.Role, t.Scopes, t.Grants, "As its owner")
}

// scopeTitle says it in full.
func scopeTitle(t api.Token) string {
	if t.Grants == nil {
		return "Everything its owner may do, now and later"
	}
	var parts []string
	for _, s := range t.Grants {
		parts = append(parts, statementWords(s))
	}
	return strings.Join(parts, "; ")
}

// statementWords says one statement in words.
func statementWords(s api.Statement) string {
	what := "everything its owner may do"
	switch {
	case s.Role != "":
		what = s.Role
	case s.Scopes != nil:
		what = listed(s.Scopes, 12)
	}
	switch {
	case len(s.Resources) == 1 && s.Resources[0] == "*":
		return what + " on all resources"
	case len(s.Resources) == 0:
		return what
	}
	return what + " on " + listed(s.Resources, 8)
}

// ownerShort is an owner as people call it.
func ownerShort(t api.Token) string {
	switch t.Owner.Type {
	case "workspace":
		return "Organisation"
	case "service_account":
		return named(t.Owner.Name, t.Owner.Address)
	}
	return t.Owner.Address
}

// kindWord is a token's kind in words.
func kindWord(kind string) string {
	switch kind {
	case "personal":
		return "Personal"
	case "service":
		return "Automation"
	case "workspace":
		return "Organisation"
	}
	return kind
}

// actionWord is what the audit calls an action, in words.
func actionWord(action string) string {
	noun, verb, _ := strings.Cut(action, ".")
	return sentence(strings.ReplaceAll(noun+" "+verb, "_", " "))
}

// effectiveWords says what comes out of a token's and its owner's rights.
func effectiveWords(sts []api.Statement) string {
	if len(sts) == 0 {
		return "Nothing"
	}
	var parts []string
	for _, s := range sts[:min(len(sts), 6)] {
		parts = append(parts, statementWords(s))
	}
	return sentence(strings.Join(parts, "; "))
}

func (v *visit) listName(t api.Token) string {
	switch {
	case v.session.Portal != "":
		return "My tokens"
	case t.Kind == "workspace":
		return "Integration tokens"
	}
	return "Access tokens"
}

func lines(s []string) string { return strings.Join(s, "\n") }

func hasRole(roles []api.Role, name string) bool {
	return slices.ContainsFunc(roles, func(r api.Role) bool { return r.Name == name })
}

func listedOrDash(s []string) string {
	if len(s) == 0 {
		return "–"
	}
	return listed(s, 8)
}

func workspaceOptions(slugs []string) []option {
	out := make([]option, len(slugs))
	for i, s := range slugs {
		out[i] = option{s, s}
	}
	return out
}

// secretState says which of a token's secrets was found.
func secretState(s string) string {
	return map[string]string{"current": "its secret of now: reset it if this was public", "overlap": "its old secret, which still works", "retired": "an old secret, which no longer works"}[s]
}

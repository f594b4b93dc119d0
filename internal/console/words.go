package console

import (
	"slices"

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

func (v *visit) listName(t api.Token) string {
	switch {
	case v.session.Portal != "":
		return "My tokens"
	case t.Kind == "workspace":
		return "Integration tokens"
	}
	return "Access tokens"
}

func hasRole(roles []api.Role, name string) bool {
	return slices.ContainsFunc(roles, func(r api.Role) bool { return r.Name == name })
}

func workspaceOptions(slugs []string) []option {
	out := make([]option, len(slugs))
	for i, s := range slugs {
		out[i] = option{s, s}
	}
	return out
}

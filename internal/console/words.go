package console

import (
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
)

func statuses() []form.Option {
	return []form.Option{{"", "Any"}, {"active", "Active"}, {"disabled", "Disabled"}, {"expired", "Expired"}, {"revoked", "Revoked"}}
}

func kinds() []form.Option {
	return []form.Option{{"", "Any"}, {"personal", "Personal"}, {"service", "Automation"}, {"workspace", "Organisation"}}
}

// attentions are the tokens that need a look.
func attentions() []form.Option {
	return []form.Option{{"", "All"}, {"expiring", "Expiring within 14 days"}, {"unused", "Unused for 90 days"}, {"outside", "Outside the policy"}}
}

func reasons() []form.Option {
	return []form.Option{{api.ReasonUnused, "No longer used"}, {api.ReasonSuperseded, "Replaced by another"}, {api.ReasonLeaked, "Leaked"}, {api.ReasonOwnerLeft, "Its owner left"}, {api.ReasonOther, "Other"}}
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

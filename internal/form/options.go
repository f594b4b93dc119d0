package form

import "github.com/tokenry/tokenry/api"

// Statuses are those that a list of tokens is narrowed by.
func Statuses() []Option {
	return []Option{{"", "Any"}, {"active", "Active"}, {"disabled", "Disabled"}, {"expired", "Expired"}, {"revoked", "Revoked"}}
}

// Kinds are those that a list of tokens is narrowed by.
func Kinds() []Option {
	return []Option{{"", "Any"}, {"personal", "Personal"}, {"service", "Automation"}, {"workspace", "Organisation"}}
}

// Attentions are the tokens that need a look.
func Attentions() []Option {
	return []Option{{"", "All"}, {"expiring", "Expiring within 14 days"}, {"unused", "Unused for 90 days"}, {"outside", "Outside the policy"}}
}

// Reasons are those that a token is revoked for.
func Reasons() []Option {
	return []Option{{api.ReasonUnused, "No longer used"}, {api.ReasonSuperseded, "Replaced by another"}, {api.ReasonLeaked, "Leaked"}, {api.ReasonOwnerLeft, "Its owner left"}, {api.ReasonOther, "Other"}}
}

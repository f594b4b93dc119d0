package form

import (
	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

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

// Ages are how long tokens may have been unused, with the one that is asked for.
func Ages(now string) []Option {
	out := []Option{{"", "Any time"}, {"7d", "7 days"}, {"30d", "30 days"}, {"90d", "90 days"}, {"180d", "180 days"}, {"365d", "A year"}}
	if d, err := api.ParseDuration(now); err == nil && d > 0 && !Offers(out, now) {
		out = append(out, Option{now, phrase.Lasting(d)})
	}
	return out
}

// Overlaps are how long an old secret can still work; the policy's first, where it is known.
func Overlaps(p *api.Policy) []Option {
	usual := "As the policy says"
	if p != nil {
		usual = "Usual: " + phrase.Lasting(p.Overlap)
	}
	return []Option{{"", usual}, {"0", "No time"}, {"1h", "1 hour"}, {"1d", "1 day"}, {"7d", "7 days"}}
}

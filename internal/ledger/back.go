package ledger

import "strings"

// Back is what a change brings back to a token, or adds: life, reach, speed or
// power that it did not have a moment before. What a change takes away is what
// undoing it would bring back. It is stored as a number: its bits are never
// renumbered.
type Back uint16

// What can be brought back.
const (
	BackEnabled  Back = 1 << iota // it was disabled
	BackUnending                  // its scheduled end is gone, or later
	BackWider                     // it may be used from more addresses
	BackFaster                    // its limit lets more through
	BackSooner                    // it begins earlier
	BackLonger                    // it expires later
	BackReadable                  // its secrets will be kept, so that they can be shown again
	BackMightier                  // its statements say more
)

// backs are what can be brought back, by bit: in words, the field of the token
// that says so, and the scope of whoever may bring back what others took.
func backs() []struct{ words, field, scope string } {
	return []struct{ words, field, scope string }{
		{"enables it", "disabled_at", "tokens:disable"},
		{"takes its scheduled end away", "revoke_at", "tokens:delete"},
		{"lets it be used from more addresses", "allowed_ips", "tokens:edit"},
		{"raises its limit", "rate_limit", "tokens:edit"},
		{"lets it begin earlier", "not_before", "tokens:edit"},
		{"lets it live longer", "expires_at", "tokens:edit"},
		{"lets its secret be shown again", "recoverable", "tokens:edit"},
		{"widens its rights", "grants", "tokens:edit"},
	}
}

// Each answers what f makes of each bit.
func (b Back) Each(f func(words, field, scope string) string) []string {
	out := []string{}
	for i, x := range backs() {
		if b&(1<<i) != 0 {
			out = append(out, f(x.words, x.field, x.scope))
		}
	}
	return out
}

// Words says it, for an error.
func (b Back) Words() string {
	return strings.Join(b.Each(func(words, _, _ string) string { return words }), " and ")
}

// Fields names the fields of a token that say so.
func (b Back) Fields() []string {
	return b.Each(func(_, field, _ string) string { return field })
}

package terminal

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/tokenry/tokenry/api"
)

// RateLimit is a rate limit as the flag --rate-limit takes it, so that one can be
// copied to another token.
func RateLimit(l *api.RateLimit) string {
	if l == nil {
		return ""
	}
	return (&Rate{RateLimit: *l}).String()
}

// Metadata is metadata as JSON in one line; its keys and values are other
// people's, and cleaned where they are printed.
func Metadata(m api.Metadata) string {
	if len(m) == 0 {
		return ""
	}
	b, err := json.Marshal(m)
	if err != nil {
		return ""
	}
	return string(b)
}

// HeldByInstance says who alone brings back what was stopped.
func HeldByInstance(held bool) string {
	if !held {
		return ""
	}
	return "by an administrator of the instance, who alone brings it back"
}

// Held says what the owner alone does not undo.
func Held(h *api.Held) string {
	if h == nil {
		return ""
	}
	by := "an administrator"
	if h.By != nil {
		by = cmp.Or(*h.By, by)
	}
	return strings.Join(h.Fields, " ") + " by " + by + "; its owner alone does not undo it"
}

// YesNo is a word for true and false that a person reads in a table.
func YesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// Origin says who may change a role or scope: nobody what is built in, an
// administrator of the instance what is inherited, the workspace what is its own.
func Origin(builtIn, inherited bool) string {
	switch {
	case builtIn:
		return "built in"
	case inherited:
		return "instance"
	}
	return "here"
}

// Active is the word for a state that is on or off; a member, account, user and
// workspace share it, so that a script looks for one word.
func Active(on bool) string {
	if on {
		return "active"
	}
	return "inactive"
}

// The states of a find besides the codes of a token that is not live.
const (
	StateLive    = "live"
	StateUnknown = "unknown"
	StateNotTold = "not told"
)

// FoundState is what a look-up says of a token in one word: live, why it is not, or unknown
// for what the caller may not see.
func FoundState(f api.FoundToken) string {
	switch {
	case f.Token == nil:
		return StateUnknown
	case f.Secret == api.SecretRetired:
		return string(api.CodeRetired)
	case f.Token.Usable:
		return StateLive
	case f.Token.BlockedBy != nil:
		return *f.Token.BlockedBy
	}
	return f.Token.Status
}

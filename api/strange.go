package api

import "time"

// Answers to strange use.
const (
	StrangeMe    = "me"
	StrangeNotMe = "not_me"
)

// StrangeUse is what was strange about the use of a token and nobody has answered.
type StrangeUse struct {
	// Open says that there is something; else all that follows is empty.
	Open    bool       `json:"open"`
	FirstAt *time.Time `json:"first_at"`
	LastAt  *time.Time `json:"last_at"`
	// Networks are those that it was never used from before, the first 8 of them, each
	// the /24 or /48 around an address; MoreNetworks counts the others.
	Networks     []string `json:"networks"`
	MoreNetworks int      `json:"more_networks"`
	// ManyNetworks says that the token is used from so many networks that new ones are
	// not told any more.
	ManyNetworks bool `json:"many_networks"`
	// QuietSince is the day of its last use before a silence of 90 days and more.
	QuietSince *time.Time `json:"quiet_since"`
	// Denied is how many requests were refused within an hour, when none was in a week.
	Denied int64 `json:"denied"`
	// LastIP and LastUserAgent are of the last use that was strange.
	LastIP        *string `json:"last_ip"`
	LastUserAgent string  `json:"last_user_agent"`
	// DisownedAt is when somebody answered that it was not them.
	DisownedAt *time.Time `json:"disowned_at"`
}

// AnswerStrangeUse says who it was.
type AnswerStrangeUse struct {
	// Answer is me or not_me.
	Answer  string `json:"answer"`
	Comment string `json:"comment,omitempty"`
	// Seen is the last_at that was shown: what came later is refused with
	// changed_meanwhile instead of being answered unseen.
	Seen *time.Time `json:"seen,omitempty"`
}

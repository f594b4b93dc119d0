package foreign

import (
	"time"

	"github.com/tokenry/tokenry/token"
)

// Spec is a format as it is kept. What is secret of it is sealed.
type Spec struct {
	Name     string `json:"name"`
	Prefix   string `json:"prefix"`
	Least    int    `json:"least"` // characters of the whole string
	Most     int    `json:"most"`
	Alphabet string `json:"alphabet"`
	Part     Part   `json:"part,omitzero"`
	Decode   string `json:"decode,omitempty"`
	Hash     string `json:"hash"`
	// Key and Suffix are sealed.
	Key        []byte `json:"key,omitempty"`
	Suffix     []byte `json:"suffix,omitempty"`
	Iterations int    `json:"iterations,omitempty"`
	Length     int    `json:"length,omitempty"` // bytes
	Salt       string `json:"salt,omitempty"`
	SaltPart   Part   `json:"salt_part,omitzero"`
	Hint       Part   `json:"hint,omitzero"`
	// Recipe stands for everything that a hash follows from, see [Format.Recipe].
	Recipe string `json:"recipe"`
	// Naming is the key of the keyring that locators are worked out with.
	Naming    token.KeyID `json:"naming"`
	CreatedAt time.Time   `json:"created_at"`
}

// Part is a part of a string: the Take bytes behind the first Skip, or, with FromEnd,
// those before the last Skip. A Take of 0 is all of them.
type Part struct {
	Skip    int  `json:"skip,omitempty"`
	Take    int  `json:"take,omitempty"`
	FromEnd bool `json:"from_end,omitempty"`
}

// of cuts the part out of s; false when s has none.
func (p Part) of(s string) (string, bool) {
	n := len(s) - p.Skip
	if n <= 0 || p.Take > n {
		return "", false
	}
	take := p.Take
	if take == 0 {
		take = n
	}
	if p.FromEnd {
		return s[n-take : n], true
	}
	return s[p.Skip : p.Skip+take], true
}

// Origin is what is kept beside the digest of a secret that another system gave out.
type Origin struct {
	// Format is the name of its format, Recipe that one's.
	Format string `json:"format"`
	Recipe string `json:"recipe"`
	// Start is the beginning of its string, for people, or empty.
	Start string `json:"start,omitempty"`
	// Salt is what its hash needs beside the string: a salt, or the text of a hash up to and
	// with its salt.
	Salt string `json:"salt,omitempty"`
	// Direct says that the digest is of the string itself, and no slow hash is asked any more.
	Direct bool `json:"direct,omitempty"`
}

// Slow says that comparing takes a slow hash of the string with a salt of its own.
func (o *Origin) Slow() bool { return o != nil && o.Salt != "" && !o.Direct }

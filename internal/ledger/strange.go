package ledger

import (
	"context"
	"net/netip"
	"time"

	"github.com/tokenry/tokenry/token"
)

// Bounds of what is kept of the networks that tokens are used from.
const (
	// NetworkBound is how many networks are told apart of one token. One that is used
	// from more is at home everywhere, as what runs in a cloud is.
	NetworkBound = 32
	// StrangeNetworks is how many networks one notice names; the others are counted.
	StrangeNetworks = 8
)

// NetworkUse says that a token was let through from a network, which is named by its first
// address; that is not valid where no address was told.
type NetworkUse struct {
	Workspace   ID
	Token       token.Locator
	Network     netip.Addr
	First, Last time.Time
}

// NetworkNote is what was known of a token before uses of it were noted, and what is news.
type NetworkNote struct {
	Token token.Locator
	// Since is when its first use was noted, Last when the latest one was, to the day
	// at least; both are zero for one that was never noted.
	Since, Last time.Time
	// New are networks that were not known, each answered to one caller alone.
	New []netip.Addr
	// Woke says that this caller noted the first use after so long, and no other did.
	Woke bool
	// Crowded says that this caller noted the network which made them too many.
	Crowded bool
}

// NetworkStore keeps the networks that tokens were let through from, beside their usage: it
// is a chapter of a [UsageStore], which trims and forgets them.
type NetworkStore interface {
	// NoteNetworks notes uses and answers a note for each token that has news, in one
	// transaction. quiet is the time after which a use is one that woke the token.
	NoteNetworks(ctx context.Context, uses []NetworkUse, quiet time.Duration) ([]NetworkNote, error)
	// ForgetNetworks forgets networks of a token, so that they are news again.
	ForgetNetworks(ctx context.Context, t token.Locator, networks []netip.Addr) error
	// NoteRecorded says that what was used until a moment is written, and answers since
	// when nothing is missing. The counting begins anew where something is: after lost
	// facts, after a pause longer than the patience, and where the clock was set back.
	NoteRecorded(ctx context.Context, at time.Time, lost bool) (since time.Time, err error)
}

// RecordedPatience is the pause in what was written that is none: a server that was
// stopped in order has written all it knew, and one that crashed loses seconds.
const RecordedPatience = time.Hour

// Strange is what was strange about the use of one token, and nobody has answered yet.
type Strange struct {
	Token     ID
	Workspace ID
	// First and Last are when it was first and last seen to be.
	First, Last time.Time
	// ToldAt is when the owner was last told.
	ToldAt time.Time
	// DisownedAt is when somebody said that it was not them; zero before.
	DisownedAt time.Time
	Signs      StrangeSigns
}

// StrangeSigns is what was seen.
type StrangeSigns struct {
	// Networks are those that it was never used from before, the first of them; More
	// counts the others. Many says that they are too many to be told from now on.
	Networks []string `json:"networks,omitempty"`
	More     int      `json:"more,omitempty"`
	Many     bool     `json:"many,omitempty"`
	// QuietSince is its last use before a long silence; zero where there was none.
	QuietSince time.Time `json:"quiet_since,omitzero"`
	// Denied is how many requests in a row were refused; 0 where they were few.
	Denied int64 `json:"denied,omitempty"`
	// Address and Agent are of the last use that was strange.
	Address string `json:"address,omitempty"`
	Agent   string `json:"agent,omitempty"`
}

// StrangeReader reads what was strange.
type StrangeReader interface {
	// Strange answers what is open about a token.
	Strange(t ID) (Strange, error)
	// StrangeAmong answers what is open about tokens of a list.
	StrangeAmong(tokens []ID) ([]Strange, error)
	// LatestMail is the last mail to somebody of a kind of which few are sent: strange, unused.
	LatestMail(recipient, kind string) (Mail, error)
}

// StrangeWriter changes it.
type StrangeWriter interface {
	PutStrange(Strange) error
	DeleteStrange(t ID) error
}

// Answered says whether what was said not to be the owner's has been acted upon, by a new
// secret after that.
func (s *Strange) Answered(rotated time.Time) bool {
	return !s.DisownedAt.IsZero() && rotated.After(s.DisownedAt)
}

package ledger

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/token"
)

// TrustRule says which ID tokens of somebody else's system a service account gives an
// ephemeral token for.
type TrustRule struct {
	ID             ID
	Workspace      ID
	ServiceAccount ID
	PublicID       string
	Label          string
	// System, Issuer, Audience and Claims are what has to hold; see package trust.
	System, Issuer, Audience string
	Claims                   map[string][]string
	// Keys is a JWKS; nil asks the issuer.
	Keys json.RawMessage
	// Grants are those of the tokens; nil is all that the account may do.
	Grants     []grant.Statement
	AllowedIPs []netip.Prefix
	RateLimit  *policy.KeptLimit
	Lifetime   time.Duration
	// CreatedBy is the address of who made it or last changed what it gives, CreatedWith
	// the API token that was used for it, with which it ends.
	CreatedBy   string
	CreatedWith token.Locator
	CreatedAt   time.Time
	// Ending, when not zero, says that tokens which were made before are to be ended yet.
	Ending time.Time
	// DeletedAt is of a rule that is gone, and whose tokens are not.
	DeletedAt time.Time
	Revision  int64
}

// Exchange is one ID token that was used.
type Exchange struct {
	Workspace ID
	// Used is the ID token's name, a digest.
	Used  []byte
	Rule  ID
	Token token.Locator
	At    time.Time
	// EndsAt is the end of what it was exchanged for, KeptUntil when neither that nor the
	// ID token lives any more.
	EndsAt, KeptUntil time.Time
}

// TrustReader reads rules of trust, and what was exchanged under them. A deleted rule is
// found by TrustRulesEnding alone.
type TrustReader interface {
	TrustRule(workspace ID, publicID string) (TrustRule, error)
	// TrustRules lists a workspace's, those of one service account unless that is 0.
	TrustRules(workspace, account ID, q Range) ([]TrustRule, error)
	// TrustRulesEnding lists those with tokens that are to be ended.
	TrustRulesEnding(q Range) ([]TrustRule, error)
	// Exchange finds who used an ID token in a workspace.
	Exchange(workspace ID, used []byte) (Exchange, error)
	// ExchangesOf lists those of a rule whose token ends after t, in the order of the ends;
	// CountExchanges counts them.
	ExchangesOf(rule ID, t time.Time, limit int) ([]Exchange, error)
	CountExchanges(rule ID, t time.Time) (int64, error)
}

// TrustWriter changes rules of trust and remembers exchanges.
type TrustWriter interface {
	PutTrustRule(TrustRule) error
	DeleteTrustRule(id ID) error
	PutExchange(Exchange) error
	// DeleteExchanges forgets those that were to be kept until before t, about limit of
	// them, and answers how many.
	DeleteExchanges(t time.Time, limit int) (int, error)
}

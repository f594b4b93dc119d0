package authority

import (
	"context"
	"io"
	"net/netip"
	"net/url"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// What the rooms of verbs ask of the authority that they are verbs of.

// Now is the time as the machine tells it; what a mutation does happens at its own
// moment.
func (a *Authority) Now() time.Time { return a.now() }

// Keys are those that digests are keyed with.
func (a *Authority) Keys() *token.Keyring { return a.keys }

// Rand is the source of what is random.
func (a *Authority) Rand() io.Reader { return a.rand }

// Given are the options that the rooms need as they were given. None is nil.
type Given struct {
	HashPassword    func(password string) (string, error)
	Usage           ledger.UsageReader
	Decisions       ledger.DecisionLog
	Forget          UsageForgetter
	UsageSince      func() time.Time
	Mail            bool
	CheckWebhookURL func(*url.URL) error
	Issuers         Issuers
}

// Given is what the authority was given for the rooms; see [Options].
func (a *Authority) Given() Given { return a.given }

// UsageForgetter forgets what was done with tokens that are no more. It is part
// of a [ledger.UsageStore].
type UsageForgetter interface {
	ForgetUsage(ctx context.Context, tokens []token.Locator) error
	TrimUsage(ctx context.Context, workspace ledger.ID, before time.Time) error
	ForgetNetworks(ctx context.Context, t token.Locator, networks []netip.Addr) error
}

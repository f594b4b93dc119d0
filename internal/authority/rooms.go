package authority

import (
	"io"
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

// HashPassword is [Options.HashPassword].
func (a *Authority) HashPassword(password string) (string, error) { return a.hash(password) }

// Usage is [Options.Usage].
func (a *Authority) Usage() ledger.UsageReader { return a.usage }

// Decisions is [Options.Decisions].
func (a *Authority) Decisions() ledger.DecisionLog { return a.decisions }

// Forget is [Options.Forget].
func (a *Authority) Forget() UsageForgetter { return a.forget }

// Mails is [Options.Mail].
func (a *Authority) Mails() bool { return a.mail }

// CheckWebhookURL is [Options.CheckWebhookURL], for an address that has the form.
func (a *Authority) CheckWebhookURL(u *url.URL) error {
	if a.checkURL == nil {
		return nil
	}
	return a.checkURL(u)
}

package authority

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// UsageForgetter forgets what was done with tokens that are no more. It is part
// of a [ledger.UsageStore].
type UsageForgetter interface {
	ForgetUsage(ctx context.Context, tokens []token.Locator) error
	TrimUsage(ctx context.Context, workspace ledger.ID, before time.Time) error
}

package httpapi

import (
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// misses bounds how often a caller may ask about strings of the right form that
// are no token (RFC 7662, section 4): a thousand times a minute. A resource server
// is asked by the whole world, so the bound holds up what is no token alone: else
// whoever sends garbage to an API would shut out the people who use it.
type misses struct {
	each *verify.Limiter[token.Locator]
}

func newMisses() misses {
	const callers = 10_000
	return misses{verify.NewLimiter[token.Locator](api.RateLimit{Requests: 1000, Window: api.Duration(time.Minute)}, callers)}
}

// take refuses to answer a decision about what is no token when it is one too
// many. What has not even the form of one tells nobody anything, and is not counted.
func (m misses) take(caller token.Locator, d *verify.Decision) error {
	if d.Code != api.CodeUnknown {
		return nil //nolint:nilerr // a code is an error by type; here it is a verdict
	}
	if rate, ok := m.each.Take(caller, 1, d.At); !ok {
		e := api.Errorf(api.CodeRateLimited, "too many strings that are not tokens were asked about; those that are tokens are still answered")
		e.RetryAfter = rate.RetryAfter
		return e
	}
	return nil
}

package httpapi

import (
	"sync"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// So many strings of the right form that are no token may a caller ask about in a
// minute (RFC 7662, section 4). A resource server is asked by the whole world, so
// the bound holds up what is no token alone: else whoever sends garbage to an API
// would shut out the people who use it.
const (
	missesAllowed = 1000
	missWindow    = time.Minute
	// missCallers bounds the callers that are remembered. Whoever makes room was
	// not at its bound, or is allowed more than it should be: never less.
	missCallers = 10_000
)

// misses counts by caller, as a leaky bucket: what is remembered is when it will
// be empty.
type misses struct {
	mu    sync.Mutex // guards empty
	empty map[token.Locator]time.Time
}

// count takes note of a decision about a string that is no token, and says how
// long the caller has to wait when it was one too many. What has not even the form
// of a token tells nobody anything, and is not counted.
func (m *misses) count(caller token.Locator, d *verify.Decision) time.Duration {
	if d.Code != api.CodeUnknown {
		return 0
	}
	const step = missWindow / missesAllowed
	m.mu.Lock()
	defer m.mu.Unlock()
	empty := m.empty[caller]
	if empty.Before(d.At) {
		empty = d.At
	}
	if wait := empty.Add(step).Sub(d.At) - missWindow; wait > 0 {
		return wait
	}
	if len(m.empty) >= missCallers {
		m.forget(d.At)
	}
	m.empty[caller] = empty.Add(step)
	return 0
}

// forget makes room: those whose bucket is empty say nothing, else anybody.
func (m *misses) forget(now time.Time) {
	for caller, empty := range m.empty {
		if empty.Before(now) || len(m.empty) >= missCallers {
			delete(m.empty, caller)
		}
	}
}

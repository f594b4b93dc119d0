package notify

import (
	"time"

	"github.com/tokenry/tokenry/internal/clock"
)

// pauses come after the first, second, … failed attempt to deliver; after the
// last the delivery is given up. (Standard Webhooks)
var pauses = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

const (
	// firstMailPause doubles with every failed attempt, up to longestMailPause.
	firstMailPause   = time.Minute
	longestMailPause = 6 * time.Hour
	// mailPatience is how long a mail is tried.
	mailPatience = 3 * 24 * time.Hour
)

// retryAt is when a delivery is tried again after its attempt failed, not before
// what the receiver asked for; zero gives up.
func (s *Service) retryAt(attempt int, wish time.Time) time.Time {
	if attempt > len(pauses) {
		return time.Time{}
	}
	at := s.o.Now().Add(clock.Jitter(s.o.Rand, pauses[max(attempt, 1)-1]))
	if wish.After(at) {
		return wish
	}
	return at
}

// mailRetryAt is when a mail is tried again; zero gives up.
func (s *Service) mailRetryAt(attempt int, created time.Time) time.Time {
	pause := longestMailPause
	if attempt < 10 {
		pause = min(firstMailPause<<max(attempt-1, 0), longestMailPause)
	}
	at := s.o.Now().Add(clock.Jitter(s.o.Rand, pause))
	if at.After(created.Add(mailPatience)) {
		return time.Time{}
	}
	return at
}

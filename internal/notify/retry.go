package notify

import (
	"encoding/binary"
	"io"
	"time"
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
	at := s.o.Now().Add(s.jitter(pauses[max(attempt, 1)-1]))
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
	at := s.o.Now().Add(s.jitter(pause))
	if at.After(created.Add(mailPatience)) {
		return time.Time{}
	}
	return at
}

// jitter lengthens a pause by up to a fifth, so that what failed together does
// not come back together.
func (s *Service) jitter(d time.Duration) time.Duration {
	var b [2]byte
	if _, err := io.ReadFull(s.o.Rand, b[:]); err != nil {
		return d
	}
	return d + time.Duration(float64(d)/5*float64(binary.BigEndian.Uint16(b[:]))/65535)
}

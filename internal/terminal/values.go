package terminal

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
)

// Lifetime is a flag that takes a duration of the wire.
type Lifetime struct{ api.Duration }

// Set reads a duration.
func (l *Lifetime) Set(s string) (err error) {
	l.Duration, err = api.ParseDuration(s)
	return err
}

// String is empty before Set, so that help shows no default.
func (l *Lifetime) String() string {
	if l.Duration == 0 {
		return ""
	}
	return l.Duration.String()
}

// Type names the value in help.
func (l *Lifetime) Type() string { return "duration" }

// Moment is a flag that takes a date, or a time in RFC 3339.
type Moment struct{ time.Time }

// Set reads a moment; a date is its first, in UTC.
func (m *Moment) Set(s string) (err error) {
	if m.Time, err = time.Parse(time.DateOnly, s); err == nil {
		return nil
	}
	if m.Time, err = time.Parse(time.RFC3339, s); err != nil {
		return errors.New("want a date like 2026-12-31 or a time like 2026-12-31T23:00:00Z")
	}
	return nil
}

// String is empty before Set.
func (m *Moment) String() string {
	if m.IsZero() {
		return ""
	}
	return m.Format(time.RFC3339)
}

// Type names the value in help.
func (m *Moment) Type() string { return "time" }

// Rate is a flag that takes so many requests in a window: 100/1m.
type Rate struct{ api.RateLimit }

// Set reads a rate.
func (r *Rate) Set(s string) error {
	n, window, ok := strings.Cut(s, "/")
	requests, err := strconv.Atoi(n)
	if !ok || err != nil || r.Window.UnmarshalText([]byte(window)) != nil {
		return errors.New("want REQUESTS/WINDOW, like 100/1m")
	}
	r.Requests = requests
	return nil
}

// String is empty before Set.
func (r *Rate) String() string {
	if r.Requests == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%s", r.Requests, r.Window)
}

// Type names the value in help.
func (r *Rate) Type() string { return "rate" }

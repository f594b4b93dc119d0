package api

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time on the wire: a whole number and one of the
// units s, m, h, d (24 hours) and w (7 days), like "90d", "24h" or "30m"; "0"
// is nothing. At most [MaxDuration].
type Duration time.Duration

// Day is the unit d: exactly 24 hours.
const Day = Duration(24 * time.Hour)

// MaxDuration is the longest length the wire accepts: one hundred years.
const MaxDuration = 36525 * Day

// ErrDuration says that a text is not a duration of this wire. It never holds
// the text.
var ErrDuration = errors.New(`want a whole number and a unit, like "90d", "24h" or "30m"`)

// ParseDuration reads a duration; any other text is ErrDuration.
func ParseDuration(s string) (Duration, error) {
	if s == "0" {
		return 0, nil
	}
	if len(s) < 2 || len(s) > 12 {
		return 0, ErrDuration
	}
	unit, ok := unitOf(s[len(s)-1])
	digits := s[:len(s)-1]
	if !ok || strings.Trim(digits, "0123456789") != "" {
		return 0, ErrDuration
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > int64(MaxDuration/unit) {
		return 0, ErrDuration
	}
	return Duration(n) * unit, nil
}

func unitOf(c byte) (Duration, bool) {
	switch c {
	case 's':
		return Duration(time.Second), true
	case 'm':
		return Duration(time.Minute), true
	case 'h':
		return Duration(time.Hour), true
	case 'd':
		return Day, true
	case 'w':
		return 7 * Day, true
	}
	return 0, false
}

// String writes the duration in its largest whole unit; one day is "24h".
func (d Duration) String() string {
	switch {
	case d == 0:
		return "0"
	case d%Day == 0 && d != Day:
		return strconv.FormatInt(int64(d/Day), 10) + "d"
	case d%Duration(time.Hour) == 0:
		return strconv.FormatInt(int64(d/Duration(time.Hour)), 10) + "h"
	case d%Duration(time.Minute) == 0:
		return strconv.FormatInt(int64(d/Duration(time.Minute)), 10) + "m"
	}
	return strconv.FormatInt(int64(d/Duration(time.Second)), 10) + "s"
}

// Std returns the duration as the standard library's.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// MarshalText writes the duration as [Duration.String] does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a duration; see [ParseDuration].
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := ParseDuration(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// UnmarshalJSON reads a duration written as a string, or the bare number 0.
func (d *Duration) UnmarshalJSON(b []byte) error {
	s := strings.TrimSpace(string(b))
	if s == "0" {
		*d = 0
		return nil
	}
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return ErrDuration
	}
	return d.UnmarshalText([]byte(s[1 : len(s)-1]))
}

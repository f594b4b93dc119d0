package phrase

import (
	"time"

	"github.com/tokenry/tokenry/api"
)

// Relative says how far a moment is from now, in words.
func Relative(t, now time.Time) string {
	d := t.Sub(now)
	if d > 0 {
		if d < time.Minute {
			return "in a moment"
		}
		return "in " + Span(Nearest(d))
	}
	if -d < time.Minute {
		return "just now"
	}
	return Span(-d) + " ago"
}

// Nearest makes [span] round what is to come: what was just given 90 days ends in
// 90 days, a moment later too.
func Nearest(d time.Duration) time.Duration {
	const day = 24 * time.Hour
	switch {
	case d < time.Hour:
		return d.Round(time.Minute)
	case d < 2*day:
		return d.Round(time.Hour)
	case d < 60*day:
		return d.Round(day)
	case d < 2*365*day:
		return d.Round(30 * day)
	}
	return d.Round(365 * day)
}

// Span is a length of time in its largest unit, rounded down as people do.
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Hour:
		return Plural(int(d/time.Minute), "minute")
	case d < 2*day:
		return Plural(int(d/time.Hour), "hour")
	case d < 60*day:
		return Plural(int(d/day), "day")
	case d < 2*365*day:
		return Plural(int(d/(30*day)), "month")
	}
	return Plural(int(d/(365*day)), "year")
}

// Lasting is a duration that is set, in words: exact, since it is what will hold.
func Lasting(d api.Duration) string {
	if d == 0 {
		return "no time"
	}
	for _, unit := range []struct {
		d    api.Duration
		name string
	}{{api.Day, "day"}, {api.Duration(time.Hour), "hour"}, {api.Duration(time.Minute), "minute"}, {api.Duration(time.Second), "second"}} {
		if d%unit.d == 0 {
			return Plural(int(d/unit.d), unit.name)
		}
	}
	return d.String()
}

// Wait is how long there is to wait, rounded up: whoever comes back then is not too
// early.
func Wait(d time.Duration) string {
	unit, name := time.Second, "second"
	switch {
	case d >= time.Hour:
		unit, name = time.Hour, "hour"
	case d >= time.Minute:
		unit, name = time.Minute, "minute"
	}
	return Plural(int((d+unit-1)/unit), name)
}

// Iso is a moment as machines read it.
func Iso(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Exact is a moment for people whose browser does not say their zone.
func Exact(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// Soon is how near an expiry must be to be marked.
const Soon = 14 * 24 * time.Hour

// EndsSoon says that a token is to be marked, because its end is near.
func EndsSoon(t api.Token, now time.Time) bool {
	return t.Status == api.StatusActive && t.ExpiresAt != nil && t.ExpiresAt.Sub(now) < Soon
}

// Week names a week by how far it is away.
func Week(i int) string {
	if i == 0 {
		return "now"
	}
	return Itoa(i) + " w"
}

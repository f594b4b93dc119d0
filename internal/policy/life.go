package policy

import (
	"time"

	"github.com/tokenry/tokenry/api"
)

// Life is what a policy judges of a token. Zero times never come.
type Life struct {
	NotBefore, ExpiresAt time.Time
	// Lifetime is what was asked for when it was issued or edited last; 0 when it
	// never expires.
	Lifetime time.Duration
	// Listed says that it is bound to an allow-list of addresses.
	Listed bool
}

// Possible refuses, whatever the policy, a life that is over at a moment, ends
// before it begins, or lies where no calendar reaches.
func (l Life) Possible(now time.Time) error {
	switch {
	case l.ExpiresAt.IsZero() && l.NotBefore.IsZero():
		return nil
	case !l.ExpiresAt.IsZero() && !l.ExpiresAt.After(now):
		return api.FieldError("expires_at", "must be in the future")
	case l.ExpiresAt.After(farthest()):
		return api.FieldError("expires_at", "must be before the year 9999")
	case l.NotBefore.After(farthest()):
		return api.FieldError("not_before", "must be before the year 9999")
	case !l.NotBefore.IsZero() && l.NotBefore.Year() < 1971:
		return api.FieldError("not_before", "must be after the year 1970")
	case !l.ExpiresAt.IsZero() && !l.NotBefore.Before(l.ExpiresAt):
		return api.FieldError("not_before", "must be before the expiry")
	}
	return nil
}

// farthest is the last moment a token may name.
func farthest() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// Outside names the fields of a token that the policy would not allow now.
func (l Life) Outside(p api.Policy, now time.Time) []string {
	var out []string
	bound := Bound(p, now)
	switch {
	case l.ExpiresAt.IsZero() && !p.AllowNever:
		out = append(out, "never")
	case !l.ExpiresAt.IsZero() && !bound.IsZero() && l.ExpiresAt.After(bound):
		out = append(out, "expires_at")
	}
	if p.RequireIPAllowList && !l.Listed {
		out = append(out, "allowed_ips")
	}
	return out
}

// Within refuses a token that the policy does not allow now, with
// [api.CodeOutsidePolicy].
func (l Life) Within(p api.Policy, now time.Time) error {
	for _, field := range l.Outside(p, now) {
		switch field {
		case "never":
			return OutsideError("never", "the policy does not allow tokens without expiry; give expires_in or expires_at")
		case "expires_at":
			return OutsideError("expires_at", "must be at most "+p.MaxLifetime.String()+" from now, the policy's max_lifetime")
		case "allowed_ips":
			return OutsideError("allowed_ips", "the policy requires an allow-list of addresses; give the token one")
		}
	}
	return nil
}

// ExpiryWithin refuses an expiry that the policy does not allow now, wherever the
// token may be used from.
func (l Life) ExpiryWithin(p api.Policy, now time.Time) error {
	p.RequireIPAllowList = false
	return l.Within(p, now)
}

// MayGoOn refuses a new secret to a token whose expiry, as it stands, the policy
// does not allow now, and says what would bring it within.
func (l Life) MayGoOn(p api.Policy, now time.Time) error {
	err := l.ExpiryWithin(p, now)
	if err == nil {
		return nil
	}
	return OutsideError(api.AsError(err).Field, "the token's expiry, as it stands, is outside the policy (max_lifetime "+p.MaxLifetime.String()+
		"); rotate it with renew or expires_in, which bring it within. Its secret still works")
}

// Renewed is how long a token lives that is renewed: its original lifetime, as far
// as the policy allows; the policy's default if it was to live for ever.
func (l Life) Renewed(p api.Policy) time.Duration {
	d := l.Lifetime
	if l.ExpiresAt.IsZero() {
		d = p.DefaultLifetime.Std()
	}
	if p.MaxLifetime > 0 {
		d = min(d, p.MaxLifetime.Std())
	}
	return d
}

// Longest is how long the policy lets a token live from now that it does not let
// live as it does.
func Longest(p api.Policy) time.Duration {
	if p.MaxLifetime > 0 {
		return p.MaxLifetime.Std()
	}
	return p.DefaultLifetime.Std()
}

// Bound is the end that max_lifetime sets from now; zero for none.
func Bound(p api.Policy, now time.Time) time.Time {
	if p.MaxLifetime == 0 {
		return time.Time{}
	}
	return now.Add(p.MaxLifetime.Std())
}

// Earlier returns the earlier of two moments; zero means never.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// OutsideError says that the policy does not allow a field as it is.
func OutsideError(field, problem string) error {
	e := api.Errorf(api.CodeOutsidePolicy, "%s: %s", field, problem)
	e.Field = field
	return e
}

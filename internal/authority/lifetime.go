package authority

import (
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
)

// lifetime settles not_before and expires_at from the request and the policy.
func (w *work) lifetime(ac *actor, sp *space, t *ledger.Token, in api.TokenFields) error {
	if err := onlyOne(in); err != nil {
		return err
	}
	if in.NotBefore.Set {
		t.NotBefore = in.NotBefore.Value.UTC()
	}
	p := sp.policy()
	start := w.now
	if t.NotBefore.After(start) {
		start = t.NotBefore
	}
	switch {
	case in.ExpiresAt.Has() && !in.ExpiresAt.Value.After(w.now): // the year 1 would be never
		return api.FieldError("expires_at", "must be in the future")
	case in.ExpiresAt.Has():
		t.ExpiresAt = in.ExpiresAt.Value.UTC().Truncate(time.Microsecond)
	case in.ExpiresIn.Has():
		t.ExpiresAt = w.now.Add(in.ExpiresIn.Value.Std())
	case in.Never.Or(false), in.ExpiresAt.Set, in.ExpiresIn.Set:
		t.ExpiresAt = time.Time{}
	default:
		t.ExpiresAt = earlier(start.Add(p.DefaultLifetime.Std()), lifetimeBound(p, w.now))
	}
	if !in.ExpiresAt.Set && !in.Never.Or(false) && ac.with != nil {
		if in.ExpiresIn.Set { // what is asked for is judged before its maker's end shortens it
			if err := lifetimeWithin(*t, p, w.now); err != nil {
				return err
			}
		}
		t.ExpiresAt = earlier(t.ExpiresAt, ac.with.ExpiresAt)
	}
	if err := checkLifetime(*t, w.now); err != nil {
		return err
	}
	t.Lifetime = 0
	if !t.ExpiresAt.IsZero() {
		t.Lifetime = t.ExpiresAt.Sub(w.now)
	}
	return nil
}

func onlyOne(in api.TokenFields) error {
	n := 0
	for _, set := range []bool{in.ExpiresIn.Has(), in.ExpiresAt.Has(), in.Never.Or(false)} {
		if set {
			n++
		}
	}
	if n > 1 {
		return api.FieldError("expires_at", "give at most one of expires_in, expires_at and never")
	}
	return nil
}

// farthest is the last moment a token may name.
func farthest() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

func checkLifetime(t ledger.Token, now time.Time) error {
	switch {
	case t.ExpiresAt.IsZero() && t.NotBefore.IsZero():
		return nil
	case !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(now):
		return api.FieldError("expires_at", "must be in the future")
	case t.ExpiresAt.After(farthest()), t.NotBefore.After(farthest()):
		return api.FieldError("expires_at", "must be before the year 9999")
	case !t.NotBefore.IsZero() && t.NotBefore.Year() < 1971:
		return api.FieldError("not_before", "must be after the year 1970")
	case !t.ExpiresAt.IsZero() && !t.NotBefore.Before(t.ExpiresAt):
		return api.FieldError("not_before", "must be before the expiry")
	}
	return nil
}

// earlier returns the earlier of two moments; zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func outside(field, problem string) error {
	e := api.Errorf(api.CodeOutsidePolicy, "%s: %s", field, problem)
	e.Field = field
	return e
}

// withinPolicy refuses a token that the policy does not allow now.
func withinPolicy(t ledger.Token, p api.Policy, now time.Time) error {
	for _, field := range outsidePolicy(t, p, now) {
		switch field {
		case "never":
			return outside("never", "the policy does not allow tokens without expiry; give expires_in or expires_at")
		case "expires_at":
			return outside("expires_at", "must be at most "+p.MaxLifetime.String()+" from now, the policy's max_lifetime")
		case "allowed_ips":
			return outside("allowed_ips", "the policy requires an allow-list of addresses; give the token one")
		}
	}
	return nil
}

// lifetimeWithin refuses an expiry that the policy does not allow now.
func lifetimeWithin(t ledger.Token, p api.Policy, now time.Time) error {
	p.RequireIPAllowList = false
	return withinPolicy(t, p, now)
}

// mayKeepLife refuses a new secret to a token whose expiry, as it stands, the
// policy does not allow now, and says what would bring it within.
func mayKeepLife(t ledger.Token, p api.Policy, now time.Time) error {
	err := lifetimeWithin(t, p, now)
	if err == nil {
		return nil
	}
	return outside(api.AsError(err).Field, "the token's expiry, as it stands, is outside the policy (max_lifetime "+p.MaxLifetime.String()+
		"); rotate it with renew or expires_in, which bring it within. Its secret still works")
}

// renewed is how long a token lives that is renewed: its original lifetime, as
// far as the policy allows; the policy's default if it was to live for ever.
func renewed(t ledger.Token, p api.Policy) time.Duration {
	d := t.Lifetime
	if t.ExpiresAt.IsZero() {
		d = p.DefaultLifetime.Std()
	}
	if p.MaxLifetime > 0 {
		d = min(d, p.MaxLifetime.Std())
	}
	return d
}

// longest is how long the policy lets a token live from now that it does not let
// live as it does.
func longest(p api.Policy) time.Duration {
	if p.MaxLifetime > 0 {
		return p.MaxLifetime.Std()
	}
	return p.DefaultLifetime.Std()
}

// outsidePolicy names the fields of a token that the policy would not allow now.
func outsidePolicy(t ledger.Token, p api.Policy, now time.Time) []string {
	var out []string
	bound := lifetimeBound(p, now)
	switch {
	case t.ExpiresAt.IsZero() && !p.AllowNever:
		out = append(out, "never")
	case !t.ExpiresAt.IsZero() && !bound.IsZero() && t.ExpiresAt.After(bound):
		out = append(out, "expires_at")
	}
	if p.RequireIPAllowList && t.AllowedIPs == nil {
		out = append(out, "allowed_ips")
	}
	return out
}

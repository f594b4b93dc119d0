package tokens

import (
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
)

// lifetime settles not_before and expires_at from the request and the policy.
func lifetime(w *authority.Work, ac *authority.Actor, sp *authority.Space, t *ledger.Token, in api.TokenFields) error {
	if err := onlyOne(in); err != nil {
		return err
	}
	if in.NotBefore.Set {
		t.NotBefore = in.NotBefore.Value.UTC()
	}
	p := sp.Policy()
	start := w.Now
	if t.NotBefore.After(start) {
		start = t.NotBefore
	}
	switch {
	case in.ExpiresAt.Has() && !in.ExpiresAt.Value.After(w.Now): // the year 1 would be never
		return api.FieldError("expires_at", "must be in the future")
	case in.ExpiresAt.Has():
		t.ExpiresAt = in.ExpiresAt.Value.UTC().Truncate(time.Microsecond)
	case in.ExpiresIn.Has():
		t.ExpiresAt = w.Now.Add(in.ExpiresIn.Value.Std())
	case in.Never.Or(false), in.ExpiresAt.Set, in.ExpiresIn.Set:
		t.ExpiresAt = time.Time{}
	default:
		t.ExpiresAt = policy.Earlier(start.Add(p.DefaultLifetime.Std()), policy.Bound(p, w.Now))
	}
	if !in.ExpiresAt.Set && !in.Never.Or(false) && ac.With != nil {
		if in.ExpiresIn.Set { // what is asked for is judged before its maker's end shortens it
			if err := authority.LifeOf(*t).ExpiryWithin(p, w.Now); err != nil {
				return err
			}
		}
		t.ExpiresAt = policy.Earlier(t.ExpiresAt, ac.With.ExpiresAt)
	}
	if err := authority.LifeOf(*t).Possible(w.Now); err != nil {
		return err
	}
	t.Lifetime = 0
	if !t.ExpiresAt.IsZero() {
		t.Lifetime = t.ExpiresAt.Sub(w.Now)
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

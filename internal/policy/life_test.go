package policy_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/policy"
)

const day = 24 * time.Hour

func now() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

func in(d time.Duration) policy.Life { return policy.Life{ExpiresAt: now().Add(d), Lifetime: d} }

func TestALifeIsJudgedByThePolicyOfNow(t *testing.T) {
	t.Parallel()
	year := policy.Standard()
	free := year
	free.AllowNever, free.MaxLifetime = true, 0
	listed := year
	listed.RequireIPAllowList = true
	for name, c := range map[string]struct {
		l    policy.Life
		p    api.Policy
		want []string
	}{
		"to the end of the bound":     {in(365 * day), year, nil},
		"a microsecond beyond":        {in(365*day + time.Microsecond), year, []string{"expires_at"}},
		"for ever":                    {policy.Life{}, year, []string{"never"}},
		"for ever, which is allowed":  {policy.Life{}, free, nil},
		"centuries without a bound":   {in(100_000 * day), free, nil},
		"without a list":              {in(day), listed, []string{"allowed_ips"}},
		"with a list":                 {policy.Life{ExpiresAt: now().Add(day), Listed: true}, listed, nil},
		"for ever and without a list": {policy.Life{}, listed, []string{"never", "allowed_ips"}},
	} {
		if diff := cmp.Diff(c.want, c.l.Outside(c.p, now())); diff != "" {
			t.Errorf("%s: want - got +\n%s", name, diff)
		}
		err := c.l.Within(c.p, now())
		if (err == nil) != (c.want == nil) || err != nil && (!errors.Is(err, api.CodeOutsidePolicy) || api.AsError(err).Field != c.want[0]) {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.l.ExpiryWithin(c.p, now()); (err != nil) != (len(c.want) > 0 && c.want[0] != "allowed_ips") {
			t.Errorf("%s, its expiry: %v", name, err)
		}
		if kept, within := c.l.MayGoOn(c.p, now()), c.l.ExpiryWithin(c.p, now()); (kept == nil) != (within == nil) {
			t.Errorf("%s goes on: %v", name, kept)
		}
	}
}

func TestALifeThatCannotBeIsRefusedWhateverThePolicy(t *testing.T) {
	t.Parallel()
	far := time.Date(9999, 1, 1, 0, 0, 0, 1, time.UTC)
	for field, lives := range map[string][]policy.Life{
		"":           {{}, in(time.Microsecond), {NotBefore: now().Add(day)}, {NotBefore: now(), ExpiresAt: now().Add(1)}},
		"expires_at": {in(0), in(-day), {ExpiresAt: far}},
		"not_before": {{NotBefore: far}, {NotBefore: now().Add(day), ExpiresAt: now().Add(day)}, {NotBefore: time.Unix(0, 0), ExpiresAt: now().Add(day)}},
	} {
		for _, l := range lives {
			if err := l.Possible(now()); (err == nil) != (field == "") || err != nil && api.AsError(err).Field != field {
				t.Errorf("%+v: %v, want the field %q", l, err, field)
			}
		}
	}
}

func TestARenewalGivesTheLifeThatWasAskedForWithinThePolicy(t *testing.T) {
	t.Parallel()
	p := policy.Standard()
	p.MaxLifetime, p.DefaultLifetime = 90*api.Day, 30*api.Day
	free := p
	free.MaxLifetime = 0
	for name, c := range map[string]struct {
		l    policy.Life
		p    api.Policy
		want time.Duration
	}{
		"its own":                    {in(10 * day), p, 10 * day},
		"its own, cut to the bound":  {in(365 * day), p, 90 * day},
		"its own, without a bound":   {in(365 * day), free, 365 * day},
		"the default of the endless": {policy.Life{}, p, 30 * day},
	} {
		if got := c.l.Renewed(c.p); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if got := policy.Longest(p); got != 90*day {
		t.Errorf("the longest is %s", got)
	}
	if got := policy.Longest(free); got != 30*day {
		t.Errorf("the longest without a bound is %s", got)
	}
}

func TestTheEarlierOfTwoEndsAndNoneIsNever(t *testing.T) {
	t.Parallel()
	a, b, never := now(), now().Add(1), time.Time{}
	for _, c := range [][3]time.Time{{a, b, a}, {b, a, a}, {a, never, a}, {never, a, a}, {never, never, never}} {
		if got := policy.Earlier(c[0], c[1]); !got.Equal(c[2]) {
			t.Errorf("of %s and %s: %s", c[0], c[1], got)
		}
	}
	if p := (api.Policy{}); !policy.Bound(p, a).IsZero() {
		t.Error("no bound has an end")
	}
}

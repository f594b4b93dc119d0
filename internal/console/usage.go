package console

import (
	"errors"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// usageDays is how far back the charts of use go.
const usageDays = 14

// usage is what a chart of use shows.
type usage struct {
	bars            []bar
	allowed, denied int64
	denials         []api.Denial
	advice          []api.Advice
}

// unseen forgives what the visitor may not see, or what is not counted now: a
// page without a chart is better than none.
func unseen(err error) error {
	if errors.Is(err, api.CodeUnavailable) {
		return nil
	}
	return hidden(err)
}

// since is the first day of the charts.
func (v *visit) since() time.Time {
	return v.now().Truncate(24*time.Hour).AddDate(0, 0, 1-usageDays)
}

// tokenUsage reads how a token was used; nil where the visitor may not see it.
func (v *visit) tokenUsage(t api.Token) (*usage, error) {
	if !v.owns(t) && !v.may("usage:read") {
		return nil, nil //nolint:nilnil // nil is no chart
	}
	s, err := v.auth.TokenUsage(v.ctx(), v.caller, v.at.Slug, t.Locator, v.since(), v.now(), api.BucketDay)
	if err != nil {
		return nil, unseen(err)
	}
	u := v.series(s.UsageSeries)
	if u.denials, _, err = v.auth.ListDenials(v.ctx(), v.caller, v.at.Slug, t.Locator, authority.Page{Limit: 5}); err != nil {
		return u, unseen(err)
	}
	u.advice, err = v.auth.TokenAdvice(v.ctx(), v.caller, v.at.Slug, t.Locator)
	return u, unseen(err)
}

// workspaceUsage reads how all tokens were used.
func (v *visit) workspaceUsage() (*usage, error) {
	if !v.may("usage:read") {
		return nil, nil //nolint:nilnil // nil is no chart
	}
	s, err := v.auth.WorkspaceUsage(v.ctx(), v.caller, v.at.Slug, v.since(), v.now(), api.BucketDay)
	if err != nil {
		return nil, unseen(err)
	}
	u := v.series(s.UsageSeries)
	u.denials = s.Denials[:min(len(s.Denials), 8)]
	return u, nil
}

// series makes a bar of each day, also of those on which nothing happened.
func (v *visit) series(s api.UsageSeries) *usage {
	u := &usage{allowed: s.Allowed, denied: s.Denied}
	for i := range usageDays {
		day := v.since().AddDate(0, 0, i)
		b := bar{name: day.Format("01-02")}
		for _, k := range s.Buckets {
			if k.Start.Equal(day) {
				b.n = int(k.Allowed + k.Denied)
				if k.Denied > k.Allowed {
					b.class = "bad"
				}
			}
		}
		u.bars = append(u.bars, b)
	}
	return u
}

// lastDenial is the newest refusal of a token that was never used; nil for none.
func (v *visit) lastDenial(t api.Token) *api.Denial {
	rows, _, err := v.auth.ListDenials(v.ctx(), v.caller, v.at.Slug, t.Locator, authority.Page{Limit: 1})
	if err != nil || len(rows) == 0 {
		return nil
	}
	return &rows[0]
}

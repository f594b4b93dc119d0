package console

import (
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/chart"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
)

// usageDays is how far back the charts of use go.
const usageDays = 14

// usage is what a chart of use shows.
type usage struct {
	bars            []chart.Bar
	days            int
	reasons         []chart.Bar
	allowed, denied int64
	denials         []api.Denial
	scopes          []api.ScopeUse
	reuses          []api.SecretReuse
}

// since is the first day of the charts.
func (v *visit) since(days int) time.Time {
	return v.Now().Truncate(24*time.Hour).AddDate(0, 0, 1-days)
}

// activityRows is how many of the ways in which a token was used are shown.
const activityRows = 25

// watch reads how a token was used, and what is advised, where the visitor may
// see that.
func (v *visit) watch(k *oneToken) error {
	s, err := v.Office.TokenUsage(v.Ctx(), v.Caller, v.At.Slug, k.Locator, v.since(usageDays), v.Now(), api.BucketDay)
	if err != nil {
		return reception.Unseen(err)
	}
	k.use = v.series(s.UsageSeries, usageDays)
	k.use.scopes, k.use.reuses = s.Scopes, s.Reuses
	if k.use.denials, _, err = v.Office.ListDenials(v.Ctx(), v.Caller, v.At.Slug, k.Locator, authority.Page{Limit: 5}); err != nil {
		return reception.Unseen(err)
	}
	if k.activity, _, err = v.Office.TokenActivity(v.Ctx(), v.Caller, v.At.Slug, k.Locator, authority.Page{Limit: activityRows}); err != nil {
		return reception.Unseen(err)
	}
	k.advice, err = v.Office.TokenAdvice(v.Ctx(), v.Caller, v.At.Slug, k.Locator)
	return reception.Unseen(err)
}

// workspaceUsage reads how all tokens were used.
func (v *visit) workspaceUsage(days int) (*usage, error) {
	if !v.May("usage:read") {
		return nil, nil //nolint:nilnil // nil is no chart
	}
	s, err := v.Office.WorkspaceUsage(v.Ctx(), v.Caller, v.At.Slug, v.since(days), v.Now(), api.BucketDay)
	if err != nil {
		return nil, reception.Unseen(err)
	}
	u := v.series(s.UsageSeries, days)
	u.denials = s.Denials[:min(len(s.Denials), 8)]
	return u, nil
}

// series is what a chart of a series of days shows.
func (v *visit) series(s api.UsageSeries, days int) *usage {
	return &usage{bars: chart.Days(s, v.since(days), days), days: days, allowed: s.Allowed, denied: s.Denied, reasons: chart.Reasons(s.Reasons)}
}

// lastAgent is the program that used a token last; empty where it is not known.
func (v *visit) lastAgent(t api.Token) string {
	rows, _, err := v.Office.TokenActivity(v.Ctx(), v.Caller, v.At.Slug, t.Locator, authority.Page{Limit: activityRows})
	i := slices.IndexFunc(rows, func(a api.Activity) bool { return a.Outcome == api.CodeOK && !a.Rest })
	if err != nil || i < 0 {
		return ""
	}
	return rows[i].UserAgent
}

// lastDenial is the newest refusal of the current secret of a token that was never used;
// nil for none.
func (v *visit) lastDenial(t api.Token) *api.Denial {
	rows, _, err := v.Office.ListDenials(v.Ctx(), v.Caller, v.At.Slug, t.Locator, authority.Page{Limit: 1})
	if err != nil || len(rows) == 0 || !phrase.Concerns(rows[0], t) {
		return nil
	}
	return &rows[0]
}

package console

import (
	"net/url"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/chart"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/insight"
	"github.com/tokenry/tokenry/internal/phrase"
)

// toolsData is what the developer tools show of the workspace's tokens.
type toolsData struct {
	states, expiries []chart.Bar
	// ending is how many of them the weeks of expiries hold.
	ending           int
	expiring, unused []api.Token
	total            int
	// looked is how many of the newest tokens the lists of unused and recent ones
	// looked at; 0 for all.
	looked int
	// recent are those that were used last, the latest first.
	recent []api.Token
	use    *usage
	// days is how far back the chart of use goes.
	days      int
	explained *explained
}

func (v *visit) tools() error {
	d, err := v.toolsData()
	if err != nil {
		return err
	}
	if id := v.Q("request"); id != "" && v.mayExplain() {
		if d.explained, err = v.explainWith(form.Typed(url.Values{"what": {id}})); err != nil {
			return err
		}
	}
	return v.Page("Developer tools", toolsPage(v, d))
}

func (v *visit) toolsData() (toolsData, error) {
	v.Section = "developer-tools"
	var d toolsData
	o, err := v.Office.TokenOverview(v.Ctx(), v.Caller, v.At.Slug, phrase.Soon, exampleRows)
	if err != nil {
		return d, err
	}
	d.count(o)
	d.expiring = o.Expiring
	all, cut, err := v.everyToken(api.TokenFilter{})
	if err != nil {
		return d, err
	}
	if cut {
		d.looked = len(all)
	}
	for _, t := range all {
		if t.LastUsedAt != nil {
			d.recent = append(d.recent, t)
		}
		if t.Usable && t.LastUsedAt == nil && v.Now().Sub(t.CreatedAt) > 30*24*time.Hour && len(d.unused) < exampleRows {
			d.unused = append(d.unused, t)
		}
	}
	phrase.SortTokens(d.recent, "-used")
	d.recent = d.recent[:min(len(d.recent), exampleRows)]
	d.days = usageDays
	if v.Q("days") == "90" {
		d.days = 90
	}
	d.use, err = v.workspaceUsage(d.days)
	return d, err
}

// exampleRows is how long the lists of examples are.
const exampleRows = 10

// soonWeeks is soon in the weeks that tokens are counted by.
const soonWeeks = int(phrase.Soon / (7 * 24 * time.Hour))

// count draws what was counted: by state, and those that are active by themselves
// by week.
func (d *toolsData) count(o insight.TokenOverview) {
	counts, weeks := o.Count(soonWeeks)
	for _, b := range []chart.Bar{{Name: "Active", Class: "good"}, {Name: "Expiring soon", Class: "warn"}, {Name: "Blocked", Class: "warn"}, {Name: "Disabled", Class: "mute"}, {Name: "Expired", Class: "bad"}, {Name: "Revoked", Class: "mute"}} {
		b.N = counts[b.Name]
		d.total += b.N
		d.states = append(d.states, b)
	}
	for i, n := range weeks {
		d.ending += n
		d.expiries = append(d.expiries, chart.Bar{Name: phrase.Week(i), Class: map[bool]string{true: "warn", false: ""}[i < soonWeeks], N: n})
	}
}

// everyToken lists the tokens that a filter keeps, up to a bound, newest first.
func (v *visit) everyToken(f api.TokenFilter) (all []api.Token, cut bool, err error) {
	pages := authority.Pages(func(p authority.Page) ([]api.Token, int64, error) {
		return v.Office.ListTokens(v.Ctx(), v.Caller, v.At.Slug, f, p)
	})
	for rows, err := range pages {
		if err != nil {
			return nil, false, err
		}
		if len(all) >= sortedMost {
			return all, true, nil
		}
		all = append(all, rows...)
	}
	return all, false, nil
}

func tokensOf(found []api.FoundToken) []api.Token {
	var out []api.Token
	for _, f := range found {
		if f.Token != nil {
			out = append(out, *f.Token)
		}
	}
	return out
}

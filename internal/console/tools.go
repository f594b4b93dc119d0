package console

import (
	"fmt"
	"net/url"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// toolsData is what the developer tools show of the workspace's tokens.
type toolsData struct {
	states, expiries []bar
	// ending is how many of them the weeks of expiries hold.
	ending           int
	expiring, unused []api.Token
	total            int
	cut              bool
	// recent are those that were used last, the latest first.
	recent []api.Token
	found  *[]api.FoundToken
	use    *usage
	// days is how far back the chart of use goes.
	days      int
	explained *explained
}

// bar is one bar of a chart.
type bar struct {
	name, class string
	n           int
	// bad is how many of n are drawn as refused.
	bad int
}

func (v *visit) tools() error {
	d, err := v.toolsData()
	if err != nil {
		return err
	}
	if id := v.q("request"); id != "" && v.mayExplain() {
		if d.explained, err = v.explainWith(form{values: url.Values{"what": {id}}}); err != nil {
			return err
		}
	}
	return v.page("Developer tools", toolsPage(v, d))
}

func (v *visit) toolsData() (toolsData, error) {
	v.section = "developer-tools"
	all, cut, err := v.everyToken(api.TokenFilter{})
	d := toolsData{total: len(all), cut: cut}
	counts := map[string]int{}
	weeks := make([]int, 13)
	for _, t := range all {
		counts[state(t, v.now())]++
		if t.Status == api.StatusActive && t.ExpiresAt != nil {
			if w := int(t.ExpiresAt.Sub(v.now()) / (7 * 24 * time.Hour)); w < len(weeks) {
				weeks[w]++
			}
		}
		if t.LastUsedAt != nil {
			d.recent = append(d.recent, t)
		}
		if endsSoon(t, v.now()) && len(d.expiring) < 10 {
			d.expiring = append(d.expiring, t)
		}
		if t.Usable && t.LastUsedAt == nil && v.now().Sub(t.CreatedAt) > 30*24*time.Hour && len(d.unused) < 10 {
			d.unused = append(d.unused, t)
		}
	}
	sortTokens(d.recent, "-used")
	d.recent = d.recent[:min(len(d.recent), 10)]
	for _, b := range []bar{{name: "Active", class: "good"}, {name: "Expiring soon", class: "warn"}, {name: "Blocked", class: "warn"}, {name: "Disabled", class: "mute"}, {name: "Expired", class: "bad"}, {name: "Revoked", class: "mute"}} {
		b.n = counts[b.name]
		d.states = append(d.states, b)
	}
	for i, n := range weeks {
		d.expiries = append(d.expiries, bar{name: weekName(i), class: map[bool]string{true: "warn", false: ""}[i < 2], n: n})
		d.ending += n
	}
	if err != nil {
		return d, err
	}
	d.days = usageDays
	if v.q("days") == "90" {
		d.days = 90
	}
	d.use, err = v.workspaceUsage(d.days)
	return d, err
}

// weekName names a week by how far it is away.
func weekName(i int) string {
	if i == 0 {
		return "now"
	}
	return fmt.Sprintf("%d w", i)
}

// state is a token's status as the table calls it.
func state(t api.Token, now time.Time) string {
	switch {
	case t.Status == api.StatusRevoked:
		return "Revoked"
	case t.Status == api.StatusExpired:
		return "Expired"
	case t.Status == api.StatusDisabled:
		return "Disabled"
	case !t.Usable:
		return "Blocked"
	case endsSoon(t, now):
		return "Expiring soon"
	}
	return "Active"
}

// everyToken lists the tokens that a filter keeps, up to a bound, newest first.
func (v *visit) everyToken(f api.TokenFilter) (all []api.Token, cut bool, err error) {
	page := authority.Page{Limit: 200, Effective: true}
	for len(all) < sortedMost {
		rows, next, err := v.auth.ListTokens(v.ctx(), v.caller, v.at.Slug, f, page)
		if err != nil {
			return nil, false, err
		}
		all = append(all, rows...)
		if page.After = next; next == 0 {
			return all, false, nil
		}
	}
	return all, true, nil
}

// lookUp tells whose the token strings in a text are, as far as the visitor may
// see that. The text is read and forgotten; the page does not repeat it.
func (v *visit) lookUp() error {
	d, err := v.toolsData()
	if err != nil {
		return err
	}
	out, err := v.auth.LookupTokens(v.ctx(), v.caller, v.at.Slug, api.LookupTokens{Text: v.r.PostForm.Get("text")})
	if err != nil {
		return err
	}
	d.found = &out.Items
	return v.page("Developer tools", toolsPage(v, d))
}

package insight

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/token"
)

const (
	// hoursBack is how far back counts are kept for each hour.
	hoursBack = 35 * 24 * time.Hour
	// daysBack bounds one series of days.
	daysBack = 1100 * 24 * time.Hour
	// shownDenials is how many denials stand in a workspace's usage.
	shownDenials = 20
)

// mayWatchUse is the gate of verbs that tell what was done with a token: a
// signed-in person is told of their own and a token of itself, all else needs both
// scopes.
func mayWatchUse(ac *authority.Actor, t ledger.Token) error {
	if ac.IsSelf(t) || ac.Owns(t) && (ac.Person() || ac.OnBehalf != "") {
		return nil
	}
	return ac.Need("tokens:read", "usage:read")
}

// watchToken finds a token and asks the gate of what was done with it.
func watchToken(ctx context.Context, a *authority.Authority, r *authority.Snapshot, c authority.Caller, ref, id string) (*authority.Sight, ledger.Token, error) {
	ac, sp, err := a.Enter(r, c, ref)
	if err != nil {
		return nil, ledger.Token{}, err
	}
	t, err := a.Token(r, ac, sp, id)
	if err != nil {
		return nil, t, err
	}
	return a.Watching(ctx, r, ac, sp), t, mayWatchUse(ac, t)
}

// TokenUsage counts what was done with one token in a time, by hour or day. The
// zero times and the empty bucket mean the last day by hours; a longer time is by
// days. It needs tokens:read and usage:read, but for a signed-in person's own
// and for the token itself.
func (a *Insight) TokenUsage(ctx context.Context, c authority.Caller, ref, id string, from, to time.Time, bucket string) (v api.TokenUsage, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		s, t, err := watchToken(ctx, a.in, r, c, ref, id)
		if err != nil {
			return err
		}
		q, err := usageQuery(a.in, s.Space.Workspace.ID, t.Locator, from, to, bucket)
		if err != nil {
			return err
		}
		shown, err := s.Token(t)
		if err != nil {
			return err
		}
		v = api.TokenUsage{Token: shown.ID, LastUsedAt: shown.LastUsedAt, LastUsedIP: shown.LastUsedIP}
		if v.UsageSeries, err = series(ctx, a.in, q); err != nil {
			return err
		}
		return scopesAndReuse(ctx, a.in, t, &v)
	})
	return v, err
}

func scopesAndReuse(ctx context.Context, a *authority.Authority, t ledger.Token, v *api.TokenUsage) error {
	one := []token.Locator{t.Locator}
	scopes, err := a.Given().Usage.ScopeUses(ctx, one)
	if err != nil {
		return err
	}
	reuses, err := a.Given().Usage.Reuses(ctx, one, v.From)
	if err != nil {
		return err
	}
	v.Scopes = authority.Views(scopes, func(u ledger.ScopeUse) api.ScopeUse {
		return api.ScopeUse{Scope: u.Scope, FirstUsedAt: u.First, LastUsedAt: u.Last, Count: u.Count}
	})
	v.Reuses = authority.Views(reuses, func(u ledger.Reuse) api.SecretReuse {
		return api.SecretReuse{Secret: u.Secret, FirstUsedAt: u.First, LastUsedAt: u.Last, LastUsedIP: authority.AddrView(u.Addr), Count: u.Count}
	})
	return nil
}

// WorkspaceUsage counts what was done with all tokens of a workspace, and shows
// the last denials. It needs usage:read.
func (a *Insight) WorkspaceUsage(ctx context.Context, c authority.Caller, ref string, from, to time.Time, bucket string) (v api.WorkspaceUsage, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, sp, err := a.in.Enter(r, c, ref, "usage:read")
		if err != nil {
			return err
		}
		q, err := usageQuery(a.in, sp.Workspace.ID, token.Locator{}, from, to, bucket)
		if err != nil {
			return err
		}
		if v.UsageSeries, err = series(ctx, a.in, q); err != nil {
			return err
		}
		denials, err := a.in.Given().Usage.Denials(ctx, ledger.DenialQuery{Workspace: sp.Workspace.ID, Limit: shownDenials})
		v.Workspace, v.Denials = sp.Workspace.Slug, authority.Views(denials, denialView)
		return err
	})
	return v, err
}

// ListDenials lists the last denials of a workspace, or of one of its tokens,
// latest first. It needs usage:read, and of one token what TokenUsage needs.
func (a *Insight) ListDenials(ctx context.Context, c authority.Caller, ref, id string, page authority.Page) (out []api.Denial, next int64, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		q := ledger.DenialQuery{Before: page.After, Limit: page.Size() + 1}
		if id != "" {
			s, t, err := watchToken(ctx, a.in, r, c, ref, id)
			if err != nil {
				return err
			}
			q.Workspace, q.Token = s.Space.Workspace.ID, t.Locator
		} else {
			_, sp, err := a.in.Enter(r, c, ref, "usage:read")
			if err != nil {
				return err
			}
			q.Workspace = sp.Workspace.ID
		}
		rows, err := a.in.Given().Usage.Denials(ctx, q)
		if err != nil {
			return err
		}
		rows, next = authority.Cut(rows, page.Size(), func(d ledger.Denial) int64 { return d.Serial })
		out = authority.Views(rows, denialView)
		return nil
	})
	return out, next, err
}

// TokenActivity lists what was done with one token, from where and how, latest
// first. It needs tokens:read and usage:read, but for a signed-in person's own
// and for the token itself.
func (a *Insight) TokenActivity(ctx context.Context, c authority.Caller, ref, id string, page authority.Page) (out []api.Activity, next int64, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, t, err := watchToken(ctx, a.in, r, c, ref, id)
		if err != nil {
			return err
		}
		rows, more, err := activity(ctx, a.in, t, page)
		next, out = more, authority.Views(rows, activityView)
		return err
	})
	return out, next, err
}

// activity reads one page. A page ends with a moment, which is also where the
// next one begins, so what happened at that moment is all on it.
func activity(ctx context.Context, a *authority.Authority, t ledger.Token, page authority.Page) ([]ledger.Activity, int64, error) {
	q := ledger.ActivityQuery{Token: t.Locator, Limit: page.Size() + 1}
	if page.After != 0 {
		q.To = time.UnixMicro(page.After)
	}
	rows, err := a.Given().Usage.Activity(ctx, q)
	if err != nil || len(rows) <= page.Size() {
		return rows, 0, err
	}
	end := rows[page.Size()-1].Last
	for len(rows) > 0 && !rows[len(rows)-1].Last.After(end) {
		rows = rows[:len(rows)-1]
	}
	last, err := a.Given().Usage.Activity(ctx, ledger.ActivityQuery{Token: t.Locator, From: end, To: end.Add(time.Microsecond)})
	return append(rows, last...), end.UnixMicro(), err
}

// usageQuery settles the time and the bucket of a series.
func usageQuery(a *authority.Authority, workspace ledger.ID, t token.Locator, from, to time.Time, bucket string) (ledger.UsageQuery, error) {
	now := a.Now().UTC()
	if to.IsZero() {
		to = now.Add(time.Microsecond)
	}
	if from.IsZero() {
		from = to.Add(-24 * time.Hour)
		if bucket == api.BucketDay {
			from = to.Add(-30 * 24 * time.Hour)
		}
	}
	if bucket == "" {
		bucket = api.BucketHour
		if to.Sub(from) > 72*time.Hour || now.Sub(from) > hoursBack {
			bucket = api.BucketDay
		}
	}
	size := time.Hour
	switch {
	case bucket != api.BucketHour && bucket != api.BucketDay:
		return ledger.UsageQuery{}, api.FieldError("bucket", "must be hour or day")
	case !from.Before(to):
		return ledger.UsageQuery{}, api.FieldError("from", "must be before to")
	case bucket == api.BucketHour && (now.Sub(from) > hoursBack || to.Sub(from) > hoursBack):
		return ledger.UsageQuery{}, api.FieldError("bucket", "hours are kept for 35 days; ask for days")
	case to.Sub(from) > daysBack:
		return ledger.UsageQuery{}, api.FieldError("from", "must not be more than 1100 days before to")
	case bucket == api.BucketDay:
		size = 24 * time.Hour
	}
	to = to.UTC()
	if end := to.Truncate(size); end.Before(to) {
		to = end.Add(size)
	}
	return ledger.UsageQuery{Workspace: workspace, Token: t, From: from.UTC().Truncate(size), To: to, Days: size > time.Hour}, nil
}

// series reads counts and shows them as buckets.
func series(ctx context.Context, a *authority.Authority, q ledger.UsageQuery) (api.UsageSeries, error) {
	v := api.UsageSeries{From: q.From, To: q.To, Bucket: api.BucketHour, Reasons: map[api.Code]int64{}, Buckets: []api.UsageBucket{}}
	if q.Days {
		v.Bucket = api.BucketDay
	}
	rows, err := a.Given().Usage.UsageCounts(ctx, q)
	for _, row := range rows {
		if n := len(v.Buckets); n == 0 || !v.Buckets[n-1].Start.Equal(row.Start) {
			v.Buckets = append(v.Buckets, api.UsageBucket{Start: row.Start.UTC(), Reasons: map[api.Code]int64{}})
		}
		b := &v.Buckets[len(v.Buckets)-1]
		if row.Code == api.CodeOK {
			b.Allowed += row.Count
			v.Allowed += row.Count
			continue
		}
		b.Denied += row.Count
		v.Denied += row.Count
		b.Reasons[row.Code] += row.Count
		v.Reasons[row.Code] += row.Count
	}
	return v, err
}

func activityView(x ledger.Activity) api.Activity {
	return api.Activity{
		Day: x.Day, IP: authority.AddrView(x.Addr), UserAgent: x.Agent, Method: x.Method, Path: x.Path, Outcome: x.Outcome,
		FirstAt: x.First, LastAt: x.Last, Count: x.Count, Rest: x.Rest,
	}
}

func denialView(d ledger.Denial) api.Denial {
	return api.Denial{
		At: d.At, Token: authority.Optional(d.Token.String()), Code: d.Code, IP: authority.AddrView(d.Addr), UserAgent: d.Agent, Method: d.Method,
		Path: d.Path, Scopes: authority.Listed(d.Scopes), Resource: d.Resource, RequestID: d.RequestID,
	}
}

// Retentions answers how long each workspace keeps its usage, 0 being the
// instance. It is for the one who trims it, not for a caller.
func (a *Insight) Retentions(ctx context.Context) (map[ledger.ID]time.Duration, error) {
	keep := map[ledger.ID]time.Duration{}
	err := a.in.Read(ctx, func(r *authority.Snapshot) error {
		in, err := r.Instance()
		if err != nil {
			return err
		}
		keep[0] = policy.Effective(in.Policy, policy.Overrides{}).Retention.Std()
		for ws, err := range r.EveryWorkspace() {
			if err != nil {
				return err
			}
			keep[ws.ID] = policy.Effective(in.Policy, ws.Policy).Retention.Std()
		}
		return nil
	})
	return keep, err
}

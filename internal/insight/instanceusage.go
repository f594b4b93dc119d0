package insight

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// InstanceUsage counts what was done with the tokens of all workspaces that
// there are, and with strings that are no token of any, together and in each
// workspace. Times and bucket are those of [Insight.WorkspaceUsage]. It needs
// instance:admin.
func (a *Insight) InstanceUsage(ctx context.Context, c authority.Caller, from, to time.Time, bucket string) (v api.InstanceUsage, err error) {
	var all []ledger.Workspace
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		if _, err := a.in.EnterInstance(r, c); err != nil {
			return err
		}
		for ws, err := range r.EveryWorkspace() {
			if err != nil {
				return err
			}
			all = append(all, ws)
		}
		return nil
	})
	if err != nil {
		return v, err
	}
	q, err := usageQuery(a.in, 0, token.Locator{}, from, to, bucket)
	if err != nil {
		return v, err
	}
	if v.UsageSeries, err = series(ctx, a.in, q); err != nil { // of no workspace
		return v, err
	}
	v.Workspaces = []api.WorkspaceCount{}
	for _, ws := range all {
		q.Workspace = ws.ID
		s, err := series(ctx, a.in, q)
		if err != nil {
			return v, err
		}
		if s.Allowed+s.Denied == 0 {
			continue
		}
		addSeries(&v.UsageSeries, s)
		v.Workspaces = append(v.Workspaces, api.WorkspaceCount{
			Workspace: ws.Slug, WorkspaceExternalID: authority.Optional(ws.ExternalID), Allowed: s.Allowed, Denied: s.Denied, Reasons: s.Reasons,
		})
	}
	slices.SortStableFunc(v.Workspaces, func(x, y api.WorkspaceCount) int { return cmp.Compare(y.Allowed+y.Denied, x.Allowed+x.Denied) })
	return v, nil
}

// addSeries adds one series to another of the same time and bucket.
func addSeries(to *api.UsageSeries, s api.UsageSeries) {
	to.Allowed += s.Allowed
	to.Denied += s.Denied
	addReasons(to.Reasons, s.Reasons)
	for _, b := range s.Buckets {
		i, found := slices.BinarySearchFunc(to.Buckets, b.Start, func(have api.UsageBucket, start time.Time) int { return have.Start.Compare(start) })
		if !found {
			to.Buckets = slices.Insert(to.Buckets, i, api.UsageBucket{Start: b.Start, Reasons: map[api.Code]int64{}})
		}
		to.Buckets[i].Allowed += b.Allowed
		to.Buckets[i].Denied += b.Denied
		addReasons(to.Buckets[i].Reasons, b.Reasons)
	}
}

func addReasons(to, more map[api.Code]int64) {
	for code, n := range more {
		to[code] += n
	}
}

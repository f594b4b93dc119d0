package verify

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

// Booked counts limits in the meters that are kept in a database.
type Booked struct{ Meters ledger.SharedMeters }

// Count is [Counter]: all charges of a batch are decided while their meters are held.
func (b Booked) Count(ctx context.Context, batch []*Charge) error {
	names := make([]ledger.Meter, 0, len(batch))
	for _, c := range batch {
		if c.Own.On {
			names = append(names, ledger.Meter{Token: c.Token})
		}
		if c.Shared.On {
			names = append(names, ledger.Meter{Workspace: c.Workspace})
		}
	}
	slices.SortFunc(names, byName)
	names = slices.CompactFunc(names, func(a, b ledger.Meter) bool { return byName(a, b) == 0 })
	return b.Meters.HoldMeters(ctx, names, func(now time.Time, held []ledger.Meter) []ledger.Meter { return settleAll(batch, held, now) })
}

func byName(a, b ledger.Meter) int {
	return cmp.Or(strings.Compare(string(a.Token[:]), string(b.Token[:])), cmp.Compare(a.Workspace, b.Workspace))
}

// settleAll decides charges in their order and answers the meters that changed.
func settleAll(batch []*Charge, held []ledger.Meter, now time.Time) (changed []ledger.Meter) {
	states := make(map[ledger.Meter]*metered, len(held))
	for i := range held {
		states[ledger.Meter{Token: held[i].Token, Workspace: held[i].Workspace}] = &metered{Meter: held[i]}
	}
	for _, c := range batch {
		own, shared := states[ledger.Meter{Token: c.Token}], states[ledger.Meter{Workspace: c.Workspace}]
		if c.Room(own.used(&c.Own, now), shared.used(&c.Shared, now)) && !c.Look && c.Cost > 0 {
			own.use(&c.Own, now)
			shared.use(&c.Shared, now)
		}
	}
	for _, m := range states {
		if m.changed {
			changed = append(changed, m.Meter)
		}
	}
	slices.SortFunc(changed, byName)
	return changed
}

// metered is a meter while it is held.
type metered struct {
	ledger.Meter
	changed bool
}

// used is how long what is used takes to drain by a limit: requests keep their number
// when the limit has changed.
func (m *metered) used(c *Count, now time.Time) time.Duration {
	if !c.On {
		return 0
	}
	used := max(m.Drained.Sub(now), 0)
	if m.Step != c.Step && m.Step > 0 {
		used = time.Duration(rescale(int64(used), int64(m.Step), int64(c.Step)))
	}
	return used
}

func (m *metered) use(c *Count, now time.Time) {
	if c.On {
		m.Drained, m.Requests, m.Step, m.changed = roundUp(now.Add(c.Used).UnixNano()), int(c.Requests), c.Step, true
	}
}

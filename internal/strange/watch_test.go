package strange_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/strange"
	"github.com/tokenry/tokenry/token"
)

// watched is a watch over networks in memory.
type watched struct {
	*testing.T
	*strange.Watch
	noted    [][]ledger.NetworkUse
	news     bool
	asked    int
	refused  []ledger.UsageCount
	told     []strange.Sign
	failing  error
	doubt    bool
	recorded time.Time
}

func watch(t *testing.T) *watched {
	t.Helper()
	w := &watched{T: t, recorded: at(-30)}
	w.Watch = strange.NewWatch(strange.Options{
		Store: w, Since: func() time.Time { return w.recorded }, Unsettled: func() bool { return w.doubt }, Logger: slog.New(slog.DiscardHandler),
		Counts: func(context.Context, ledger.UsageQuery) ([]ledger.UsageCount, error) {
			w.asked++
			return w.refused, w.failing
		},
		Report: func(_ context.Context, s []strange.Sign) error {
			if w.failing == nil {
				w.told = append(w.told, s...)
			}
			return w.failing
		},
	})
	return w
}

func (w *watched) NoteNetworks(_ context.Context, uses []ledger.NetworkUse, _ time.Duration) (notes []ledger.NetworkNote, err error) {
	w.noted = append(w.noted, uses)
	for _, u := range uses {
		if w.news && u.Network.IsValid() {
			notes = append(notes, ledger.NetworkNote{Token: u.Token, Since: at(-20), Last: at(-1), New: []netip.Addr{u.Network}})
		}
	}
	return notes, nil
}

func (*watched) ForgetNetworks(context.Context, token.Locator, []netip.Addr) error { return nil }

func (*watched) NoteRecorded(context.Context, time.Time, bool) (time.Time, error) {
	return time.Time{}, nil
}

func used(tok int, from string, when time.Time) *ledger.UsageBatch {
	return &ledger.UsageBatch{At: when, Activity: []ledger.Activity{
		{Workspace: 7, Token: locator(tok), Addr: ip(from), Agent: "curl/8", Outcome: api.CodeOK, First: when, Last: when, Count: 1}}}
}

func denied(tok int, code api.Code, n int64, when time.Time) *ledger.UsageBatch {
	return &ledger.UsageBatch{
		At: when, Hours: []ledger.HourCount{{Workspace: 7, Token: locator(tok), Hour: when.Truncate(time.Hour), Code: code, Count: n}},
		Denials: []ledger.Denial{{Workspace: 7, Token: locator(tok), Code: code, At: when, Addr: ip("203.0.113.9"), Agent: "curl/8"}},
	}
}

// TestAPairIsNotedOnceADay: nothing is asked of the store for what was seen today.
func TestAPairIsNotedOnceADay(t *testing.T) {
	t.Parallel()
	w := watch(t)
	for _, b := range []*ledger.UsageBatch{used(1, "203.0.113.7", at(0)), used(1, "203.0.113.8", at(0).Add(time.Hour)), used(1, "203.0.113.7", at(1))} {
		w.Added(t.Context(), b)
	}
	if len(w.noted) != 2 || len(w.told) != 0 {
		t.Errorf("noted %d times, told %v", len(w.noted), w.told)
	}
	var many ledger.UsageBatch
	for n := range 1500 {
		many.Activity = append(many.Activity, used(n, "198.51.100.1", at(2)).Activity...)
	}
	w.Added(t.Context(), &many)
	w.Added(t.Context(), &many)
	if got := []int{len(w.noted[2]), len(w.noted[3])}; got[0] != 1000 || got[1] != 500 {
		t.Errorf("after batches of 1500 pairs, %v were noted", got)
	}
}

// TestWhatNobodyCouldBeToldIsToldLater, with from where and by what it was used.
func TestWhatNobodyCouldBeToldIsToldLater(t *testing.T) {
	t.Parallel()
	w := watch(t)
	w.news, w.failing = true, errors.New("no database")
	w.Added(t.Context(), used(1, "203.0.113.7", at(0)))
	w.failing = nil
	w.Added(t.Context(), &ledger.UsageBatch{At: at(0)})
	w.Added(t.Context(), &ledger.UsageBatch{At: at(0)})
	equal(t, []strange.Sign{{Token: locator(1), At: at(0), Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, Addr: ip("203.0.113.7"), Agent: "curl/8"}}, w.told)
	w.told, w.recorded = nil, time.Time{}
	w.Added(t.Context(), used(3, "203.0.113.7", at(0)))
	if len(w.noted) != 1 {
		t.Error("a network was noted while nobody knew what is missing, and is no news any more")
	}
	w.recorded, w.doubt = at(-30), true
	w.Added(t.Context(), used(2, "203.0.113.7", at(0)))
	if w.doubt = false; len(w.told) != 0 || len(w.noted) != 1 {
		t.Errorf("by a clock that nobody believes, %v were told", w.told)
	}
}

// TestManyRefusalsAreTold: the first in a row, of an outcome that is not of a token's own life.
func TestManyRefusalsAreTold(t *testing.T) {
	t.Parallel()
	hour := at(0).Add(5 * time.Hour)
	for name, c := range map[string]struct {
		before  []ledger.UsageCount
		since   time.Time
		batches []*ledger.UsageBatch
		want    []int64
	}{
		"many in an hour":                {nil, at(-30), []*ledger.UsageBatch{denied(1, api.CodeIPDenied, 19, hour), denied(1, api.CodeInsufficientScope, 1, hour)}, []int64{20}},
		"and more of them":               {nil, at(-30), []*ledger.UsageBatch{denied(1, api.CodeIPDenied, 50, hour), denied(1, api.CodeIPDenied, 50, hour)}, []int64{50}},
		"few":                            {nil, at(-30), []*ledger.UsageBatch{denied(1, api.CodeIPDenied, 19, hour)}, nil},
		"few in each hour":               {nil, at(-30), []*ledger.UsageBatch{denied(1, api.CodeIPDenied, 19, hour), denied(1, api.CodeIPDenied, 19, hour.Add(time.Hour))}, nil},
		"of an hour that is over":        {nil, at(-30), []*ledger.UsageBatch{denied(1, api.CodeIPDenied, 19, hour), denied(1, api.CodeIPDenied, 19, hour.Add(-time.Hour))}, nil},
		"it has expired, as was told":    {nil, at(-30), []*ledger.UsageBatch{denied(1, api.CodeExpired, 99, hour)}, nil},
		"its limit":                      {nil, at(-30), []*ledger.UsageBatch{denied(1, api.CodeRateLimited, 99, hour)}, nil},
		"some in the week before":        {[]ledger.UsageCount{{Code: api.CodeIPDenied, Count: 1}}, at(-30), []*ledger.UsageBatch{denied(1, api.CodeIPDenied, 99, hour)}, nil},
		"other outcomes before":          {[]ledger.UsageCount{{Code: api.CodeRateLimited, Count: 9}}, at(-30), []*ledger.UsageBatch{denied(1, api.CodeIPDenied, 99, hour)}, []int64{99}},
		"of before, nobody knows enough": {nil, at(-3), []*ledger.UsageBatch{denied(1, api.CodeIPDenied, 99, hour)}, nil},
	} {
		w := watch(t)
		w.refused, w.recorded = c.before, c.since
		for _, b := range c.batches {
			w.Added(t.Context(), b)
		}
		var got []int64
		for _, s := range w.told {
			got = append(got, s.Denied)
			if s.Agent != "curl/8" || !s.At.Equal(hour) || s.Addr != ip("203.0.113.9") {
				t.Errorf("%s: %+v", name, s)
			}
		}
		t.Log(name)
		equal(t, c.want, got)
	}
}

// TestWhatIsLookedUpIsBounded: a batch asks about so many tokens, whatever it holds.
func TestWhatIsLookedUpIsBounded(t *testing.T) {
	t.Parallel()
	w := watch(t)
	var b ledger.UsageBatch
	for n := range 6000 {
		b.Hours = append(b.Hours, ledger.HourCount{Workspace: 7, Token: locator(n), Hour: at(0), Code: api.CodeIPDenied, Count: 99})
	}
	w.Added(t.Context(), &b)
	if w.asked != 20 {
		t.Errorf("asked %d times", w.asked)
	}
	if got := fmt.Sprint(len(w.told)); got != "20" {
		t.Errorf("told of %s", got)
	}
}

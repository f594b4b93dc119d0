package usage_test

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/usage"
	"github.com/tokenry/tokenry/token"
)

// memory is a store that can fail: before it takes a batch, or after.
type memory struct {
	ledger.UsageStore
	mu      sync.Mutex
	fails   error // answered, and nothing is taken
	loses   error // answered, although the batch was taken
	batches []ledger.UsageBatch
	seen    map[string]bool
	tidied  []string
	took    chan struct{}
	// recovered is how many limits there are to forget, forgot how many were, at once.
	recovered int
	forgot    []int
}

func newMemory() *memory {
	return &memory{seen: map[string]bool{}, took: make(chan struct{}, 1000)}
}

func (m *memory) AddUsage(_ context.Context, b ledger.UsageBatch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer func() {
		select {
		case m.took <- struct{}{}:
		default:
		}
	}()
	if m.fails != nil {
		return m.fails
	}
	if !m.seen[b.ID] {
		m.seen[b.ID] = true
		m.batches = append(m.batches, b)
	}
	return m.loses
}

func (m *memory) RollUpUsage(_ context.Context, before, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tidied = append(m.tidied, "hours before "+before.Format(time.DateOnly))
	return nil
}

func (m *memory) TrimUsage(_ context.Context, workspace ledger.ID, before time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tidied = append(m.tidied, fmt.Sprintf("workspace %d before %s", workspace, before.Format(time.DateOnly)))
	return nil
}

func (m *memory) ForgetMeters(_ context.Context, _ time.Time, limit int) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := min(limit, m.recovered)
	m.recovered -= n
	m.forgot = append(m.forgot, n)
	return n, nil
}

func (m *memory) set(fails, loses error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fails, m.loses = fails, loses
}

// counts are the sums of all batches: of decisions by outcome, and of activity.
func (m *memory) counts() (hours map[api.Code]int64, activity int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	hours = map[api.Code]int64{}
	for _, b := range m.batches {
		for _, h := range b.Hours {
			hours[h.Code] += h.Count
		}
		for _, a := range b.Activity {
			activity += a.Count
		}
	}
	return hours, activity
}

func (m *memory) all() []ledger.UsageBatch {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]ledger.UsageBatch{}, m.batches...)
}

// world is a recorder over a memory, with a clock that stands still.
type world struct {
	*testing.T
	*usage.Recorder
	store *memory
	mu    sync.Mutex
	at    time.Time
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func newWorld(t *testing.T, change ...func(c *usage.Config)) *world {
	t.Helper()
	w := &world{T: t, store: newMemory(), at: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)}
	c := usage.Config{Store: w.store, Now: w.now, Node: "node-1"}
	for _, f := range change {
		f(&c)
	}
	w.Recorder = usage.New(c)
	return w
}

// newSlow is a world over a store that stands before a memory.
func newSlow(t *testing.T, s ledger.UsageStore) *world {
	t.Helper()
	return newWorld(t, func(c *usage.Config) { c.Store = s })
}

func loc(n int) token.Locator { return token.Locator([]byte(fmt.Sprintf("Tk%010d", n))) }

// use is one that was let through.
func (w *world) use(n int) usage.Use {
	return usage.Use{
		At: w.now(), Route: usage.RouteVerify, RequestID: "req_1", Workspace: 7, Token: loc(n), Matched: true, Secret: 1,
		Code: api.CodeOK, Scopes: []string{"tickets:read"}, Addr: netip.MustParseAddr("192.0.2.1"), Agent: "curl/8",
		Method: "GET", Path: "/tickets?token=x",
	}
}

// wants compares the counts of decisions with what was recorded.
func (w *world) wants(want map[api.Code]int64) {
	w.Helper()
	if got, _ := w.store.counts(); !maps.Equal(got, want) {
		w.Errorf("counted %v, want %v", got, want)
	}
}

func (w *world) flush() {
	w.Helper()
	if err := w.Flush(w.Context()); err != nil {
		w.Fatal(err)
	}
}

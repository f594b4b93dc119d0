package cluster_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/cluster"
	"github.com/tokenry/tokenry/internal/ledger"
)

// programs are those that verify by the word of nodes; everywhere of them see every workspace.
type programs struct{ replicas, nodes, everywhere int }

// inOne is how many replicas a workspace has here, of four tokens: its bound.
const inOne = 64

// host is a node's processor, and the programs that are attached to it.
type host struct {
	*cluster.Replicas
	prices
	core  chan struct{}
	busy  atomic.Int64
	calls atomic.Int64
	// lost counts answers after which a program had no lease any more.
	lost atomic.Int64
}

// takes has a core for as long as half a call costs.
func (h *host) takes() {
	h.core <- struct{}{}
	pass(h.call / 2)
	<-h.core
	h.busy.Add(int64(h.call / 2))
}

// follows is a program: it calls, forgets, and calls again.
func (h *host) follows(ctx context.Context, v cluster.View) {
	t, until := cluster.Told{}, time.Time{}
	for ctx.Err() == nil {
		pass(h.way / 2)
		asked := time.Now()
		h.takes()
		var err error
		if t.Replica == "" {
			t, err = h.Attach(v)
		} else {
			t, err = h.Call(ctx, t.Replica, v, t.Count)
		}
		if err != nil {
			pass(leased / 4)
			continue
		}
		h.takes()
		pass(h.way / 2)
		h.calls.Add(1)
		if now := time.Now(); !until.IsZero() && now.After(until) {
			h.lost.Add(1)
		}
		if t.Lease > 0 {
			until = asked.Add(t.Lease)
		}
	}
}

// simulate has them for so long, while a token of one workspace after the other is revoked.
func (c programs) simulate(t *testing.T, p prices, every, length time.Duration) (out scaled) {
	t.Helper()
	var hosts []*host
	spaces := (c.replicas + inOne - 1) / inOne
	ready := func(n *cluster.Node) {
		r, err := cluster.NewReplicas(cluster.ReplicasConfig{
			Rand: rand.Reader, Length: leased, Ticks: bubbleTicks(), Left: n.Left,
			Timer: func(d time.Duration) (<-chan time.Time, func() bool) { t := time.NewTimer(d); return t.C, t.Stop },
		})
		if err != nil {
			t.Fatal(err)
		}
		n.Replicas(r)
		hosts = append(hosts, &host{Replicas: r, prices: p, core: make(chan struct{}, p.cores)})
	}
	beginWith(t, p, c.nodes, ready, func(b *bubble) {
		ctx, stop := context.WithCancel(b.Context())
		var running, waiting sync.WaitGroup
		for i := range c.replicas {
			v := view(ledger.ID(1+i/inOne), fmt.Sprintf("%08dt%03d", i/inOne, i%inOne/16))
			v.Everywhere = i%(c.replicas/max(c.everywhere, 1)) == 0 && c.everywhere > 0
			running.Go(func() { hosts[i%c.nodes].follows(ctx, v) })
			pass(leased / time.Duration(c.replicas))
		}
		pass(2 * leased)
		of := func(f func(h *host) *atomic.Int64) (sum int64) {
			for _, h := range hosts {
				sum += f(h).Load()
			}
			return sum
		}
		calls, busy, lost := func(h *host) *atomic.Int64 { return &h.calls }, func(h *host) *atomic.Int64 { return &h.busy }, func(h *host) *atomic.Int64 { return &h.lost }
		wasCalls, wasBusy, wasLost, since := of(calls), of(busy), of(lost), time.Now()
		var mu sync.Mutex
		for i := 0; time.Since(since) < length; i++ {
			waiting.Go(func() {
				var what ledger.Touched
				what.AddToken(ledger.ID(1+i*7919%spaces), theToken)
				took := b.revoke(b.all[i%c.nodes], what)
				mu.Lock()
				defer mu.Unlock()
				out.waits = append(out.waits, took)
			})
			pass(every)
		}
		out.asked = map[string]int{"call": int(of(calls) - wasCalls)}
		out.load = float64(of(busy)-wasBusy) / float64(time.Since(since)) / float64(p.cores*c.nodes)
		out.lost = uint64(of(lost) - wasLost)
		waiting.Wait()
		slices.Sort(out.waits)
		stop()
		running.Wait()
	})
	return out
}

// bubbleTicks counts from now on.
func bubbleTicks() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}

// TestManyReplicasHoldNobodyUp: those that call in time are awaited for as long as they take.
func TestManyReplicasHoldNobodyUp(t *testing.T) {
	t.Parallel()
	s := programs{replicas: 640, nodes: 3, everywhere: 10}.simulate(t, seen(), 100*time.Millisecond, 5*time.Second)
	if s.at(1) > leased/8 || s.lost != 0 || s.asked["call"] < 640 {
		t.Errorf("a revocation waited %v, %d leases ran out, %d calls", s.at(1), s.lost, s.asked["call"])
	}
}

// pinging are calls over HTTP of about the size of a replica's, with next to nothing behind them.
func pinging(t *testing.T) func(int) error {
	t.Helper()
	type said struct {
		Replica string
		Count   int64
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in said
		_ = json.NewDecoder(r.Body).Decode(&in)
		_ = json.NewEncoder(w).Encode(in)
	}))
	t.Cleanup(s.Close)
	return func(int) error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader(`{"Replica":"rep_0123456789abcdef","Count":12345}`))
		if err != nil {
			return err
		}
		resp, err := s.Client().Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
}

package cluster_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenry/tokenry/internal/cluster"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// prices are what a database takes for what nodes ask of it: how long it is busy with it
// on one of its cores.
type prices struct {
	renewal, leases, lease, changes, notify, commit time.Duration
	// call is what a node takes for one call of a replica.
	call time.Duration
	// way is there and back between a node and the database, cores what works at once.
	way   time.Duration
	cores int
}

// registry is a database in memory that takes its time: the chapter by which nodes
// agree, with the statements' prices, on a clock that is a bubble's.
type registry struct {
	prices
	core chan struct{} // holds one word for each core that is busy

	mu      sync.Mutex // guards what follows
	rows    map[string]ledger.Lease
	dues    map[string]int64
	changed []ledger.Change
	head    ledger.Point
	// arrivals counts those who joined.
	arrivals int64
	hears    map[int]func(string)
	busy     time.Duration
	// dead are those whose statements do not arrive.
	dead  map[string]bool
	asked map[string]int
}

func newRegistry(p prices) *registry {
	return &registry{prices: p, core: make(chan struct{}, p.cores), rows: map[string]ledger.Lease{}, dues: map[string]int64{}, hears: map[int]func(string){}, asked: map[string]int{}}
}

// ask takes a core for as long as a statement costs.
func (r *registry) ask(ctx context.Context, what string, cost time.Duration) error {
	time.Sleep(r.way / 2)
	select {
	case r.core <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	time.Sleep(cost)
	<-r.core
	time.Sleep(r.way / 2)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy += cost
	r.asked[what]++
	return ctx.Err()
}

// size is how many rows there are.
func (r *registry) size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.rows)
}

// times is a price for each row.
func (r *registry) times(price time.Duration) time.Duration {
	return time.Duration(int64(r.size()) * int64(price))
}

func (r *registry) Join(ctx context.Context, l ledger.Lease) error {
	err := r.ask(ctx, "join", r.renewal)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dead[l.Node] {
		return ledger.ErrStoreUnavailable
	}
	l.Applied = 0
	r.arrivals++
	r.rows[l.Node], r.dues[l.Node] = l, 0
	return err
}

func (r *registry) Renew(ctx context.Context, l ledger.Lease) (ledger.Renewed, error) {
	if err := r.ask(ctx, "renew", r.renewal); err != nil {
		return ledger.Renewed{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dead[l.Node] {
		return ledger.Renewed{}, ledger.ErrStoreUnavailable
	}
	row, there := r.rows[l.Node]
	if !there || row.Incarnation != l.Incarnation || row.Renewal != l.Renewal || r.dues[l.Node] > l.Applied {
		return ledger.Renewed{}, ledger.ErrLeaseLost
	}
	row.Renewal++
	row.Applied, row.Behind = l.Applied, l.Behind
	r.rows[l.Node], r.dues[l.Node] = row, r.head.Revision
	out := ledger.Renewed{Renewal: row.Renewal, Head: r.head, Known: true}
	out.At = l.Digest
	out.Crowd = ledger.Crowd{Nodes: len(r.rows), Newest: r.arrivals}
	if l.Applied == 0 && r.head.Revision > 0 {
		out.Known = false
	}
	out.Changes = r.after(l.Applied)
	return out, nil
}

func (r *registry) after(revision int64) []ledger.Change {
	const atOnce = 256
	i, _ := slices.BinarySearchFunc(r.changed, revision, func(c ledger.Change, at int64) int { return int(c.Revision - at - 1) })
	return slices.Clone(r.changed[i:min(i+atOnce, len(r.changed))])
}

func (r *registry) Time(context.Context) (time.Time, error) { return time.Now(), nil }

func (r *registry) Changes(ctx context.Context, after ledger.Point) ([]ledger.Change, error) {
	err := r.ask(ctx, "changes", r.changes)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.after(after.Revision), err
}

func (r *registry) Leases(ctx context.Context) ([]ledger.Lease, error) {
	return r.Lacking(ctx, math.MaxInt64, false)
}

// Lacking takes its time for each row that it answers.
func (r *registry) Lacking(ctx context.Context, revision int64, sure bool) ([]ledger.Lease, error) {
	cost := r.leases + time.Duration(len(r.lacking(revision)))*r.lease
	if sure {
		cost += r.renewal
	}
	err := r.ask(ctx, "leases", cost)
	return r.lacking(revision), err
}

func (r *registry) lacking(revision int64) []ledger.Lease {
	r.mu.Lock()
	defer r.mu.Unlock()
	rows := slices.DeleteFunc(slices.Collect(maps.Values(r.rows)), func(l ledger.Lease) bool { return l.Applied >= revision && l.Behind == nil })
	slices.SortFunc(rows, func(a, b ledger.Lease) int { return strings.Compare(a.Node, b.Node) })
	return rows
}

func (r *registry) Sweep(ctx context.Context, l ledger.Lease) error {
	err := r.ask(ctx, "sweep", r.renewal)
	r.mu.Lock()
	defer r.mu.Unlock()
	if row := r.rows[l.Node]; row.Renewal == l.Renewal && row.Incarnation == l.Incarnation {
		delete(r.rows, l.Node)
	}
	return err
}

func (r *registry) Leave(ctx context.Context, node string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.rows, node)
	return ctx.Err()
}

func (r *registry) Run(ctx context.Context, _ string) (int64, error) {
	return 0, r.ask(ctx, "run", r.leases)
}

func (r *registry) Forget(ctx context.Context, _ int64) error { return r.ask(ctx, "forget", r.leases) }

// Notify takes its time for each who listens.
func (r *registry) Notify(ctx context.Context, node string) error {
	err := r.ask(ctx, "notify", r.renewal+r.times(r.notify))
	r.mu.Lock()
	all := slices.Collect(maps.Values(r.hears))
	r.mu.Unlock()
	for _, heard := range all {
		heard(node)
	}
	return err
}

func (r *registry) Listen(ctx context.Context, ready func(), heard func(string)) error {
	r.mu.Lock()
	mine := len(r.hears)
	r.hears[mine] = heard
	r.mu.Unlock()
	ready()
	<-ctx.Done()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.hears, mine)
	return ctx.Err()
}

// commits puts a change behind the others and answers its revision.
func (r *registry) commits(ctx context.Context, touched ledger.Touched) int64 {
	_ = r.ask(ctx, "commit", r.commit)
	r.mu.Lock()
	defer r.mu.Unlock()
	c := ledger.Change{Base: r.head.Revision, Point: ledger.Point{Revision: r.head.Revision + 1}, Touched: touched}
	c.Digest = sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(c.Revision)))
	r.changed, r.head = append(r.changed, c), c.Point
	return c.Revision
}

// bubble is nodes as the program has them, on a registry, and on a clock that only
// moves when all of them wait.
type bubble struct {
	*testing.T
	*registry
	all     []*cluster.Node
	serving sync.WaitGroup
}

// begin starts nodes one after the other, and runs f once each has its lease.
func begin(t *testing.T, p prices, nodes int, f func(b *bubble)) {
	t.Helper()
	beginWith(t, p, nodes, func(*cluster.Node) {}, f)
}

// beginWith is begin with nodes that are made ready.
func beginWith(t *testing.T, p prices, nodes int, ready func(*cluster.Node), f func(b *bubble)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := &bubble{T: t, registry: newRegistry(p)}
		ctx, stop := context.WithCancel(t.Context())
		for range nodes {
			n, err := cluster.New(cluster.Config{
				Board: b.registry, Rand: rand.Reader, Length: leased, Ticks: func() time.Duration { return time.Since(began) },
				Timer: func(d time.Duration) (<-chan time.Time, func() bool) { t := time.NewTimer(d); return t.C, t.Stop },
			})
			if err != nil {
				t.Fatal(err)
			}
			ready(n)
			b.all = append(b.all, n)
			b.serving.Go(func() { n.Serve(ctx) })
			time.Sleep(leased / time.Duration(nodes))
		}
		time.Sleep(4 * leased)
		f(b)
		stop()
		b.serving.Wait()
	})
}

// revoke is one change by a node; it answers how long its answer waited for the others.
func (b *bubble) revoke(n *cluster.Node, touched ledger.Touched) time.Duration {
	revision := b.commits(b.Context(), touched)
	committed := time.Now()
	n.Await(revision, touched.Spaces())
	return time.Since(committed)
}

// scaled is what a simulation came to.
type scaled struct {
	waits []time.Duration
	lost  uint64
	// load is the share of the database's cores that was busy; asked counts statements.
	load  float64
	asked map[string]int
}

func (s scaled) at(share float64) time.Duration {
	return s.waits[min(int(share*float64(len(s.waits))), len(s.waits)-1)]
}

// simulate has so many nodes for so long, while something is revoked once every so often,
// by one after the other.
func simulate(t *testing.T, p prices, nodes int, every, length time.Duration) (out scaled) {
	t.Helper()
	begin(t, p, nodes, func(b *bubble) {
		lost := func() (sum uint64) {
			for _, n := range b.all {
				sum += n.State().Lost
			}
			return sum
		}
		wasLost, wasBusy, since := lost(), b.busy, time.Now()
		b.asked = map[string]int{}
		var mu sync.Mutex
		var waiting sync.WaitGroup
		for i := 0; time.Since(since) < length; i++ {
			waiting.Go(func() {
				took := b.revoke(b.all[i*7919%len(b.all)], ledger.Touched{All: true})
				mu.Lock()
				defer mu.Unlock()
				out.waits = append(out.waits, took)
			})
			time.Sleep(every)
		}
		b.mu.Lock()
		out.load = float64(b.busy-wasBusy) / float64(time.Since(since)) / float64(p.cores)
		out.asked = maps.Clone(b.asked)
		b.mu.Unlock()
		waiting.Wait()
		out.lost = lost() - wasLost
		slices.Sort(out.waits)
	})
	return out
}

// seen are prices as TestScale measured them on two cores that had nothing else to do.
func seen() prices {
	return prices{
		renewal: 400 * time.Microsecond, leases: 60 * time.Microsecond, lease: time.Microsecond,
		changes: 60 * time.Microsecond, notify: 3 * time.Microsecond, commit: 2 * time.Millisecond,
		call: 100 * time.Microsecond, way: 500 * time.Microsecond, cores: 4,
	}
}

// TestManyNodesCostTheDatabaseWhatTheyRenew: what each does to find those that died, and
// who does what one does for all, does not grow with how many there are.
func TestManyNodesCostTheDatabaseWhatTheyRenew(t *testing.T) {
	t.Parallel()
	s := simulate(t, seen(), 150, time.Second, 10*time.Second)
	if s.asked["leases"]+s.asked["run"] > s.asked["renew"]/2 || s.asked["renew"] == 0 || s.lost != 0 {
		t.Errorf("%d leases were lost, and the database was asked %v", s.lost, s.asked)
	}
	if s.at(1) > leased/4 {
		t.Errorf("a revocation waited %v", s.at(1))
	}
}

// TestANodeThatArrivesIsSeenByAllAtTheirNextRenewal: also by those that look seldom for who
// died, since what a newcomer lacks is nothing that others may go on using.
func TestANodeThatArrivesIsSeenByAllAtTheirNextRenewal(t *testing.T) {
	t.Parallel()
	begin(t, seen(), 30, func(b *bubble) {
		if err := b.Join(b.Context(), ledger.Lease{Node: "node_zz", Incarnation: "its", Length: leased}); err != nil {
			b.Fatal(err)
		}
		time.Sleep(leased/4 + 100*time.Millisecond)
		for i, n := range b.all {
			if got := n.State().Nodes; got != 31 {
				b.Errorf("node %d knows of %d, want 31", i, got)
			}
		}
	})
}

// TestNodesThatDieTogetherAreSwept: also when they are all those that look often.
func TestNodesThatDieTogetherAreSwept(t *testing.T) {
	t.Parallel()
	begin(t, seen(), 30, func(b *bubble) {
		rows, err := b.Leases(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		const die = 12
		b.mu.Lock()
		b.dead = map[string]bool{}
		for _, l := range rows[:die] {
			b.dead[l.Node] = true
		}
		b.mu.Unlock()
		time.Sleep(5 * leased)
		if left := b.size(); left != 30-die {
			b.Errorf("%d rows are left", left)
		}
		b.mu.Lock()
		b.dead = nil
		b.mu.Unlock()
	})
}

// TestScale prints how long a revocation waits with more and more nodes, and programs that
// verify by their word; at prices that were seen, or are measured before.
func TestScale(t *testing.T) {
	if os.Getenv("TOKENRY_SCALE") == "" {
		t.Skip("prints figures for two minutes; make scale")
	}
	p := seen()
	if os.Getenv("TOKENRY_SCALE") == "measured" {
		p = measured(t)
	}
	t.Logf("one core of the database: a renewal %v, the list %v and %v a row, changes %v, a wake %v for each node, a commit %v; there and back %v; %d cores; one core of a node: a call of a replica %v",
		p.renewal, p.leases, p.lease, p.changes, p.notify, p.commit, p.way, p.cores, p.call)
	t.Log("nodes | revocations/s | p50 | p99 | max ms | leases lost | database busy | statements/s")
	for _, n := range []int{3, 10, 30, 100, 300, 1000} {
		for _, a := range []int{1, 10, 50} {
			s := simulate(t, p, n, time.Second/time.Duration(a), 10*time.Second)
			sum := 0
			for _, k := range s.asked {
				sum += k
			}
			t.Logf("| %d | %d | %d | %d | %d | %d | %.2f | %d |", n, a, s.at(.5).Milliseconds(), s.at(.99).Milliseconds(), s.at(1).Milliseconds(), s.lost, s.load, sum/10)
		}
	}
	t.Log("replicas | nodes | of every workspace | revocations/s | p50 | p99 | max ms | calls/s a node | a node's cores busy | leases lost")
	for _, c := range []programs{{1000, 3, 0}, {10_000, 3, 0}, {10_000, 10, 0}, {10_000, 30, 0}, {10_000, 10, 100}, {10_000, 10, 1000}} {
		for _, a := range []int{1, 10, 50} {
			s := c.simulate(t, p, time.Second/time.Duration(a), 10*time.Second)
			t.Logf("| %d | %d | %d | %d | %d | %d | %d | %d | %.2f | %d |", c.replicas, c.nodes, c.everywhere, a,
				s.at(.5).Milliseconds(), s.at(.99).Milliseconds(), s.at(1).Milliseconds(), s.asked["call"]/10/c.nodes, s.load, s.lost)
		}
	}
}

// measured asks a real database, without a disk to wait for, whose clients are on the same
// cores: so it is the price of both.
func measured(t *testing.T) prices {
	t.Helper()
	url := storetest.Postgres(t)
	const clients, length = 8, time.Second
	boards := make([]ledger.Nodes, clients)
	var lone ledger.Nodes
	var first *store.Store
	for i := range boards {
		s, err := store.Open(t.Context(), store.Options{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		boards[i], lone, first = s.Nodes(), s.Nodes(), s
	}
	leases := make([]ledger.Lease, clients)
	for i := range leases {
		leases[i] = ledger.Lease{Node: fmt.Sprint("node_", i), Incarnation: "i", Length: leased, Holder: "h"}
		if err := boards[i].Join(t.Context(), leases[i]); err != nil {
			t.Fatal(err)
		}
	}
	// price is what one core takes for what all clients ask as fast as they can.
	price := func(ask func(i int) error) time.Duration {
		var all sync.WaitGroup
		var count atomic.Int64
		since := time.Now()
		for i := range boards {
			all.Go(func() {
				for time.Since(since) < length {
					if err := ask(i); err != nil {
						t.Error(err)
						return
					}
					count.Add(1)
				}
			})
		}
		all.Wait()
		return time.Since(since) * time.Duration(runtime.NumCPU()) / time.Duration(count.Load())
	}
	p := prices{cores: 4}
	p.renewal = price(func(i int) error {
		r, err := boards[i].Renew(t.Context(), leases[i])
		leases[i].Renewal, leases[i].Applied, leases[i].Digest = r.Renewal, r.Head.Revision, r.Head.Digest
		return err
	})
	list := func(i int) error { _, err := boards[i].Leases(t.Context()); return err }
	p.leases = price(list)
	p.changes = price(func(i int) error {
		_, err := boards[i].Changes(t.Context(), ledger.Point{Revision: 1 << 40})
		return err
	})
	quiet := price(func(i int) error { return boards[i].Notify(t.Context(), "node_x") })
	hearing, deaf := context.WithCancel(t.Context())
	const listeners = 40
	var heard sync.WaitGroup
	heard.Add(listeners)
	for i := range listeners {
		go func() { _ = boards[i%clients].Listen(hearing, heard.Done, func(string) {}) }()
	}
	heard.Wait()
	p.notify = max(price(func(i int) error { return boards[i].Notify(t.Context(), "node_x") })-quiet, 0) / listeners
	deaf()
	p.commit = price(func(i int) error {
		_, err := first.Batch(t.Context(), []func(ledger.Tx) error{func(tx ledger.Tx) error {
			id := tx.NewID()
			return tx.PutUser(ledger.User{ID: id, Email: fmt.Sprint(id, "@example.com"), CreatedAt: time.Unix(1, 0), Revision: tx.Revision()})
		}})
		return err
	})
	p.call = price(pinging(t))
	since := time.Now()
	for range 200 {
		_, _ = lone.Changes(t.Context(), ledger.Point{Revision: 1 << 40})
	}
	p.way = time.Since(since) / 200
	const rows = 1000
	for i := range rows {
		if err := lone.Join(t.Context(), ledger.Lease{Node: fmt.Sprint("more_", i), Incarnation: "0123456789abcdef", Length: leased, Holder: "host.example.com:1234"}); err != nil {
			t.Fatal(err)
		}
	}
	p.lease = max(price(list)-p.leases, 0) / rows
	return p
}

// pass lets time go by in the bubble of the simulation.
func pass(d time.Duration) { time.Sleep(d) }

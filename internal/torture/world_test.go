package torture_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

const (
	changers, verifiersPerNode = 24, 2
	// healed is how long nodes may take to serve again, once nothing is wrong. PgBouncer
	// does not try for 15 s to reach a server that it did not reach.
	healed = 40 * time.Second
	// searching is how long one token's history is put in order at the most.
	searching = 5 * time.Second
)

// world is one run.
type world struct {
	*testing.T
	seed uint64
	// mutant says that something has to be found.
	mutant bool
	begin  time.Time
	owner  string
	// intruder is a token of another workspace.
	intruder string
	nodes    []*node
	servers  []*storetest.Server

	count, answered, allowed, unanswered, taken atomic.Int64
	// remembered is what programs answered from their memory.
	remembered atomic.Int64
	asking     sync.WaitGroup
	spans      spans
	// quiet is held for reading while a changer changes something.
	quiet sync.RWMutex

	mu                 sync.Mutex // guards what follows
	all, alive, graves []*living
	refusals           []string
}

// spans are the faults that were.
type spans struct {
	mu  sync.Mutex // guards all
	all []span
}

func (s *spans) add(one span) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, one)
}

func (w *world) now() int64 { return int64(time.Since(w.begin)) }

// refused remembers a change that was refused: clients ask only for what is possible.
func (w *world) refused(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refusals = append(w.refusals, err.Error())
}

// newWorld starts a program as nodes on two servers.
func newWorld(t *testing.T, program string, seed uint64) *world {
	t.Helper()
	return newWorldOf(t, program, seed, nodes, false)
}

// newWorldOf starts so many nodes. In a bare world nothing can be made to go wrong and nothing is
// in the way: no link or pooler leads to a server, no server has a clock of its own, and each node
// has the threads that it has on a machine with one processor.
func newWorldOf(t *testing.T, program string, seed uint64, nodes int, bare bool) *world {
	t.Helper()
	w := &world{T: t, seed: seed, begin: time.Now()}
	first := storetest.OwnPostgres(t)
	if !bare {
		first.Stop(t, "fast")
		first.Clock(t, 0)
		first.Start(t)
	}
	dir := t.TempDir()
	keys := filepath.Join(dir, "keys.json")
	if out, err := exec.CommandContext(t.Context(), program, "keys", "generate", "--out", keys).CombinedOutput(); err != nil {
		t.Fatalf("keys generate: %v: %s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), program, "bootstrap", "--json", "--data", dir, "--keys", keys,
		"--database", first.URL(), "--email", "ada@example.com", "--workspace", "acme").Output()
	var made api.Bootstrapped
	if err != nil || json.Unmarshal(out, &made) != nil {
		t.Fatalf("bootstrap: %v: %s", err, out)
	}
	w.owner = made.Secret
	second := first.Standby(t, "second")
	w.servers = []*storetest.Server{first, second}
	pooled, mode := w.pooled(nodes)
	for i := range nodes {
		if bare {
			w.nodes = append(w.nodes, newNode(t, i, program, dir, keys, "/tokenry?host="+first.Socket()+","+second.Socket(), "GOMAXPROCS=1"))
			continue
		}
		sockets := []string{socketOf(first), socketOf(second)}
		if i == pooled {
			t.Logf("node %d reaches the database through PgBouncer in %s mode", i, mode)
			sockets = []string{pooler(t, first, mode), pooler(t, second, mode)}
		}
		w.nodes = append(w.nodes, newLinkedNode(t, i, program, dir, keys, sockets...))
	}
	w.settle()
	w.invite()
	t.Cleanup(func() {
		for _, n := range w.nodes {
			if log, err := os.ReadFile(n.log); err == nil && t.Failed() {
				t.Logf("the last lines of node %d:\n%s", n.number, tail(string(log), 15))
			}
		}
	})
	return w
}

func socketOf(s *storetest.Server) string { return filepath.Join(s.Socket(), ".s.PGSQL.5432") }

// pooled draws which node is behind a pooler, and how that gives out sessions.
func (w *world) pooled(nodes int) (node int, mode string) {
	r := w.random(99)
	return r.IntN(2*nodes) - nodes, []string{"session", "transaction"}[r.IntN(2)]
}

// pooler is the socket of a PgBouncer in front of a server.
func pooler(t *testing.T, s *storetest.Server, mode string) string {
	t.Helper()
	at, err := url.Parse(storetest.PgBouncer(t, s.URL(), mode))
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(at.Query().Get("host"), ".s.PGSQL.6432")
}

// tail is the end of a log, without the requests that failed.
func tail(text string, lines int) string {
	all := slices.DeleteFunc(strings.Split(strings.TrimSpace(text), "\n"), func(line string) bool { return strings.Contains(line, "a request failed") })
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// settle waits until every node serves.
func (w *world) settle() {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), healed)
	defer cancel()
	began := time.Now()
	for _, n := range w.nodes {
		if err := n.ready(ctx); err != nil {
			n.signal(syscall.SIGQUIT) // tells in the log what every goroutine does
			w.Error(err)
		}
	}
	w.Logf("every node serves after %v", time.Since(began).Round(time.Millisecond))
}

// run drives the nodes while the plan goes on, and judges what they answered.
func (w *world) run(all []fault) (found int) {
	w.Helper()
	for _, f := range all {
		w.Logf("after %v: %s", f.after.Round(time.Millisecond), f)
	}
	// Calls under way at the end are waited for: a client's patience ends them.
	ctx, stop := context.WithCancel(w.Context())
	var clients sync.WaitGroup
	for i := range changers {
		clients.Go(func() { w.changer(ctx, w.random(uint64(i))) })
	}
	for _, n := range w.nodes {
		for i := range verifiersPerNode {
			clients.Go(func() { w.verifier(ctx, n, w.random(uint64(100+10*n.number+i))) })
		}
	}
	for _, n := range w.nodes {
		clients.Go(func() { w.programmed(ctx, n, w.random(uint64(200+n.number))) })
	}
	pause(ctx, time.Second) // there are tokens now
	w.faults(ctx, all)
	for _, n := range w.nodes {
		if n.gone() {
			w.Errorf("the process of node %d has ended by itself", n.number)
		}
	}
	w.settle()
	pause(ctx, time.Second) // what was waited for goes on
	stop()
	clients.Wait()
	w.asking.Wait()
	return w.judge()
}

// random is a source of its own for each client.
func (w *world) random(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(w.seed, stream)) }

// judge looks at every token's history.
func (w *world) judge() (found int) {
	w.Helper()
	complain := w.Errorf
	if w.mutant {
		complain = w.Logf
	}
	began, slowest, calls, unsure := time.Now(), time.Duration(0), 0, 0
	for _, l := range w.all {
		history, risen := l.judged()
		if risen > 0 {
			found++
			complain("seed %d: token %d: %d verifications accept what the backup that took the database's place never had", w.seed, l.number, risen)
		}
		slices.SortFunc(history, func(a, b op) int { return int(a.start - b.start) })
		for _, o := range history {
			if o.takes() && o.known() {
				slowest = max(slowest, time.Duration(o.end-o.start))
			}
			if o.kind != verifies {
				calls++
			}
		}
		if wrong := accepted(history); len(wrong) > 0 {
			found++
			complain("seed %d: token %d: %d verifications accept what was over before they began; the first, with all changes:\n%s",
				w.seed, l.number, len(wrong), told(changesAnd(history, wrong[0]), w.spans.all))
			continue
		}
		switch linear(history, searching) {
		case porcupine.Illegal:
			found++
			complain("seed %d: token %d: there is no order in which these answers are right:\n%s", w.seed, l.number, told(shortest(history), w.spans.all))
		case porcupine.Ok:
		case porcupine.Unknown:
			unsure++
		}
	}
	w.Logf("seed %d: %d tokens, %d changes (%d took power away and were answered, the slowest after %v), %d verifications (%d accepted; %d by the memory of programs), %d without a decision; "+
		"judged in %v, %d histories not put in order in time", w.seed, len(w.all), calls, w.taken.Load(), slowest.Round(time.Millisecond), w.answered.Load(), w.allowed.Load(), w.remembered.Load(),
		w.unanswered.Load(), time.Since(began).Round(time.Millisecond), unsure)
	for i, r := range w.refusals {
		if i < 12 {
			w.Logf("not done: %s", r)
		}
	}
	if w.taken.Load() < 5 || w.allowed.Load() < 200 || w.remembered.Load() < 50 {
		complain("too little happened to say anything")
	}
	return found
}

// changesAnd are the changes of a history and one verification.
func changesAnd(history []op, b broken) []op {
	return slices.DeleteFunc(slices.Clone(history), func(o op) bool { return o.kind == verifies && o != b.verify })
}

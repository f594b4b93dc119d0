package torture_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
)

const (
	// rounds is how many revocations a line of the table stands for, roundsSlow where
	// each waits out a lease.
	rounds, roundsSlow = 200, 20
	// phase is how long one of two loads goes on before the other, phases how often.
	phase, phases = 3 * time.Second, 3
	// revoking is how many revocations a second run beside verifications.
	revoking = 100
)

// TestFigures prints how long a revocation takes and when a token was accepted last, with
// nodes that are well and one that is not; and what revocations and nodes cost. It judges
// one figure alone, which is the promise: nothing is accepted that began after the answer.
func TestFigures(t *testing.T) {
	if !*figuresFlag {
		t.Skip("make bench-cluster runs it")
	}
	t.Logf("%-34s %28s   %s", "revocations, ms", "call to answer p50 p99 max", "last acceptance after the answer (max)")
	for _, n := range []int{1, 3, 5} {
		t.Run(fmt.Sprintf("%d nodes", n), func(t *testing.T) {
			w := newWorldOf(t, binary, 1, n, false)
			w.revocations(fmt.Sprintf("%d nodes, all well", n), rounds, nil)
			if n != 3 {
				return
			}
			last := w.nodes[n-1]
			last.signal(syscall.SIGSTOP)
			w.revocations("3 nodes, one stopped", roundsSlow, last)
			last.signal(syscall.SIGCONT)
			w.settle()
			last.set(mood{up: true, down: true})
			w.revocations("3 nodes, one cut off from the database", roundsSlow, last)
			last.set(mood{})
			w.settle()
		})
	}
	t.Run("what it costs", func(t *testing.T) {
		w := newWorldOf(t, binary, 1, 3, true)
		w.beside()
		w.creates()
	})
}

// issued makes a token of the owner at one node.
func (w *world) issued(n *node) api.Issued {
	w.Helper()
	var made api.Issued
	in := api.CreateToken{TokenFields: api.TokenFields{Label: api.Some("figures"), Rights: wide()}}
	if _, err := w.ask(w.Context(), n, http.MethodPost, "/v1/workspaces/acme/tokens", in, &made); err != nil {
		w.Fatal(err)
	}
	return made
}

// allows asks a node about a secret.
func (w *world) allows(ctx context.Context, n *node, secret string) bool {
	var v api.VerifyResult
	_, err := w.ask(ctx, n, http.MethodPost, "/v1/verify", api.VerifyRequest{Token: secret}, &v)
	return err == nil && v.Allowed
}

// revocations revokes one token after the other while each node verifies it; ill is a
// node that is not asked to revoke.
func (w *world) revocations(what string, rounds int, ill *node) {
	w.Helper()
	well := slices.DeleteFunc(slices.Clone(w.nodes), func(n *node) bool { return n == ill })
	r := rand.New(rand.NewPCG(1, 2))
	var took, lasts []time.Duration
	for range rounds {
		answer, last := w.revocation(well, well[r.IntN(len(well))])
		took, lasts = append(took, answer), append(lasts, last)
	}
	slices.Sort(took)
	if worst := slices.Max(lasts); worst > 0 {
		w.Errorf("%s: a verification that began %v after the answer was accepted", what, worst)
	}
	w.Logf("%-40s %7.1f %7.1f %7.1f   %+.1f", what, ms(took[len(took)/2]), ms(took[len(took)*99/100]), ms(took[len(took)-1]), ms(slices.Max(lasts)))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// revocation is one: how long its answer took, and when the last verification that was
// accepted began, counted from the answer.
func (w *world) revocation(asked []*node, by *node) (took, last time.Duration) {
	w.Helper()
	made := w.issued(by)
	var answered, accepted atomic.Int64 // since w.begin
	var warm, over sync.WaitGroup
	for _, n := range asked {
		warm.Add(1)
		over.Go(func() {
			for first := true; ; first = false {
				began := w.now()
				if w.allows(w.Context(), n, made.Secret) {
					raise(&accepted, began)
				}
				if first {
					warm.Done()
				}
				if end := answered.Load(); end != 0 && began > end {
					return
				}
			}
		})
	}
	warm.Wait()
	began := w.now()
	_, err := w.ask(w.Context(), by, http.MethodPost, "/v1/workspaces/acme/tokens/"+made.Token.ID+"/revoke", struct{}{}, nil)
	end := w.now()
	answered.Store(end)
	over.Wait()
	if err != nil {
		w.Fatal(err)
	}
	return time.Duration(end - began), time.Duration(accepted.Load() - end)
}

// raise makes a number as large as another.
func raise(n *atomic.Int64, to int64) {
	for was := n.Load(); was < to && !n.CompareAndSwap(was, to); was = n.Load() {
	}
}

// beside compares verifications alone with verifications beside revocations. Where nodes,
// database and clients share processors, that says what they take from each other; so it
// says too what of a core the revocations alone cost each node, which is what a node with
// cores of its own loses.
func (w *world) beside() {
	w.Helper()
	var alone, busy, revoked, quiet int64
	var cost, idle time.Duration
	secret := w.issued(w.nodes[0]).Secret
	verifies := func(ctx context.Context, n *node) bool { return w.allows(ctx, n, secret) }
	for range phases {
		alone += w.during(verifies, w.nodes, 2)
		stop := w.revoking(w.doomed(), &revoked)
		busy += w.during(verifies, w.nodes, 2)
		stop()
		doomed := w.doomed()
		before := w.processor()
		pause(w.Context(), phase)
		between := w.processor()
		stop = w.revoking(doomed, &quiet)
		pause(w.Context(), phase)
		idle, cost = idle+between-before, cost+w.processor()-between
		stop()
	}
	seconds, cores := phase.Seconds()*phases, phase.Seconds()*phases*float64(len(w.nodes))
	w.Logf("verifications a second, 3 nodes together: %.0f alone, %.0f beside %.0f revocations a second: ratio %.2f",
		float64(alone)/seconds, float64(busy)/seconds, float64(revoked)/seconds, float64(busy)/float64(alone))
	w.Logf("%.0f revocations a second and nothing else take %.3f of a core from each of 3 nodes (at rest %.3f): ratio %.2f for a node with one core of its own",
		float64(quiet)/seconds, cost.Seconds()/cores, idle.Seconds()/cores, (1-cost.Seconds()/cores)/(1-idle.Seconds()/cores))
}

// doomed makes the tokens that one phase of revocations ends.
func (w *world) doomed() []string {
	w.Helper()
	ids := make([]string, int(phase.Seconds()*revoking))
	for i := range ids {
		ids[i] = w.issued(w.nodes[i%len(w.nodes)]).Token.ID
	}
	return ids
}

// revoking revokes so many tokens a second at all nodes by turns until it is stopped, and
// counts those that were revoked.
func (w *world) revoking(doomed []string, revoked *int64) (stop func()) {
	ctx, end := context.WithTimeout(w.Context(), phase)
	var running sync.WaitGroup
	for i, id := range doomed {
		running.Go(func() {
			pause(ctx, time.Duration(i)*time.Second/revoking)
			if _, err := w.ask(ctx, w.nodes[i%len(w.nodes)], http.MethodPost, "/v1/workspaces/acme/tokens/"+id+"/revoke", struct{}{}, nil); err == nil {
				atomic.AddInt64(revoked, 1)
			}
		})
	}
	return func() {
		end()
		running.Wait()
	}
}

// processor is what all nodes have had of it, from Linux' /proc.
func (w *world) processor() (had time.Duration) {
	w.Helper()
	for _, n := range w.nodes {
		n.mu.Lock()
		process := n.cmd.Process.Pid
		n.mu.Unlock()
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
		if err != nil {
			w.Fatal(err)
		}
		const utime, stime, tick = 11, 12, 10 * time.Millisecond
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		for _, f := range fields[utime : stime+1] {
			ticks, err := strconv.Atoi(f)
			if err != nil {
				w.Fatal(err)
			}
			had += time.Duration(ticks) * tick
		}
	}
	return had
}

// creates compares tokens made at three nodes with tokens made at one of them. A batch takes
// all that wait at its node, so clients are few or many.
func (w *world) creates() {
	w.Helper()
	in := api.CreateToken{TokenFields: api.TokenFields{Label: api.Some("figures"), Rights: wide()}}
	makes := func(ctx context.Context, n *node) bool {
		_, err := w.ask(ctx, n, http.MethodPost, "/v1/workspaces/acme/tokens", in, nil)
		return err == nil
	}
	for _, clients := range []int{24, 192} {
		var one, three int64
		var byOne, byThree time.Duration
		for range phases {
			before := w.processor()
			one += w.during(makes, w.nodes[:1], clients)
			between := w.processor()
			three += w.during(makes, w.nodes, clients/3)
			byOne, byThree = byOne+between-before, byThree+w.processor()-between
		}
		seconds := phase.Seconds() * phases
		w.Logf("tokens made a second by %d clients: %.0f at one node, %.0f at three: ratio %.2f; the nodes' processor for each: %.1f ms and %.1f ms",
			clients, float64(one)/seconds, float64(three)/seconds, float64(three)/float64(one), ms(byOne)/float64(one), ms(byThree)/float64(three))
	}
}

// during counts how often a call succeeds in one phase, by so many clients a node.
func (w *world) during(call func(context.Context, *node) bool, at []*node, clients int) int64 {
	ctx, stop := context.WithTimeout(w.Context(), phase)
	defer stop()
	var n atomic.Int64
	var running sync.WaitGroup
	for _, node := range at {
		for range clients {
			running.Go(func() {
				for ctx.Err() == nil {
					if call(ctx, node) {
						n.Add(1)
					}
				}
			})
		}
	}
	running.Wait()
	return n.Load()
}

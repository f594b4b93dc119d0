package cluster_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenry/tokenry/internal/cluster"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

const leased = 2 * time.Second

// house is a list of replicas whose clock is a bubble's.
type house struct {
	*testing.T
	*cluster.Replicas
	revision int64
	// left is how long the node's own lease is.
	left time.Duration
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t, left: time.Hour}
	begin := time.Now()
	r, err := cluster.NewReplicas(cluster.ReplicasConfig{
		Rand: rand.Reader, Length: leased, Ticks: func() time.Duration { return time.Since(begin) }, Left: func() time.Duration { return h.left },
		Timer: func(d time.Duration) (<-chan time.Time, func() bool) { t := time.NewTimer(d); return t.C, t.Stop },
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Replicas = r
	return h
}

func view(workspace ledger.ID, locator string) cluster.View {
	return cluster.View{Home: workspace, Token: token.Locator([]byte(locator))}
}

var (
	ofAcme   = view(1, "aaaaaaaaaaaa")
	ofGlobex = view(2, "gggggggggggg")
	ofAll    = cluster.View{Home: 3, Token: token.Locator([]byte("iiiiiiiiiiii")), Everywhere: true}
	theToken = token.Locator([]byte("tttttttttttt"))
)

// attach makes a replica that holds a lease.
func (h *house) attach(v cluster.View) cluster.Told {
	h.Helper()
	t, err := h.Attach(v)
	if err != nil || t.Lease == 0 {
		h.Fatal("a replica was not attached", t, err)
	}
	return t
}

func (h *house) call(id string, v cluster.View, applied int64) cluster.Told {
	h.Helper()
	t, err := h.Call(h.Context(), id, v, applied)
	if err != nil {
		h.Fatal(err)
	}
	return t
}

// revoke changes a token of a workspace.
func (h *house) revoke(workspace ledger.ID) (revision int64, of ledger.Spaces) {
	h.revision++
	c := ledger.Change{Base: h.revision - 1, Point: ledger.Point{Revision: h.revision}}
	c.Touched.AddToken(workspace, theToken)
	h.Apply(verify.ChangesOf(c))
	return h.revision, c.Touched.Spaces()
}

// waits is how long a revision is awaited.
func (h *house) waits(revision int64, of ledger.Spaces) time.Duration {
	begin := time.Now()
	h.Await(revision, of)
	return time.Since(begin)
}

// TestAReplicaIsToldAndAwaited: it is told what it has to forget, and whoever changed it is
// answered once it has.
func TestAReplicaIsToldAndAwaited(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]cluster.View{"its own workspace": ofAcme, "every workspace": ofAll} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				r := h.attach(v)
				told := make(chan cluster.Told)
				go func() { told <- h.call(r.Replica, v, r.Count) }()
				synctest.Wait()
				revision, of := h.revoke(1)
				answered := make(chan time.Duration)
				go func() { answered <- h.waits(revision, of) }()
				got := <-told
				if got.All || len(got.Forget) != 1 || got.Lease != leased {
					t.Errorf("it is told %+v", got)
				}
				time.Sleep(time.Second) // it works
				go func() { told <- h.call(r.Replica, v, got.Count) }()
				if took := <-answered; took != time.Second {
					t.Errorf("the answer came after %v", took)
				}
				<-told
				h.Detach(r.Replica, v)
			})
		})
	}
}

// TestAReplicaThatNeverAppliesIsAwaitedForOneLease: it is silent, or it only renews; and then
// it has no lease.
func TestAReplicaThatNeverAppliesIsAwaitedForOneLease(t *testing.T) {
	t.Parallel()
	for name, renews := range map[string]bool{"silent": false, "renewing": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				r := h.attach(ofAcme)
				ctx, stop := context.WithCancel(t.Context())
				var renewing sync.WaitGroup
				defer renewing.Wait() // no time passes in a bubble that is over
				defer stop()
				if renews {
					renewing.Go(func() {
						for leases := 0; ctx.Err() == nil; time.Sleep(time.Millisecond) {
							got, err := h.Call(ctx, r.Replica, ofAcme, r.Count)
							if err == nil && got.Lease > 0 {
								leases++
							}
							if leases > 1 {
								t.Error("what was due was not applied, and it has a second lease")
							}
						}
					})
				}
				for i, want := range []time.Duration{leased + cluster.Margin(leased), 0} {
					if i == 1 {
						time.Sleep(leased)
					}
					if took := h.waits(h.revoke(1)); took > want {
						t.Errorf("revocation %d took %v", i, took)
					}
				}
				if n := h.Live(); n != 0 {
					t.Errorf("%d hold a lease", n)
				}
			})
		})
	}
}

// TestAReplicaOfOneTenantHoldsUpNoOther, whatever it does not do; nor is it told of another's.
func TestAReplicaOfOneTenantHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		r := h.attach(ofAcme)
		mine, of := h.revoke(1)
		theirs, ofThem := h.revoke(2)
		if took := h.waits(theirs, ofThem); took != 0 {
			t.Errorf("another tenant waited %v", took)
		}
		b := h.Behind()
		if !b.Of(mine, of) || b.Of(theirs, ofThem) || !b.Of(theirs, ledger.Spaces{All: true}) {
			t.Errorf("the row says %v", b)
		}
		if got := h.call(r.Replica, ofAcme, r.Count); len(got.Forget) != 1 {
			t.Errorf("it is told of %d", len(got.Forget))
		}
		if took := h.waits(mine, of); took == 0 {
			t.Error("its own was not awaited")
		}
	})
}

// TestALeaseOfAReplicaEndsBeforeTheNodes: others wait for the node's alone.
func TestALeaseOfAReplicaEndsBeforeTheNodes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		r := h.attach(ofAcme)
		h.left = time.Second
		got := h.call(r.Replica, ofAcme, r.Count)
		if longest := h.left - cluster.Margin(h.left); got.Lease != longest {
			t.Errorf("a lease of %v within one of %v", got.Lease, h.left)
		}
		h.left = 0
		if got = h.call(r.Replica, ofAcme, got.Count); got.Lease != 0 {
			t.Errorf("a lease of %v of a node without one", got.Lease)
		}
	})
}

// TestAReplicaResumes: what came while it did not call is told when it does; when that is too
// much, or nobody knows it, it begins anew.
func TestAReplicaResumes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		r := h.attach(ofAcme)
		for range 3 {
			h.revoke(1)
			h.revoke(2)
		}
		time.Sleep(2 * leased)
		got := h.call(r.Replica, ofAcme, r.Count)
		if got.All || len(got.Forget) != 3 || got.Lease == 0 {
			t.Errorf("after a while: %+v", got)
		}
		for range 5000 {
			h.revoke(1)
		}
		if got = h.call(r.Replica, ofAcme, got.Count); !got.All {
			t.Errorf("after too much: %d names", len(got.Forget))
		}
		time.Sleep(time.Minute)
		h.attach(ofGlobex)
		for name, id := range map[string]string{"long gone": r.Replica, "nobody's": "rep_x"} {
			if _, err := h.Call(t.Context(), id, ofAcme, got.Count); !errors.Is(err, cluster.ErrNoReplica) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestAReplicaIsItsTokensAlone: nobody acknowledges or detaches another's.
func TestAReplicaIsItsTokensAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		r := h.attach(ofAcme)
		for _, v := range []cluster.View{ofGlobex, ofAll, view(1, "bbbbbbbbbbbb")} {
			h.Detach(r.Replica, v)
			_, err := h.Call(t.Context(), r.Replica, v, r.Count)
			if _, counted := h.Counted(r.Replica, v); counted || !errors.Is(err, cluster.ErrNoReplica) {
				t.Errorf("%+v speaks for it: %v", v, err)
			}
		}
		if _, err := h.Call(t.Context(), r.Replica, ofAcme, r.Count+1); !errors.Is(err, cluster.ErrNoReplica) {
			t.Errorf("it has applied what there is not: %v", err)
		}
	})
}

// TestReplicasAreBounded by token and by workspace; those without a lease make place.
func TestReplicasAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		fill := func() (n int) {
			for i := range 200 {
				if _, err := h.Attach(view(1, string(slices.Repeat([]byte{byte('a' + i/20)}, token.LocatorLength)))); err == nil {
					n++
				} else if !errors.Is(err, cluster.ErrTooManyReplicas) {
					t.Fatal(err)
				}
			}
			return n
		}
		if n := fill(); n != 64 {
			t.Errorf("%d of one workspace", n)
		}
		n := 0
		for range 20 {
			if _, err := h.Attach(ofGlobex); err == nil {
				n++
			}
		}
		if n != 16 {
			t.Errorf("%d of one token", n)
		}
		time.Sleep(2 * leased)
		if n := fill(); n != 64 {
			t.Errorf("%d once the leases were over", n)
		}
	})
}

// TestASecondCallEndsTheFirst, which gives no lease any more.
func TestASecondCallEndsTheFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		r := h.attach(ofAcme)
		first := make(chan cluster.Told)
		go func() { first <- h.call(r.Replica, ofAcme, r.Count) }()
		synctest.Wait()
		second := h.call(r.Replica, ofAcme, r.Count)
		if got := <-first; got.Lease != 0 || second.Lease == 0 {
			t.Errorf("leases of %v and %v", got.Lease, second.Lease)
		}
	})
}

// TestWhatAFillMayHoldIsCountedBefore: the count of a decision is from before it.
func TestWhatAFillMayHoldIsCountedBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		r := h.attach(ofAcme)
		before, ok := h.Counted(r.Replica, ofAcme)
		h.revoke(1)
		if got := h.call(r.Replica, ofAcme, r.Count); !ok || got.Count <= before {
			t.Errorf("told up to %d of a change after %d", got.Count, before)
		}
	})
}

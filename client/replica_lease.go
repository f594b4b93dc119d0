package client

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/tokenry/tokenry/api"
)

// moment is what both clocks of Go show: one that nobody sets and that stands still while the
// machine sleeps, since the replica began, and the one on the wall, which goes on.
type moment struct{ ran, wall int64 }

type clock struct{ begun time.Time }

func (c *clock) now() moment {
	t := time.Now()
	return moment{int64(t.Sub(c.begun)), t.UnixNano()}
}

// lease is until when memory may be believed, by both clocks. A clock on the wall that was set
// back behind its beginning says nothing, and so it is over.
type lease struct{ from, until moment }

func (l *lease) holds(now moment) bool {
	return now.ran < l.until.ran && now.wall >= l.from.wall && now.wall < l.until.wall
}

func leaseOf(asked moment, length time.Duration) *lease {
	return &lease{asked, moment{asked.ran + int64(length), asked.wall + int64(length)}}
}

const (
	// callTime bounds a call that renews: the server holds it for 5 s at the most.
	callTime = 10 * time.Second
	// known is how long a server knows a replica without a lease.
	known = 30 * time.Second
	// hops is how often a call is sent again that met another node than its own.
	hops = 32
	// restFirst and restLongest are between two attempts.
	restFirst, restLongest = 50 * time.Millisecond, 5 * time.Second
)

// follow attaches, renews and forgets, until ctx ends.
func (r *Replica) follow(ctx context.Context) {
	rest := restFirst
	for ctx.Err() == nil {
		err := r.attached(ctx)
		if ctx.Err() != nil {
			return
		}
		r.failed.Store(&err)
		if r.lease.Load() != nil {
			rest = restFirst
		}
		r.end()
		if r.line.sleep(ctx, rest) != nil {
			return
		}
		rest = min(2*rest, restLongest)
	}
}

// attached is one stay at a node, until it cannot be renewed any more.
func (r *Replica) attached(ctx context.Context) error {
	var told api.ReplicaTold
	for {
		asked := r.clock.now()
		next, err := r.call(ctx, api.ReplicaCall{Replica: told.Replica, Applied: told.Count})
		if err != nil {
			return err
		}
		told = next
		r.apply(asked, told)
	}
}

// apply forgets what it was told to; only then does the lease count, from before it was asked
// for.
func (r *Replica) apply(asked moment, told api.ReplicaTold) {
	r.mu.Lock()
	if told.All {
		r.memory.forgetAll()
	}
	r.memory.forget(told.Forget, told.Count)
	r.id = told.Replica
	r.mu.Unlock()
	if told.LeaseMS > 0 {
		r.lease.Store(leaseOf(asked, time.Duration(told.LeaseMS)*time.Millisecond))
		r.failed.Store(nil)
	}
}

// call renews. What failed is tried again for as long as the server knows the replica: the call
// met another node, the way was lost, or the node has no lease itself. Memory is kept
// meanwhile, and believed as long as the lease holds. A new replica is attached once.
func (r *Replica) call(ctx context.Context, in api.ReplicaCall) (told api.ReplicaTold, err error) {
	begun := r.clock.now().ran
	for met := 0; ; {
		told, err = r.callOnce(ctx, in)
		switch {
		case err == nil && told.Replica == "":
			return told, api.Errorf(api.CodeInternal, "the server's answer names no replica")
		case err == nil, in.Replica == "", ctx.Err() != nil:
			return told, err
		case errors.Is(err, api.CodeUnknownReplica) && met < hops:
			met++
			continue
		case !errors.Is(err, api.CodeUnavailable) || r.clock.now().ran-begun > int64(known):
			return told, err
		}
		r.failed.Store(&err)
		if err := r.line.sleep(ctx, restFirst); err != nil {
			return told, err
		}
	}
}

func (r *Replica) callOnce(ctx context.Context, in api.ReplicaCall) (told api.ReplicaTold, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	resp, err := r.line.send(ctx, call{method: http.MethodPost, path: path("replica"), in: in})
	if err != nil {
		return told, err
	}
	defer resp.Body.Close()
	return told, read(resp, &told)
}

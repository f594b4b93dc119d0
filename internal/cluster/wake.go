package cluster

import (
	"context"
	"time"
)

// notifyEvery is left between two notifications: they share one lock with every other
// database of the server.
const notifyEvery = 20 * time.Millisecond

// wakeUp makes the next turn begin now.
func (n *Node) wakeUp() { fill(n.wake) }

func fill(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// wakeOthers notifies the other nodes when it is asked to.
func (n *Node) wakeOthers(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.notify:
		}
		// One that is lost costs them a poll.
		_ = n.within(ctx, func(ctx context.Context) error { return n.Board.Notify(ctx, n.mine.Node) })
		n.sleep(ctx, notifyEvery)
	}
}

// listen hears the other nodes. A connection that hears nothing, as behind a pooler,
// is known by not hearing this node itself, and is not relied on.
func (n *Node) listen(ctx context.Context) {
	for ctx.Err() == nil {
		err := n.Board.Listen(ctx, func() { fill(n.notify) }, func(node string) {
			n.hears.Store(true)
			if node != n.mine.Node {
				n.wakeUp()
			}
		})
		if n.hears.Swap(false) && ctx.Err() == nil {
			n.Logger.Warn("the database does not wake this node any more; it looks for changes by itself", "error", err)
		}
		n.sleep(ctx, time.Second)
	}
}

// sleep waits so long, or until ctx ends.
func (n *Node) sleep(ctx context.Context, d time.Duration) {
	fires, stop := n.Timer(d)
	defer stop()
	select {
	case <-ctx.Done():
	case <-fires:
	}
}

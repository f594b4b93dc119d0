package torture_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/tokenry/tokenry/api"
)

// Faults that take several steps.

// sweeping is in what takes a row away, but not in the question of what that needs.
var sweeping = []string{"DELETE FROM leases", "node_"}

// sweptLate has a node silent until the others take its row away, holds back what they do
// that by, and lets it go when the node has a lease again and is silent once more.
func (w *world) sweptLate(ctx context.Context, n *node) {
	var others []*node
	for _, o := range w.nodes {
		if o != n && o.suffers.TryLock() { // else something is wrong with it
			defer o.suffers.Unlock()
			defer o.set(mood{})
			others = append(others, o)
			o.set(mood{holds: sweeping})
		}
	}
	n.set(mood{up: true, down: true})
	pause(ctx, lease*13/10)
	n.set(mood{})
	well, cancel := context.WithTimeout(ctx, 2*lease)
	defer cancel()
	_ = n.ready(well) // where it is not, there is nothing to see
	n.set(mood{up: true, down: true})
	for _, o := range others {
		o.set(mood{})
	}
	pause(ctx, lease)
}

// torn has two primaries, of which one node alone goes on to see the old one.
func (w *world) torn(ctx context.Context, f fault) {
	primary, standby := w.servers[0], w.servers[1]
	standby.Promote(w)
	for _, n := range w.nodes {
		if n.number != f.node {
			n.links[0].set(mood{shut: true})
		}
	}
	pause(ctx, f.last)
	primary.Stop(w, "immediate")
	for _, n := range w.nodes {
		n.links[0].set(mood{})
	}
}

// restored takes a backup, goes on, and starts the backup in the place of the database
// while the nodes run. One node stands still until the new history has as many revisions
// as it knows of the old one.
func (w *world) restored(ctx context.Context, f fault) {
	for _, n := range w.nodes {
		n.suffers.Lock()
		defer n.suffers.Unlock()
	}
	w.quiet.Lock()
	defer w.quiet.Unlock()
	w.settle()
	pause(ctx, lease) // calls that nobody waits for any more
	r := w.random(300)
	sleeper, awake := w.nodes[f.node], w.nodes[(f.node+1)%len(w.nodes)]
	within, cancel := context.WithTimeout(ctx, 2*healed)
	defer cancel()
	kept := w.made(within, r, 3)
	backup := w.servers[0].Copy(w, "backup")
	lost := w.made(within, r, 2)
	revisions := w.revisions(within, awake, 8+r.IntN(8))
	if within.Err() != nil {
		w.Errorf("nodes that are well do not give in %v", 2*healed)
		return
	}
	for _, n := range w.nodes {
		for _, l := range append(kept, lost...) {
			w.verify(ctx, l, n, 0, l.secrets[0])
		}
	}
	sleeper.signal(syscall.SIGSTOP)
	w.lose(lost, func(l *living) { l.lostAt = w.now() })
	w.servers[0].Stop(w, "immediate")
	w.servers[1].Stop(w, "immediate")
	pause(ctx, lease*11/10) // a backup is started when leases are over
	for _, n := range w.nodes {
		n.links[0].lead(socketOf(backup))
	}
	backup.Start(w)
	w.lose(lost, func(l *living) { l.lostBy = w.now() })
	for _, l := range kept[:2] {
		for ctx.Err() == nil && w.do(ctx, l, awake, revokes, 0, http.MethodPost, "/v1/workspaces/acme/tokens/"+l.id+"/revoke", nil, nil) != yes {
			pause(ctx, 50*time.Millisecond)
		}
		w.taken.Add(1)
	}
	w.revisions(ctx, awake, revisions+8)
	sleeper.signal(syscall.SIGCONT)
	for end := time.Now().Add(lease); time.Now().Before(end); {
		for _, l := range append(kept, lost...) {
			w.verify(ctx, l, sleeper, 0, l.secrets[0])
		}
		pause(ctx, 5*time.Millisecond)
	}
	for _, l := range kept {
		w.insist(ctx, l, revokes, r)
	}
}

// made makes tokens, however often that has to be asked for.
func (w *world) made(ctx context.Context, r *rand.Rand, many int) (all []*living) {
	for len(all) < many && ctx.Err() == nil {
		if l := w.create(ctx, r); l != nil {
			all = append(all, l)
		}
	}
	return all
}

func (w *world) lose(all []*living, note func(*living)) {
	for _, l := range all {
		l.mu.Lock()
		note(l)
		l.mu.Unlock()
	}
}

// revisions makes so many changes, one after the other, and answers how many were made.
func (w *world) revisions(ctx context.Context, n *node, many int) (made int) {
	for i := 0; i < many && ctx.Err() == nil; {
		path := fmt.Sprintf("/v1/workspaces/acme/members/r%d@example.com", w.count.Add(1))
		if w.change(ctx, n, http.MethodPut, path, api.CreateMember{Rights: api.Rights{Role: api.Some("Administrator")}}, nil) == yes {
			i++
		}
		made++
	}
	return made
}

// intruders is another workspace, and its token that verifies.
const intruders = "mallory"

// invite makes a workspace of others.
func (w *world) invite() {
	w.Helper()
	if _, err := w.ask(w.Context(), w.nodes[0], http.MethodPost, "/v1/workspaces", api.CreateWorkspace{Slug: intruders}, nil); err != nil {
		w.Fatal(err)
	}
	var made api.Issued
	in := api.CreateToken{Kind: "workspace", TokenFields: api.TokenFields{Label: api.Some("verifier"), Rights: api.Rights{Scopes: api.Some([]string{"tokens:verify"})}}}
	if _, err := w.ask(w.Context(), w.nodes[0], http.MethodPost, "/v1/workspaces/"+intruders+"/tokens", in, &made); err != nil {
		w.Fatal(err)
	}
	w.intruder = made.Secret
}

// attacked has programs of the other workspace do what they can for a while: some renew
// and apply nothing, some attach again and again, and some send calls and read no answer;
// meanwhile their own tokens are made and revoked, so that there is something to apply.
func (w *world) attacked(ctx context.Context, n *node, last time.Duration) {
	ctx, stop := context.WithTimeout(ctx, last)
	defer stop()
	var all sync.WaitGroup
	defer all.Wait()
	const each = 8
	for range each {
		all.Go(func() { w.renewsOnly(ctx, n) })
		all.Go(func() {
			for ctx.Err() == nil {
				_, _ = w.asks(ctx, n, w.intruder, http.MethodPost, "/v1/replica", api.ReplicaCall{}, nil)
			}
		})
		all.Go(func() { w.readsNothing(ctx, n) })
	}
	for ctx.Err() == nil {
		var made api.Issued
		in := api.CreateToken{Kind: "workspace", TokenFields: api.TokenFields{Label: api.Some("theirs"), Rights: api.Rights{Scopes: api.Some([]string{"tokens:verify"})}}}
		path := "/v1/workspaces/" + intruders + "/tokens"
		if _, err := w.ask(ctx, n, http.MethodPost, path, in, &made); err == nil {
			_, _ = w.ask(ctx, n, http.MethodPost, path+"/"+made.Token.ID+"/revoke", nil, nil)
		}
		pause(ctx, 10*time.Millisecond)
	}
}

// renewsOnly attaches, and renews without having applied anything.
func (w *world) renewsOnly(ctx context.Context, n *node) {
	for ctx.Err() == nil {
		var told api.ReplicaTold
		if _, err := w.asks(ctx, n, w.intruder, http.MethodPost, "/v1/replica", api.ReplicaCall{}, &told); err != nil {
			pause(ctx, 20*time.Millisecond)
			continue
		}
		first := told.Count
		for err := error(nil); err == nil && ctx.Err() == nil; {
			_, err = w.asks(ctx, n, w.intruder, http.MethodPost, "/v1/replica", api.ReplicaCall{Replica: told.Replica, Applied: first}, nil)
		}
	}
}

// readsNothing sends calls on one connection for as long as it is taken.
func (w *world) readsNothing(ctx context.Context, n *node) {
	const body = "{}"
	call := fmt.Sprintf("POST /v1/replica HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		n.address, w.intruder, len(body), body)
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", n.address)
	if err != nil {
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	for ctx.Err() == nil {
		if _, err := conn.Write([]byte(strings.Repeat(call, 64))); err != nil {
			return
		}
	}
}

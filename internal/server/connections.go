package server

import (
	"cmp"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/door"
)

// bounds are how many connections are held.
type bounds struct {
	// total is in all; each from one network, 0 for as many as there are; reserve
	// is what is held beyond them for what cannot wait.
	total, each, reserve int
}

const (
	// otherFiles are descriptors for all that is no connection of a client: the
	// database, the log, webhooks, mail.
	otherFiles = 256
	// usualConnections is the bound where no other is set. An idle connection takes
	// about 20 KB, so these take 200 MB.
	usualConnections = 10_000
	// maxReserve and metricsConnections are few: whoever needs them is served at once.
	maxReserve         = 64
	metricsConnections = 32
)

// boundsOf are the bounds for a limit of descriptors. They stay below it whatever
// the settings say.
func boundsOf(cfg config.Config, descriptors int) bounds {
	room := descriptors - min(otherFiles, descriptors/4) - min(metricsConnections, descriptors/16)
	b := bounds{reserve: max(min(maxReserve, room/16), 1)}
	b.total = max(room-b.reserve, 1)
	switch {
	case cfg.MaxConnections > 0:
		b.total = min(b.total, cfg.MaxConnections)
	default:
		b.total = min(b.total, usualConnections)
	}
	if b.each = cfg.MaxConnectionsPerAddress; b.each == 0 {
		b.each = max(b.total/4, 1)
	}
	return b
}

// What descriptors answers where it cannot be told, and at most.
const unknownDescriptors, mostDescriptors = 1024, 1 << 20

// bodyGrace is how long a body may take before its connection waits for its client,
// as one whose headers have not come does. It is short: who opens connections anew
// within it could keep all.
const bodyGrace = time.Second

// connections bounds the connections of a listener. When there is no room, the one
// that waits longest for its client goes: an idle one, or one whose request has
// not come whole. So neither idle connections nor slow headers or bodies keep anybody out.
// Requests that are being answered are never cut. When all are, what comes is held
// in the reserve, where only what cannot wait is answered, and soon.
type connections struct {
	bounds
	proxies door.Proxies
	now     func() time.Time // the clock of deadlines
	grace   time.Duration

	turn             atomic.Int64 // orders those that wait
	evicted, refused atomic.Int64

	mu        sync.Mutex // guards what follows
	open      map[*connection]struct{}
	byNetwork map[netip.Prefix]int
}

func newConnections(b bounds, proxies door.Proxies) *connections {
	return &connections{bounds: b, proxies: proxies, now: time.Now, grace: bodyGrace, open: map[*connection]struct{}{}, byNetwork: map[netip.Prefix]int{}}
}

// bounded is a listener whose connections are counted.
type bounded struct {
	net.Listener
	*connections
}

// Accept returns the next connection that there is room for.
func (l bounded) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if admitted := l.admit(c); admitted != nil {
			return admitted, nil
		}
		_ = c.Close() // there is no room to say why
	}
}

// connection is one of a client.
type connection struct {
	net.Conn
	of *connections
	// remote is its other end, as the requests of the hot listener have it.
	remote string
	// network is not valid where it is not counted.
	network netip.Prefix
	// spare, when not zero, is when a connection of the reserve has to have said
	// what it wants.
	spare time.Time
	// waiting is since which turn its client is waited for; 0 while a request is
	// answered.
	waiting atomic.Int64
	// body is what is read of the request, and since when.
	body  body
	since atomic.Int64
	// gone says that it was closed from here.
	gone atomic.Bool
	// linger says that its client may still be sending what nobody reads.
	linger atomic.Bool
	// lined is the answer whose lines come before those of net/http; nil for none.
	lined *linedAnswer
}

// madeRoom is what a connection waits at that was taken out.
const madeRoom = -1

// body is that of a request. While it is read, its client is waited for.
type body struct {
	io.ReadCloser
	of    *connection
	turn  int64
	ended bool
}

// Read answers no end of the body once its connection made room: nothing is done for
// a request that nobody can be answered.
func (b *body) Read(p []byte) (int, error) {
	if b.turn == 0 {
		b.turn = b.of.of.turn.Add(1)
		b.of.since.Store(b.of.of.now().UnixNano())
		b.of.waiting.Store(b.turn)
	}
	n, err := b.ReadCloser.Read(p)
	if err == nil || b.ended {
		return n, err
	}
	b.ended = true
	b.of.since.Store(0)
	if !b.of.waiting.CompareAndSwap(b.turn, 0) {
		return n, net.ErrClosed
	}
	return n, err
}

type connectionKey struct{}

// bodies watches the bodies of requests. A connection has one request at a time.
func bodies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connectionKey{}).(*connection); ok && r.Body != http.NoBody {
			c.body = body{ReadCloser: r.Body, of: c}
			r = r.WithContext(r.Context()) // net/http asks its own of what kind the body is
			r.Body = &c.body
		}
		next.ServeHTTP(w, r)
	})
}

// admit makes room for a connection and takes it, or answers nil.
func (b *connections) admit(raw net.Conn) *connection {
	const patience = 2 * time.Second
	c := &connection{Conn: &patient{Conn: raw}, of: b, remote: raw.RemoteAddr().String(), network: b.networkOf(raw)}
	c.waiting.Store(b.turn.Add(1))
	b.mu.Lock()
	var gone []*connection
	if b.crowded(c.network) {
		gone = b.evict(func(o *connection) bool { return o.network == c.network })
	}
	if len(b.open) >= b.total {
		gone = append(gone, b.evict(func(*connection) bool { return true })...)
	}
	over := b.crowded(c.network) || len(b.open) >= b.total
	taken := !over || len(b.open) < b.total+b.reserve
	if taken {
		b.open[c] = struct{}{}
		b.byNetwork[c.network]++
	}
	b.mu.Unlock()
	for _, o := range gone {
		_ = o.Conn.Close() // its client is gone, or asks again
	}
	b.evicted.Add(int64(len(gone)))
	if !taken {
		b.refused.Add(1)
		return nil
	}
	if over {
		c.spare = b.now().Add(patience)
	}
	return c
}

// networkOf is what a connection counts for: nothing where many clients share it.
func (b *connections) networkOf(c net.Conn) netip.Prefix {
	if _, tcp := c.RemoteAddr().(*net.TCPAddr); !tcp {
		return netip.Prefix{}
	}
	a := door.Address(c.RemoteAddr().String())
	if b.proxies.Trust(a) {
		return netip.Prefix{}
	}
	return door.Network(a)
}

// crowded runs under the lock.
func (b *connections) crowded(network netip.Prefix) bool {
	return network.IsValid() && b.each > 0 && b.byNetwork[network] >= b.each
}

// evict takes those out that wait longest, of those that may go: one in 64, so that
// a flood does not look through all of them for each of its own. It runs under the
// lock; whoever calls it closes them.
func (b *connections) evict(may func(*connection) bool) []*connection {
	type wait struct {
		c    *connection
		turn int64
	}
	var all []wait
	late := b.now().Add(-b.grace).UnixNano()
	for c := range b.open {
		if turn := c.waiting.Load(); turn > 0 && may(c) && c.since.Load() <= late {
			all = append(all, wait{c, turn})
		}
	}
	slices.SortFunc(all, func(a, b wait) int { return cmp.Compare(a.turn, b.turn) })
	all = all[:min(len(all), len(all)/64+1)]
	out := make([]*connection, 0, len(all))
	for _, w := range all {
		if w.c.waiting.CompareAndSwap(w.turn, madeRoom) { // its request has not come whole meanwhile
			b.drop(w.c)
			out = append(out, w.c)
		}
	}
	return out
}

// drop runs under the lock.
func (b *connections) drop(c *connection) {
	if _, open := b.open[c]; !open {
		return
	}
	c.gone.Store(true)
	delete(b.open, c)
	if b.byNetwork[c.network]--; b.byNetwork[c.network] == 0 {
		delete(b.byNetwork, c.network)
	}
}

// Close gives the place of the connection back.
func (c *connection) Close() error {
	unlinger(c.Conn, &c.linger)
	c.of.mu.Lock()
	c.of.drop(c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// Write writes nothing once the connection is gone: net/http would refuse the half
// request of one that made room, and the log would tell of each.
func (c *connection) Write(p []byte) (int, error) {
	if c.gone.Load() {
		return 0, net.ErrClosed
	}
	if c.lined != nil && c.lined.begins(p) {
		return c.lined.write(c.Conn, p)
	}
	return c.Conn.Write(p)
}

// CloseWrite is for net/http, as that of [explainingConn].
func (c *connection) CloseWrite() error { return closeWrite(c.Conn) }

// SetReadDeadline keeps a connection of the reserve to its own.
func (c *connection) SetReadDeadline(t time.Time) error {
	if !c.spare.IsZero() && (t.IsZero() || t.After(c.spare)) {
		t = c.spare
	}
	return c.Conn.SetReadDeadline(t)
}

// state is the hook of an [http.Server].
func (b *connections) state(raw net.Conn, s http.ConnState) {
	c, ok := raw.(*connection)
	switch {
	case !ok:
	case s == http.StateActive:
		c.waiting.Store(0)
	case s == http.StateIdle:
		c.since.Store(0)
		c.waiting.Store(b.turn.Add(1))
	}
}

type spareKey struct{}

// context marks the requests of a connection, and those of the reserve.
func (b *connections) context(ctx context.Context, raw net.Conn) context.Context {
	c, ok := raw.(*connection)
	if !ok {
		return ctx
	}
	ctx = context.WithValue(ctx, connectionKey{}, c)
	if !c.spare.IsZero() {
		ctx = context.WithValue(ctx, spareKey{}, true)
	}
	return ctx
}

func inReserve(r *http.Request) bool { return r.Context().Value(spareKey{}) != nil }

func (b *connections) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.open)
}

// observe registers what is to be seen of the connections.
func (b *connections) observe(reg prometheus.Registerer) error {
	total := func(name, help string, n *atomic.Int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(n.Load()) })
	}
	for _, c := range []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tokenry_connections", Help: "Connections of clients that are open."},
			func() float64 { return float64(b.count()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tokenry_connections_limit", Help: "How many may be open, without the reserve."},
			func() float64 { return float64(b.total) }),
		total("tokenry_connections_evicted_total", "Connections that waited for their client and were closed, to make room.", &b.evicted),
		total("tokenry_connections_refused_total", "Connections that were closed at once, because requests were being answered on all others.", &b.refused),
	} {
		if err := reg.Register(c); err != nil {
			return err
		}
	}
	return nil
}

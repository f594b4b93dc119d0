package verify_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

// list is the list of nodes as the database keeps it.
type list struct {
	arrivals int64
	rows     map[*member]*row
}

type row struct{ arrival, room, renewal int64 }

// member is a node with an engine of its own; nobody stops it while it stands still.
type member struct {
	*verify.Engine
	in *list
	// until is when its lease is over. asked is a renewal on its way: what it saw, and when
	// it was asked for.
	until time.Duration
	asked *asked
	// seen is since when others saw its row stand still.
	renewal int64
	still   time.Duration
}

type asked struct {
	crowd ledger.Crowd
	at    time.Duration
}

const leaseLength = 2 * time.Second

func (m *member) join() {
	m.in.arrivals++
	m.in.rows[m] = &row{arrival: m.in.arrivals, room: m.in.arrivals}
}

// ask is a renewal's statement: what it says and what it sees.
func (m *member) ask(now time.Duration) {
	r := m.in.rows[m]
	if r == nil {
		m.join()
		r = m.in.rows[m]
	}
	c := ledger.Crowd{Nodes: len(m.in.rows), Mine: r.arrival, Newest: m.in.arrivals, Room: 1 << 62}
	for other, o := range m.in.rows {
		if other != m {
			c.Room = min(c.Room, o.room)
		}
	}
	r.room = m.MadeRoom()
	r.renewal++
	m.asked = &asked{c, now}
}

// hear is its answer.
func (m *member) hear() {
	if m.asked != nil {
		m.Share(m.asked.crowd)
		m.until = max(m.until, m.asked.at+leaseLength)
		m.asked = nil
	}
}

// crowdOf is an office with nodes that share its tokens.
type crowdOf struct {
	*office
	*list
	now time.Duration
	all []*member
}

func (c *crowdOf) arrive() *member {
	m := &member{Engine: verify.New(c.source, c.keys, verify.Config{Now: c.clock.Now}), in: c.list}
	m.Divide()
	m.join()
	c.all = append(c.all, m)
	return m
}

func (c *crowdOf) pass(d time.Duration) {
	c.clock.Pass(d)
	c.now += d
}

// sweep takes away rows that stood still for longer than a lease, as a node that lives does.
func (c *crowdOf) sweep() {
	for m, r := range c.rows {
		if r.renewal != m.renewal {
			m.renewal, m.still = r.renewal, c.now
		} else if c.now-m.still >= leaseLength+50*time.Millisecond {
			delete(c.rows, m)
			m.asked = nil // it finds no row
		}
	}
}

// leave ends the lease first, then the row goes.
func (c *crowdOf) leave(m *member) {
	delete(c.rows, m)
	m.until, m.asked = 0, nil
}

// bucketOf is the one bucket that all nodes together must not let more through than.
type bucketOf struct {
	burst  float64
	window time.Duration
	level  float64
	at     time.Duration
}

func (b *bucketOf) add(n int, now time.Duration) (over float64) {
	b.level = max(b.level-b.burst*float64(now-b.at)/float64(b.window), 0) + float64(n)
	b.at = now
	return b.level - b.burst
}

// TestAllNodesTogetherLetNoMoreThroughThanOneWould: whoever arrives, leaves, stands still, is
// swept and comes back, and whenever renewals are answered.
func TestAllNodesTogetherLetNoMoreThroughThanOneWould(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		requests := rapid.IntRange(101, 300).Draw(rt, "requests")
		window := time.Duration(rapid.SampledFrom([]int64{1, 2, 7, 20, 60}).Draw(rt, "window")) * time.Second
		c := &crowdOf{office: open(t, verify.Config{}), list: &list{rows: map[*member]*row{}}}
		_, secret := c.issue(limit(requests, window))
		whole := bucketOf{burst: float64(requests), window: window}
		first := c.arrive()
		first.ask(c.now)
		first.hear()
		for range rapid.IntRange(10, 120).Draw(rt, "steps") {
			if len(c.all) == 0 || rapid.IntRange(0, 19).Draw(rt, "arrives") == 0 && len(c.all) < 6 {
				m := c.arrive()
				m.ask(c.now)
				m.hear()
			}
			m := rapid.SampledFrom(c.all).Draw(rt, "node")
			switch rapid.IntRange(0, 9).Draw(rt, "what") {
			case 0:
				c.pass(time.Duration(rapid.Int64Range(0, int64(window/2)).Draw(rt, "pass")))
			case 1:
				c.pass(time.Duration(rapid.Int64Range(0, int64(leaseLength)).Draw(rt, "pass")))
			case 2:
				m.ask(c.now)
			case 3:
				m.hear()
			case 4:
				for _, m := range c.all {
					m.hear()
					m.ask(c.now)
					m.hear()
				}
				c.sweep()
			case 5:
				if len(c.all) > 1 && rapid.Bool().Draw(rt, "leaves") {
					c.leave(m)
					c.all = without(c.all, m)
				}
			default:
				if rapid.Bool().Draw(rt, "renewed") {
					m.ask(c.now)
					m.hear()
				}
				if c.now >= m.until {
					continue
				}
				cost := rapid.SampledFrom([]int{1, 1, 3, 20}).Draw(rt, "cost")
				for range rapid.SampledFrom([]int{5, 500}).Draw(rt, "spends") {
					var d verify.Decision
					must(t, m.Verify(t.Context(), &verify.Request{Token: secret, Cost: cost}, &d))
					if !d.Allowed() {
						break
					}
					if over := whole.add(cost, c.now); over > 1e-6 {
						rt.Fatalf("%d nodes let %.3f more through than %d in %s", len(c.rows), over, requests, window)
					}
				}
			}
		}
	})
}

func without(all []*member, m *member) (rest []*member) {
	for _, x := range all {
		if x != m {
			rest = append(rest, x)
		}
	}
	return rest
}

// spends asks a node until it is refused.
func (c *crowdOf) spends(m *member, secret string) (n int) {
	c.t.Helper()
	var d verify.Decision
	for {
		must(c.t, m.Verify(c.t.Context(), &verify.Request{Token: secret, Cost: 1}, &d))
		if d.Code == api.CodeRateLimited {
			return n
		}
		n++
	}
}

// turn renews on every node until each has seen what the others say of themselves.
func (c *crowdOf) turn() {
	for range 3 {
		for _, m := range c.all {
			m.ask(c.now)
			m.hear()
		}
	}
}

// TestNodesShareALimit: one alone has all of it. One that arrives begins with nothing and
// has its share a window later; what one that left had goes to the others a window later.
func TestNodesShareALimit(t *testing.T) {
	t.Parallel()
	c := &crowdOf{office: open(t, verify.Config{}), list: &list{rows: map[*member]*row{}}}
	_, secret := c.issue(limit(600, time.Minute))
	wants := func(what string, m *member, want int) {
		t.Helper()
		if n := c.spends(m, secret); n != want {
			t.Errorf("%s: %d passed, want %d", what, n, want)
		}
	}
	one := c.arrive()
	c.turn()
	wants("alone", one, 600)
	c.pass(time.Minute)
	two := c.arrive()
	c.all[0], c.all[1] = two, one
	two.ask(c.now)
	two.hear()
	wants("others have not made room", two, 0)
	wants("nobody else has begun", one, 600)
	c.turn()
	wants("it begins used up", two, 0)
	c.pass(time.Second)
	wants("half the speed", two, 5)
	c.pass(time.Minute)
	wants("half", one, 300)
	wants("half", two, 300)
	c.pass(time.Minute)
	wants("half", two, 300)
	c.leave(two)
	c.all = []*member{one}
	c.turn()
	wants("what the other let through counts", one, 300)
	c.pass(time.Minute)
	wants("all again", one, 600)
	c.pass(time.Minute)
	delete(c.rows, one) // others took it away, and may have had all of it
	c.turn()
	wants("back again", one, 0)
	c.pass(time.Second)
	wants("back again", one, 10)
}

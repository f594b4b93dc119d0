package usage

import (
	"hash/fnv"
	"net/netip"
	"strings"
	"sync"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// denials keeps the last refusals of each workspace since the last write.
type denials struct {
	node int64
	// total bounds the refusals of all workspaces.
	total int

	mu          sync.Mutex // guards what follows
	serial      int64      // the last one given, without the node
	held        int
	byWorkspace map[int64]*lastDenials
	dropped     uint64
}

// lastDenials is a ring once it is full.
type lastDenials struct {
	rows []denial
	next int
}

// denial is a refusal of fixed size.
type denial struct {
	serial, at int64
	token      token.Locator
	code       api.Code
	addr       netip.Addr
	agent      text200
	method     text200
	path       text200
	needs
	requestID text200
}

// scopesKept is how much is kept of the scopes that a request needed, in bytes.
const scopesKept = 256

// needs is what a request needed.
type needs struct {
	scopes   [scopesKept]byte
	scopeLen int16
	resource text200
}

func (n *needs) set(scopes []string, resource string) {
	n.scopeLen = int16(needed(n.scopes[:], scopes))
	n.resource.set(clean(resource, maxResource))
}

// needed writes scopes with a blank behind each, as many as there is room for, and answers
// how many bytes they take.
func needed(room []byte, scopes []string) (n int) {
	for _, s := range scopes {
		if n+len(s)+1 > len(room) || !plain(s) {
			break
		}
		n += copy(room[n:], s)
		room[n] = ' '
		n++
	}
	return n
}

func (n *needs) list() []string { return strings.Fields(string(n.scopes[:n.scopeLen])) }

// nodeBits tell the serials of nodes apart that refuse at the same moment.
const nodeBits = 10

func newDenials(node string, total int) *denials {
	h := fnv.New32a()
	_, _ = h.Write([]byte(node)) // never fails
	return &denials{node: int64(h.Sum32() & (1<<nodeBits - 1)), total: total, byWorkspace: map[int64]*lastDenials{}}
}

// record adds one refusal; of a workspace that has many, the oldest goes.
func (d *denials) record(u *Use) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.byWorkspace[u.Workspace]
	if l == nil {
		l = &lastDenials{}
		d.byWorkspace[u.Workspace] = l
	}
	var row *denial
	switch {
	case len(l.rows) == ledger.DenialBound, d.held >= d.total && len(l.rows) > 0:
		row = &l.rows[l.next]
		l.next = (l.next + 1) % len(l.rows)
	case d.held >= d.total:
		d.dropped++
		return
	default:
		l.rows = append(l.rows, denial{})
		row = &l.rows[len(l.rows)-1]
		d.held++
	}
	d.serial = max(d.serial+1, u.At.UnixMicro())
	row.serial, row.at = d.serial<<nodeBits|d.node, u.At.UnixMicro()
	row.token, row.code, row.addr = u.Token, u.Code, u.Addr
	row.agent.set(u.Agent)
	row.method.set(u.Method)
	row.path.set(u.Path)
	row.needs.set(u.Scopes, u.Resource)
	row.requestID.set(clean(u.RequestID, maxRequest))
}

// drain answers the refusals and forgets them.
func (d *denials) drain() (out []ledger.Denial, dropped uint64) {
	d.mu.Lock()
	byWorkspace := d.byWorkspace
	dropped = d.dropped
	d.byWorkspace, d.held, d.dropped = map[int64]*lastDenials{}, 0, 0
	d.mu.Unlock()
	for workspace, l := range byWorkspace {
		for i := range l.rows {
			r := &l.rows[i]
			out = append(out, ledger.Denial{
				Workspace: workspace, Serial: r.serial, At: micros(r.at), Token: r.token, Code: r.code, Addr: r.addr,
				Agent: r.agent.String(), Method: r.method.String(), Path: r.path.String(), Scopes: r.needs.list(),
				Resource: r.resource.String(), RequestID: r.requestID.String(),
			})
		}
	}
	return out, dropped
}

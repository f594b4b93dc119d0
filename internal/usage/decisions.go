package usage

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// decisions remembers the last ones of this process. A slot is taken by a number
// and locked for as long as it is written, so writers meet only when one of them
// is a whole round behind.
type decisions struct {
	next  atomic.Uint64
	slots []slot
}

type slot struct {
	mu sync.Mutex // guards what follows
	// number counts the decisions from 1; 0 is an empty slot.
	number    uint64
	at        int64
	route     Route
	workspace int64
	token     token.Locator
	matched   bool
	derived   bool
	secret    int
	code      api.Code
	addr      netip.Addr
	// text is the name of the request, then its scopes, each with a blank behind it, then
	// the resource. They stand together, so that a decision touches few lines of the cache.
	text              [maxRequest + scopesKept + maxResource]byte
	named, scoped, of uint16
}

// set writes the texts.
func (s *slot) set(requestID string, scopes []string, resource string) {
	n := copy(s.text[:], clean(requestID, maxRequest))
	s.named = uint16(n)
	n += needed(s.text[n:n+scopesKept], scopes)
	s.scoped = uint16(n)
	s.of = uint16(n + copy(s.text[n:], clean(resource, maxResource)))
}

func newDecisions(n int) *decisions { return &decisions{slots: make([]slot, n)} }

func (d *decisions) record(u *Use) {
	n := d.next.Add(1)
	s := &d.slots[n%uint64(len(d.slots))]
	s.mu.Lock()
	defer s.mu.Unlock()
	if n < s.number {
		return
	}
	s.number, s.at, s.route, s.workspace, s.token = n, u.At.UnixMicro(), u.Route, u.Workspace, u.Token
	s.matched, s.derived, s.secret, s.code, s.addr = u.Matched, u.Derived, u.Secret, u.Code, u.Addr
	s.set(u.RequestID, u.Scopes, u.Resource)
}

// find answers the decisions of a request, the latest first.
func (d *decisions) find(requestID string) []ledger.LoggedDecision {
	type numbered struct {
		ledger.LoggedDecision
		n uint64
	}
	var found []numbered
	if requestID == "" {
		return nil
	}
	for i := range d.slots {
		s := &d.slots[i]
		s.mu.Lock()
		if s.number > 0 && string(s.text[:s.named]) == requestID {
			found = append(found, numbered{s.logged(), s.number})
		}
		s.mu.Unlock()
	}
	slices.SortFunc(found, func(a, b numbered) int { return int(b.n) - int(a.n) })
	out := make([]ledger.LoggedDecision, len(found))
	for i := range found {
		out[i] = found[i].LoggedDecision
	}
	return out
}

func (s *slot) logged() ledger.LoggedDecision {
	return ledger.LoggedDecision{
		RequestID: string(s.text[:s.named]), At: micros(s.at), Route: string(s.route), Workspace: s.workspace, Token: s.token,
		Matched: s.matched, Derived: s.derived, Secret: s.secret, Code: s.code, Scopes: strings.Fields(string(s.text[s.named:s.scoped])), Resource: string(s.text[s.scoped:s.of]), Addr: s.addr,
	}
}

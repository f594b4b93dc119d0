package strange

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// Options say what a [Watch] asks and whom it tells. All but Unsettled are required.
type Options struct {
	Store ledger.NetworkStore
	// Counts answers how often tokens were refused before.
	Counts func(context.Context, ledger.UsageQuery) ([]ledger.UsageCount, error)
	// Report is told of signs; what it does not take is told again.
	Report func(context.Context, []Sign) error
	// Since is since when nothing of usage is missing; zero while nobody knows.
	Since func() time.Time
	// Unsettled says that nobody knows what time it is; nil is never.
	Unsettled func() bool
	Logger    *slog.Logger
}

// The bounds of a [Watch].
const (
	// mostSeen is how many pairs of a token and a network are remembered of today.
	mostSeen = 1 << 16
	// mostBursts is how many tokens' refusals are counted.
	mostBursts = 1 << 12
	// mostAtOnce is how many pairs are noted after one batch; the others are once they
	// are used again.
	mostAtOnce = 1000
	// mostAsked is how many tokens' refusals of before are looked up after one batch.
	mostAsked = 20
	// mostWaiting is how many signs wait for the database, and reportAtOnce how many it is told of.
	mostWaiting, reportAtOnce = 1000, 100
	// patience bounds what is done after one batch.
	patience = 5 * time.Second
)

// Watch sees what is strange in what was written. It is called by one writer, one batch
// after the other.
type Watch struct {
	o       Options
	seen    map[pair]struct{}
	bursts  map[token.Locator]burst
	waiting []Sign
}

// pair is a use that was noted on a day.
type pair struct {
	token   token.Locator
	network netip.Addr
	day     int64
}

// burst is how often a token was refused in an hour.
type burst struct {
	hour time.Time
	n    int64
	told bool
}

// NewWatch makes one that has seen nothing.
func NewWatch(o Options) *Watch {
	return &Watch{o: o, seen: map[pair]struct{}{}, bursts: map[token.Locator]burst{}}
}

// Added looks at a batch that is written. Whatever fails is told to the log: usage is written
// all the same.
func (w *Watch) Added(ctx context.Context, b *ledger.UsageBatch) {
	if w.o.Unsettled != nil && w.o.Unsettled() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := w.networks(ctx, b); err != nil {
		w.o.Logger.Warn("it could not be noted from which networks tokens are used", "error", err)
	}
	if err := w.refusals(ctx, b); err != nil {
		w.o.Logger.Warn("it could not be looked up how often tokens were refused before", "error", err)
	}
	if err := w.report(ctx); err != nil {
		w.o.Logger.Warn("a token was used in a strange way, and nobody could be told yet", "error", err, "waiting", len(w.waiting))
	}
}

// networks notes what was not noted today.
func (w *Watch) networks(ctx context.Context, b *ledger.UsageBatch) error {
	since := w.o.Since()
	if since.IsZero() { // what is noted now would be no news later
		return nil
	}
	var fresh []ledger.NetworkUse
	for _, u := range Uses(b) {
		if _, ok := w.seen[pairOf(u)]; !ok && len(fresh) < mostAtOnce {
			fresh = append(fresh, u)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	notes, err := w.o.Store.NoteNetworks(ctx, fresh, Quiet)
	if err != nil {
		return err
	}
	if len(w.seen)+len(fresh) > mostSeen {
		clear(w.seen)
	}
	first := map[token.Locator]time.Time{}
	for _, u := range fresh {
		w.seen[pairOf(u)] = struct{}{}
		if at, ok := first[u.Token]; !ok || u.First.Before(at) {
			first[u.Token] = u.First
		}
	}
	for _, n := range notes {
		if s, ok := Judge(n, first[n.Token], since); ok {
			s.Addr, s.Agent = latest(b, n)
			w.wait(s)
		}
	}
	return nil
}

func pairOf(u ledger.NetworkUse) pair {
	return pair{u.Token, u.Network, u.Last.UTC().Truncate(day).Unix()}
}

func newNetwork(a netip.Addr, among []netip.Addr) bool {
	return a.IsValid() && slices.Contains(among, door.Neighbourhood(a).Addr())
}

// latest is from where, and with what, a token was used last in a batch: from a network
// that is new, if it was.
func latest(b *ledger.UsageBatch, n ledger.NetworkNote) (addr netip.Addr, agent string) {
	var at time.Time
	isNew := false
	for i := range b.Activity {
		a := &b.Activity[i]
		if a.Token != n.Token || a.Outcome != api.CodeOK || a.Rest {
			continue
		}
		here := newNetwork(a.Addr, n.New)
		if here && !isNew || here == isNew && a.Last.After(at) {
			at, addr, agent, isNew = a.Last, a.Addr, a.Agent, here
		}
	}
	if addr.IsValid() {
		return addr, agent
	}
	for i := range b.Last {
		if l := &b.Last[i]; l.Token == n.Token && !l.At.Before(at) {
			at, addr, agent = l.At, l.Addr, l.Agent
		}
	}
	return addr, agent
}

// refusals counts what was refused, and looks up whether that is new.
func (w *Watch) refusals(ctx context.Context, b *ledger.UsageBatch) error {
	asked := 0
	for i := range b.Hours {
		h := &b.Hours[i]
		if h.Token.IsZero() || !Refused(h.Code) {
			continue
		}
		hour := h.Hour.UTC().Truncate(time.Hour)
		c, ok := w.bursts[h.Token]
		switch {
		case !ok && len(w.bursts) >= mostBursts:
			clear(w.bursts)
			c = burst{hour: hour}
		case !ok || hour.After(c.hour):
			c = burst{hour: hour}
		case hour.Before(c.hour):
			continue // it is late, and of an hour that is over
		}
		c.n += h.Count
		if c.n >= Many && !c.told && asked < mostAsked {
			asked++
			first, err := w.never(ctx, h, hour)
			if err != nil {
				return err
			}
			if c.told = true; first {
				w.wait(w.refused(b, h, c.n))
			}
		}
		w.bursts[h.Token] = c
	}
	return nil
}

// never says whether a token is known not to have been refused in the week before an hour.
func (w *Watch) never(ctx context.Context, h *ledger.HourCount, hour time.Time) (bool, error) {
	from := hour.Add(-Learning)
	if since := w.o.Since(); since.IsZero() || since.After(from) {
		return false, nil
	}
	counts, err := w.o.Counts(ctx, ledger.UsageQuery{Workspace: h.Workspace, Token: h.Token, From: from, To: hour})
	for _, c := range counts {
		if Refused(c.Code) && c.Count > 0 {
			return false, err
		}
	}
	return err == nil, err
}

func (w *Watch) refused(b *ledger.UsageBatch, h *ledger.HourCount, n int64) Sign {
	s := Sign{Token: h.Token, At: h.Hour, Denied: n}
	for i := range b.Denials {
		if d := &b.Denials[i]; d.Token == h.Token && Refused(d.Code) && !d.At.Before(s.At) {
			s.At, s.Addr, s.Agent = d.At, d.Addr, d.Agent
		}
	}
	return s
}

// wait keeps a sign until it is told; where too many wait, the oldest goes.
func (w *Watch) wait(s Sign) {
	if len(w.waiting) >= mostWaiting {
		w.waiting = w.waiting[1:]
	}
	w.waiting = append(w.waiting, s)
}

func (w *Watch) report(ctx context.Context) error {
	n := min(len(w.waiting), reportAtOnce)
	if n == 0 {
		return nil
	}
	if err := w.o.Report(ctx, w.waiting[:n:n]); err != nil {
		return err
	}
	w.waiting = append([]Sign(nil), w.waiting[n:]...)
	return nil
}

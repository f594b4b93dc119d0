package strange

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// The rules, which the guide and the decision repeat.
const (
	// Learning is how long the networks of a token are learned and not told, from its
	// first use and from when usage was last missing.
	Learning = 7 * day
	// Quiet is a silence after which a use is strange.
	Quiet = 90 * day
	// Many is how many refusals within an hour are told, where there were none in a week.
	Many = 20
	// Tell is how long what is open about a token is not told again.
	Tell = day

	day = 24 * time.Hour
)

// Sign is what is strange about one token.
type Sign struct {
	Token token.Locator
	At    time.Time
	// Networks are new ones; Crowded says that from now on no network is told.
	Networks []netip.Prefix
	Crowded  bool
	// QuietSince is the last use before a silence; zero where there was none.
	QuietSince time.Time
	Denied     int64
	Addr       netip.Addr
	Agent      string
}

// Uses are the networks that a batch was let through from, by token and network, each once.
func Uses(b *ledger.UsageBatch) []ledger.NetworkUse {
	type key struct {
		token   token.Locator
		network netip.Addr
	}
	seen := map[key]*ledger.NetworkUse{}
	var keys []key
	add := func(u ledger.NetworkUse, from netip.Addr) {
		u.Network = door.Neighbourhood(from).Addr()
		k := key{u.Token, u.Network}
		was, ok := seen[k]
		if !ok {
			seen[k], keys = &u, append(keys, k)
			return
		}
		if u.First.Before(was.First) {
			was.First = u.First
		}
		if u.Last.After(was.Last) {
			was.Last = u.Last
		}
	}
	for i := range b.Last {
		l := &b.Last[i]
		add(ledger.NetworkUse{Workspace: l.Workspace, Token: l.Token, First: l.At, Last: l.At}, l.Addr)
	}
	for i := range b.Activity {
		if a := &b.Activity[i]; a.Outcome == api.CodeOK && a.Addr.IsValid() {
			add(ledger.NetworkUse{Workspace: a.Workspace, Token: a.Token, First: a.First, Last: a.Last}, a.Addr)
		}
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(slices.Compare(a.token[:], b.token[:]), a.network.Compare(b.network))
	})
	out := make([]ledger.NetworkUse, len(keys))
	for i, k := range keys {
		out[i] = *seen[k]
	}
	return out
}

// Judge says what is strange of a note about a token that was used at a moment, where
// nothing of usage is missing since another; zero is that nobody knows.
func Judge(n ledger.NetworkNote, at, since time.Time) (Sign, bool) {
	s := Sign{Token: n.Token, At: at}
	if n.Since.IsZero() || since.IsZero() {
		return s, false
	}
	if !at.Before(later(n.Since, since).Add(Learning)) {
		s.Crowded = n.Crowded
		for _, a := range n.New {
			s.Networks = append(s.Networks, door.Neighbourhood(a))
		}
	}
	// The last use is known to its day alone.
	if n.Woke && !at.Before(later(n.Last, since).Add(Quiet)) {
		s.QuietSince = n.Last
	}
	return s, s.Crowded || len(s.Networks) > 0 || !s.QuietSince.IsZero()
}

func later(a, b time.Time) time.Time { return slices.MaxFunc([]time.Time{a, b}, time.Time.Compare) }

// Refused says whether a refusal with a right secret is one that tells of another user of a
// token, and not of its life or its limits, which its owner knows.
func Refused(code api.Code) bool {
	return code == api.CodeIPDenied || code == api.CodeInsufficientScope || code == api.CodeResourceDenied
}

// Join adds a sign to what is open about a token, and says whether it was news.
func Join(open ledger.Strange, s Sign) (ledger.Strange, bool) {
	news := false
	if open.First.IsZero() {
		open.First = s.At.Truncate(time.Microsecond)
	}
	g := &open.Signs
	g.Networks = slices.Clone(g.Networks)
	for _, n := range s.Networks {
		text := n.String()
		switch {
		case slices.Contains(g.Networks, text):
			continue
		case len(g.Networks) < ledger.StrangeNetworks:
			g.Networks = append(g.Networks, text)
		default:
			g.More++
		}
		news = true
	}
	if s.Crowded && !g.Many {
		g.Many, news = true, true
	}
	if !s.QuietSince.IsZero() && g.QuietSince.IsZero() {
		g.QuietSince, news = s.QuietSince, true
	}
	if s.Denied > 0 && g.Denied == 0 {
		g.Denied, news = s.Denied, true
	}
	switch at := s.At.Truncate(time.Microsecond); {
	case !news:
	case !at.After(open.Last):
		open.Last = open.Last.Add(time.Microsecond) // it is later than what anybody was shown
	default:
		open.Last, g.Agent, g.Address = at, s.Agent, ""
		if s.Addr.IsValid() {
			g.Address = s.Addr.String()
		}
	}
	return open, news
}

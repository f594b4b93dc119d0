package authority

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// watching is a sight that also knows when tokens were last used. It is for
// reads alone: under the head row's lock nobody waits for what was used.
func (a *Authority) watching(ctx context.Context, r *Snapshot, ac *actor, sp *space) *sight {
	s := a.sight(r, ac, sp)
	s.last = map[token.Locator][]ledger.LastUse{}
	s.lookup = func(ts []token.Locator) ([]ledger.LastUse, error) { return a.usage.LastUses(ctx, ts) }
	return s
}

// know looks up the last uses of tokens that will be shown, all at once.
func (s *sight) know(ts []ledger.Token) error {
	var unknown []token.Locator
	for _, t := range ts {
		if _, ok := s.last[t.Locator]; !ok {
			unknown = append(unknown, t.Locator)
		}
	}
	if s.lookup == nil || len(unknown) == 0 {
		return nil
	}
	uses, err := s.lookup(unknown)
	if err != nil {
		return err
	}
	for _, l := range unknown {
		s.last[l] = nil
	}
	for _, u := range uses {
		s.last[u.Token] = append(s.last[u.Token], u)
	}
	return nil
}

// used shows when the token and each of its secrets were last used; what never
// was stays null. Where it was used from is for those who may watch.
func (s *sight) used(v *api.Token, t ledger.Token, secrets []ledger.Secret) error {
	if err := s.know([]ledger.Token{t}); err != nil {
		return err
	}
	for _, u := range s.last[t.Locator] {
		if u.Secret == 0 {
			v.LastUsedAt = api.When(u.At)
			if u.Addr.IsValid() && s.mayWatch(t) {
				v.LastUsedIP = optional(u.Addr.String())
			}
			continue
		}
		i := slices.IndexFunc(secrets, func(x ledger.Secret) bool { return x.Number == u.Secret })
		if i >= 0 && i < len(v.Secrets) { // the first of secrets are those that are shown
			v.Secrets[i].LastUsedAt = api.When(u.At)
		}
	}
	return nil
}

// mutateToken is apply for a change of one token that answers it in v. What has to
// be worked out for the answer, and looked up elsewhere, comes after the commit:
// nobody waits for it under the lock, and no change waits for it at all.
func (a *Authority) mutateToken(ctx context.Context, e effect, c Caller, v *api.Token, f func(*work) error) (int64, error) {
	var l *lacking
	revision, err := a.apply(ctx, e, c, func(w *work) error {
		err := f(w)
		l = w.lacking
		return err
	})
	if err != nil || l == nil {
		return revision, err
	}
	l.work(v)
	return revision, l.used(v, a.glance(ctx, l.t.Locator))
}

const (
	// glanceTime is how long the answer to a change waits for what was used.
	glanceTime = 100 * time.Millisecond
	// glances bounds how many wait at once for a store of usage that is stuck.
	glances = 16
)

// glance looks up the last uses of a token that was changed, as far as they are
// known at once: the change is done, and is not told late because of them.
func (a *Authority) glance(ctx context.Context, l token.Locator) []ledger.LastUse {
	select {
	case a.glancing <- struct{}{}:
	default:
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, glanceTime)
	answer := make(chan []ledger.LastUse, 1)
	go func() { // a reader may fail to see that its context ended
		defer func() { <-a.glancing }()
		defer cancel()
		uses, err := a.usage.LastUses(ctx, []token.Locator{l})
		if err == nil {
			answer <- uses
		}
		close(answer)
	}()
	select {
	case uses := <-answer:
		return uses
	case <-ctx.Done():
		return nil
	}
}

// usedFrom reads the address or network of a filter. Who asks learns where
// tokens were used, so it needs usage:read, but for one's own tokens.
func usedFrom(ac *actor, q query, text string) (netip.Prefix, error) {
	if text == "" {
		return netip.Prefix{}, nil
	}
	if own := ac.member != 0 && len(q.owners) == 1 && q.owners[0] == (verify.OwnerKey{Type: verify.OwnerMember, ID: ac.member}) && ac.person(); !own {
		if err := ac.need("usage:read"); err != nil {
			return netip.Prefix{}, err
		}
	}
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, api.FieldError("used_from", "must be an IP address or a network")
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, api.FieldError("used_from", "must be an IP address or a network")
	}
	return p.Masked(), nil
}

// keepFrom keeps the tokens that were presented from a network; nil keeps all.
func (a *Authority) keepFrom(ctx context.Context, from netip.Prefix) func([]ledger.Token) (map[token.Locator]bool, error) {
	return func(ts []ledger.Token) (map[token.Locator]bool, error) {
		if !from.IsValid() {
			return nil, nil
		}
		found, err := a.usage.UsedFrom(ctx, locators(ts), from)
		kept := make(map[token.Locator]bool, len(found))
		for _, l := range found {
			kept[l] = true
		}
		return kept, err
	}
}

func locators(ts []ledger.Token) []token.Locator {
	ls := make([]token.Locator, len(ts))
	for i, t := range ts {
		ls[i] = t.Locator
	}
	return ls
}

// nothingUsed is a [ledger.UsageReader], a [UsageForgetter] and a [ledger.DecisionLog] that
// know nothing.
type nothingUsed struct{}

func (nothingUsed) ForgetUsage(context.Context, []token.Locator) error    { return nil }
func (nothingUsed) TrimUsage(context.Context, ledger.ID, time.Time) error { return nil }

func (nothingUsed) LastUses(context.Context, []token.Locator) ([]ledger.LastUse, error) {
	return nil, nil
}
func (nothingUsed) UsageCounts(context.Context, ledger.UsageQuery) ([]ledger.UsageCount, error) {
	return nil, nil
}
func (nothingUsed) Activity(context.Context, ledger.ActivityQuery) ([]ledger.Activity, error) {
	return nil, nil
}
func (nothingUsed) ScopeUses(context.Context, []token.Locator) ([]ledger.ScopeUse, error) {
	return nil, nil
}
func (nothingUsed) Denials(context.Context, ledger.DenialQuery) ([]ledger.Denial, error) {
	return nil, nil
}
func (nothingUsed) Reuses(context.Context, []token.Locator, time.Time) ([]ledger.Reuse, error) {
	return nil, nil
}

func (nothingUsed) CountAddresses(context.Context, []token.Locator, time.Time) (map[token.Locator]int, error) {
	return nil, nil
}

func (nothingUsed) Addresses(context.Context, token.Locator, time.Time, int) ([]ledger.AddressUse, error) {
	return nil, nil
}

func (nothingUsed) UsedFrom(context.Context, []token.Locator, netip.Prefix) ([]token.Locator, error) {
	return nil, nil
}

func (nothingUsed) Decisions(string) []ledger.LoggedDecision { return nil }

// addrView is an address as it is shown; null when it is not known.
func addrView(addr netip.Addr) *string {
	if !addr.IsValid() {
		return nil
	}
	s := addr.String()
	return &s
}

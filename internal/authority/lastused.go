package authority

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// Watching is a sight that also knows when tokens were last used. It is for
// reads alone: under the head row's lock nobody waits for what was used.
func (a *Authority) Watching(ctx context.Context, r *Snapshot, ac *Actor, sp *Space) *Sight {
	s := a.Sight(r, ac, sp)
	s.Last = map[token.Locator][]ledger.LastUse{}
	s.lookup = func(ts []token.Locator) ([]ledger.LastUse, error) { return a.given.Usage.LastUses(ctx, ts) }
	return s
}

// Know looks up the last uses of tokens that will be shown, all at once.
func (s *Sight) Know(ts []ledger.Token) error {
	var unknown []token.Locator
	for _, t := range ts {
		if _, ok := s.Last[t.Locator]; !ok {
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
		s.Last[l] = nil
	}
	for _, u := range uses {
		s.Last[u.Token] = append(s.Last[u.Token], u)
	}
	return nil
}

// used shows when the token and each of its secrets were last used; what never
// was stays null. Where it was used from is for those who may watch.
func (s *Sight) used(v *api.Token, t ledger.Token, secrets []ledger.Secret) error {
	if err := s.Know([]ledger.Token{t}); err != nil {
		return err
	}
	for _, u := range s.Last[t.Locator] {
		if u.Secret == 0 {
			v.LastUsedAt = api.When(u.At)
			if u.Addr.IsValid() && s.mayWatch(t) {
				v.LastUsedIP = Optional(u.Addr.String())
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

// MutateToken is apply for a change of one token that answers it in v. What has to
// be worked out for the answer, and looked up elsewhere, comes after the commit:
// nobody waits for it under the lock, and no change waits for it at all.
func (a *Authority) MutateToken(ctx context.Context, e Effect, c Caller, v *api.Token, f func(*Work) error) (int64, error) {
	var l *lacking
	made := false
	revision, err := a.Apply(ctx, e, c, func(w *Work) error {
		err := f(w)
		l = w.Lacking
		made = l != nil && slices.Contains(w.made, l.t.ID) // nobody has used it
		return err
	})
	if err != nil || l == nil {
		return revision, err
	}
	l.Work(v)
	if made {
		return revision, nil
	}
	return revision, l.used(v, a.glance(ctx, l.t.Locator))
}

const (
	// glanceTime is Options.Glance of whoever names none.
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
	ctx, cancel := context.WithTimeout(ctx, a.glancesFor)
	answer := make(chan []ledger.LastUse, 1)
	go func() { // a reader may fail to see that its context ended
		defer func() { <-a.glancing }()
		defer cancel()
		uses, err := a.given.Usage.LastUses(ctx, []token.Locator{l})
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

// KeepFrom keeps the tokens that were presented from a network; nil keeps all.
func (a *Authority) KeepFrom(ctx context.Context, from netip.Prefix) func([]ledger.Token) (map[token.Locator]bool, error) {
	return func(ts []ledger.Token) (map[token.Locator]bool, error) {
		if !from.IsValid() {
			return nil, nil
		}
		found, err := a.given.Usage.UsedFrom(ctx, Locators(ts), from)
		kept := make(map[token.Locator]bool, len(found))
		for _, l := range found {
			kept[l] = true
		}
		return kept, err
	}
}

// Locators are those of tokens, in their order.
func Locators(ts []ledger.Token) []token.Locator {
	ls := make([]token.Locator, len(ts))
	for i, t := range ts {
		ls[i] = t.Locator
	}
	return ls
}

// nothingUsed is a [ledger.UsageReader], a [UsageForgetter] and a [ledger.DecisionLog] that
// know nothing.
type nothingUsed struct{}

func (nothingUsed) ForgetUsage(context.Context, []token.Locator) error { return nil }
func (nothingUsed) ForgetNetworks(context.Context, token.Locator, []netip.Addr) error {
	return nil
}
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
func (nothingUsed) Elsewhere(context.Context, ledger.ID, string) (*ledger.LoggedDecision, bool) {
	return nil, true
}

// AddrView is an address as it is shown; null when it is not known.
func AddrView(addr netip.Addr) *string {
	if !addr.IsValid() {
		return nil
	}
	s := addr.String()
	return &s
}

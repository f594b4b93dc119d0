package authority

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// watching is a sight that also knows when tokens were last used. It is for
// reads alone: under the head row's lock nobody waits for what was used.
func (a *Authority) watching(ctx context.Context, r Reader, ac *actor, sp *space) *sight {
	s := a.sight(r, ac, sp)
	s.last = map[token.Locator][]LastUse{}
	s.lookup = func(ts []token.Locator) ([]LastUse, error) { return a.usage.LastUses(ctx, ts) }
	return s
}

// know looks up the last uses of tokens that will be shown, all at once.
func (s *sight) know(ts []Token) error {
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
func (s *sight) used(v *api.Token, t Token, secrets []Secret) error {
	if err := s.know([]Token{t}); err != nil {
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
		i := slices.IndexFunc(secrets, func(x Secret) bool { return x.Number == u.Secret })
		if i >= 0 && i < len(v.Secrets) { // the first of secrets are those that are shown
			v.Secrets[i].LastUsedAt = api.When(u.At)
		}
	}
	return nil
}

// mutateToken is apply for a change of one token: when it was last used is
// looked up before the lock is taken. That nobody can tell does not keep a
// token from being revoked.
func (a *Authority) mutateToken(ctx context.Context, e effect, c Caller, id string, f func(*work) error) (int64, error) {
	l, err := token.ParseLocator(locatorPart(id))
	if id == "self" {
		l, err = c.Token, nil
	}
	var uses []LastUse
	if err == nil {
		uses, err = a.usage.LastUses(ctx, []token.Locator{l})
	}
	return a.apply(ctx, e, c, func(w *work) error {
		if err == nil {
			w.last = map[token.Locator][]LastUse{l: uses}
		}
		return f(w)
	})
}

// seen adds to a view what mutateToken looked up. The audit is written without.
func (w *work) seen(ch *change, v api.Token) (api.Token, error) {
	if w.last == nil {
		return v, nil
	}
	secrets, err := w.Secrets(ch.t.ID)
	if err != nil {
		return v, err
	}
	s := w.a.sight(w, ch.ac, ch.sp)
	s.last = w.last
	return v, s.used(&v, ch.t, secrets)
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
func (a *Authority) keepFrom(ctx context.Context, from netip.Prefix) func([]Token) (map[token.Locator]bool, error) {
	return func(ts []Token) (map[token.Locator]bool, error) {
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

func locators(ts []Token) []token.Locator {
	ls := make([]token.Locator, len(ts))
	for i, t := range ts {
		ls[i] = t.Locator
	}
	return ls
}

// nothingUsed is a [UsageReader], a [UsageForgetter] and a [DecisionLog] that
// know nothing.
type nothingUsed struct{}

func (nothingUsed) ForgetUsage(context.Context, []token.Locator) error { return nil }
func (nothingUsed) TrimUsage(context.Context, ID, time.Time) error     { return nil }

func (nothingUsed) LastUses(context.Context, []token.Locator) ([]LastUse, error)   { return nil, nil }
func (nothingUsed) UsageCounts(context.Context, UsageQuery) ([]UsageCount, error)  { return nil, nil }
func (nothingUsed) Activity(context.Context, ActivityQuery) ([]Activity, error)    { return nil, nil }
func (nothingUsed) ScopeUses(context.Context, []token.Locator) ([]ScopeUse, error) { return nil, nil }
func (nothingUsed) Denials(context.Context, DenialQuery) ([]Denial, error)         { return nil, nil }
func (nothingUsed) Reuses(context.Context, []token.Locator, time.Time) ([]Reuse, error) {
	return nil, nil
}

func (nothingUsed) CountAddresses(context.Context, []token.Locator, time.Time) (map[token.Locator]int, error) {
	return nil, nil
}

func (nothingUsed) Addresses(context.Context, token.Locator, time.Time, int) ([]AddressUse, error) {
	return nil, nil
}

func (nothingUsed) UsedFrom(context.Context, []token.Locator, netip.Prefix) ([]token.Locator, error) {
	return nil, nil
}

func (nothingUsed) Decisions(string) []LoggedDecision { return nil }

// addrView is an address as it is shown; null when it is not known.
func addrView(addr netip.Addr) *string {
	if !addr.IsValid() {
		return nil
	}
	s := addr.String()
	return &s
}

package authority

import (
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

// backs are what can be brought back, by bit: in words, the field of the token
// that says so, and the scope of whoever may bring back what others took.
func backs() []struct{ words, field, scope string } {
	return []struct{ words, field, scope string }{
		{"enables it", "disabled_at", "tokens:disable"},
		{"takes its scheduled end away", "revoke_at", "tokens:delete"},
		{"lets it be used from more addresses", "allowed_ips", "tokens:edit"},
		{"raises its limit", "rate_limit", "tokens:edit"},
		{"lets it begin earlier", "not_before", "tokens:edit"},
		{"lets it live longer", "expires_at", "tokens:edit"},
		{"lets its secret be shown again", "recoverable", "tokens:edit"},
		{"widens its rights", "grants", "tokens:edit"},
	}
}

// eachBack answers what f makes of each thing that is brought back.
func eachBack(b ledger.Back, f func(words, field, scope string) string) []string {
	out := []string{}
	for i, x := range backs() {
		if b&(1<<i) != 0 {
			out = append(out, f(x.words, x.field, x.scope))
		}
	}
	return out
}

// backWords says what is brought back, for an error.
func backWords(b ledger.Back) string {
	return strings.Join(eachBack(b, func(words, _, _ string) string { return words }), " and ")
}

// backFields names the fields of a token that say so.
func backFields(b ledger.Back) []string {
	return eachBack(b, func(_, field, _ string) string { return field })
}

// bringsBack says what a change of a token brings back. Rights are asked for
// elsewhere, see widened: what they say takes the book of their workspace.
func bringsBack(was, now ledger.Token, limited func(ledger.Token) *api.RateLimit, at time.Time) ledger.Back {
	var b ledger.Back
	for _, x := range []struct {
		what ledger.Back
		is   bool
	}{
		{ledger.BackEnabled, !was.DisabledAt.IsZero() && now.DisabledAt.IsZero()},
		{ledger.BackUnending, Outlives(now.RevokeAt, was.RevokeAt)},
		{ledger.BackWider, !within(now.AllowedIPs, was.AllowedIPs)},
		{ledger.BackFaster, Looser(limited(now), limited(was))},
		{ledger.BackSooner, was.NotBefore.After(at) && now.NotBefore.Before(was.NotBefore)},
		{ledger.BackLonger, Outlives(now.ExpiresAt, was.ExpiresAt)},
		{ledger.BackReadable, now.Recoverable && !was.Recoverable},
	} {
		if x.is {
			b |= x.what
		}
	}
	return b
}

// stops is what is stopped or narrowed of a token, compared to one that nobody
// touched. An expiry and statements are part of every token, and no stop.
func stops(t ledger.Token, at time.Time) ledger.Back {
	b := bringsBack(t, ledger.Token{}, func(t ledger.Token) *api.RateLimit { return (*api.RateLimit)(t.RateLimit) }, at)
	return b & (ledger.BackEnabled | ledger.BackUnending | ledger.BackWider | ledger.BackFaster | ledger.BackSooner)
}

// BringBack refuses to bring something back to a token unless the caller covers
// all that the token may do then, and, of what somebody else than its owner took,
// has the right that taking it needs. An API token brings nothing back that reaches
// further, or is faster, than itself.
func (ch *Change) BringBack(now time.Time) error {
	gives := ch.bringsBack(ch.Was, ch.Token, now) | ch.Mightier
	if err := ch.Undo(gives & ch.Was.Held); err != nil {
		return err
	}
	if gives&^ledger.BackMightier != 0 {
		f := TokenFacts(ch.Token, nil)
		if err := ch.Actor.Cover(ch.Space.Effective(&f, ch.Owner)); err != nil {
			return because("this "+backWords(gives), err)
		}
	}
	ch.hold(gives, now)
	if gives&ledger.BackEnabled != 0 || gives&ledger.BackLonger != 0 && ch.Before.Status == api.StatusExpired {
		return withinReach(ch.Actor, ch.Space, ch.Owner, ch.Token, ledger.Token{}) // it was dead: nothing it had counts
	}
	return nil
}

func (ch *Change) bringsBack(was, now ledger.Token, at time.Time) ledger.Back {
	return bringsBack(was, now, func(t ledger.Token) *api.RateLimit { return LimitOf(ch.Space, t, ch.Owner) }, at)
}

// Undo refuses to bring back what somebody else than the owner took to whoever
// lacks the right that taking it needs. That it is one's own token is not enough.
func (ch *Change) Undo(b ledger.Back) error {
	var missing []string
	for _, scope := range eachBack(b, func(_, _, scope string) string { return scope }) {
		if !slices.Contains(missing, scope) && (ch.Actor.Portal != "" || !ch.Actor.Grant.AllowsAny(scope)) {
			missing = append(missing, scope)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	e := api.Errorf(api.CodeInsufficientScope, "an administrator stopped or narrowed this token, so its owner alone does not undo it (%s); it needs the scope %s",
		List(backFields(b)), List(missing))
	e.Missing = missing
	return e
}

// hold notes what the caller stopped or narrowed of a token that is not their own,
// and forgets what was brought back.
func (ch *Change) hold(gives ledger.Back, now time.Time) {
	ch.Token.Held &^= gives
	if ch.Token.DisabledAt.IsZero() {
		ch.Token.DisabledBy = ""
	}
	if !ch.Decided || ch.Actor.Owns(ch.Token) {
		return
	}
	took := ch.bringsBack(ch.Token, ch.Was, now) | ch.Weaker
	if held := took | gives&stops(ch.Token, now); held != 0 {
		ch.Token.Held |= held
		ch.Token.HeldBy = ch.Actor.Name()
	}
}

// HoldAll notes every stop of a token that somebody else than its owner makes, or
// moves to that owner.
func (ch *Change) HoldAll(now time.Time) {
	if held := stops(ch.Token, now); held != 0 && !ch.Actor.Owns(ch.Token) {
		ch.Token.Held |= held
		ch.Token.HeldBy = ch.Actor.Name()
	}
}

// Disable stops a token, and notes who did: its owner's own stop becomes that of
// whoever else stops it too.
func (ch *Change) Disable(now time.Time) {
	own := ch.Actor.Owns(ch.Token)
	if !ch.Token.DisabledAt.IsZero() && (own || ch.Token.Held&ledger.BackEnabled != 0) {
		return
	}
	if ch.Token.DisabledAt.IsZero() {
		ch.Token.DisabledAt = now
	}
	if ch.Token.DisabledBy = ch.Actor.Name(); !own {
		ch.Token.Held |= ledger.BackEnabled
		ch.Token.HeldBy = ch.Token.DisabledBy
	}
}

// Name is what is stored of who did something: an id where there is one, since
// that says nothing of whom it was.
func (ac *Actor) Name() string {
	if id := ac.Principal.ID; IsUserID(id) || strings.HasPrefix(id, AccountID) {
		return id
	}
	return ac.Principal.Address
}

// because puts what somebody wanted before why they may not.
func because(what string, err error) error {
	e := *api.AsError(err)
	e.Message = what + "; " + e.Message
	return &e
}

// CoverOwner refuses to bring an owner's tokens back unless the caller covers all
// that the owner may do.
func CoverOwner(ac *Actor, sp *Space, o verify.Owner) error {
	if err := ac.Cover(sp.OwnerGrant(o)); err != nil {
		return because("this brings all of its tokens back", err)
	}
	return nil
}

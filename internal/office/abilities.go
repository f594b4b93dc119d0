package office

import (
	"context"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/approval"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/owners"
	"github.com/tokenry/tokenry/internal/retention"
	"github.com/tokenry/tokenry/internal/tokens"
	"github.com/tokenry/tokenry/token"
)

// UserAbilities are what an administrator of the instance may do with a person.
type UserAbilities struct {
	// Deactivate and Demote are to stop them, and to make them a plain user. That a
	// workspace would be left without an Owner is no part of this answer: a list does
	// not ask it of everybody, and the rehearsal of the verb says so.
	Deactivate, Demote bool
	// Erase is to forget them.
	Erase bool
}

// UserAbilities answers, by their ID, what may be done with people as they were read.
// It asks what the verbs ask, in one statement for however many. It needs
// instance:admin.
func (a *Office) UserAbilities(ctx context.Context, c authority.Caller, people []api.User) (map[string]UserAbilities, error) {
	out := make(map[string]UserAbilities, len(people))
	err := a.in.Read(ctx, func(r *authority.Snapshot) error {
		if _, err := a.in.EnterInstance(r, c); err != nil {
			return err
		}
		admins, err := r.InstanceAdmins()
		for _, u := range people {
			out[u.ID] = ofUser(u, admins)
		}
		return err
	})
	return out, err
}

func ofUser(u api.User, admins []ledger.User) UserAbilities {
	if u.ErasedAt != nil {
		return UserAbilities{}
	}
	i := slices.IndexFunc(admins, func(admin ledger.User) bool { return admin.PublicID == u.ID })
	goes := i < 0 || owners.KeepsAdmin(admins[i], admins) == nil
	return UserAbilities{Deactivate: u.Active && goes, Demote: u.InstanceAdmin && goes, Erase: retention.MayErase(u) == nil}
}

// TokenAbilities are what the caller may do with a token, as it is now. The zero
// value is that of one whose life is over.
type TokenAbilities struct{ Edit, Disable, Enable, Rotate, Transfer, Remove, Reveal, Approve, Refuse bool }

// TokenAbilities answers, by locator, what a caller may do with tokens of a workspace.
// It asks what the verbs ask; those that it does not find are left out.
func (a *Office) TokenAbilities(ctx context.Context, c authority.Caller, ref string, tokens []api.Token) (map[string]TokenAbilities, error) {
	out := make(map[string]TokenAbilities, len(tokens))
	err := a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref)
		if err != nil {
			return err
		}
		s := a.in.Sight(r, ac, sp)
		for _, v := range tokens {
			can, err := abilities(a.in, s, v.Locator)
			if authority.IgnoreNoRow(err) != nil {
				return err
			}
			if err == nil {
				out[v.Locator] = can
			}
		}
		return nil
	})
	return out, err
}

// Bulk says whether an action on many tokens is done to this one, or is nothing to it.
func (can TokenAbilities) Bulk(action string, t api.Token) bool {
	switch action {
	case api.BulkDisable:
		return can.Disable && t.Status == api.StatusActive
	case api.BulkRotate:
		return can.Rotate && t.Status != api.StatusExpired
	case api.BulkRevoke:
		return can.Remove
	}
	return false
}

func abilities(a *authority.Authority, s *authority.Sight, locator string) (can TokenAbilities, err error) {
	t, err := a.Token(s.Snapshot, s.Actor, s.Space, locator)
	if err != nil {
		return can, err
	}
	o, err := s.Owner(authority.OwnerKey(t))
	if err != nil {
		return can, err
	}
	f := authority.TokenFacts(t, nil)
	ch := &authority.Change{Actor: s.Actor, Space: s.Space, Owner: o, Was: t, Token: t, Before: api.Token{Status: authority.Status(&f, s.Now)}}
	if ch.Live() != nil {
		return can, nil //nolint:nilerr // one whose life is over, and the answer says so
	}
	may := func(scope string) bool { return authority.MayManage(ch.Actor, ch.Token, scope) == nil }
	can = TokenAbilities{Edit: may("tokens:edit"), Disable: may("tokens:disable"), Remove: may("tokens:delete"), Rotate: tokens.MayRotate(ch) == nil}
	can.Reveal = t.Recoverable && may("tokens:reveal") && tokens.MayReveal(ch) == nil
	can.Transfer = can.Edit && can.Remove && mayGiveAway(ch) == nil
	if t.Waits && s.Actor.Need("tokens:disable") == nil {
		can.Refuse = approval.MayRefuse(s.Snapshot, ch) == nil
		can.Approve = can.Refuse && approval.MayApprove(s.Snapshot, ch) == nil
	}
	can.Enable = ch.Before.Status == api.StatusDisabled && can.Disable && mayEnable(ch, s) == nil
	return can, nil
}

// mayGiveAway refuses a transfer that would be refused to whomever it goes.
func mayGiveAway(ch *authority.Change) error {
	return input.First(tokens.MayHold(ch.Actor, ch.Space, ledger.Token{Kind: token.Service}, "tokens:create"), tokens.CoverStated(ch.Actor, ch.Space, ch.Token))
}

// mayEnable judges what EnableToken makes of the token.
func mayEnable(ch *authority.Change, s *authority.Sight) error {
	was := *ch
	back := &was
	tokens.Enabled(back)
	return back.BringBack(s.Now)
}

package authority

import (
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// Readable is a token that the caller may read: its own, or with the right to.
func (a *Authority) Readable(r *Snapshot, ac *Actor, sp *Space, id string) (ledger.Token, error) {
	t, err := a.Token(r, ac, sp, id)
	if err != nil || ac.IsSelf(t) {
		return t, err
	}
	return t, MayManage(ac, t, "tokens:read")
}

// Change is one token being changed.
type Change struct {
	Actor      *Actor
	Space      *Space
	Owner      verify.Owner
	Before     api.Token
	Was, Token ledger.Token
	// Decided says that the caller chose what is narrowed; else the policy did.
	Decided bool
	// Mightier and weaker say whether statements say more, or less, than before.
	Mightier, Weaker ledger.Back
}

// ChangeOf begins the change of a token that was found and asked for.
func (w *Work) ChangeOf(ac *Actor, sp *Space, t ledger.Token) (*Change, error) {
	o, err := ReadOwner(w.Reader, OwnerKey(t))
	if err != nil {
		return nil, err
	}
	before, err := w.Brief(ac, sp, t)
	return &Change{Actor: ac, Space: sp, Owner: o, Before: before, Was: t, Token: t}, err
}

// Live refuses a change of a revoked token.
func (ch *Change) Live() error {
	if ch.Before.Status == api.StatusRevoked {
		return api.Errorf(api.CodeTokenRevoked, "a revoked token cannot be changed")
	}
	return nil
}

// ephemeral refuses to let a token that was made for one job live longer, or be
// somebody else's: its rule and its job are what it was trusted for.
func (ch *Change) ephemeral() error {
	was, t := ch.Was, ch.Token
	if was.Kind != token.Ephemeral || OwnerKey(was) == OwnerKey(t) && !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(was.ExpiresAt) {
		return nil
	}
	return api.Errorf(api.CodeForbidden, "an ephemeral token lives no longer than it was made for, and stays its owner's; exchange a new ID token")
}

// FinishToken writes the token, tells memory and the audit, and shows it.
func (w *Work) FinishToken(ch *Change, action string) (api.Token, error) {
	if err := w.Expect(ch.Space.Workspace, ch.Before.ID, ch.Was.Revision); err != nil {
		return api.Token{}, err
	}
	if err := input.First(ch.BringBack(w.Now), ch.ephemeral(), ch.unapproved()); err != nil {
		return api.Token{}, err
	}
	ch.quiet(w.Now)
	ch.Token.Revision = w.Revision()
	if err := input.First(w.PutToken(ch.Token), w.dropSealed(ch)); err != nil {
		return api.Token{}, err
	}
	w.TouchToken(ch.Token)
	v, err := w.Brief(ch.Actor, ch.Space, ch.Token)
	if err != nil {
		return v, err
	}
	return v, w.Note(ch.Actor, ch.Space.Workspace, Event{Action: action, Target: v.ID, Token: ch.Token.Locator, Before: ch.Before, After: v})
}

// Revoke ends a token; the first reason stands.
func Revoke(t *ledger.Token, now time.Time, reason, comment string) {
	if !t.RevokedAt.IsZero() {
		return
	}
	if reason == "" {
		reason = api.ReasonOther
	}
	t.RevokedAt, t.RevokeReason, t.RevokeComment = now, reason, comment
}

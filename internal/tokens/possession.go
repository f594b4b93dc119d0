package tokens

import (
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/token"
)

// RevokeHeld ends for good the token whose secret is presented. This case is
// special: nobody is asked who they are, because having the secret is the right
// (RFC 7009). It is the token's own, so the audit names the token and its owner.
//
// Only a secret that can work counts, the current one or one in its overlap,
// whatever the token's state. A retired one ends the token where the policy says
// revoke_on_reuse, and else nothing. What is no secret of a token, or of one that
// is revoked, changes nothing and is no error. Where the keyring cannot tell whether
// it is one, nothing is done, and that is one.
func (a *Tokens) RevokeHeld(ctx context.Context, c authority.Caller, presented string) (revision int64, err error) {
	p, err := token.Parse(presented)
	if err != nil {
		return a.in.Revision(ctx)
	}
	c = authority.Caller{Machine: "holder", Addr: c.Addr, Agent: c.Agent, RequestID: c.RequestID, Call: c.Call}
	return a.in.Withdraw(ctx, c, func(w *authority.Work) error {
		secrets, i, err := secretOf(w.Authority, w.Snapshot, leak{text: presented, locator: p.Locator})
		if err != nil || i < 0 {
			return input.First(err, authority.ErrUnchanged)
		}
		ch, err := leakedToken(w, p.Locator)
		if err != nil {
			return err
		}
		reason := heldReason(ch, authority.SecretState(secrets, i, w.Now))
		if reason == "" {
			return authority.ErrUnchanged
		}
		ch.Actor = &authority.Actor{Caller: w.Caller, With: &ch.Was, Principal: authority.PrincipalOf(ch.Owner)}
		authority.Revoke(&ch.Token, w.Now, reason, "by whoever presented its secret")
		_, err = w.FinishToken(ch, "token.revoked")
		return err
	})
}

// heldReason is the reason to end a token whose secret is presented; "" is none.
func heldReason(ch *authority.Change, secret string) string {
	switch {
	case ch.Before.Status == api.StatusRevoked:
		return ""
	case secret == api.SecretCurrent, secret == api.SecretOverlap:
		return api.ReasonOther
	case secret == api.SecretRetired && ch.Space.Policy().RevokeOnReuse:
		return api.ReasonLeaked
	}
	return ""
}

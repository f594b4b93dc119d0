package authority

import (
	"context"

	"github.com/tokenry/tokenry/api"
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
// is revoked, changes nothing and is no error.
func (a *Authority) RevokeHeld(ctx context.Context, c Caller, presented string) (revision int64, err error) {
	p, err := token.Parse(presented)
	if err != nil {
		return a.Revision(ctx)
	}
	c = Caller{Machine: "holder", Addr: c.Addr, Agent: c.Agent, RequestID: c.RequestID, Call: c.Call}
	return a.withdraw(ctx, c, func(w *work) error {
		secrets, i, err := w.a.secretOf(w.Snapshot, leak{text: presented, locator: p.Locator})
		if err != nil || i < 0 {
			return input.First(err, errDryRun)
		}
		ch, err := w.leakedToken(p.Locator)
		if err != nil {
			return err
		}
		reason := ch.heldReason(secretState(secrets, i, w.now))
		if reason == "" {
			return errDryRun
		}
		ch.ac = &actor{Caller: w.caller, with: &ch.was, principal: principalOf(ch.owner)}
		revoke(&ch.t, w.now, reason, "by whoever presented its secret")
		_, err = w.finishToken(ch, "token.revoked")
		return err
	})
}

// heldReason is the reason to end a token whose secret is presented; "" is none.
func (ch *change) heldReason(secret string) string {
	switch {
	case ch.before.Status == api.StatusRevoked:
		return ""
	case secret == api.SecretCurrent, secret == api.SecretOverlap:
		return api.ReasonOther
	case secret == api.SecretRetired && ch.sp.policy().RevokeOnReuse:
		return api.ReasonLeaked
	}
	return ""
}

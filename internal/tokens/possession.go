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
	return a.revokeBySecret(ctx, c, p.Locator, presented, func(w *authority.Work, ch *authority.Change) error {
		ch.Actor = &authority.Actor{Caller: w.Caller, With: &ch.Was, Principal: authority.PrincipalOf(ch.Owner)}
		return nil
	})
}

// RevokePresented is RevokeHeld by a caller that verifies tokens and may not revoke
// them, which was presented this secret. The workspace's policy has to say
// verifiers_may_revoke; the audit names the caller. A token that the caller may not
// verify is like none.
//
// The caller needs tokens:verify in the token's workspace, or instance:verify.
func (a *Tokens) RevokePresented(ctx context.Context, c authority.Caller, presented string) (revision int64, err error) {
	p, err := token.Parse(presented)
	if err != nil {
		return a.in.Revision(ctx)
	}
	return a.revokeBySecret(ctx, c, p.Locator, presented, func(w *authority.Work, ch *authority.Change) error {
		ac, err := w.Authority.JudgeInstance(w.Snapshot, w.Caller)
		if err != nil {
			return err
		}
		ch.Actor = ac
		home := ac.With != nil && ac.With.Workspace == ch.Was.Workspace
		switch {
		case !ac.Grant.HasInstance("instance:verify") && !home:
			return authority.ErrUnchanged
		case !ac.Grant.HasInstance("instance:verify") && !ac.Grant.AllowsAny("tokens:verify"), !ch.Space.Policy().VerifiersMayRevoke:
			return ac.Need("tokens:delete")
		}
		return nil
	})
}

// revokeBySecret ends the token whose secret is presented, once actor has said by
// whom and that they may.
func (a *Tokens) revokeBySecret(
	ctx context.Context, c authority.Caller, l token.Locator, presented string, actor func(*authority.Work, *authority.Change) error,
) (revision int64, err error) {
	return a.in.Withdraw(ctx, c, func(w *authority.Work) error {
		secrets, i, err := secretOf(w.Authority, w.Snapshot, leak{text: presented, locator: l})
		if err != nil || i < 0 {
			return input.First(err, authority.ErrUnchanged)
		}
		ch, err := leakedToken(w, l)
		if err != nil {
			return err
		}
		if err := actor(w, ch); err != nil {
			return err
		}
		reason := heldReason(ch, authority.SecretState(secrets, i, w.Now))
		if reason == "" {
			return authority.ErrUnchanged
		}
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

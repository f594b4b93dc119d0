package authority

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

// RevokeHeld ends for good the token whose secret is presented. This case is
// special: nobody is asked who they are, because having the secret is the right.
// It is the token's own, so the audit names the token and its owner.
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
	return a.mutateToken(ctx, c, p.Locator.String(), func(w *work) error {
		ch, reason, err := w.beginHeld(p.Locator, presented)
		if errors.Is(err, ErrNoRow) || err == nil && reason == "" {
			return errDryRun
		}
		if err != nil {
			return err
		}
		revoke(&ch.t, w.now, reason, "by whoever presented its secret")
		_, err = w.finishToken(ch, "token.revoked")
		return err
	})
}

// beginHeld finds the token that a string is a secret of, and the reason to end
// it for; "" is none.
func (w *work) beginHeld(l token.Locator, presented string) (ch *change, reason string, err error) {
	t, err := w.Token(l)
	if err != nil {
		return nil, "", err
	}
	ws, err := w.Workspace(WorkspaceKey{ID: t.Workspace})
	if err != nil {
		return nil, "", err
	}
	sp, err := w.a.space(w, ws)
	if err != nil {
		return nil, "", err
	}
	o, err := readOwner(w, ownerKey(t))
	if err != nil {
		return nil, "", err
	}
	secrets, err := w.Secrets(t.ID)
	if err != nil {
		return nil, "", err
	}
	ac := &actor{Caller: w.caller, with: &t, principal: principalOf(o)}
	s := w.a.sight(w, ac, sp)
	before, err := s.token(t)
	return &change{ac: ac, sp: sp, owner: o, before: before, was: t, t: t}, heldReason(s.which(presented, secrets), before, sp), err
}

func heldReason(is string, before api.Token, sp *space) string {
	switch {
	case before.Status == api.StatusRevoked:
		return ""
	case is == api.SecretCurrent, is == api.SecretOverlap:
		return api.ReasonOther
	case is == api.SecretRetired && sp.policy().RevokeOnReuse:
		return api.ReasonLeaked
	}
	return ""
}

package tokens

import (
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// A recoverable secret is sealed with AES-256-GCM under a key derived from the
// keyring; workspace, locator and secret number are associated data, so that a
// copy moved to another row does not open. The key's id stands in front.

// open reads a recoverable copy back.
func open(a *authority.Authority, t ledger.Token, s ledger.Secret) (token.Secret, error) {
	if len(s.Sealed) < 4 {
		return token.Secret{}, notRecoverable()
	}
	plain, err := authority.Unseal(a, authority.SealedSecrets, s.Sealed, authority.SealedFor(t, s.Number))
	if err != nil {
		return token.Secret{}, err
	}
	return token.NewSecret(string(plain)), nil
}

func notRecoverable() error {
	return api.Errorf(api.CodeNotRecoverable, "this token's secret was shown once and is not kept; rotate the token for one that you can see")
}

// RevealToken answers the secret of an active token again, when the policy let
// it be kept: to the signed-in owner of a personal token, or with
// tokens:reveal (and tokens:impersonate for somebody else's personal token),
// within the caller's own rights. Each reveal is audited.
func (a *Tokens) RevealToken(ctx context.Context, c authority.Caller, ref, id string) (out authority.Issued, err error) {
	out.Revision, err = a.in.MutateToken(ctx, authority.Gives, c, &out.Token, func(w *authority.Work) error {
		ch, err := beginToken(w, ref, id, "tokens:reveal")
		if err != nil {
			return err
		}
		if err := MayReveal(ch); err != nil {
			return err
		}
		secrets, err := w.Secrets(ch.Token.ID)
		if err != nil {
			return err
		}
		if out.Secret, err = open(a.in, ch.Token, secrets[0]); err != nil {
			return err
		}
		if err := seenBy(w, ch, secrets[0]); err != nil {
			return err
		}
		out.Token = ch.Before
		return w.Note(ch.Actor, ch.Space.Workspace, authority.Event{Action: "token.revealed", Target: ch.Before.ID, Token: ch.Token.Locator, After: out.Token})
	})
	return out, err
}

// seenBy notes who else than its owner knows a secret now.
func seenBy(w *authority.Work, ch *authority.Change, s ledger.Secret) error {
	if ch.Actor.Owns(ch.Token) && ch.Actor.OnBehalf == "" {
		return nil
	}
	holder, err := w.Person(ch.Actor.Caller)
	if err != nil || holder == s.Holder {
		return err
	}
	s.Holder = holder
	return w.PutSecret(s)
}

// MayReveal refuses whoever may not see the secret of a token again.
func MayReveal(ch *authority.Change) error {
	if ch.Token.OwnerMember != 0 && !ch.Actor.Owns(ch.Token) {
		if err := ch.Actor.Need("tokens:impersonate"); err != nil {
			return err
		}
	}
	if err := authority.CoverToken(ch.Actor, ch.Space, ch.Token, ch.Owner); err != nil {
		return err
	}
	if !ch.Space.Policy().Recoverable {
		return notRecoverable()
	}
	if ch.Before.Status != api.StatusActive {
		return api.Errorf(api.CodeNotRecoverable, "only an active token's secret is shown again")
	}
	return nil
}

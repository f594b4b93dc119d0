package tokens

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/token"
)

// GetToken answers one token. It needs tokens:read, but for a signed-in person's
// own tokens and for the token that asks about itself.
func (a *Tokens) GetToken(ctx context.Context, c authority.Caller, ref, id string) (v api.Token, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref)
		if err != nil {
			return err
		}
		t, err := a.in.Readable(r, ac, sp, id)
		if err != nil {
			return err
		}
		v, err = a.in.Watching(ctx, r, ac, sp).Token(t)
		return err
	})
	return v, err
}

// EditToken merges a patch into a token. It needs tokens:edit, but for a
// signed-in person's own. Widening its rights must stay within the caller's own;
// relabelling and narrowing need not.
func (a *Tokens) EditToken(ctx context.Context, c authority.Caller, ref, id string, in api.EditToken) (done authority.Done[api.Token], err error) {
	done.Revision, err = a.in.MutateToken(ctx, authority.Gives, c, &done.Value, func(w *authority.Work) error {
		ch, err := beginToken(w, ref, id, "tokens:edit")
		if err != nil {
			return err
		}
		if err := ch.Live(); err != nil {
			return err
		}
		if err := edit(w, ch, in.TokenFields); err != nil {
			return err
		}
		done.Value, err = w.FinishToken(ch, "token.edited")
		return err
	})
	return done, err
}

// beginToken enters the workspace, finds the token and asks the gate.
func beginToken(w *authority.Work, ref, id, scope string) (*authority.Change, error) {
	ac, sp, err := w.Authority.Enter(w.Snapshot, w.Caller, ref)
	if err != nil {
		return nil, err
	}
	t, err := w.Authority.Token(w.Snapshot, ac, sp, id)
	if err != nil {
		return nil, err
	}
	if scope != "" {
		if err := authority.MayManage(ac, t, scope); err != nil {
			return nil, err
		}
	}
	return w.ChangeOf(ac, sp, t)
}

// edit applies a patch to the token being changed.
func edit(w *authority.Work, ch *authority.Change, in api.TokenFields) error {
	ch.Decided = true
	if err := fields(ch.Space, &ch.Token, in); err != nil {
		return err
	}
	if ch.Token.Kind == token.Workspace && (ch.Token.Grants == nil || slices.ContainsFunc(ch.Token.Grants, grant.RestrictsOnly)) {
		return api.FieldError("role", "a workspace token must name a role or scopes")
	}
	if err := editLifetime(w, ch, in); err != nil {
		return err
	}
	if err := authority.Tighter(ch.Actor, ch.Space, ch.Owner, ch.Token, ch.Was); err != nil {
		return err
	}
	if in.AllowedIPs.Set && ch.Space.Policy().RequireIPAllowList && ch.Token.AllowedIPs == nil {
		return policy.OutsideError("allowed_ips", "the policy requires an allow-list of addresses")
	}
	return widened(ch)
}

// editLifetime changes expiry and not_before only when the patch names them.
func editLifetime(w *authority.Work, ch *authority.Change, in api.TokenFields) error {
	if in.NotBefore.Set {
		ch.Token.NotBefore = in.NotBefore.Value.UTC()
	}
	if in.ExpiresAt.Set || in.ExpiresIn.Set || in.Never.Or(false) {
		if ch.Before.Status == api.StatusExpired {
			return api.Conflictf(api.CodeExpired, "the token has expired, and an edit does not bring it back; rotate it with renew, which gives it another secret")
		}
		if err := lifetime(w, ch.Actor, ch.Space, &ch.Token, in); err != nil {
			return err
		}
		return authority.LifeOf(ch.Token).ExpiryWithin(ch.Space.Policy(), w.Now)
	}
	if in.NotBefore.Set {
		return policy.Life{NotBefore: ch.Token.NotBefore, ExpiresAt: ch.Token.ExpiresAt}.Possible(time.Time{})
	}
	return nil
}

// widened asks the ceiling when an edit gives the token more than it had, or
// lets its statements say more than they, or its owner's rights, said.
func widened(ch *authority.Change) error {
	if reflect.DeepEqual(ch.Was.Grants, ch.Token.Grants) { // also of scopes that the caller could not list
		return nil
	}
	if err := input.First(authority.CheckNames(ch.Actor, ch.Space, ch.Token.Grants), authority.Bounded(ch.Space, ch.Was.Grants, ch.Token.Grants)); err != nil {
		return err
	}
	old, now := authority.TokenFacts(ch.Was, nil), authority.TokenFacts(ch.Token, nil)
	had, has := ch.Space.Effective(&old, ch.Owner), ch.Space.Effective(&now, ch.Owner)
	if !has.Covers(had) {
		ch.Weaker = ledger.BackMightier
	}
	if !had.Covers(has) {
		ch.Mightier = ledger.BackMightier
		if err := ch.Actor.Cover(has); err != nil {
			return err
		}
	}
	if !ch.Space.Compile(grant.Claims(ch.Was.Grants)).Covers(ch.Space.Compile(grant.Claims(ch.Token.Grants))) {
		if err := authority.CoverLater(ch.Actor, ch.Space, ch.Token); err != nil {
			return err
		}
	}
	said := had
	if ch.Was.Grants != nil {
		said = ch.Space.Compile(ch.Was.Grants)
	}
	if said.Covers(ch.Space.Compile(authority.Stated(ch.Token.Grants))) {
		return nil
	}
	ch.Mightier = ledger.BackMightier
	return CoverStated(ch.Actor, ch.Space, ch.Token)
}

// DisableToken suspends a token; with revoke_after it is revoked once it was
// disabled for so long. It needs tokens:disable, and with revoke_after
// tokens:delete, but for a person's own.
func (a *Tokens) DisableToken(ctx context.Context, c authority.Caller, ref, id string, in api.DisableToken) (done authority.Done[api.Token], err error) {
	done.Revision, err = a.in.MutateToken(ctx, authority.Takes, c, &done.Value, func(w *authority.Work) error {
		ch, err := beginToken(w, ref, id, "tokens:disable")
		if err != nil {
			return err
		}
		if err := ch.Live(); err != nil {
			return err
		}
		ch.Disable(w.Now)
		if in.RevokeAfter.Has() { // nothing brings it back then
			if err := authority.MayManage(ch.Actor, ch.Token, "tokens:delete"); err != nil {
				return err
			}
			if end := w.Now.Add(in.RevokeAfter.Value.Std()); !ch.Was.Waits || end.Before(ch.Was.RevokeAt) {
				ch.Token.RevokeAt, ch.Decided = end, true
			}
		}
		done.Value, err = w.FinishToken(ch, "token.disabled")
		return err
	})
	return done, err
}

// EnableToken brings a disabled token back. It needs tokens:disable, but for a
// person's own that nobody else disabled, and cover of what the token may do. Its
// scheduled end stays unless the caller may end it.
func (a *Tokens) EnableToken(ctx context.Context, c authority.Caller, ref, id string) (done authority.Done[api.Token], err error) {
	done.Revision, err = a.in.MutateToken(ctx, authority.Gives, c, &done.Value, func(w *authority.Work) error {
		ch, err := beginToken(w, ref, id, "tokens:disable")
		if err != nil {
			return err
		}
		if err := ch.Live(); err != nil {
			return err
		}
		Enabled(ch)
		w.OnlyGives()
		done.Value, err = w.FinishToken(ch, "token.enabled")
		return err
	})
	return done, err
}

// Enabled is the token without its stop, and without its scheduled end where the
// caller may end that. One that waits for approval goes on waiting, and no longer than before.
func Enabled(ch *authority.Change) {
	ch.Token.DisabledAt = time.Time{}
	if ch.Token.Waits {
		return
	}
	if input.First(authority.MayManage(ch.Actor, ch.Token, "tokens:delete"), ch.Undo(ch.Token.Held&ledger.BackUnending)) == nil {
		ch.Token.RevokeAt = time.Time{}
	}
}

// RevokeToken ends a token for good. It needs tokens:delete, but for a person's
// own and for the token that revokes itself. A revoked one stays as it is. With
// descendants, or where the policy says so of what leaked, what was made with it ends
// too, which needs tokens:delete.
func (a *Tokens) RevokeToken(ctx context.Context, c authority.Caller, ref, id string, in api.RevokeToken) (authority.Done[api.Token], error) {
	return a.endWith(ctx, c, ref, id, in, func() (authority.Done[api.Token], error) { return a.revokeOne(ctx, c, ref, id, in) })
}

func (a *Tokens) revokeOne(ctx context.Context, c authority.Caller, ref, id string, in api.RevokeToken) (done authority.Done[api.Token], err error) {
	done.Revision, err = a.in.MutateToken(ctx, authority.Takes, c, &done.Value, func(w *authority.Work) error {
		if err := checkReason(in); err != nil {
			return err
		}
		ch, err := beginEnd(w, ref, id)
		if err != nil {
			return err
		}
		if ch.Before.Status == api.StatusRevoked {
			done.Value = ch.Before
			w.TouchToken(ch.Token) // a commit whose outcome was unknown may have done it
			return authority.ErrUnchanged
		}
		done.Value, err = end(w, ch, in, "token.revoked")
		return err
	})
	return done, err
}

// end revokes a token that may be revoked, and tells of it as it was done.
func end(w *authority.Work, ch *authority.Change, in api.RevokeToken, action string) (api.Token, error) {
	leaked := ch.Token.RevokedAt.IsZero() && in.Reason == api.ReasonLeaked
	authority.Revoke(&ch.Token, w.Now, in.Reason, token.Redact(in.Comment))
	v, err := w.FinishToken(ch, action)
	if err != nil || !leaked {
		return v, err
	}
	return v, tellRevokedAsLeaked(w, ch, v)
}

// beginEnd is beginToken for the verbs that end a token: itself always.
func beginEnd(w *authority.Work, ref, id string) (*authority.Change, error) {
	ch, err := beginToken(w, ref, id, "")
	if err != nil || ch.Actor.IsSelf(ch.Token) {
		return ch, err
	}
	return ch, authority.MayManage(ch.Actor, ch.Token, "tokens:delete")
}

// checkReason bounds why a token is ended. A token string in the comment keeps
// nobody from ending one: whoever reports a leak pastes what was found.
func checkReason(in api.RevokeToken) error {
	return input.First(
		input.OneOf("reason", api.Opt[string]{Value: in.Reason, Set: in.Reason != ""},
			api.ReasonUnused, api.ReasonSuperseded, api.ReasonLeaked, api.ReasonOwnerLeft, api.ReasonOther),
		input.Text("comment", token.Redact(in.Comment), 0, input.MaxDescription),
	)
}

// DeleteToken revokes a token, for the reason that in gives if it was not revoked
// before, and hides it from default lists: one change. It needs tokens:delete, but
// for a person's own and for the token itself. What was made with it ends as
// [Tokens.RevokeToken] says, and is not hidden.
func (a *Tokens) DeleteToken(ctx context.Context, c authority.Caller, ref, id string, in api.RevokeToken) (authority.Done[api.Token], error) {
	return a.endWith(ctx, c, ref, id, in, func() (authority.Done[api.Token], error) { return a.deleteOne(ctx, c, ref, id, in) })
}

func (a *Tokens) deleteOne(ctx context.Context, c authority.Caller, ref, id string, in api.RevokeToken) (done authority.Done[api.Token], err error) {
	done.Revision, err = a.in.MutateToken(ctx, authority.Takes, c, &done.Value, func(w *authority.Work) error {
		if err := checkReason(in); err != nil {
			return err
		}
		ch, err := beginEnd(w, ref, id)
		if err != nil {
			return err
		}
		if ch.Token.DeletedAt.IsZero() {
			ch.Token.DeletedAt = w.Now
		}
		done.Value, err = end(w, ch, in, "token.deleted")
		return err
	})
	return done, err
}

package authority

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// mayManage is the gate of verbs that change a token without handing over its
// secret: a signed-in person manages their own personal tokens whatever their
// role, all else needs the scope.
func mayManage(ac *actor, t ledger.Token, scope string) error {
	if ac.owns(t) && (ac.person() || ac.onBehalf != "") {
		return nil
	}
	return ac.need(scope)
}

// GetToken answers one token. It needs tokens:read, but for a signed-in person's
// own tokens and for the token that asks about itself.
func (a *Authority) GetToken(ctx context.Context, c Caller, ref, id string) (v api.Token, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		ac, sp, err := a.enter(r, c, ref)
		if err != nil {
			return err
		}
		t, err := a.readable(r, ac, sp, id)
		if err != nil {
			return err
		}
		v, err = a.watching(ctx, r, ac, sp).token(t)
		return err
	})
	return v, err
}

// readable is a token that the caller may read: its own, or with the right to.
func (a *Authority) readable(r *Snapshot, ac *actor, sp *space, id string) (ledger.Token, error) {
	t, err := a.token(r, ac, sp, id)
	if err != nil || ac.isSelf(t) {
		return t, err
	}
	return t, mayManage(ac, t, "tokens:read")
}

// EditToken merges a patch into a token. It needs tokens:edit, but for a
// signed-in person's own. Widening its rights must stay within the caller's own;
// relabelling and narrowing need not.
func (a *Authority) EditToken(ctx context.Context, c Caller, ref, id string, in api.EditToken) (v api.Token, revision int64, err error) {
	revision, err = a.mutateToken(ctx, gives, c, &v, func(w *work) error {
		ch, err := w.beginToken(ref, id, "tokens:edit")
		if err != nil {
			return err
		}
		if err := ch.live(); err != nil {
			return err
		}
		if err := w.edit(ch, in.TokenFields); err != nil {
			return err
		}
		v, err = w.finishToken(ch, "token.edited")
		return err
	})
	return v, revision, err
}

// change is one token being changed.
type change struct {
	ac     *actor
	sp     *space
	owner  verify.Owner
	before api.Token
	was, t ledger.Token
	// decided says that the caller chose what is narrowed; else the policy did.
	decided bool
	// mightier and weaker say whether statements say more, or less, than before.
	mightier, weaker ledger.Back
}

// beginToken enters the workspace, finds the token and asks the gate.
func (w *work) beginToken(ref, id, scope string) (*change, error) {
	ac, sp, err := w.a.enter(w.Snapshot, w.caller, ref)
	if err != nil {
		return nil, err
	}
	t, err := w.a.token(w.Snapshot, ac, sp, id)
	if err != nil {
		return nil, err
	}
	if scope != "" {
		if err := mayManage(ac, t, scope); err != nil {
			return nil, err
		}
	}
	return w.changeOf(ac, sp, t)
}

// changeOf begins the change of a token that was found and asked for.
func (w *work) changeOf(ac *actor, sp *space, t ledger.Token) (*change, error) {
	o, err := readOwner(w.Reader, ownerKey(t))
	if err != nil {
		return nil, err
	}
	before, err := w.brief(ac, sp, t)
	return &change{ac: ac, sp: sp, owner: o, before: before, was: t, t: t}, err
}

// live refuses a change of a revoked token.
func (ch *change) live() error {
	if ch.before.Status == api.StatusRevoked {
		return api.Errorf(api.CodeTokenRevoked, "a revoked token cannot be changed")
	}
	return nil
}

// finishToken writes the token, tells memory and the audit, and shows it.
func (w *work) finishToken(ch *change, action string) (api.Token, error) {
	if err := w.expect(ch.sp.ws, ch.before.ID, ch.was.Revision); err != nil {
		return api.Token{}, err
	}
	if err := ch.bringBack(w.now); err != nil {
		return api.Token{}, err
	}
	ch.t.Revision = w.Revision()
	if err := input.First(w.PutToken(ch.t), w.dropSealed(ch)); err != nil {
		return api.Token{}, err
	}
	w.touchToken(ch.t)
	v, err := w.brief(ch.ac, ch.sp, ch.t)
	if err != nil {
		return v, err
	}
	return v, w.audit(ch.ac, ch.sp.ws, event{action: action, target: v.ID, token: ch.t.Locator, before: ch.before, after: v})
}

// edit applies a patch to the token being changed.
func (w *work) edit(ch *change, in api.TokenFields) error {
	ch.decided = true
	if err := fields(ch.sp, &ch.t, in); err != nil {
		return err
	}
	if ch.t.Kind == token.Workspace && (ch.t.Grants == nil || slices.ContainsFunc(ch.t.Grants, restrictsOnly)) {
		return api.FieldError("role", "a workspace token must name a role or scopes")
	}
	if err := w.editLifetime(ch, in); err != nil {
		return err
	}
	if err := tighter(ch.ac, ch.sp, ch.owner, ch.t, ch.was); err != nil {
		return err
	}
	if in.AllowedIPs.Set && ch.sp.policy().RequireIPAllowList && ch.t.AllowedIPs == nil {
		return policy.OutsideError("allowed_ips", "the policy requires an allow-list of addresses")
	}
	return widened(ch)
}

// editLifetime changes expiry and not_before only when the patch names them.
func (w *work) editLifetime(ch *change, in api.TokenFields) error {
	if in.NotBefore.Set {
		ch.t.NotBefore = in.NotBefore.Value.UTC()
	}
	if in.ExpiresAt.Set || in.ExpiresIn.Set || in.Never.Or(false) {
		if ch.before.Status == api.StatusExpired {
			return api.Conflictf(api.CodeExpired, "the token has expired, and an edit does not bring it back; rotate it with renew, which gives it another secret")
		}
		if err := w.lifetime(ch.ac, ch.sp, &ch.t, in); err != nil {
			return err
		}
		return lifeOf(ch.t).ExpiryWithin(ch.sp.policy(), w.now)
	}
	if in.NotBefore.Set {
		return policy.Life{NotBefore: ch.t.NotBefore, ExpiresAt: ch.t.ExpiresAt}.Possible(time.Time{})
	}
	return nil
}

// widened asks the ceiling when an edit gives the token more than it had, or
// lets its statements say more than they, or its owner's rights, said.
func widened(ch *change) error {
	if reflect.DeepEqual(ch.was.Grants, ch.t.Grants) { // also of scopes that the caller could not list
		return nil
	}
	if err := input.First(checkNames(ch.ac, ch.sp, ch.t.Grants), bounded(ch.sp, ch.was.Grants, ch.t.Grants)); err != nil {
		return err
	}
	old, now := tokenFacts(ch.was, nil), tokenFacts(ch.t, nil)
	had, has := ch.sp.effective(&old, ch.owner), ch.sp.effective(&now, ch.owner)
	if !has.covers(had) {
		ch.weaker = ledger.BackMightier
	}
	if !had.covers(has) {
		ch.mightier = ledger.BackMightier
		if err := ch.ac.cover(has); err != nil {
			return err
		}
	}
	if !ch.sp.compile(claims(ch.was.Grants)).covers(ch.sp.compile(claims(ch.t.Grants))) {
		if err := coverLater(ch.ac, ch.sp, ch.t); err != nil {
			return err
		}
	}
	said := had
	if ch.was.Grants != nil {
		said = ch.sp.compile(ch.was.Grants)
	}
	if said.covers(ch.sp.compile(stated(ch.t.Grants))) {
		return nil
	}
	ch.mightier = ledger.BackMightier
	return coverStated(ch.ac, ch.sp, ch.t)
}

// DisableToken suspends a token; with revoke_after it is revoked once it was
// disabled for so long. It needs tokens:disable, and with revoke_after
// tokens:delete, but for a person's own.
func (a *Authority) DisableToken(ctx context.Context, c Caller, ref, id string, in api.DisableToken) (v api.Token, revision int64, err error) {
	revision, err = a.mutateToken(ctx, takes, c, &v, func(w *work) error {
		ch, err := w.beginToken(ref, id, "tokens:disable")
		if err != nil {
			return err
		}
		if err := ch.live(); err != nil {
			return err
		}
		ch.disable(w.now)
		if in.RevokeAfter.Has() { // nothing brings it back then
			if err := mayManage(ch.ac, ch.t, "tokens:delete"); err != nil {
				return err
			}
			ch.t.RevokeAt, ch.decided = w.now.Add(in.RevokeAfter.Value.Std()), true
		}
		v, err = w.finishToken(ch, "token.disabled")
		return err
	})
	return v, revision, err
}

// EnableToken brings a disabled token back. It needs tokens:disable, but for a
// person's own that nobody else disabled, and cover of what the token may do. Its
// scheduled end stays unless the caller may end it.
func (a *Authority) EnableToken(ctx context.Context, c Caller, ref, id string) (v api.Token, revision int64, err error) {
	revision, err = a.mutateToken(ctx, gives, c, &v, func(w *work) error {
		ch, err := w.beginToken(ref, id, "tokens:disable")
		if err != nil {
			return err
		}
		if err := ch.live(); err != nil {
			return err
		}
		ch.enabled()
		v, err = w.finishToken(ch, "token.enabled")
		return err
	})
	return v, revision, err
}

// enabled is the token without its stop, and without its scheduled end where the
// caller may end that.
func (ch *change) enabled() {
	ch.t.DisabledAt = time.Time{}
	if input.First(mayManage(ch.ac, ch.t, "tokens:delete"), ch.undo(ch.t.Held&ledger.BackUnending)) == nil {
		ch.t.RevokeAt = time.Time{}
	}
}

// RevokeToken ends a token for good. It needs tokens:delete, but for a person's
// own and for the token that revokes itself. A revoked one stays as it is.
func (a *Authority) RevokeToken(ctx context.Context, c Caller, ref, id string, in api.RevokeToken) (v api.Token, revision int64, err error) {
	revision, err = a.mutateToken(ctx, takes, c, &v, func(w *work) error {
		if err := checkReason(in); err != nil {
			return err
		}
		ch, err := w.beginEnd(ref, id)
		if err != nil {
			return err
		}
		if ch.before.Status == api.StatusRevoked {
			v = ch.before
			w.touchToken(ch.t) // a commit whose outcome was unknown may have done it
			return errDryRun
		}
		v, err = w.end(ch, in, "token.revoked")
		return err
	})
	return v, revision, err
}

// end revokes a token that may be revoked, and tells of it as it was done.
func (w *work) end(ch *change, in api.RevokeToken, action string) (api.Token, error) {
	leaked := ch.t.RevokedAt.IsZero() && in.Reason == api.ReasonLeaked
	revoke(&ch.t, w.now, in.Reason, token.Redact(in.Comment))
	v, err := w.finishToken(ch, action)
	if err != nil || !leaked {
		return v, err
	}
	return v, w.tellRevokedAsLeaked(ch, v)
}

// beginEnd is beginToken for the verbs that end a token: itself always.
func (w *work) beginEnd(ref, id string) (*change, error) {
	ch, err := w.beginToken(ref, id, "")
	if err != nil || ch.ac.isSelf(ch.t) {
		return ch, err
	}
	return ch, mayManage(ch.ac, ch.t, "tokens:delete")
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

// revoke ends a token; the first reason stands.
func revoke(t *ledger.Token, now time.Time, reason, comment string) {
	if !t.RevokedAt.IsZero() {
		return
	}
	if reason == "" {
		reason = api.ReasonOther
	}
	t.RevokedAt, t.RevokeReason, t.RevokeComment = now, reason, comment
}

// DeleteToken revokes a token, for the reason that in gives if it was not revoked
// before, and hides it from default lists: one change. It needs tokens:delete, but
// for a person's own and for the token itself.
func (a *Authority) DeleteToken(ctx context.Context, c Caller, ref, id string, in api.RevokeToken) (v api.Token, revision int64, err error) {
	revision, err = a.mutateToken(ctx, takes, c, &v, func(w *work) error {
		if err := checkReason(in); err != nil {
			return err
		}
		ch, err := w.beginEnd(ref, id)
		if err != nil {
			return err
		}
		if ch.t.DeletedAt.IsZero() {
			ch.t.DeletedAt = w.now
		}
		v, err = w.end(ch, in, "token.deleted")
		return err
	})
	return v, revision, err
}

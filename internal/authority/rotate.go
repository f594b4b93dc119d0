package authority

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/token"
)

// keptSecrets is how many secrets of a token are remembered: the current one,
// the one in its overlap, and the last four retired ones.
const keptSecrets = 6

// RotateToken gives a token a new secret; the old one works until the overlap
// ends. It needs tokens:edit and that the token's rights are within the
// caller's own; a token with tokens:self may rotate itself, without a longer
// life. A revoked token, and an expired one without renew, cannot be rotated; nor
// can one that would stay outside the policy.
func (a *Authority) RotateToken(ctx context.Context, c Caller, ref, id string, in api.RotateToken) (out Issued, err error) {
	out.Revision, err = a.handOver(ctx, gives, c, id, &out.Token, func(w *work) error {
		ch, err := w.beginHandover(ref, id)
		if err != nil {
			return err
		}
		judge := func(ch *change) error {
			return input.First(w.renew(ch, in), lifeOf(ch.t).Within(ch.sp.policy(), w.now))
		}
		if again, err := w.again(ch.ac, ch.sp, &out, keepLife(judge)); again || err != nil {
			return err
		}
		if err := judge(ch); err != nil {
			return err
		}
		overlap := in.Overlap.Or(ch.sp.policy().Overlap)
		out.Token, out.Secret, err = w.replaceSecret(ch, overlap, in.RetireOnFirstUse, "token.rotated")
		return err
	})
	return out, err
}

// ResetToken is a rotation without overlap: the old secret is dead at once. It is
// for a secret in the wrong hands, so the policy never stands in its way: an
// expiry beyond the policy is brought within it.
func (a *Authority) ResetToken(ctx context.Context, c Caller, ref, id string) (out Issued, err error) {
	out.Revision, err = a.handOver(ctx, takes, c, id, &out.Token, func(w *work) error {
		ch, err := w.beginHandover(ref, id)
		if err != nil {
			return err
		}
		if again, err := w.again(ch.ac, ch.sp, &out, w.curb); again || err != nil {
			return err
		}
		if err := w.curb(ch); err != nil {
			return err
		}
		out.Token, out.Secret, err = w.replaceSecret(ch, 0, false, "token.reset")
		return err
	})
	return out, err
}

// handOver is mutateToken for the verbs that replace a secret. The secret that is
// current when the request comes in is looked up before the lock is taken: if
// another is current by then, somebody else's request came first, and this one
// would end a secret that has just been handed over.
func (a *Authority) handOver(ctx context.Context, e effect, c Caller, id string, v *api.Token, f func(*work) error) (int64, error) {
	number := a.seen(ctx, func(r *Snapshot) (token.Locator, error) {
		if id == "self" {
			return c.Token, nil
		}
		return token.ParseLocator(locatorPart(id))
	})
	return a.mutateToken(ctx, e, c, v, func(w *work) error {
		w.replaces = number
		return f(w)
	})
}

// seen is the number of the current secret of the token that find finds; 0 when
// there is none to be seen: the verb itself then says what is wrong.
func (a *Authority) seen(ctx context.Context, find func(*Snapshot) (token.Locator, error)) (number int) {
	ctx, cancel := context.WithTimeout(ctx, time.Second) // nobody's reset waits for those who read
	defer cancel()
	err := a.read(ctx, func(r *Snapshot) error {
		l, err := find(r)
		if err != nil {
			return err
		}
		t, err := r.Token(l)
		if err != nil {
			return err
		}
		secrets, err := r.Secrets(t.ID)
		if err == nil && len(secrets) > 0 {
			number = secrets[0].Number
		}
		return err
	})
	if err != nil {
		return 0
	}
	return number
}

// unrivalled refuses to replace a secret other than the one that was current
// when the request came in.
func (w *work) unrivalled(current ledger.Secret) error {
	if w.replaces == 0 || w.replaces == current.Number {
		return nil
	}
	return api.Errorf(api.CodeRotationConflict, "the token was rotated while this request waited; the secret that was handed over then is kept")
}

// beginHandover begins a verb that hands over a new secret of a token.
func (w *work) beginHandover(ref, id string) (*change, error) {
	ch, err := w.beginToken(ref, id, "")
	if err != nil {
		return nil, err
	}
	if err := ch.mayRotate(); err != nil {
		return nil, err
	}
	return ch, ch.live()
}

// keepLife judges without lengthening a life again that was lengthened when the
// request first came.
func keepLife(judge func(*change) error) func(*change) error {
	return func(ch *change) error {
		rehearsed := *ch
		return judge(&rehearsed)
	}
}

func (ch *change) mayRotate() error {
	if ch.ac.isSelf(ch.t) {
		if ch.t.OwnerMember != 0 { // a fresh secret is a personal token held anew
			if err := anyPersonal(ch.sp); err != nil {
				return err
			}
		}
		if ch.ac.grant.AllowsAny("tokens:edit") {
			return nil
		}
		return ch.ac.need("tokens:self")
	}
	if err := mayHold(ch.ac, ch.sp, ch.t, "tokens:edit"); err != nil {
		return err
	}
	return coverToken(ch.ac, ch.sp, ch.t, ch.owner)
}

// renew settles the life of a token that is rotated: as it was, its original
// lifetime again as far as the policy allows, or a new one.
func (w *work) renew(ch *change, in api.RotateToken) error {
	if in.Renew && in.ExpiresIn.Has() {
		return api.FieldError("expires_in", "give either renew or expires_in")
	}
	switch {
	case in.ExpiresIn.Has():
		ch.t.ExpiresAt = w.now.Add(in.ExpiresIn.Value.Std())
		ch.t.Lifetime = in.ExpiresIn.Value.Std()
	case in.Renew && !(ch.t.ExpiresAt.IsZero() && ch.sp.policy().AllowNever):
		ch.t.ExpiresAt = w.now.Add(lifeOf(ch.t).Renewed(ch.sp.policy()))
	default:
		return input.First(unexpired(ch), lifeOf(ch.t).MayGoOn(ch.sp.policy(), w.now))
	}
	if ch.ac.isSelf(ch.t) && outlives(ch.t.ExpiresAt, ch.was.ExpiresAt) {
		return exceeds("renew", "a token cannot extend its own life")
	}
	if err := lifeOf(ch.t).ExpiryWithin(ch.sp.policy(), w.now); err != nil {
		return err
	}
	ch.endWithMaker()
	return input.First(
		policy.Life{ExpiresAt: ch.t.ExpiresAt}.Possible(w.now),
		tighter(ch.ac, ch.sp, ch.owner, ch.t, ch.was),
	)
}

// unexpired refuses a new secret for a token whose expiry has passed and stays.
func unexpired(ch *change) error {
	if ch.before.Status == api.StatusExpired {
		return api.Errorf(api.CodeTokenExpired, "the token has expired; rotate it with renew")
	}
	return nil
}

// curb settles the life of a token that is reset: as it was, or, where the policy
// no longer allows that, as long as it allows.
func (w *work) curb(ch *change) error {
	if err := unexpired(ch); err != nil {
		return err
	}
	if p := ch.sp.policy(); lifeOf(ch.t).ExpiryWithin(p, w.now) != nil {
		ch.t.ExpiresAt = w.now.Add(policy.Longest(p))
	}
	return nil
}

// endWithMaker shortens a relative life to that of the token which gives it, but
// takes nothing from what there was.
func (ch *change) endWithMaker() {
	if ch.ac.with == nil || !outlives(ch.t.ExpiresAt, ch.ac.with.ExpiresAt) || !outlives(ch.t.ExpiresAt, ch.was.ExpiresAt) {
		return
	}
	ch.t.ExpiresAt = ch.ac.with.ExpiresAt
	if outlives(ch.was.ExpiresAt, ch.t.ExpiresAt) {
		ch.t.ExpiresAt = ch.was.ExpiresAt
	}
}

// replaceSecret mints the next secret, ends the old ones, and writes the token.
// What ends is over for good, and a secret whose overlap already ran was over
// then; an expired token's old secret stays dead.
func (w *work) replaceSecret(ch *change, overlap api.Duration, onUse bool, action string) (api.Token, token.Secret, error) {
	// The token is compared before this request is remembered as done.
	err := w.expect(ch.sp.ws, ch.before.ID, ch.was.Revision)
	if err != nil {
		return api.Token{}, token.Secret{}, err
	}
	secrets, err := w.Secrets(ch.t.ID)
	if err != nil {
		return api.Token{}, token.Secret{}, err
	}
	if err := w.unrivalled(secrets[0]); err != nil {
		return api.Token{}, token.Secret{}, err
	}
	if ch.before.Status == api.StatusExpired {
		overlap = 0
	}
	end := w.now.Add(overlap.Std())
	for _, s := range secrets {
		if !s.EndedAt.IsZero() {
			continue
		}
		if err := w.PutSecret(retire(s, secrets[0].Number, end, w.now)); err != nil {
			return api.Token{}, token.Secret{}, err
		}
	}
	number := secrets[0].Number + 1
	secret, err := w.mint(ch.t, number, onUse)
	if err != nil {
		return api.Token{}, token.Secret{}, err
	}
	if err := w.DeleteSecrets(ch.t.ID, number-keptSecrets+1); err != nil {
		return api.Token{}, token.Secret{}, err
	}
	ch.t.RotatedAt = w.now
	v, err := w.finishToken(ch, action)
	return v, secret, err
}

// retire is a secret after a rotation: the current one works until the overlap
// ends, if there is one; every other is over.
func retire(s ledger.Secret, current int, end, now time.Time) ledger.Secret {
	if s.Number != current || !end.After(now) {
		return s.Over(now)
	}
	s.RetiresAt, s.Sealed = end, nil
	return s
}

// ResetAccessToken makes or resets the one standing access token of a member.
// For one's own it needs what a personal token of one's own needs; for somebody
// else's tokens:create and tokens:impersonate.
func (a *Authority) ResetAccessToken(ctx context.Context, c Caller, ref, who string) (out Issued, err error) {
	number := a.seen(ctx, func(r *Snapshot) (token.Locator, error) {
		st, err := a.standing(r, c, ref, who)
		return st.t.Locator, err
	})
	out.Revision, err = a.mutateToken(ctx, neither, c, &out.Token, func(w *work) error {
		st, err := a.standing(w.Snapshot, c, ref, who)
		if err := input.First(err, w.sentOnce()); err != nil {
			return err
		}
		w.replaces = number
		if again, err := w.again(st.ac, st.sp, &out, w.stillStanding); again || err != nil {
			return err
		}
		if !st.found {
			if err := w.give(); err != nil {
				return err
			}
			out.Token, out.Secret, err = w.createStanding(st.ac, st.sp, st.m)
			return err
		}
		ch, err := w.beginHandover(ref, st.t.Locator.String())
		if err != nil {
			return err
		}
		if err := w.standingLife(ch); err != nil {
			return err
		}
		out.Token, out.Secret, err = w.replaceSecret(ch, 0, false, "token.reset")
		return err
	})
	return out, err
}

// standing is a member's standing access token, as a caller came to it.
type standing struct {
	ac    *actor
	sp    *space
	m     ledger.Member
	t     ledger.Token
	found bool
}

// standingLife settles the life of a standing token that is reset.
func (w *work) standingLife(ch *change) error {
	if ch.ac.isSelf(ch.t) || ch.undo(ch.t.Held&ledger.BackLonger) != nil || w.give() != nil { // neither, nor anybody without a clock, may make it live longer
		return w.curb(ch)
	}
	return w.renew(ch, api.RotateToken{Renew: true})
}

// stillStanding judges a request that is repeated by what it did: it made the
// token, or gave it another secret.
func (w *work) stillStanding(ch *change) error {
	if ch.t.RotatedAt.IsZero() {
		return w.stillCreates(ch)
	}
	return input.First(ch.mayRotate(), keepLife(w.standingLife)(ch))
}

// standing finds a member's standing token that is not revoked.
func (a *Authority) standing(r *Snapshot, c Caller, ref, who string) (st standing, err error) {
	if st.ac, st.sp, err = a.enter(r, c, ref); err != nil {
		return st, err
	}
	st.m, err = a.member(r, st.ac, st.sp, who)
	if errors.Is(err, ledger.ErrNoRow) || err == nil && st.m.ID != st.ac.member {
		err = input.First(anyPersonal(st.sp), st.ac.need("tokens:impersonate"), err) // whether there is such a member is not for everybody
	}
	if err != nil {
		return st, err
	}
	st.t, err = r.StandingToken(st.m.Workspace, st.m.ID)
	st.found = err == nil
	return st, ignoreNoRow(err)
}

func (w *work) createStanding(ac *actor, sp *space, m ledger.Member) (api.Token, token.Secret, error) {
	in := api.CreateToken{Kind: "personal", Owner: memberAddress(m)}
	in.Label = api.Some("Access token")
	t, err := w.draft(ac, sp, in)
	if err != nil {
		return api.Token{}, token.Secret{}, err
	}
	t.Standing = true
	if err := w.roomFor(t, sp); err != nil {
		return api.Token{}, token.Secret{}, err
	}
	return w.issue(ac, sp, t)
}

// TransferToken moves a token to another owner and rotates it without overlap:
// whoever held the old secret holds nothing. It takes the token from its owner, so
// it needs what revoking it needs, tokens:edit, what a token of the new owner
// needs, rights within the caller's own, and a token within the policy. What
// stopped or narrowed it stays.
func (a *Authority) TransferToken(ctx context.Context, c Caller, ref, id string, in api.TransferToken) (out Issued, err error) {
	out.Revision, err = a.handOver(ctx, gives, c, id, &out.Token, func(w *work) error {
		ch, err := w.beginToken(ref, id, "tokens:edit")
		if err != nil {
			return err
		}
		if err := input.First(mayManage(ch.ac, ch.t, "tokens:delete"), w.sentOnce(), ch.live()); err != nil {
			return err
		}
		if err := w.rehome(ch, in.Owner); err != nil {
			return err
		}
		if err := input.First(unexpired(ch), lifeOf(ch.t).Within(ch.sp.policy(), w.now)); err != nil {
			return err
		}
		out.Token, out.Secret, err = w.replaceSecret(ch, 0, false, "token.transferred")
		return err
	})
	return out, err
}

// rehome gives the token being changed to another owner and judges the result
// like a new token. A token keeps its kind's letter in the token string's first
// part, so its kind follows the new owner.
func (w *work) rehome(ch *change, owner string) error {
	if owner == "" {
		return api.FieldError("owner", "is required")
	}
	ch.t.OwnerMember, ch.t.OwnerServiceAccount, ch.t.Standing = 0, 0, false
	o, err := w.chooseOwner(ch.ac, ch.sp, api.CreateToken{Owner: owner}, &ch.t)
	if err != nil {
		return err
	}
	ch.owner = o
	if ch.t.Kind == token.Workspace && (ch.t.Grants == nil || slices.ContainsFunc(ch.t.Grants, restrictsOnly)) {
		return api.FieldError("owner", "this token inherits its owner's rights; give it a role or scopes before the workspace owns it")
	}
	if err := input.First(
		mayHold(ch.ac, ch.sp, ch.t, "tokens:create"),
		activeOwner(o),
		ceiling(ch.ac, ch.sp, ch.t, o),
		tighter(ch.ac, ch.sp, o, ch.t, ledger.Token{}), // to its new owner it is a new token
		w.roomFor(ch.t, ch.sp),
	); err != nil {
		return err
	}
	ch.holdAll(w.now) // also what its former owner stopped
	return nil
}

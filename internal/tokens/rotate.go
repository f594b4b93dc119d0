package tokens

import (
	"context"
	"errors"
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

// keptSecrets is how many secrets of a token are remembered: the current one,
// the one in its overlap, and the last four retired ones.
const keptSecrets = 6

// RotateToken gives a token a new secret; the old one works until the overlap
// ends. It needs tokens:edit and that the token's rights are within the
// caller's own; a token with tokens:self may rotate itself, without a longer
// life. A revoked token, and an expired one without renew, cannot be rotated; nor
// can one that would stay outside the policy.
func (a *Tokens) RotateToken(ctx context.Context, c authority.Caller, ref, id string, in api.RotateToken) (out authority.Issued, err error) {
	out.Revision, err = handOver(ctx, a.in, authority.Gives, c, id, &out.Token, func(w *authority.Work) error {
		ch, err := beginHandover(w, ref, id)
		if err != nil {
			return err
		}
		judge := func(ch *authority.Change) error {
			return input.First(renew(w, ch, in), authority.LifeOf(ch.Token).Within(ch.Space.Policy(), w.Now))
		}
		if again, err := w.Again(ch.Actor, ch.Space, &out, keepLife(judge)); again || err != nil {
			return err
		}
		if err := judge(ch); err != nil {
			return err
		}
		overlap := in.Overlap.Or(ch.Space.Policy().Overlap)
		out.Token, out.Secret, err = replaceSecret(w, ch, overlap, in.RetireOnFirstUse, "token.rotated")
		return err
	})
	return out, err
}

// ResetToken is a rotation without overlap: the old secret is dead at once. It is
// for a secret in the wrong hands, so the policy never stands in its way: an
// expiry beyond the policy is brought within it.
func (a *Tokens) ResetToken(ctx context.Context, c authority.Caller, ref, id string) (out authority.Issued, err error) {
	out.Revision, err = handOver(ctx, a.in, authority.Takes, c, id, &out.Token, func(w *authority.Work) error {
		ch, err := beginHandover(w, ref, id)
		if err != nil {
			return err
		}
		if again, err := w.Again(ch.Actor, ch.Space, &out, func(ch *authority.Change) error { return curb(w, ch) }); again || err != nil {
			return err
		}
		if err := curb(w, ch); err != nil {
			return err
		}
		out.Token, out.Secret, err = replaceSecret(w, ch, 0, false, "token.reset")
		return err
	})
	return out, err
}

// handOver is mutateToken for the verbs that replace a secret. The secret that is
// current when the request comes in is looked up before the lock is taken: if
// another is current by then, somebody else's request came first, and this one
// would end a secret that has just been handed over.
func handOver(ctx context.Context, a *authority.Authority, e authority.Effect, c authority.Caller, id string, v *api.Token, f func(*authority.Work) error) (int64, error) {
	number := seen(ctx, a, func(r *authority.Snapshot) (token.Locator, error) {
		if id == "self" {
			return c.Token, nil
		}
		return token.ParseLocator(authority.LocatorPart(id))
	})
	return a.MutateToken(ctx, e, c, v, func(w *authority.Work) error {
		w.Replaces = number
		return f(w)
	})
}

// seen is the number of the current secret of the token that find finds; 0 when
// there is none to be seen: the verb itself then says what is wrong.
func seen(ctx context.Context, a *authority.Authority, find func(*authority.Snapshot) (token.Locator, error)) (number int) {
	ctx, cancel := context.WithTimeout(ctx, time.Second) // nobody's reset waits for those who read
	defer cancel()
	err := a.Read(ctx, func(r *authority.Snapshot) error {
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
func unrivalled(w *authority.Work, current ledger.Secret) error {
	if w.Replaces == 0 || w.Replaces == current.Number {
		return nil
	}
	return api.Errorf(api.CodeRotationConflict, "the token was rotated while this request waited; the secret that was handed over then is kept")
}

// beginHandover begins a verb that hands over a new secret of a token.
func beginHandover(w *authority.Work, ref, id string) (*authority.Change, error) {
	ch, err := beginToken(w, ref, id, "")
	if err != nil {
		return nil, err
	}
	if err := MayRotate(ch); err != nil {
		return nil, err
	}
	return ch, ch.Live()
}

// keepLife judges without lengthening a life again that was lengthened when the
// request first came.
func keepLife(judge func(*authority.Change) error) func(*authority.Change) error {
	return func(ch *authority.Change) error {
		rehearsed := *ch
		return judge(&rehearsed)
	}
}

// MayRotate refuses whoever may not give a token another secret.
func MayRotate(ch *authority.Change) error {
	if ch.Actor.IsSelf(ch.Token) {
		if ch.Token.OwnerMember != 0 { // a fresh secret is a personal token held anew
			if err := anyPersonal(ch.Space); err != nil {
				return err
			}
		}
		if ch.Actor.Grant.AllowsAny("tokens:edit") {
			return nil
		}
		return ch.Actor.Need("tokens:self")
	}
	if err := MayHold(ch.Actor, ch.Space, ch.Token, "tokens:edit"); err != nil {
		return err
	}
	return authority.CoverToken(ch.Actor, ch.Space, ch.Token, ch.Owner)
}

// renew settles the life of a token that is rotated: as it was, its original
// lifetime again as far as the policy allows, or a new one.
func renew(w *authority.Work, ch *authority.Change, in api.RotateToken) error {
	if in.Renew && in.ExpiresIn.Has() {
		return api.FieldError("expires_in", "give either renew or expires_in")
	}
	switch {
	case in.ExpiresIn.Has():
		ch.Token.ExpiresAt = w.Now.Add(in.ExpiresIn.Value.Std())
		ch.Token.Lifetime = in.ExpiresIn.Value.Std()
	case in.Renew && !(ch.Token.ExpiresAt.IsZero() && ch.Space.Policy().AllowNever):
		ch.Token.ExpiresAt = w.Now.Add(authority.LifeOf(ch.Token).Renewed(ch.Space.Policy()))
	default:
		return input.First(unexpired(ch), authority.LifeOf(ch.Token).MayGoOn(ch.Space.Policy(), w.Now))
	}
	if ch.Actor.IsSelf(ch.Token) && authority.Outlives(ch.Token.ExpiresAt, ch.Was.ExpiresAt) {
		return authority.Exceeds("renew", "a token cannot extend its own life")
	}
	if err := authority.LifeOf(ch.Token).ExpiryWithin(ch.Space.Policy(), w.Now); err != nil {
		return err
	}
	endWithMaker(ch)
	return input.First(
		policy.Life{ExpiresAt: ch.Token.ExpiresAt}.Possible(w.Now),
		authority.Tighter(ch.Actor, ch.Space, ch.Owner, ch.Token, ch.Was),
	)
}

// unexpired refuses a new secret for a token whose expiry has passed and stays.
func unexpired(ch *authority.Change) error {
	if ch.Before.Status == api.StatusExpired {
		return api.Errorf(api.CodeTokenExpired, "the token has expired; rotate it with renew")
	}
	return nil
}

// curb settles the life of a token that is reset: as it was, or, where the policy
// no longer allows that, as long as it allows.
func curb(w *authority.Work, ch *authority.Change) error {
	if err := unexpired(ch); err != nil {
		return err
	}
	if p := ch.Space.Policy(); authority.LifeOf(ch.Token).ExpiryWithin(p, w.Now) != nil {
		ch.Token.ExpiresAt = w.Now.Add(policy.Longest(p))
	}
	return nil
}

// endWithMaker shortens a relative life to that of the token which gives it, but
// takes nothing from what there was.
func endWithMaker(ch *authority.Change) {
	if ch.Actor.With == nil || !authority.Outlives(ch.Token.ExpiresAt, ch.Actor.With.ExpiresAt) || !authority.Outlives(ch.Token.ExpiresAt, ch.Was.ExpiresAt) {
		return
	}
	ch.Token.ExpiresAt = ch.Actor.With.ExpiresAt
	if authority.Outlives(ch.Was.ExpiresAt, ch.Token.ExpiresAt) {
		ch.Token.ExpiresAt = ch.Was.ExpiresAt
	}
}

// replaceSecret mints the next secret, ends the old ones, and writes the token.
// What ends is over for good, and a secret whose overlap already ran was over
// then; an expired token's old secret stays dead.
func replaceSecret(w *authority.Work, ch *authority.Change, overlap api.Duration, onUse bool, action string) (api.Token, token.Secret, error) {
	// The token is compared before this request is remembered as done.
	err := w.Expect(ch.Space.Workspace, ch.Before.ID, ch.Was.Revision)
	if err != nil {
		return api.Token{}, token.Secret{}, err
	}
	secrets, err := w.Secrets(ch.Token.ID)
	if err != nil {
		return api.Token{}, token.Secret{}, err
	}
	if err := unrivalled(w, secrets[0]); err != nil {
		return api.Token{}, token.Secret{}, err
	}
	if ch.Before.Status == api.StatusExpired {
		overlap = 0
	}
	end := w.Now.Add(overlap.Std())
	for _, s := range secrets {
		if !s.EndedAt.IsZero() {
			continue
		}
		if err := w.PutSecret(retire(s, secrets[0].Number, end, w.Now)); err != nil {
			return api.Token{}, token.Secret{}, err
		}
	}
	number := secrets[0].Number + 1
	secret, err := w.Mint(ch.Actor, ch.Token, number, onUse)
	if err != nil {
		return api.Token{}, token.Secret{}, err
	}
	if err := w.DeleteSecrets(ch.Token.ID, number-keptSecrets+1); err != nil {
		return api.Token{}, token.Secret{}, err
	}
	ch.Token.RotatedAt = w.Now
	v, err := w.FinishToken(ch, action)
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
func (a *Tokens) ResetAccessToken(ctx context.Context, c authority.Caller, ref, who string) (out authority.Issued, err error) {
	number := seen(ctx, a.in, func(r *authority.Snapshot) (token.Locator, error) {
		st, err := standingOf(a.in, r, c, ref, who)
		return st.t.Locator, err
	})
	out.Revision, err = a.in.MutateToken(ctx, authority.Neither, c, &out.Token, func(w *authority.Work) error {
		st, err := standingOf(a.in, w.Snapshot, c, ref, who)
		if err := input.First(err, w.SentOnce()); err != nil {
			return err
		}
		w.Replaces = number
		if again, err := w.Again(st.ac, st.sp, &out, func(ch *authority.Change) error { return stillStanding(w, ch) }); again || err != nil {
			return err
		}
		if !st.found {
			if err := w.Give(); err != nil {
				return err
			}
			out.Token, out.Secret, err = createStanding(w, st.ac, st.sp, st.m)
			return err
		}
		ch, err := beginHandover(w, ref, st.t.Locator.String())
		if err != nil {
			return err
		}
		if err := standingLife(w, ch); err != nil {
			return err
		}
		out.Token, out.Secret, err = replaceSecret(w, ch, 0, false, "token.reset")
		return err
	})
	return out, err
}

// standing is a member's standing access token, as a caller came to it.
type standing struct {
	ac    *authority.Actor
	sp    *authority.Space
	m     ledger.Member
	t     ledger.Token
	found bool
}

// standingLife settles the life of a standing token that is reset.
func standingLife(w *authority.Work, ch *authority.Change) error {
	if ch.Actor.IsSelf(ch.Token) || ch.Undo(ch.Token.Held&ledger.BackLonger) != nil || w.Give() != nil { // neither, nor anybody without a clock, may make it live longer
		return curb(w, ch)
	}
	return renew(w, ch, api.RotateToken{Renew: true})
}

// stillStanding judges a request that is repeated by what it did: it made the
// token, or gave it another secret.
func stillStanding(w *authority.Work, ch *authority.Change) error {
	if ch.Token.RotatedAt.IsZero() {
		return stillCreates(w, ch)
	}
	return input.First(MayRotate(ch), keepLife(func(ch *authority.Change) error { return standingLife(w, ch) })(ch))
}

// standingOf finds a member's standing token that is not revoked.
func standingOf(a *authority.Authority, r *authority.Snapshot, c authority.Caller, ref, who string) (st standing, err error) {
	if st.ac, st.sp, err = a.Enter(r, c, ref); err != nil {
		return st, err
	}
	st.m, err = a.Member(r, st.ac, st.sp, who)
	if errors.Is(err, ledger.ErrNoRow) || err == nil && st.m.ID != st.ac.Member {
		err = input.First(anyPersonal(st.sp), st.ac.Need("tokens:impersonate"), err) // whether there is such a member is not for everybody
	}
	if err != nil {
		return st, err
	}
	st.t, err = r.StandingToken(st.m.Workspace, st.m.ID)
	st.found = err == nil
	return st, authority.IgnoreNoRow(err)
}

func createStanding(w *authority.Work, ac *authority.Actor, sp *authority.Space, m ledger.Member) (api.Token, token.Secret, error) {
	in := api.CreateToken{Kind: "personal", Owner: authority.MemberAddress(m)}
	in.Label = api.Some("Access token")
	t, err := Draft(w, ac, sp, in)
	if err != nil {
		return api.Token{}, token.Secret{}, err
	}
	t.Standing = true
	if err := roomFor(w, t, sp); err != nil {
		return api.Token{}, token.Secret{}, err
	}
	return Issue(w, ac, sp, t)
}

// TransferToken moves a token to another owner and rotates it without overlap:
// whoever held the old secret holds nothing. It takes the token from its owner, so
// it needs what revoking it needs, tokens:edit, what a token of the new owner
// needs, rights within the caller's own, and a token within the policy. What
// stopped or narrowed it stays.
func (a *Tokens) TransferToken(ctx context.Context, c authority.Caller, ref, id string, in api.TransferToken) (out authority.Issued, err error) {
	out.Revision, err = handOver(ctx, a.in, authority.Gives, c, id, &out.Token, func(w *authority.Work) error {
		ch, err := beginToken(w, ref, id, "tokens:edit")
		if err != nil {
			return err
		}
		if err := input.First(authority.MayManage(ch.Actor, ch.Token, "tokens:delete"), w.SentOnce(), ch.Live()); err != nil {
			return err
		}
		if err := rehome(w, ch, in.Owner); err != nil {
			return err
		}
		if err := input.First(unexpired(ch), authority.LifeOf(ch.Token).Within(ch.Space.Policy(), w.Now)); err != nil {
			return err
		}
		out.Token, out.Secret, err = replaceSecret(w, ch, 0, false, "token.transferred")
		return err
	})
	return out, err
}

// rehome gives the token being changed to another owner and judges the result
// like a new token. A token keeps its kind's letter in the token string's first
// part, so its kind follows the new owner.
func rehome(w *authority.Work, ch *authority.Change, owner string) error {
	if owner == "" {
		return api.FieldError("owner", "is required")
	}
	ch.Token.OwnerMember, ch.Token.OwnerServiceAccount, ch.Token.Standing = 0, 0, false
	o, err := chooseOwner(w, ch.Actor, ch.Space, api.CreateToken{Owner: owner}, &ch.Token)
	if err != nil {
		return err
	}
	ch.Owner = o
	if ch.Token.Kind == token.Workspace && (ch.Token.Grants == nil || slices.ContainsFunc(ch.Token.Grants, grant.RestrictsOnly)) {
		return api.FieldError("owner", "this token inherits its owner's rights; give it a role or scopes before the workspace owns it")
	}
	if err := input.First(
		MayHold(ch.Actor, ch.Space, ch.Token, "tokens:create"),
		activeOwner(o),
		ceiling(ch.Actor, ch.Space, ch.Token, o),
		authority.Tighter(ch.Actor, ch.Space, o, ch.Token, ledger.Token{}), // to its new owner it is a new token
		roomFor(w, ch.Token, ch.Space),
	); err != nil {
		return err
	}
	ch.HoldAll(w.Now) // also what its former owner stopped
	return nil
}

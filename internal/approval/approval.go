// Package approval is the second person whom a policy asks for: whoever approves or refuses a
// token that waits.
//
// Laws of this package:
//
//   - A person decides, signed in or by a personal token that nobody else was ever handed a
//     secret of. A service account, a job and somebody who acts as another decide nothing.
//   - Nobody approves what they asked for, whatever they asked with, nor what is theirs.
//   - Whoever approves may administer tokens there, and do all that the token may do, at that
//     moment.
//   - A decision is made once. What was refused, or ran out, ended: it is asked for anew.
package approval

import (
	"context"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// Approval are the verbs about tokens that wait for a second person. They are safe for use by
// many goroutines.
type Approval struct{ in *authority.Authority }

// New makes the verbs over an authority.
func New(in *authority.Authority) *Approval { return &Approval{in: in} }

// ApproveToken lets a token that waits work, from the answer on. It needs tokens:disable, as
// enabling one does, and all that the token may do; from a person who neither asked for it nor
// owns it. One that was approved stays as it is.
func (a *Approval) ApproveToken(ctx context.Context, c authority.Caller, ref, id string, in api.DecideToken) (done authority.Done[api.Token], err error) {
	done.Revision, err = a.in.MutateToken(ctx, authority.Gives, c, &done.Value, func(w *authority.Work) error {
		ch, err := begin(w, ref, id, in)
		if err != nil {
			return err
		}
		if ch.Token.Approval.Approved {
			done.Value = ch.Before
			return authority.ErrUnchanged
		}
		if err := MayApprove(w.Snapshot, ch); err != nil {
			return err
		}
		decide(w, ch, in.Comment)
		ch.Token.Waits, ch.Token.Approval.Approved, ch.Token.RevokeAt = false, true, time.Time{}
		w.OnlyGives()
		done.Value, err = w.FinishToken(ch, "token.approved")
		return err
	})
	return done, err
}

// RefuseToken ends a token that waits, for good. It needs tokens:disable; from a person who is
// not its maker. One that was refused stays as it is. Whoever asked ends their request by
// revoking the token.
func (a *Approval) RefuseToken(ctx context.Context, c authority.Caller, ref, id string, in api.DecideToken) (done authority.Done[api.Token], err error) {
	done.Revision, err = a.in.MutateToken(ctx, authority.Takes, c, &done.Value, func(w *authority.Work) error {
		ch, err := begin(w, ref, id, in)
		if err != nil {
			return err
		}
		if ch.Before.Approval.State == api.ApprovalRefused {
			done.Value = ch.Before
			w.TouchToken(ch.Token) // a commit whose outcome was unknown may have done it
			return authority.ErrUnchanged
		}
		if err := MayRefuse(w.Snapshot, ch); err != nil {
			return err
		}
		decide(w, ch, in.Comment)
		authority.Revoke(&ch.Token, w.Now, api.ReasonRefused, ch.Token.Approval.Comment)
		done.Value, err = w.FinishToken(ch, "token.refused")
		return err
	})
	return done, err
}

// begin finds a token that needs, or needed, a second person, and asks the gate.
func begin(w *authority.Work, ref, id string, in api.DecideToken) (*authority.Change, error) {
	ac, sp, err := w.Authority.Enter(w.Snapshot, w.Caller, ref, "tokens:disable")
	if err != nil {
		return nil, err
	}
	t, err := w.Authority.Token(w.Snapshot, ac, sp, id)
	if err != nil {
		return nil, err
	}
	if err := input.Text("comment", token.Redact(in.Comment), 0, input.MaxDescription); err != nil {
		return nil, err
	}
	if t.Approval == nil {
		return nil, api.Conflictf(api.CodeAlreadyDone, "this token needed no approval")
	}
	return w.ChangeOf(ac, sp, t)
}

// undecided refuses to decide about a token twice, or about one that has ended.
func undecided(ch *authority.Change) error {
	if ch.Token.Approval.Approved {
		return api.Conflictf(api.CodeAlreadyDone, "the token was approved; revoke it, if it is to end")
	}
	if ch.Before.Status == api.StatusExpired {
		return api.Errorf(api.CodeTokenExpired, "the token expired before anybody approved it; it is to be asked for anew")
	}
	return ch.Live()
}

// decide writes who decided, and why.
func decide(w *authority.Work, ch *authority.Change, comment string) {
	a := *ch.Was.Approval
	a.DecidedAt, a.By, a.Comment = w.Now, ch.Actor.Name(), token.Redact(comment)
	ch.Token.Approval = &a
}

// MayApprove judges an approval as the making of the token, at this moment, by whoever approves.
func MayApprove(r *authority.Snapshot, ch *authority.Change) error {
	if err := MayRefuse(r, ch); err != nil {
		return err
	}
	switch {
	case ch.Before.Status == api.StatusDisabled:
		return api.Errorf(api.CodeInactive, "the token is disabled; let it be enabled first, or refuse it")
	case !ch.Owner.Active:
		return api.Errorf(api.CodeInactive, "the owner is deactivated or disabled")
	}
	return input.First(
		authority.CoverToken(ch.Actor, ch.Space, ch.Token, ch.Owner),
		ch.Actor.Cover(ch.Space.Compile(authority.Stated(ch.Token.Grants))),
		authority.LifeOf(ch.Token).Within(ch.Space.Policy(), r.Now),
	)
}

// MayRefuse judges whether there is something to decide, by whoever asks. The right to
// administer tokens is asked for elsewhere.
func MayRefuse(r *authority.Snapshot, ch *authority.Change) error {
	return input.First(undecided(ch), second(r, ch))
}

// second refuses whoever is no second person: who asked, whose token it is, and what is no
// person by themselves.
func second(r *authority.Snapshot, ch *authority.Change) error {
	who, err := person(r, ch.Actor)
	if err != nil {
		return err
	}
	barred := ch.Token.Approval.Askers
	if ch.Token.OwnerMember != 0 { // it may have been made for somebody else
		m, err := r.Member(0, ledger.MemberKey{ID: ch.Token.OwnerMember})
		if err != nil {
			return err
		}
		barred = append(slices.Clone(barred), m.User)
	}
	if slices.Contains(barred, who) {
		return api.Errorf(api.CodeForbidden, "somebody else has to approve or refuse this token: you asked for it, or it is yours. Revoke it, if you need it no more")
	}
	return nil
}

// person is who decides, where that is one.
func person(r *authority.Snapshot, ac *authority.Actor) (ledger.ID, error) {
	no := func(what string) error {
		return api.Errorf(api.CodeForbidden, "a person approves and refuses tokens as themselves, signed in or by a personal token that they made: %s", what)
	}
	switch {
	case ac.Machine != "":
		return 0, no("sign in for that")
	case ac.OnBehalf != "":
		return 0, no("nobody does it in the name of somebody else")
	case ac.With == nil:
		return ac.User, nil
	case ac.With.OwnerMember == 0:
		return 0, no("this is a token of a service account or of the workspace")
	}
	m, err := r.Member(0, ledger.MemberKey{ID: ac.With.OwnerMember})
	if err != nil {
		return 0, err
	}
	holder, err := r.Person(ac.Caller)
	if err == nil && holder != m.User {
		err = no("it is not known that the secret of this token was handed to its owner alone; rotate it yourself, signed in")
	}
	return holder, err
}

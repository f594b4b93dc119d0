package signin

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/token"
)

// A link that somebody hands over is not one that was mailed: it dies sooner, and
// nobody who asks for a mail in a person's name makes it dead.
const (
	handedFor = 15 * time.Minute
	// atHostFor is longer, for the server may have to be started first.
	atHostFor = time.Hour
)

// The purposes of links that are handed over, which are also their addresses: to
// choose the first password, to choose a new one, and to be rid of second factors.
const (
	purposeInvitation = ledger.PurposeInvitation
	purposeLink       = "link"
	purposeFactors    = "factors"
)

// Handouts are the links that one person gives to another, for a [Service].
type Handouts struct{ s *Service }

// HandOut makes a one-time link by which a person chooses their first password
// ("invitation") or a new one ("link"), or signs in without their second factors and
// has them removed ("factors"), for an administrator of the instance who gives it to them. It takes a session of a person,
// proved a short while ago, and nothing else: an API token that could make these would
// be everybody's password. The person is told by mail where there is mail.
func (hs Handouts) HandOut(ctx context.Context, session door.Session, user, what string) (out door.Handed, err error) {
	if err := hs.s.delicate(ctx, session); err != nil {
		return out, err
	}
	c := callerOf(session)
	v, err := hs.s.authority.GetUser(ctx, c, user)
	if err != nil {
		return out, err
	}
	var u ledger.User
	err = hs.s.authority.SignIn(ctx, c, func(tx *office.SignInTx) error {
		if err := tx.MayAdminister(c); err != nil {
			return err
		}
		if u, err = tx.User(ledger.UserKey{PublicID: v.ID}); err != nil {
			return err
		}
		out, err = hs.s.handed(tx, u, code{purpose: what, life: handedFor})
		return input.First(err, noteBy(tx, c, "link.handed_out", u, map[string]any{"link": what}))
	})
	if err != nil {
		return door.Handed{}, err
	}
	out.Told = hs.s.mail != nil
	hs.s.tell(ctx, u, map[string]string{
		purposeInvitation: "An administrator made a link by which you can choose a password for your account",
		purposeLink:       "An administrator made a link by which a new password for your account can be chosen",
		purposeFactors:    "An administrator made a link by which the second factors of your account can be removed",
	}[what])
	return out, nil
}

// HandInvitation makes a one-time link by which a member who has no way to sign in yet
// chooses their first password, for whoever may give it to them, see
// [office.Office.MayHandInvitation]; a link of before is dead. It takes what HandOut
// takes: a session, and a proof of a short while ago.
func (hs Handouts) HandInvitation(ctx context.Context, session door.Session, workspace, member string) (out door.Handed, err error) {
	if err := hs.s.delicate(ctx, session); err != nil {
		return out, err
	}
	c := callerOf(session)
	if err := hs.s.authority.MayHandInvitation(ctx, c, workspace, member); err != nil {
		return out, err
	}
	var u ledger.User
	err = hs.s.authority.SignIn(ctx, c, func(tx *office.SignInTx) error {
		in, vouches, err := tx.MayHandInvitation(c, workspace, member)
		if err != nil {
			return err
		}
		u = in.User
		out, err = hs.s.handed(tx, u, code{purpose: purposeInvitation, life: handedFor, data: ledger.Invited{Workspace: in.Workspace.ID, By: in.By, Vouched: vouches != 0}})
		out.Email = u.Email
		return input.First(err, noteBy(tx, c, "link.handed_out", u, map[string]any{"link": purposeInvitation, "workspace": in.Workspace.Slug}))
	})
	if err != nil {
		return door.Handed{}, err
	}
	out.Told = hs.s.mail != nil
	hs.s.tell(ctx, u, "A link was made by which a password for your account can be chosen")
	return out, nil
}

// AtHost is [Handouts.HandOut] for whoever runs a command beside the database:
// nobody is asked who they are, because they hold all there is. It removes the second
// factors at once, when it is asked to.
func (hs Handouts) AtHost(ctx context.Context, user string, factors bool) (out door.Handed, err error) {
	err = hs.s.authority.SignIn(ctx, authority.Caller{}, func(tx *office.SignInTx) error {
		u, err := tx.FindUser(user)
		if err != nil {
			return err
		}
		if factors {
			if _, err = resetFactors(tx, authority.Caller{}, u); err != nil && !errors.Is(err, office.Unchanged()) {
				return err
			}
		}
		out, err = hs.s.handed(tx, u, code{purpose: purposeLink, life: atHostFor})
		out.Email = u.Email
		return input.First(err, tx.Note("link.handed_out", ledger.User{}, u, map[string]any{"link": purposeLink, "by": "host"}))
	})
	return out, err
}

// handed makes the link; older ones of its purpose are dead.
func (s *Service) handed(tx *office.SignInTx, u ledger.User, c code) (out door.Handed, err error) {
	if err := s.canUse(tx, u, c.purpose); err != nil {
		return out, err
	}
	c.user = u.ID
	link, err := s.link(tx, c)
	return door.Handed{Link: token.NewSecret(link), Expires: tx.Now().Add(c.life)}, err
}

// canUse refuses a link that its person could do nothing with, and says why.
func (s *Service) canUse(tx *office.SignInTx, u ledger.User, what string) error {
	switch {
	case what != purposeInvitation && what != purposeLink && what != purposeFactors:
		return api.Errorf(api.CodeInvalidRequest, "a link is made to choose a password, or to remove second factors")
	case s.policy.Methods == "sso":
		return onlySSO()
	case !u.DeactivatedAt.IsZero():
		return api.Errorf(api.CodeInactive, "this person is deactivated; activate them first")
	case u.Email == "":
		return api.Errorf(api.CodeForbidden, "this person has no e-mail to sign in with; give them one first")
	case what == purposeLink:
		return nil
	case what == purposeInvitation:
		return fresh(tx, u)
	case u.PasswordHash == "":
		return api.Errorf(api.CodeForbidden, "this person has no password to sign in with; hand out a link to choose one")
	}
	rows, err := tx.FactorsOf(u.ID)
	if err == nil && len(rows) == 0 {
		err = api.Errorf(api.CodeForbidden, "this person has no second factor")
	}
	return err
}

// fresh refuses whoever has a way to sign in already.
func fresh(tx *office.SignInTx, u ledger.User) error {
	is, err := withoutMeans(tx, u)
	if err == nil && !is {
		err = api.Errorf(api.CodeForbidden, "this person can sign in already; hand out a link to choose a new password")
	}
	return err
}

func onlySSO() error {
	return api.Errorf(api.CodeForbidden, "this server takes no passwords: everybody signs in through single sign-on")
}

// ChoosePassword sets a password through a link that was handed over, ends every
// session of the person, and signs them in; a second factor stays due.
func (hs Handouts) ChoosePassword(ctx context.Context, link, password string, from door.Client) (door.Entry, error) {
	return hs.s.finish(ctx, purposeLink, link, password, from)
}

// RemoveFactors removes the second factors of a person through a link that was handed
// over, once their password is right: whoever the link fell to in between has not got
// that. Every session ends, and a new one begins.
func (hs Handouts) RemoveFactors(ctx context.Context, link, password string, from door.Client) (out door.Entry, err error) {
	c, err := hs.s.readCode(ctx, purposeFactors, link)
	if err != nil {
		return door.Entry{}, err
	}
	was, err := hs.s.userOf(ctx, c.User)
	if err != nil {
		return door.Entry{}, err
	}
	if hs.s.policy.Methods == "sso" {
		return door.Entry{}, onlySSO()
	}
	t := hs.s.newTry("link of "+was.PublicID, from)
	if _, err := hs.s.countFor(ctx, t, from, byID(was.ID)); err != nil {
		return door.Entry{}, err
	}
	ok, err := hs.s.passwords.Check(ctx, was.PasswordHash, password)
	if err != nil {
		return door.Entry{}, unavailable(err)
	}
	if !ok {
		return door.Entry{}, input.First(hs.s.failed(ctx, was, purposeFactors, from), api.FieldError("password", "that is not the password of this account"))
	}
	if utf8.RuneCountInString(password) < minCharacters {
		return door.Entry{}, api.FieldError("password", "is too short to stand alone; ask for a link to choose a longer one, use that, and then open this link again")
	}
	err = hs.s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error {
		_, u, err := hs.s.useCode(tx, purposeFactors, link)
		if err != nil {
			return err
		}
		if u.PasswordHash != was.PasswordHash {
			return refused()
		}
		if _, err := resetFactors(tx, authority.Caller{User: u.ID}, u); err != nil && !errors.Is(err, office.Unchanged()) {
			return err
		}
		if err := tx.DeleteSessionsOf(u.ID, ""); err != nil {
			return err
		}
		out, err = hs.s.enter(tx, t, u, purposeFactors, from)
		return err
	})
	if err != nil {
		return door.Entry{}, err
	}
	hs.s.tell(ctx, was, "The second factors of your account were removed")
	return out, nil
}

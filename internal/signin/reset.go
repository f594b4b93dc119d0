package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/token"
)

const (
	resetFor  = 30 * time.Minute
	inviteFor = 72 * time.Hour
	// mailsAtOnce is how many mails are on their way at the same time; more
	// are dropped, so that nobody can make the server hold them without end. So many
	// of them may be asked for by strangers, and so many by those of one neighbourhood.
	mailsAtOnce, strangersAtOnce, mailsEach = 16, 12, 3
	mailTimeout                             = 30 * time.Second
)

// MailsLinks says whether [Service.RequestReset] can do anything.
func (s *Service) MailsLinks() bool { return s.mail != nil }

// RequestReset mails a one-time link for a new password to who has this e-mail.
// It answers the same, as fast, whether anybody has it: all that differs happens
// after it answered. The only error is rate_limited, or that nothing works.
//
// Tries are counted at the place they come from and nowhere else, so nobody uses up
// anybody else's. What is written to the person is bounded by itself: see [wearied].
func (s *Service) RequestReset(ctx context.Context, email string, from door.Client) error {
	email = normal(email)
	t := s.newTry("reset "+email+" from "+from.Place(), from)
	t.helps = helps{account: byLink, place: byLink}
	if _, err := s.countFor(ctx, t, from, noUser); err != nil {
		if errors.Is(err, api.CodeRateLimited) {
			s.refused(whatReset, reasonTooMany)
		}
		return err
	}
	s.later(ctx, "reset", door.Neighbourhood(from.Addr).String(), func(ctx context.Context) error { return s.reset(ctx, email, from) })
	return nil
}

// later runs f after the request that asked for it. Near is the neighbourhood of a
// stranger who did; "" is somebody who is signed in.
func (s *Service) later(ctx context.Context, what, near string, f func(context.Context) error) {
	full := near != "" && !s.strangers.take(near)
	if !full {
		select {
		case s.turns <- struct{}{}:
		default:
			s.strangers.give(near)
			full = true
		}
	}
	if full {
		if near != "" {
			s.refused(whatReset, reasonFull)
		}
		s.log.Warn("too many mails at once; one was not made", "what", what)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mailTimeout)
	go func() {
		defer cancel()
		defer func() { <-s.turns }()
		defer s.strangers.give(near)
		if err := f(ctx); err != nil {
			s.log.Error("a mail about signing in was not sent", "what", what, "error", err)
		}
	}()
}

// strangers share the mails that they may have on their way.
type strangers struct {
	mu  sync.Mutex // guards what follows
	all int
	// of each neighbourhood that has any
	of map[string]int
}

func (s *strangers) take(near string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= strangersAtOnce || s.of[near] >= mailsEach {
		return false
	}
	s.all++
	s.of[near]++
	return true
}

// give takes what was not taken for nothing.
func (s *strangers) give(near string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[near] == 0 {
		return
	}
	s.all--
	if s.of[near]--; s.of[near] == 0 {
		delete(s.of, near)
	}
}

func (s *Service) reset(ctx context.Context, email string, from door.Client) error {
	var u ledger.User
	var link string
	err := s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) (err error) {
		u, err = tx.User(ledger.UserKey{Email: email})
		if errors.Is(err, ledger.ErrNoRow) || err == nil && !u.DeactivatedAt.IsZero() {
			return office.Unchanged()
		}
		if err != nil || s.policy.Methods == "sso" {
			return err
		}
		tired, err := s.wearied(tx, u, from)
		if err != nil {
			return err
		}
		if tired {
			s.refused(whatReset, reasonMailed)
			return office.Unchanged()
		}
		link, err = s.link(tx, code{purpose: "reset", user: u.ID, life: resetFor})
		return input.First(err, tx.Note("password.reset_requested", ledger.User{}, u, nil))
	})
	if err != nil || link == "" {
		return err
	}
	return s.send(ctx, MailMessage{To: u.Email, Subject: "Choose a new password", Button: "Choose a new password", Link: link, Lines: []string{
		"Somebody, most likely you, asked for a new password at " + s.base + ". The link works once, within 30 minutes.",
		"If it was not you, do nothing: your password stays as it is.",
	}})
}

// wearied says whether a person was written to a moment ago because strangers ask for
// links in their name, and counts the mail if not. Nobody is locked out by it: the
// longest pause is shorter than a link lives, so whoever reads the mailbox has one
// that works, or is written to. Places where the person signed in before have a
// count of their own, which no stranger uses up.
func (s *Service) wearied(tx *office.SignInTx, u ledger.User, from door.Client) (bool, error) {
	known, err := tx.KnownAddress(u.ID, s.secrets.name("address", from.Place()))
	if err != nil {
		return false, err
	}
	c := counter{s.secrets.name("reset mails", u.PublicID), curve{free: 4, first: time.Minute, bound: resetFor - 5*time.Minute}}
	if known {
		c.name = s.secrets.name("reset mails", u.PublicID+" "+from.Place())
	}
	left, err := remaining(tx, c)
	if err != nil || left > 0 {
		return true, err
	}
	return false, add(tx, c, 1)
}

// link makes a one-time link of a purpose for a person; older ones are dead.
func (s *Service) link(tx *office.SignInTx, c code) (string, error) {
	if err := tx.DeleteCodesOf(c.user, c.purpose); err != nil {
		return "", err
	}
	plain, err := s.putCode(tx, c)
	return s.base + "/signin/" + c.purpose + "?code=" + url.QueryEscape(plain), err
}

// send hands a mail over; without a mailer it says so in the log, without the
// mail's text.
func (s *Service) send(ctx context.Context, m MailMessage) error {
	if m.To == "" {
		return nil
	}
	if s.mail == nil {
		s.log.Warn("a mail was not sent, because no mail server is set", "subject", m.Subject)
		return nil
	}
	return s.mail(ctx, m)
}

// tell mails somebody about a change of how they sign in.
func (s *Service) tell(ctx context.Context, u ledger.User, what string) {
	s.later(ctx, "notice", "", func(ctx context.Context) error {
		return s.send(ctx, MailMessage{To: u.Email, Subject: what, Button: "Look at your sessions", Link: s.base + "/settings/security", Lines: []string{
			what + " at " + s.base + ". If it was you, there is nothing to do.",
			"If it was not you, reset your password and end all sessions at once, and tell your administrator.",
		}})
	})
}

// Invite mails a member a link to choose their first password. Whoever has a
// way to sign in already is only told of the workspace, and no link is made; nor is
// one where there is no mail: see [Handouts.HandOut]. It needs members:write in the workspace.
func (s *Service) Invite(ctx context.Context, c authority.Caller, workspace, member string) (out door.Invitation, err error) {
	in, err := s.authority.MayInvite(ctx, c, workspace, member)
	if err != nil {
		return out, err
	}
	if in.User.Email == "" {
		return out, api.FieldError("email", "this member has none to write to")
	}
	link, out, err := s.invitation(ctx, c, workspace, member)
	if err != nil || s.mail == nil {
		return out, err
	}
	m := MailMessage{To: in.User.Email, Subject: "You were invited to " + in.Workspace.Name, Button: "Sign in", Link: s.base + "/signin",
		Lines: []string{fmt.Sprintf("You are now a member of %s at %s.", in.Workspace.Name, s.base)}}
	if link != "" {
		m.Button, m.Link = "Choose a password", link
		m.Lines = append(m.Lines, "Choose a password to sign in with. The link works once, within three days; after that, ask for another.")
	}
	err = s.send(ctx, m)
	out.Sent = err == nil
	return out, err
}

// invitation makes the link; empty for whoever can sign in already, where everybody
// does so elsewhere, and where nothing could carry it.
func (s *Service) invitation(ctx context.Context, c authority.Caller, workspace, member string) (link string, out door.Invitation, err error) {
	err = s.authority.SignIn(ctx, c, func(tx *office.SignInTx) error {
		out.Revision = tx.Revision()
		in, err := tx.MayInvite(c, workspace, member)
		if err != nil {
			return err
		}
		u := in.User
		if err := s.unwearied(tx, u); err != nil {
			return err
		}
		fresh, err := withoutMeans(tx, u)
		out.CanSignIn = !fresh || s.policy.Methods == "sso"
		if err == nil && !out.CanSignIn && s.mail != nil {
			link, err = s.link(tx, code{purpose: purposeInvitation, user: u.ID, life: inviteFor, data: ledger.Invited{Workspace: in.Workspace.ID, By: in.By}})
		}
		return input.First(err, noteBy(tx, c, "invitation.made", u, map[string]any{"workspace": in.Workspace.Slug, "link": link != ""}))
	})
	return link, out, err
}

// unwearied refuses to write to somebody again and again: a workspace is named as
// its Owners like, so an invitation is a mail of theirs to whomever they choose.
func (s *Service) unwearied(tx *office.SignInTx, u ledger.User) error {
	c := counter{s.secrets.name("invited", u.PublicID), curve{free: 5, first: time.Minute, bound: forgetAfter}}
	left, err := remaining(tx, c)
	if err != nil {
		return err
	}
	if left > 0 {
		e := api.Errorf(api.CodeRateLimited, "this person was invited several times already; wait before you write to them again")
		e.RetryAfter = left
		return e
	}
	return add(tx, c, 1)
}

// withoutMeans says whether a person has no way to sign in yet.
func withoutMeans(tx *office.SignInTx, u ledger.User) (bool, error) {
	if u.PasswordHash != "" {
		return false, nil
	}
	ids, err := tx.IdentitiesOf(u.ID)
	if err != nil {
		return false, err
	}
	rows, err := tx.FactorsOf(u.ID)
	return len(ids)+len(passkeys(rows)) == 0, err
}

// FinishReset sets a new password through a mailed link, ends every session of
// the person, and signs them in; a second factor stays due.
func (s *Service) FinishReset(ctx context.Context, link, password string, from door.Client) (door.Entry, error) {
	return s.finish(ctx, "reset", link, password, from)
}

// Addressee answers the e-mail that a link is for, "reset", "invitation", "link" or
// "factors", as long as it works. It uses nothing up.
func (s *Service) Addressee(ctx context.Context, purpose, link string) (email string, err error) {
	if s.policy.Methods == "sso" {
		return "", onlySSO()
	}
	err = s.authority.ReadSignIn(ctx, func(r office.SignInRows) error {
		c, err := s.findCode(r, purpose, link, s.now())
		if err != nil {
			return err
		}
		u, err := r.User(ledger.UserKey{ID: c.User})
		if err == nil && !u.DeactivatedAt.IsZero() {
			return deadLink()
		}
		email = u.Email
		return err
	})
	return email, err
}

// AcceptInvitation sets the first password of who was invited, and signs them in.
func (s *Service) AcceptInvitation(ctx context.Context, link, password string, from door.Client) (door.Entry, error) {
	return s.finish(ctx, "invitation", link, password, from)
}

func (s *Service) finish(ctx context.Context, purpose, plain, password string, from door.Client) (out door.Entry, err error) {
	if s.policy.Methods == "sso" {
		return door.Entry{}, onlySSO() // made before it became the only way
	}
	c, err := s.readCode(ctx, purpose, plain) // a dead link costs no hash
	if err != nil {
		return door.Entry{}, err
	}
	hash, err := s.hashFor(ctx, c.User, password)
	if err != nil {
		return door.Entry{}, err
	}
	var u ledger.User
	err = s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error {
		used, of, err := s.useCode(tx, purpose, plain)
		if err != nil {
			return err
		}
		u = of
		if err := s.vouched(tx, used); err != nil {
			return err
		}
		if err := s.newPassword(tx, u, hash, "", "password."+purpose); err != nil {
			return err
		}
		out, err = s.enter(tx, s.newTry(accountName(u), from), u, purpose, from)
		return err
	})
	if err != nil {
		return door.Entry{}, err
	}
	s.tell(ctx, u, "Your password was set")
	return out, nil
}

// vouched notes what a link proves of its person's e-mail: that it is theirs, unless an
// Owner of a workspace gave it to them.
func (s *Service) vouched(tx *office.SignInTx, c ledger.OneTimeCode) error {
	var in ledger.Invited
	if c.Data != nil {
		if err := json.Unmarshal(c.Data, &in); err != nil {
			return err
		}
	}
	if !in.Vouched {
		in.Workspace = 0
	}
	return tx.Vouch(c.User, in.Workspace)
}

// newPassword stores a password's hash. Every session but one, and every link
// on its way, ends with the old password.
func (s *Service) newPassword(tx *office.SignInTx, u ledger.User, hash, keep, action string) error {
	return input.First(tx.SetPassword(u.ID, hash), tx.DeleteSessionsOf(u.ID, keep), tx.DeleteCodesOf(u.ID, "reset"),
		tx.DeleteCodesOf(u.ID, "invitation"), tx.DeleteCodesOf(u.ID, purposeLink), tx.DeleteCodesOf(u.ID, "second factor"), tx.Note(action, u, u, nil))
}

// ChangePassword replaces a password by one that its person types, with the old
// one, and ends their other sessions. Who has none yet sets it shortly after
// signing in another way.
func (s *Service) ChangePassword(ctx context.Context, session door.Session, old, password string) error {
	if err := whole(session); err != nil {
		return err
	}
	from := session.Client()
	was, err := s.userOf(ctx, session.User)
	if err != nil {
		return err
	}
	if was.PasswordHash == "" {
		err = s.delicate(ctx, session)
	} else {
		err = s.confirm(ctx, was, old, from)
	}
	if err != nil {
		return err
	}
	hash, err := s.hashFor(ctx, was.ID, password)
	if err != nil {
		return err
	}
	err = s.change(ctx, session, from, func(tx *office.SignInTx, u ledger.User) error {
		if u.PasswordHash != was.PasswordHash {
			return gone() // changed meanwhile, perhaps by who holds the mailbox
		}
		return s.newPassword(tx, u, hash, session.ID, "password.changed")
	})
	if err == nil {
		s.tell(ctx, was, "Your password was changed")
	}
	return err
}

// hashFor makes the hash of a person's new password: 15 characters, or 8 beside
// a second factor.
func (s *Service) hashFor(ctx context.Context, user ledger.ID, password string) (string, error) {
	var second bool
	err := s.authority.ReadSignIn(ctx, func(r office.SignInRows) (err error) {
		second, err = hasFactor(r, user)
		return err
	})
	if err != nil {
		return "", err
	}
	if token.Contains(password) {
		return "", api.FieldError("password", "must not be an API token")
	}
	least := minCharacters
	if second {
		least = minWithFactor
	}
	return s.passwords.hash(password, least)
}

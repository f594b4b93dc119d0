package signin_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/signin"
)

const next = "twelve brave otters paddle"

func TestAResetSetsAPasswordOnceAndEndsEverySession(t *testing.T) {
	each(t, func(w *world) {
		r := w.enters("eve@example.com", hers, home())
		must(w.T, w.RequestReset(w.ctx, " Eve@Example.com", evils()))
		code := w.mailed("eve@example.com")
		w.addressed("eve@example.com", "reset", code)
		_, err := w.FinishReset(w.ctx, code, "too short", home())
		w.refused(err, api.CodeInvalidField)
		w.addressed("eve@example.com", "reset", code)
		w.open(true, r, "before the reset was finished")
		fresh, err := w.FinishReset(w.ctx, code, next, home())
		must(w.T, err)
		w.open(false, r, "after a reset")
		w.open(true, fresh, "opened by the reset")
		_, err = w.FinishReset(w.ctx, code, "another thirteen words", evils())
		w.refused(err, api.CodeInvalidToken)
		w.addressed("", "reset", code)
		_, err = w.Password(w.ctx, "eve@example.com", hers, home())
		w.refused(err, api.CodeForbidden)
		w.enters("eve@example.com", next, home())
		w.nowhere(code, next, hers)
	})
}

// addressed says whom a link is for; "" is nobody, as of one that is dead.
func (w *world) addressed(want, kind, code string) {
	w.Helper()
	got, err := w.Addressee(w.ctx, kind, code)
	if got != want || want == "" && !errors.Is(err, api.CodeInvalidToken) || want != "" && err != nil {
		w.Errorf("the link is for %q (%v), want %q", got, err, want)
	}
}

func TestResetLinksDie(t *testing.T) {
	each(t, func(w *world) {
		ask := func() string {
			w.clock.Pass(time.Second)
			must(w.T, w.RequestReset(w.ctx, "eve@example.com", home()))
			return w.mailed("eve@example.com")
		}
		dead := func(why, code string) {
			w.Helper()
			_, err := w.FinishReset(w.ctx, code, next, home())
			if api.AsError(err).Code != api.CodeInvalidToken {
				w.Errorf("%s: %v", why, err)
			}
			w.addressed("", "reset", code)
		}
		older := ask()
		code := ask()
		dead("a newer one was made", older)
		w.clock.Pass(30 * time.Minute)
		dead("its time is over", code)
		code = ask()
		_, err := w.AcceptInvitation(w.ctx, code, next, home())
		w.refused(err, api.CodeInvalidToken)
		_, err = w.auth.DeactivateUser(w.ctx, w.root(), "eve@example.com")
		must(w.T, err)
		dead("the person was deactivated", code)
		_, err = w.auth.ActivateUser(w.ctx, w.root(), "eve@example.com")
		must(w.T, err)
		r := w.enters("eve@example.com", hers, home())
		must(w.T, w.ChangePassword(w.ctx, r.Session, hers, next))
		dead("the password was changed", code)
	})
}

func TestAResetAtTheSameMomentWorksOnce(t *testing.T) {
	each(t, func(w *world) {
		must(w.T, w.RequestReset(w.ctx, "eve@example.com", home()))
		code := w.mailed("eve@example.com")
		nodes := []*world{w, w.again(nil)}
		var wg sync.WaitGroup
		results := make([]door.Entry, 6)
		for i := range results {
			wg.Go(func() { results[i], _ = nodes[i%2].FinishReset(w.ctx, code, next, home()) })
		}
		wg.Wait()
		in := 0
		for _, r := range results {
			if !r.Cookie.IsZero() {
				in++
			}
		}
		if in != 1 {
			w.Errorf("%d of 6 resets worked", in)
		}
	})
}

func TestAskingForAResetTellsNothing(t *testing.T) {
	each(t, func(w *world) {
		w.member("gone@example.com", "eleven pears on a plate")
		_, err := w.auth.DeactivateUser(w.ctx, w.root(), "gone@example.com")
		must(w.T, err)
		for _, email := range []string{"nobody@example.com", "gone@example.com", "", "\x00", "not an address"} {
			hashes, revision := signin.Checked(w.passwords), w.revision()
			must(w.T, w.RequestReset(w.ctx, email, home()))
			w.Close()
			if w.revision() != revision+1 || signin.Checked(w.passwords) != hashes {
				w.Errorf("%q costs another amount", email)
			}
		}
		if len(w.post.mails) != 0 {
			w.Errorf("mails to %+v", w.post.mails)
		}
		var codes []api.Code
		for _, email := range []string{"eve@example.com", "nobody2@example.com"} {
			for i := range 8 {
				err := w.RequestReset(w.ctx, email, at("192.0.2.77"))
				if i < 5 {
					must(w.T, err)
				} else {
					codes = append(codes, api.AsError(err).Code)
				}
			}
		}
		for _, c := range codes {
			if c != api.CodeRateLimited {
				w.Errorf("a flood of resets answers %s", c)
			}
		}
	})
}

// Attack: strangers at a thousand places guess a person's password and ask for links
// in their name, to lock them out of both and to fill their mailbox. Proved: whoever
// reads the mailbox has a link that works at every moment, no matter where they are,
// and is written to a bounded number of times a day; at a place they know, both doors
// are open at once; who was let in by a link finishes with a second factor.
func TestStrangersLockNobodyOutOfSignInAndReset(t *testing.T) {
	each(t, func(w *world) {
		w.enters("eve@example.com", hers, home())
		stranger := 0
		flood := func(n int) {
			w.Helper()
			for range n {
				stranger++
				from := at(fmt.Sprintf("10.%d.%d.9", stranger/250, stranger%250))
				_ = w.guess("eve@example.com", from)
				must(w.T, w.RequestReset(w.ctx, "eve@example.com", from))
				w.Close()
			}
		}
		newest, mails := "", 0
		for minute := 0; minute < 24*60; minute += 15 {
			flood(3)
			for _, m := range w.post.take() {
				mails++
				_, newest, _ = strings.Cut(m.Link, "code=")
			}
			w.addressed("eve@example.com", "reset", newest)
			w.clock.Pass(15 * time.Minute)
		}
		if mails > 60 {
			w.Errorf("%d mails within a day, want at most 60", mails)
		}
		flood(10)
		w.post.take()
		w.refusedAt("eve@example.com", hers, at("192.0.2.1"))
		w.enters("eve@example.com", hers, home())
		w.guesses(60, "eve@example.com", everywhere)
		must(w.T, w.RequestReset(w.ctx, "eve@example.com", home()))
		code := w.mailed("eve@example.com")
		r, err := w.FinishReset(w.ctx, code, next, at("192.0.2.1"))
		must(w.T, err)
		w.open(true, r, "through the mailbox, at a place that nobody knows")
	})
}

// TestNobodyIsFloodedWithInvitations: whoever owns a workspace chooses its name and
// its members, and so what is written to whom.
func TestNobodyIsFloodedWithInvitations(t *testing.T) {
	each(t, func(w *world) {
		w.member("new@example.com", "")
		w.member("other@example.com", "")
		for range 5 {
			_, err := w.Invite(w.ctx, w.root(), "acme", "new@example.com")
			must(w.T, err)
		}
		sent := len(w.post.mails)
		_, err := w.Invite(w.ctx, w.root(), "acme", "new@example.com")
		w.refused(err, api.CodeRateLimited)
		if len(w.post.mails) != sent {
			w.Error("one was written all the same")
		}
		_, err = w.Invite(w.ctx, w.root(), "acme", "other@example.com")
		must(w.T, err)
		w.clock.Pass(time.Minute)
		_, err = w.Invite(w.ctx, w.root(), "acme", "new@example.com")
		must(w.T, err)
	})
}

// TestMailsAreAskedForWhileItCloses: a request that was cut off at the end of the
// program's patience may go on.
func TestMailsAreAskedForWhileItCloses(t *testing.T) {
	alone(t, func(w *world) {
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				if err := w.RequestReset(w.ctx, fmt.Sprintf("nobody%d@example.com", i), everywhere(i)); err != nil {
					w.Error(err)
				}
			})
			all.Go(w.Close)
		}
		all.Wait()
	})
}

// TestStrangersHoldNoMailsOfOthers: a mail server may be slow, and what is on its way
// meanwhile is bounded. Those of one neighbourhood hold a few, all strangers together
// most, and a person who is signed in is told of what was done.
func TestStrangersHoldNoMailsOfOthers(t *testing.T) {
	alone(t, func(w *world) {
		arrived, goOn := make(chan string, 100), make(chan struct{})
		w = w.again(func(o *signin.Options) {
			o.Mail = func(_ context.Context, m signin.MailMessage) error {
				arrived <- m.To
				<-goOn
				return nil
			}
		})
		ask := func(network, n int) {
			w.Helper()
			for i := range n {
				must(w.T, w.RequestReset(w.ctx, fmt.Sprintf("m%d@example.com", 4*network+i), at(fmt.Sprintf("10.0.%d.%d", network, 1+i))))
			}
		}
		for i := range 20 {
			w.member(fmt.Sprintf("m%d@example.com", i), "")
		}
		wants := func(what string, n int) {
			w.Helper()
			for range n {
				select {
				case <-arrived:
				case <-time.After(30 * time.Second):
					w.Fatalf("%s: fewer than %d are on their way", what, n)
				}
			}
			if len(arrived) > 0 {
				w.Errorf("%s: more than %d are on their way", what, n)
			}
		}
		ask(0, 4)
		wants("one neighbourhood", 3)
		for network := range 5 {
			ask(network, 4)
		}
		wants("many of them", 9)
		r := w.enters("eve@example.com", hers, home())
		must(w.T, w.ChangePassword(w.ctx, r.Session, hers, next))
		if to := <-arrived; to != "eve@example.com" {
			w.Errorf("the next mail goes to %s", to)
		}
		close(goOn)
		w.Close()
		wants("once it is over", 0)
		ask(0, 3)
		wants("again", 3)
	})
}

// TestWhoeverIsHeldUpIsToldWhatHelps: a person is never sent to the door that was
// just shut to them.
func TestWhoeverIsHeldUpIsToldWhatHelps(t *testing.T) {
	alone(t, func(w *world) {
		tells := func(what string, err error, want, not string) {
			w.Helper()
			w.refused(err, api.CodeRateLimited)
			if told := api.AsError(err).Message; !strings.Contains(told, want) || not != "" && strings.Contains(told, not) {
				w.Errorf("%s is told: %s", what, told)
			}
		}
		const mail, link = "reset your password by mail", "ask an administrator for a link"
		w.guesses(10, "eve@example.com", everywhere)
		_, err := w.Password(w.ctx, "eve@example.com", hers, at("192.0.2.1"))
		tells("whose account strangers hold up", err, mail, "")
		must(w.T, w.RequestReset(w.ctx, "eve@example.com", at("192.0.2.1")))

		for range 10 { // somebody behind the same address keeps the door busy
			err = w.RequestReset(w.ctx, "eve@example.com", evils())
		}
		tells("whose reset is held up", err, link, mail)

		for i := range 40 {
			_ = w.guess(fmt.Sprintf("nobody%d@example.com", i), home())
		}
		_, err = w.Password(w.ctx, "eve@example.com", hers, home())
		tells("whose place is held up", err, link, mail)
		tells("the same at the other door", w.RequestReset(w.ctx, "eve@example.com", home()), link, mail)

		w = w.again(func(o *signin.Options) { o.Mail = nil })
		_, err = w.Password(w.ctx, "eve@example.com", hers, at("192.0.2.1"))
		tells("where there is no mail", err, link, mail)
	})
}

func TestWithoutMailALinkIsNeitherSentNorLogged(t *testing.T) {
	alone(t, func(w *world) {
		w = w.again(func(o *signin.Options) { o.Mail = nil })
		must(w.T, w.RequestReset(w.ctx, "eve@example.com", home()))
		w.Close()
		if log := w.log.String(); !strings.Contains(log, "was not sent") || strings.Contains(log, "code=") || strings.Contains(log, "eve@") {
			w.Errorf("log: %s", log)
		}
	})
}

func TestInvitationsSetTheFirstPasswordAlone(t *testing.T) {
	each(t, func(w *world) {
		w.member("new@example.com", "")
		eve := w.person("eve@example.com")
		_, err := w.Invite(w.ctx, eve, "acme", "new@example.com")
		w.refused(err, api.CodeInsufficientScope)
		out, err := w.Invite(w.ctx, w.root(), "acme", "new@example.com")
		must(w.T, err)
		if !out.Sent || out.CanSignIn {
			w.Errorf("invitation: %+v", out)
		}
		code := w.mailed("new@example.com")
		w.clock.Pass(71 * time.Hour)
		w.addressed("new@example.com", "invitation", code)
		w.addressed("", "reset", code)
		r, err := w.AcceptInvitation(w.ctx, code, next, home())
		must(w.T, err)
		w.open(true, r, "after accepting")
		_, err = w.AcceptInvitation(w.ctx, code, hers, evils())
		w.refused(err, api.CodeInvalidToken)

		// Whoever has a password is told, and given no link that sets one.
		out, err = w.Invite(w.ctx, w.root(), "acme", "eve@example.com")
		must(w.T, err)
		if !out.Sent || !out.CanSignIn {
			w.Errorf("an invitation of who has a password: %+v", out)
		}
		if got := w.mailed("eve@example.com"); got != "" {
			w.Error("a workspace's administrator had a link made for somebody's account")
		}
		// Without mail no link is made: nothing could carry it, and no caller of the
		// API is given one.
		w.member("other@example.com", "")
		w = w.again(func(o *signin.Options) { o.Mail = nil })
		out, err = w.Invite(w.ctx, w.root(), "acme", "other@example.com")
		must(w.T, err)
		if out.Sent || out.CanSignIn || !strings.Contains(w.payloads("invitation.made"), `"link":false`) {
			w.Errorf("invitation without mail: %+v", out)
		}
		w.nowhere(code)
	})
}

func TestChangingAPasswordNeedsTheOldOneAndEndsTheOthers(t *testing.T) {
	each(t, func(w *world) {
		a, b := w.enters("eve@example.com", hers, home()), w.enters("eve@example.com", hers, at("192.0.2.9"))
		w.refused(w.ChangePassword(w.ctx, a.Session, "not the old one at all", next), api.CodeInvalidField)
		w.refused(w.ChangePassword(w.ctx, a.Session, hers, "password12345678"), api.CodeInvalidField)
		must(w.T, w.ChangePassword(w.ctx, a.Session, hers, next))
		w.open(true, a, "the one that changed it")
		w.open(false, b, "another one")
		w.enters("eve@example.com", next, home())
		w.Close()
		last := w.post.mails[len(w.post.mails)-1]
		if last.To != "eve@example.com" || !strings.Contains(last.Subject, "changed") {
			w.Errorf("mail: %+v", last)
		}
		judged := 0
		for range 10 {
			if err := w.ChangePassword(w.ctx, a.Session, "not the old one at all", next); api.AsError(err).Code == api.CodeInvalidField {
				judged++
			}
		}
		if judged > 5 {
			w.Errorf("an open session could guess the password %d times at once", judged)
		}
	})
}

func TestConfirmingMakesASessionFresh(t *testing.T) {
	alone(t, func(w *world) {
		r := w.enters("eve@example.com", hers, home())
		fresh := func() bool {
			ok, err := w.Fresh(w.ctx, r.Session)
			must(w.T, err)
			return ok
		}
		if !fresh() {
			w.Error("a new session is not fresh")
		}
		w.clock.Pass(15 * time.Minute)
		if fresh() {
			w.Error("an old session is fresh")
		}
		_, err := w.EnrollTOTP(w.ctx, r.Session)
		w.refused(err, api.CodeForbidden)
		w.refused(w.Confirm(w.ctx, r.Session, "not the password", home()), api.CodeInvalidField)
		must(w.T, w.Confirm(w.ctx, r.Session, hers, home()))
		if !fresh() {
			w.Error("a confirmed session is not fresh")
		}
	})
}

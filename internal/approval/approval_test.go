package approval_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// TestATokenWorksOnceSomebodyElseApprovedIt, and not a moment before; the decision is told,
// and made once.
func TestATokenWorksOnceSomebodyElseApprovedIt(t *testing.T) {
	each(t, func(w world) {
		told := w.Listener(officetest.Acme())
		of := w.ask(w.ada, writer("personal", ""))
		if len(of.Warnings) != 1 || of.Warnings[0].Code != api.WarnApproval {
			t.Errorf("its maker is not told: %+v", of.Warnings)
		}
		w.Allow(w.Create(w.ada, officetest.Scoped("personal", "", "tickets:read")).Secret)
		v, err := w.approve(w.eve, of)
		officetest.Must(t, err)
		if !v.Usable || v.RevokeAt != nil || v.Held != nil {
			t.Errorf("approved, it is %+v", v)
		}
		w.Allow(of.Secret, "tickets:write")
		now := w.Clock.Now().UTC()
		eve := "eve@example.com"
		want := api.Approval{State: api.ApprovalApproved, AskedAt: now, DecidedAt: &now, By: &eve, Comment: "it is for the new shop"}
		if diff := cmp.Diff(want, w.approval(of)); diff != "" {
			t.Error(diff)
		}
		again, err := w.approve(w.bob, of)
		if officetest.Must(t, err); again.Revision != v.Revision {
			t.Error("it was approved twice")
		}
		w.Refused(officetest.Second(w.refuse(w.bob, of)), api.CodeAlreadyDone)
		w.Refused(officetest.Second(w.ApproveToken(w.Ctx, w.bob, "acme", w.Create(w.ada, officetest.Scoped("personal", "", "tickets:read")).Token.ID, api.DecideToken{})), api.CodeAlreadyDone)
		types := []string{"token.created", "token.approval_requested", "token.created", "token.approved", "token.created"}
		if diff := cmp.Diff(types, told()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestWhatIsRefusedEnds: for good, with the reason, and nobody brings it back.
func TestWhatIsRefusedEnds(t *testing.T) {
	each(t, func(w world) {
		of := w.ask(w.ada, writer("workspace", ""))
		v, err := w.refuse(w.eve, of)
		officetest.Must(t, err)
		if v.RevokeReason == nil || *v.RevokeReason != api.ReasonRefused || *v.RevokeComment != "too much" || v.Approval.State != api.ApprovalRefused {
			t.Errorf("refused, it is %+v", v)
		}
		w.Deny(api.CodeRevoked, of.Secret)
		again, err := w.refuse(w.bob, of)
		if officetest.Must(t, err); again.Revision != v.Revision {
			t.Error("it was refused twice")
		}
		w.Refused(officetest.Second(w.approve(w.bob, of)), api.CodeTokenRevoked)
		w.Refused(officetest.Second(w.EnableToken(w.Ctx, w.bob, "acme", of.Token.ID)), api.CodeTokenRevoked)
		w.Refused(officetest.Second(w.ResetToken(w.Ctx, w.bob, "acme", of.Token.ID)), api.CodeTokenRevoked)
	})
}

// TestNobodyApprovesTheirOwn: each of these is somebody who asked, under another name, or
// who is no second person.
func TestNobodyApprovesTheirOwn(t *testing.T) {
	each(t, func(w world) {
		w.rules()
		every := []string{"tickets:write", "tokens:create", "tokens:disable", "tokens:read", "tokens:edit", "tokens:impersonate"}
		w.Account("ci", every...)
		robot := w.With(w.Create(w.eve, officetest.Scoped("service", "ci", "tickets:write", "tokens:create", "tokens:disable")))
		second := w.With(w.Create(w.ada, officetest.Ask("personal", "")))
		lent := w.With(w.Create(w.ada, officetest.Scoped("personal", "bob@example.com", "tickets:write", "tokens:disable")))
		bobs := w.Create(w.bob, officetest.Ask("personal", ""))
		own := w.With(bobs)
		workspace := w.With(w.Create(w.bob, officetest.Scoped("workspace", "", "tickets:write", "tokens:disable")))
		w.rules(api.ApprovalRule{Scopes: []string{"tickets:write"}})
		of := w.ask(w.ada, writer("workspace", ""))
		theirs := w.ask(w.ada, writer("personal", "bob@example.com"))
		byRobot := w.ask(robot, writer("workspace", ""))
		for what, c := range map[string]struct {
			of authority.Issued
			by authority.Caller
		}{
			"who asked":                         {of, w.ada},
			"a second token of theirs":          {of, second},
			"their first token":                 {of, w.Root},
			"somebody acted as":                 {of, officetest.As(w.Root, "bob@example.com")},
			"a token of bob's that ada made":    {of, lent},
			"a service account":                 {of, robot},
			"a token of the workspace":          {of, workspace},
			"whose token it is":                 {theirs, w.bob},
			"a token of the one whose it is":    {theirs, own},
			"who made the token that asked":     {byRobot, w.eve},
			"a service account for its own":     {byRobot, robot},
			"whoever may not administer tokens": {of, w.carl},
		} {
			err := officetest.Second(w.approve(c.by, c.of))
			if err == nil || w.Verify(c.of.Secret) != api.CodeApprovalPending {
				t.Errorf("%s approves: %v", what, err)
			}
			if err := officetest.Second(w.refuse(c.by, c.of)); err == nil {
				t.Errorf("%s refuses", what)
			}
		}
		officetest.Must(t, officetest.Second(w.approve(own, of)))
		officetest.Must(t, officetest.Second(w.approve(w.bob, byRobot)))
		officetest.Must(t, officetest.Second(w.approve(w.eve, theirs)))
	})
}

// TestATokenWhoseSecretOthersSawApprovesNothing: the attack was to rotate, or to be shown, the
// token of a colleague, and to approve by it.
func TestATokenWhoseSecretOthersSawApprovesNothing(t *testing.T) {
	each(t, func(w world) {
		w.rules()
		w.Policy(func(p *api.PatchPolicy) { p.Recoverable = api.Some(true) })
		rotated, shown := w.Create(w.bob, officetest.Ask("personal", "")), w.Create(w.bob, officetest.Ask("personal", ""))
		w.rules(api.ApprovalRule{Scopes: []string{"tickets:write"}})
		officetest.Must(t, officetest.Second(w.ResetToken(w.Ctx, w.ada, "acme", rotated.Token.ID)))
		officetest.Must(t, officetest.Second(w.RevealToken(w.Ctx, w.ada, "acme", shown.Token.ID)))
		officetest.Must(t, officetest.Second(w.RevealToken(w.Ctx, w.bob, "acme", shown.Token.ID)))
		in := writer("workspace", "")
		in.Recoverable = api.Some(false)
		of := w.ask(w.ada, in)
		for _, i := range []authority.Issued{rotated, shown} {
			w.Refused(officetest.Second(w.approve(w.With(i), of)), api.CodeForbidden)
		}
		officetest.Must(t, officetest.Second(w.ResetToken(w.Ctx, w.bob, "acme", rotated.Token.ID)))
		officetest.Must(t, officetest.Second(w.approve(w.With(rotated), of)))
	})
}

// TestWhoAsksByWhatSomebodyElseMade: a token rotates itself, and makes another, on and on; the
// one who was handed the first is behind all of it.
func TestWhoAsksByWhatSomebodyElseMade(t *testing.T) {
	each(t, func(w world) {
		w.rules()
		w.Account("ci", "tickets:write", "tokens:create", "tokens:self")
		with := w.With(w.Create(w.eve, officetest.Ask("service", "ci")))
		for range 3 {
			made, err := w.CreateToken(w.Ctx, with, "acme", officetest.Ask("service", "ci"))
			officetest.Must(t, err)
			with = w.With(made)
			officetest.Must(t, officetest.Second(w.ResetToken(w.Ctx, with, "acme", "self")))
			with = w.With(made)
		}
		w.rules(api.ApprovalRule{Scopes: []string{"tickets:write"}})
		of := w.ask(with, writer("workspace", ""))
		w.Refused(officetest.Second(w.approve(w.eve, of)), api.CodeForbidden)
		officetest.Must(t, officetest.Second(w.approve(w.bob, of)))
	})
}

// TestWhoeverApprovesMayDoAllOfIt at that moment: neither a narrower person, nor one who was
// demoted since, nor one of another workspace.
func TestWhoeverApprovesMayDoAllOfIt(t *testing.T) {
	each(t, func(w world) {
		w.MemberOf("acme", "narrow@example.com", "Administrator", "shop")
		w.Workspace("evil")
		w.MemberOf("evil", "mallory@example.com", "Owner", "*")
		of := w.ask(w.ada, writer("workspace", ""))
		w.Refused(officetest.Second(w.approve(w.Person("narrow@example.com"), of)), api.CodeGrantExceedsOwn)
		mallory := w.Person("mallory@example.com")
		w.Refused(officetest.Second(w.approve(mallory, of)), api.CodeNotFound)
		w.Refused(officetest.Second(w.ApproveToken(w.Ctx, mallory, "evil", of.Token.ID, api.DecideToken{})), api.CodeNotFound)
		demote := api.EditMember{Rights: officetest.RoleOn("Viewer", "*")}
		officetest.Must(t, officetest.Second(w.EditMember(w.Ctx, w.ada, "acme", "eve@example.com", demote)))
		w.Refused(officetest.Second(w.approve(w.eve, of)), api.CodeInsufficientScope)
		w.Refused(officetest.Second(w.refuse(w.eve, of)), api.CodeInsufficientScope)
		w.Deny(api.CodeApprovalPending, of.Secret)
		w.Policy(func(p *api.PatchPolicy) { p.MaxLifetime = api.Some(api.Day) })
		w.Refused(officetest.Second(w.approve(w.bob, of)), api.CodeOutsidePolicy)
		w.Policy(func(p *api.PatchPolicy) { p.MaxLifetime = api.Null[api.Duration]() })
		in := api.DecideToken{Comment: strings.Repeat("x", 1001)}
		w.RefusedField(officetest.Second(w.ApproveToken(w.Ctx, w.bob, "acme", of.Token.ID, in)), api.CodeInvalidField, "comment")
		stale := w.bob
		stale.Expected = authority.At(of.Token.Revision - 1)
		w.Refused(officetest.Second(w.approve(stale, of)), api.CodeChangedMeanwhile)
		officetest.Must(t, officetest.Second(w.approve(w.bob, of)))
	})
}

// TestAnAdministratorOfTheInstanceApproves where they are no member, as they administer the
// rest; and the only person of a workspace waits for one.
func TestAnAdministratorOfTheInstanceApproves(t *testing.T) {
	each(t, func(w world) {
		w.Workspace("small")
		w.MemberOf("small", "only@example.com", "Owner", "*")
		only := w.Person("only@example.com")
		patch := api.PatchPolicy{RequireApproval: api.Some([]api.ApprovalRule{{Kinds: []string{"workspace"}}})}
		officetest.Must(t, officetest.Second(w.EditPolicy(w.Ctx, only, "small", patch)))
		of, err := w.CreateToken(w.Ctx, only, "small", writer("workspace", ""))
		officetest.Must(t, err)
		w.Refused(officetest.Second(w.ApproveToken(w.Ctx, only, "small", of.Token.ID, api.DecideToken{})), api.CodeForbidden)
		officetest.Must(t, officetest.Second(w.ApproveToken(w.Ctx, w.ada, "small", of.Token.ID, api.DecideToken{})))
		w.Allow(of.Secret)
	})
}

// TestADecisionIsMadeOnce, whoever else decides, revokes or demotes at the same moment.
func TestADecisionIsMadeOnce(t *testing.T) {
	each(t, func(w world) {
		for range 5 {
			of := w.ask(w.ada, writer("workspace", ""))
			var group sync.WaitGroup
			errs := make([]error, 3)
			group.Go(func() { errs[0] = officetest.Second(w.approve(w.bob, of)) })
			group.Go(func() { errs[1] = officetest.Second(w.refuse(w.eve, of)) })
			group.Go(func() {
				errs[2] = officetest.Second(w.RevokeToken(w.Ctx, w.ada, "acme", of.Token.ID, api.RevokeToken{}))
			})
			group.Wait()
			if errs[2] != nil || w.Verify(of.Secret) != api.CodeRevoked {
				t.Fatalf("it lives on: %v", errs)
			}
			if errs[0] == nil && errs[1] == nil || errs[1] == nil != (w.approval(of).State == api.ApprovalRefused) {
				t.Errorf("decided twice: %v, %+v", errs, w.approval(of))
			}
		}
		of := w.ask(w.ada, writer("workspace", ""))
		var group sync.WaitGroup
		var approved, demoted authority.Done[api.Token]
		var err error
		group.Go(func() {
			approved, err = w.ApproveToken(w.Ctx, w.eve, "acme", of.Token.ID, api.DecideToken{})
		})
		group.Go(func() {
			done, _ := w.EditMember(w.Ctx, w.ada, "acme", "eve@example.com", api.EditMember{Rights: officetest.RoleOn("Viewer", "*")})
			demoted.Revision = done.Revision
		})
		group.Wait()
		if err == nil && approved.Revision > demoted.Revision || err != nil && !errors.Is(err, api.CodeInsufficientScope) {
			t.Errorf("approved at %d, demoted at %d: %v", approved.Revision, demoted.Revision, err)
		}
	})
}

// TestARequestRunsOut: nothing is approved a year later, and what stops a token meanwhile gives
// it no time.
func TestARequestRunsOut(t *testing.T) {
	each(t, func(w world) {
		of, stopped := w.ask(w.ada, writer("workspace", "")), w.ask(w.ada, writer("workspace", ""))
		until := *w.approval(of).Until
		officetest.Must(t, officetest.Second(w.DisableToken(w.Ctx, w.bob, "acme", stopped.Token.ID, api.DisableToken{RevokeAfter: api.Some(90 * api.Day)})))
		w.Deny(api.CodeDisabled, stopped.Secret)
		w.Refused(officetest.Second(w.approve(w.bob, stopped)), api.CodeInactive)
		officetest.Must(t, officetest.Second(w.EnableToken(w.Ctx, w.bob, "acme", stopped.Token.ID)))
		w.Deny(api.CodeApprovalPending, stopped.Secret)
		if got := w.approval(stopped); !got.Until.Equal(until) {
			t.Errorf("a stop moved its end to %v", got.Until)
		}
		w.Clock.Pass(until.Sub(w.Clock.Now()) - time.Microsecond)
		w.Deny(api.CodeApprovalPending, of.Secret)
		w.Clock.Pass(time.Microsecond)
		w.Deny(api.CodeRevoked, of.Secret)
		w.Refused(officetest.Second(w.approve(w.bob, of)), api.CodeTokenRevoked)
		if n, err := w.EndLapsed(w.Ctx); n != 2 || err != nil {
			t.Fatalf("%d ended: %v", n, err)
		}
		if got := w.approval(of); got.State != api.ApprovalRefused || got.By != nil || !got.DecidedAt.Equal(until) {
			t.Errorf("it ran out as %+v", got)
		}
		if e := w.Last("acme"); e.Action != "token.refused" || e.Actor != "clock" {
			t.Errorf("told as %s by %s", e.Action, e.Actor)
		}
		short := writer("workspace", "")
		short.ExpiresIn = api.Some(api.Day)
		expired := w.ask(w.ada, short)
		w.Clock.Pass(2 * officetest.Day)
		w.Refused(officetest.Second(w.approve(w.bob, expired)), api.CodeTokenExpired)
		if got := w.approval(expired); got.State != api.ApprovalEnded {
			t.Errorf("what expired is %+v", got)
		}
	})
}

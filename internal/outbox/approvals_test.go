package outbox_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// said are letters by whom they go to and what they are.
func (w *world) said() (out []string) {
	w.Helper()
	for _, l := range w.mailed() {
		out = append(out, l.Recipient+" "+l.Kind+" "+l.Facts.Label+" "+l.Facts.Action+" "+l.Facts.Reason)
	}
	slices.Sort(out)
	return out
}

// TestWhoMayApproveIsToldOnceInAWhile, whoever asked is told what became of it, and nobody is
// called to what was decided meanwhile.
func TestWhoMayApproveIsToldOnceInAWhile(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		bob, ada := w.Member("bob@example.com", "Administrator"), w.Person("ada@example.com")
		w.Member("viewer@example.com", "Viewer")
		w.Policy(func(p *api.PatchPolicy) {
			p.RequireApproval = api.Some([]api.ApprovalRule{{Kinds: []string{"workspace"}}})
		})
		ask := func() string { return w.Create(ada, officetest.Scoped("workspace", "", "tickets:read")).Token.ID }
		one, two := ask(), ask()
		w.deliver()
		if got := w.said(); got != nil {
			t.Errorf("told at once: %v", got)
		}
		w.Clock.Pass(5 * time.Minute)
		w.deliver()
		if diff := cmp.Diff([]string{"bob@example.com " + ledger.MailAsked + " test token.approval_requested "}, w.said()); diff != "" {
			t.Error(diff)
		}
		officetest.Must(t, officetest.Second(w.ApproveToken(w.Ctx, bob, "acme", one, api.DecideToken{Comment: "fine"})))
		officetest.Must(t, officetest.Second(w.RefuseToken(w.Ctx, bob, "acme", two, api.DecideToken{})))
		w.deliver()
		if diff := cmp.Diff([]string{"ada@example.com " + ledger.MailDecided + " test token.approved fine", "ada@example.com " + ledger.MailDecided + " test token.refused "}, w.said()); diff != "" {
			t.Error(diff)
		}
		officetest.Must(t, officetest.Second(w.RevokeToken(w.Ctx, ada, "acme", ask(), api.RevokeToken{})))
		w.Clock.Pass(5 * time.Minute)
		w.deliver()
		if got := w.said(); got != nil {
			t.Errorf("called to what has ended: %v", got)
		}
		ask()
		w.Clock.Pass(8 * officetest.Day)
		officetest.Must(t, officetest.Second(w.EndLapsed(w.Ctx)))
		w.deliver()
		if diff := cmp.Diff([]string{"ada@example.com " + ledger.MailDecided + " test token.refused "}, w.said()); diff != "" {
			t.Error(diff)
		}
	})
}

package outbox_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/outbox"
)

// TestOfAnInstancesEndpointItsAdministratorsAreTold, and no Owner of any workspace.
func TestOfAnInstancesEndpointItsAdministratorsAreTold(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.Member("ed@example.com", "Owner")
	out, err := w.CreateWebhook(w.Ctx, w.Root, officetest.Instance(), officetest.Hook("resource.created"))
	officetest.Must(t, err)
	w.endpoint = outbox.Outcome{Gone: true}
	w.board("a")
	letters := w.mailed()
	if len(letters) != 1 || letters[0].Recipient != "ada@example.com" || letters[0].Facts.Workspace != "" || letters[0].Facts.WebhookID != out.Webhook.ID {
		t.Errorf("told: %+v", letters)
	}
	rows, _, err := w.InstanceAudit(w.Ctx, w.Root, api.AuditFilter{Action: "webhook.disabled"}, officetest.Page(0))
	if err != nil || len(rows) != 1 || rows[0].Target != "webhook:"+out.Webhook.ID || rows[0].Before == nil || rows[0].After == nil {
		t.Errorf("audited: %+v, %v", rows, err)
	}
}

// TestSoManyAreMailedAboutOneThing and no more, who came first before the others; who is not
// active is not among them.
func TestSoManyAreMailedAboutOneThing(t *testing.T) {
	t.Parallel()
	w := one(t)
	for n := range 52 {
		w.MemberOf("acme", fmt.Sprintf("o%02d@example.com", n), "Owner", "*")
	}
	officetest.Must(t, officetest.Second(w.DeactivateMember(w.Ctx, w.Root, "acme", "o00@example.com", false)))
	w.listen("resource.created")
	w.endpoint = outbox.Outcome{Gone: true}
	w.board("a")
	to := w.recipients()
	if len(to) != 50 || to[0] != "ada@example.com" || to[1] != "o01@example.com" || to[49] != "o49@example.com" {
		t.Errorf("%d are told: %v", len(to), to)
	}
}

// TestWhatGivesUpIsAudited: that somebody was not told, how often it was tried and why, in
// no more words than are kept.
func TestWhatGivesUpIsAudited(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.MemberOf("acme", "bob@example.com", "Viewer", "*")
	w.made("bob@example.com", "x", 90*day)
	w.down()
	w.deliver()
	w.Clock.Pass(day)
	w.server = outbox.Sent{Error: strings.Repeat("é", 400)}
	w.deliver()
	e := w.audited()
	const clipped = 500 // bytes, of characters of two
	if e.Action != "mail.failed" || e.Target != "mail:bob@example.com" || !strings.Contains(string(e.After), `"attempts":2`) || !strings.Contains(string(e.After), `"kind":"`+ledger.MailIssued+`"`) {
		t.Errorf("audited: %s of %s: %s", e.Action, e.Target, e.After)
	}
	if n := strings.Count(string(e.After), "é"); n < clipped/2-2 || n > clipped/2 {
		t.Errorf("the error has %d letters", n)
	}
	if at, err := w.NextNotification(w.Ctx); err != nil || !at.IsZero() {
		t.Errorf("and is tried again at %v, %v", at, err)
	}
}

// TestWhoIsHandedAnothersSecretIsTold to whose it is: each way, by whomever, and never of
// what one did oneself.
func TestWhoIsHandedAnothersSecretIsTold(t *testing.T) {
	t.Parallel()
	w := one(t)
	w.MemberOf("acme", "bob@example.com", "Owner", "*")
	w.MemberOf("acme", "eve@example.com", "Owner", "*")
	bob, eve := w.Person("bob@example.com"), w.Person("eve@example.com")
	v := w.made("bob@example.com", "x", 90*day)
	w.deliver()
	w.mailed()
	service := func(c authority.Caller) error {
		w.Account("robot", "tickets:read")
		return officetest.Second(w.CreateToken(w.Ctx, c, "acme", officetest.Ask("service", "robot")))
	}
	for what, c := range map[string]struct {
		do   func() error
		told string
	}{
		"made by another": {func() error {
			return officetest.Second(w.CreateToken(w.Ctx, eve, "acme", officetest.Ask("personal", "bob@example.com")))
		}, "bob@example.com token.created eve@example.com"},
		"made by oneself": {func() error {
			return officetest.Second(w.CreateToken(w.Ctx, bob, "acme", officetest.Ask("personal", "")))
		}, ""},
		"made by a job": {func() error {
			return officetest.Second(w.CreateToken(w.Ctx, authority.Caller{Machine: "job"}, "acme", officetest.Ask("personal", "bob@example.com")))
		}, ""},
		"rotated by another": {func() error { return officetest.Second(w.RotateToken(w.Ctx, eve, "acme", v.ID, api.RotateToken{})) }, "bob@example.com token.rotated eve@example.com"},
		"rotated by oneself": {func() error { return officetest.Second(w.RotateToken(w.Ctx, bob, "acme", v.ID, api.RotateToken{})) }, ""},
		"reset by another":   {func() error { return officetest.Second(w.ResetToken(w.Ctx, eve, "acme", v.ID)) }, "bob@example.com token.reset eve@example.com"},
		"edited by another": {func() error {
			return officetest.Second(w.EditToken(w.Ctx, eve, "acme", v.ID, officetest.Patch(func(f *api.TokenFields) { f.Label = api.Some("y") })))
		}, ""},
		"a service account's": {func() error { return service(eve) }, ""},
	} {
		if err := c.do(); err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		w.deliver()
		told := ""
		for _, l := range w.mailed() {
			told += l.Recipient + " " + l.Facts.Action + " " + l.Facts.Actor
			if l.Kind != ledger.MailIssued || l.Facts.Owner != "bob@example.com" || l.Facts.TokenID == "" {
				t.Errorf("%s: %+v", what, l.Facts)
			}
		}
		if diff := cmp.Diff(c.told, told); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

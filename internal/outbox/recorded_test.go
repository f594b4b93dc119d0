package outbox_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/outbox"
)

// endpointVerb is one that changes an endpoint.
type endpointVerb struct {
	name string
	do   func(w *world, c authority.Caller, id string) error
	// action is what the audit calls it, changed the fields that differ there.
	action  string
	changed []string
}

func endpointVerbs() []endpointVerb {
	edit := func(in api.EditWebhook) func(*world, authority.Caller, string) error {
		return func(w *world, c authority.Caller, id string) error {
			return officetest.Second(w.EditWebhook(w.Ctx, c, officetest.Acme(), id, in))
		}
	}
	return []endpointVerb{
		{"an address", edit(api.EditWebhook{URL: api.Some("https://b.example.com/y")}), "webhook.edited", []string{"url"}},
		{"a description", edit(api.EditWebhook{Description: api.Some("billing")}), "webhook.edited", []string{"description"}},
		{"events", edit(api.EditWebhook{Events: api.Some([]string{"token.*"})}), "webhook.edited", []string{"events"}},
		{"disabled", edit(api.EditWebhook{Enabled: api.Some(false)}), "webhook.edited", []string{"disabled_at", "disabled_by", "enabled"}},
		{"enabled", edit(api.EditWebhook{Enabled: api.Some(true)}), "webhook.edited", []string{"disabled_at", "disabled_by", "enabled"}},
		{"a secret", func(w *world, c authority.Caller, id string) error {
			return officetest.Second(w.RotateWebhookSecret(w.Ctx, c, officetest.Acme(), id))
		}, "webhook.secret_rotated", []string{"former_secrets_until", "secret_rotated_until"}},
		{"deleted", func(w *world, c authority.Caller, id string) error {
			return officetest.Second(w.DeleteWebhook(w.Ctx, c, officetest.Acme(), id))
		}, "webhook.deleted", nil},
	}
}

// audited is the latest event of acme.
func (w *world) audited() api.AuditEvent {
	w.Helper()
	rows, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{}, authority.Page{Limit: 1})
	officetest.Must(w.T, err)
	return rows[0]
}

// differ are the fields in which two objects differ, but for their revision.
func differ(t *testing.T, before, after json.RawMessage) (names []string) {
	t.Helper()
	var was, is map[string]any
	if json.Unmarshal(before, &was) != nil || json.Unmarshal(after, &is) != nil {
		t.Fatalf("no objects: %s, %s", before, after)
	}
	for _, name := range []string{"description", "disabled_at", "disabled_by", "disabled_reason", "enabled", "events", "failing_since", "former_secrets_until", "held_by_instance", "secret_rotated_until", "url"} {
		if !cmp.Equal(was[name], is[name]) {
			names = append(names, name)
		}
	}
	return names
}

// TestEachChangeOfAnEndpointIsAudited: by its name, with what it was and what it is, by whom;
// rehearsed it changes nothing; at another revision than was expected it is refused.
func TestEachChangeOfAnEndpointIsAudited(t *testing.T) {
	t.Parallel()
	w := one(t)
	ed := w.Member("ed@example.com", "Owner")
	ed.RequestID = "req-7"
	h, _ := w.listen("*")
	for _, verb := range endpointVerbs() {
		w.Clock.Pass(time.Minute)
		was, last := w.hook(h.ID), w.audited().Sequence
		rehearsed, late, due := ed, ed, ed
		rehearsed.Rehearse, late.Expected, due.Expected = true, authority.At(was.Revision-1), authority.At(was.Revision)
		if err := verb.do(w, rehearsed, h.ID); err != nil && !strings.Contains(err.Error(), "dry") {
			t.Errorf("%s, rehearsed: %v", verb.name, err)
		}
		w.Refused(verb.do(w, late, h.ID), api.CodeChangedMeanwhile)
		if diff := cmp.Diff(was, w.hook(h.ID)); diff != "" || w.audited().Sequence != last {
			t.Errorf("%s was rehearsed or refused, and:\n%s", verb.name, diff)
		}
		officetest.Must(t, verb.do(w, due, h.ID))
		e := w.audited()
		if e.Action != verb.action || e.Target != "webhook:"+h.ID || e.Actor != "ed@example.com" || e.RequestID != "req-7" || e.Sequence != last+1 {
			t.Errorf("%s: %s of %s by %s, %d after %d", verb.name, e.Action, e.Target, e.Actor, e.Sequence, last)
		}
		if verb.changed == nil {
			if e.After != nil || e.Before == nil {
				t.Errorf("%s: from %s to %s", verb.name, e.Before, e.After)
			}
			continue
		}
		if diff := cmp.Diff(verb.changed, differ(t, e.Before, e.After)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", verb.name, diff)
		}
	}
	for _, verb := range endpointVerbs() { // it is deleted
		w.Refused(verb.do(w, ed, h.ID), api.CodeNotFound)
	}
}

// TestAKeyGivesOneEndpoint: sent again it answers a fresh secret while nobody has decided
// about the endpoint since, and none of before verifies anything.
func TestAKeyGivesOneEndpoint(t *testing.T) {
	t.Parallel()
	w := one(t)
	c := w.Root
	c.Retry = authority.Retry{Key: "k", Route: "POST /webhooks", Body: [32]byte{1}}
	create := func(c authority.Caller) (outbox.IssuedWebhook, error) {
		return w.CreateWebhook(w.Ctx, c, officetest.Acme(), officetest.Hook("resource.created"))
	}
	lost, err := create(c)
	officetest.Must(t, err)
	again, err := create(c)
	officetest.Must(t, err)
	if e := w.audited(); e.Action != "webhook.secret_reissued" || again.Webhook.ID != lost.Webhook.ID || len(again.Webhook.FormerSecretsUntil) != 0 {
		t.Errorf("%s: %+v", e.Action, again.Webhook)
	}
	w.board("a")
	if p := w.posts[0]; w.signs(p, lost.Secret) || !w.signs(p, again.Secret) {
		t.Error("the secret whose answer was lost signs, or that of now does not")
	}
	third, err := create(c)
	officetest.Must(t, err)
	if third.Webhook.ID != lost.Webhook.ID || third.Secret.Equal(again.Secret) {
		t.Errorf("a third time: %+v", third.Webhook)
	}
	other := c
	other.Retry.Body = [32]byte{2}
	w.Refused(officetest.Second(create(other)), api.CodeIdempotencyKeyReused)
	for what, change := range map[string]func(id string) error{
		"edited": func(id string) error {
			return officetest.Second(w.EditWebhook(w.Ctx, w.Root, officetest.Acme(), id, api.EditWebhook{Description: api.Some("x")}))
		},
		"rotated": func(id string) error {
			return officetest.Second(w.RotateWebhookSecret(w.Ctx, w.Root, officetest.Acme(), id))
		},
	} {
		c.Retry.Key = what
		made, err := create(c)
		officetest.Must(t, err)
		officetest.Must(t, change(made.Webhook.ID))
		w.Refused(officetest.Second(create(c)), api.CodeIdempotencyKeyUsed)
	}
	c.Retry.Key = "deleted"
	made, err := create(c)
	officetest.Must(t, err)
	officetest.Must(t, officetest.Second(w.DeleteWebhook(w.Ctx, w.Root, officetest.Acme(), made.Webhook.ID)))
	w.Refused(officetest.Second(create(c)), api.CodeNotFound)
	if err := officetest.Second(create(w.Root)); err != nil {
		t.Errorf("without a key: %v", err)
	}
}

// TestASecretIsRotatedOnceWhereThatIsAsked: an answer that was lost is lost; who sends it
// again is told so, and the secret is not replaced twice.
func TestASecretIsRotatedOnceWhereThatIsAsked(t *testing.T) {
	t.Parallel()
	w := one(t)
	h, first := w.listen("resource.created")
	c := w.Root
	c.Retry = authority.Retry{Key: "k", Route: "POST /rotate", Once: true}
	second, err := w.RotateWebhookSecret(w.Ctx, c, officetest.Acme(), h.ID)
	officetest.Must(t, err)
	w.Refused(officetest.Second(w.RotateWebhookSecret(w.Ctx, c, officetest.Acme(), h.ID)), api.CodeIdempotencyKeyUsed)
	w.board("a")
	if p := w.posts[0]; !w.signs(p, first) || !w.signs(p, second.Secret) {
		t.Error("one of the two does not sign")
	}
	if v := w.hook(h.ID); len(v.FormerSecretsUntil) != 1 || !v.FormerSecretsUntil[0].Equal(w.Clock.Now().Add(day)) {
		t.Errorf("former secrets sign until %v", v.FormerSecretsUntil)
	}
}

// TestWhoDisabledAnEndpointSaysWhoBringsItBack: what an administrator of the instance
// stopped, nobody of the workspace starts.
func TestWhoDisabledAnEndpointSaysWhoBringsItBack(t *testing.T) {
	t.Parallel()
	w := one(t)
	h, _ := w.listen("resource.created")
	owner := w.Member("ed@example.com", "Owner")
	set := func(c authority.Caller, on bool) error {
		return officetest.Second(w.EditWebhook(w.Ctx, c, officetest.Acme(), h.ID, api.EditWebhook{Enabled: api.Some(on)}))
	}
	officetest.Must(t, set(owner, false))
	officetest.Must(t, set(owner, true))
	w.Workspace("ops")
	w.MemberOf("ops", "op@example.com", "Viewer", "*")
	officetest.Must(t, officetest.Second(w.AddAdmin(w.Ctx, w.Root, api.AddAdmin{User: "op@example.com"})))
	operator := w.Person("op@example.com")
	officetest.Must(t, set(operator, false))
	if v := w.hook(h.ID); !v.HeldByInstance || v.DisabledAt == nil {
		t.Errorf("stopped by the operator: %+v", v)
	}
	w.Refused(set(owner, true), api.CodeInsufficientScope)
	officetest.Must(t, set(owner, false)) // stopped as well, and held all the same
	w.Refused(set(owner, true), api.CodeInsufficientScope)
	officetest.Must(t, set(operator, true))
	if v := w.hook(h.ID); v.HeldByInstance || !v.Enabled {
		t.Errorf("started by the operator: %+v", v)
	}
}

// TestAPingSaysNothingButWhereItIsFrom, to whoever asked for no event like it.
func TestAPingSaysNothingButWhereItIsFrom(t *testing.T) {
	t.Parallel()
	w := one(t)
	h, secret := w.listen("token.leaked")
	officetest.Must(t, officetest.Second(w.EditWorkspace(w.Ctx, w.Root, "acme", api.EditWorkspace{ExternalID: api.Some("cust-7")})))
	done, err := w.PingWebhook(w.Ctx, w.Root, officetest.Acme(), h.ID)
	officetest.Must(t, err)
	w.deliver()
	if len(w.posts) != 1 || w.posts[0].Message != done.Value.ID || !w.signs(w.posts[0], secret) {
		t.Fatalf("sent: %+v", w.posts)
	}
	e := w.posted()[0]
	want := api.WebhookData{Workspace: "acme", WorkspaceExternalID: "cust-7", Revision: done.Revision, Target: "webhook:" + h.ID}
	if diff := cmp.Diff(want, e.Data); diff != "" || e.Type != api.WebhookPing {
		t.Errorf("%s:\n%s", e.Type, diff)
	}
	if a := w.audited(); a.Action != "webhook.pinged" || !strings.Contains(string(a.After), done.Value.ID) {
		t.Errorf("%s: %s", a.Action, a.After)
	}
}

package outbox_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/outbox"
)

func TestWebhookLife(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		out, err := w.CreateWebhook(w.Ctx, w.Root, officetest.Acme(), officetest.Hook("token.*"))
		officetest.Must(w.T, err)
		secret := out.Secret.Reveal()
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) < 24 || len(key) > 64 || !strings.HasPrefix(secret, "whsec_") {
			w.Errorf("the secret has %d bytes, %v", len(key), err)
		}
		v, err := w.GetWebhook(w.Ctx, w.Root, officetest.Acme(), out.Webhook.ID)
		officetest.Must(w.T, err)
		if !v.Enabled || v.URL != officetest.Hook().URL || *v.Workspace != "acme" {
			w.Errorf("shown: %+v", v)
		}
		_, err = w.EditWebhook(w.Ctx, w.Root, officetest.Acme(), v.ID, api.EditWebhook{Enabled: api.Some(false), Events: api.Some([]string{"*"})})
		officetest.Must(w.T, err)
		_, err = w.PingWebhook(w.Ctx, w.Root, officetest.Acme(), v.ID)
		w.Refused(err, api.CodeInactive)
		list, _, err := w.ListWebhooks(w.Ctx, w.Root, officetest.Acme(), officetest.Page(0))
		officetest.Must(w.T, err)
		if len(list) != 1 || list[0].Enabled || list[0].DisabledAt == nil {
			w.Errorf("listed: %+v", list)
		}
		rows, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{}, officetest.Page(0))
		officetest.Must(w.T, err)
		if all, _ := json.Marshal([]any{rows, list, v}); strings.Contains(string(all), secret[6:]) || !strings.Contains(string(all), "webhook.created") {
			w.Error("the audit or a view holds the secret, or lacks the event")
		}
		_, err = w.DeleteWebhook(w.Ctx, w.Root, officetest.Acme(), v.ID)
		officetest.Must(w.T, err)
		_, err = w.GetWebhook(w.Ctx, w.Root, officetest.Acme(), v.ID)
		w.Refused(err, api.CodeNotFound)
	})
}

// TestWebhookGate: who may read and write endpoints, and that those of another
// tenant and of the instance do not exist.
func TestWebhookGate(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		w.Workspace("evil")
		out, err := w.CreateWebhook(w.Ctx, w.Root, officetest.Acme(), officetest.Hook("*"))
		officetest.Must(w.T, err)
		id := out.Webhook.ID
		ping, err := w.PingWebhook(w.Ctx, w.Root, officetest.Acme(), id)
		officetest.Must(w.T, err)
		verbs := func(c authority.Caller, at authority.Where) map[string]error {
			errs := map[string]error{}
			_, _, errs["list"] = w.ListWebhooks(w.Ctx, c, at, officetest.Page(0))
			_, errs["get"] = w.GetWebhook(w.Ctx, c, at, id)
			_, _, errs["deliveries"] = w.ListDeliveries(w.Ctx, c, at, id, officetest.Page(0))
			_, errs["delivery"] = w.GetDelivery(w.Ctx, c, at, id, ping.Value.ID)
			_, errs["create"] = w.CreateWebhook(w.Ctx, c, at, officetest.Hook("*"))
			_, errs["edit"] = w.EditWebhook(w.Ctx, c, at, id, api.EditWebhook{})
			_, errs["rotate"] = w.RotateWebhookSecret(w.Ctx, c, at, id)
			_, errs["ping"] = w.PingWebhook(w.Ctx, c, at, id)
			_, errs["resend"] = w.ResendDelivery(w.Ctx, c, at, id, ping.Value.ID)
			_, errs["delete"] = w.DeleteWebhook(w.Ctx, c, at, id)
			return errs
		}
		viewer := w.Member("viewer@example.com", "Viewer")
		for verb, err := range verbs(viewer, officetest.Acme()) {
			if read := verb == "list" || verb == "get" || verb == "deliveries" || verb == "delivery"; read {
				officetest.Must(w.T, err)
			} else {
				w.Refused(err, api.CodeInsufficientScope)
			}
		}
		if v, err := w.GetWebhook(w.Ctx, viewer, officetest.Acme(), id); err != nil || v.URL != "https://hooks.example.com/…" {
			w.Errorf("a viewer is shown %q, %v", v.URL, err)
		}
		for _, err := range verbs(viewer, officetest.Instance()) {
			w.Refused(err, api.CodeInsufficientScope)
		}
		for _, err := range verbs(viewer, authority.Where{Workspace: "evil"}) {
			w.Refused(err, api.CodeNotFound)
		}
		w.MemberOf("evil", "mallory@example.com", "Owner", "*")
		mallory := w.Person("mallory@example.com")
		for verb, err := range verbs(mallory, authority.Where{Workspace: "evil"}) {
			if verb != "list" && verb != "create" {
				w.Refused(err, api.CodeNotFound) // acme's endpoint by its id
			}
		}
		for _, err := range verbs(mallory, officetest.Acme()) {
			w.Refused(err, api.CodeNotFound)
		}
		_, err = w.GetWebhook(w.Ctx, w.Root, officetest.Instance(), id)
		w.Refused(err, api.CodeNotFound)
		_, err = w.CreateWebhook(w.Ctx, w.Root, officetest.Instance(), officetest.Hook("*"))
		officetest.Must(w.T, err)
	})
}

func TestAnEndpointThatNamesNoEventsIsToldAll(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		made, err := w.CreateWebhook(w.Ctx, w.Root, officetest.Acme(), api.CreateWebhook{URL: "https://hooks.example.com/x"})
		officetest.Must(w.T, err)
		if !slices.Equal(made.Webhook.Events, []string{"*"}) {
			w.Errorf("events: %q", made.Webhook.Events)
		}
	})
}

func TestWebhookFields(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	for field, ins := range map[string][]api.CreateWebhook{
		"url": {
			{Events: []string{"*"}}, {URL: "x", Events: []string{"*"}}, {URL: "https://", Events: []string{"*"}}, {URL: "ftp://a.example", Events: []string{"*"}},
			{URL: "https://u:p@a.example", Events: []string{"*"}}, {URL: "https://a.example/#f", Events: []string{"*"}}, {URL: "https://bücher.example", Events: []string{"*"}},
			{URL: "https://a.example/\r\nX: y", Events: []string{"*"}}, {URL: "mailto:a@b.example", Events: []string{"*"}}, {URL: "https://a.example/" + strings.Repeat("x", 2000), Events: []string{"*"}},
		},
		"events":      {{URL: "https://a.example", Events: []string{}}, {URL: "https://a.example", Events: []string{"tokens.*"}}, {URL: "https://a.example", Events: []string{"token.created", ""}}, {URL: "https://a.example", Events: make([]string, 51)}},
		"description": {{URL: "https://a.example", Events: []string{"*"}, Description: api.Some("a\x00b")}, {URL: "https://a.example", Events: []string{"*"}, Description: api.Some(strings.Repeat("x", 1001))}},
	} {
		for _, in := range ins {
			_, err := w.CreateWebhook(w.Ctx, w.Root, officetest.Acme(), in)
			w.RefusedField(err, api.CodeInvalidField, field)
		}
	}
	for range 20 {
		_, err := w.CreateWebhook(w.Ctx, w.Root, officetest.Acme(), officetest.Hook("token.created"))
		officetest.Must(t, err)
	}
	_, err := w.CreateWebhook(w.Ctx, w.Root, officetest.Acme(), officetest.Hook("*"))
	w.Refused(err, api.CodeInvalidRequest)
}

// TestWebhookCreatedAgain: a retry under the same key gives a fresh secret for
// the endpoint that the first request made.
func TestWebhookCreatedAgain(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	c := w.Root
	c.Retry = authority.Retry{Key: "k", Route: "POST /webhooks"}
	first, err := w.CreateWebhook(w.Ctx, c, officetest.Acme(), officetest.Hook("*"))
	officetest.Must(t, err)
	second, err := w.CreateWebhook(w.Ctx, c, officetest.Acme(), officetest.Hook("*"))
	officetest.Must(t, err)
	if first.Webhook.ID != second.Webhook.ID || first.Secret.Equal(second.Secret) {
		t.Errorf("the retry made %s beside %s", second.Webhook.ID, first.Webhook.ID)
	}
}

// TestEventsFitTheirTable: every action that the verbs audit is an event of the
// table, or is named here as one that is told to nobody; and no body holds a
// secret or comes near 20 kB.
func TestEventsFitTheirTable(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	all, err := w.CreateWebhook(w.Ctx, w.Root, officetest.Instance(), officetest.Hook("*"))
	officetest.Must(t, err)
	w.Member("bob@example.com", "Viewer")
	w.Account("ci", "tickets:read")
	in := officetest.Scoped("service", "ci", "tickets:read")
	in.Label, in.Description = api.Some(strings.Repeat("\U0001F511", 100)), api.Some(strings.Repeat("é", 1000))
	i := w.Create(w.Root, in)
	rotated, err := w.RotateToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RotateToken{})
	officetest.Must(t, err)
	reset, err := w.ResetToken(w.Ctx, w.Root, "acme", i.Token.ID)
	officetest.Must(t, err)
	_, err = w.RevokeToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RevokeToken{Reason: "leaked", Comment: strings.Repeat("c", 1000)})
	officetest.Must(t, err)
	list, _, err := w.ListDeliveries(w.Ctx, w.Root, officetest.Instance(), all.Webhook.ID, officetest.Page(0))
	officetest.Must(t, err)
	want := []string{"token.leaked", "token.revoked", "token.rotated", "token.rotated", "token.created", "service_account.created", "member.created"}
	if len(list) != len(want) {
		t.Fatalf("%d deliveries, want %d", len(list), len(want))
	}
	for n, d := range list {
		full, err := w.GetDelivery(w.Ctx, w.Root, officetest.Instance(), all.Webhook.ID, d.ID)
		officetest.Must(t, err)
		if d.Type != want[n] || len(full.Payload) >= 20_000 || strings.ContainsRune(d.ID, '.') {
			t.Errorf("delivery %d: %s of %d bytes, want %s", n, d.Type, len(full.Payload), want[n])
		}
		for _, secret := range []string{i.Secret.Reveal(), rotated.Secret.Reveal(), reset.Secret.Reveal(), all.Secret.Reveal()} {
			if strings.Contains(string(full.Payload), secret[10:40]) {
				t.Errorf("a %s holds a secret", d.Type)
			}
		}
		var e api.WebhookEvent
		officetest.Must(t, json.Unmarshal(full.Payload, &e))
		if !e.Timestamp.Equal(w.Clock.Now()) || e.Data.Workspace != "acme" || e.Data.Revision == 0 {
			t.Errorf("%s: %s", d.Type, full.Payload)
		}
	}
}

// TestOldNotificationsAreForgotten keeps the outbox from growing for ever.
func TestOldNotificationsAreForgotten(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		out, err := w.CreateWebhook(w.Ctx, w.Root, officetest.Acme(), officetest.Hook("resource.*"))
		officetest.Must(w.T, err)
		for n := range 3 {
			_, err := w.OnboardResource(w.Ctx, w.Root, "acme", api.CreateResource{Name: fmt.Sprint("r", n)})
			officetest.Must(w.T, err)
		}
		claimed, err := w.ClaimPosts(w.Ctx, ledger.PostClaim{Each: 2, Healthy: 10}, time.Minute)
		officetest.Must(w.T, err)
		if len(claimed) != 2 {
			w.Fatalf("claimed %d of one endpoint, want 2", len(claimed))
		}
		for _, p := range claimed {
			officetest.Must(w.T, w.SettlePost(w.Ctx, p, outbox.Outcome{Delivered: true}))
		}
		w.Clock.Pass(31 * 24 * time.Hour)
		officetest.Must(w.T, w.ForgetNotifications(w.Ctx))
		list, _, err := w.ListDeliveries(w.Ctx, w.Root, officetest.Acme(), out.Webhook.ID, officetest.Page(0))
		officetest.Must(w.T, err)
		if len(list) != 1 || list[0].State != api.DeliveryPending {
			w.Errorf("kept: %+v", list)
		}
	})
}

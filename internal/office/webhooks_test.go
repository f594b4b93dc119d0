package office_test

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
	"github.com/tokenry/tokenry/internal/outbox"
)

func acme() authority.Where     { return authority.Where{Workspace: "acme"} }
func instance() authority.Where { return authority.Where{Instance: true} }

func hook(events ...string) api.CreateWebhook {
	return api.CreateWebhook{URL: "https://hooks.example.com/x", Events: events}
}

func TestWebhookLife(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		out, err := w.CreateWebhook(w.ctx, w.root, acme(), hook("token.*"))
		must(w.T, err)
		secret := out.Secret.Reveal()
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) < 24 || len(key) > 64 || !strings.HasPrefix(secret, "whsec_") {
			w.Errorf("the secret has %d bytes, %v", len(key), err)
		}
		v, err := w.GetWebhook(w.ctx, w.root, acme(), out.Webhook.ID)
		must(w.T, err)
		if !v.Enabled || v.URL != hook().URL || *v.Workspace != "acme" {
			w.Errorf("shown: %+v", v)
		}
		_, _, err = w.EditWebhook(w.ctx, w.root, acme(), v.ID, api.EditWebhook{Enabled: api.Some(false), Events: api.Some([]string{"*"})})
		must(w.T, err)
		_, _, err = w.PingWebhook(w.ctx, w.root, acme(), v.ID)
		w.refused(err, api.CodeInactive)
		list, _, err := w.ListWebhooks(w.ctx, w.root, acme(), page(0))
		must(w.T, err)
		if len(list) != 1 || list[0].Enabled || list[0].DisabledAt == nil {
			w.Errorf("listed: %+v", list)
		}
		rows, _, err := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{}, page(0))
		must(w.T, err)
		if all, _ := json.Marshal([]any{rows, list, v}); strings.Contains(string(all), secret[6:]) || !strings.Contains(string(all), "webhook.created") {
			w.Error("the audit or a view holds the secret, or lacks the event")
		}
		_, _, err = w.DeleteWebhook(w.ctx, w.root, acme(), v.ID)
		must(w.T, err)
		_, err = w.GetWebhook(w.ctx, w.root, acme(), v.ID)
		w.refused(err, api.CodeNotFound)
	})
}

// TestWebhookGate: who may read and write endpoints, and that those of another
// tenant and of the instance do not exist.
func TestWebhookGate(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.workspace("evil")
		out, err := w.CreateWebhook(w.ctx, w.root, acme(), hook("*"))
		must(w.T, err)
		id := out.Webhook.ID
		ping, _, err := w.PingWebhook(w.ctx, w.root, acme(), id)
		must(w.T, err)
		verbs := func(c authority.Caller, at authority.Where) map[string]error {
			errs := map[string]error{}
			_, _, errs["list"] = w.ListWebhooks(w.ctx, c, at, page(0))
			_, errs["get"] = w.GetWebhook(w.ctx, c, at, id)
			_, _, errs["deliveries"] = w.ListDeliveries(w.ctx, c, at, id, page(0))
			_, errs["delivery"] = w.GetDelivery(w.ctx, c, at, id, ping.ID)
			_, errs["create"] = w.CreateWebhook(w.ctx, c, at, hook("*"))
			_, _, errs["edit"] = w.EditWebhook(w.ctx, c, at, id, api.EditWebhook{})
			_, errs["rotate"] = w.RotateWebhookSecret(w.ctx, c, at, id)
			_, _, errs["ping"] = w.PingWebhook(w.ctx, c, at, id)
			_, _, errs["resend"] = w.ResendDelivery(w.ctx, c, at, id, ping.ID)
			_, _, errs["delete"] = w.DeleteWebhook(w.ctx, c, at, id)
			return errs
		}
		viewer := w.member("viewer@example.com", "Viewer")
		for verb, err := range verbs(viewer, acme()) {
			if read := verb == "list" || verb == "get" || verb == "deliveries" || verb == "delivery"; read {
				must(w.T, err)
			} else {
				w.refused(err, api.CodeInsufficientScope)
			}
		}
		if v, err := w.GetWebhook(w.ctx, viewer, acme(), id); err != nil || v.URL != "https://hooks.example.com/…" {
			w.Errorf("a viewer is shown %q, %v", v.URL, err)
		}
		for _, err := range verbs(viewer, instance()) {
			w.refused(err, api.CodeInsufficientScope)
		}
		for _, err := range verbs(viewer, authority.Where{Workspace: "evil"}) {
			w.refused(err, api.CodeNotFound)
		}
		w.memberOf("evil", "mallory@example.com", "Owner", "*")
		mallory := w.person("mallory@example.com")
		for verb, err := range verbs(mallory, authority.Where{Workspace: "evil"}) {
			if verb != "list" && verb != "create" {
				w.refused(err, api.CodeNotFound) // acme's endpoint by its id
			}
		}
		for _, err := range verbs(mallory, acme()) {
			w.refused(err, api.CodeNotFound)
		}
		_, err = w.GetWebhook(w.ctx, w.root, instance(), id)
		w.refused(err, api.CodeNotFound)
		_, err = w.CreateWebhook(w.ctx, w.root, instance(), hook("*"))
		must(w.T, err)
	})
}

func TestAnEndpointThatNamesNoEventsIsToldAll(t *testing.T) {
	each(t, func(w *world) {
		made, err := w.CreateWebhook(w.ctx, w.root, acme(), api.CreateWebhook{URL: "https://hooks.example.com/x"})
		must(w.T, err)
		if !slices.Equal(made.Webhook.Events, []string{"*"}) {
			w.Errorf("events: %q", made.Webhook.Events)
		}
	})
}

func TestWebhookFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
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
			_, err := w.CreateWebhook(w.ctx, w.root, acme(), in)
			w.refusedField(err, api.CodeInvalidField, field)
		}
	}
	for range 20 {
		_, err := w.CreateWebhook(w.ctx, w.root, acme(), hook("token.created"))
		must(t, err)
	}
	_, err := w.CreateWebhook(w.ctx, w.root, acme(), hook("*"))
	w.refused(err, api.CodeInvalidRequest)
}

// TestWebhookCreatedAgain: a retry under the same key gives a fresh secret for
// the endpoint that the first request made.
func TestWebhookCreatedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	c := w.root
	c.Retry = authority.Retry{Key: "k", Route: "POST /webhooks"}
	first, err := w.CreateWebhook(w.ctx, c, acme(), hook("*"))
	must(t, err)
	second, err := w.CreateWebhook(w.ctx, c, acme(), hook("*"))
	must(t, err)
	if first.Webhook.ID != second.Webhook.ID || first.Secret.Equal(second.Secret) {
		t.Errorf("the retry made %s beside %s", second.Webhook.ID, first.Webhook.ID)
	}
}

// TestEventsFitTheirTable: every action that the verbs audit is an event of the
// table, or is named here as one that is told to nobody; and no body holds a
// secret or comes near 20 kB.
func TestEventsFitTheirTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	all, err := w.CreateWebhook(w.ctx, w.root, instance(), hook("*"))
	must(t, err)
	w.member("bob@example.com", "Viewer")
	w.account("ci", "tickets:read")
	in := scoped("service", "ci", "tickets:read")
	in.Label, in.Description = api.Some(strings.Repeat("\U0001F511", 100)), api.Some(strings.Repeat("é", 1000))
	i := w.create(w.root, in)
	rotated, err := w.RotateToken(w.ctx, w.root, "acme", i.Token.ID, api.RotateToken{})
	must(t, err)
	reset, err := w.ResetToken(w.ctx, w.root, "acme", i.Token.ID)
	must(t, err)
	_, _, err = w.RevokeToken(w.ctx, w.root, "acme", i.Token.ID, api.RevokeToken{Reason: "leaked", Comment: strings.Repeat("c", 1000)})
	must(t, err)
	list, _, err := w.ListDeliveries(w.ctx, w.root, instance(), all.Webhook.ID, page(0))
	must(t, err)
	want := []string{"token.leaked", "token.revoked", "token.rotated", "token.rotated", "token.created", "service_account.created", "member.created"}
	if len(list) != len(want) {
		t.Fatalf("%d deliveries, want %d", len(list), len(want))
	}
	for n, d := range list {
		full, err := w.GetDelivery(w.ctx, w.root, instance(), all.Webhook.ID, d.ID)
		must(t, err)
		if d.Type != want[n] || len(full.Payload) >= 20_000 || strings.ContainsRune(d.ID, '.') {
			t.Errorf("delivery %d: %s of %d bytes, want %s", n, d.Type, len(full.Payload), want[n])
		}
		for _, secret := range []string{i.Secret.Reveal(), rotated.Secret.Reveal(), reset.Secret.Reveal(), all.Secret.Reveal()} {
			if strings.Contains(string(full.Payload), secret[10:40]) {
				t.Errorf("a %s holds a secret", d.Type)
			}
		}
		var e api.WebhookEvent
		must(t, json.Unmarshal(full.Payload, &e))
		if !e.Timestamp.Equal(w.clock.Now()) || e.Data.Workspace != "acme" || e.Data.Revision == 0 {
			t.Errorf("%s: %s", d.Type, full.Payload)
		}
	}
}

// TestOldNotificationsAreForgotten keeps the outbox from growing for ever.
func TestOldNotificationsAreForgotten(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		out, err := w.CreateWebhook(w.ctx, w.root, acme(), hook("resource.*"))
		must(w.T, err)
		for n := range 3 {
			_, _, err := w.OnboardResource(w.ctx, w.root, "acme", api.CreateResource{Name: fmt.Sprint("r", n)})
			must(w.T, err)
		}
		claimed, err := w.ClaimPosts(w.ctx, ledger.PostClaim{Each: 2, Healthy: 10}, time.Minute)
		must(w.T, err)
		if len(claimed) != 2 {
			w.Fatalf("claimed %d of one endpoint, want 2", len(claimed))
		}
		for _, p := range claimed {
			must(w.T, w.SettlePost(w.ctx, p, outbox.Outcome{Delivered: true}))
		}
		w.clock.pass(31 * 24 * time.Hour)
		must(w.T, w.ForgetNotifications(w.ctx))
		list, _, err := w.ListDeliveries(w.ctx, w.root, acme(), out.Webhook.ID, page(0))
		must(w.T, err)
		if len(list) != 1 || list[0].State != api.DeliveryPending {
			w.Errorf("kept: %+v", list)
		}
	})
}
